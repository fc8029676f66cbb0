"""The ui process, put together; the devices beside the screen are put together in `compose_devices`."""

from __future__ import annotations

import logging
import os
import secrets
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from feedback.known_types import know_types
from kiosk import accepted, folder, last_lines, requests_to_enrol
from kiosk.asking import NOTHING, Writable
from kiosk.chores import LOG_LINES, Chores
from kiosk.clock import SystemClock, id_maker
from kiosk.compose_boxes import open_boxes
from kiosk.compose_devices import BesideScreen, buttons_of
from kiosk.compose_orders import open_orders
from kiosk.errors import ConfigError, Fault
from kiosk.gesture import Corners
from kiosk.hardware.sound import NoOutput, outputs_of
from kiosk.membership import Membership
from kiosk.process import SOFTWARE, alive, end_on_signals, give_memory_back
from kiosk.pruning import Pruner
from kiosk.recorder import Recorder
from kiosk.requests_to_enrol import Request
from kiosk.room import Room
from kiosk.salvage import open_store
from kiosk.screens import STAFF, OutOfOrder, Screen
from kiosk.self_test import VOICE
from kiosk.self_test_schedule import SelfTests, Times
from kiosk.signatures import is_signed
from kiosk.technician.levels import Levels
from kiosk.technician.lock import Lock
from kiosk.technician.menu import Technician
from kiosk.technician.probes import Machine, SysBacklight
from kiosk.technician.readings import About, Outlets, Output
from kiosk.ticket_desk import TicketDesk
from kiosk.visit import Means, Visits
from kiosk.visitor import KioskVisitor
from kiosk.voice import wav
from kiosk.voice.speaker import AudioOutput, Speaker
from kiosk.voice.voices import FOLDER, Voices

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from uuid import UUID

    from feedback.records import AnyRecord, Moment
    from feedback.settings import KioskSettings
    from feedback.tickets import Refusal, TicketToken
    from kiosk.boxes import Boxes
    from kiosk.clock import Clock
    from kiosk.config import Config
    from kiosk.scans import Scanned
    from kiosk.screens import Comfort
    from kiosk.ui.app import KioskApp, Visitor


def run_ui(config: Config, mirror: Path | None) -> None:
    """Show the screen, take votes and store them, until a signal asks to end."""
    if mirror is not None and not _is_simulated(config):
        raise ConfigError('--mirror is a simulated touch screen: set hardware = "simulated" in [kiosk]')
    with ExitStack() as stack:
        terminal = Terminal(config, stack)
        terminal.start(terminal.visitor)
        if mirror is not None:
            _open_mirror(mirror, terminal, stack)
        end_on_signals(terminal.app.stop)
        terminal.app.run()


