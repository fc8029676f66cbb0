"""What the screen's process does at the server's command, put together."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from feedback.commands import Because, CommandKind, Outcome
from kiosk.orders import Orders
from kiosk.process import is_watched
from kiosk.sync import delivery

if TYPE_CHECKING:
    from collections.abc import Callable

    from kiosk.clock import Clock
    from kiosk.compose_devices import BesideScreen
    from kiosk.config import Config
    from kiosk.errors import Fault
    from kiosk.orders import Act, Answer
    from kiosk.recorder import Recorder
    from kiosk.self_test import Results
    from kiosk.self_test_schedule import SelfTests


def open_orders(  # noqa: PLR0913 - what orders set off meets here
    config: Config,
    clock: Clock,
    recorder: Recorder,
    tests: SelfTests,
    beside: BesideScreen,
    *,
    restart: Callable[[], None],
    is_free: Callable[[], bool],
) -> Orders:
    """Give what carries out orders; `restart` ends the program."""
    acts: dict[str, Act] = {
        CommandKind.RESTART: partial(_restart, restart),
        CommandKind.SELF_TEST: partial(_test, tests),
        CommandKind.PRINT_TEST: partial(_print, beside, config.kiosk.language),
    }
    look = partial(delivery.orders, config.data_dir / delivery.FILE)
    return Orders(look, recorder, acts, clock=clock, is_free=is_free)


def _restart(restart: Callable[[], None], answer: Answer) -> None:
    """End the program where somebody starts it again; the next one says that it is done."""
    if is_watched():
        restart()
    else:
        answer(Outcome.REFUSED, Because.UNWATCHED)


def _test(tests: SelfTests, answer: Answer) -> None:
    def heard(found: Results) -> None:
        answer(Outcome.DONE, " ".join(dict.fromkeys(fault for fault in found.values() if fault)))

    tests.ordered(heard)


def _print(beside: BesideScreen, language: str, answer: Answer) -> None:
    def printed(fault: Fault | None) -> None:
        answer(Outcome.DONE if fault is None else Outcome.FAILED, fault or "")

    if not beside.print_test(language, printed):
        answer(Outcome.REFUSED, Because.NO_PRINTER)
