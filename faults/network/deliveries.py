"""A process with the deliveries of several kiosks, each on a thread: `python -m faults.network.deliveries TOML …`, until its input ends."""

from __future__ import annotations

import logging
import os
import sys
import threading
from contextlib import ExitStack
from pathlib import Path
from time import monotonic
from typing import Final

from feedback.known_types import know_types
from kiosk.compose_sync import Sync
from kiosk.config import parse

log = logging.getLogger(__name__)

END_S: Final = 10.0


def main() -> None:
    """Deliver for the kiosks of these files."""
    logging.basicConfig(level=logging.ERROR)
    know_types()
    deliveries: list[Sync] = []
    threads = [threading.Thread(target=_deliver, args=(Path(name), deliveries), daemon=True) for name in sys.argv[1:]]
    for thread in threads:
        thread.start()
    sys.stdin.read()
    until = monotonic() + END_S
    for delivery in deliveries:
        delivery.stop()
    for thread in threads:
        thread.join(max(0.0, until - monotonic()))


def _deliver(toml: Path, deliveries: list[Sync]) -> None:
    try:
        with ExitStack() as stack:
            delivery = Sync(parse(toml.read_text(encoding="utf-8"), str(toml)), toml, stack, alive=lambda: None)
            deliveries.append(delivery)
            delivery.run()
    except Exception:  # the thread's outermost frame: without this kiosk the fault cannot be counted
        log.exception("the delivery of %s has failed", toml)
        os._exit(1)


if __name__ == "__main__":
    main()
