"""One ticket, one vote: whatever comes first, the earliest vote of a ticket counts, and the others are kept and flagged."""

from __future__ import annotations

import random
import threading
from collections import defaultdict
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from feedback.tickets import ticket_token
from feedback.wire import batch_topic
from server.db import schema
from server.db.bulk import insert_rows
from server.db.engine import writing
from server.ingest.facts import TicketFacts, apply_queue_facts
from server.ratings import rollups
from tests.server.kit import DAY, KIOSK, MORNING, OTHER, Log, deliver, make_ingest, reasons, rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from uuid import UUID

    from sqlalchemy import Engine

    from feedback.records import AnyRecord, Vote

KEY = bytes(range(32))
ANSWERS = ("excellent", "good", "acceptable", "terrible", "hard_to_say")
ROLLUPS = (schema.rollup_day, schema.rollup_hour, schema.rollup_dimension, schema.rollup_answer)
MADE = (
    *(schema.records, schema.chains, schema.contexts, schema.quarantine, schema.kiosk_states, schema.votes, schema.answers),
    *(schema.desk_choices, schema.undone_visits, schema.unsettled_visits, schema.ticket_tokens, schema.ticket_facts),
    *ROLLUPS,
)
many = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def prepare(engine: Engine) -> None:
    with writing(engine) as connection:
        insert_rows(connection, schema.day_keys, ("day", "key"), [(DAY, KEY)], on_conflict="ON CONFLICT DO NOTHING")
        for table in MADE:
            connection.execute(delete(table))


def counted(engine: Engine) -> int:
    return sum(int(str(row[answer])) for row in rows(engine, schema.rollup_day) for answer in ANSWERS)


def agree(engine: Engine) -> bool:
    with writing(engine) as connection:
        differences = rollups.verify(connection)
        before = counted(engine) if engine.dialect.name == "sqlite" else None
        rollups.rebuild(connection)
        differences += rollups.verify(connection)
    return differences == [] and before in {None, counted(engine)}


# --- 1,000 votes on two kiosks that were offline, with 100 tickets on both ---------------------------------------------------

VOTES_EACH = 500
SHARED = 100


class Afternoon:
    """What two kiosks recorded while neither had the network."""

    def __init__(self, chance: random.Random) -> None:
        self.logs = [Log(kiosk=KIOSK), Log(kiosk=OTHER)]
        self.votes: dict[str, list[Vote]] = defaultdict(list)
        shared = [f"А{number:03}" for number in range(SHARED)]
        for log in self.logs:
            log.add_context()
            numbers = shared + [f"{log.kiosk}-{number}" for number in range(VOTES_EACH - SHARED)]
            chance.shuffle(numbers)
            for place, number in enumerate(numbers):
                self._visit(log, number, f"{place}", chance)

    def _visit(self, log: Log, number: str, seed: str, chance: random.Random) -> None:
        at = log.moment(MORNING - chance.randrange(3 * 3_600_000))
        vote = log.vote(seed, desk=None, answer=chance.choice(ANSWERS), at=at)
        token = ticket_token(KEY, "main", DAY, number)
        scan = log.scan(seed, token, desk=chance.choice((None, "main-1", "main-2")))
        self.votes[token].append(vote)
        visit: list[AnyRecord] = [vote, scan, log.answer(seed, "reasons", "queue")]
        for record in chance.sample(visit, 3):
            log.add(record)

    def counts(self) -> set[UUID]:
        """Say which votes count, by the rule."""
        return {min(votes, key=lambda vote: (vote.at.wall_ms, vote.id)).id for votes in self.votes.values()}


def syncs(afternoon: Afternoon, chance: random.Random) -> Iterator[tuple[Log, int, int]]:
    """Give batches of both kiosks in any order that a network allows: each kiosk's own in theirs, some of them twice."""
    at = [1, 1]
    while any(first <= len(log.bodies) for first, log in zip(at, afternoon.logs, strict=True)):
        which = chance.choice([number for number in (0, 1) if at[number] <= len(afternoon.logs[number].bodies)])
        log, first = afternoon.logs[which], at[which]
        last = min(len(log.bodies), first + chance.randrange(1, 150))
        yield log, first, last
        if chance.random() < 0.2:
            yield log, max(1, first - 7), last
        at[which] = last + 1


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_thousand_votes_on_two_offline_kiosks_with_a_hundred_shared_tickets(engine: Engine, seed: int) -> None:
    prepare(engine)
    afternoon = Afternoon(random.Random(7))
    ingest = make_ingest(engine)
    for log, first, last in syncs(afternoon, random.Random(seed)):
        deliver(ingest, log, first, last)
    votes = {row["id"]: row["flag"] for row in rows(engine, schema.votes)}
    assert len(votes) == 2 * VOTES_EACH
    assert {id_ for id_, flag in votes.items() if not flag} == afternoon.counts()
    assert sorted(str(flag) for flag in votes.values() if flag) == ["ticket_used"] * SHARED
    by_visit = {row["visit"]: row["flag"] for row in rows(engine, schema.votes)}
    assert all(row["flag"] == by_visit[row["visit"]] for row in rows(engine, schema.answers))
    assert counted(engine) == 2 * VOTES_EACH - SHARED
    assert sum(int(str(row["people"])) for row in rows(engine, schema.rollup_answer)) == 2 * VOTES_EACH - SHARED
    assert reasons(engine) == []
    assert agree(engine)


