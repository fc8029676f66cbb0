"""What a scanned ticket does to its visit: the desk and service it names, its token, and votes that are taken back."""

from __future__ import annotations

from datetime import date
from itertools import permutations
from typing import TYPE_CHECKING

import pytest
from nacl.public import PrivateKey, SealedBox

from feedback.records import Channel, Input, Mode
from feedback.tickets import TicketToken
from feedback.wire import batch_topic
from server.db import schema
from server.db.bulk import insert_rows
from server.db.engine import writing
from server.ingest import core
from server.ingest.facts import TicketFacts, apply_queue_facts
from server.ratings import rollups
from server.ratings.periods import Period
from server.ratings.queries import Scope, unsettled
from server.registry.kiosks import Wish, add_kiosk
from tests.server.kit import DAY, KIOSK, MORNING, OTHER, Log, deliver, make_ingest, reasons, rows, seal

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from feedback.records import AnyRecord
    from server.ingest.work import Delivery, Work

TOKEN = "0123456789abcdef" * 2
AFTER = "fedcba9876543210" * 2
DESK_KIOSK = "desk-sample-1"
DAY_MS = 86_400_000


@pytest.fixture(autouse=True)
def _day_key(engine: Engine) -> None:
    with writing(engine) as connection:
        insert_rows(connection, schema.day_keys, ("day", "key"), [(DAY, bytes(32))])


def make_log(kiosk: str = KIOSK) -> Log:
    log = Log(kiosk=kiosk)
    log.add_context()
    return log


def send(engine: Engine, log: Log, *records: AnyRecord) -> None:
    ingest, first = make_ingest(engine), len(log.bodies) + 1
    for record in records:
        log.add(record)
    seq = deliver(ingest, log, first).seq
    if seq < len(log.bodies):  # what was there before was not sent yet
        seq = deliver(ingest, log, seq + 1).seq
    assert seq == len(log.bodies)
    assert_rollups_agree(engine)


def assert_rollups_agree(engine: Engine) -> None:
    with engine.connect() as connection:
        assert rollups.verify(connection) == []


def id_of(engine: Engine, table: str, key: str) -> int:
    return next(int(str(row["id"])) for row in rows(engine, schema.metadata.tables[table]) if row["key"] == key)


def tell(engine: Engine, *facts: TicketFacts) -> None:
    with writing(engine) as connection:
        apply_queue_facts(connection, facts)
    assert_rollups_agree(engine)


def flags(engine: Engine) -> dict[object, object]:
    return {row["visit"]: row["flag"] for row in rows(engine, schema.votes)}


def total(engine: Engine) -> int:
    return sum(int(str(row[answer])) for row in rows(engine, schema.rollup_day) for answer in ("good", "terrible"))


def test_a_ticket_gives_its_visit_desk_and_service_in_any_order(engine: Engine) -> None:
    log = make_log()
    for number, order in enumerate(permutations(range(4))):
        seed = f"a{number}"
        records = [
            log.vote(seed, desk=None),
            log.scan(seed, f"{number:032x}", desk="main-2", service="passport"),
            log.answer(seed, "reasons", "queue"),
            log.answer(seed, "more", "unkind"),
        ]
        for place in order:
            send(engine, log, records[place])
    places = {(row["desk_id"], row["service_id"]) for table in (schema.votes, schema.answers) for row in rows(engine, table)}
    assert places == {(id_of(engine, "desks", "main-2"), id_of(engine, "services", "passport"))}
    assert (len(rows(engine, schema.votes)), total(engine)) == (24, 24)


def test_a_ticket_that_names_a_service_leaves_the_desk_to_the_visitor(engine: Engine) -> None:
    log = make_log()
    for number, order in enumerate(permutations(range(3))):
        seed = f"a{number}"
        records = [log.vote(seed, desk=None), log.scan(seed, service="passport"), log.choice(seed, "main-1")]
        for place in order:
            send(engine, log, records[place])
    found = {(row["desk_id"], row["service_id"]) for row in rows(engine, schema.votes)}
    assert found == {(id_of(engine, "desks", "main-1"), id_of(engine, "services", "passport"))}


