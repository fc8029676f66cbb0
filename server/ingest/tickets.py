"""What scanned tickets and counted ticket boxes mean: tokens for 72 hours, votes that staff took back, and the counts themselves.

A box with a token is opened here and never stored, not even in quarantine. Which votes count is settled at the end of the transaction.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Final

import msgspec
from sqlalchemy import bindparam, select

from feedback.records import BoxCount, Mode, TicketScan, Undo
from feedback.tickets import TicketToken
from server.db.bulk import insert_rows
from server.db.schema import box_counts, ticket_tokens, undone_visits
from server.fleet.day_keys import day_keys_of
from server.ingest.quarantine import Reason
from server.ingest.rows import New, of_kind, time_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from server.ingest.rows import StoredContext
    from server.ingest.work import Delivery, Work

TICKET_KINDS: Final = frozenset({TicketScan, Undo, BoxCount})
_TOKEN: Final = re.compile(r"[0-9a-f]{32}")
_SCAN: Final = re.compile(rb'\["ticket","([0-9a-fA-F-]{36})"')
_TOKENS: Final = select(ticket_tokens.c.token).where(
    ticket_tokens.c.kiosk == bindparam("of_kiosk"), ticket_tokens.c.visit.in_(bindparam("visits", expanding=True))
)
_COUNTS: Final = ("satisfied", "dissatisfied", "repeated_tickets", "foreign_tickets")


def take_tickets(work: Work, delivery: Delivery, new: New, contexts: Mapping[int, StoredContext]) -> None:
    """Take in scans, undone votes and counts of boxes."""
    scans = [(scan, body) for scan, body in of_kind(new, TicketScan) if scan.digest]
    if scans:
        _keep_tokens(work, delivery, scans)
    arrival = delivery.arrival(work.zone)
    undone = [(delivery.kiosk, undo.visit, time_of(undo.at, contexts.get(undo.context), arrival).at_ms) for undo, _ in of_kind(new, Undo)]
    insert_rows(work.connection, undone_visits, ("kiosk", "visit", "at_ms"), undone, on_conflict="ON CONFLICT DO NOTHING")
    work.touched |= {(kiosk, visit) for kiosk, visit, _ in undone}
    rows = []
    for count, _ in of_kind(new, BoxCount):
        context = contexts.get(count.context)
        mode = context.mode if context else str(Mode.LIVE)
        counts = (count.satisfied, count.dissatisfied, count.repeated, count.foreign)
        at_ms = time_of(count.at, context, arrival).at_ms
        rows.append((count.id, delivery.kiosk, work.sites[delivery.kiosk], mode, *counts, at_ms, delivery.received_ms))
    insert_rows(work.connection, box_counts, ("record", "kiosk", "site_id", "mode", *_COUNTS, "at_ms", "received_ms"), rows)


def without_ticket_boxes(payload: bytes) -> bytes:
    """Empty the boxes of tickets in a message as it came, readable or not: what is set aside is kept longer than they may be."""
    for id_ in set(_SCAN.findall(payload)):
        payload = re.sub(rb'("' + id_ + rb'"\s*:\s*)"[^"]*"', rb'\1""', payload)
    return payload


def _keep_tokens(work: Work, delivery: Delivery, scans: list[tuple[TicketScan, bytes]]) -> None:
    """Keep the tokens of tickets for as long as their day's key; of several scans of one visit the one that was made first."""
    days = day_keys_of(work.connection)
    rows: dict[UUID, tuple[str, UUID, UUID, str, str]] = {}
    for scan, body in sorted(scans, key=lambda found: found[0].id, reverse=True):
        ticket = _open(work, delivery, scan, body)
        if ticket is not None and ticket.day not in days:
            work.notes.append(delivery.note(Reason.LATE_TICKET, f"the ticket of scan {scan.id} is of {ticket.day}: it is not kept", body))
        elif ticket is not None:
            rows[scan.visit] = (delivery.kiosk, scan.visit, scan.id, ticket.day, ticket.token)
    if not rows:
        return
    # A ticket that gives way to one scanned before it is free again for other votes.
    work.tokens |= set(work.connection.execute(_TOKENS, {"of_kiosk": delivery.kiosk, "visits": list(rows)}).scalars())
    work.touched |= {(delivery.kiosk, visit) for visit in rows}
    columns = ("kiosk", "visit", "record", "day", "token")
    said = ", ".join(f"{name} = excluded.{name}" for name in columns[2:])
    replaced = f"ON CONFLICT (kiosk, visit) DO UPDATE SET {said} WHERE excluded.record < ticket_tokens.record"
    insert_rows(work.connection, ticket_tokens, columns, [*rows.values()], on_conflict=replaced)


def _open(work: Work, delivery: Delivery, scan: TicketScan, body: bytes) -> TicketToken | None:
    """Open a scan's box; of one that cannot be opened only the fact is kept."""
    box = delivery.batch.sealed.get(scan.id)
    if box is None:
        fault = "did not come"
    elif hashlib.sha256(box).hexdigest() != scan.digest:
        fault = "is not the one that it names"
    else:
        opened = work.unseal(box)
        try:
            ticket = msgspec.json.decode(opened or b"", type=TicketToken)
        except (msgspec.DecodeError, UnicodeDecodeError):
            ticket = None
        if ticket is not None and _TOKEN.fullmatch(ticket.token):
            return ticket
        fault = "cannot be opened" if opened is None else "holds no token"
    work.notes.append(delivery.note(Reason.BAD_TICKET, f"the box of scan {scan.id} {fault}", body))
    return None
