from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from server.audit.acts import Act
from server.audit.log import Actor, note
from server.audit.looking import PAGE
from server.db.schema import audit
from server.web.audit import ACTS
from tests.server.web import fill
from tests.server.web.conftest import ON_BOTH, sign_up

if TYPE_CHECKING:
    from sqlalchemy import Engine

Client = "TestClient[Litestar]"


def acts(engine: Engine) -> list[tuple[str, str]]:
    with engine.connect() as connection:
        return [(row.act, row.subject) for row in connection.execute(select(audit.c.act, audit.c.subject).order_by(audit.c.n))]


@ON_BOTH
def test_what_is_done_on_pages_is_written_down(visitor: Client, engine: Engine) -> None:
    client = sign_up(visitor, engine, "admin")
    with engine.begin() as connection:
        fill.kiosks(connection)
        call = fill.call(connection)
    client.post("/announcements", data={"kind": "information", "uk": "Слова", "minutes": "5"})
    client.post("/announcements/1/withdraw")
    client.post("/done", data={"uk": "Зробили"})
    client.post("/kiosks/exit-center/commands", data={"kind": "selftest"})
    client.post("/kiosks/exit-center/seen-to")
    client.post("/kiosk-invitations", data={"name": "Новий", "place": "center"})
    client.post("/kiosk-invitations/1/withdraw")
    client.post(f"/calls/{call}/take")
    client.post("/boxes", data={"site": "center", "day": fill.TODAY.isoformat()})
    client.post("/boxes/1/finish")
    client.post("/language", data={"language": "en"})
    client.post("/sign-out")
    client.post("/sign-in", data={"login": "admin", "password": "my other password"})
    client.post("/sign-in", data={"login": "my password by mistake", "password": "x"})
    found = acts(engine)
    assert [act for act, _ in found] == [
        *("account_made", "signed_in", "announced", "announcement_withdrawn", "sentence_added", "kiosk_commanded", "kiosk_seen_to"),
        *("kiosk_invited", "kiosk_invitation_withdrawn", "call_taken", "boxes_begun", "boxes_counted", "language_set", "signed_out"),
        *("sign_in_failed", "sign_in_failed"),
    ]
    assert [subject for _, subject in found[-2:]] == ["1", ""]
    assert found[9] == ("call_taken", str(call))
    with engine.connect() as connection:
        assert len({row.session for row in connection.execute(select(audit.c.session).where(audit.c.account == 1, audit.c.n > 1))}) == 1


@ON_BOTH
def test_the_page_filters_and_goes_back_in_time(visitor: Client, engine: Engine) -> None:
    client = sign_up(visitor, engine, "auditor")
    with engine.begin() as connection:
        for number in range(PAGE):
            note(connection, Actor(operator="root"), Act.KIOSK_REMOVED, f"kiosk-{number}", now_ms=fill.NOW_MS - 86_400_000)
    newest = client.get("/audit").text
    assert newest.count("<tr>") == PAGE + 1
    assert "root на сервері" in newest
    older = client.get("/audit?before=3").text
    assert older.count("<tr>") == 3
    assert client.get("/audit?act=signed_in&person=1").text.count("<tr>") == 2
    assert client.get(f"/audit?first={fill.TODAY}").text.count("<tr>") == 3
    assert "Тут порожньо" in client.get("/audit?last=2020-01-01").text
    for wrong in ("person=x", "act=x", "first=x", "last=0001-01-01x"):
        assert client.get(f"/audit?{wrong}").status_code == 400


def test_the_export_has_every_line_and_no_formula(visitor: Client, engine: Engine) -> None:
    client = sign_up(visitor, engine, "auditor")
    with engine.begin() as connection:
        note(connection, Actor(operator="+x"), Act.REGISTRY_LOADED, "=HYPERLINK()", now_ms=fill.NOW_MS)
    answer = client.get("/audit.csv")
    rows = list(csv.reader(answer.content.decode("utf-8-sig").splitlines()))
    assert rows[0][:3] == ["number", "time", "account"]
    assert [row[0] for row in rows[1:]] == ["3", "2", "1"]
    assert (rows[1][5], rows[1][7]) == ("'+x", "'=HYPERLINK()")
    assert "attachment" in answer.headers["content-disposition"]


@pytest.mark.parametrize("role", ["leader", "clerk", "technician"])
def test_others_do_not_read_it(visitor: Client, engine: Engine, role: str) -> None:
    client = sign_up(visitor, engine, role)
    assert [client.get(path).status_code for path in ("/audit", "/audit.csv")] == [403, 403]


def test_every_act_has_words() -> None:
    assert set(ACTS) == set(Act)
