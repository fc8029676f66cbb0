"""Looks lines of the audit log up, for people: a page of the newest, or all that a filter lets through. Reads only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec
from sqlalchemy import select

from server.audit.log import Line
from server.db.schema import audit, users

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Row, Select

PAGE: Final = 100


class Wanted(NamedTuple):
    """Which lines: of an account, of an act, from and until a moment (ms since 1970 UTC), before a number; None for all."""

    account: int | None = None
    act: str | None = None
    from_ms: int | None = None
    until_ms: int | None = None
    before: int | None = None


class Shown(NamedTuple):
    """A line with the login of its account, empty where the account is gone or there is none."""

    line: Line
    login: str

    @property
    def facts(self) -> dict[str, str]:
        """What else is known."""
        return msgspec.json.decode(self.line.facts, type=dict[str, str])


def page_of(connection: Connection, wanted: Wanted) -> list[Shown]:
    """Give the newest lines of those that are wanted, one more than a page where there are older ones."""
    return [_shown(row) for row in connection.execute(_query(wanted).limit(PAGE + 1))]


def all_of(connection: Connection, wanted: Wanted) -> Iterator[Shown]:
    """Give all that are wanted, the newest first."""
    return (_shown(row) for row in connection.execute(_query(wanted), execution_options={"yield_per": 1_000}))


def _query(wanted: Wanted) -> Select[Any]:
    a = audit.c
    query = select(*(a[name] for name in Line._fields), users.c.login).select_from(audit.outerjoin(users, users.c.id == a.account))
    kept = {a.account: wanted.account, a.act: wanted.act}
    query = query.where(*(column == value for column, value in kept.items() if value is not None))
    if wanted.from_ms is not None:
        query = query.where(a.at_ms >= wanted.from_ms)
    if wanted.until_ms is not None:
        query = query.where(a.at_ms < wanted.until_ms)
    if wanted.before is not None:
        query = query.where(a.n < wanted.before)
    return query.order_by(a.n.desc())


def _shown(row: Row[Any]) -> Shown:
    return Shown(Line._make(row[:-1]), row[-1] or "")
