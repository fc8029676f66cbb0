"""A program: visitors vote, and what they leave is delivered to a server in the same process, whatever the disk says meanwhile.

`python -m faults.storage.at_the_pair FOLDER SEED VISITS` prints the votes that were thanked for, and what they say. It
fails where the rest is not
delivered in the end: whatever was wrong with the disk before is over by then.
"""

from __future__ import annotations

import sys
from pathlib import Path
from random import Random

from faults.storage.enduring import deliver, start, vote
from faults.storage.pair import Server
from faults.storage.visits import MORNING_MS


def main() -> None:
    """Vote and deliver."""
    folder, seed, count = sys.argv[1:]
    random = Random(seed)
    with Server(Path(folder), MORNING_MS + 86_400_000) as server:
        terminal = start(Path(folder) / "card", server, random)
        for _ in range(int(count)):
            if vote(terminal):
                cast = [*terminal.thanked][-1]
                print(server.cast[cast].line(cast), flush=True)
            deliver(terminal)
        terminal.settle()
        terminal.switch_off()


if __name__ == "__main__":
    main()
