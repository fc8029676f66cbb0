from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, update

from feedback.records import Context, Outcome, encode_body
from feedback.wire import batch_topic, hello_topic
from server.audit.log import NOBODY
from server.db import schema
from server.ingest import core, replay
from server.ingest.kept import BOX, CONFLICT, NO_RECORDS, NO_TOPIC, UNREADABLE
from server.ingest.replay import DONE, NO_KIOSK, NO_NUMBER, STILL, replay_all, waiting
from server.integrity.roots import Roots
from server.integrity.verifying import verify
from server.keys import is_signed
from server.ratings import rollups
from server.registry.kiosks import Wish, add_kiosk, remove_kiosk
from tests.server.kit import CENTRE, KIOSK, MORNING, OTHER, QUARTER, Log, deliver, make_ingest, reasons, rows
from tests.server.test_ingest_properties import empty

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from feedback.wire import Ack
    from server.ingest.batches import Delivery, Work
    from server.ingest.replay import Replayed

LATER = MORNING + 30 * 86_400_000
NEW_DESK = CENTRE.replace("services:", "  - {key: gone-9, site: main, number: 9}\nservices:")


@pytest.fixture
def log() -> Log:
    log = Log()
    log.add_context()
    return log


def play(engine: Engine, number: int | None = None) -> Replayed:
    number = waiting(engine)[-1] if number is None else number
    return replay.replay(engine, number, by=NOBODY, now_ms=LATER)


def votes(engine: Engine) -> list[dict[str, Any]]:
    return rows(engine, schema.votes)


def before_and_after(engine: Engine) -> tuple[Any, ...]:
    return tuple(rows(engine, table) for table in (schema.chains, schema.chain_places))


def assert_sound(engine: Engine) -> None:
    with engine.connect() as connection:
        assert rollups.verify(connection) == []
        assert verify(connection, lambda _data, _signature: True) == []


def know_the_context(engine: Engine, log: Log, number: int) -> None:
    other = Log(kiosk=log.kiosk, boot_id=log.boot_id, boottime_ms=log.boottime_ms)
    other.add_context(f"context {number}", number=number)
    deliver(make_ingest(engine), other)


def test_a_vote_of_an_unknown_context_counts_once_when_the_context_is_known(engine: Engine, log: Log) -> None:
    log.add(log.vote("a", context=8, at=log.moment(MORNING - QUARTER)))
    deliver(make_ingest(engine), log)
    number = waiting(engine)[0]
    refused = play(engine, number)
    assert (refused.refused, refused.detail[:5]) == (STILL, "vote ")
    assert rows(engine, schema.quarantine)[0]["times"] == 1
    know_the_context(engine, log, 8)
    was = before_and_after(engine)
    assert play(engine, number) == replay.Replayed(number=number, counted=1)
    assert play(engine, number).refused == DONE
    (vote,) = votes(engine)
    assert (vote["at_ms"], vote["day"], vote["time_quality"]) == (MORNING - QUARTER, "2025-10-09", "exact")
    assert before_and_after(engine) == was
    assert [row["good"] for row in rows(engine, schema.rollup_day)] == [1]
    assert rows(engine, schema.quarantine)[0]["replayed_ms"] == LATER
    assert waiting(engine) == []
    assert_sound(engine)


def test_a_vote_moves_to_its_desk_when_the_registry_knows_it(engine: Engine, log: Log) -> None:
    log.add(log.vote("a", desk="gone-9"))
    log.add(log.answer("a", "reasons", "queue"))
    deliver(make_ingest(engine), log)
    assert play(engine).refused == STILL
    with engine.begin() as connection:
        load_registry(connection)
    assert play(engine).counted == 1
    desk = next(row for row in rows(engine, schema.desks) if row["key"] == "gone-9")
    assert [vote["desk_id"] for vote in votes(engine)] == [row["desk_id"] for row in rows(engine, schema.answers)] == [desk["id"]]
    assert_sound(engine)


def load_registry(connection: Any) -> None:
    from server.registry.file import parse_registry
    from server.registry.load import load_registry as load

    load(connection, parse_registry(NEW_DESK, source="centre.yaml"), now_ms=MORNING)


