"""Keeps the signs that a kiosk was copied, and says who was."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Final

import msgspec
from sqlalchemy import bindparam, delete, select

from server.db.bulk import insert_rows
from server.db.schema import kiosk_signs
from server.fleet.clones import Signs, Verdict, believe_single, listen

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import Connection

    from server.fleet.clones import Heard

_SOME: Final = select(kiosk_signs).where(kiosk_signs.c.kiosk.in_(bindparam("kiosks", expanding=True)))
_CHANGED: Final = "ON CONFLICT (kiosk) DO UPDATE SET signs = excluded.signs"


def keep_heard(connection: Connection, heard: Collection[Heard]) -> None:
    """Take down what was heard of kiosks that this transaction holds."""
    if heard:
        by_kiosk = {kiosk: [*said] for kiosk, said in groupby(sorted(heard, key=lambda one: one.kiosk), key=lambda one: one.kiosk)}
        known = _read(connection, by_kiosk)
        changed = {kiosk: listen(known.get(kiosk, Signs()), said) for kiosk, said in by_kiosk.items()}
        _write(connection, {kiosk: signs for kiosk, signs in changed.items() if signs != known.get(kiosk)})


def verdicts(connection: Connection, now_ms: int) -> dict[str, Verdict]:
    """Give the kiosks of which something is to be thought."""
    found = {row.kiosk: _decode(row.signs).verdict(now_ms) for row in connection.execute(select(kiosk_signs))}
    return {kiosk: verdict for kiosk, verdict in found.items() if verdict}


def acknowledge(connection: Connection, kiosk: str) -> None:
    """Take a technician's word that this kiosk has been seen to."""
    _write(connection, {name: believe_single(signs) for name, signs in _read(connection, [kiosk]).items()})


def forget(connection: Connection, kiosk: str) -> None:
    """Forget everything of a kiosk that is removed."""
    connection.execute(delete(kiosk_signs).where(kiosk_signs.c.kiosk == kiosk))


def _read(connection: Connection, names: Collection[str]) -> dict[str, Signs]:
    return {row.kiosk: _decode(row.signs) for row in connection.execute(_SOME, {"kiosks": [*names]})}


def _write(connection: Connection, changed: dict[str, Signs]) -> None:
    rows = [(kiosk, msgspec.json.encode(signs).decode()) for kiosk, signs in changed.items()]
    if rows:
        insert_rows(connection, kiosk_signs, ("kiosk", "signs"), rows, on_conflict=_CHANGED)


def _decode(text: str) -> Signs:
    return msgspec.json.decode(text, type=Signs)
