"""The queue on the web: exports that leaders import, tickets that programs push, and response rates that come of them."""

from __future__ import annotations

import re
import tempfile
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec
import pytest
from sqlalchemy import select

from server.broker.files import hash_password
from server.db import schema
from server.queue import keys
from server.queue.push import MAX_BYTES, MAX_TICKETS
from server.ratings.periods import Period
from server.ratings.queries import Scope
from server.ratings.response import Response, responses
from tests.server.kit import rows
from tests.server.queue.exports import DAY_MS, HEADER, export, line, waiting
from tests.server.web import fill
from tests.server.web.conftest import ON_BOTH, PASSWORD, sign_up
from tests.server.web.fill import NOW, NOW_MS, TODAY, vote

if TYPE_CHECKING:
    from pathlib import Path

    from litestar import Litestar
    from litestar.testing import TestClient
    from sqlalchemy import Engine

    from tests.server.web.fill import Clock

    Client = TestClient[Litestar]

MAY_IMPORT = {"clerk": False, "leader": True, "technician": False, "auditor": False, "admin": True}
SCOPE = Scope(Period(TODAY - timedelta(days=6), TODAY))
YESTERDAY = NOW - timedelta(days=1)


def upload(client: Client, content: bytes, site: str = "center", name: str = "Черга листопад.csv") -> str:
    answer = client.post("/queue", data={"site": site}, files={"file": (name, content)})
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


@pytest.fixture
def key(engine: Engine) -> str:
    with engine.begin() as connection:
        return keys.add_key(connection, "e-queue", "center", hash_password=hash_password, now_ms=NOW_MS).reveal()


@pytest.mark.parametrize("role", MAY_IMPORT)
def test_leaders_import_and_nobody_else(visitor: Client, engine: Engine, role: str) -> None:
    client = sign_up(visitor, engine, role)
    page = client.get("/queue", headers={"accept": "text/html"})
    assert page.status_code == (200 if MAY_IMPORT[role] else 403)
    assert ('href="/queue"' in client.get("/calls").text) == MAY_IMPORT[role]


@ON_BOTH
def test_an_export_is_looked_at_and_imported(leader: Client, engine: Engine) -> None:
    where = upload(leader, export(line("А-1", YESTERDAY), line("А-2", YESTERDAY), waiting("А-3", YESTERDAY)))
    page = leader.get(where).text
    assert "ПІБ відвідувача, Телефон" in page
    assert "<option selected>Вікно</option>" in page
    assert rows(engine, schema.queue_hours) == []
    assert leader.post(where, data={"act": "import"}).headers["location"] == "/queue"
    assert sum(row["tickets"] for row in rows(engine, schema.queue_hours)) == 3  # type: ignore[misc]
    assert "Черга листопад.csv" in leader.get("/queue").text
    assert leader.get(where, headers={"accept": "text/html"}).status_code == 404
    assert rows(engine, schema.queue_imports)[0]["made_by"] == 1


def test_a_large_export_with_the_names_of_visitors_never_touches_the_disk(
    leader: Client, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "there is none"))
    lines = [line(f"А-{number}", YESTERDAY) for number in range(20_000)]
    content = export(*lines)
    assert len(content) > 1024 * 1024
    assert "20000" in leader.get(upload(leader, content, name="Черга «листопад».csv")).text.replace("\N{NO-BREAK SPACE}", "")


def part(head: str, content: bytes) -> bytes:
    return f"--b\r\nContent-Disposition: form-data; {head}\r\n\r\n".encode() + content + b"\r\n"