def test_what_the_vote_names_stands(engine: Engine) -> None:
    log = make_log()
    send(engine, log, log.vote("a", desk="main-1"), log.scan("a", desk="main-2"))
    assert rows(engine, schema.votes)[0]["desk_id"] == id_of(engine, "desks", "main-1")


def test_a_desk_that_is_not_there_is_noted_and_the_vote_counts(engine: Engine) -> None:
    log = make_log()
    send(engine, log, log.vote("a", desk=None), log.scan("a", TOKEN, desk="gone-9"))
    assert reasons(engine) == [("unknown_desk", 1)]
    assert (total(engine), len(rows(engine, schema.ticket_tokens))) == (1, 1)


def test_the_box_is_opened_and_not_stored(engine: Engine) -> None:
    log = make_log()
    send(engine, log, log.vote("a"), log.scan("a", TOKEN))
    (kept,) = rows(engine, schema.ticket_tokens)
    assert (kept["token"], kept["day"]) == (TOKEN, DAY)
    assert rows(engine, schema.sealed) == []
    assert reasons(engine) == []


def test_of_a_whole_export_the_tickets_that_voted_reach_their_votes(engine: Engine) -> None:
    log, day = make_log(), [f"{number:032x}" for number in range(1200)]
    for seed, token in (("a", day[700]), ("b", TOKEN)):
        send(engine, log, log.vote(seed, desk=None))
        send(engine, log, log.scan(seed, token))
    tell(engine, *(TicketFacts(token, DAY, desk_id=2, service_id=1) for token in day))
    found = [(row["desk_id"], row["service_id"]) for row in rows(engine, schema.votes)]
    assert sorted(found, key=str) == [(0, None), (2, 1)]
    send(engine, log, log.vote("c", desk=None))
    send(engine, log, log.scan("c", day[1199]))
    assert sum(row["desk_id"] == 2 for row in rows(engine, schema.votes)) == 2, "a vote that comes later finds what was said"


STRANGER = SealedBox(PrivateKey(bytes(32)).public_key)


@pytest.mark.parametrize(
    ("box", "reason"),
    [
        (STRANGER.encrypt(b'{"day":"2025-10-09","token":"' + TOKEN.encode() + b'"}'), "bad_ticket"),
        (b"", "bad_ticket"),
        (b"short", "bad_ticket"),
        (seal(TicketToken(DAY, "no token")), "bad_ticket"),
        (seal(TicketToken("2025-10-30", TOKEN)), "bad_ticket"),
        (seal(TicketToken("2025-10-09'; --", TOKEN)), "bad_ticket"),
    ],
)
def test_a_box_that_gives_no_token_is_noted_without_it_and_the_vote_counts(engine: Engine, box: bytes, reason: str) -> None:
    log = make_log()
    scan = log.scan("a", box=box)
    send(engine, log, scan, log.vote("a"))
    assert (reasons(engine), total(engine), rows(engine, schema.ticket_tokens)) == ([(reason, 1)], 1, [])
    (kept,) = rows(engine, schema.quarantine)
    assert kept["payload"] == log.bodies[1]


@pytest.mark.parametrize("lost", [True, False])
def test_a_box_that_is_missing_or_another_is_noted(engine: Engine, *, lost: bool) -> None:
    log = make_log()
    scan = log.scan("a", TOKEN)
    if lost:
        del log.boxes[scan.id]
    else:
        log.boxes[scan.id] = seal(TicketToken(DAY, AFTER))
    send(engine, log, scan, log.vote("a"))
    assert (reasons(engine), total(engine), rows(engine, schema.ticket_tokens)) == ([("bad_ticket", 1)], 1, [])


