from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import msgspec
import pytest

from feedback.records import Mode, Outcome, encode_body, genesis, new_id
from feedback.wire import (
    Ack,
    Batch,
    Hello,
    ServerState,
    State,
    ack_topic,
    batch_topic,
    command_topic,
    day_keys_topic,
    decode,
    diagnostics_topic,
    encode,
    hello_topic,
    notice_topic,
    renewal_topic,
    result_topic,
    settings_topic,
    state_topic,
)
from server.db import schema
from server.ingest import core
from server.ingest.messages import Message, Reply
from server.integrity.chains import verify_chains
from server.ratings import rollups
from tests.server.kit import KIOSK, MORNING, OTHER, QUARTER, Log, deliver, make_ingest, only_ack, reasons, rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Engine

    from server.ingest.batches import Delivery, Work
    from server.ingest.core import Ingest

HUGE = 2**70


@pytest.fixture
def log() -> Log:
    log = Log()
    log.add_context()
    return log


def votes(engine: Engine) -> list[dict[str, object]]:
    return rows(engine, schema.votes)


def assert_rollups_agree(engine: Engine) -> None:
    with engine.connect() as connection:
        assert rollups.verify(connection) == []


def test_a_vote_goes_all_the_way(engine: Engine, log: Log) -> None:
    log.add(log.vote("a", service="passport", answer="terrible", repeat=True, language="en"))
    log.add(log.end("a", Outcome.COMPLETED))
    ack = deliver(make_ingest(engine), log)
    assert (ack.epoch, ack.seq, ack.head, ack.error) == (log.epoch, 3, log.hash_at(3).hex(), None)
    assert [(row["kind"], row["seq"], row["body"]) for row in rows(engine, schema.records)] == [
        ("context", 1, log.bodies[0]),
        ("vote", 2, log.bodies[1]),
        ("end", 3, log.bodies[2]),
    ]
    (vote,) = votes(engine)
    desk = next(row for row in rows(engine, schema.desks) if row["key"] == "main-1")
    assert (vote["desk_id"], vote["site_id"], vote["service_id"]) == (desk["id"], desk["site_id"], 1)
    assert (vote["day"], vote["hour"], vote["weekday"], vote["time_quality"]) == ("2025-10-09", 11, 4, "exact")
    assert (vote["questionnaire"], vote["channel"], vote["input"], vote["released_ms"]) == (
        "unseen",
        "kiosk",
        "touch",
        MORNING // QUARTER * QUARTER + QUARTER,
    )
    (end,) = rows(engine, schema.visit_ends)
    assert (end["outcome"], end["extra_presses"], end["at_ms"]) == ("completed", 2, MORNING)
    (state,) = rows(engine, schema.kiosk_states)
    assert state["last_vote_ms"] == MORNING
    assert [(row["terrible"], row["good"], row["repeats"]) for row in rows(engine, schema.rollup_day)] == [(1, 0, 1)]
    assert [(row["dimension"], row["value"]) for row in rows(engine, schema.rollup_dimension)] == [
        ("channel", "kiosk"),
        ("language", "en"),
        ("questionnaire", "unseen"),
        ("service", "1"),
    ]
    assert_rollups_agree(engine)


def test_the_same_batch_again_changes_nothing_and_is_acknowledged_again(engine: Engine, log: Log) -> None:
    log.add(log.vote("a"))
    ingest = make_ingest(engine)
    assert deliver(ingest, log) == deliver(ingest, log) == deliver(ingest, log, 1, 2)
    assert len(votes(engine)) == 1
    assert_rollups_agree(engine)


def test_a_gap_is_answered_with_the_mark(engine: Engine, log: Log) -> None:
    for seed in "abc":
        log.add(log.vote(seed))
    ingest = make_ingest(engine)
    deliver(ingest, log, 1, 2)
    ack = deliver(ingest, log, 4, 4)
    assert (ack.seq, ack.head, ack.error) == (2, log.hash_at(2).hex(), None)
    assert len(votes(engine)) == 1