def test_a_choice_of_a_desk_moves_what_named_none(engine: Engine, log: Log) -> None:
    log.add(log.vote("a", desk=None))
    log.add(log.choice("a", "gone-9"))
    deliver(make_ingest(engine), log)
    with engine.begin() as connection:
        load_registry(connection)
    assert play(engine).counted == 1
    desk = next(row for row in rows(engine, schema.desks) if row["key"] == "gone-9")
    assert votes(engine)[0]["desk_id"] == desk["id"]
    assert_sound(engine)


def test_a_vote_that_was_given_a_desk_meanwhile_stays_there(engine: Engine, log: Log) -> None:
    log.add(log.vote("a", desk="gone-9"))
    log.add(log.choice("a", "hall-1"))
    deliver(make_ingest(engine), log)
    before = votes(engine)[0]["desk_id"]
    with engine.begin() as connection:
        load_registry(connection)
    assert not play(engine).refused
    assert votes(engine)[0]["desk_id"] == before
    assert_sound(engine)


def test_a_body_that_a_newer_version_can_read_is_taken_in(engine: Engine, log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    from server.ingest import batches

    sound = batches.read_body

    def too_new(body: bytes) -> Any:
        if b'"end"' in body:
            raise batches.RecordError("of a kind that is not known")
        return sound(body)

    log.add(log.vote("a"))
    log.add(log.end("a", Outcome.SKIPPED))
    with monkeypatch.context() as old:
        old.setattr(batches, "read_body", too_new)
        deliver(make_ingest(engine), log)
    Roots(engine, signer=lambda _data: bytes(64)).make_due(MORNING + 2 * 86_400_000)
    was = before_and_after(engine)
    assert play(engine).records == 1
    assert before_and_after(engine) == was
    (record,) = [row for row in rows(engine, schema.records) if row["kind"] == "end"]
    assert (record["epoch"], record["head"], record["received_ms"]) == (schema.NO_EPOCH, None, LATER)
    assert rows(engine, schema.visit_ends)[0]["outcome"] == "skipped"
    Roots(engine, signer=lambda _data: bytes(64)).make_due(LATER + 2 * 86_400_000)
    assert [row["size"] for row in rows(engine, schema.day_roots)] == [2, 1]
    assert_sound(engine)
    deliver(make_ingest(engine), Log(bodies=log.bodies), received_ms=LATER)
    assert len(rows(engine, schema.records)) == 3
    assert_sound(engine)


def test_what_was_not_kept_in_quarantine_cannot_be_slipped_in_beside_the_chains(engine: Engine, log: Log) -> None:
    log.add(b'["vote","?"]')
    deliver(make_ingest(engine), log)
    body = encode_body(log.vote("forged"))
    row = {"id": log.vote("forged").id, "kiosk": KIOSK, "epoch": schema.NO_EPOCH, "seq": waiting(engine)[0], "kind": "vote", "body": body}
    with engine.begin() as connection:
        connection.execute(schema.records.insert().values(**row, received_ms=MORNING))
        assert [problem.what for problem in verify(connection, is_signed_by_nobody)] == [
            f"number {row['seq']} of the quarantine does not hold it",
            "it came and is not counted: its rows are missing",
        ]


def is_signed_by_nobody(_data: bytes, _signature: bytes) -> bool:
    return is_signed is None


def refuse_batches_with(poison: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    sound = core.take_batch

    def explode(work: Work, delivery: Delivery) -> Ack:
        if poison in delivery.batch.bodies:
            raise RuntimeError("a mistake of ours")
        return sound(work, delivery)

    monkeypatch.setattr(core, "take_batch", explode)


def test_a_record_that_could_not_be_stored_comes_with_its_box(engine: Engine, log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    log.add(log.vote("a"))
    log.add(log.sealed("a", b"sealed words"))
    log.add(log.vote("b"))
    with monkeypatch.context() as old:
        refuse_batches_with(log.bodies[2], old)
        make_ingest(engine).handle(batch_topic(KIOSK), log.batch(), MORNING)
    assert reasons(engine) == [("refused", 1)]
    assert play(engine).records == 1
    assert [row["box"] for row in rows(engine, schema.sealed)] == [b"sealed words"]
    assert_sound(engine)


def test_a_refused_scan_counts_as_one_whose_ticket_nobody_can_compare(engine: Engine, log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    log.add(log.vote("a"))
    log.add(log.scan("a", "ab" * 16))
    with monkeypatch.context() as old:
        refuse_batches_with(log.bodies[2], old)
        make_ingest(engine).handle(batch_topic(KIOSK), log.batch(), MORNING)
    assert play(engine).records == 1
    assert [row["visit"] for row in rows(engine, schema.unsettled_visits)] == [log.vote("a").visit]
    assert reasons(engine) == [("refused", 1)]


def test_a_failure_that_stays_is_told_and_nothing_changes(engine: Engine, log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    log.add(log.vote("a"))
    with monkeypatch.context() as old:
        refuse_batches_with(log.bodies[1], old)
        make_ingest(engine).handle(batch_topic(KIOSK), log.batch(), MORNING)

    def explode(*_: object) -> None:
        raise KeyError("again")

    monkeypatch.setattr(replay, "draw_out", explode)
    found = play(engine)
    assert (found.refused, found.detail) == (replay.FAILED, "KeyError: 'again'")
    assert len(rows(engine, schema.records)) == 1
    assert waiting(engine)


def test_the_batch_of_a_kiosk_that_is_added_again_is_taken_whole_and_counts_once_when_the_kiosk_sends_it_too(
    engine: Engine, log: Log
) -> None:
    for seed in "ab":
        log.add(log.vote(seed, at=log.moment(trusted=False, boottime_ms=log.boottime_ms - 600)))
    with engine.begin() as connection:
        remove_kiosk(connection, KIOSK, now_ms=MORNING)
    (reply,) = make_ingest(engine).handle(batch_topic(KIOSK), log.batch(), MORNING)
    assert (reply.topic, reply.payload) == (batch_topic(KIOSK), b""), "not acknowledged"
    assert play(engine).refused == NO_KIOSK
    with engine.begin() as connection:
        added = add_kiosk(connection, Wish(name="again", site="main", desk=None), hash_password=lambda _: "", now_ms=LATER)
        connection.execute(update(schema.kiosks).where(schema.kiosks.c.id == added.id).values(id=KIOSK))
    assert play(engine).records == 3
    assert [(vote["time_quality"], vote["at_ms"]) for vote in votes(engine)] == [("corrected", MORNING - 600)] * 2
    assert rows(engine, schema.chains) == []
    assert deliver(make_ingest(engine), log, received_ms=LATER).seq == 3
    assert len(votes(engine)) == 2
    assert_sound(engine)


def test_a_batch_of_which_a_part_is_bad_leaves_that_part_under_a_new_number(engine: Engine, log: Log) -> None:
    with engine.begin() as connection:
        remove_kiosk(connection, KIOSK, now_ms=MORNING)
    log.add(b'["vote","?"]')
    log.add(log.vote("a"))
    make_ingest(engine).handle(batch_topic(KIOSK), log.batch(), MORNING)
    with engine.begin() as connection:
        connection.execute(update(schema.kiosks).where(schema.kiosks.c.id == OTHER).values(id=KIOSK))
    found = play(engine)
    assert (found.records, found.left) == (2, 1)
    assert reasons(engine) == [("foreign", 1), ("undecodable", 1)]
    assert play(engine).refused == STILL


@pytest.mark.parametrize(
    ("topic", "payload", "says"),
    [
        (hello_topic(KIOSK), b"?", NO_RECORDS),
        ("vidhuk/v2/elsewhere", b"?", NO_TOPIC),
        (batch_topic(KIOSK), b'{"v":9}', UNREADABLE),
        (batch_topic(KIOSK), b"\xff\0garbage", UNREADABLE),
        (batch_topic(KIOSK), b"[" * 70_000, STILL),
    ],
)
def test_what_holds_no_record_is_refused_in_words(engine: Engine, topic: str, payload: bytes, says: str) -> None:
    make_ingest(engine).handle(topic, payload, MORNING)
    assert play(engine).refused == says
    assert waiting(engine)


def test_a_conflict_and_what_is_another_kiosks_can_never_count(engine: Engine, log: Log) -> None:
    log.add(log.vote("a"))
    log.add(log.vote("a", answer="terrible"))
    log.add(log.sealed("a", None, digest="0" * 64))
    ingest = make_ingest(engine)
    deliver(ingest, log)
    deliver(ingest, Log(kiosk=OTHER, bodies=log.bodies[1:2]))
    by_reason = {str(row["reason"]): play(engine, int(row["id"])).refused for row in rows(engine, schema.quarantine)}  # type: ignore[call-overload]
    assert by_reason == {"conflict": CONFLICT, "bad_box": BOX, "foreign": STILL}
    assert play(engine, 10**6).refused == NO_NUMBER
    assert len(votes(engine)) == 1


def test_what_is_refused_again_waits_again(engine: Engine, log: Log) -> None:
    log.add(log.vote("a", context=8))
    deliver(make_ingest(engine), log)
    know_the_context(engine, log, 8)
    play(engine)
    with engine.begin() as connection:
        for table in (schema.records, schema.votes, schema.contexts, schema.chains):
            connection.execute(delete(table))
    deliver(make_ingest(engine), log)
    assert [(row["times"], row["replayed_ms"]) for row in rows(engine, schema.quarantine)] == [(2, None)]


def test_all_together_what_waits_for_another_is_tried_again(engine: Engine, log: Log) -> None:
    context = Context(log.vote("x").id, log.moment(), 8, log.boot_id, "vidhuk 0.1", "unseen", 1)
    log.add(log.vote("a", context=8))
    deliver(make_ingest(engine), log)
    with engine.begin() as connection:
        values = {
            "received_ms": MORNING,
            "kiosk": KIOSK,
            "topic": batch_topic(KIOSK),
            "reason": "refused",
            "detail": "",
            "digest": bytes(32),
        }
        connection.execute(schema.quarantine.insert().values(**values, payload=b"[" + encode_body(context) + b"]"))
    found = replay_all(engine, waiting(engine), by=NOBODY, now_ms=LATER)
    assert [bool(one.refused) for one in found] == [False, False]
    assert len(votes(engine)) == 1
    assert waiting(engine, reason="refused") == waiting(engine, kiosk=KIOSK) == []


@given(st.lists(st.tuples(st.sampled_from(["vote", "answer", "choice", "unknown", "desk"]), st.integers(0, 3)), max_size=10), st.randoms())
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_replayed_in_whatever_order_counts_as_if_it_had_been_taken_at_once(
    engine: Engine, deeds: list[tuple[str, int]], chance: Any
) -> None:
    log = Log()
    log.add_context()
    for number, (deed, of) in enumerate(deeds):
        seed = f"{number}"
        match deed:
            case "vote" | "unknown":
                log.add(log.vote(seed, context=8 if deed == "unknown" else 7, answer=["good", "yes", "poor", "good"][of]))
            case "desk":
                log.add(log.vote(f"at a desk {seed}", desk="gone-9"))  # whose kiosk asks for no other
            case "answer":
                log.add(log.answer(str(of), f"q{number}", "queue", context=8 if of == 2 else 7))
            case "choice":
                log.add(log.choice(str(of), "gone-9" if of % 2 else "main-1"))
    counted = []
    for at_once in (True, False):
        empty(engine)
        with engine.begin() as connection:
            connection.execute(delete(schema.desks).where(schema.desks.c.key == "gone-9"))
            if at_once:
                load_registry(connection)
        if at_once:
            log_with = msgspec.structs.replace(log.add_context("eight", number=8))
            assert log_with.number == 8
            eight = log.bodies.pop()
            full = Log(bodies=[log.bodies[0], eight, *log.bodies[1:]])
            deliver(make_ingest(engine), full)
        else:
            deliver(make_ingest(engine), log)
            know_the_context(engine, log, 8)
            with engine.begin() as connection:
                load_registry(connection)
            numbers = waiting(engine)
            chance.shuffle(numbers)
            assert not any(one.refused for one in replay_all(engine, numbers, by=NOBODY, now_ms=LATER))
            assert all(one.refused == DONE for one in replay_all(engine, numbers, by=NOBODY, now_ms=LATER))
            assert_sound(engine)
        keys = {row["id"]: row["key"] for row in rows(engine, schema.desks)}
        counted.append(
            (
                sorted((row["id"], keys.get(row["desk_id"]), row["at_ms"]) for row in votes(engine)),
                sorted((row["record"], row["choice"], keys.get(row["desk_id"])) for row in rows(engine, schema.answers)),  # type: ignore[call-overload]
            )
        )
    assert counted[0] == counted[1]
