"""Finds what is not as it was written in the audit log: lines that are missing, added, changed or moved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from server.audit.log import GENESIS, Line
from server.db.schema import audit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sqlalchemy import Connection


def verify_audit(connection: Connection, heads: Mapping[str, tuple[int, bytes]]) -> Iterator[tuple[str, str]]:
    """Give what is wrong, as a place and a sentence; `heads` has by day how many lines its signed root covers, and their hash."""
    wanted = {n: (day, head) for day, (n, head) in sorted(heads.items(), reverse=True)}
    before_n, before = 0, GENESIS
    columns = [audit.c[name] for name in Line._fields]
    query = select(*columns, audit.c.hash).order_by(audit.c.n)
    for row in connection.execute(query, execution_options={"yield_per": 2_000}):
        line = Line(*row[:-1])
        if line.n != before_n + 1:
            yield f"audit log, line {before_n + 1}", f"the lines before {line.n} are missing"
        elif line.hash(before) != row.hash:
            yield f"audit log, line {line.n}", "it is not what was written, or one before it is missing"
        before_n, before = line.n, row.hash
        day, head = wanted.pop(line.n, ("", before))
        if head != before:
            yield f"audit log, line {line.n}", f"up to it the log is not the one under the root of {day}"
    for n, (day, _) in sorted(wanted.items()):
        if n:
            yield f"audit log, line {before_n + 1}", f"the log ends before it, and under the root of {day} it has {n} lines"