def test_both_branches_of_a_fork_are_kept(engine: Engine, log: Log) -> None:
    restored = Log(epoch=log.epoch, bodies=list(log.bodies))
    log.add(log.vote("a"))
    restored.add(restored.vote("b"))
    ingest = make_ingest(engine)
    deliver(ingest, log)
    ack = deliver(ingest, restored)
    assert (ack.seq, ack.head, ack.error) == (2, log.hash_at(2).hex(), "fork")
    again = Log(bodies=restored.bodies)
    assert deliver(ingest, again).error is None
    assert len(votes(engine)) == 2
    assert_rollups_agree(engine)


def test_a_shorter_branch_is_a_fork_too(engine: Engine, log: Log) -> None:
    restored = Log(epoch=log.epoch, bodies=list(log.bodies))
    for seed in "abc":
        log.add(log.vote(seed))
    restored.add(restored.vote("x"))
    ingest = make_ingest(engine)
    deliver(ingest, log)
    assert deliver(ingest, restored, 2, 2).error == "fork"
    assert deliver(ingest, log, 2, 3).error is None


def test_the_same_id_with_another_body_is_a_conflict_and_the_first_stays(engine: Engine, log: Log) -> None:
    log.add(log.vote("a", answer="good"))
    ingest = make_ingest(engine)
    deliver(ingest, log)
    log.add(log.vote("a", answer="terrible"))
    log.add(log.vote("b"))
    log.add(log.vote("b", answer="excellent"))
    ack = deliver(ingest, log, 3)
    assert (ack.seq, ack.error) == (5, None)
    assert sorted(str(vote["answer"]) for vote in votes(engine)) == ["good", "good"]
    assert reasons(engine) == [("conflict", 1), ("conflict", 1)]
    assert_rollups_agree(engine)


def test_another_kiosks_records_are_refused_and_shown(engine: Engine, log: Log) -> None:
    log.add(log.vote("a"))
    ingest = make_ingest(engine)
    deliver(ingest, log)
    thief = Log(kiosk=OTHER, bodies=list(log.bodies))
    ack = deliver(ingest, thief)
    assert (ack.seq, ack.error) == (2, None)
    assert len(votes(engine)) == 1
    assert {(row["reason"], row["kiosk"]) for row in rows(engine, schema.quarantine)} == {("foreign", OTHER)}
    assert {row["kiosk"] for row in rows(engine, schema.records)} == {KIOSK}


def test_a_batch_of_an_unknown_kiosk_is_kept_and_not_answered(engine: Engine, log: Log) -> None:
    topic = batch_topic("stranger-1")
    assert make_ingest(engine).handle(topic, log.batch(), MORNING) == [Reply(topic, b"", retain=True)]
    assert reasons(engine) == [("foreign", 1)]
    assert rows(engine, schema.records) == []


@pytest.mark.parametrize("garbage", [b"\xff\0garbage", b"{}", b"[" * 100_000, b'{"v":2}', b"x" * 200_000])
def test_garbage_is_kept_once_counted_and_answered_with_the_newest_mark(engine: Engine, log: Log, garbage: bytes) -> None:
    ingest = make_ingest(engine)
    deliver(ingest, log)
    for _ in range(3):
        ack = only_ack(ingest.handle(batch_topic(KIOSK), garbage, MORNING))
        assert (ack.epoch, ack.seq, ack.head, ack.error) == (log.epoch, 1, log.hash_at(1).hex(), "undecodable")
    assert reasons(engine) == [("undecodable", 3)]
    assert rows(engine, schema.quarantine)[0]["payload"] == garbage


def test_an_undecodable_batch_that_names_its_epoch_is_answered_there(engine: Engine, log: Log) -> None:
    ingest = make_ingest(engine)
    deliver(ingest, log)
    epoch = uuid4()
    ack = only_ack(ingest.handle(batch_topic(KIOSK), b'{"epoch":"%s","v":9}' % str(epoch).encode(), MORNING))
    assert (ack.epoch, ack.seq, ack.head, ack.error) == (epoch, 0, genesis(epoch).hex(), "undecodable")


