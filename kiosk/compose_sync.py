"""The sync process, put together: the only module that knows which parts it consists of."""

from __future__ import annotations

import os
import random
import sqlite3
from contextlib import ExitStack, suppress
from functools import partial
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from feedback import wire
from feedback.known_types import know_types
from kiosk import facts, folder, identity, last_lines
from kiosk.clock import SystemClock, id_maker
from kiosk.errors import Fault
from kiosk.process import SOFTWARE, alive, end_on_signals
from kiosk.requests_to_enrol import FACT
from kiosk.resting import ZONE
from kiosk.room import Room
from kiosk.salvage import ASIDE
from kiosk.sync import delivery
from kiosk.sync.agent import Agent
from kiosk.sync.assets import AssetFetcher
from kiosk.sync.commands import Commands
from kiosk.sync.day_keys import DayKeyReceiver
from kiosk.sync.deliver import Deliverer, Sender
from kiosk.sync.diagnostics import ThisKiosk, check_command
from kiosk.sync.enroller import Enroller
from kiosk.sync.inbox import Inbox
from kiosk.sync.moving import begin_as
from kiosk.sync.mqtt import MqttTransport
from kiosk.sync.notices import NoticeReceiver
from kiosk.sync.outbox import Outbox
from kiosk.sync.renewals import Credentials
from kiosk.sync.settings import SettingsReceiver
from kiosk.sync.state import StateReport
from kiosk.sync.waiting import Waiting

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from uuid import UUID

    from kiosk.config import Config
    from kiosk.identity import Identity

SPREAD: Final = partial(random.uniform, 0.0)
GIVES_WAY: Final = 10
"""How much nicer than the screen the delivery is: a backlog of days must not make a press wait."""


def run_sync(config: Config, path: Path) -> None:
    """Deliver what is stored and take in what the server says, until a signal asks to end; first wait to be enrolled.

    `path` is the configuration's.
    """
    os.nice(GIVES_WAY)
    folder.prepare(config.data_dir)
    know_types()
    with ExitStack() as stack:
        sync = Sync(config, path, stack, alive=alive())
        end_on_signals(sync.stop)
        sync.run()


class Sync:
    """The parts that stay, whichever server the kiosk belongs to, and one membership after another."""

    def __init__(self, config: Config, path: Path, stack: ExitStack, *, alive: Callable[[], None]) -> None:
        """Put the parts together; `stack` takes them apart again, and `alive` is called once a round."""
        self._config, self._path, self._clock = config, path.absolute(), SystemClock()
        self._process = uuid4()
        self._lines = stack.enter_context(last_lines.kept())
        self._alive = alive
        self._inbox = stack.enter_context(Inbox(folder.wake_receiver(config.data_dir)))
        self._outbox = stack.enter_context(Outbox(config.data_dir))
        self._ledger = stack.enter_context(delivery.open_ledger(config.data_dir / delivery.FILE))
        self._stopped = False
        self._leave: Callable[[], None] = _nothing
        self._enroller = stack.enter_context(
            Enroller(
                config,
                post=self._inbox.post,
                note=self._note,
                enrolled=lambda: self._leave(),  # noqa: PLW0108 - it changes with each membership
                spread=SPREAD,
                noted=self._ledger.fact(FACT),
            )
        )

    def run(self) -> None:
        """Work until `stop`."""
        while not self._stopped:
            own = identity.read(self._config.data_dir)
            if own is not None:
                identity.publish(self._config.data_dir, own)
            config = identity.with_secrets(self._config, own)
            if config.server is None:
                self._wait()
            else:
                with ExitStack() as stack:
                    agent = self.put_together(config, own, stack)
                    self._begin(agent.stop)
                    agent.run()

    def stop(self) -> None:
        """End `run` soon; called from anywhere."""
        self._stopped = True
        self._leave()

    def _each_round(self) -> None:
        self._alive()
        self._enroller.look()

    def _wait(self) -> None:
        waiting = Waiting(self._inbox, self._outbox, self._ledger, each_round=self._each_round)
        self._begin(waiting.stop)
        waiting.run()

    def put_together(self, config: Config, own: Identity | None, stack: ExitStack) -> Agent:
        """Give the agent of one membership, connected to everything that it needs and about to run; `stack` takes it apart again."""
        assert config.server is not None  # noqa: S101 - else it waits
        kiosk, data_dir, ledger = config.kiosk.id, config.data_dir, self._ledger
        assets = stack.enter_context(AssetFetcher(data_dir, ca=config.server.ca, spread=SPREAD))
        settings = SettingsReceiver(config, assets.want)
        day_keys = DayKeyReceiver(config, clock=self._clock, zone=partial(_zone, settings))
        credentials = Credentials(data_dir, own, config.server.credential.reveal())
        diagnostician = ThisKiosk(data_dir, check_command(self._path), lines=self._lines, now=self._clock.moment, post=self._inbox.post)
        commands = Commands(config, ledger.commands, clock=self._clock, fact=self._outbox.fact, diagnostician=diagnostician)
        receivers = settings, NoticeReceiver(config), day_keys, commands, credentials
        agent = Agent(self._inbox, *receivers, kiosk=kiosk, alive=self._each_round)
        transport = MqttTransport(config.server, kiosk, listener=agent, post=self._inbox.post, spread=SPREAD, credentials=credentials)
        begin_as(kiosk, ledger, self._outbox, id_maker(self._clock))
        deliverer = self._deliverer(kiosk, transport)
        look = partial(self._state, (deliverer, agent, assets), credentials)
        agent.serve(deliverer, StateReport(kiosk, transport=transport, clock=self._clock, look=look), transport)
        stack.enter_context(transport)
        return agent

    def _deliverer(self, kiosk: str, transport: MqttTransport) -> Deliverer:
        return Deliverer(
            Sender(kiosk, SOFTWARE),
            outbox=self._outbox,
            ledger=self._ledger,
            transport=transport,
            clock=self._clock,
            new_epoch=id_maker(self._clock),
            spread=SPREAD,
        )

    def _begin(self, leave: Callable[[], None]) -> None:
        """Have `leave` called when this membership is to end; at once where the program is to."""
        self._leave = leave
        if self._stopped:
            leave()

    def _note(self, name: str, value: str) -> None:
        with suppress(sqlite3.OperationalError):  # a full disk may keep the note from being new
            self._ledger.note(name, value)

    def _state(self, parts: tuple[Deliverer, Agent, AssetFetcher], credentials: Credentials, session: UUID) -> wire.State:
        (deliverer, agent, _), outbox = parts, self._outbox
        damaged = (Fault.VOTES_DB_DAMAGED,) if outbox.wants_look or any(self._config.data_dir.glob(ASIDE)) else ()
        of_ui = facts.faults_in(outbox.fact(facts.UI_FAULTS_FACT))
        return wire.State(
            online=True,
            session=session,
            outbox=deliverer.depth(),
            settings=facts.settings_in(outbox.fact(facts.SETTINGS_FACT)),
            software=SOFTWARE,
            clock_trusted=self._clock.moment().trusted,
            faults=tuple(
                dict.fromkeys((*damaged, *Room(self._config.data_dir).faults, *(fault for part in parts for fault in part.faults), *of_ui))
            ),
            showing=facts.showing_in(outbox.fact(facts.SHOWING_FACT)),
            refused=agent.refused,
            process=self._process,
            identity=credentials.number,
            proof=credentials.proof,
        )


def _zone(settings: SettingsReceiver) -> str:
    rules = settings.tickets
    return rules.time_zone if rules is not None else ZONE


def _nothing() -> None:
    """Nothing has begun yet."""
