"""Somebody with the database's password deletes, changes, moves and invents what kiosks sent, and signs nothing anew.

`acknowledged` are the votes and answers of the database, `lost` the tamperings of which `verify` says nothing. Before the first one the
same database, in which records came twice, late, undated, without a context and were replayed, has to hold: else the row cannot be made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from uuid import UUID, uuid4

import msgspec
from sqlalchemy import and_, delete, func, insert, select, update

from demo.house import HouseError
from faults.network.centre import Centre
from faults.network.counting import round_of
from faults.table import Fault, survived
from feedback.records import (
    Answer,
    BoxCount,
    Call,
    Channel,
    Context,
    DeskChoice,
    DeviceChange,
    How,
    Input,
    Mode,
    Moment,
    Outcome,
    Presence,
    SelfTest,
    VisitEnd,
    Vote,
    chain,
    encode_body,
    genesis,
)
from feedback.wire import Batch, Now, batch_topic, encode
from server.audit.log import NOBODY
from server.db.engine import writing
from server.db.schema import (
    NO_DESK,
    answers,
    box_counts,
    calls,
    chains,
    desks,
    device_changes,
    presence,
    records,
    rollup_day,
    selftests,
    visit_ends,
    votes,
)
from server.ingest.core import Ingest
from server.ingest.replay import replay_all, waiting
from server.integrity.roots import Roots
from server.integrity.verifying import verify
from server.keys import is_signed
from server.ratings import rollups
from server.remarks.erasing import erase

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from sqlalchemy import ColumnElement, Connection, Table

    from faults.table import Row
    from feedback.records import AnyRecord
    from server.ingest.messages import Reply

NAME: Final = "insider with the database's password"
VISITS: Final = 40
START_MS: Final = 1_760_000_000_000
DAY_MS: Final = 86_400_000


class _Undone(Exception):  # noqa: N818 - no error: it takes a tampering back
    """Ends the transaction of a tampering without keeping it."""


def run(rounds: int, done: Callable[[int], None]) -> Row:
    """Tamper so often with one row or record at a time, and take each tampering back after it was looked for."""
    with Centre() as centre:
        _use(centre, VISITS)
        with writing(centre.engine) as connection:
            alarms = _problems(connection, centre)
            count = sum(connection.execute(select(func.count()).select_from(table)).scalar_one() for table in (votes, answers))
        if alarms:
            raise HouseError(f"an alarm where nobody had tampered: {alarms[0]}")
        found = 0
        for number in range(rounds):
            with round_of(NAME, number) as random:
                found += _is_found(centre, random, number)
            done(number + 1)
        return survived(NAME, rounds=rounds, acknowledged=count, lost=rounds - found)


def _problems(connection: Connection, centre: Centre) -> list[str]:
    public = centre.server.keys.signing_public
    return [f"{one.where}: {one.what}" for one in verify(connection, lambda data, signature: is_signed(public, data, signature))]


def _is_found(centre: Centre, random: Random, number: int) -> bool:
    found: list[str] = []
    try:
        with writing(centre.engine) as connection:
            tamper = TAMPERINGS[number % len(TAMPERINGS)]
            tamper(connection, random)
            if tamper is not _miscount:  # who knows that counts are compared makes them anew
                rollups.rebuild(connection)
            found = _problems(connection, centre)
            raise _Undone  # noqa: TRY301 - it ends the transaction
    except _Undone:
        return bool(found)


def _one(connection: Connection, random: Random, table: Table) -> dict[str, Any]:
    rows = connection.execute(select(table).order_by(*table.primary_key)).mappings().all()
    return dict(random.choice([row for row in rows if table is not records or row["kind"] in {"vote", "answer"}]))


def _is(table: Table, row: dict[str, Any]) -> ColumnElement[bool]:
    return and_(*(key == row[key.name] for key in table.primary_key))


def _delete(table: Table) -> Callable[[Connection, Random], None]:
    def tamper(connection: Connection, random: Random) -> None:
        connection.execute(delete(table).where(_is(table, _one(connection, random, table))))

    return tamper


def _change(table: Table, change: Callable[[dict[str, Any], Random], dict[str, Any]]) -> Callable[[Connection, Random], None]:
    def tamper(connection: Connection, random: Random) -> None:
        row = _one(connection, random, table)
        connection.execute(update(table).where(_is(table, row)).values(change(row, random)))

    return tamper


def _move(connection: Connection, random: Random) -> None:
    row = _one(connection, random, votes)
    places = connection.execute(select(desks.c.id, desks.c.site_id).where(desks.c.id != row["desk_id"])).all()
    place = random.choice([*places, (NO_DESK, row["site_id"])] if row["desk_id"] != NO_DESK else places)
    connection.execute(update(votes).where(votes.c.id == row["id"]).values(desk_id=place[0], site_id=place[1]))


def _miscount(connection: Connection, random: Random) -> None:
    row = _one(connection, random, rollup_day)
    connection.execute(update(rollup_day).where(_is(rollup_day, row)).values(excellent=row["excellent"] + 1))


def _invent(table: Table, **values: Callable[[], object]) -> Callable[[Connection, Random], None]:
    def tamper(connection: Connection, random: Random) -> None:
        connection.execute(insert(table).values(_one(connection, random, table) | {name: make() for name, make in values.items()}))

    return tamper


def _other(answer: str) -> str:
    return "terrible" if answer != "terrible" else "excellent"


TAMPERINGS: Final = (
    _delete(votes),
    _delete(answers),
    _delete(records),
    _move,
    _invent(votes, id=uuid4),
    _miscount,
    _change(votes, lambda row, _: {"answer": _other(row["answer"])}),
    _change(votes, lambda row, _: {"day": "2025-01-01" if row["day"] != "2025-01-01" else "2025-01-02"}),
    _change(votes, lambda row, random: {"hour": (row["hour"] + random.randrange(1, 24)) % 24}),
    _change(votes, lambda row, _: {"time_quality": "exact" if row["time_quality"] != "exact" else "precise"}),
    _change(votes, lambda row, _: {"at_ms": row["received_ms"] + DAY_MS}),
    _change(votes, lambda _row, random: {"flag": random.choice(("ticket_used", "undone"))}),
    _change(votes, lambda row, _: {"language": "en" if row["language"] != "en" else "uk"}),
    _change(votes, lambda _row, _random: {"kiosk": "another"}),
    _change(votes, lambda row, _: {"repeat": not row["repeat"]}),
    _change(votes, lambda row, _: {"released_ms": row["released_ms"] + DAY_MS}),
    _change(answers, lambda _row, _random: {"choice": "another"}),
    _change(answers, lambda row, _: {"how": "left" if row["how"] != "left" else "skipped"}),
    _change(answers, lambda _row, _random: {"mode": "test"}),
    _change(answers, lambda row, _: {"desk_id": row["desk_id"] + 1}),
    _change(records, lambda row, _: {"body": bytes(row["body"]).replace(b'"uk"', b'"en"')}),
    _change(records, lambda row, _: {"kind": "end" if row["kind"] != "end" else "vote"}),
    _change(records, lambda row, _: {"received_ms": row["received_ms"] - 30 * DAY_MS}),
    _delete(chains),
    _delete(presence),
    _invent(presence, day=lambda: "2024-01-01"),
    _change(presence, lambda row, random: {"count": row["count"] + random.randrange(1, 100)}),
    _delete(visit_ends),
    _invent(visit_ends, visit=uuid4),
    _change(visit_ends, lambda row, _: {"outcome": "left" if row["outcome"] != "left" else "completed"}),
    _change(visit_ends, lambda row, _: {"extra_presses": row["extra_presses"] + 1}),
    _delete(calls),
    _invent(calls, record=uuid4),
    _delete(box_counts),
    _change(box_counts, lambda row, _: {"satisfied": row["satisfied"] + 1}),
    _delete(device_changes),
    _change(device_changes, lambda row, _: {"fault": "" if row["fault"] else "missing"}),
    _delete(selftests),
    _change(selftests, lambda _row, _random: {"results": "{}"}),
)
"""Each does one thing to one row drawn at random."""


class _Sender:
    """A kiosk whose records are made here, so that chance decides nothing but what it is asked."""

    def __init__(self, ingest: Ingest, kiosk: str) -> None:
        self._ingest, self._kiosk, self._epoch, self._boot = ingest, kiosk, uuid4(), uuid4()
        self._bodies: list[bytes] = []

    def send(self, new: list[AnyRecord], at: Moment, *, received_ms: int, again: bool = False) -> list[Reply]:
        """Send records in the running epoch, or everything so far `again` in a new one."""
        first = len(self._bodies) + 1
        self._bodies += map(encode_body, new)
        if again:
            first, self._epoch = 1, uuid4()
        head = [genesis(self._epoch), *chain(genesis(self._epoch), 1, self._bodies[: first - 1])][-1]
        raw = [msgspec.Raw(body) for body in self._bodies[first - 1 :]]
        batch = Batch(self._epoch, first, head.hex(), Now(self._boot, at), historical=again, records=raw, sealed={})
        return self._ingest.handle(batch_topic(self._kiosk), encode(batch), received_ms)

    def context(self, number: int, at: Moment) -> Context:
        """Make a context."""
        return Context(uuid4(), at, number, self._boot, "vidhuk", "unseen", 1, Mode.LIVE)


def _beside(number: int, at: Moment, visit: UUID) -> list[AnyRecord]:
    """Make what a kiosk records beside votes: of each visit its end, and everything else now and then."""
    others: tuple[AnyRecord, ...] = (
        Call(uuid4(), at, visit, 1, Input.TOUCH),
        BoxCount(uuid4(), at, 1, number, 2, 1, 0),
        DeviceChange(uuid4(), at, 1, "scanner", "missing" if number % 2 else ""),
        SelfTest(uuid4(), at, 1, attended=False, results={"screen": "", "printer": "no_paper"}),
        Presence(uuid4(), at, 1, 900, number + 1),
        Presence(uuid4(), at, 1, 900, 1),
    )
    return [VisitEnd(uuid4(), at, visit, 1, Outcome.COMPLETED, number % 3), others[number % len(others)]]


def _use(centre: Centre, visits: int) -> None:
    """Fill a database in every way that is allowed."""
    ingest = Ingest(centre.engine, settings=lambda _connection, _kiosk: None)
    (kiosk,) = centre.add_kiosks(1)
    sender, now_ms, voted = _Sender(ingest, kiosk.id), START_MS, list[UUID]()
    with writing(centre.engine) as connection:
        keys = list(connection.execute(select(desks.c.key).order_by(desks.c.key)).scalars())
    sender.send([sender.context(1, Moment(0, now_ms, trusted=True))], Moment(0, now_ms, trusted=True), received_ms=now_ms)
    for number in range(visits):
        now_ms += DAY_MS // 20
        at = Moment(now_ms - START_MS, now_ms, trusted=number % 5 != 0)
        visit, context = uuid4(), 2 if number % 7 == 0 and number < visits // 2 else 1
        desk = (keys[number % len(keys)], None, "unknown")[number % 3]
        vote = Vote(uuid4(), at, visit, context, "service", "good", desk, None, Channel.KIOSK, Input.TOUCH, "uk", repeat=False)
        why = Answer(uuid4(), at, visit, context, "why", How.ANSWERED, ("queue", "staff"), Input.TOUCH, "uk")
        chosen = DeskChoice(uuid4(), at, visit, 1, keys[0], Input.TOUCH)
        sender.send([why, vote, chosen] if number % 2 else [vote, why], at, received_ms=now_ms + number % 3 * 600_000)
        sender.send(_beside(number, at, visit), at, received_ms=now_ms + number % 3 * 600_000)
        voted.append(vote.id)
        if number == visits // 2:
            sender.send([sender.context(2, at)], at, received_ms=now_ms)
    at = Moment(now_ms - START_MS, now_ms, trusted=True)
    sender.send([], at, received_ms=now_ms, again=True)
    replay_all(centre.engine, waiting(centre.engine), by=NOBODY, now_ms=now_ms)
    with writing(centre.engine) as connection:
        for vote_id in voted[-3:]:
            erase(connection, vote_id, now_ms)
    Roots(centre.engine, signer=centre.server.keys.sign).make_due(now_ms + DAY_MS)


FAULTS: Final = (Fault(name=NAME, test=len(TAMPERINGS), usual=10 * len(TAMPERINGS), full=100 * len(TAMPERINGS), run=run),)
