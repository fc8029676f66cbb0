"""What ui does beside the visits: it takes up what sync has accepted, does what sync asks for, and lets sync know how it is."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from kiosk import accepted, day_keys, facts
from kiosk.errors import NoticeRefusedError, SettingsRefusedError
from kiosk.resting import OUT_OF_ORDER, ZONE
from kiosk.set_aside import SetAside
from kiosk.sync import delivery

if TYPE_CHECKING:
    from collections.abc import Iterable

    from feedback.notice import Notice
    from feedback.settings import KioskSettings
    from kiosk.clock import Clock
    from kiosk.config import Config
    from kiosk.errors import Fault
    from kiosk.last_lines import LastLines
    from kiosk.recorder import Recorder
    from kiosk.ticket_desk import TicketDesk

log = logging.getLogger(__name__)

FORGET_S: Final = 600.0
LOG_S: Final = 60.0
LOG_LINES: Final = 40
LOOK_S: Final = 600.0
"""So long at least is between two looks through the log: while it is looked through, a vote waits."""
PRUNE_S: Final = 3600.0


class Chores:
    """Looks into the folders and files that both processes share. Every look is cheap enough for once a second."""

    def __init__(self, config: Config, recorder: Recorder, tickets: TicketDesk, *, clock: Clock, lines: LastLines) -> None:
        """`lines` are the last ones of this process's log."""
        self._config = config
        self._recorder = recorder
        self._tickets = tickets
        self._clock = clock
        self._lines = lines
        self._log = ""
        self._log_at_ms = 0
        self._aside = SetAside(config.data_dir)
        self._forget_at_ms = 0
        self._prune_at_ms = 0
        self._look_at_ms = 0
        self._seen_settings: str | None = None
        self._seen_notice: tuple[int, int] | None = None
        self._told: dict[str, str] = {}

    def belong(self, config: Config) -> None:
        """Go on with another id or server."""
        self._config = config
        self._seen_settings = self._seen_notice = None

    def settings(self) -> KioskSettings | None:
        """Give the accepted settings if they have changed since the last look."""
        server, name = self._config.server, accepted.name_of_current(self._config.data_dir)
        if server is None or name == self._seen_settings:
            return None
        self._seen_settings = name
        try:
            return accepted.read_current(self._config.data_dir, self._config.kiosk.id, server.signing_key)
        except SettingsRefusedError as error:
            log.warning("the settings in %s are not used: %s", accepted.FOLDER, error)
            return None

    def notice(self) -> Notice | None:
        """Give the accepted notice if it has changed since the last look."""
        server, mark = self._config.server, accepted.mark_of_notice(self._config.data_dir)
        if server is None or mark == self._seen_notice:
            return None
        self._seen_notice = mark
        try:
            return accepted.read_notice(self._config.data_dir, self._config.kiosk.id, server.signing_key)
        except NoticeRefusedError as error:
            log.warning("the notice in %s is not used: %s", accepted.FOLDER, error)
            return None

    def tell(self, settings: KioskSettings, showing: str, faults: Iterable[Fault]) -> None:
        """Let sync know which settings are in use, why nothing is asked, and what is wrong; written only where it has changed."""
        now = {
            facts.SETTINGS_FACT: str(settings.version),
            facts.SHOWING_FACT: showing,
            facts.UI_FAULTS_FACT: " ".join(faults),
            facts.UI_LOG_FACT: self._log_lines(),
        }
        for name, value in now.items():
            if self._told.get(name) != value:
                self._recorder.note(name, value)
        self._told = now if showing != OUT_OF_ORDER else {}  # while nothing can be stored, this is not either

    def _log_lines(self) -> str:
        """Give the last lines of the log, the same for a minute: each change is a write to the card."""
        now_ms = self._clock.moment().boottime_ms
        if now_ms < self._log_at_ms:
            return self._log
        self._log_at_ms = now_ms + round(LOG_S * 1000)
        self._log = "\n".join(self._lines.lines)
        return self._log

    def obey(self) -> None:
        """Do what sync asks for: look through a log that it cannot read, open a new epoch. The log sees to it that a fork happens once."""
        ledger = self._config.data_dir / delivery.FILE
        now_ms = self._clock.moment().boottime_ms
        look = delivery.wanted_look(ledger) if now_ms >= self._look_at_ms else None
        if look is not None:
            self._look_at_ms = now_ms + round(LOOK_S * 1000)
            self._recorder.look(look)
        fork = delivery.requested_fork(ledger)
        if fork is not None:
            self._recorder.rechain(fork.epoch, fork.after_seq, fork.into)

    def prune(self) -> None:
        """Delete a few of the records whose time is over; where there are more, the next ones a second later."""
        now_ms = self._clock.moment().boottime_ms
        if now_ms >= self._prune_at_ms:
            self._prune_at_ms = now_ms + round(PRUNE_S * 1000)
            self._recorder.prune(self._pruned)

    def _pruned(self, has_more: bool) -> None:  # noqa: FBT001 - an answer is yes or no
        if has_more:
            self._prune_at_ms = 0

    def forget(self, settings: KioskSettings) -> None:
        """Forget now and then the tickets of days whose life is over; only a trusted clock knows them."""
        now = self._clock.moment()
        if not now.trusted or now.boottime_ms < self._forget_at_ms:
            return
        self._forget_at_ms = now.boottime_ms + round(FORGET_S * 1000)
        zone = settings.tickets.time_zone if settings.tickets else ZONE

        def is_over(day: str) -> bool:
            try:
                return day_keys.is_over(day, zone, now.wall_ms)
            except ValueError:  # in a log that was damaged
                return True

        self._tickets.forget(is_over)
        self._recorder.forget_tickets(is_over, self._aside)
