"""Leads what happens at the window and the buttons to the visit, and does the kiosk's own chores between visits."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from feedback.records import Input
from kiosk import accepted
from kiosk.errors import SettingsRefusedError
from kiosk.screens import DONT_REMEMBER
from kiosk.sync import delivery

if TYPE_CHECKING:
    from collections.abc import Callable

    from feedback.records import Moment
    from feedback.settings import KioskSettings
    from kiosk.clock import Clock
    from kiosk.config import Config
    from kiosk.recorder import Recorder
    from kiosk.screens import Screen
    from kiosk.visit import Visits

log = logging.getLogger(__name__)

CHORES_S: Final = 1.0
SETTINGS_FACT: Final = "settings_version"


class Chores:
    """What ui does between visits for sync: it takes up new settings and opens a new epoch where one is asked for."""

    def __init__(self, config: Config, recorder: Recorder) -> None:
        self._config = config
        self._recorder = recorder
        self._seen: str | None = None

    def settings(self) -> KioskSettings | None:
        """Give the accepted settings if they have changed since the last look."""
        server, name = self._config.server, accepted.name_of_current(self._config.data_dir)
        if server is None or name == self._seen:
            return None
        self._seen = name
        try:
            return accepted.read_current(self._config.data_dir, self._config.kiosk.id, server.signing_key)
        except SettingsRefusedError as error:
            log.warning("the settings in %s are not used: %s", accepted.FOLDER, error)
            return None

    def in_use(self, settings: KioskSettings) -> None:
        """Let sync know which settings are in use."""
        self._recorder.note(SETTINGS_FACT, str(settings.version))

    def obey(self) -> None:
        """Do what sync asks for: look through a log that it cannot read, open a new epoch. The log sees to it that a fork happens once."""
        ledger = self._config.data_dir / delivery.FILE
        if delivery.wants_look(ledger):
            self._recorder.look()
        fork = delivery.requested_fork(ledger)
        if fork is not None:
            self._recorder.rechain(fork.epoch, fork.after_seq, fork.into)


class KioskVisitor:
    """The window's `Visitor`."""

    def __init__(self, visits: Visits, chores: Chores, *, clock: Clock, key: Callable[[str], None]) -> None:
        self._visits = visits
        self._chores = chores
        self._clock = clock
        self._key = key
        self._next_chores_ms = 0

    def tap(self, name: str) -> None:
        """Something was tapped."""
        at = self._clock.moment()
        match name.partition(":"):
            case ("language", ":", code):
                self._visits.switch_language(code, at)
            case ("desk", ":", desk):
                self._visits.choose_desk(desk, Input.TOUCH, at)
            case (str() as quiet, "", "") if quiet == DONT_REMEMBER:
                self._visits.choose_desk(None, Input.TOUCH, at)
            case ("skip", "", ""):
                self._visits.skip(at)
            case ("stray", "", ""):
                self._visits.stray(at)
            case _:
                self._visits.press(name, Input.TOUCH, at)

    def button(self, answer: str, at: Moment) -> None:
        """A button of the panel was pressed."""
        self._visits.press(answer, Input.BUTTON, at)

    def key(self, character: str) -> None:
        """A key was pressed; only simulated devices make something of it."""
        self._key(character)

    def shown(self, screen: Screen) -> None:
        """A screen has been drawn."""
        self._visits.shown(screen)

    def tick(self) -> None:
        """Let the visit's time pass; between visits, see to the chores."""
        self._visits.tick()
        now_ms = self._clock.moment().boottime_ms
        if now_ms < self._next_chores_ms or not self._visits.between_visits:
            return
        self._next_chores_ms = now_ms + round(CHORES_S * 1000)
        self._chores.obey()
        settings = self._chores.settings()
        if settings is not None:
            self._visits.use(settings)
            self._chores.in_use(settings)
