"""The scanner that a kiosk's configuration names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kiosk.hardware.code_reader import CodeReader

if TYPE_CHECKING:
    from kiosk.clock import Clock
    from kiosk.config import Config
    from kiosk.hardware import Health, TicketScanner


def open_scanner(config: Config, clock: Clock, health: Health) -> TicketScanner | None:
    """Give the kiosk's scanner, which looks for its device once it is started; None where the kiosk has none.

    Simulated hardware has one always, in the same code but for the line it reads from.
    """
    if config.kiosk.hardware == "simulated":
        from kiosk.hardware.simulated.scanner import PIPE, PipeLine

        return CodeReader(str(config.data_dir / PIPE), lambda: PipeLine(config.data_dir), clock, health)
    scanner = config.scanner
    if scanner is None:
        return None
    if scanner.kind == "keyboard":
        from kiosk.hardware.typing_line import open_keyboard

        return CodeReader(scanner.port, lambda: open_keyboard(scanner.port), clock, health)
    from kiosk.hardware.serial_line import open_serial

    return CodeReader(scanner.port, lambda: open_serial(scanner.port, scanner.baud), clock, health)
