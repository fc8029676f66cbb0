"""Checks votes.db without disturbing who writes it: read-only, and nothing is waited for that the kiosk does."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Final

import msgspec

from kiosk import rechaining
from kiosk.errors import StoreDamagedError
from kiosk.findings import Finding, Mark
from kiosk.salvage import ASIDE
from kiosk.store import FILE, STEPS
from kiosk.store_file import DAMAGE, chains, steps_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from kiosk.check.present import Words

_PATIENCE_S: Final = 2.0
_STEP: Final = 2_000
"""So many records are looked through in one read, so that the journal can be emptied in between."""
_ROWS: Final = "SELECT n, epoch, seq, body, hash FROM records WHERE n > ? ORDER BY n LIMIT ?"


class Soundness(msgspec.Struct, frozen=True):
    """What became of looking through the log: how many records there are, and what is wrong.

    It is damage, or a log of a newer version, or else there is only no way to it just now.
    """

    records: int = 0
    complaint: str = ""
    damaged: bool = False
    newer: bool = False


def look_at_log(data_dir: Path, _: Words) -> Iterator[Finding]:
    """Give how the log is, and which damaged ones lie beside it."""
    title = _("Log of votes")
    if not (data_dir / FILE).exists():
        yield Finding("log", title, Mark.NOTE, _("none yet: the kiosk makes it at its first start"))
    else:
        yield _told(title, look_through(data_dir / FILE), _)
    aside = sorted(path.name for path in data_dir.glob(ASIDE))
    if aside:
        found = _("set aside as damaged: {names}").format(names=", ".join(aside))
        todo = _("Voting went on in a new one. Keep these files, tell the administrator, and replace the card")
        yield Finding("log_aside", _("Damaged log"), Mark.WRONG, found, todo)


def _told(title: str, sound: Soundness, _: Words) -> Finding:
    if sound.damaged:
        todo = _("Restart the kiosk: it sets this log aside and saves what can be read. Then replace the card")
        return Finding("log", title, Mark.WRONG, _("damaged: {why}").format(why=sound.complaint), todo)
    if sound.newer:
        found, todo = _("a newer version of the program has written it"), _("Install that version: this one stores no votes in it")
        return Finding("log", title, Mark.WRONG, found, todo)
    if sound.complaint:
        todo = _("Run this as the kiosk’s own user, and try it again")
        return Finding("log", title, Mark.WRONG, _("it cannot be read: {why}").format(why=sound.complaint), todo)
    return Finding("log", title, Mark.WELL, _("sound, records: {count}").format(count=sound.records))


def look_through(path: Path) -> Soundness:
    """Look through the file, and see that every record is what was chained. What seems damaged once may only have been moved meanwhile."""
    first = _look_once(path)
    return _look_once(path) if first.damaged else first


def _look_once(path: Path) -> Soundness:
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None, timeout=_PATIENCE_S)) as db:
            (verdict,) = db.execute("PRAGMA integrity_check(1)").fetchone()
            if verdict != "ok":
                return Soundness(complaint=verdict, damaged=True)
            if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'records'").fetchone():
                return Soundness()
            return Soundness(newer=True) if steps_of(db) > STEPS else _look_at_chain(db)
    except StoreDamagedError as error:
        return Soundness(complaint=str(error), damaged=True)
    except sqlite3.Error as error:
        return Soundness(complaint=str(error), damaged=getattr(error, "sqlite_errorcode", 0) & 0xFF in DAMAGE)


def _look_at_chain(db: sqlite3.Connection) -> Soundness:
    (count,) = db.execute("SELECT count(*) FROM records").fetchone()
    followed = chains(db)
    last = -1
    while (step := _next_rows(db, last))[0]:
        rows, taken = step
        for number, epoch, seq, body, stored in rows:
            last = number
            if complaint := followed.complaint((epoch, seq, body, stored), taken):
                return Soundness(count, complaint, damaged=True)
    return Soundness(count)


def _next_rows(db: sqlite3.Connection, last: int) -> tuple[list[tuple[int, object, object, object, object]], rechaining.Place | None]:
    """Give the next rows, and how far the kiosk had taken records into a new epoch when they were read."""
    db.execute("BEGIN")
    found = db.execute(_ROWS, (last, _STEP)).fetchall(), rechaining.place(db)
    db.execute("COMMIT")
    return found
