"""A whole kiosk with real hardware, as composed, whose glass a test can tap: the simulated finger is the only thing that is not real.

python -m tests.kiosk.plugging CONFIG MIRROR
"""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path

from kiosk.compose import Terminal
from kiosk.config import parse
from kiosk.process import end_on_signals


def main() -> None:
    config, mirror = Path(sys.argv[1]), Path(sys.argv[2])
    with ExitStack() as stack:
        terminal = Terminal(parse(config.read_text(), str(config)), stack)
        terminal.start(terminal.visitor)
        from kiosk.ui.mirror import Mirror

        stack.enter_context(Mirror(mirror, terminal.window, terminal.app))
        end_on_signals(terminal.app.stop)
        terminal.app.run()


if __name__ == "__main__":
    main()
