"""The server's commands in delivery.db: which were begun, and what became of them. What stands here is never begun again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from uuid import UUID

import msgspec

from feedback.commands import Outcome, Result
from feedback.records import Moment
from kiosk.orders import Order

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection

    from feedback.commands import Command

SCHEMA: Final = """
    CREATE TABLE IF NOT EXISTS commands (
        n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, expires_ms INTEGER NOT NULL, by_ui INTEGER NOT NULL,
        outcome TEXT, reason TEXT NOT NULL DEFAULT '', at TEXT);
"""
REMEMBERED_MS: Final = 24 * 3_600_000
"""So long after its end a command is still known; it would be refused as expired anyway."""


class CommandBook:
    """The table, by its writer. A command without an outcome was begun, or handed to ui."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def knows(self, command: UUID) -> bool:
        """Whether it was begun or answered."""
        return self._db.execute("SELECT 1 FROM commands WHERE id = ?", (str(command),)).fetchone() is not None

    def begin(self, command: Command, *, by_ui: bool) -> None:
        """Take note, before anything is done, that it is begun here or handed to ui."""
        row = (str(command.id), command.kind, command.expires_ms, by_ui)
        self._db.execute("INSERT INTO commands (id, kind, expires_ms, by_ui) VALUES (?, ?, ?, ?)", row)

    def begun(self, *, by_ui: bool) -> tuple[Order, ...]:
        """Give those of which nobody has said yet what became of them."""
        return _unanswered(self._db, by_ui=by_ui)

    def answer(self, result: Result) -> None:
        """Keep what became of a command that was begun; the first word stays."""
        row = (result.outcome, result.reason, msgspec.json.encode(result.at).decode(), str(result.id))
        self._db.execute("UPDATE commands SET outcome = ?, reason = ?, at = ? WHERE id = ? AND outcome IS NULL", row)

    def turn_down(self, command: Command, result: Result) -> None:
        """Keep that a command is not begun at all."""
        row = (str(command.id), command.kind, command.expires_ms, result.outcome, result.reason, msgspec.json.encode(result.at).decode())
        self._db.execute("INSERT INTO commands (id, kind, expires_ms, by_ui, outcome, reason, at) VALUES (?, ?, ?, 0, ?, ?, ?)", row)

    def result(self, command: UUID) -> tuple[str, Result] | None:
        """Give the kind of a command and what became of it; None where that is not known yet."""
        row = self._db.execute(
            "SELECT kind, outcome, reason, at FROM commands WHERE id = ? AND outcome NOT NULL", (str(command),)
        ).fetchone()
        return None if row is None else (row[0], Result(command, Outcome(row[1]), msgspec.json.decode(row[3], type=Moment), row[2]))

    def forget(self, now_ms: int, wanted: Collection[UUID]) -> None:
        """Forget those whose end is long past, but for those that the server still asks about."""
        rows = self._db.execute("SELECT id FROM commands WHERE outcome NOT NULL AND expires_ms < ?", (now_ms - REMEMBERED_MS,)).fetchall()
        gone = [(command,) for (command,) in rows if UUID(command) not in wanted]
        if gone:
            self._db.executemany("DELETE FROM commands WHERE id = ?", gone)


def orders(db: sqlite3.Connection) -> tuple[Order, ...]:
    """Give what ui is asked to do, the oldest first."""
    return _unanswered(db, by_ui=True)


def _unanswered(db: sqlite3.Connection, *, by_ui: bool) -> tuple[Order, ...]:
    rows = db.execute("SELECT id, kind, expires_ms FROM commands WHERE by_ui = ? AND outcome IS NULL ORDER BY n", (by_ui,))
    return tuple(Order(UUID(row[0]), row[1], row[2]) for row in rows)