def test_a_ticket_that_is_heard_of_late_is_no_fault_and_its_vote_counts(engine: Engine) -> None:
    log = make_log()
    erased, kept = log.moment(MORNING - 5 * DAY_MS), log.moment(MORNING - 5 * DAY_MS + 1)
    for seed, at in (("a", erased), ("b", kept)):
        scan = log.scan(seed, TOKEN, day="2025-10-04", at=at)
        if seed == "a":
            del log.boxes[scan.id]
        send(engine, log, scan, log.vote(seed, at=at))
    assert (reasons(engine), total(engine), rows(engine, schema.ticket_tokens)) == ([], 2, [])
    assert {row["visit"] for row in rows(engine, schema.unsettled_visits)} == {log.vote(seed).visit for seed in "ab"}
    scope = Scope(Period(date(2025, 10, 1), date(2025, 10, 9)))
    with engine.connect() as connection:
        assert unsettled(connection, scope) == 2
        assert unsettled(connection, Scope(Period(date(2025, 10, 5), date(2025, 10, 9)))) == 0
    send(engine, log, log.undo("a"))
    with engine.connect() as connection:
        assert unsettled(connection, scope) == 1, "what staff took back is told elsewhere"


def test_boxes_of_tickets_never_reach_the_quarantine(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    log = make_log()
    log.add(log.scan("a", TOKEN))
    log.add(log.sealed("a", b"words"))
    batch = log.batch()
    make_ingest(engine).handle(batch_topic(KIOSK), batch[:-1], MORNING)  # not JSON any more

    def refuse(_work: Work, _delivery: Delivery) -> None:
        raise ValueError("no")

    monkeypatch.setattr(core, "take_batch", refuse)
    make_ingest(engine).handle(batch_topic(KIOSK), batch, MORNING)
    kept = [bytes(row["payload"]) for row in rows(engine, schema.quarantine)]  # type: ignore[call-overload]
    assert len(kept) == 4
    assert sum(b"d29yZHM=" in payload for payload in kept) == 2  # what visitors wrote is kept
    assert sum(log.scan("a").id.hex.encode() in payload.replace(b"-", b"") for payload in kept) == 2
    assert not any(b':"' + _base64(box)[:20] in payload for payload in kept for id_, box in log.boxes.items() if id_ == log.scan("a").id)


def test_not_even_where_the_message_is_cut_off_or_written_otherwise(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    log = make_log()
    log.add(log.scan("a", TOKEN))
    own, batch = str(log.scan("a").id).encode(), log.batch()
    box = _base64(log.boxes[log.scan("a").id])
    cut = batch[: batch.index(box) + len(box) - 4]
    capitals = batch.replace(b'["ticket","' + own, b'[ "ticket", "' + own.upper())

    def refuse(_work: Work, _delivery: Delivery) -> None:
        raise ValueError("no")

    monkeypatch.setattr(core, "take_batch", refuse)
    for message in (cut, capitals, capitals[:-1]):
        make_ingest(engine).handle(batch_topic(KIOSK), message, MORNING)
    kept = [bytes(row["payload"]) for row in rows(engine, schema.quarantine)]  # type: ignore[call-overload]
    assert sum(own in payload.lower() for payload in kept) == 3, "what is kept of each is the scan"
    assert not any(box[:20] in payload for payload in kept)


def _base64(box: bytes) -> bytes:
    import base64

    return base64.b64encode(box)


def test_of_two_tickets_of_one_visit_the_first_scanned_counts(engine: Engine) -> None:
    log, other = make_log(), make_log(OTHER)
    first, second = sorted((log.scan("a", AFTER), log.scan("b", TOKEN, visit=log.vote("a").visit)), key=lambda scan: scan.id)
    taken = AFTER if first.visit == second.visit and first.id == log.scan("a").id else TOKEN
    free = TOKEN if taken == AFTER else AFTER
    send(engine, other, other.vote("x", at=other.moment(MORNING + 1000)), other.scan("x", free))
    send(engine, log, log.vote("a"), second)
    assert set(flags(engine).values()) == {"", "ticket_used"}, "for now the later scan is all that is known"
    send(engine, log, first)
    assert set(flags(engine).values()) == {""}, "its ticket is free again"
    assert total(engine) == 2


def test_the_answers_of_a_vote_that_does_not_count_do_not_count(engine: Engine) -> None:
    log, other = make_log(), make_log(OTHER)
    send(engine, log, log.answer("a", "reasons", "queue"), log.vote("a", at=log.moment(MORNING)), log.scan("a", TOKEN))
    send(engine, other, other.vote("b", at=other.moment(MORNING - 5)), other.scan("b", TOKEN))
    assert [row["flag"] for row in rows(engine, schema.answers)] == ["ticket_used"]
    send(engine, log, log.answer("a", "later", "queue"))
    assert {row["flag"] for row in rows(engine, schema.answers)} == {"ticket_used"}
    assert {row["count"] for row in rows(engine, schema.rollup_answer)} <= {0}


def test_a_first_answer_that_is_no_rating_uses_the_ticket_too(engine: Engine) -> None:
    log, other = make_log(), make_log(OTHER)
    send(engine, log, log.vote("a", answer="yes", at=log.moment(MORNING - 1)), log.scan("a", TOKEN))
    send(engine, other, other.vote("b", at=other.moment(MORNING)), other.scan("b", TOKEN))
    assert list(flags(engine).values()) == ["ticket_used"]
    assert total(engine) == 0


@pytest.mark.parametrize("mode", [Mode.PILOT, Mode.TEST])
def test_what_is_not_live_uses_no_ticket_up(engine: Engine, mode: Mode) -> None:
    log, other = make_log(), make_log(OTHER)
    log.add_context("apart", number=9, mode=mode)
    send(engine, log, log.vote("a", context=9, at=log.moment(MORNING - 1)), log.scan("a", TOKEN, context=9))
    send(engine, other, other.vote("b", at=other.moment(MORNING)), other.scan("b", TOKEN))
    assert list(flags(engine).values()) == [""]
    assert [row["flag"] for row in rows(engine, schema.answers)] == [""]


def test_an_undone_vote_counts_no_more_and_lets_its_ticket_go(engine: Engine) -> None:
    log = make_log()
    box = {"channel": Channel.BOX, "input": Input.SCAN}
    for number, order in enumerate(permutations(range(4))):
        wrong, right, token = f"a{number}", f"b{number}", f"{number:032x}"
        records = [
            (log.vote(wrong, answer="terrible", **box), log.scan(wrong, token)),
            (log.undo(wrong),),
            (log.vote(right, at=log.moment(MORNING + 9), **box), log.scan(right, token)),
            (log.answer(wrong, "reasons", "queue"),),
        ]
        for place in order:
            send(engine, log, *records[place])
        found = flags(engine)
        assert (found[log.vote(wrong).visit], found[log.vote(right).visit]) == ("undone", "")
    (day,) = [row for row in rows(engine, schema.rollup_day) if row["good"] or row["terrible"]]
    assert (day["good"], day["terrible"]) == (24, 0)
    by_channel = {(row["value"], row["good"]) for row in rows(engine, schema.rollup_dimension) if row["dimension"] == "channel"}
    assert by_channel == {("box", 24)}
    assert {row["flag"] for row in rows(engine, schema.answers)} == {"undone"}


def test_the_ticket_of_an_undone_vote_votes_at_another_kiosk(engine: Engine) -> None:
    log, other = make_log(), make_log(OTHER)
    for number, order in enumerate(permutations(range(3))):
        seed, token = f"a{number}", f"{number:032x}"
        records = [
            (log, log.vote(seed, channel=Channel.BOX, input=Input.SCAN, at=log.moment(MORNING)), log.scan(seed, token)),
            (log, log.undo(seed)),
            (other, other.vote(seed, at=other.moment(MORNING + 9)), other.scan(seed, token), other.end(seed)),
        ]
        for place in order:
            sender, *sent = records[place]
            send(engine, sender, *sent)
        found = flags(engine)
        assert (found[log.vote(seed).visit], found[other.vote(seed).visit]) == ("undone", "")
    assert total(engine) == 6
    assert {row["kiosk"] for row in rows(engine, schema.visit_ends)} == {OTHER}, "who scans boxes is no visitor"


def test_counts_of_boxes_are_kept(engine: Engine) -> None:
    log = make_log()
    send(engine, log, log.box_count("a", 40, 3, 2, 1), log.box_count("b", 2**31, 0, 0, 0))
    (kept,) = rows(engine, schema.box_counts)
    assert [kept[name] for name in ("satisfied", "dissatisfied", "repeated_tickets", "foreign_tickets", "mode")] == [40, 3, 2, 1, "live"]
    assert reasons(engine) == [("undecodable", 1)]


def test_the_queue_gives_votes_desk_service_and_clerk_in_any_order(engine: Engine) -> None:
    log = make_log()
    desk, site, service = id_of(engine, "desks", "hall-1"), id_of(engine, "sites", "hall"), id_of(engine, "services", "passport")
    for number, order in enumerate(permutations(range(4))):
        seed, token = f"a{number}", f"{number:032x}"
        acts = [log.vote(seed, desk="main-1"), log.scan(seed, token), log.answer(seed, "reasons", "queue"), None]
        for place in order:
            act = acts[place]
            if act is None:
                tell(engine, TicketFacts(token, DAY, desk, service, 77))
            else:
                send(engine, log, act)
    found = {tuple(row[name] for name in ("desk_id", "site_id", "service_id", "clerk_id")) for row in rows(engine, schema.votes)}
    assert found == {(desk, site, service, 77)}
    assert {tuple(row[name] for name in ("desk_id", "site_id", "service_id")) for row in rows(engine, schema.answers)} == {
        (desk, site, service)
    }


def test_the_queue_moves_what_a_visitor_chose_but_not_what_it_does_not_know(engine: Engine) -> None:
    log = make_log()
    desk = id_of(engine, "desks", "main-2")
    send(engine, log, log.vote("a", desk=None, service="passport"), log.scan("a", TOKEN), log.choice("a", "main-1"))
    tell(engine, TicketFacts(TOKEN, DAY, desk_id=desk))
    tell(engine, TicketFacts(TOKEN, DAY, clerk_id=5))
    (vote,) = rows(engine, schema.votes)
    assert [vote[name] for name in ("desk_id", "service_id", "clerk_id")] == [desk, id_of(engine, "services", "passport"), 5]
    assert [rows(engine, schema.ticket_facts)[0][name] for name in ("desk_id", "clerk_id")] == [desk, 5]
    send(engine, log, log.choice("a", "hall-1"), log.vote("b", at=log.moment(MORNING + 1), visit=log.vote("a").visit))
    assert {row["desk_id"] for row in rows(engine, schema.votes)} == {desk}


def test_a_kiosk_that_stands_at_a_desk_rates_that_desk(engine: Engine) -> None:
    with writing(engine) as connection:
        add_kiosk(connection, Wish(name=DESK_KIOSK, site="main", desk="main-1"), hash_password=lambda _: "x", now_ms=MORNING)
    log = make_log(DESK_KIOSK)
    send(engine, log, log.vote("a", desk="main-1"), log.scan("a", TOKEN), log.vote("b", desk="main-1"), log.scan("b", AFTER))
    here, there = id_of(engine, "desks", "main-1"), id_of(engine, "desks", "main-2")
    tell(engine, TicketFacts(TOKEN, DAY, there, None, 8), TicketFacts(AFTER, DAY, here, None, 9))
    assert {row["visit"]: (row["desk_id"], row["clerk_id"]) for row in rows(engine, schema.votes)} == {
        log.vote("a").visit: (here, None),
        log.vote("b").visit: (here, 9),
    }


def test_a_vote_that_does_not_count_is_moved_without_being_counted(engine: Engine) -> None:
    log, other = make_log(), make_log(OTHER)
    send(engine, log, log.vote("a"), log.scan("a", TOKEN))
    send(engine, other, other.vote("b", desk=None, at=other.moment(MORNING + 1)), other.scan("b", TOKEN))
    send(engine, other, other.choice("b", "main-2"))
    tell(engine, TicketFacts(TOKEN, DAY, desk_id=id_of(engine, "desks", "hall-1")))
    assert sorted(str(flag) for flag in flags(engine).values()) == ["", "ticket_used"]
    assert {row["desk_id"] for row in rows(engine, schema.votes)} == {id_of(engine, "desks", "hall-1")}
    assert total(engine) == 1


def test_facts_of_a_day_that_is_gone_are_passed_over(engine: Engine) -> None:
    tell(engine, TicketFacts(TOKEN, "2025-10-01", desk_id=1))
    assert rows(engine, schema.ticket_facts) == []
