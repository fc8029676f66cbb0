"""How each kiosk is, by its own account: the row that the kiosk list shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from uuid import UUID

from sqlalchemy import insert, select, update

from feedback.wire import MAX_REASON, WireError
from server.db.bulk import insert_rows
from server.db.schema import kiosk_states
from server.fleet import spans

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from feedback.wire import State

_MAX_COUNT: Final = 2**31 - 1
_MAX_TEXT: Final = 1000
_MAX_SHOWING: Final = 16
_SILENT: Final = {"online": False, "session": UUID(int=0), "outbox": 0, "settings": 0, "software": "", "clock_trusted": False, "faults": ""}
"""What is known of a kiosk that has said nothing of itself."""
_LATER: Final = """
    ON CONFLICT (kiosk) DO UPDATE SET last_vote_ms = excluded.last_vote_ms
    WHERE kiosk_states.last_vote_ms IS NULL OR kiosk_states.last_vote_ms < excluded.last_vote_ms
"""


def record_state(connection: Connection, kiosk: str, state: State, received_ms: int) -> None:
    """Store what a kiosk says; the will of a session that has since been replaced changes nothing.

    Raises:
        WireError: numbers or texts that no kiosk has.
    """
    faults = " ".join(state.faults)
    if not (0 <= state.outbox <= _MAX_COUNT and 0 <= state.settings <= _MAX_COUNT):
        raise WireError("a count is out of range")
    if (
        max(len(faults), len(state.software)) > _MAX_TEXT
        or len(state.showing) > _MAX_SHOWING
        or len(state.refused) > MAX_REASON
        or "\0" in faults + state.software + state.showing + state.refused
    ):
        raise WireError("a text is too long or holds a zero byte")
    known = connection.execute(
        select(kiosk_states.c.online, kiosk_states.c.session, kiosk_states.c.showing).where(kiosk_states.c.kiosk == kiosk)
    ).first()
    if known is not None and known.online and not state.online and known.session != state.session:
        return
    said = {"online": state.online, "session": state.session, "changed_ms": received_ms}
    if state.online or known is None:  # a will was written when the session began: it knows nothing newer than its end
        said |= {"outbox": state.outbox, "settings": state.settings, "software": state.software}
        said |= {"clock_trusted": state.clock_trusted, "faults": faults, "showing": state.showing, "refused": state.refused}
    _write(connection, kiosk, said, is_new=known is None)
    if known is None or known.online != state.online or state.showing != known.showing:
        spans.note(connection, kiosk, spans.cause_of(state), received_ms)


def record_last_vote(connection: Connection, kiosk: str, at_ms: int, received_ms: int) -> None:
    """Remember when a kiosk's latest vote was cast."""
    spans.note_vote(connection, kiosk, at_ms, received_ms)
    row = (kiosk, *_SILENT.values(), at_ms, at_ms)
    insert_rows(connection, kiosk_states, ("kiosk", *_SILENT, "changed_ms", "last_vote_ms"), [row], on_conflict=_LATER)


def forget_presence(connection: Connection, now_ms: int) -> None:
    """Believe no kiosk to be online until the broker says so again: it may have come and gone while nobody listened."""
    spans.note_unheard(connection, now_ms)
    connection.execute(update(kiosk_states).where(kiosk_states.c.online).values(online=False))


def _write(connection: Connection, kiosk: str, values: dict[str, object], *, is_new: bool) -> None:
    if is_new:
        connection.execute(insert(kiosk_states).values(kiosk=kiosk, **values))
    else:
        connection.execute(update(kiosk_states).where(kiosk_states.c.kiosk == kiosk).values(**values))
