"""What a visit leaves behind its vote: later answers, sealed words, a call for a person; live, in a pilot, and as a test."""

from __future__ import annotations

import json
from itertools import permutations
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from feedback.questionnaire_file import parse
from feedback.records import How, Mode, Outcome
from feedback.wire import Ack, State, batch_topic, decode, encode, state_topic
from server.db import schema
from server.db.engine import writing
from server.ingest import core
from server.ratings import rollups
from server.registry import questionnaires
from tests.server.kit import KIOSK, MORNING, QUARTER, Log, deliver, ids, make_ingest, reasons, rows

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from server.ingest.work import Delivery, Work

CARD = """
format: 1
id: card
version: 3
languages: [uk]
questions:
  - id: result
    kind: single
    text: {uk: "Чи отримали Ви послугу?"}
    choices:
      - {id: "yes", words: {uk: Так}}
      - {id: partly, words: {uk: Частково}}
  - id: reasons
    kind: multiple
    text: {uk: "Що саме?"}
    choices:
      - {id: queue, words: {uk: Черга}}
      - {id: unkind, words: {uk: Неввічливість}}
  - {id: advice, kind: scale, scale: [0, 10], text: {uk: "Чи порадите нас?"}}
"""


@pytest.fixture
def log(engine: Engine) -> Log:
    with writing(engine) as connection:
        questionnaires.publish(connection, parse(CARD, "card.yaml"), CARD, now_ms=MORNING)
    log = Log()
    log.add_context(asks=("card", 3))
    return log


def answers(engine: Engine) -> list[tuple[object, ...]]:
    columns = ("question", "choice", "how", "first", "mode")
    return sorted(tuple(row[name] for name in columns) for row in rows(engine, schema.answers))


def counts(engine: Engine) -> dict[tuple[object, object], tuple[object, ...]]:
    found = rows(engine, schema.rollup_answer)
    return {(row["question"], row["choice"]): (row["count"], row["people"], row["firsts"]) for row in found if row["count"]}


def desk_id(engine: Engine, key: str) -> object:
    return next(row["id"] for row in rows(engine, schema.desks) if row["key"] == key)


def assert_rollups_agree(engine: Engine) -> None:
    with engine.connect() as connection:
        assert rollups.verify(connection) == []


def test_a_first_answer_that_is_no_rating_is_kept_beside_the_votes(engine: Engine, log: Log) -> None:
    log.add(log.vote("a", question="result", answer="partly", repeat=True))
    deliver(make_ingest(engine), log)
    assert rows(engine, schema.votes) == rows(engine, schema.rollup_day) == []
    assert answers(engine) == [("result", "partly", "answered", True, "live")]
    assert counts(engine) == {("result", "partly"): (1, 1, 1)}
    assert rows(engine, schema.kiosk_states)[0]["last_vote_ms"] == MORNING
    assert_rollups_agree(engine)


def test_every_choice_is_counted_and_every_person_once(engine: Engine, log: Log) -> None:
    log.add(log.answer("a", "reasons", "queue", "unkind", "queue"))
    log.add(log.answer("b", "reasons", "unkind"))
    log.add(log.answer("c", "reasons", how=How.TIMED_OUT))
    log.add(log.answer("a", "advice", "10"))
    deliver(make_ingest(engine), log)
    assert counts(engine) == {
        ("reasons", "queue"): (1, 1, 0),
        ("reasons", "unkind"): (2, 1, 0),
        ("reasons", ""): (1, 1, 0),
        ("advice", "10"): (1, 1, 0),
    }
    assert ("reasons", "", "timed_out", False, "live") in answers(engine)
    assert_rollups_agree(engine)


@pytest.mark.parametrize("mode", [Mode.PILOT, Mode.TEST])
def test_what_is_not_live_is_kept_apart_and_never_counted(engine: Engine, log: Log, mode: Mode) -> None:
    log.add_context("apart", number=9, asks=("card", 3), mode=mode)
    log.add(log.vote("a", question="service", answer="terrible", context=9))
    log.add(log.vote("b", question="result", answer="yes", context=9))
    log.add(log.answer("b", "reasons", "queue", context=9))
    deliver(make_ingest(engine), log)
    assert rows(engine, schema.votes) == []
    assert [row for table in rollups._TABLES for row in rows(engine, table)] == []
    assert answers(engine) == [
        ("reasons", "queue", "answered", False, mode),
        ("result", "yes", "answered", True, mode),
    ]
    assert reasons(engine) == [("unknown_answer", 1)], "card 3 does not ask for a face"
    assert_rollups_agree(engine)


def test_a_rated_answer_of_a_pilot_is_no_vote(engine: Engine, log: Log) -> None:
    log.add_context("apart", number=9, mode=Mode.PILOT)
    log.add(log.vote("a", answer="terrible", context=9))
    deliver(make_ingest(engine), log)
    assert rows(engine, schema.votes) == rows(engine, schema.rollup_day) == []
    assert answers(engine) == [("service", "terrible", "answered", True, "pilot")]


