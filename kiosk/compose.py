"""The composition root: the only module that names concrete devices, and the two processes read aloud."""

from __future__ import annotations

import random
import secrets
import signal
import time
from contextlib import ExitStack, closing
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

from sdnotify import SystemdNotifier

from feedback import wire
from kiosk import accepted, folder
from kiosk.clock import SystemClock, id_maker
from kiosk.errors import ConfigError, Fault
from kiosk.hardware.simulated.buttons import KeyboardButtons
from kiosk.recorder import Recorder
from kiosk.salvage import ASIDE, open_store
from kiosk.visit import Makers, Visits
from kiosk.visitor import SETTINGS_FACT, Chores, KioskVisitor

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from uuid import UUID

    from kiosk.clock import Clock
    from kiosk.config import Config
    from kiosk.sync.agent import Agent
    from kiosk.sync.deliver import Deliverer
    from kiosk.sync.outbox import Outbox
    from kiosk.ui.app import KioskApp

ALIVE_S: Final = 2.0
SOFTWARE: Final = f"vidhuk {version('vidhuk')}"


def run_ui(config: Config, mirror: Path | None) -> None:
    """Show the screen, take votes and store them, until a signal asks to end."""
    folder.prepare(config.data_dir)
    simulated = config.kiosk.hardware == "simulated"
    if mirror is not None and not simulated:
        raise ConfigError('--mirror is a simulated touch screen: set hardware = "simulated" in [kiosk]')
    with ExitStack() as stack:
        app, window = _open_app(config, stack)
        clock = SystemClock()
        new_id = id_maker(clock)
        wake = partial(folder.wake, config.data_dir, stack.enter_context(folder.wake_sender()))
        recorder = stack.enter_context(Recorder(partial(open_store, config.data_dir, new_id), _post_to_window(), wake))
        chores = Chores(config, recorder)
        settings = chores.settings() or accepted.before_any(config.kiosk.id)
        visits = Visits(
            settings,
            language=config.kiosk.language,
            software=SOFTWARE,
            clock=clock,
            makers=Makers(new_id, partial(secrets.randbits, 48)),
            record=recorder.record,
            show=app.show,
        )
        recorder.listener = visits
        buttons = KeyboardButtons(clock)
        visitor = KioskVisitor(visits, chores, clock=clock, key=buttons.key)
        if simulated:
            stack.enter_context(closing(buttons))
            buttons.start(visitor.button)
        visits.start()
        chores.in_use(settings)
        app.start(visitor)
        if mirror is not None:
            _open_mirror(mirror, window, app, stack)
        _end_on_signals(app.stop)
        app.run()


def run_sync(config: Config) -> None:
    """Deliver what is stored and take in settings, until a signal asks to end."""
    from kiosk.sync import delivery
    from kiosk.sync.agent import Agent
    from kiosk.sync.deliver import Deliverer, Sender
    from kiosk.sync.inbox import Inbox
    from kiosk.sync.mqtt import MqttTransport
    from kiosk.sync.outbox import Outbox
    from kiosk.sync.settings import SettingsReceiver
    from kiosk.sync.state import StateReport

    if config.server is None:
        raise ConfigError("this kiosk is not enrolled: its configuration has no [server]; `vidhuk-server kiosk add` prints one")
    folder.prepare(config.data_dir)
    kiosk, clock = config.kiosk.id, SystemClock()
    spread = partial(random.uniform, 0.0)
    with ExitStack() as stack:
        inbox = stack.enter_context(Inbox(folder.wake_receiver(config.data_dir)))
        outbox = stack.enter_context(Outbox(config.data_dir))
        ledger = stack.enter_context(delivery.open_ledger(config.data_dir / delivery.FILE))
        agent = Agent(inbox, SettingsReceiver(config), kiosk=kiosk, alive=_alive())
        transport = MqttTransport(config.server, kiosk, listener=agent, post=inbox.post, spread=spread)
        deliverer = Deliverer(
            Sender(kiosk, SOFTWARE),
            outbox=outbox,
            ledger=ledger,
            transport=transport,
            clock=clock,
            new_epoch=id_maker(clock),
            spread=spread,
        )
        look = partial(_state, config.data_dir, deliverer, outbox, agent, clock)
        agent.serve(deliverer, StateReport(kiosk, transport=transport, clock=clock, look=look))
        stack.enter_context(transport)
        _end_on_signals(agent.stop)
        agent.run()


def _state(data_dir: Path, deliverer: Deliverer, outbox: Outbox, agent: Agent, clock: Clock, session: UUID) -> wire.State:  # noqa: PLR0913, PLR0917
    damaged = (Fault.VOTES_DB_DAMAGED,) if outbox.damaged or any(data_dir.glob(ASIDE)) else ()
    return wire.State(
        online=True,
        session=session,
        outbox=deliverer.depth(),
        settings=int(outbox.fact(SETTINGS_FACT) or 0),
        software=SOFTWARE,
        clock_trusted=clock.moment().trusted,
        faults=(*damaged, *deliverer.faults, *agent.faults),
    )


def _open_app(config: Config, stack: ExitStack) -> tuple[KioskApp, Any]:
    from kiosk.ui.window import open_window

    window = open_window(config.screen, config.data_dir / "kivy")
    from kiosk.ui.app import KioskApp

    return stack.enter_context(closing(KioskApp(window, banner=config.kiosk.hardware == "simulated", alive=_alive()))), window


def _post_to_window() -> Callable[[Callable[[], None]], None]:
    from kiosk.ui.app import post

    return post


def _open_mirror(path: Path, window: object, app: KioskApp, stack: ExitStack) -> None:
    from kiosk.ui.mirror import Mirror

    stack.enter_context(Mirror(path, window, app))


def _alive() -> Callable[[], None]:
    """Give what tells systemd, first, that the program is ready, and then every two seconds that it lives."""
    systemd = SystemdNotifier()
    told: list[float] = []

    def tell() -> None:
        now = time.monotonic()
        if not told or now - told[-1] >= ALIVE_S:
            systemd.notify("WATCHDOG=1" if told else "READY=1")
            told[:] = [now]

    return tell


def _end_on_signals(stop: Callable[[], None]) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop())
