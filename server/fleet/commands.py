"""What kiosks are asked to do: sent by a person, signed, listed until the kiosk has answered, and on record for ever.

All workers see the same commands, so that any of them may publish.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID, uuid4

import msgspec
from sqlalchemy import case, delete, insert, select, update

from feedback.commands import LONGEST_MIN, MAX_BUNDLE_BYTES, MAX_COMMANDS, PURPOSE, Command, CommandKind, Diagnostics, Outcome, Result
from feedback.configuration import suggest
from feedback.signed import sign
from feedback.wire import MAX_REASON, SignedList, WireError, decode, encode
from server.db.engine import reading
from server.db.schema import commands, diagnostics, kiosks
from server.errors import RegistryError
from server.fleet.command_words import SILENT, WITHDRAWN

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sqlalchemy import Connection, Engine, Row, Select

WITHIN_MIN: Final = 60
"""So long a command is good where nobody says otherwise: for a kiosk that comes back, and not for one that comes back tomorrow."""
KEPT_BUNDLES: Final = 5
_ASKED_MS: Final = LONGEST_MIN * 60_000
"""So long after its end a kiosk is still asked what became of a command."""


class Wish(msgspec.Struct, frozen=True):
    """A command to send, and who sends it: an account, or somebody at a terminal of the server."""

    kiosk: str
    kind: CommandKind
    sender: str
    made_by: int | None = None
    within_min: int = WITHIN_MIN


class Sent(msgspec.Struct, frozen=True):
    """A command as people see it. `outcome` None: the kiosk has not said yet. `bundle` is whether one can be had."""

    id: UUID
    kiosk: str
    kind: str
    issued_ms: int
    expires_ms: int
    made_by: int | None
    sender: str
    outcome: str | None
    reason: str
    done_ms: int | None
    answered_ms: int | None
    bundle: bool

    def is_waiting(self, now_ms: int) -> bool:
        """Tell whether the kiosk may still carry it out."""
        return self.outcome is None and now_ms < self.expires_ms


class Commands:
    """The commands of all kiosks; `signer` signs them."""

    def __init__(self, engine: Engine, *, signer: Callable[[bytes], bytes]) -> None:
        self._engine = engine
        self._signer = signer

    def unpublished(self, now_ms: int, published: Mapping[str, bytes]) -> list[tuple[str, bytes, bytes]]:
        """Give the kiosks whose commands are not `published` under their digest, with digest and signed list."""
        with reading(self._engine) as connection:
            found: dict[str, list[Command]] = {kiosk: [] for kiosk in connection.execute(select(kiosks.c.id)).scalars()}
            for command in _unanswered(connection, now_ms):
                if command.kiosk in found:
                    found[command.kiosk].append(command)
        digests = {kiosk: _digest(listed) for kiosk, listed in found.items()}
        return [(kiosk, digests[kiosk], self._signed(found[kiosk])) for kiosk in sorted(found) if published.get(kiosk) != digests[kiosk]]

    def of(self, connection: Connection, kiosk: str, now_ms: int) -> bytes:
        """Give the signed list for one kiosk, as it is in the caller's transaction."""
        return self._signed(_unanswered(connection, now_ms, kiosk))

    def _signed(self, listed: Sequence[Command]) -> bytes:
        return encode(SignedList([sign(command, PURPOSE, self._signer) for command in listed[-MAX_COMMANDS:]]))


def send(connection: Connection, wish: Wish, now_ms: int) -> Sent:
    """Send a command; where one like it is on its way, give that one instead: who presses a button twice means it once.

    Raises:
        RegistryError: there is no such kiosk, or the time is none.
    """
    if not 1 <= wish.within_min <= LONGEST_MIN:
        raise RegistryError(f"a command is good for 1 to {LONGEST_MIN} minutes, not {wish.within_min}")
    if connection.execute(select(kiosks.c.id).where(kiosks.c.id == wish.kiosk).with_for_update()).first() is None:
        known = connection.execute(select(kiosks.c.id)).scalars().all()
        raise RegistryError(f"there is no kiosk {wish.kiosk!r}{suggest(wish.kiosk, known)}")
    waiting = [one for one in latest(connection, wish.kiosk) if one.kind == wish.kind and one.is_waiting(now_ms)]
    if waiting:
        return waiting[0]
    expires_ms = now_ms + wish.within_min * 60_000
    sent = Sent(uuid4(), wish.kiosk, str(wish.kind), now_ms, expires_ms, wish.made_by, wish.sender, None, "", None, None, bundle=False)
    row = {name: getattr(sent, name) for name in Sent.__struct_fields__[:-1]}
    connection.execute(insert(commands).values(row))
    return sent


