"""Compares what kiosks record beside votes and answers: ends of visits, calls, counts of boxes, devices and arrivals. Reads only."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec
from sqlalchemy import func, select

from feedback.records import BoxCount, Call, DeviceChange, Mode, Presence, SelfTest, VisitEnd
from server.db.schema import COUNTED_ON_PAGE, box_counts, box_sessions, calls, device_changes, presence, records, selftests, visit_ends
from server.ingest.rows import kind_of
from server.ingest.times import local
from server.integrity.chains import Problem
from server.integrity.meanings import MOVED_MS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from zoneinfo import ZoneInfo

    from sqlalchemy import Connection, Table

    Noting = Call | BoxCount | DeviceChange | SelfTest

NOTING: Final = (Call, BoxCount, DeviceChange, SelfTest)
BESIDE: Final = (VisitEnd, Presence, *NOTING)
_TABLES: Final = {"call": calls, "box": box_counts, "device": device_changes, "selftest": selftests}
_AT_ONCE: Final = 2_000


class Noted(NamedTuple):
    """One such record: whose, when it came, the mode of its context where that is known, and whether its clock was right.

    A clock is right where the same one, not set since, was believed a moment before.
    """

    record: VisitEnd | Presence | Noting
    kiosk: str
    received_ms: int
    mode: str | None
    right: bool


@dataclass(slots=True)
class _Arrivals:
    """How often somebody came up to a kiosk: in all, and on the days of which its clock leaves no doubt."""

    total: int = 0
    sure: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class Beside:
    """What was walked so far. Days were reckoned by `zone` since `zone_since_ms`; `sites` are the ids of all."""

    zone: ZoneInfo
    zone_since_ms: int
    sites: Collection[int]
    problems: list[Problem] = field(default_factory=list)
    _ended: set[bytes] = field(default_factory=set)
    _arrivals: defaultdict[str, _Arrivals] = field(default_factory=lambda: defaultdict(_Arrivals))

    def compare(self, connection: Connection, noted: Sequence[Noted]) -> None:
        """Compare some records, in the order in which they came, with the rows that they mean."""
        self._compare_ends(connection, [one for one in noted if isinstance(one.record, VisitEnd)])
        for one in noted:
            if isinstance(one.record, Presence):
                self._add(one, one.record)
        for kind, table in _TABLES.items():
            mine = [one for one in noted if isinstance(one.record, NOTING) and kind_of(one.record) == kind]
            query = select(table).where(table.c.record.in_([one.record.id for one in mine]))
            there = {row["record"]: row for row in connection.execute(query).mappings()} if mine else {}
            for one in mine:
                self._complain(one, self._wrong_in(one, there.get(one.record.id)))

    def rest(self, connection: Connection) -> list[Problem]:
        """Give every problem, once all records were compared: also the rows that no kiosk sent, and the counts of arrivals."""
        return [*self.problems, *_rows_without_record(connection), *self._ends_without_record(connection), *self._miscounted(connection)]

    def _compare_ends(self, connection: Connection, noted: Sequence[Noted]) -> None:
        visits = [one.record.visit for one in noted if isinstance(one.record, VisitEnd)]
        e = visit_ends.c
        there = (
            {row["visit"]: row for row in connection.execute(select(visit_ends).where(e.visit.in_(visits))).mappings()} if visits else {}
        )
        for one in noted:
            if isinstance(one.record, VisitEnd) and one.record.visit.bytes not in self._ended:  # of several the first stands
                self._ended.add(one.record.visit.bytes)
                self._complain(one, self._wrong_in(one, there.get(one.record.visit)))

    def _wrong_in(self, one: Noted, row: Any) -> str:  # noqa: ANN401 - a row of any of the tables
        """Say what is wrong with a record's row; nothing where it holds."""
        if row is None:
            return "it came, and its row is missing"
        wrong = [name for name, value in _meant(one).items() if row[name] != value]
        if "mode" in row and row["mode"] not in {one.mode, str(Mode.LIVE)}:
            wrong.append("mode")
        if "site_id" in row and row["site_id"] not in self.sites:
            wrong.append("site_id")
        at = one.record.at
        if not 0 <= row["at_ms"] <= one.received_ms or (one.right and abs(row["at_ms"] - at.wall_ms) > MOVED_MS):
            wrong.append("at_ms")
        return f"the kiosk sent it otherwise: {', '.join(wrong)}" if wrong else ""

    def _complain(self, one: Noted, what: str) -> None:
        if what:
            self.problems.append(Problem(f"{kind_of(one.record)} {one.record.id} of {one.kiosk}", what))

    def _add(self, one: Noted, record: Presence) -> None:
        arrivals = self._arrivals[one.kiosk]
        arrivals.total += record.count
        if one.right and one.received_ms >= self.zone_since_ms:
            began_ms = record.at.wall_ms - record.length_s * 1000
            days = {local(began_ms + so_far_ms, self.zone).day for so_far_ms in (-MOVED_MS, MOVED_MS)}
            if len(days) == 1:
                arrivals.sure[days.pop()] += record.count

    def _miscounted(self, connection: Connection) -> Iterator[Problem]:
        """Compare the counts of arrivals: each kiosk's sum is that of its records, and each day has at least what is surely of it."""
        p = presence.c
        counted: defaultdict[str, dict[str, int]] = defaultdict(dict)
        for kiosk, day, count, least in connection.execute(
            select(p.kiosk, p.day, func.sum(p.count), func.min(p.count)).group_by(p.kiosk, p.day)
        ):
            counted[kiosk][day] = int(count)
            if least < 0:
                yield Problem(f"arrivals at {kiosk} on {day}", "a count is less than nothing")
        for kiosk in sorted(counted.keys() | self._arrivals.keys()):
            days, arrivals = counted.get(kiosk, {}), self._arrivals.get(kiosk, _Arrivals())
            if sum(days.values()) != arrivals.total:
                yield Problem(f"arrivals at {kiosk}", f"{sum(days.values())} are counted, and its records say {arrivals.total}")
            for day, least in sorted(arrivals.sure.items()):
                if days.get(day, 0) < least:
                    yield Problem(f"arrivals at {kiosk} on {day}", f"{days.get(day, 0)} are counted, and its records say {least}")

    def _ends_without_record(self, connection: Connection) -> Iterator[Problem]:
        query = select(visit_ends.c.visit, visit_ends.c.kiosk)
        for visit, kiosk in connection.execute(query, execution_options={"yield_per": _AT_ONCE}):
            if visit.bytes not in self._ended:
                yield Problem(f"end of visit {visit} of {kiosk}", "no kiosk sent it: there is no record of it")


