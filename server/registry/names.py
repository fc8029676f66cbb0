"""What things were called on a day. A row keeps the name that holds now; each name before it is kept with the day on which it ended.

So nothing has to be looked up for today, and a page about May shows May's name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import select

from server.db.bulk import insert_rows
from server.db.schema import former_names

if TYPE_CHECKING:
    from datetime import date

    from sqlalchemy import Connection


class Name(NamedTuple):
    """A name; `number` is that of a desk, "" of everything else."""

    name: str
    number: str = ""


def remember(connection: Connection, kind: str, key: str, name: Name, today: date) -> None:
    """Keep a name that ends today. Of several on one day the first stays: it held on the days before."""
    values = (kind, key, today.isoformat(), *name)
    columns = ("kind", "key", "until", *Name._fields)
    insert_rows(connection, former_names, columns, [values], on_conflict="ON CONFLICT DO NOTHING")


def names_on(connection: Connection, kind: str, day: date) -> dict[str, Name]:
    """Give by key the names that held on a day and hold no more; whatever is not in here is called as it is now."""
    f = former_names.c
    query = select(f.key, f.name, f.number).where(f.kind == kind, f.until > day.isoformat()).order_by(f.until.desc())
    return {row.key: Name(row.name, row.number) for row in connection.execute(query)}  # the earliest end stays


def history(connection: Connection, kind: str, key: str) -> list[tuple[str, Name]]:
    """Give the former names of one thing, the latest first, each with the day on which it ended."""
    f = former_names.c
    query = select(f.until, f.name, f.number).where(f.kind == kind, f.key == key).order_by(f.until.desc())
    return [(row.until, Name(row.name, row.number)) for row in connection.execute(query)]
