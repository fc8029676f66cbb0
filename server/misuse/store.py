"""Findings and what became of them: made, listed and undone, with who, when and why. Each moves the flags of its votes and their counts.

Whoever writes here holds the sites first, as ingest does, so that no vote changes meanwhile.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec
from sqlalchemy import and_, func, insert, select, text, update

from server.db.bulk import insert_rows
from server.db.schema import NO_DESK, desks, kiosks, misuse_findings, misuse_flags, sites, votes
from server.errors import MisuseError
from server.ingest.settling import Flag, settle
from server.misuse.seen import Rule
from server.queue.problems import N_
from server.ratings.rollups import Deltas

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from uuid import UUID

    from sqlalchemy import ColumnElement, Connection

    from server.misuse.seen import Found
    from server.ratings.queries import Scope

SHOWN: Final = 200
"""How many findings are listed, the newest first."""
MAX_REASON: Final = 500
NO_REASON: Final = N_("Write why, in 500 characters at most.")
NO_FINDING: Final = N_("There is no such finding, or it was undone before.")
NO_VOTES: Final = N_("There is no vote of this desk in that time.")
_f, _g = misuse_findings.c, misuse_flags.c

Visit = tuple[str, "UUID"]


class Finding(NamedTuple):
    """A finding as lists show it: `votes` that it flags, `kiosk`, `site` and `desk` by their names, "" where there is none."""

    id: int
    rule: Rule
    day: str
    kiosk: str
    site: str
    desk: str
    from_ms: int
    until_ms: int
    facts: Mapping[str, float]
    votes: int
    found_ms: int
    found_by: str
    reason: str
    undone_ms: int | None
    undone_by: str | None
    undone_reason: str | None


class Word(NamedTuple):
    """What a person says about votes: who, when and why."""

    by: str
    at_ms: int
    reason: str

    def checked(self) -> Word:
        """Give it with a reason.

        Raises:
            MisuseError: it has none, or a very long one.
        """
        reason = self.reason.strip()
        if not 0 < len(reason) <= MAX_REASON or "\0" in reason:
            raise MisuseError(NO_REASON)
        return self._replace(reason=reason)


def hold_sites(connection: Connection) -> None:
    """Wait for who takes records in or judges, and let nobody else do so until the transaction ends."""
    connection.execute(select(sites.c.id).order_by(sites.c.id).with_for_update(key_share=True)).all()


def keep(connection: Connection, day: str, kiosk: str, results: Sequence[Found], now_ms: int) -> int:
    """Keep what the rules have found at a terminal; give how many findings are new.

    A visit that the same rule has found before is left as it is: still flagged, or undone by a person.
    """
    before = _found_before(connection, day, kiosk)
    count = 0
    for one in results:
        known = before.get(one.rule)
        casts = [cast for cast in one.casts if known is None or cast.visit not in known]
        if (one.casts and not casts) or (not one.casts and known is not None):
            continue
        stand = {cast.desk_id for cast in casts}
        desk_id = stand.pop() if len(stand) == 1 else NO_DESK
        place = connection.execute(select(kiosks.c.site_id, kiosks.c.desk_id).where(kiosks.c.id == kiosk)).first()
        if place is None:
            continue
        values = {"rule": one.rule.value, "day": day, "kiosk": kiosk, "site_id": place.site_id, "found_ms": now_ms}
        values |= {"desk_id": desk_id or place.desk_id or NO_DESK, "from_ms": one.span.from_ms, "until_ms": one.span.until_ms}
        facts = dict(one.facts) | ({"votes": len(casts)} if casts else {})
        _make(connection, values | {"facts": msgspec.json.encode(facts).decode()}, [(kiosk, cast.visit) for cast in casts])
        count += 1
    return count


def flag_by_hand(connection: Connection, desk_id: int, span: tuple[int, int], day: str, word: Word) -> int:
    """Flag the votes of a desk between two moments of a day, and give how many these are.

    Raises:
        MisuseError: there are none, or the reason is missing.
    """
    word = word.checked()
    hold_sites(connection)
    v = votes.c
    within = and_(v.day == day, v.desk_id == desk_id, v.at_ms.between(*span), v.flag.in_((Flag.COUNTS.value, Flag.MISUSE.value)))
    found = connection.execute(select(v.kiosk, v.visit, v.site_id).where(within)).all()
    if not found:
        raise MisuseError(NO_VOTES)
    values = {"rule": Rule.BY_HAND.value, "day": day, "kiosk": "", "site_id": found[0].site_id, "desk_id": desk_id, "facts": "{}"}
    values |= {"from_ms": span[0], "until_ms": span[1], "found_ms": word.at_ms, "found_by": word.by, "reason": word.reason}
    _make(connection, values, [(row.kiosk, row.visit) for row in found])
    return len(found)


def undo(connection: Connection, number: int, word: Word) -> None:
    """Let the votes of a finding count again, unless another finding stands that names them.

    Raises:
        MisuseError: no such finding stands, or the reason is missing.
    """
    word = word.checked()
    hold_sites(connection)
    undone = {"undone_ms": word.at_ms, "undone_by": word.by, "undone_reason": word.reason}
    if not connection.execute(update(misuse_findings).where(_f.id == number, _f.undone_ms.is_(None)).values(**undone)).rowcount:
        raise MisuseError(NO_FINDING)
    _settle(connection, [(row.kiosk, row.visit) for row in connection.execute(select(_g.kiosk, _g.visit).where(_g.finding == number))])


def list_findings(connection: Connection, scope: Scope) -> list[Finding]:
    """Give the findings of a scope, those that stand before those that were undone, the newest first."""
    within: list[ColumnElement[bool]] = [_f.day.between(scope.period.first.isoformat(), scope.period.last.isoformat())]
    within += [_f.site_id == scope.site_id] if scope.site_id is not None else []
    count = select(func.count()).where(_g.finding == _f.id).scalar_subquery()
    named = (func.coalesce(kiosks.c.name, _f.kiosk), sites.c.name, func.coalesce(desks.c.number, ""))
    query = select(_f.id, _f.rule, _f.day, *named, _f.from_ms, _f.until_ms, _f.facts, count, *_SAID).join(sites, sites.c.id == _f.site_id)
    query = query.outerjoin(desks, desks.c.id == _f.desk_id).outerjoin(kiosks, kiosks.c.id == _f.kiosk).where(*within)
    rows = connection.execute(query.order_by(_f.undone_ms.is_not(None), _f.day.desc(), _f.id.desc()).limit(SHOWN))
    found = [Finding._make(row) for row in rows]
    return [one._replace(rule=Rule(one.rule), facts=msgspec.json.decode(str(one.facts))) for one in found]


_SAID: Final = (_f.found_ms, _f.found_by, _f.reason, _f.undone_ms, _f.undone_by, _f.undone_reason)


def flagged_by_desk(connection: Connection, scope: Scope) -> dict[int, int]:
    """Give how many votes of each desk do not count because of misuse."""
    v, period = votes.c, scope.period
    few = text("votes.flag <> ''")  # said as the index of the few says it
    query = select(v.desk_id, func.count()).where(few, v.flag == Flag.MISUSE.value).group_by(v.desk_id)
    query = query.where(v.day.between(period.first.isoformat(), period.last.isoformat()))
    if scope.site_id is not None:
        query = query.where(v.site_id == scope.site_id)
    return {int(desk_id): int(count) for desk_id, count in connection.execute(query)}


def standing(connection: Connection) -> set[Visit]:
    """Give every visit that a finding names which stands."""
    query = select(_g.kiosk, _g.visit).join_from(misuse_flags, misuse_findings).where(_f.undone_ms.is_(None))
    return {(row.kiosk, row.visit) for row in connection.execute(query)}


def _found_before(connection: Connection, day: str, kiosk: str) -> dict[Rule, set[UUID]]:
    query = select(_f.rule, _g.visit).outerjoin_from(misuse_findings, misuse_flags).where(_f.day == day, _f.kiosk == kiosk)
    before: dict[Rule, set[UUID]] = {}
    for rule, visit in connection.execute(query):
        before.setdefault(Rule(rule), set()).add(visit)
    return before


def _make(connection: Connection, values: dict[str, Any], visits: Collection[Visit]) -> None:
    number = connection.execute(insert(misuse_findings).values(**values).returning(_f.id)).scalar_one()
    insert_rows(connection, misuse_flags, ("finding", "kiosk", "visit"), [(number, *visit) for visit in sorted(visits)])
    _settle(connection, visits)


def _settle(connection: Connection, visits: Collection[Visit]) -> None:
    deltas = Deltas()
    settle(connection, visits, (), deltas)
    deltas.apply(connection)