@pytest.mark.parametrize(
    ("question", "choices", "how"),
    [
        ("reasons", ("rain",), How.ANSWERED),
        ("weather", ("queue",), How.ANSWERED),
        ("advice", ("11",), How.ANSWERED),
        ("reasons", (), How.ANSWERED),
        ("reasons", ("queue",), How.SKIPPED),
    ],
)
def test_what_a_known_questionnaire_does_not_offer_is_set_aside(
    engine: Engine, log: Log, question: str, choices: tuple[str, ...], how: How
) -> None:
    log.add(log.answer("a", question, *choices, how=how))
    log.add(log.vote("a", question="result", answer="perhaps"))
    log.add(log.vote("b", question="result", answer="yes"))
    assert deliver(make_ingest(engine), log).seq == 4
    assert answers(engine) == [("result", "yes", "answered", True, "live")]
    assert reasons(engine) == [("unknown_answer", 1)] * 2


@pytest.mark.parametrize("how", [How.TIMED_OUT, How.LEFT])
def test_what_was_chosen_before_a_visitor_left_or_was_timed_out_counts(engine: Engine, log: Log, how: How) -> None:
    log.add(log.answer("a", "reasons", "queue", "unkind", how=how))
    log.add(log.answer("b", "reasons", how=how))
    deliver(make_ingest(engine), log)
    assert reasons(engine) == []
    assert counts(engine) == {("reasons", "queue"): (1, 1, 0), ("reasons", "unkind"): (1, 0, 0), ("reasons", ""): (1, 1, 0)}
    assert_rollups_agree(engine)


def test_an_unknown_questionnaire_is_believed_where_it_could_be_right(engine: Engine, log: Log) -> None:
    log.add_context("newer", number=9, asks=("card", 4))
    log.add(log.vote("a", question="mood", answer="sunny,windy", context=9))
    log.add(log.answer("a", "reasons", "rain", context=9))
    log.add(log.answer("b", "reasons", "Дощ", context=9))
    log.add(log.answer("c", "reasons", "rain", context=77))
    deliver(make_ingest(engine), log)
    assert [row[:2] for row in answers(engine)] == [("mood", "sunny"), ("mood", "windy"), ("reasons", "rain")]
    assert sorted(reasons(engine)) == [("unknown_answer", 1), ("unknown_context", 1)]


@pytest.mark.parametrize("order", list(permutations(range(3))))
@pytest.mark.parametrize("rated", [True, False])
def test_vote_choice_and_answer_meet_in_whatever_order_they_come(engine: Engine, log: Log, order: tuple[int, ...], *, rated: bool) -> None:
    first = log.vote("a", desk=None, service="passport") if rated else log.vote("a", desk=None, question="result", answer="yes")
    records = [first, log.choice("a", "hall-1"), log.answer("a", "reasons", "queue", "unkind")]
    for number in order:
        log.add(records[number])
    ingest = make_ingest(engine)
    for seq in range(1, 5):
        deliver(ingest, log, seq, seq)
    hall = desk_id(engine, "hall-1")
    stand = {(row["desk_id"], row["service_id"]) for table in (schema.votes, schema.answers) for row in rows(engine, table)}
    assert stand == {(hall, 1 if rated else None)}
    assert {row["desk_id"] for row in rows(engine, schema.rollup_answer) if row["count"]} == {hall}
    assert_rollups_agree(engine)


@pytest.mark.parametrize("together", [True, False])
def test_an_answer_that_comes_first_follows_the_desk_of_its_vote(engine: Engine, log: Log, *, together: bool) -> None:
    log.add(log.answer("a", "reasons", "queue"))
    log.add(log.vote("a", desk="main-2"))
    ingest = make_ingest(engine)
    for first, last in [(1, 3)] if together else [(1, 2), (3, 3)]:
        deliver(ingest, log, first, last)
    assert [row["desk_id"] for row in rows(engine, schema.answers)] == [desk_id(engine, "main-2")]
    assert_rollups_agree(engine)


def test_a_sealed_box_is_kept_unopened_beside_its_record(engine: Engine, log: Log) -> None:
    log.add(log.sealed("a", b"box of a"))
    for _ in range(2):
        deliver(make_ingest(engine), log)
    (row,) = rows(engine, schema.sealed)
    assert (row["box"], row["content"], row["question"], row["mode"], row["visit"]) == (
        *(b"box of a", "comment", "comment", "live"),
        ids(f"{KIOSK} visit a"),
    )
    assert reasons(engine) == []


