"""The sync process's loop: it leads what comes from the server to whom it concerns, and lets delivery and state take their steps."""

from __future__ import annotations

import logging
import sqlite3
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from feedback import wire
from kiosk.errors import CommandsRefusedError, DayKeysRefusedError, Fault, NoticeRefusedError, SettingsRefusedError
from kiosk.sync.deliver import POLL_S

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from uuid import UUID

    from kiosk.sync.commands import Commands
    from kiosk.sync.day_keys import DayKeyReceiver
    from kiosk.sync.deliver import Deliverer, Transport
    from kiosk.sync.inbox import Inbox
    from kiosk.sync.notices import NoticeReceiver
    from kiosk.sync.renewals import Credentials
    from kiosk.sync.settings import SettingsReceiver
    from kiosk.sync.state import StateReport

log = logging.getLogger(__name__)

UPKEEP_S: Final = 0.5
"""How often everything is seen to that no vote waits for."""


class Agent:
    """Everything sync does, on one thread."""

    def __init__(  # noqa: PLR0913, PLR0917 - everything that sync does meets here
        self,
        inbox: Inbox,
        settings: SettingsReceiver,
        notices: NoticeReceiver,
        day_keys: DayKeyReceiver,
        commands: Commands,
        credentials: Credentials,
        *,
        kiosk: str,
        alive: Callable[[], None],
    ) -> None:
        """`alive` is called with every upkeep, for the watchdog and for whatever else has to be looked at."""
        self._inbox = inbox
        self._settings = settings
        self._notices = notices
        self._day_keys = day_keys
        self._commands = commands
        self._credentials = credentials
        self._alive = alive
        self._stopped = False
        self._upkeep_at = 0.0
        self.refused = ""
        """Why the last settings that came were not accepted; empty if they were."""
        self._notice_refused = False
        self._day_keys_refused = False
        self._commands_refused = False
        self._routes: dict[str, Callable[[bytes], None]] = {
            wire.ack_topic(kiosk): lambda payload: self._deliverer.acknowledged(wire.decode(payload, wire.Ack)),
            wire.settings_topic(kiosk): self._receive_settings,
            wire.notice_topic(kiosk): self._receive_notice,
            wire.day_keys_topic(kiosk): self._receive_day_keys,
            wire.command_topic(kiosk): self._receive_commands,
            wire.renewal_topic(kiosk): self._receive_renewal,
            wire.SERVER_STATE_TOPIC: lambda payload: self._deliverer.server_said(wire.decode(payload, wire.ServerState)),
        }

    def serve(self, deliverer: Deliverer, report: StateReport, transport: Transport) -> None:
        """Say whom to lead things to, and the way to the server; they need a transport, which needs this agent."""
        self._deliverer = deliverer
        self._report = report
        self._transport = transport

    @property
    def faults(self) -> tuple[Fault, ...]:
        """What is wrong with what the server sent."""
        wrong = {
            Fault.SETTINGS_REFUSED: bool(self.refused),
            Fault.NOTICE_REFUSED: self._notice_refused,
            Fault.DAY_KEYS_REFUSED: self._day_keys_refused,
            Fault.COMMANDS_REFUSED: self._commands_refused,
        }
        return tuple(fault for fault, is_so in wrong.items() if is_so)

    def connected(self, session: UUID) -> None:
        """A connection has begun."""
        self._deliverer.connected()
        self._commands.connected()
        self._report.connected(session)

    def disconnected(self) -> None:
        """It has ended."""
        self._deliverer.disconnected()
        self._report.disconnected()

    def received(self, topic: str, payload: bytes) -> None:
        """A message came; one that is not understood changes nothing."""
        try:
            with _putting_off():
                self._routes.get(topic, _pass_over)(payload)
        except wire.WireError as error:
            log.warning("%s: %s", topic, error.reason)

    def run(self) -> None:
        """Work until `stop`."""
        while not self._stopped:
            wait_s = POLL_S
            with _putting_off():
                wait_s = self._deliverer.step()
            self._inbox.wait(min(wait_s, self._keep_up()))

    def _keep_up(self) -> float:
        """See to everything else, if that is due; give in how many seconds it is. While it works, nothing is sent or acknowledged."""
        left_s = self._upkeep_at - time.monotonic()
        if left_s > 0:
            return left_s
        with _putting_off():
            self._day_keys.tidy()
        self._deliverer.let_ui_know()
        with _putting_off():
            self._commands.step(self._transport)
        self._report.step()
        self._alive()
        self._upkeep_at = time.monotonic() + UPKEEP_S
        return UPKEEP_S

    def stop(self) -> None:
        """End `run` soon; called from anywhere."""
        self._stopped = True
        self._inbox.post(_nothing)

    def _receive_settings(self, payload: bytes) -> None:
        if not payload:  # the retained message was taken back
            return
        try:
            if self._settings.receive(payload):
                log.info("accepted settings %s", self._settings.version)
        except SettingsRefusedError as error:
            log.warning("settings refused: %s", error)
            self.refused = str(error)[: wire.MAX_REASON]
            return
        self.refused = ""

    def _receive_notice(self, payload: bytes) -> None:
        if not payload:
            return
        try:
            self._notices.receive(payload)
        except NoticeRefusedError as error:
            log.warning("notice refused: %s", error)
            self._notice_refused = True
            return
        self._notice_refused = False

    def _receive_day_keys(self, payload: bytes) -> None:
        if not payload:
            return
        try:
            self._day_keys.receive(payload)
        except DayKeysRefusedError as error:
            log.warning("day keys refused: %s", error)
            self._day_keys_refused = True
            return
        self._day_keys_refused = False

    def _receive_commands(self, payload: bytes) -> None:
        if not payload:
            return
        try:
            self._commands.receive(payload)
        except CommandsRefusedError as error:
            log.warning("a command was refused: %s", error)
            self._commands_refused = True
            return
        self._commands_refused = False

    def _receive_renewal(self, payload: bytes) -> None:
        if payload and self._credentials.receive(payload):
            log.info("stored a new credential")


@contextmanager
def _putting_off() -> Iterator[None]:
    """Go on when a full disk takes nothing down: the server says everything again, and the leader goes on seeing the kiosk."""
    try:
        yield
    except (sqlite3.OperationalError, OSError) as error:
        log.warning("put off: %s", error)


def _nothing() -> None:
    """Only wake the loop."""


def _pass_over(_payload: bytes) -> None:
    """A topic this version does not know."""