def test_garbage_from_a_kiosk_that_never_sent_anything_is_answered_too(engine: Engine) -> None:
    ack = only_ack(make_ingest(engine).handle(batch_topic(KIOSK), b"?", MORNING))
    assert (ack.epoch, ack.seq, ack.error) == (UUID(int=0), 0, "undecodable")


def test_one_bad_body_does_not_stop_the_others(engine: Engine, log: Log) -> None:
    log.add(b'["followup","x"]')
    log.add(log.vote("a"))
    assert deliver(make_ingest(engine), log).seq == 3
    assert len(votes(engine)) == 1
    assert [(row["reason"], row["payload"]) for row in rows(engine, schema.quarantine)] == [("undecodable", b'["followup","x"]')]


@pytest.mark.parametrize(
    "changes",
    [
        {"language": "\0"},
        {"language": "x" * 9},
        {"question": "q" * 33},
        {"desk": "\0"},
        {"service": "s" * 100},
        {"context": HUGE},
        {"context": -1},
    ],
)
def test_what_no_column_can_hold_is_set_aside_on_every_database(engine: Engine, log: Log, changes: dict[str, object]) -> None:
    log.add(log.vote("a", **changes))
    log.add(log.vote("b"))
    assert deliver(make_ingest(engine), log).seq == 3
    assert len(votes(engine)) == 1
    assert reasons(engine) == [("undecodable", 1)]


def test_a_sequence_number_beyond_all_bounds_is_garbage(engine: Engine, log: Log) -> None:
    payload = log.batch().replace(b'"first_seq":1', b'"first_seq":%d' % HUGE)
    assert only_ack(make_ingest(engine).handle(batch_topic(KIOSK), payload, MORNING)).error == "undecodable"


def test_a_vote_of_an_unknown_context_is_kept_and_not_counted(engine: Engine, log: Log) -> None:
    log.add(log.vote("a", context=8))
    assert deliver(make_ingest(engine), log).seq == 2
    assert votes(engine) == []
    assert len(rows(engine, schema.records)) == 2
    assert reasons(engine) == [("unknown_context", 1)]


def test_a_context_means_what_it_meant_first(engine: Engine, log: Log) -> None:
    log.add_context("again", mode=Mode.TEST)
    deliver(make_ingest(engine), log)
    (context,) = rows(engine, schema.contexts)
    assert (context["number"], context["mode"]) == (log.context, Mode.LIVE)
    assert reasons(engine) == [("conflict", 1)]


def test_a_context_may_be_said_again(engine: Engine, log: Log) -> None:
    log.add_context("again")
    log.add(log.vote("a"))
    deliver(make_ingest(engine), log)
    assert len(votes(engine)) == 1
    assert reasons(engine) == []


def test_a_kiosk_that_had_another_id_may_still_mean_its_contexts_of_then(engine: Engine, log: Log) -> None:
    ingest, other = make_ingest(engine), Log(kiosk=OTHER)
    deliver(ingest, log)
    other.add(log.bodies[0])
    other.add(other.vote("a"))
    deliver(ingest, other)
    assert [vote["kiosk"] for vote in votes(engine)] == [OTHER]
    assert reasons(engine) == [("foreign", 1)], "the context itself stays who it was of"
    assert_rollups_agree(engine)


def test_an_answer_that_nobody_can_have_given_is_kept_and_shown(engine: Engine, log: Log) -> None:
    log.add(log.vote("a", answer="«чудово»"))
    assert deliver(make_ingest(engine), log).seq == 2
    assert votes(engine) == []
    assert reasons(engine) == [("unknown_answer", 1)]


def test_a_vote_for_an_unknown_desk_counts_for_none(engine: Engine, log: Log) -> None:
    log.add(log.vote("a", desk="gone-9"))
    deliver(make_ingest(engine), log)
    assert votes(engine)[0]["desk_id"] == schema.NO_DESK
    assert reasons(engine) == [("unknown_desk", 1)]