def test_a_box_that_is_missing_or_wrong_is_noted_and_its_record_kept(engine: Engine, log: Log) -> None:
    log.add(log.sealed("a", None))
    log.add(log.sealed("b", b"another box", digest="0" * 64))
    log.add(log.sealed("c", b"good box", context=77))
    assert deliver(make_ingest(engine), log).seq == 4
    assert len(rows(engine, schema.records)) == 4
    boxes = [row["box"] for row in rows(engine, schema.sealed)]
    assert (boxes.count(None), boxes.count(b"good box")) == (2, 1)
    assert sorted(reasons(engine)) == [("bad_box", 1), ("bad_box", 1), ("unknown_context", 1)]
    assert any(bytes(row["payload"]).endswith(b"\nanother box") for row in rows(engine, schema.quarantine))  # type: ignore[call-overload]


def test_a_poisoned_sealed_record_goes_aside_with_its_box(engine: Engine, log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    for seed in "abcde":
        log.add(log.sealed(seed, f"box {seed}".encode()))
    poison = log.bodies[3]
    take = core.take_batch

    def refuse(work: Work, delivery: Delivery) -> Ack:
        if poison in delivery.batch.bodies:
            raise ValueError("a fault of ours")
        return take(work, delivery)

    monkeypatch.setattr(core, "take_batch", refuse)
    replies = make_ingest(engine).handle(batch_topic(KIOSK), log.batch(), MORNING)
    assert decode(replies[-1].payload, Ack).seq == 6
    assert {row["box"] for row in rows(engine, schema.sealed)} == {b"box a", b"box b", b"box d", b"box e"}
    (kept,) = rows(engine, schema.quarantine)
    records, boxes = bytes(kept["payload"]).split(b"\n")  # type: ignore[call-overload]
    assert records == b"[" + poison + b"]"
    assert json.loads(boxes) == {str(ids(f"{KIOSK} sealed c")): "Ym94IGM="}


LATE = MORNING - QUARTER


@pytest.mark.parametrize(
    ("call", "historical", "alerts"),
    [
        ({}, False, True),
        ({}, True, True),
        ({"wall_ms": LATE + 1}, False, True),
        ({"wall_ms": LATE}, False, False),
        ({"trusted": False, "boottime_ms": 0}, False, True),
        ({"wall_ms": 5, "boottime_ms": 1000}, True, True),  # its boot has just begun
        ({"wall_ms": 5, "boottime_ms": -1}, False, True),  # no clock can be believed: it has just come
        ({"wall_ms": 5, "boottime_ms": -1}, True, False),
    ],
)
def test_a_call_alerts_only_while_the_visitor_may_still_be_there(
    engine: Engine, log: Log, call: dict[str, int], *, historical: bool, alerts: bool
) -> None:
    log.boottime_ms = 2 * QUARTER if "wall_ms" in call and "boottime_ms" not in call else 1000
    log.add(log.call("a", at=log.moment(**call)))  # type: ignore[arg-type]
    make_ingest(engine).handle(batch_topic(KIOSK), log.batch(historical=historical), MORNING)
    (row,) = rows(engine, schema.calls)
    assert (row["live"], row["visit"], row["taken_ms"]) == (alerts, ids(f"{KIOSK} visit a"), None)


@pytest.mark.parametrize(("mode", "alerts"), [(Mode.PILOT, True), (Mode.TEST, False)])
def test_a_call_of_a_pilot_is_a_persons_and_one_of_a_test_is_not(engine: Engine, log: Log, mode: Mode, *, alerts: bool) -> None:
    log.add_context("apart", number=9, mode=mode)
    log.add(log.call("a", context=9))
    log.add(log.call("b", context=77))
    deliver(make_ingest(engine), log)
    assert sorted((row["mode"], row["live"]) for row in rows(engine, schema.calls)) == sorted([("live", True), (mode, alerts)])


def test_a_visit_that_was_left_is_an_outcome(engine: Engine, log: Log) -> None:
    log.add(log.end("a", Outcome.LEFT))
    deliver(make_ingest(engine), log)
    assert [row["outcome"] for row in rows(engine, schema.visit_ends)] == ["left"]


def test_what_no_column_can_hold_is_set_aside(engine: Engine, log: Log) -> None:
    log.add_context("long", number=9, asks=("q" * 33, 1))
    log.add(log.answer("a", "reasons", "q" * 33))
    log.add(log.answer("b", "reasons", *(f"c{number}" for number in range(65))))
    log.add(log.answer("c", "reasons", "\0"))
    log.add(log.sealed("a", b"x", digest="0" * 65))
    assert deliver(make_ingest(engine), log).seq == 6
    assert reasons(engine) == [("undecodable", 1)] * 5


def test_what_a_kiosk_shows_is_remembered(engine: Engine) -> None:
    ingest, session = make_ingest(engine), uuid4()
    ingest.handle(state_topic(KIOSK), encode(State(online=True, session=session, showing="closed")), MORNING)
    assert rows(engine, schema.kiosk_states)[0]["showing"] == "closed"
    ingest.handle(state_topic(KIOSK), encode(State(online=True, session=session, showing="x" * 17)), MORNING)
    assert rows(engine, schema.kiosk_states)[0]["showing"] == "closed"
    assert reasons(engine) == [("undecodable", 1)]
