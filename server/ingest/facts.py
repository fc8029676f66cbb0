"""What the queue says of tickets, given to the votes that were cast with them: those that are there, and those that come later."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple

from sqlalchemy import select

from server.db.bulk import insert_rows
from server.db.schema import sites, ticket_facts, ticket_tokens
from server.fleet.day_keys import day_keys_of
from server.ingest.settling import settle
from server.ratings.rollups import Deltas

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from sqlalchemy import Connection

_EACH: Final = 5000  # so that no statement has more parameters than a database takes
_FEW: Final = 500


class TicketFacts(NamedTuple):
    """What the queue says of one ticket: which desk and which clerk served it, and for what. What it does not say is None."""

    token: str
    day: str
    desk_id: int | None = None
    service_id: int | None = None
    clerk_id: int | None = None


def apply_queue_facts(connection: Connection, facts: Collection[TicketFacts]) -> None:
    """Give votes the desk, service and clerk that the queue names, and move the rollups; do the same for votes that come later.

    Facts of days whose key was erased are passed over. What was said before and is not said again stays. On PostgreSQL ingest waits until
    the transaction ends: call this last.
    """
    connection.execute(select(sites.c.id).order_by(sites.c.id).with_for_update(key_share=True)).all()
    days = day_keys_of(connection)
    rows = iter({fact.token: fact for fact in facts if fact.day in days}.values())
    names = [name for name in TicketFacts._fields if name not in {"token", "day"}]
    kept = ", ".join(f"{name} = coalesce(excluded.{name}, ticket_facts.{name})" for name in names)
    held = _held(connection, days) if len(facts) > _FEW else None
    deltas = Deltas()
    while some := list(islice(rows, _EACH)):
        insert_rows(connection, ticket_facts, TicketFacts._fields, some, on_conflict=f"ON CONFLICT (token) DO UPDATE SET {kept}")
        settle(connection, (), [fact.token for fact in some if held is None or fact.token in held], deltas)
    deltas.apply(connection)


def _held(connection: Connection, days: Iterable[str]) -> set[str]:
    """Give the tickets of these days with which somebody has voted: to ask once costs less than to look for every one of an export."""
    return set(connection.execute(select(ticket_tokens.c.token).where(ticket_tokens.c.day.in_(days))).scalars())