class Terminal:
    """The ui process, put together and not yet started. Its parts reach through it those that are made after them."""

    def __init__(self, config: Config, stack: ExitStack) -> None:
        """Put the process together; `stack` takes it apart again."""
        give_memory_back()
        know_types()
        folder.prepare(config.data_dir)
        self._membership = Membership(config)
        self._membership.look()
        stack.enter_context(folder.hold(config.data_dir))
        lines = stack.enter_context(last_lines.kept(logging.WARNING, lines=LOG_LINES))
        self._config, self._clock = config, SystemClock()
        self.app, self.window = _open_app(config, stack)
        self._voice = _open_voice(config, stack)
        self._wake = partial(folder.wake, config.data_dir, stack.enter_context(folder.wake_sender()))
        self._room = Room(config.data_dir)
        self._recorder = _open_recorder(config, self._clock, self._room, self._wake, stack)
        self._post = _post()
        self._beside = BesideScreen(config, self._clock, self._post, stack, is_enrolled=lambda: self._membership.is_enrolled)
        self._tickets = _open_tickets(self._membership, self._recorder)
        self._chores = Chores(self._membership.config, self._recorder, self._tickets, clock=self._clock, lines=lines)
        settings = self._chores.settings() or accepted.before_any(self._membership.config.kiosk.id)
        self._outlets = self._make_outlets()
        self._technician = self._open_technician(stack)
        self._boxes = self._open_boxes()
        self.visits = self._open_visits(settings)
        self._tests = self._open_tests()
        self._orders = open_orders(
            config, self._clock, self._recorder, self._tests, self._beside, restart=self.app.stop, is_free=self._is_free
        )
        self.visitor = self._open_visitor()
        self._recorder.listener = self.visits
        self._take_up(settings)
        self._beside.begin(self.visitor, self.visits.keep, self.app.wake)

    def start(self, visitor: Visitor) -> None:
        """Show the first screen; everything that happens at the window goes to `visitor`."""
        self.visits.start()
        self.app.start(visitor)

    # --- what the parts set off in each other ------------------------------------------------------------------------------

    def _show(self, screen: Screen) -> None:
        self.app.show(screen)
        self._beside.shown(screen)
        if not isinstance(screen, STAFF):
            self._post(lambda: self._voice.speaker.shown(screen))  # a press is first seen, then spoken: else it would hold up its frame

    def _record(self, token: int, records: tuple[AnyRecord, ...], boxes: Mapping[UUID, bytes], spent: Mapping[UUID, TicketToken]) -> None:
        self._post(lambda: self._recorder.record(token, records, boxes, spent))  # nor does storing it hold up the frame

    def _take_up(self, fresh: KioskSettings) -> None:
        self.app.dress(fresh.centre, fresh.look)
        self._voice.speaker.prepare(fresh)

    def _each_second(self) -> None:
        if self._membership.look():
            self._chores.belong(self._membership.config)
        self._voice.speaker.tick()
        faults = (*self._voice.speaker.faults, *self._room.faults, *self._membership.faults)
        self._beside.each_second(faults, stores=not isinstance(self.visits.screen, OutOfOrder))
        self._tests.tick()
        self._orders.tick()

    def _faults(self) -> tuple[Fault, ...]:
        return (*self._voice.speaker.faults, *self._beside.devices.faults, *self._membership.faults)

    def _read(self, code: str, at: Moment) -> Scanned | Refusal | None:
        return self._tickets.read(code, at, self.visits.settings)

    def _writable(self, comfort: Comfort) -> Writable:
        return self.app.writable(comfort) if self._membership.is_enrolled else NOTHING

    def _light(self, lit: bool) -> None:  # noqa: FBT001 - a lamp is on or off
        self.app.light(lit)
        self._beside.light(lit)

    def _at_rest(self) -> bool:
        return not self._boxes.is_open and (self.visits.between_visits or isinstance(self.visits.screen, OutOfOrder))

    def _is_free(self) -> bool:
        return self._at_rest() and not self._technician.is_open

    def _corners(self) -> Corners:
        width, height = self.window.size
        return Corners(width, height, self._config.screen.diagonal_inch)

    # --- the parts that need others ----------------------------------------------------------------------------------------

    def _make_outlets(self) -> Outlets:
        return Outlets(
            about=lambda: _about(self._membership.config, self.visits.settings),
            read=Machine(self._config.data_dir).read,
            at_rest=self._at_rest,
            probe_store=self._recorder.probe,
            tone=self._voice.tone,
            begin_test=lambda: self.visits.begin_test(),  # noqa: PLW0108 - visits are made later
            begin_boxes=lambda language: self.visits.between_visits and self._boxes.begin(language),
            restart=self.app.stop,
            devices=lambda: self._beside.devices.known,
            enrol=partial(_enrol, self._config, self._wake),
            tested=lambda results: self._tests.attended(results),  # noqa: PLW0108 - and so are tests
        )

    def _open_technician(self, stack: ExitStack) -> Technician:
        config = self._config
        run = stack.enter_context(ThreadPoolExecutor(1, "technician")).submit
        levels = Levels(config.data_dir, volume=config.sound.volume, set_volume=self._voice.set_volume, backlight=SysBacklight(), run=run)
        levels.apply()
        pin = config.technician.pin.reveal() if config.technician else None
        lock = None if pin is None else Lock(pin, config.data_dir, clock=self._clock, run=run, post=self._post)
        technician = Technician(lock, self._corners(), levels, self._outlets, clock=self._clock, show=self._show)
        self.window.bind(on_resize=lambda *_: technician.resize(self._corners()))
        return technician

    def _open_boxes(self) -> Boxes:
        return open_boxes(
            self._clock,
            self._recorder,
            self._tickets,
            read=self._read,
            seal=self._membership.seal,
            show=self._technician.visit_shows,
            after_frame=self._post,
        )

    def _open_visits(self, settings: KioskSettings) -> Visits:
        speaker = self._voice.speaker
        means = Means(
            id_maker(self._clock),
            partial(secrets.randbits, 48),
            seal=self._membership.seal,
            writable=self._writable,
            lamp=self._light,
            say_again=speaker.repeat,
            is_speaking=lambda: speaker.is_speaking,
            spend=self._tickets.spend,
            hand_out=lambda vote, language: self._beside.hand_out(self.visits.settings, vote, language),
        )
        return Visits(
            settings,
            language=self._config.kiosk.language,
            software=SOFTWARE,
            clock=self._clock,
            means=means,
            record=self._record,
            show=self._boxes.visit_shows,
        )

    def _open_tests(self) -> SelfTests:
        return SelfTests(
            Times(self._config.kiosk.tested_at, self._clock.moment()),
            self._outlets,
            clock=self._clock,
            is_free=lambda: not self._technician.is_open,
            sound=self._voice.states,
            keep=self.visits.keep,
            post=self._post,
        )

    def _open_visitor(self) -> KioskVisitor:
        return KioskVisitor(
            self.visits,
            self._technician,
            self._boxes,
            self._chores,
            clock=self._clock,
            key=self._beside.key,
            take_up=self._take_up,
            faults=self._faults,
            each_second=self._each_second,
            read=self._read,
        )


