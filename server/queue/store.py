"""The statements about what the queue says: its tickets while they may be named, and the counts that stay."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, func, select, text

from server.db.bulk import insert_rows
from server.db.schema import clerks, day_keys, desks, queue_days, queue_hours, queue_tickets, services, sites
from server.queue.cells import COUNTS, Cell
from server.queue.names import Named
from server.queue.ticket import Said

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from sqlalchemy import Connection

_LOCK: Final = 0x51554555
_KEY_BYTES: Final = 32
_FEW: Final = 500
_TICKET: Final = ("token", "day", "site_id", *Said._fields)
_AGAIN: Final = "ON CONFLICT (token) DO UPDATE SET " + ", ".join(f"{name} = excluded.{name}" for name in Said._fields)
_ADD: Final = f"ON CONFLICT ({', '.join(Cell._fields)}) DO UPDATE SET " + ", ".join(
    f"{name} = queue_hours.{name} + excluded.{name}" for name in COUNTS
)
_DAY: Final = ("site_id", "day", "tickets", "pushed", "whole", "changed_ms")
_DAY_AGAIN: Final = "ON CONFLICT (site_id, day) DO UPDATE SET " + ", ".join(f"{name} = excluded.{name}" for name in _DAY[2:])


def hold(connection: Connection, site_id: int) -> None:
    """Let one word of a site's queue be taken at a time; on SQLite only one transaction writes anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock, :site)"), {"lock": _LOCK, "site": site_id})


def day_keys_for(connection: Connection, days: Collection[str]) -> dict[str, bytes]:
    """Give the key of each of these days, whose 72 hours are not over; one that nobody has made yet is made.

    Without it a ticket would be counted in a sum now, and once more when its day has a key.
    """
    rows = [(day, secrets.token_bytes(_KEY_BYTES)) for day in sorted(days)]
    insert_rows(connection, day_keys, ("day", "key"), rows, on_conflict="ON CONFLICT (day) DO NOTHING")
    query = select(day_keys.c.day, day_keys.c.key).where(day_keys.c.day.in_(days))
    return {row.day: bytes(row.key) for row in connection.execute(query)}


def list_sites(connection: Connection) -> dict[str, int]:
    """Give the id of every site, by key."""
    return {row.key: row.id for row in connection.execute(select(sites.c.key, sites.c.id))}


def list_desks(connection: Connection, site_id: int) -> list[Named]:
    """Give the desks of a site."""
    query = select(desks.c.id, desks.c.key, desks.c.number, desks.c.name).where(desks.c.site_id == site_id).order_by(desks.c.id)
    return [Named(*row) for row in connection.execute(query)]


def list_services(connection: Connection) -> list[Named]:
    """Give the services."""
    query = select(services.c.id, services.c.key, services.c.name).order_by(services.c.id)
    return [Named(row.id, row.key, "", row.name) for row in connection.execute(query)]


def tickets_of(connection: Connection, site_id: int, days: Collection[str], tokens: Collection[str]) -> dict[str, Said]:
    """Give what is stored of these tickets, by token; of many, whatever is stored of their days."""
    t = queue_tickets.c
    query = select(t.token, *(t[name] for name in Said._fields)).where(t.site_id == site_id)
    query = query.where(t.token.in_(tokens)) if len(tokens) <= _FEW else query.where(t.day.in_(days))
    return {row[0]: Said(*row[1:]) for row in connection.execute(query)}


def write_tickets(connection: Connection, site_id: int, tickets: Iterable[tuple[str, str, Said]]) -> None:
    """Store tickets (token, day, what was said), new ones and such as are known."""
    insert_rows(connection, queue_tickets, _TICKET, [(token, day, site_id, *said) for token, day, said in tickets], on_conflict=_AGAIN)


def add_counts(connection: Connection, site_id: int, rows: Sequence[tuple[Any, ...]]) -> None:
    """Add to the counts of the cells that these rows name."""
    insert_rows(connection, queue_hours, (*Cell._fields, *COUNTS), rows, on_conflict=_ADD)
    days = sorted({row[0] for row in rows})
    h = queue_hours.c
    connection.execute(delete(queue_hours).where(h.site_id == site_id, h.day.in_(days), h.tickets == 0))


def counts_of(connection: Connection, site_id: int, day: str) -> list[tuple[Any, ...]]:
    """Give the cells of a day with their counts."""
    h = queue_hours.c
    query = select(*(h[name] for name in (*Cell._fields, *COUNTS))).where(h.site_id == site_id, h.day == day)
    return sorted(tuple(row) for row in connection.execute(query))


def replace_day(connection: Connection, site_id: int, day: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """Let a day's counts be these and no others."""
    h = queue_hours.c
    connection.execute(delete(queue_hours).where(h.site_id == site_id, h.day == day))
    insert_rows(connection, queue_hours, (*Cell._fields, *COUNTS), rows)


def days_of(connection: Connection, site_id: int, days: Collection[str]) -> dict[str, Any]:
    """Give what is known of these days, by day."""
    query = select(queue_days).where(queue_days.c.site_id == site_id, queue_days.c.day.in_(days))
    return {row.day: row for row in connection.execute(query)}


def write_days(connection: Connection, rows: Sequence[tuple[int, str, int, bool, bool, int]]) -> None:
    """Store how much is known of days: site, day, tickets, pushed, whole, changed_ms."""
    insert_rows(connection, queue_days, _DAY, rows, on_conflict=_DAY_AGAIN)


def clerk_ids(connection: Connection, keys: Collection[str]) -> dict[str, int]:
    """Give the id of every clerk, by key; those that are new are added under the name that the queue gives them."""
    if not keys:
        return {}
    insert_rows(connection, clerks, ("key", "name"), [(key, key) for key in sorted(keys)], on_conflict="ON CONFLICT (key) DO NOTHING")
    return {row.key: row.id for row in connection.execute(select(clerks.c.key, clerks.c.id))}


def count_tickets(connection: Connection, site_id: int, days: Collection[str]) -> Mapping[str, int]:
    """Count the stored tickets of days, by day."""
    t = queue_tickets.c
    query = select(t.day, func.count()).where(t.site_id == site_id, t.day.in_(days)).group_by(t.day)
    return {row[0]: row[1] for row in connection.execute(query)}
