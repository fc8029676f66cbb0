"""The ui process, put together; the devices beside the screen are put together in `compose_devices`."""

from __future__ import annotations

import os
import secrets
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kiosk import accepted, folder
from kiosk.chores import Chores
from kiosk.clock import SystemClock, id_maker
from kiosk.compose_boxes import open_boxes
from kiosk.compose_devices import BesideScreen, buttons_of
from kiosk.day_keys import DayKeys
from kiosk.errors import ConfigError, Fault
from kiosk.gesture import Corners
from kiosk.hardware.sound import NoOutput, outputs_of
from kiosk.process import SOFTWARE, alive, end_on_signals, give_memory_back
from kiosk.recorder import Recorder
from kiosk.salvage import open_store
from kiosk.screens import STAFF, OutOfOrder, Screen
from kiosk.sealing import Sealer
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
    from kiosk.ui.app import KioskApp, Visitor


def run_ui(config: Config, mirror: Path | None) -> None:
    """Show the screen, take votes and store them, until a signal asks to end."""
    if mirror is not None and not _is_simulated(config):
        raise ConfigError('--mirror is a simulated touch screen: set hardware = "simulated" in [kiosk]')
    with ExitStack() as stack:
        terminal = open_terminal(config, stack)
        terminal.start(terminal.visitor)
        if mirror is not None:
            _open_mirror(mirror, terminal, stack)
        end_on_signals(terminal.app.stop)
        terminal.app.run()


@dataclass(frozen=True, slots=True)
class Terminal:
    """The ui process put together, not yet started."""

    app: KioskApp
    window: Any  # Kivy ships no types
    visits: Visits
    visitor: KioskVisitor

    def start(self, visitor: Visitor) -> None:
        """Show the first screen; everything that happens at the window goes to `visitor`."""
        self.visits.start()
        self.app.start(visitor)


def open_terminal(config: Config, stack: ExitStack) -> Terminal:
    """Put the process together; `stack` takes it apart again."""
    give_memory_back()
    folder.prepare(config.data_dir)
    stack.enter_context(folder.hold(config.data_dir))
    clock = SystemClock()
    app, window = _open_app(config, stack)
    voice = _open_voice(config, stack)
    recorder = _open_recorder(config, clock, stack)
    after_frame = _post()  # a press is first seen, then stored and spoken: the other threads would hold up its frame
    beside = BesideScreen(config, clock, _post(), stack)
    tickets = _open_tickets(config, recorder)
    chores = Chores(config, recorder, tickets, clock=clock)
    settings = chores.settings() or accepted.before_any(config.kiosk.id)
    visits: Visits
    boxes: Boxes
    tests: SelfTests

    def show(screen: Screen) -> None:
        app.show(screen)
        beside.shown(screen)
        if not isinstance(screen, STAFF):
            after_frame(lambda: voice.speaker.shown(screen))

    def record(token: int, records: tuple[AnyRecord, ...], boxes: Mapping[UUID, bytes], spent: Mapping[UUID, TicketToken]) -> None:
        after_frame(lambda: recorder.record(token, records, boxes, spent))

    def take_up(fresh: KioskSettings) -> None:
        app.dress(fresh.centre, fresh.look)
        voice.speaker.prepare(fresh)

    def each_second() -> None:
        voice.speaker.tick()
        beside.each_second(voice.speaker.faults, stores=not isinstance(visits.screen, OutOfOrder))
        tests.tick()

    lock, levels = _open_lock(config, clock, voice, stack)
    outlets = _outlets(
        config,
        recorder,
        voice,
        app,
        beside=beside,
        visits=lambda: visits,
        boxes=lambda: boxes,
        tested=lambda results: tests.attended(results),  # noqa: PLW0108 - it is made later
    )
    technician = Technician(lock, _corners(config, window), levels, outlets, clock=clock, show=show)
    window.bind(on_resize=lambda *_: technician.resize(_corners(config, window)))

    def read(code: str, at: Moment) -> Scanned | Refusal | None:
        return tickets.read(code, at, visits.settings)

    boxes = open_boxes(config, clock, recorder, tickets, read=read, show=technician.visit_shows, after_frame=after_frame)
    visits = Visits(
        settings,
        language=config.kiosk.language,
        software=SOFTWARE,
        clock=clock,
        means=_means(config, clock, app, voice.speaker, beside=beside, tickets=tickets, visits=lambda: visits),
        record=record,
        show=boxes.visit_shows,
    )
    tests = SelfTests(
        Times(config.kiosk.tested_at, clock.moment()),
        outlets,
        clock=clock,
        is_free=lambda: not technician.is_open,
        sound=voice.states,
        keep=visits.keep,
        post=_post(),
    )
    recorder.listener = visits
    take_up(settings)
    visitor = KioskVisitor(
        visits,
        technician,
        boxes,
        chores,
        clock=clock,
        key=beside.key,
        take_up=take_up,
        faults=lambda: (*voice.speaker.faults, *beside.devices.faults),
        each_second=each_second,
        read=read,
    )
    beside.begin(visitor, visits.keep, app.wake)
    return Terminal(app, window, visits, visitor)