FILE, SITE = part('name="file"; filename="x.csv"', b"A"), part('name="site"', b"center")


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "multipart/form-data"),
        (b"file=x", "application/x-www-form-urlencoded"),
        (b"", "multipart/form-data; boundary=b"),
        (FILE, "multipart/form-data; boundary=b"),
        (FILE + b"--b--\r\n", "multipart/form-data; boundary=b"),
        (SITE + b"--b--\r\n", "multipart/form-data; boundary=b"),
        (FILE + part('name="site"\r\nContent-Type: text/plain; charset=none', b"\xff") + b"--b--\r\n", "multipart/form-data; boundary=b"),
    ],
    ids=["no boundary", "another form", "empty", "cut off", "no site", "no file", "no text"],
)
def test_what_no_form_of_ours_sends_is_no_export(leader: Client, body: bytes, kind: str) -> None:
    assert leader.post("/queue", content=body, headers={"content-type": kind}).status_code == 400


def test_columns_and_names_are_chosen_on_the_page_and_remembered(leader: Client, engine: Engine) -> None:
    heading = "№;Куди;Коли;Що;Вид\n"
    content = (heading + f"A1;Каса;{YESTERDAY:%d.%m.%Y %H:%M};обслужено;Інше\n").encode()
    where = upload(leader, content)
    assert "жодна колонка не називає номера талона" in leader.get(where).text.lower()
    columns = {"column:number": "№", "column:desk": "Куди", "column:started": "Коли", "column:state": "Що", "column:service": "Вид"}
    page = leader.post(where, data={**columns, "act": "check"}).text
    assert "рядок 2" in page
    assert 'name="desk:Каса"' in page
    means = {**columns, "desk:Каса": "c2", "service:Інше": "passport"}
    assert leader.post(where, data={**means, "act": "import"}).status_code == 303
    found = rows(engine, schema.queue_hours)
    assert [(row["desk_id"], row["service_id"], row["served"]) for row in found] == [(2, 1, 1)]
    again = leader.get(upload(leader, content)).text
    assert "колонки як минулого разу" in again
    assert "problem" not in re.sub(r"problems?\"", "", again).split("<form")[-1].split("columns")[0]


def test_one_column_for_two_fields_is_said_and_not_lost(leader: Client) -> None:
    where = upload(leader, export(line("А-1", YESTERDAY)))
    page = leader.post(where, data={"column:number": "Вікно", "act": "check"})
    assert page.status_code == 200
    assert "колонка «Вікно» не може означати дві речі" in page.text
    assert "<option selected>Вікно</option>" in page.text


def test_what_contradicts_is_said_with_its_line_in_ukrainian(leader: Client, engine: Engine) -> None:
    where = upload(leader, export(line("А-1", YESTERDAY), line("А-1", YESTERDAY, desk="2"), line("А-9", YESTERDAY, desk="77")))
    answer = leader.post(where, data={"act": "import"})
    assert answer.status_code == 422
    assert "нічого не буде імпортовано" in answer.text
    assert "стіл суперечить рядку 2 про той самий талон" in answer.text.lower()
    assert "«77»" in answer.text
    assert rows(engine, schema.queue_hours) == []


@pytest.mark.parametrize(
    ("content", "words"), [(b"PK\x03\x04", "електронна таблиця"), (HEADER.encode(), "жодного талона"), (b"", "заголовка")]
)
def test_files_that_are_no_export_are_refused_kindly(leader: Client, content: bytes, words: str) -> None:
    answer = leader.post("/queue", data={"site": "center"}, files={"file": ("x.csv", content)})
    assert answer.status_code == 422
    assert words in answer.text


def test_nobody_sees_what_somebody_else_has_brought(visitor: Client, engine: Engine) -> None:
    where = upload(sign_up(visitor, engine, "leader"), export(line("А-1", YESTERDAY)))
    visitor.cookies.clear()
    other = sign_up(visitor, engine, "admin")
    assert other.get(where, headers={"accept": "text/html"}).status_code == 404
    assert other.post(where, data={"act": "import"}, headers={"accept": "text/html"}).status_code == 404


def test_an_upload_is_forgotten_after_twenty_minutes(leader: Client, clock: Clock) -> None:
    where = upload(leader, export(line("А-1", YESTERDAY)))
    clock.pass_by(minutes=21)
    assert leader.get(where, headers={"accept": "text/html"}).status_code == 404


