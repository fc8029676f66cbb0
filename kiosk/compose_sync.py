"""The sync process, put together: the only module that knows which parts it consists of."""

from __future__ import annotations

import os
import random
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from feedback import wire
from kiosk import facts, folder, last_lines
from kiosk.clock import SystemClock, id_maker
from kiosk.errors import ConfigError, Fault
from kiosk.process import SOFTWARE, alive, end_on_signals
from kiosk.resting import ZONE
from kiosk.salvage import ASIDE
from kiosk.sync import delivery
from kiosk.sync.agent import Agent
from kiosk.sync.assets import AssetFetcher
from kiosk.sync.commands import Commands
from kiosk.sync.day_keys import DayKeyReceiver
from kiosk.sync.deliver import Deliverer, Sender
from kiosk.sync.diagnostics import ThisKiosk, check_command
from kiosk.sync.inbox import Inbox
from kiosk.sync.mqtt import MqttTransport
from kiosk.sync.notices import NoticeReceiver
from kiosk.sync.outbox import Outbox
from kiosk.sync.settings import SettingsReceiver
from kiosk.sync.state import StateReport

if TYPE_CHECKING:
    from pathlib import Path
    from uuid import UUID

    from kiosk.clock import Clock
    from kiosk.config import Config


GIVES_WAY: Final = 10
"""How much nicer than the screen the delivery is: a backlog of days must not make a press wait."""


def run_sync(config: Config, path: Path) -> None:
    """Deliver what is stored and take in what the server says, until a signal asks to end; `path` is the configuration's."""
    if config.server is None:
        raise ConfigError("this kiosk is not enrolled: its configuration has no [server]; `vidhuk-server kiosk add` prints one")
    os.nice(GIVES_WAY)
    folder.prepare(config.data_dir)
    kiosk, clock = config.kiosk.id, SystemClock()
    spread = partial(random.uniform, 0.0)
    with ExitStack() as stack:
        inbox = stack.enter_context(Inbox(folder.wake_receiver(config.data_dir)))
        outbox = stack.enter_context(Outbox(config.data_dir))
        ledger = stack.enter_context(delivery.open_ledger(config.data_dir / delivery.FILE))
        lines = stack.enter_context(last_lines.kept())
        assets = stack.enter_context(AssetFetcher(config.data_dir, ca=config.server.ca, spread=spread))
        settings = SettingsReceiver(config, assets.want)
        day_keys = DayKeyReceiver(config, clock=clock, zone=partial(_zone, settings))
        diagnostician = ThisKiosk(config.data_dir, check_command(path.absolute()), lines=lines, now=clock.moment, post=inbox.post)
        commands = Commands(config, ledger.commands, clock=clock, fact=outbox.fact, diagnostician=diagnostician)
        agent = Agent(inbox, settings, NoticeReceiver(config), day_keys, commands, kiosk=kiosk, alive=alive())
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
        look = partial(_state, config.data_dir, (deliverer, agent, assets), outbox, clock, uuid4())
        agent.serve(deliverer, StateReport(kiosk, transport=transport, clock=clock, look=look), transport)
        stack.enter_context(transport)
        end_on_signals(agent.stop)
        agent.run()


def _zone(settings: SettingsReceiver) -> str:
    rules = settings.tickets
    return rules.time_zone if rules is not None else ZONE


def _state(  # noqa: PLR0913, PLR0917 - a state is told by all of them
    data_dir: Path, parts: tuple[Deliverer, Agent, AssetFetcher], outbox: Outbox, clock: Clock, process: UUID, session: UUID
) -> wire.State:
    deliverer, agent, _ = parts
    damaged = (Fault.VOTES_DB_DAMAGED,) if outbox.damaged or any(data_dir.glob(ASIDE)) else ()
    of_ui = facts.faults_in(outbox.fact(facts.UI_FAULTS_FACT))
    return wire.State(
        online=True,
        session=session,
        outbox=deliverer.depth(),
        settings=facts.settings_in(outbox.fact(facts.SETTINGS_FACT)),
        software=SOFTWARE,
        clock_trusted=clock.moment().trusted,
        faults=tuple(dict.fromkeys((*damaged, *(fault for part in parts for fault in part.faults), *of_ui))),
        showing=facts.showing_in(outbox.fact(facts.SHOWING_FACT)),
        refused=agent.refused,
        process=process,
    )
