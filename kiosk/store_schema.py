"""The tables of votes.db, and the steps by which a log of an older version becomes one of this version. A published step never changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlite_utils
from sqlite_utils.migrations import Migrations

from kiosk.facts import SEALED_PAGE_FACT, SPENT_PAGE_FACT

if TYPE_CHECKING:
    import sqlite3

migrations = Migrations("votes")


@migrations()
def records(db: sqlite_utils.Database) -> None:
    """One row a record, in the order of `n`; `epoch`, `seq` and `hash` are its envelope."""
    db.execute("CREATE TABLE epochs (n INTEGER PRIMARY KEY, epoch TEXT NOT NULL UNIQUE, reason TEXT NOT NULL)")
    db.execute("""
        CREATE TABLE records (
            n INTEGER PRIMARY KEY, epoch INTEGER NOT NULL REFERENCES epochs (n), seq INTEGER NOT NULL,
            id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, body BLOB NOT NULL, hash BLOB NOT NULL, UNIQUE (epoch, seq))
    """)
    db.execute("CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID")


@migrations()
def sealed(db: sqlite_utils.Database) -> None:
    """The sealed boxes of `Sealed` records, apart from them, so that a box can be erased and the chain still verifies."""
    db.execute("CREATE TABLE sealed (record TEXT PRIMARY KEY, box BLOB NOT NULL) WITHOUT ROWID")
    db.execute("INSERT INTO facts SELECT ?, rootpage FROM sqlite_master WHERE name = 'sealed'", (SEALED_PAGE_FACT,))


@migrations()
def tickets(db: sqlite_utils.Database) -> None:
    """The tokens of tickets that have voted, in no order but their own, and the day whose end is the end of a ticket's box."""
    db.execute("ALTER TABLE sealed ADD COLUMN day TEXT")
    db.execute("CREATE TABLE spent (day TEXT NOT NULL, token TEXT NOT NULL, PRIMARY KEY (day, token)) WITHOUT ROWID")
    db.execute("INSERT INTO facts SELECT ?, rootpage FROM sqlite_master WHERE name = 'spent'", (SPENT_PAGE_FACT,))


@migrations()
def pruned(db: sqlite_utils.Database) -> None:
    """How far an epoch is pruned, and the chain hash there, from which its first record that is kept goes on."""
    db.execute("ALTER TABLE epochs ADD COLUMN pruned INTEGER NOT NULL DEFAULT 0")
    db.execute("ALTER TABLE epochs ADD COLUMN pruned_hash BLOB")


def bring_up(db: sqlite3.Connection) -> None:
    """Take the steps that are missing; the caller's transaction holds them together."""
    migrations.apply(sqlite_utils.Database(db))