def push(client: Client, key: str, body: object, **headers: str) -> tuple[int, dict[str, object]]:
    client.headers.pop("origin", None)  # a program is no browser
    answer = client.post("/api/queue/tickets", json=body, headers={"authorization": f"Bearer {key}", **headers})
    return answer.status_code, answer.json()


TICKET = {"number": "А-1", "issued": "2026-11-22T10:00:00+02:00", "called": "22.11.2026 10:07", "desk": "1", "service": "passport"}


@ON_BOTH
def test_tickets_are_pushed_as_they_go_on(visitor: Client, engine: Engine, key: str) -> None:
    assert push(visitor, key, [TICKET]) == (200, {"tickets": 1, "added": 1, "changed": 0})
    served = {**TICKET, "started": "2026-11-22T10:08:00", "ended": "2026-11-22T10:20:00", "clerk": "Коваль М.", "visitor": "Шевченко Т."}
    assert push(visitor, key, [served]) == (200, {"tickets": 1, "added": 0, "changed": 1})
    assert push(visitor, key, [TICKET, served]) == (200, {"tickets": 1, "added": 0, "changed": 0})
    (cell,) = rows(engine, schema.queue_hours)
    assert (cell["desk_id"], cell["served"], cell["wait_s"], cell["service_s"]) == (1, 1, 420, 720)
    assert rows(engine, schema.queue_keys)[0]["taken"] == 3
    assert [row["name"] for row in rows(engine, schema.clerks)] == ["Коваль М."]


def test_a_push_that_cannot_be_taken_is_a_problem_document_and_changes_nothing(visitor: Client, engine: Engine, key: str) -> None:
    push(visitor, key, [TICKET])
    before = rows(engine, schema.queue_tickets)
    old = {**TICKET, "number": "А-4", "issued": "2026-11-01T10:00", "called": None}
    status, problem = push(
        visitor, key, [{**TICKET, "number": "А-2"}, {**TICKET, "desk": "2"}, {**TICKET, "number": "А-3", "desk": "99"}, old]
    )
    assert status == 422
    assert problem["wrong"] == [
        {"at": 1, "detail": "desk contradicts what was said before about the same ticket"},
        {"at": 2, "detail": "desk “99” is not one of this site's"},
        {"at": 3, "detail": "the ticket is of 2026-11-01, too long ago for a single ticket: import the whole day from a file"},
    ]
    assert rows(engine, schema.queue_tickets) == before
    status, problem = push(visitor, key, [{**TICKET, "desk": "Шевченко"}])
    kept = rows(engine, schema.queue_keys)[0]
    assert "Шевченко" in str(problem)
    assert (kept["refused"], "Шевченко" in str(kept["problem"])) == (2, False)


@pytest.mark.parametrize(
    ("body", "status"),
    [({"number": "1"}, 400), ([{"desk": "1"}], 400), ([{"number": 5}], 400), ([TICKET] * (MAX_TICKETS + 1), 422), ([], 200)],
)
def test_bodies_that_are_no_list_of_tickets(visitor: Client, key: str, body: object, status: int) -> None:
    got, problem = push(visitor, key, body)
    assert got == status
    assert status == 200 or (problem["status"] == status and problem["detail"])


@ON_BOTH
@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"[{", "надіслане не є списком талонів у JSON"),
        (b"\xff\xfe", "надіслане не є списком талонів у JSON"),
        (b'[{"number": 5}]', "надіслане не є списком талонів у JSON"),
        (b'[{"number": "1"}]', "талон 0 у списку: ні день, ні час не кажуть"),
        (msgspec.json.encode([TICKET] * (MAX_TICKETS + 1)), "надіслано 1001 талонів"),
    ],
)
def test_the_last_refusal_is_said_in_the_readers_language_and_nothing_is_stored(
    leader: Client, engine: Engine, key: str, body: bytes, words: str
) -> None:
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    answer = leader.post("/api/queue/tickets", content=body, headers=headers)
    assert answer.status_code in {400, 422}
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"]
    page = leader.get("/queue").text
    assert "Останнє відхилення:" in page
    assert words in page
    assert rows(engine, schema.queue_tickets) == rows(engine, schema.queue_hours) == []
    (counted,) = rows(engine, schema.queue_keys)
    assert (counted["refused"], counted["taken"]) == (1, 0)