@dataclass(frozen=True, slots=True)
class _Voice:
    speaker: Speaker
    outputs: dict[Output, AudioOutput]

    def tone(self, name: Output) -> bool:
        """Play a test tone; whether the output takes it."""
        output = self.outputs[name]
        output.play(wav.tone(pitch_hz=880, length_s=0.6, level=0.5))
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


def _open_recorder(config: Config, clock: Clock, stack: ExitStack) -> Recorder:
    wake = partial(folder.wake, config.data_dir, stack.enter_context(folder.wake_sender()))
    return stack.enter_context(Recorder(partial(open_store, config.data_dir, id_maker(clock)), _post(), wake))


def _open_tickets(config: Config, recorder: Recorder) -> TicketDesk:
    server = config.server
    keys = DayKeys(config.data_dir, config.kiosk.id, server.signing_key) if server else None
    tickets = TicketDesk(keys, verify=is_signed)
    recorder.read_spent(tickets.remember)
    return tickets


def _post() -> Callable[[Callable[[], None]], None]:
    from kiosk.ui.app import post

    return post


def _open_lock(config: Config, clock: Clock, voice: _Voice, stack: ExitStack) -> tuple[Lock | None, Levels]:
    run = stack.enter_context(ThreadPoolExecutor(1, "technician")).submit
    levels = Levels(config.data_dir, volume=config.sound.volume, set_volume=voice.set_volume, backlight=SysBacklight(), run=run)
    levels.apply()
    lock = Lock(config.technician.pin.reveal(), config.data_dir, clock=clock, run=run, post=_post()) if config.technician else None
    return lock, levels


def _outlets(  # noqa: PLR0913 - what a technician can set off
    config: Config,
    recorder: Recorder,
    voice: _Voice,
    app: KioskApp,
    *,
    beside: BesideScreen,
    visits: Callable[[], Visits],
    boxes: Callable[[], Boxes],
    tested: Callable[[Mapping[str, str]], None],
) -> Outlets:
    def at_rest() -> bool:
        return not boxes().is_open and (visits().between_visits or isinstance(visits().screen, OutOfOrder))

    return Outlets(
        about=lambda: _about(config, visits().settings),
        read=Machine(config.data_dir).read,
        at_rest=at_rest,
        probe_store=recorder.probe,
        tone=voice.tone,
        begin_test=lambda: visits().begin_test(),
        begin_boxes=lambda language: visits().between_visits and boxes().begin(language),
        restart=app.stop,
        devices=lambda: beside.devices.known,
        tested=tested,
    )


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
    )


def _means(  # noqa: PLR0913 - what a visit can set off
    config: Config,
    clock: Clock,
    app: KioskApp,
    speaker: Speaker,
    *,
    beside: BesideScreen,
    tickets: TicketDesk,
    visits: Callable[[], Visits],
) -> Means:
    def call(lit: bool) -> None:  # noqa: FBT001 - a lamp is on or off
        app.light(lit)
        beside.light(lit)

    return Means(
        id_maker(clock),
        partial(secrets.randbits, 48),
        seal=Sealer(config.server.sealing_key).seal if config.server else None,
        writable=app.writable,
        lamp=call,
        say_again=speaker.repeat,
        is_speaking=lambda: speaker.is_speaking,
        spend=tickets.spend,
        hand_out=lambda vote, language: beside.hand_out(visits().settings, vote, language),
    )


def _corners(config: Config, window: Any) -> Corners:  # noqa: ANN401
    width, height = window.size
    return Corners(width, height, config.screen.diagonal_inch)


def _open_mirror(path: Path, terminal: Terminal, stack: ExitStack) -> None:
    from kiosk.ui.mirror import Mirror

    stack.enter_context(Mirror(path, terminal.window, terminal.app))


def _is_simulated(config: Config) -> bool:
    return config.kiosk.hardware == "simulated"
