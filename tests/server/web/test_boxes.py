"""Ticket boxes counted on a page: every ticket a vote of its own channel, one ticket one vote, and the last one taken back."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
from nacl.signing import SigningKey
from sqlalchemy import insert, select, update

from feedback.tickets import Delimited, SignedTicket, card_code, signed_code, ticket_token
from server.channels.layout import as_english
from server.db import schema
from server.fleet.day_keys import DayKeys, day_keys_of
from server.ingest.facts import TicketFacts, apply_queue_facts
from server.ratings import rollups
from server.registry.terms import Terms, encode_terms
from server.registry.ticket_terms import TicketTerms
from tests.server.kit import rows
from tests.server.web import fill
from tests.server.web.conftest import ON_BOTH, PASSWORD, sign_up
from tests.server.web.fill import NOW_MS, TODAY, Clock

if TYPE_CHECKING:
    from litestar import Litestar
    from litestar.testing import TestClient
    from sqlalchemy import Engine

    Client = TestClient[Litestar]

VENDOR = SigningKey(bytes(32))
MAY_COUNT = {"clerk": True, "leader": True, "technician": True, "auditor": False, "admin": True}
DAY = TODAY.isoformat()
YESTERDAY = (TODAY - timedelta(days=1)).isoformat()


def code(number: str, day: str = DAY, desk: str = "1") -> str:
    return f"{number};{day};{desk}"


class Ticking(Clock):
    """A clock by which no two things happen at once, as no person scans two tickets in one millisecond."""

    def __call__(self) -> int:
        self.ms += 1
        return self.ms


@pytest.fixture
def clock() -> Clock:
    return Ticking()


@pytest.fixture
def counter(visitor: Client, engine: Engine) -> Client:
    """Somebody who counts, where codes are read as `code` writes them and days have their keys."""
    forms = (
        Delimited(name="e-queue", separator=";", fields=("number", "day", "desk")),
        Delimited(name="short", separator="/", fields=("number", "service")),
    )
    terms = TicketTerms(centre="sample", forms=forms, public_key=bytes(VENDOR.verify_key).hex(), services={"P": "passport"})
    with engine.begin() as connection:
        connection.execute(update(schema.server).values(terms=encode_terms(Terms(tickets=terms), lambda _: None)))
    DayKeys(engine, signer=lambda _: b"").current(NOW_MS)
    return sign_up(visitor, engine, "clerk")


def begin(client: Client, day: str = DAY, site: str = "center") -> str:
    answer = client.post("/boxes", data={"site": site, "day": day})
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def scan(client: Client, where: str, *codes: str) -> str:
    """Scan tickets; give what the page says of the last one."""
    for one in codes:
        answer = client.post(f"{where}/scan", data={"code": one})
        assert (answer.status_code, answer.headers["location"]) == (303, where)
    return said(client, where)


def said(client: Client, where: str) -> str:
    found = re.search(r'class="said said-(\w+)"', client.get(where).text)
    assert found
    return found[1]


def sums(client: Client, where: str) -> list[int]:
    """Give satisfied, dissatisfied, repeated and foreign as the page shows them."""
    return [int(number) for number in re.findall(r"<dd>(\d+)</dd>", client.get(where).text)]


def cast(engine: Engine) -> list[tuple[object, ...]]:
    found = sorted(rows(engine, schema.votes), key=lambda row: str(row["id"]))
    return [(row["answer"], row["desk_id"], row["service_id"], row["flag"]) for row in found]


def rollups_agree(engine: Engine) -> bool:
    with engine.begin() as connection:
        return rollups.verify(connection) == []


@pytest.mark.parametrize("role", MAY_COUNT)
def test_staff_counts_and_nobody_else(visitor: Client, engine: Engine, role: str) -> None:
    client = sign_up(visitor, engine, role)
    assert client.get("/boxes", headers={"accept": "text/html"}).status_code == (200 if MAY_COUNT[role] else 403)
    assert ('href="/boxes"' in client.get("/calls").text) == MAY_COUNT[role]


@ON_BOTH
def test_a_pair_of_boxes_is_counted(counter: Client, engine: Engine) -> None:
    where = begin(counter)
    assert said(counter, where) == "nothing"
    assert scan(counter, where, code("A001"), code("A002", desk="2"), "A003/P") == "counted"
    counter.post(f"{where}/box", data={"box": "dissatisfied"})
    assert said(counter, where) == "nothing"
    assert scan(counter, where, code("A004", desk="")) == "counted"
    assert sums(counter, where) == [3, 1, 0, 0]
    assert cast(engine) == [("good", 1, None, ""), ("good", 2, None, ""), ("good", 0, 1, ""), ("terrible", 0, None, "")]
    (kept,) = {tuple(row[name] for name in ("channel", "input", "questionnaire", "kiosk", "day")) for row in rows(engine, schema.votes)}
    assert kept == ("box", "scan", "two-faces", "box:1", DAY)
    assert counter.post(f"{where}/finish").headers["location"] == where
    page = counter.get(where).text
    assert "Скриньки пораховано" in page
    assert "/scan" not in page
    assert sums(counter, where) == [3, 1, 0, 0]
    (count,) = rows(engine, schema.box_counts)
    assert [count[name] for name in ("satisfied", "dissatisfied", "repeated_tickets", "foreign_tickets")] == [3, 1, 0, 0]
    (session,) = rows(engine, schema.box_sessions)
    assert (session["made_by"], session["site_id"], session["ended_ms"]) == (1, 1, count["at_ms"])
    listed = counter.get("/boxes").text
    assert "<td>clerk</td>" in listed
    assert rollups_agree(engine)


def test_nothing_changes_after_the_end(counter: Client, engine: Engine) -> None:
    where = begin(counter)
    scan(counter, where, code("A001"))
    for _ in range(2):
        counter.post(f"{where}/finish")
    counter.post(f"{where}/scan", data={"code": code("A002")})
    counter.post(f"{where}/undo")
    counter.post(f"{where}/box", data={"box": "dissatisfied"})
    assert sums(counter, where) == [1, 0, 0, 0]
    assert len(rows(engine, schema.box_counts)) == 1
    assert len(rows(engine, schema.votes)) == 1


def test_a_ticket_scanned_again_is_told_apart_in_either_box(counter: Client, engine: Engine) -> None:
    where = begin(counter)
    assert scan(counter, where, code("A001"), code("а-001")) == "here"
    counter.post(f"{where}/box", data={"box": "dissatisfied"})
    assert scan(counter, where, code("A001")) == "here"
    assert sums(counter, where) == [1, 0, 2, 0]
    assert len(rows(engine, schema.votes)) == 1


@ON_BOTH
def test_a_ticket_that_has_voted_elsewhere_is_kept_and_does_not_count(counter: Client, engine: Engine) -> None:
    with engine.begin() as connection:
        fill.vote(connection, "c1", "excellent")
        vote = connection.execute(select(schema.votes)).one()
        token = ticket_token(day_keys_of(connection)[DAY], "center", DAY, "A001")
        values = {"kiosk": vote.kiosk, "visit": vote.visit, "record": vote.id, "day": DAY, "token": token}
        connection.execute(insert(schema.ticket_tokens).values(**values))
    where = begin(counter)
    assert scan(counter, where, code("A001")) == "voted"
    assert sums(counter, where) == [0, 0, 1, 0]
    assert sorted(row["flag"] for row in rows(engine, schema.votes)) == ["", "ticket_used"]  # type: ignore[type-var]
    other = begin(counter)
    assert scan(counter, other, code("A002")) == "counted"
    assert scan(counter, where, code("A002")) == "voted"
    assert rollups_agree(engine)


@ON_BOTH
def test_the_last_ticket_is_taken_back_and_may_be_scanned_again(counter: Client, engine: Engine) -> None:
    where = begin(counter)
    counter.post(f"{where}/undo")
    assert said(counter, where) == "no_more"
    scan(counter, where, code("A001"), code("A002"))
    counter.post(f"{where}/undo")
    assert said(counter, where) == "undone"
    assert sums(counter, where) == [1, 0, 0, 0]
    counter.post(f"{where}/box", data={"box": "dissatisfied"})
    assert scan(counter, where, code("A002")) == "counted"
    assert sums(counter, where) == [1, 1, 0, 0]
    counter.post(f"{where}/undo")
    counter.post(f"{where}/undo")
    assert sums(counter, where) == [0, 0, 0, 0]
    assert [row[3] for row in cast(engine)] == ["undone"] * 3
    assert rollups_agree(engine)


def test_what_is_no_ticket_here_is_told_apart(counter: Client, engine: Engine) -> None:
    signed = SignedTicket(centre="sample", day=DAY, number="7", nonce="x")
    good = signed_code(signed, lambda message: VENDOR.sign(message).signature)
    cases = [
        ("Привіт", "unknown"),
        (card_code("elsewhere", "c1"), "foreign"),
        (signed_code(signed, lambda _: bytes(64)), "forged"),
        (code("A001", "2026-11-01"), "too_old"),
        (code("A001", "2026-11-18"), "too_old"),
        (good, "counted"),
    ]
    where = begin(counter)
    for text, expected in cases:
        assert scan(counter, where, text) == expected, text
    assert sums(counter, where) == [1, 0, 0, 5]
    assert scan(counter, where, " ") == "counted"  # an Enter by itself changes nothing
    assert sums(counter, where) == [1, 0, 0, 5]


def test_cards_of_one_desk_bear_one_code_and_each_counts(counter: Client, engine: Engine) -> None:
    """Where there is no queue, what is dropped in are cards (K3); a kiosk counts them too."""
    where = begin(counter)
    assert [scan(counter, where, card_code("sample", "c1")) for _ in range(3)] == ["card"] * 3
    assert "Картки столу мають однаковий код" in counter.get(where).text
    counter.post(f"{where}/undo")
    assert sums(counter, where) == [2, 0, 0, 0]
    cast = rows(engine, schema.votes)
    assert {(row["desk_id"], row["channel"], row["answer"]) for row in cast} == {(1, "box", "good")}
    assert sorted(str(row["flag"]) for row in cast) == ["", "", "undone"]


def test_a_ticket_can_be_counted_as_long_as_its_day_has_a_key(counter: Client, engine: Engine) -> None:
    where = begin(counter)
    days = [(TODAY - timedelta(days=ago)).isoformat() for ago in range(5)]
    assert [scan(counter, where, code("A001", day)) for day in days] == ["counted"] * 4 + ["too_old"]
    assert len({row["token"] for row in rows(engine, schema.ticket_tokens)}) == 4


def test_boxes_of_an_earlier_day_are_votes_of_that_day(counter: Client, engine: Engine) -> None:
    where = begin(counter, YESTERDAY)
    assert scan(counter, where, "A001/P", code("A002", YESTERDAY), code("A003")) == "counted"
    found = {(row["day"], row["hour"], row["time_quality"]) for row in rows(engine, schema.votes)}
    assert found == {(YESTERDAY, 23, "interval"), (DAY, 12, "exact")}
    with engine.connect() as connection:
        keys = day_keys_of(connection)
    tokens = {row["token"] for row in rows(engine, schema.ticket_tokens)}
    assert ticket_token(keys[YESTERDAY], "center", YESTERDAY, "A001") in tokens
    assert where != begin(counter)


@pytest.mark.parametrize(
    "form",
    [{"site": "center", "day": (TODAY - timedelta(days=6)).isoformat()}, {"site": "x", "day": DAY}, {"day": DAY}, {"site": "center"}],
)
def test_only_known_sites_and_days_with_a_key_are_counted(counter: Client, form: dict[str, str]) -> None:
    assert counter.post("/boxes", data=form, headers={"accept": "text/html"}).status_code == 404
    days = re.findall(r'<option value="(2026-[\d-]+)"', counter.get("/boxes").text)
    assert days == [(date.fromisoformat(DAY) - timedelta(days=ago)).isoformat() for ago in range(len(days))]
    assert len(days) == 4


def test_what_the_queue_says_later_reaches_the_votes_of_boxes(counter: Client, engine: Engine) -> None:
    where = begin(counter)
    scan(counter, where, code("A001", desk=""))
    (token,) = rows(engine, schema.ticket_tokens)
    with engine.begin() as connection:
        apply_queue_facts(connection, [TicketFacts(str(token["token"]), DAY, desk_id=2, service_id=3)])
    assert cast(engine) == [("good", 2, 3, "")]
    assert rollups_agree(engine)


def test_nobody_counts_in_somebody_elses_count(counter: Client, engine: Engine) -> None:
    where = begin(counter)
    scan(counter, where, code("A001"))
    counter.cookies.clear()
    other = sign_up(counter, engine, "leader")
    assert other.get(where, headers={"accept": "text/html"}).status_code == 404
    other.post(f"{where}/scan", data={"code": code("A002")})
    other.post(f"{where}/finish")
    assert len(rows(engine, schema.votes)) == 1
    assert rows(engine, schema.box_sessions)[0]["ended_ms"] is None
    assert where not in other.get("/boxes").text


def test_a_count_that_was_left_goes_on(counter: Client, clock: Clock) -> None:
    where = begin(counter)
    scan(counter, where, code("A001"))
    clock.pass_by(minutes=90)
    counter.post("/sign-in", data={"login": "clerk", "password": PASSWORD})
    assert f'href="{where}"' in counter.get("/boxes").text
    assert scan(counter, where, code("A002")) == "counted"
    assert sums(counter, where) == [2, 0, 0, 0]


def test_a_keyboard_that_was_left_ukrainian_does_not_matter(counter: Client) -> None:
    where = begin(counter)
    assert scan(counter, where, "Ф045ж2026-11-22ж1") == "counted"
    assert scan(counter, where, "A045;2026-11-22;1") == "here"
    assert as_english("МВ1Жіфьздуж№Ї") == "VD1:sample;#}"


def test_without_keys_of_days_boxes_can_still_be_counted(counter: Client, engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(schema.day_keys.delete())
    where = begin(counter)
    assert scan(counter, where, code("A001"), code("A002")) == "counted"
    assert sums(counter, where) == [2, 0, 0, 0]
    assert rows(engine, schema.ticket_tokens) == []


def test_no_ticket_number_is_kept(counter: Client, engine: Engine) -> None:
    where = begin(counter)
    scan(counter, where, code("QXJ77"), code("QXJ77"), "nonsense-QXJ77")
    for table in schema.metadata.sorted_tables:
        assert "QXJ77" not in str(rows(engine, table)).upper(), table.name
