"""Verifies the whole database: chains, the roots of days, and the votes against the records that they were drawn from. Reads only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import select

from feedback.records import RecordError, Vote, decode_body
from server.db.schema import COUNTED_ON_PAGE, records, votes
from server.integrity.chains import Problem, verify_chains
from server.integrity.merkle import root_of
from server.integrity.roots import PURPOSE, DayRoot, Root, all_roots, leaves_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

_AT_ONCE = 5_000


def verify(
    connection: Connection, is_signed: Callable[[bytes, bytes], bool], on_step: Callable[[int], None] = lambda _count: None
) -> list[Problem]:
    """Verify everything; `is_signed(data, signature)` tells whether this server signed it, `on_step` hears of records that were walked."""
    return [*verify_chains(connection, on_step), *_verify_roots(connection, is_signed), *_verify_votes(connection)]


def _verify_roots(connection: Connection, is_signed: Callable[[bytes, bytes], bool]) -> list[Problem]:
    problems, before = [], None
    for root in all_roots(connection):
        where = f"day {root.day}"
        problems += [Problem(where, what) for what in _document_problems(root, before, is_signed)]
        leaves, _ = leaves_of(connection, 0 if before is None else before.last_n, root.from_ms, root.until_ms)
        if len(leaves) != root.size:
            problems.append(Problem(where, f"its root was made of {root.size} records, and {len(leaves)} are here"))
        elif root_of([hashed for _, hashed in leaves]) != root.root:
            problems.append(Problem(where, "one of its records is not what its root was made of"))
        before = root
    return problems


def _document_problems(root: Root, before: Root | None, is_signed: Callable[[bytes, bytes], bool]) -> list[str]:
    signed = root.signed()
    document = msgspec.json.decode(signed.document, type=DayRoot)
    kept = (root.day, root.from_ms, root.until_ms, root.size, root.root.hex(), "" if before is None else before.root.hex())
    problems = []
    if not is_signed(signed.signed_bytes(PURPOSE), bytes.fromhex(signed.signature)):
        problems.append("its root is not signed by this server's key")
    if kept != (document.day, document.from_ms, document.until_ms, document.size, document.root, document.previous):
        problems.append("its root is not the one that was signed, or the day before it is another one")
    return problems


def _verify_votes(connection: Connection) -> list[Problem]:
    """Compare what pages count with what kiosks sent; votes from boxes that were counted on a page have no record."""
    v = votes.c
    columns = (v.id, v.kiosk, v.visit, v.question, v.answer, v.language, v.repeat, records.c.body)
    query = select(*columns).outerjoin(records, records.c.id == v.id).where(v.kiosk.not_like(f"{COUNTED_ON_PAGE}%"))
    problems = []
    for row in connection.execute(query, execution_options={"yield_per": _AT_ONCE}):
        what = _vote_problem(row)
        if what:
            problems.append(Problem(f"vote {row.id} of {row.kiosk}", what))
    return problems


def _vote_problem(row: object) -> str:
    body = getattr(row, "body", None)
    if body is None:
        return "no kiosk sent it: there is no record of it"
    try:
        record = decode_body(body)
    except RecordError as error:
        return f"its record cannot be read: {error.reason}"
    fields = ("visit", "question", "answer", "language", "repeat")
    wrong = [name for name in fields if getattr(record, name, None) != getattr(row, name)]
    return (
        "" if isinstance(record, Vote) and not wrong else f"the kiosk sent it otherwise: {', '.join(wrong) or 'as another kind of record'}"
    )
