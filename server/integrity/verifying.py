"""Verifies the whole database: chains, roots of days, votes against their records, counts against votes, the audit log. Reads only."""

from __future__ import annotations

from bisect import bisect_right
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import msgspec
from sqlalchemy import func, select

from server.audit.verifying import verify_audit
from server.db.schema import records
from server.integrity.chains import Problem, count_records, verify_chains
from server.integrity.drawn import verify_drawn
from server.integrity.merkle import root_of
from server.integrity.roots import PURPOSE, DayRoot, Root, all_roots, leaves_of
from server.ratings import rollups

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import Connection


_AT_ONCE: Final = 5_000


def count_steps(connection: Connection) -> int:
    """Give how many records there are to walk in all; each is walked thrice, and those in no chain twice."""
    return count_records(connection) + 2 * connection.execute(select(func.count()).select_from(records)).scalar_one()


def verify(
    connection: Connection, is_signed: Callable[[bytes, bytes], bool], on_step: Callable[[int], None] = lambda _count: None
) -> list[Problem]:
    """Verify everything, in a connection that sees one moment.

    `is_signed(data, signature)` tells whether this server signed it, `on_step` hears of records that were walked.
    """
    return [
        *verify_chains(connection, on_step),
        *_verify_roots(connection, is_signed),
        *verify_drawn(connection, on_step),
        *_verify_counts(connection),
        *(Problem(*found) for found in verify_audit(connection, _audit_heads(connection))),
    ]


def _audit_heads(connection: Connection) -> dict[str, tuple[int, bytes]]:
    """Give by day how long the audit log was by its root, and the hash over it; what cannot be read is found elsewhere."""
    heads = {}
    for root in all_roots(connection):
        with suppress(msgspec.DecodeError, ValueError):
            document = msgspec.json.decode(root.signed().document, type=DayRoot)
            if document.audit:
                heads[root.day] = document.audit_lines, bytes.fromhex(document.audit)
    return heads


def _verify_counts(connection: Connection) -> list[Problem]:
    return [
        Problem(f"{one.table} {', '.join(map(str, one.key))}", f"it counts {one.stored}, and the votes say {one.counted}")
        for one in rollups.compare(connection)
    ]


def _verify_roots(connection: Connection, is_signed: Callable[[bytes, bytes], bool]) -> list[Problem]:
    problems, before, roots = list[Problem](), None, all_roots(connection)
    for root in roots:
        where = f"day {root.day}"
        problems += [Problem(where, what) for what in _document_problems(root, before, is_signed)]
        leaves, _ = leaves_of(connection, 0 if before is None else before.last_n, root.from_ms, root.until_ms)
        if len(leaves) != root.size:
            problems.append(Problem(where, f"its root was made of {root.size} records, and {len(leaves)} are here"))
        elif root_of([hashed for _, hashed in leaves]) != root.root:
            problems.append(Problem(where, "one of its records is not what its root was made of"))
        before = root
    return problems + _uncovered(connection, roots)


def _uncovered(connection: Connection, roots: Sequence[Root]) -> list[Problem]:
    """Find records that were received before the last closed day ended and are under no root."""
    if not roots:
        return []
    begins, after = [root.from_ms for root in roots], [0, *(root.last_n for root in roots)]
    r, problems = records.c, []
    query = select(r.id, r.kiosk, r.n, r.received_ms).where(r.received_ms < roots[-1].until_ms).order_by(r.n)
    for row in connection.execute(query, execution_options={"yield_per": _AT_ONCE}):
        place = bisect_right(begins, row.received_ms) - 1
        if place < 0 or row.received_ms >= roots[place].until_ms or row.n <= after[place]:
            problems.append(Problem(f"record {row.id} of {row.kiosk}", "it was received on a day that is closed, and no root covers it"))
    return problems


def _document_problems(root: Root, before: Root | None, is_signed: Callable[[bytes, bytes], bool]) -> list[str]:
    try:
        signed = root.signed()
        document, signature = msgspec.json.decode(signed.document, type=DayRoot), bytes.fromhex(signed.signature)
    except (msgspec.DecodeError, ValueError):
        return ["its root cannot be read"]
    kept = (root.day, root.from_ms, root.until_ms, root.size, root.root.hex(), "" if before is None else before.root.hex())
    problems = []
    if not is_signed(signed.signed_bytes(PURPOSE), signature):
        problems.append("its root is not signed by this server's key")
    if kept != (document.day, document.from_ms, document.until_ms, document.size, document.root, document.previous):
        problems.append("its root is not the one that was signed, or the day before it is another one")
    return problems
