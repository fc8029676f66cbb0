"""`vidhuk-kiosk card` and `vidhuk-kiosk print-test`: what a technician prints, at once and with an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from feedback.tickets import card_code
from kiosk import accepted
from kiosk.config_devices import Printer
from kiosk.errors import ConfigError, Fault, PrintError, SettingsRefusedError
from kiosk.hardware.paper.ports import open_port
from kiosk.hardware.paper.sheet import of_card, of_test
from kiosk.hardware.paper.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from feedback.settings import DeskOption, KioskSettings
    from kiosk.config import Config
    from kiosk.hardware.paper.ports import Port
    from kiosk.hardware.paper.sheet import Sheet

MOST_PAGES: Final = 16
_REASONS: Final = {
    Fault.PAPER_END: "there is no paper in it",
    Fault.COVER_OPEN: "its cover is open",
    Fault.PRINTER_FAILED: "it reports an error: switch it off and on",
    Fault.PRINTER_MISSING: "it does not answer",
}


def print_card(config: Config, desk: str) -> str:
    """Print the card of a desk, by its number or its key; what was done, as a sentence.

    Raises:
        PrintError: nothing was printed.
    """
    settings = _settings(config)
    if settings.tickets is None:
        raise PrintError("this kiosk reads no tickets and no cards: give its centre a short name for tickets on the server first")
    found = _desk(settings, desk)
    try:
        code = card_code(settings.tickets.centre, found.id)
    except ValueError as error:
        raise PrintError(f"desk {found.number} can have no card: {error}") from error
    sheet = of_card(settings.centre, found.number, found.name, code, config.kiosk.language)
    return f"{print_sheet(config, _printer(config), sheet)} It says {code}."


def print_test(config: Config, pages: Sequence[int], text: str | None) -> str:
    """Print a test strip as configured, or with another `text`, on which each of the pages stands; what was done, as a sentence.

    Raises:
        ConfigError: that cannot be tried.
        PrintError: nothing was printed.
    """
    printer = _printer(config)
    if text is not None:
        try:
            printer = msgspec.convert({**msgspec.structs.asdict(printer), "text": text}, Printer)
        except msgspec.ValidationError as error:
            raise ConfigError(f"--text {text!r} must be raster, CP1125 or CP1251") from error
    if len(pages) > MOST_PAGES or not all(0 <= page <= 255 for page in pages):  # noqa: PLR2004 - a byte
        raise ConfigError(f"--page is from 0 to 255, and {MOST_PAGES} of them are the most for one strip")
    if pages and printer.text == "raster":
        raise ConfigError("--page is about letters of the printer's own: add --text CP1251 or --text CP1125")
    return print_sheet(config, printer, of_test(printer, tuple(pages) or (printer.page,), config.kiosk.language))


def print_sheet(config: Config, printer: Printer, sheet: Sheet) -> str:
    """Print a sheet and see that the printer took it; what was done, as a sentence.

    Raises:
        PrintError: nothing, or not everything, was printed.
    """
    from kiosk.hardware.paper.writer import printout

    octets = printout(sheet, printer)
    try:
        port = _open(config, printer)
    except OSError as error:
        said = f"the printer cannot be opened: {error}; if the kiosk is running, stop it for this"
        raise PrintError(said, Fault.PRINTER_MISSING) from error
    try:
        _watched(port, octets)
    except OSError as error:
        raise PrintError(f"the printer stopped: {error}") from error
    finally:
        port.close()
    where = f" It is the newest picture in {config.data_dir / 'slips'}." if config.kiosk.hardware == "simulated" else ""
    return f"Printed.{where}"


def _watched(port: Port, octets: bytes) -> None:
    watch = Watch()
    _see(watch.look(port, before_slip=True))
    port.write(octets)
    watch.printed()
    _see(watch.look(port, before_slip=True))


def _see(fault: Fault | None) -> None:
    if fault is not None:
        raise PrintError(f"the printer does not print: {_REASONS.get(fault, fault)}", fault)


def _open(config: Config, printer: Printer) -> Port:
    if config.kiosk.hardware == "simulated":
        from kiosk.hardware.simulated.printer import SimulatedPort

        return SimulatedPort(config.data_dir, printer)
    return open_port(printer)


def _printer(config: Config) -> Printer:
    if config.printer is None and config.kiosk.hardware == "real":
        raise PrintError("this kiosk has no printer: add [printer] to kiosk.toml, as docs/printer.md says")
    return config.printer or Printer()


def _settings(config: Config) -> KioskSettings:
    if config.server is None:
        raise PrintError("this kiosk has no server from which it knows its desks: add [server] to kiosk.toml")
    try:
        settings = accepted.read_current(config.data_dir, config.kiosk.id, config.server.signing_key)
    except SettingsRefusedError as error:
        raise PrintError(f"the settings in {config.data_dir} cannot be used: {error}") from error
    if settings is None:
        raise PrintError("this kiosk has not heard from its server yet, and knows no desks: start it once with the network")
    return settings


def _desk(settings: KioskSettings, wanted: str) -> DeskOption:
    desks: list[DeskOption] = [*([settings.desk] if settings.desk else []), *settings.desks]
    for desk in desks:
        if wanted in (desk.number, desk.id):
            return desk
    known = ", ".join(dict.fromkeys(desk.number for desk in desks)) or "none"
    raise PrintError(f"there is no desk {wanted!r} here; the desks are {known}")
