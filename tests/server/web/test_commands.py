"""Commands on a kiosk's page: who may send them, that their name is on record, and what people read of the outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from feedback.commands import Because, CommandKind, Diagnostics, Outcome, Result
from feedback.records import Moment
from feedback.wire import encode
from server.db.engine import reading, writing
from server.fleet.command_words import BUTTONS, EXPLAINED, OUTCOMES, SENTENCES, TITLES
from server.fleet.commands import Sent, Wish, latest, record_bundle, record_result, send, withdraw
from tests.server.web import fill
from tests.server.web.conftest import ON_BOTH, sign_up
from tests.server.web.fill import NOW_MS
from tests.server.web.test_pages import words

if TYPE_CHECKING:
    from litestar import Litestar
    from litestar.testing import TestClient
    from sqlalchemy import Engine

    from tests.server.web.fill import Clock

    Client = TestClient[Litestar]

KIOSK = "exit-center"
PAGE = f"/kiosks/{KIOSK}"
MAY_SEND = {"technician": True, "admin": True, "leader": False, "auditor": False}
AT = Moment(5, NOW_MS - 1000, trusted=True)


@pytest.fixture(autouse=True)
def centre(engine: Engine) -> None:
    with engine.begin() as connection:
        fill.kiosks(connection)


def sent(engine: Engine) -> list[Sent]:
    with reading(engine) as connection:
        return latest(connection)


def ask(engine: Engine, kind: CommandKind = CommandKind.PRINT_TEST, *, kiosk: str = KIOSK, at_ms: int = NOW_MS) -> Sent:
    with writing(engine) as connection:
        return send(connection, Wish(kiosk, kind, "root"), at_ms)


def answer(engine: Engine, one: Sent, outcome: Outcome, reason: str = "") -> None:
    with writing(engine) as connection:
        record_result(connection, one.kiosk, encode(Result(one.id, outcome, AT, reason)), NOW_MS)


@ON_BOTH
@pytest.mark.parametrize("role", MAY_SEND)
def test_technicians_and_administrators_send_and_others_see(visitor: Client, engine: Engine, role: str) -> None:
    client = sign_up(visitor, engine, role)
    page = client.get(PAGE).text
    assert page.count('name="kind"') == (4 if MAY_SEND[role] else 0)
    status = client.post(f"{PAGE}/commands", data={"kind": "printtest"}, headers={"accept": "text/html"}).status_code
    assert status == (303 if MAY_SEND[role] else 403)
    assert [(one.kind, one.sender) for one in sent(engine)] == ([("printtest", role)] if MAY_SEND[role] else [])
    assert client.get(f"{PAGE}/diagnostics/{uuid4()}").status_code == (404 if MAY_SEND[role] else 403)


def test_a_button_pressed_twice_sends_once_and_another_site_sends_nothing(visitor: Client, engine: Engine) -> None:
    technician = sign_up(visitor, engine, "technician")
    for _ in range(2):
        assert technician.post(f"{PAGE}/commands", data={"kind": "selftest"}).headers["location"] == f"{PAGE}#commands"
    page = technician.get(PAGE).text
    assert page.count('name="kind"') == 3
    assert "у дорозі до 22 листопада, 13:07" in words(page)
    for data, path in (({"kind": "dance"}, PAGE), ({}, PAGE), ({"kind": "restart"}, "/kiosks/nobody")):
        assert technician.post(f"{path}/commands", data=data).status_code == 404
    assert technician.post(f"{PAGE}/commands", data={"kind": "restart"}, headers={"origin": "https://evil.example"}).status_code == 403
    assert [one.kind for one in sent(engine)] == ["selftest"]


def test_the_page_says_what_became_of_each_in_both_languages(visitor: Client, engine: Engine, clock: Clock) -> None:
    technician = sign_up(visitor, engine, "technician")
    answer(engine, ask(engine), Outcome.REFUSED, Because.NO_PRINTER)
    answer(engine, ask(engine, CommandKind.SELF_TEST, at_ms=NOW_MS - 1), Outcome.DONE, "paper_end too_hot")
    ask(engine, CommandKind.RESTART, at_ms=NOW_MS - 2 * 3_600_000)
    ask(engine, CommandKind.DIAGNOSTICS)
    with writing(engine) as connection:
        withdraw(connection, KIOSK, NOW_MS)  # as when the kiosk is removed
    page = words(technician.get(PAGE).text)
    assert "Пробний друк 22 листопада, 12:07 root на сервері відхилено У нього немає принтера квитанцій 22 листопада, 12:06" in page
    assert "root на сервері виконано у принтері квитанцій закінчився папір комп’ютер перегрівається" in page
    assert "root на сервері без відповіді" in page
    assert "root на сервері відкликано" in page
    technician.post("/language", data={"language": "en"})
    page = words(technician.get(PAGE).text)
    assert "refused It has no slip printer" in page
    assert "done the slip printer has no paper its computer is too hot" in page
    assert "no answer" in page
    assert "withdrawn" in page


def test_a_bundle_can_be_downloaded_and_only_under_its_kiosk(visitor: Client, engine: Engine) -> None:
    technician = sign_up(visitor, engine, "technician")
    one = ask(engine, CommandKind.DIAGNOSTICS)
    with writing(engine) as connection:
        record_bundle(connection, KIOSK, encode(Diagnostics(one.id, AT, "vidhuk 0.1", screen_log=("<script>",))), NOW_MS)
    address = f"{PAGE}/diagnostics/{one.id}"
    assert address in technician.get(PAGE).text
    got = technician.get(address)
    assert (got.headers["content-type"], got.json()["id"]) == ("application/json", str(one.id))
    assert got.headers["content-disposition"] == f'attachment; filename="diagnostics-{KIOSK}.json"'
    assert technician.get(f"/kiosks/desk-two-a/diagnostics/{one.id}").status_code == 404


def test_every_kind_outcome_and_reason_has_words() -> None:
    assert set(TITLES) == set(BUTTONS) == set(EXPLAINED) == set(CommandKind)
    assert set(OUTCOMES) == {*Outcome, "waiting", "silent", "withdrawn"}
    assert set(SENTENCES) == set(Because)
