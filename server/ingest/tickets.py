"""What scanned tickets and counted ticket boxes mean: tokens for 72 hours, votes that staff took back, and the counts themselves.

A box with a token is opened here and never stored, not even in quarantine. Which votes count is settled at the end of the transaction.
"""

from __future__ import annotations

import hashlib
import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

import msgspec
from sqlalchemy import bindparam, select

from feedback.records import BoxCount, Mode, TicketScan, Undo
from feedback.ticket_faults import MAX_AGE_H
from feedback.tickets import TicketToken
from server.db.bulk import insert_rows
from server.db.prepared import Prepared
from server.db.schema import box_counts, ticket_tokens, undone_visits, unsettled_visits
from server.fleet.day_keys import day_keys_of, gone_ms
from server.ingest.quarantine import Reason
from server.ingest.rows import New, of_kind
from server.ingest.times import TimeQuality

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from uuid import UUID
    from zoneinfo import ZoneInfo

    from server.ingest.rows import Arrival, StoredContext
    from server.ingest.times import Time
    from server.ingest.work import Delivery, Work

TICKET_KINDS: Final = frozenset({TicketScan, Undo, BoxCount})
_TOKEN: Final = re.compile(r"[0-9a-f]{32}")
_SCAN: Final = re.compile(rb'\[\s*"ticket"\s*,\s*"([0-9a-fA-F-]{32,36})"')
_TOKENS: Final = Prepared(
    lambda among: select(ticket_tokens.c.token).where(
        ticket_tokens.c.kiosk == bindparam("of_kiosk"), among(ticket_tokens.c.visit, "visits")
    )
)
_COUNTS: Final = ("satisfied", "dissatisfied", "repeated_tickets", "foreign_tickets")


def take_tickets(work: Work, delivery: Delivery, new: New, contexts: Mapping[int, StoredContext], arrival: Arrival) -> None:
    """Take in scans, undone votes and counts of boxes."""
    times = arrival.times
    scans = [(scan, body) for scan, body in of_kind(new, TicketScan) if scan.digest]
    if scans:
        late = {scan.id for scan, _ in scans if delivery.replayed or _may_be_erased(times[scan.id], arrival)}
        _keep_tokens(work, delivery, scans, late - delivery.batch.sealed.keys())
    undone = [(delivery.kiosk, undo.visit, times[undo.id].at_ms) for undo, _ in of_kind(new, Undo)]
    insert_rows(work.connection, undone_visits, ("kiosk", "visit", "at_ms"), undone, on_conflict="ON CONFLICT DO NOTHING")
    work.touched |= {(kiosk, visit) for kiosk, visit, _ in undone}
    rows = []
    for count, _ in of_kind(new, BoxCount):
        context = contexts.get(count.context)
        mode = context.mode if context else str(Mode.LIVE)
        counts = (count.satisfied, count.dissatisfied, count.repeated, count.foreign)
        at_ms = times[count.id].at_ms
        rows.append((count.id, delivery.kiosk, work.kiosks[delivery.kiosk].site_id, mode, *counts, at_ms, delivery.received_ms))
    insert_rows(work.connection, box_counts, ("record", "kiosk", "site_id", "mode", *_COUNTS, "at_ms", "received_ms"), rows)


def without_ticket_boxes(payload: bytes) -> bytes:
    """Empty the boxes of tickets in a message as it came, readable, cut off or not: what is set aside is kept longer than they may be."""
    for id_ in set(_SCAN.findall(payload)):
        payload = re.sub(rb'(?i)("' + id_ + rb'"\s*:\s*)"[^"]*("|\Z)', rb'\1""', payload)
    return payload


def _keep_tokens(work: Work, delivery: Delivery, scans: list[tuple[TicketScan, bytes]], late: Collection[UUID]) -> None:
    """Keep the tokens of tickets for as long as their day's key; of several scans of one visit the one that was made first.

    `late` are the scans whose boxes the kiosk has erased in time. With these, and where the key is gone, nothing is wrong but the time:
    such a vote counts, and is known as one whose ticket nobody can compare with others any more.
    """
    days = day_keys_of(work.connection)
    rows: dict[UUID, tuple[str, UUID, UUID, str, str]] = {}
    unsettled = {scan.visit for scan, _ in scans if scan.id in late}
    for scan, body in sorted(scans, key=lambda found: found[0].id, reverse=True):
        ticket = None if scan.id in late else _open(work, delivery, scan, body)
        if ticket is None:
            continue
        if ticket.day in days:
            rows[scan.visit] = (delivery.kiosk, scan.visit, scan.id, ticket.day, ticket.token)
        elif _is_over(ticket.day, delivery, work.zone):
            unsettled.add(scan.visit)
        else:
            work.notes.append(delivery.note(Reason.BAD_TICKET, f"the ticket of scan {scan.id} is of a day that has no key", body))
    said = [(delivery.kiosk, visit, delivery.received_ms) for visit in unsettled - rows.keys()]
    insert_rows(work.connection, unsettled_visits, ("kiosk", "visit", "received_ms"), said, on_conflict="ON CONFLICT DO NOTHING")
    _replace_tokens(work, delivery, rows)


def _replace_tokens(work: Work, delivery: Delivery, rows: Mapping[UUID, tuple[str, UUID, UUID, str, str]]) -> None:
    if not rows:
        return
    # A ticket that gives way to one scanned before it is free again for other votes.
    work.tokens |= {token for (token,) in _TOKENS.rows(work.connection, of_kiosk=delivery.kiosk, visits=list(rows))}
    work.touched |= {(delivery.kiosk, visit) for visit in rows}
    columns = ("kiosk", "visit", "record", "day", "token")
    said = ", ".join(f"{name} = excluded.{name}" for name in columns[2:])
    replaced = f"ON CONFLICT (kiosk, visit) DO UPDATE SET {said} WHERE excluded.record < ticket_tokens.record"
    insert_rows(work.connection, ticket_tokens, columns, [*rows.values()], on_conflict=replaced)


def _may_be_erased(scanned: Time, arrival: Arrival) -> bool:
    """Tell whether a kiosk may have erased the box of a scan in time: the ticket may have been as old then as any may be."""
    if scanned.quality == TimeQuality.UNKNOWN:
        return True
    day = datetime.fromtimestamp(scanned.at_ms / 1000, arrival.zone).date() - timedelta(hours=MAX_AGE_H)
    return gone_ms(day.isoformat(), arrival.zone) <= arrival.received_ms


def _is_over(day: str, delivery: Delivery, zone: ZoneInfo) -> bool:
    try:
        return gone_ms(day, zone) <= delivery.received_ms
    except (ValueError, OverflowError):
        return False


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
