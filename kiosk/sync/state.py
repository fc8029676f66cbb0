"""The kiosk's retained state: sent when it changes, and once a minute; its outbox alone, which every vote changes, less often."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from feedback import wire

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from kiosk.clock import Clock
    from kiosk.sync.deliver import Transport

EVERY_S: Final = 60
OUTBOX_S: Final = 5
"""How long ago the last state is at least when another is sent in which only the outbox differs."""


class StateReport:
    """Tells the server about this kiosk; `look` gives the present state of a session."""

    def __init__(self, kiosk: str, *, transport: Transport, clock: Clock, look: Callable[[UUID], wire.State]) -> None:
        self._topic = wire.state_topic(kiosk)
        self._transport = transport
        self._clock = clock
        self._look = look
        self._session: UUID | None = None
        self._told: wire.State | None = None
        self._told_ms = 0

    def connected(self, session: UUID) -> None:
        """A connection has begun whose will names `session`."""
        self._session, self._told = session, None

    def disconnected(self) -> None:
        """It has ended."""
        self._session = None

    def step(self) -> None:
        """Tell what has changed, or what has not for a minute."""
        if self._session is None:
            return
        state, now_ms = self._look(self._session), self._clock.moment().boottime_ms
        if now_ms - self._told_ms >= self._pause_s(state) * 1000:
            self._told, self._told_ms = state, now_ms
            self._transport.publish(self._topic, wire.encode(state), retain=True)

    def _pause_s(self, state: wire.State) -> float:
        """Give how long after the last state this one is due."""
        if self._told is None or msgspec.structs.replace(state, outbox=self._told.outbox) != self._told:
            return 0
        return EVERY_S if state.outbox == self._told.outbox else OUTBOX_S