@dataclass(frozen=True, slots=True)
class _Voice:
    speaker: Speaker
    outputs: dict[Output, AudioOutput]

    def tone(self, name: Output) -> bool:
        """Play a test tone; whether the output takes it."""
        output = self.outputs[name]
        output.play(wav.test_tone())
        return output.fault is None and not isinstance(output, NoOutput)

    def states(self) -> dict[str, Fault | None]:
        """Give each output that there is, and the voice, with what is wrong with it. Nothing is heard of it."""
        there: dict[str, Fault | None] = {name: output.fault for name, output in self.outputs.items() if not isinstance(output, NoOutput)}
        return {**there, VOICE: Fault.NO_VOICE if Fault.NO_VOICE in self.speaker.faults else None}

    def set_volume(self, percent: int) -> None:
        """Speak so loudly."""
        self.speaker.volume = percent


def _open_app(config: Config, stack: ExitStack) -> tuple[KioskApp, Any]:
    from kiosk.ui.window import open_window

    window = open_window(config.screen, config.data_dir / "kivy")
    from kiosk.ui.app import KioskApp

    app = KioskApp(
        window,
        banner=_is_simulated(config),
        alive=alive(),
        diagonal_inch=config.screen.diagonal_inch,
        asset=partial(accepted.asset, config.data_dir),
    )
    return stack.enter_context(closing(app)), window


def _open_voice(config: Config, stack: ExitStack) -> _Voice:
    if _is_simulated(config):
        os.environ.setdefault("SDL_AUDIODRIVER", "dummy")  # a machine without a sound card is no fault of a simulated kiosk
    speaker, headphones = outputs_of(config.sound)
    voices = Voices(Path(config.sound.voices), config.data_dir / FOLDER)
    has_headphones = not isinstance(headphones, NoOutput)
    voice = stack.enter_context(Speaker((speaker, headphones), voices, buttons=buttons_of(config), headphones=has_headphones))
    return _Voice(voice, {"speaker": speaker, "headphones": headphones})


def _open_recorder(config: Config, clock: Clock, room: Room, wake: Callable[[], None], stack: ExitStack) -> Recorder:
    pruner = Pruner(config.data_dir, keep=timedelta(days=config.kiosk.keep_days), clock=clock, room=room)
    return stack.enter_context(Recorder(partial(open_store, config.data_dir, id_maker(clock)), _post(), wake, pruner))


def _open_tickets(membership: Membership, recorder: Recorder) -> TicketDesk:
    tickets = TicketDesk(membership, verify=is_signed)
    recorder.read_spent(tickets.remember)
    return tickets


def _post() -> Callable[[Callable[[], None]], None]:
    from kiosk.ui.app import post

    return post


def _about(config: Config, settings: KioskSettings) -> About:
    server, asked = config.server, settings.questionnaire
    return About(
        kiosk=config.kiosk.id,
        software=SOFTWARE,
        centre=settings.centre,
        server=f"{server.host}:{server.port}" if server else "",
        settings=settings.version,
        questionnaire=asked.id,
        questionnaire_version=asked.version,
        tickets=settings.tickets is not None,
        address=config.enrolment.server if config.enrolment else "",
    )


def _enrol(config: Config, wake: Callable[[], None], server: str, code: str) -> str:
    """Leave a request for sync; give its id, empty where the card did not take it."""
    request = Request(uuid4().hex, server, code)
    if not requests_to_enrol.write(config.data_dir, request):
        return ""
    wake()
    return request.id


def _open_mirror(path: Path, terminal: Terminal, stack: ExitStack) -> None:
    from kiosk.ui.mirror import Mirror

    stack.enter_context(Mirror(path, terminal.window, terminal.app))


def _is_simulated(config: Config) -> bool:
    return config.kiosk.hardware == "simulated"
