"""The sync process, put together: the only module that knows which parts it consists of."""

from __future__ import annotations

import random
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING

from feedback import wire
from kiosk import facts, folder, process
from kiosk.clock import SystemClock, id_maker
from kiosk.errors import ConfigError, Fault
from kiosk.process import SOFTWARE, end_on_signals
from kiosk.resting import ZONE
from kiosk.salvage import ASIDE
from kiosk.sync import delivery
from kiosk.sync.agent import Agent
from kiosk.sync.assets import AssetFetcher
from kiosk.sync.day_keys import DayKeyReceiver
from kiosk.sync.deliver import Deliverer, Sender
from kiosk.sync.inbox import Inbox
from kiosk.sync.mqtt import MqttTransport
from kiosk.sync.notices import NoticeReceiver
from kiosk.sync.outbox import Outbox
from kiosk.sync.settings import SettingsReceiver
from kiosk.sync.state import StateReport

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from uuid import UUID

    from kiosk.clock import Clock
    from kiosk.config import Config


def run_sync(config: Config) -> None:
    """Deliver what is stored and take in settings, notices and pictures, until a signal asks to end."""
    with put_together(config, alive=process.alive()) as agent:
        end_on_signals(agent.stop)
        agent.run()


@contextmanager
def put_together(config: Config, *, alive: Callable[[], None]) -> Iterator[Agent]:
    """Give an agent that is about to `run` on this thread, connected to everything that it needs; it calls `alive` once a round.

    Raises:
        ConfigError: the kiosk is not enrolled.
    """
    if config.server is None:
        raise ConfigError("this kiosk is not enrolled: its configuration has no [server]; `vidhuk-server kiosk add` prints one")
    folder.prepare(config.data_dir)
    kiosk, clock = config.kiosk.id, SystemClock()
    spread = partial(random.uniform, 0.0)
    with ExitStack() as stack:
        inbox = stack.enter_context(Inbox(folder.wake_receiver(config.data_dir)))
        outbox = stack.enter_context(Outbox(config.data_dir))
        ledger = stack.enter_context(delivery.open_ledger(config.data_dir / delivery.FILE))
        assets = stack.enter_context(AssetFetcher(config.data_dir, spread=spread))
        settings = SettingsReceiver(config, assets.want)
        day_keys = DayKeyReceiver(config, clock=clock, zone=partial(_zone, settings))
        agent = Agent(inbox, settings, NoticeReceiver(config), day_keys, kiosk=kiosk, alive=alive)
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
        look = partial(_state, config.data_dir, (deliverer, agent, assets), outbox, clock)
        agent.serve(deliverer, StateReport(kiosk, transport=transport, clock=clock, look=look))
        stack.enter_context(transport)
        yield agent


def _zone(settings: SettingsReceiver) -> str:
    rules = settings.tickets
    return rules.time_zone if rules is not None else ZONE


def _state(data_dir: Path, parts: tuple[Deliverer, Agent, AssetFetcher], outbox: Outbox, clock: Clock, session: UUID) -> wire.State:
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
    )
