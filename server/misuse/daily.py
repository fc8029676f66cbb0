"""Judges the votes of closed days, terminal by terminal: in the night after each, and again where votes of it came later.

What it costs is bounded by the votes of the day. Doing it again changes nothing; what a person has undone stays undone.
"""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

import msgspec
from sqlalchemy import and_, case, func, select

from feedback.hours import Span
from feedback.questionnaire import ANSWERS
from feedback.records import Channel
from server.db.bulk import insert_rows
from server.db.centre import zone_of
from server.db.engine import reading, writing
from server.db.schema import (
    device_changes,
    kiosks,
    misuse_days,
    misuse_runs,
    rollup_day,
    ticket_tokens,
    votes,
)
from server.fleet.day_keys import gone_ms
from server.fleet.spans import outages, site_hours
from server.ingest.settling import Flag
from server.ingest.times import local
from server.integrity.roots import DUE_MS, bounds_of
from server.misuse.habits import Summary, habits_of, peaks, summarise
from server.misuse.parameters import HISTORY_DAYS
from server.misuse.rules import judge
from server.misuse.seen import Cast, Day
from server.misuse.store import hold_sites, keep

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from zoneinfo import ZoneInfo

    from sqlalchemy import Connection, Engine

    from server.misuse.seen import Found, Habits

log = logging.getLogger(__name__)
_FIRST_DAYS: Final = 14
"""So far back the first run looks: older votes were talked about long ago."""
_SCANNER: Final = "scanner"
_REPLACED: Final = "ON CONFLICT (day, kiosk) DO UPDATE SET summary = excluded.summary"


def run_due(engine: Engine, now_ms: int) -> dict[str, int]:
    """Judge the closed days that votes have come for since the last run; give how many findings are new, by day.

    Raises:
        DatabaseUnavailableError: the database is away; do the same again later.
    """
    with reading(engine) as connection:
        zone = zone_of(connection)
        today = date.fromisoformat(local(now_ms - DUE_MS, zone).day)
        until_ms = bounds_of(today, zone)[0]
        since_ms = connection.execute(select(func.max(misuse_runs.c.until_ms))).scalar()
        if since_ms is not None and since_ms >= until_ms:
            return {}
        first = (today - timedelta(days=_FIRST_DAYS)).isoformat() if since_ms is None else ""
        since_ms = bounds_of(today - timedelta(days=_FIRST_DAYS), zone)[0] if since_ms is None else since_ms
        v = votes.c
        came = select(v.day).distinct().where(v.released_ms >= since_ms, v.day < today.isoformat(), v.day >= first).order_by(v.day)
        days = list(connection.execute(came).scalars())
    made = {day: run_day(engine, day, now_ms) for day in days}
    with writing(engine) as connection:
        insert_rows(connection, misuse_runs, ("until_ms", "ran_ms"), [(until_ms, now_ms)], on_conflict="ON CONFLICT DO NOTHING")
    return made


def run_day(engine: Engine, day: str, now_ms: int) -> int:
    """Judge one day (ISO), terminal by terminal; give how many findings are new."""
    with reading(engine) as connection:
        zone = zone_of(connection)
        terminals = _terminals(connection, date.fromisoformat(day), zone, now_ms)
    count = 0
    for kiosk, there in terminals.items():
        results = judge(there)
        with writing(engine) as connection:
            if results:
                hold_sites(connection)
                count += keep(connection, day, kiosk, results, now_ms)
            _sum_up(connection, day, kiosk, there, results, bounds_of(date.fromisoformat(day), zone)[0])
    return count


def _sum_up(connection: Connection, day: str, kiosk: str, there: Day, results: Sequence[Found], midnight_ms: int) -> None:  # noqa: PLR0913, PLR0917
    """Keep what the day was like without what was found in it."""
    doubted = {cast.visit for one in results for cast in one.casts}
    summary = summarise([cast for cast in there.casts if cast.visit not in doubted], midnight_ms)
    insert_rows(
        connection, misuse_days, ("day", "kiosk", "summary"), [(day, kiosk, msgspec.json.encode(summary).decode())], on_conflict=_REPLACED
    )