def test_a_push_that_is_too_large_is_not_read(visitor: Client, engine: Engine, key: str) -> None:
    status, problem = push(visitor, key, [{**TICKET, "service": "х" * MAX_BYTES}])
    assert (status, problem["status"]) == (413, 413)
    assert rows(engine, schema.queue_keys)[0]["refused"] == 1
    assert rows(engine, schema.queue_tickets) == []


@pytest.mark.parametrize("given", ["", "wrong", "Ключ".encode().hex()])
def test_without_a_key_of_ours_nothing_is_taken(visitor: Client, engine: Engine, given: str) -> None:
    assert push(visitor, given, [TICKET])[0] == 401
    assert rows(engine, schema.queue_tickets) == []


def test_a_signed_in_browser_cannot_push_and_a_removed_key_opens_nothing(leader: Client, engine: Engine, key: str) -> None:
    assert leader.post("/api/queue/tickets", json=[TICKET]).status_code == 401
    with engine.begin() as connection:
        keys.remove_key(connection, "e-queue")
    assert push(leader, key, [TICKET])[0] == 401


@ON_BOTH
def test_response_rates_are_votes_by_tickets_of_whole_days(leader: Client, engine: Engine, clock: Clock) -> None:
    with engine.begin() as connection:
        vote(connection, "c1", "good", at=YESTERDAY, times=3)
        vote(connection, "c1", "terrible", at=YESTERDAY, channel="box", times=2)
        vote(connection, "c1", "good", at=YESTERDAY, channel="link")
        vote(connection, "c1", "good", at=NOW - timedelta(days=3), times=50)  # a day of which the queue says nothing
        vote(connection, "c1", "good", times=7)  # today is not over
    where = upload(leader, export(*(line(f"А-{number}", YESTERDAY) for number in range(20)), line("А-99", NOW - timedelta(hours=2))))
    leader.post(where, data={"act": "import"})
    table = leader.get("/api/v1/desks").json()
    by_desk = {row["desk"]["key"]: row["response"] for row in table["rows"] if row["desk"]}
    assert by_desk["c1"] == table["response"] == {"votes": 3, "served": 20, "days": 1, "share": 0.15, "boxes": 2, "boxes_share": 0.1}
    nobody = {"votes": 0, "served": 0, "share": None, "boxes": 0, "boxes_share": None}
    assert by_desk["c2"] == nobody | {"days": 1}
    assert by_desk["p1"] == nobody | {"days": 0}
    page = leader.get("/").text
    assert "3 з 20" in page
    assert "скриньки: 10,0\N{NO-BREAK SPACE}%, 2" in page
    assert page.count("невідомо") == 3  # the desks of the other site
    lines = leader.get("/desks.csv").text.splitlines()
    assert lines[0].endswith(
        "queue_votes,queue_served,queue_days,response,box_votes,box_satisfied,box_dissatisfied,queue_box_votes,box_response"
    )
    assert lines[1].endswith(",3,20,1,0.1500,2,0,2,2,0.1000")
    clock.ms += DAY_MS
    leader.post("/sign-in", data={"login": "leader", "password": PASSWORD})  # the session is over too
    # Today's file was taken before it was over: still no rate for that day
    assert leader.get("/api/v1/desks").json()["response"]["days"] == 1
    leader.post(upload(leader, export(line("А-99", NOW - timedelta(hours=2)))), data={"act": "import"})
    assert leader.get("/api/v1/desks").json()["response"] == {
        "votes": 10,
        "served": 21,
        "days": 2,
        "share": 10 / 21,
        "boxes": 2,
        "boxes_share": 2 / 21,
    }