@pytest.mark.parametrize("together", [True, False])
def test_a_desk_choice_moves_its_visits_vote(engine: Engine, log: Log, *, together: bool) -> None:
    log.add(log.vote("a", desk=None))
    log.add(log.choice("a", "hall-1"))
    log.add(log.choice("a", "main-2"))  # the first choice stands
    ingest = make_ingest(engine)
    for first, last in [(1, 4)] if together else [(1, 2), (3, 4)]:
        deliver(ingest, log, first, last)
    hall = next(row for row in rows(engine, schema.desks) if row["key"] == "hall-1")
    assert [(vote["desk_id"], vote["site_id"]) for vote in votes(engine)] == [(hall["id"], hall["site_id"])]
    assert_rollups_agree(engine)


def test_of_two_choices_the_first_in_the_log_stands_whatever_the_clock_said(engine: Engine, log: Log) -> None:
    log.add(log.vote("a", desk=None))
    before, after = (new_id(MORNING + shift, bytes(10)) for shift in (9_000_000, 0))  # the clock was set back between them
    log.add(msgspec.structs.replace(log.choice("a", "hall-1"), id=before))
    log.add(msgspec.structs.replace(log.choice("a", "main-2"), id=after))
    deliver(make_ingest(engine), log)
    hall = next(row for row in rows(engine, schema.desks) if row["key"] == "hall-1")
    assert votes(engine)[0]["desk_id"] == hall["id"]


@pytest.mark.parametrize("desk", [None, "gone-9"])
def test_a_choice_of_no_desk_moves_nothing(engine: Engine, log: Log, desk: str | None) -> None:
    log.add(log.vote("a", desk=None))
    log.add(log.choice("a", desk))
    deliver(make_ingest(engine), log)
    assert votes(engine)[0]["desk_id"] == schema.NO_DESK
    assert reasons(engine) == ([("unknown_desk", 1)] if desk else [])
    assert_rollups_agree(engine)


def test_a_choice_does_not_move_another_kiosks_vote(engine: Engine, log: Log) -> None:
    log.add(log.vote("a", desk=None))
    other = Log(kiosk=OTHER)
    other.add_context()
    other.add(msgspec.structs.replace(other.choice("a", "main-1"), visit=log.vote("a").visit))
    ingest = make_ingest(engine)
    deliver(ingest, log)
    deliver(ingest, other)
    assert votes(engine)[0]["desk_id"] == schema.NO_DESK


def test_old_answers_are_released_at_once(engine: Engine, log: Log) -> None:
    log.add(log.vote("a", at=log.moment(MORNING - 2 * QUARTER)))
    deliver(make_ingest(engine), log)
    assert votes(engine)[0]["released_ms"] == MORNING


def test_hello_is_answered_with_mark_and_settings(engine: Engine, log: Log) -> None:
    ingest = make_ingest(engine)
    deliver(ingest, log)
    ack, settings = ingest.handle(hello_topic(KIOSK), log.hello(), MORNING)
    assert only_ack([ack]).seq == 1
    assert settings == Reply(settings_topic(KIOSK), f"settings of {KIOSK}".encode(), retain=True)


def test_a_group_is_answered_kiosk_by_kiosk(engine: Engine, log: Log) -> None:
    log.add(log.vote("a"))
    other = Log(kiosk=OTHER)
    other.add_context()
    other.add(other.vote("a"))
    messages = [(log, 1, 1), (other, 1, 2), (log, 2, 2)]
    group = [Message(batch_topic(one.kiosk), one.batch(first, last), MORNING) for one, first, last in messages]
    replies = make_ingest(engine).handle_group(group)
    assert [reply.topic for reply in replies] == [ack_topic(KIOSK), ack_topic(KIOSK), ack_topic(OTHER)]
    assert [msgspec.json.decode(reply.payload)["seq"] for reply in replies] == [1, 2, 2]
    assert_rollups_agree(engine)