def withdraw(connection: Connection, kiosk: str, now_ms: int) -> None:
    """Close everything that a kiosk which is removed has not answered, so that no later one of its name is asked.

    What had its time stays without an answer.
    """
    outcome = case((commands.c.expires_ms > now_ms, WITHDRAWN), else_=SILENT)
    connection.execute(update(commands).where(commands.c.kiosk == kiosk, commands.c.outcome.is_(None)).values(outcome=outcome))


def latest(connection: Connection, kiosk: str | None = None, *, most: int = 20) -> list[Sent]:
    """Give the latest commands, of one kiosk or of all, the newest first."""
    columns = [commands.c[name] for name in Sent.__struct_fields__[:-1]]
    query: Select[Any] = select(*columns, diagnostics.c.command.is_not(None)).outerjoin(diagnostics, diagnostics.c.command == commands.c.id)
    if kiosk is not None:
        query = query.where(commands.c.kiosk == kiosk)
    rows = connection.execute(query.order_by(commands.c.issued_ms.desc(), commands.c.id).limit(most))
    return [Sent(*row) for row in rows]


def bundle(connection: Connection, kiosk: str, command: UUID) -> bytes | None:
    """Give the bundle that was the result of a command, None where there is none any more."""
    query = select(diagnostics.c.content).where(diagnostics.c.command == command, diagnostics.c.kiosk == kiosk)
    content = connection.execute(query).scalar()
    return None if content is None else bytes(content)


def record(connection: Connection, kiosk: str, kind: str, payload: bytes, received_ms: int) -> None:
    """Keep what a kiosk says on its topic `result` or `diagnostics`.

    Raises:
        WireError: it is neither.
    """
    (record_bundle if kind == "diagnostics" else record_result)(connection, kiosk, payload, received_ms)


def record_result(connection: Connection, kiosk: str, payload: bytes, received_ms: int) -> None:
    """Keep what a kiosk says became of a command of its own; the first word stays.

    Raises:
        WireError: it is no result.
    """
    result = decode(payload, Result)
    if len(result.reason) > MAX_REASON or "\0" in result.reason:
        raise WireError("the reason is too long or holds a zero byte")
    _answer(connection, kiosk, result, received_ms)


def record_bundle(connection: Connection, kiosk: str, payload: bytes, received_ms: int) -> None:
    """Keep a bundle that a kiosk was asked for, and with it the newest few; that it is there is the command's result.

    Raises:
        WireError: it is no bundle, or too large.
    """
    if len(payload) > MAX_BUNDLE_BYTES:
        raise WireError(f"{len(payload)} bytes are over the limit of {MAX_BUNDLE_BYTES}")
    found = decode(payload, Diagnostics)
    if not _answer(connection, kiosk, Result(found.id, Outcome.DONE, found.at), received_ms, kind=CommandKind.DIAGNOSTICS):
        return  # it was not asked for, or came before
    connection.execute(insert(diagnostics).values(command=found.id, kiosk=kiosk, received_ms=received_ms, content=payload))
    kept = select(diagnostics.c.command).where(diagnostics.c.kiosk == kiosk).order_by(diagnostics.c.received_ms.desc()).limit(KEPT_BUNDLES)
    newest = connection.execute(kept).scalars().all()
    connection.execute(delete(diagnostics).where(diagnostics.c.kiosk == kiosk, diagnostics.c.command.not_in(newest)))


def _answer(connection: Connection, kiosk: str, result: Result, received_ms: int, *, kind: CommandKind | None = None) -> bool:
    """Write a result down where there is none; tell whether it was."""
    here = (commands.c.id == result.id) & (commands.c.kiosk == kiosk) & commands.c.outcome.is_(None)
    if kind is not None:
        here &= commands.c.kind == str(kind)
    done_ms = result.at.wall_ms if result.at.trusted and 0 <= result.at.wall_ms < 1 << 62 else None
    values: dict[str, Any] = {"outcome": str(result.outcome), "reason": result.reason, "done_ms": done_ms, "answered_ms": received_ms}
    return connection.execute(update(commands).where(here).values(values)).rowcount == 1


def _unanswered(connection: Connection, now_ms: int, kiosk: str | None = None) -> list[Command]:
    """Give the commands that no kiosk has answered, the oldest first."""
    query = select(commands).where(commands.c.outcome.is_(None), commands.c.expires_ms > now_ms - _ASKED_MS)
    if kiosk is not None:
        query = query.where(commands.c.kiosk == kiosk)
    return [_command(row) for row in connection.execute(query.order_by(commands.c.issued_ms, commands.c.id))]


def _command(row: Row[Any]) -> Command:
    return Command(row.id, row.kiosk, row.kind, row.issued_ms, row.expires_ms)


def _digest(listed: Sequence[Command]) -> bytes:
    return hashlib.sha256(b"".join(command.id.bytes for command in listed)).digest()