def test_a_day_that_is_pushed_counts_when_it_is_over(leader: Client, engine: Engine, key: str, clock: Clock) -> None:
    push(leader, key, [{**TICKET, "started": "2026-11-22T10:08:00"}])
    with engine.begin() as connection:
        vote(connection, "c1", "good", times=2)
        found = responses(connection, SCOPE, clock())
        assert found.total.days == 0
        assert responses(connection, SCOPE, clock() + DAY_MS).total == Response(votes=2, served=1, days=1, share=2.0, boxes_share=0.0)


def test_where_no_queue_speaks_the_response_is_unknown_and_never_invented(leader: Client, engine: Engine) -> None:
    with engine.begin() as connection:
        vote(connection, "c1", "good", at=YESTERDAY, times=3)
    assert leader.get("/api/v1/desks").json()["response"]["days"] == 0
    assert leader.get("/api/v1/desks").json()["response"]["share"] is None
    assert "невідомо, скільки" in leader.get("/").text.lower() or "невідомо" in leader.get("/").text
    assert 'class="n response"' not in leader.get("/").text
    assert "невідомо" in leader.get("/desks/c1").text


def test_a_desk_shows_how_long_people_waited(leader: Client, engine: Engine) -> None:
    early, late = YESTERDAY.replace(hour=9, minute=0), YESTERDAY.replace(hour=14, minute=0)
    lines = [line("А-1", early, wait=10, serve=8), line("А-2", early, wait=20, serve=40), line("А-3", late, wait=35, serve=12)]
    leader.post(upload(leader, export(*lines)), data={"act": "import"})
    with engine.begin() as connection:
        connection.execute(schema.kiosks.insert().values(id="tablet-c1", name="x", site_id=1, desk_id=1, password="x", created_ms=0))
        connection.execute(schema.presence.insert().values(kiosk="tablet-c1", day=TODAY.isoformat(), hour=9, site_id=1, count=17))
    page = re.sub(r"\s+", " ", leader.get("/desks/c1").text.replace("\N{NO-BREAK SPACE}", " "))
    row = re.search(r"9:00</th>(.*?)</tr>", page)
    assert row
    cells = [re.sub(r"<.*?>", " ", cell).strip() for cell in re.findall(r"<td>(.*?)</td>", row[1])]
    assert cells == ["2", "15,0 хв", "50 % 1 з 2", "0 % 0 з 2", "24,0 хв", "50 % 1 з 2", "50 % 1 з 2"]
    assert "підходили 17 разів" in page
    load = leader.get("/api/v1/desks/c1/load").json()
    assert [(hour["hour"], hour["served"]) for hour in load["hours"]] == [(9, 2), (14, 1)]
    assert load["total"]["waiting"] == {"count": 3, "mean_s": 1300.0, "over_15": 2, "over_30": 1}


def test_desks_of_the_site_only(leader: Client, engine: Engine) -> None:
    where = upload(leader, export(line("А-1", YESTERDAY, desk="3")), site="podil")
    leader.post(where, data={"act": "import"})
    with engine.connect() as connection:
        assert (
            connection.execute(
                select(schema.desks.c.key).join(schema.queue_hours, schema.queue_hours.c.desk_id == schema.desks.c.id)
            ).scalar()
            == "p3"
        )
    assert fill.SITES[1][0] == "podil"


def test_a_refusal_that_an_earlier_version_kept_is_still_shown(leader: Client, engine: Engine, key: str) -> None:
    with engine.begin() as connection:
        connection.execute(schema.queue_keys.update().values(problem="ticket 3: 100% wrong"))
    assert key not in leader.get("/queue").text
    assert "ticket 3: 100% wrong" in leader.get("/queue").text