def test_a_state_is_stored_and_an_old_will_does_not_end_a_new_session(engine: Engine) -> None:
    old, new = State(online=True, session=uuid4()), State(online=True, session=uuid4(), outbox=5, faults=("clock", "disk"))
    ingest = make_ingest(engine)
    for state in (old, new, State(online=False, session=old.session)):
        assert ingest.handle(state_topic(KIOSK), encode(state), MORNING) == []
    (row,) = rows(engine, schema.kiosk_states)
    assert (row["online"], row["session"], row["outbox"], row["faults"]) == (True, new.session, 5, "clock disk")
    ingest.handle(state_topic(KIOSK), encode(State(online=False, session=new.session)), MORNING + 1)
    (row,) = rows(engine, schema.kiosk_states)
    assert (row["online"], row["outbox"], row["changed_ms"]) == (False, 5, MORNING + 1)


def test_after_a_reconnect_the_broker_decides_who_is_online(engine: Engine) -> None:
    ingest = make_ingest(engine)
    ingest.handle(state_topic(KIOSK), encode(State(online=True, session=uuid4())), MORNING)
    ingest.forget_presence(MORNING)
    ingest.handle(state_topic(KIOSK), encode(State(online=False, session=uuid4())), MORNING + 1)
    (row,) = rows(engine, schema.kiosk_states)
    assert (row["online"], row["changed_ms"]) == (False, MORNING + 1)


def test_undecodable_states_and_hellos_are_kept(engine: Engine) -> None:
    ingest = make_ingest(engine)
    session = uuid4()
    assert ingest.handle(hello_topic(KIOSK), b"?", MORNING) == []
    assert ingest.handle(state_topic(KIOSK), b"?", MORNING) == []
    assert ingest.handle(state_topic(KIOSK), encode(State(online=True, session=session, outbox=HUGE)), MORNING) == []
    assert ingest.handle(state_topic(KIOSK), encode(State(online=True, session=session, faults=("\0",))), MORNING) == []
    assert ingest.handle("vidhuk/v1/else", encode(ServerState(online=True, generation="g")), MORNING) == []
    assert reasons(engine) == [("undecodable", 1)] * 5


def test_a_removed_kiosks_last_state_is_taken_off_the_broker(engine: Engine) -> None:
    topic = state_topic("stranger-1")
    ingest = make_ingest(engine)
    replies = ingest.handle(topic, encode(State(online=False, session=uuid4())), MORNING)
    assert Reply(topic, b"", retain=True) in replies
    assert all(reply.retain and not reply.payload and "/stranger-1/" in reply.topic for reply in replies)
    assert ingest.handle(topic, b"", MORNING) == []
    assert reasons(engine) == []


UP = (batch_topic, hello_topic, result_topic, diagnostics_topic, state_topic)


@pytest.mark.parametrize("topic", UP)
def test_what_a_removed_kiosk_may_have_had_retained_is_taken_back_and_that_is_the_end(engine: Engine, topic: Callable[[str], str]) -> None:
    ingest = make_ingest(engine)
    replies = ingest.handle(topic("stranger-1"), b"?", MORNING)
    assert Reply(topic("stranger-1"), b"", retain=True) in replies
    kept = rows(engine, schema.quarantine)
    for reply in replies:
        assert reply.retain
        assert not reply.payload
        assert ingest.handle(reply.topic, reply.payload, MORNING) == [], "this server hears them too"
    assert rows(engine, schema.quarantine) == kept


def test_with_its_state_everything_that_is_retained_of_a_removed_kiosk_is_taken_back(engine: Engine) -> None:
    replies = make_ingest(engine).handle(state_topic("stranger-1"), encode(State(online=False, session=uuid4())), MORNING)
    down = (settings_topic, notice_topic, day_keys_topic, command_topic, renewal_topic)
    assert {reply.topic for reply in replies} == {topic("stranger-1") for topic in (*UP, *down)}