def test_two_workers_take_the_same_tickets_at_once(make_engine: Callable[[], Engine]) -> None:
    engine = make_engine()
    prepare(engine)
    afternoon = Afternoon(random.Random(11))
    barrier, failures = threading.Barrier(2), list[BaseException]()

    def worker(log: Log) -> None:
        ingest = make_ingest(engine)
        barrier.wait(30)
        try:
            for first in range(1, len(log.bodies) + 1, 60):
                ingest.handle(batch_topic(log.kiosk), log.batch(first, first + 59), MORNING)
        except BaseException as error:  # noqa: BLE001 - shown by the test
            failures.append(error)

    threads = [threading.Thread(target=worker, args=(log,)) for log in afternoon.logs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert {row["id"] for row in rows(engine, schema.votes) if not row["flag"]} == afternoon.counts()
    assert counted(engine) == 2 * VOTES_EACH - SHARED
    assert agree(engine)


# --- order makes no difference ------------------------------------------------------------------------------------------------

visits = st.lists(
    st.tuples(
        st.sampled_from([KIOSK, OTHER]),
        st.integers(0, 2),  # whose ticket
        st.integers(0, 2),  # when
        st.sampled_from([None, "main-1", "main-2"]),  # the vote's desk
        st.sampled_from([None, "main-2", "hall-1"]),  # the ticket's desk
        st.sampled_from(["good", "yes"]),
        st.booleans(),  # undone
    ),
    max_size=6,
)


def records_of(log: Log, seed: str, visit: tuple[str, int, int, str | None, str | None, str, bool]) -> list[AnyRecord]:
    _, ticket, when, desk, named, answer, undone = visit
    records: list[AnyRecord] = [
        log.vote(seed, desk=desk, answer=answer, at=log.moment(MORNING - when)),
        log.scan(seed, f"{ticket:032x}", desk=named),
        log.answer(seed, "reasons", "queue"),
    ]
    return [*records, log.undo(seed)] if undone else records


def state(engine: Engine) -> list[object]:
    """Give what pages are made of."""
    kept = [row for table in (schema.votes, schema.answers, schema.ticket_tokens) for row in rows(engine, table)]
    return kept + [row for table in ROLLUPS for row in rows(engine, table) if any(row[c.name] for c in table.c if not c.primary_key)]


@given(made=visits, chance=st.randoms(use_true_random=False), each=st.integers(1, 9))
@many
def test_the_order_of_arrival_makes_no_difference(engine: Engine, made: list[tuple], chance: random.Random, each: int) -> None:  # type: ignore[type-arg]
    facts = [TicketFacts(f"{ticket:032x}", DAY, ticket + 1, 1 if ticket else None, ticket) for ticket in range(2)]
    outcomes = []
    for is_shuffled in (False, True):
        prepare(engine)
        logs = {KIOSK: Log(kiosk=KIOSK), OTHER: Log(kiosk=OTHER)}
        for log in logs.values():
            log.add_context()
        told = [(visit[0], record) for number, visit in enumerate(made) for record in records_of(logs[visit[0]], str(number), visit)]
        acts: list[tuple[str, AnyRecord] | TicketFacts] = [*told, *facts]
        if is_shuffled:
            chance.shuffle(acts)
        ingest, sent = make_ingest(engine), dict.fromkeys(logs, 0)
        for number, act in enumerate(acts):
            if isinstance(act, TicketFacts):
                with writing(engine) as connection:
                    apply_queue_facts(connection, [act])
            else:
                logs[act[0]].add(act[1])
            if number % each == 0 or number == len(acts) - 1:
                for kiosk, log in logs.items():
                    if sent[kiosk] < len(log.bodies):
                        sent[kiosk] = deliver(ingest, log, sent[kiosk] + 1).seq
        with engine.connect() as connection:
            assert rollups.verify(connection) == []
        outcomes.append(state(engine))
    assert outcomes[0] == outcomes[1]