def _terminals(connection: Connection, day: date, zone: ZoneInfo, now_ms: int) -> dict[str, Day]:
    """Give every terminal's day."""
    casts = _casts(connection, day, zone, now_ms)
    known = {row.id: row for row in connection.execute(select(kiosks.c.id, kiosks.c.site_id, kiosks.c.desk_id))}
    midnight_ms, ends_ms = bounds_of(day, zone)
    openings = site_hours(connection)
    away = outages(connection, midnight_ms, min(ends_ms, now_ms))
    unread = _unread(connection, midnight_ms, ends_ms)
    habits = _habits(connection, day, known)
    found = {}
    for kiosk, row in known.items():
        own = habits[kiosk]
        opens = Span(midnight_ms, ends_ms) if (opening := openings[row.site_id]) is None else opening.span(day)
        others = [one for one in known.values() if one.site_id == row.site_id and one.id != kiosk]
        found[kiosk] = Day(
            casts=casts.get(kiosk, ()),
            habits=own,
            open=opens,
            missing=[span for span in away.get(kiosk, ()) if any(_works(away.get(one.id, ()), span) for one in others)],
            unread=unread.get(kiosk, ()),
            peak=[] if opens is None else peaks(own, midnight_ms),
        )
    return {kiosk: there for kiosk, there in found.items() if there.casts or there.missing}


def _works(away: Sequence[Span], span: Span) -> bool:
    """Tell whether a terminal works in the middle of a time."""
    middle = (span.from_ms + span.until_ms) // 2
    return not any(one.from_ms <= middle < one.until_ms for one in away)


def _casts(connection: Connection, day: date, zone: ZoneInfo, now_ms: int) -> dict[str, list[Cast]]:
    """Give what was cast at each terminal, in the order of time. What was flagged for another reason is none of the rules' business."""
    v, t = votes.c, ticket_tokens.c
    is_known = gone_ms(day.isoformat(), zone) > now_ms
    scanned = and_(t.kiosk == v.kiosk, t.visit == v.visit)
    query = select(
        v.kiosk, v.visit, v.desk_id, v.at_ms, v.time_error_ms, v.answer, case((t.token.is_not(None), True), else_=False)
    ).outerjoin(ticket_tokens, scanned)
    counted = v.flag.in_((Flag.COUNTS.value, Flag.MISUSE.value))
    rows = connection.execute(query.where(v.day == day.isoformat(), v.channel == str(Channel.KIOSK), counted).order_by(v.at_ms, v.id))
    casts = defaultdict(list)
    for kiosk, *seen in rows:
        cast = Cast(*seen)
        casts[kiosk].append(cast if is_known else cast._replace(ticket=None))
    return casts


def _habits(connection: Connection, day: date, known: Iterable[str]) -> dict[str, Habits]:
    """Give each terminal's habits by the days before."""
    first, last = ((day - timedelta(days=ago)).isoformat() for ago in (HISTORY_DAYS, 1))
    d, r = misuse_days.c, rollup_day.c
    days: dict[str, list[Summary]] = defaultdict(list)
    for kiosk, summary in connection.execute(select(d.kiosk, d.summary).where(d.day.between(first, last))):
        days[kiosk].append(msgspec.json.decode(summary, type=Summary))
    sums = [func.sum(r[answer]) for answer in ANSWERS]
    answers = {
        row[0]: Counter(dict(zip(ANSWERS, row[1:], strict=True)))
        for row in connection.execute(select(r.desk_id, *sums).where(r.day.between(first, last)).group_by(r.desk_id))
    }
    return {kiosk: habits_of(days[kiosk], answers) for kiosk in known}


def _unread(connection: Connection, from_ms: int, until_ms: int) -> dict[str, list[Span]]:
    """Give when each terminal's scanner was out of order; what it said on the two days before still holds in the morning."""
    c = device_changes.c
    since_ms = from_ms - 2 * (until_ms - from_ms)
    query = select(c.kiosk, c.fault, c.at_ms).where(c.device == _SCANNER, c.at_ms.between(since_ms, until_ms)).order_by(c.at_ms)
    spans: dict[str, list[Span]] = defaultdict(list)
    began: dict[str, int] = {}
    for kiosk, fault, at_ms in connection.execute(query):
        if fault:
            began.setdefault(kiosk, at_ms)
        elif kiosk in began:
            spans[kiosk].append(Span(began.pop(kiosk), at_ms))
    for kiosk, at_ms in began.items():
        spans[kiosk].append(Span(at_ms, until_ms))
    return spans