@pytest.mark.parametrize("topic", UP)
def test_an_empty_message_says_nothing(engine: Engine, topic: Callable[[str], str]) -> None:
    ingest = make_ingest(engine)
    for kiosk in (KIOSK, "stranger-1"):  # one that was removed and is there again hears how the one before was cleared
        assert ingest.handle(topic(kiosk), b"", MORNING) == []
    assert rows(engine, schema.quarantine) == []


@pytest.mark.parametrize("error", [ValueError, KeyError, RuntimeError])
def test_one_poisoned_message_neither_stops_its_group_nor_comes_back_for_ever(engine: Engine, log: Log, error: type[Exception]) -> None:
    def explode(_connection: object, kiosk: str) -> bytes:
        raise error(kiosk)

    ingest = make_ingest(engine)
    ingest._settings = explode
    group = [Message(batch_topic(KIOSK), log.batch(), MORNING), Message(hello_topic(KIOSK), log.hello(), MORNING)]
    assert only_ack(ingest.handle_group(group)).seq == 1
    assert reasons(engine) == [("refused", 1)]


def test_a_poisoned_record_is_kept_once_and_holds_up_no_other(engine: Engine, log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    for answer in "abcdefg":
        log.add(log.vote(answer))
    poison = log.bodies[4]
    sound = core.take_batch

    def explode(work: Work, delivery: Delivery) -> Ack:
        if poison in delivery.batch.bodies:
            raise RuntimeError("a mistake of ours")
        return sound(work, delivery)

    monkeypatch.setattr(core, "take_batch", explode)
    for boottime_ms in (1000, 2000, 3000):
        replies = make_ingest(engine).handle(batch_topic(KIOSK), log.batch(now=log.moment(boottime_ms=boottime_ms)), MORNING)
        last = decode(replies[-1].payload, Ack)
        assert (last.seq, last.head) == (len(log.bodies), log.hash_at(len(log.bodies)).hex())
    assert [decode(reply.payload, Ack).error for reply in replies].count("refused") == 1
    assert len(votes(engine)) == len(log.bodies) - 2  # without the context and the poison
    (kept,) = rows(engine, schema.quarantine)
    assert (kept["reason"], kept["payload"], kept["times"]) == ("refused", b"[" + poison + b"]", 3)
    assert_rollups_agree(engine)


def hello(ingest: Ingest, log: Log, **changes: object) -> Ack:
    said = msgspec.structs.replace(decode(log.hello(), Hello), **changes)
    return decode(ingest.handle(hello_topic(log.kiosk), encode(said), MORNING)[0].payload, Ack)


@pytest.mark.parametrize("where", ["acked", "marks"])
def test_a_kiosk_that_was_told_of_more_than_is_there_begins_an_era_and_no_other_does(engine: Engine, log: Log, where: str) -> None:
    ingest, other = make_ingest(engine), Log(kiosk=OTHER)
    before, others = deliver(ingest, log), hello(ingest, other)

    def claim(seq: int, generation: str | None) -> Ack:
        said = {"acked": seq} if where == "acked" else {"marks": {log.epoch: 1, UUID(int=7): seq - 1}}
        return hello(make_ingest(engine), log, generation=generation, **said)

    assert claim(1, before.generation) == before
    after = claim(5, before.generation)
    assert after.generation != before.generation
    assert (after.seq, after.head) == (1, before.head)
    assert deliver(ingest, log) == after
    assert hello(ingest, other, generation=others.generation) == others
    assert claim(5, before.generation) == after, "however often it asks, for its answers may be lost"
    assert claim(1, after.generation) == after
    assert claim(5, None) == after, "it knows no generation and believes this one"


def test_a_kiosk_that_was_told_of_another_generation_is_given_one_that_it_has_never_seen(engine: Engine, log: Log) -> None:
    ingest = make_ingest(engine)
    first = hello(ingest, log)
    seen = [first.generation]
    for _ in range(3):  # the database is put back as it was, each time
        after = hello(ingest, log, generation=f"{seen[-1]}, which is gone")
        assert after == hello(ingest, log, generation=f"{seen[-1]}, which is gone")
        assert after.generation not in seen
        assert deliver(ingest, log).generation == after.generation
        seen.append(after.generation)
    assert hello(ingest, log, generation=first.generation).generation not in seen
    assert hello(ingest, log, generation="\0" * 10_000).generation.startswith(ingest.generation())


def test_a_batch_that_cannot_be_decoded_is_kept_once_however_late_it_comes_again(engine: Engine, log: Log) -> None:
    ingest = make_ingest(engine)
    log.add(b'["vote",]')
    for boottime_ms, historical in ((1000, False), (2000, False), (900_000, True)):
        payload = log.batch(now=log.moment(boottime_ms=boottime_ms), historical=historical)
        assert only_ack(ingest.handle(batch_topic(KIOSK), payload, MORNING)).error == "undecodable"
    (kept,) = rows(engine, schema.quarantine)
    assert (kept["payload"], kept["times"]) == (log.batch(now=log.moment(boottime_ms=1000)), 3), "as it came first"


def test_a_record_that_is_no_json_goes_as_base64_and_those_behind_it_are_taken(engine: Engine, log: Log) -> None:
    ingest = make_ingest(engine)
    log.add(b'["vote",]')
    log.add(log.vote("a"))
    spoilt = msgspec.structs.replace(decode(log.batch(1, 1), Batch), first_seq=2, prev=log.hash_at(1).hex(), records=[])
    deliver(ingest, log, 1, 1)
    for _ in range(2):
        payload = encode(msgspec.structs.replace(spoilt, opaque=log.bodies[1]))
        ack = only_ack(ingest.handle(batch_topic(KIOSK), payload, MORNING))
        assert (ack.seq, ack.head, ack.error) == (2, log.hash_at(2).hex(), None)
    assert deliver(ingest, log, 3).seq == 3
    assert [(row["reason"], row["payload"], row["times"]) for row in rows(engine, schema.quarantine)] == [("undecodable", log.bodies[1], 1)]
    assert len(votes(engine)) == 1
    with engine.connect() as connection:
        assert verify_chains(connection) == []
    sound = msgspec.structs.replace(spoilt, first_seq=4, prev=log.hash_at(3).hex(), opaque=encode_body(log.vote("b")))
    assert only_ack(ingest.handle(batch_topic(KIOSK), encode(sound), MORNING)).seq == 4
    assert len(votes(engine)) == 2


def test_what_a_kiosk_had_deleted_before_the_database_lost_it_is_said_once_and_the_rest_goes_on(engine: Engine, log: Log) -> None:
    ingest = make_ingest(engine)
    for seed in ("a", "b", "c", "d"):
        log.add(log.vote(seed))
    deliver(ingest, log, 1, 2)
    hello = decode(log.hello(), Hello)
    for pruned in (2, 4, 4):
        ingest.handle(hello_topic(KIOSK), encode(msgspec.structs.replace(hello, oldest=pruned + 1, pruned={log.epoch: pruned})), MORNING)
    (kept,) = rows(engine, schema.quarantine)
    assert (kept["reason"], kept["times"], kept["detail"]) == (
        "gone",
        1,
        f"2 records of {KIOSK} are gone: it had deleted them before this database was restored without them",
    )
    assert deliver(ingest, log, 5).seq == 2, "a gap is still a gap"
    anew = Log(bodies=[log.bodies[0], *log.bodies[4:]])
    assert deliver(ingest, anew).seq == len(anew.bodies)
    assert [row["id"] for row in votes(engine)] == [log.vote(seed).id for seed in ("a", "d")]
    with engine.connect() as connection:
        assert verify_chains(connection) == []


def test_bodies_are_kept_byte_for_byte(engine: Engine, log: Log) -> None:
    spaced = encode_body(log.vote("a")).replace(b",", b" , ")
    log.add(spaced)
    assert deliver(make_ingest(engine), log).head == log.hash_at(2).hex()
    assert rows(engine, schema.records)[1]["body"] == spaced
