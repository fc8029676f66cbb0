"""A process with the deliveries of several kiosks, each on a thread: `python -m faults.network.deliveries TOML …`, until its input ends."""

from __future__ import annotations

import logging
import os
import sys
import threading
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Final

from faults.network.kiosk import know_types
from kiosk.compose_sync import put_together
from kiosk.config import parse

if TYPE_CHECKING:
    from kiosk.config import Config
    from kiosk.sync.agent import Agent

log = logging.getLogger(__name__)

END_S: Final = 10.0


def main() -> None:
    """Deliver for the kiosks of these files."""
    logging.basicConfig(level=logging.ERROR)
    know_types()
    configs = [parse(Path(name).read_text(encoding="utf-8"), name) for name in sys.argv[1:]]
    agents: list[Agent] = []
    threads = [threading.Thread(target=_deliver, args=(config, agents), daemon=True) for config in configs]
    for thread in threads:
        thread.start()
    sys.stdin.read()
    until = monotonic() + END_S
    for agent in agents:
        agent.stop()
    for thread in threads:
        thread.join(max(0.0, until - monotonic()))


def _deliver(config: Config, agents: list[Agent]) -> None:
    try:
        with put_together(config, alive=lambda: None) as agent:
            agents.append(agent)
            agent.run()
    except Exception:  # the thread's outermost frame: without this kiosk the fault cannot be counted
        log.exception("the delivery of %s has failed", config.kiosk.id)
        os._exit(1)


if __name__ == "__main__":
    main()