def _meant(one: Noted) -> dict[str, Any]:
    """Give what a record's row has to say, by its columns; the rest is compared on its own."""
    match one.record:
        case VisitEnd() as end:
            return {"kiosk": one.kiosk, "outcome": str(end.outcome), "extra_presses": end.extra_presses}
        case Call() as call:
            own: dict[str, Any] = {"visit": call.visit}
        case BoxCount() as box:
            own = {"satisfied": box.satisfied, "dissatisfied": box.dissatisfied}
            own |= {"repeated_tickets": box.repeated, "foreign_tickets": box.foreign}
        case DeviceChange() as change:
            own = {"device": change.device, "fault": change.fault}
        case SelfTest() as test:
            own = {"attended": test.attended, "results": msgspec.json.encode(test.results, order="sorted").decode()}
        case _:
            own = {}
    return own | {"kiosk": one.kiosk, "received_ms": one.received_ms}


def _rows_without_record(connection: Connection) -> Iterator[Problem]:
    """Find rows that no kiosk sent; sums of ticket boxes come from a count on the page too."""
    counted = {f"{COUNTED_ON_PAGE}{number}" for number in connection.execute(select(box_sessions.c.id)).scalars()}
    for kind, table in _TABLES.items():
        for row in connection.execute(_unsent(kind, table), execution_options={"yield_per": _AT_ONCE}):
            if table is not box_counts or row.kiosk not in counted:
                yield Problem(f"{kind} {row.record} of {row.kiosk}", "no kiosk sent it: there is no record of it")


def _unsent(kind: str, table: Table) -> Any:  # noqa: ANN401 - rows of any of the tables
    query = select(table.c.record, table.c.kiosk).outerjoin(records, records.c.id == table.c.record)
    return query.where(func.coalesce(records.c.kind, "") != kind)
