"""Checks the scanner and the printer: whether what kiosk.toml names is plugged in and may be opened, else what could be meant."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from kiosk.access import may_open, missing_group
from kiosk.check.pins import join_group, simulated, told
from kiosk.findings import TOGETHER, Finding, Mark
from kiosk.hardware import Device
from kiosk.hardware.paper.ports import open_port
from kiosk.hardware.paper.watch import Watch
from kiosk.hardware.plugged import Use
from kiosk.technician.lines import device_line, fault_words

if TYPE_CHECKING:
    from collections.abc import Callable

    from kiosk.check.present import Present, Words
    from kiosk.config_devices import Printer, Scanner
    from kiosk.errors import Fault
    from kiosk.hardware.plugged import Plugged


def look_at_scanner(present: Present, _: Words) -> Finding:
    """Give what is found of the scanner."""
    title, scanner = device_line(Device.SCANNER, None, _).title, present.config.scanner
    if present.is_simulated:
        return simulated(Device.SCANNER, present, _)
    if scanner is None:
        could_be = _listed(present, _, Use.SERIAL, Use.KEYBOARD)
        return Finding(Device.SCANNER, title, Mark.NOTE, _("none: kiosk.toml has no [scanner]"), could_be)
    use = Use.SERIAL if scanner.kind == "serial" else Use.KEYBOARD
    missing = _("Plug it in, and set it to a serial port by the bar codes of its manual") if use is Use.SERIAL else _("Plug it in")
    finding = _by_file(Device.SCANNER, scanner.port, present, _, lambda: _listed(present, _, use) or missing)
    return finding or _tried(Device.SCANNER, scanner.port, present, _, lambda: _open_scanner(scanner))


def look_at_printer(present: Present, _: Words) -> Finding:
    """Give what is found of the printer. Nothing is printed."""
    title, printer = device_line(Device.PRINTER, None, _).title, present.config.printer
    if present.is_simulated:
        return simulated(Device.PRINTER, present, _)
    if printer is None:
        could_be = _listed(present, _, Use.PRINTER)
        return Finding(Device.PRINTER, title, Mark.NOTE, _("none: kiosk.toml has no [printer]"), could_be)
    if printer.kind == "serial":
        missing = _("Plug it in, and see that it is switched on")
        finding = _by_file(Device.PRINTER, printer.port, present, _, lambda: _listed(present, _, Use.SERIAL) or missing)
        return finding or _tried(Device.PRINTER, printer.port, present, _, lambda: _ask_printer(printer))
    return _usb_printer(title, printer, present, _)


def _usb_printer(title: str, printer: Printer, present: Present, _: Words) -> Finding:
    wanted = _number(printer.vendor), _number(printer.product)
    meant = [one for one in present.plugged if (_number(one.vendor), _number(one.product)) == wanted]
    found = meant if printer.vendor else [one for one in present.plugged if one.use is Use.PRINTER]
    if not found:
        numbers = f"{printer.vendor}:{printer.product}" if printer.vendor else ""
        said = _("no USB printer {numbers}").format(numbers=numbers).rstrip()
        todo = _listed(present, _, Use.PRINTER) or _("Plug it in, and see that it is switched on")
        return Finding(Device.PRINTER, title, Mark.WRONG, said, todo)
    node = present.path(found[0].node)
    if node.exists() and not may_open(node):
        return _forbidden(Device.PRINTER, found[0].node, present, _)
    return _tried(Device.PRINTER, described(found[0]), present, _, lambda: _ask_printer(printer))


def _by_file(device: Device, port: str, present: Present, _: Words, could_be: Callable[[], str]) -> Finding | None:
    """Give what is wrong with a device's file, None where nothing is."""
    path = present.path(port)
    if not path.exists():
        return Finding(device, device_line(device, None, _).title, Mark.WRONG, _("{port} is not there").format(port=port), could_be())
    return None if may_open(path) else _forbidden(device, port, present, _)


def _forbidden(device: Device, port: str, present: Present, _: Words) -> Finding:
    group = missing_group(present.path(port))
    todo = join_group(group, _) if group else _("Give it a group by a udev rule: docs/scanner.md, docs/printer.md")
    found = _("{port} is there, and this user may not open it").format(port=port)
    return Finding(device, device_line(device, None, _).title, Mark.WRONG, found, todo)


def _tried(device: Device, what: str, present: Present, _: Words, try_it: Callable[[], Fault | None]) -> Finding:
    """Give how a device is that is there: by the running kiosk's word, else by opening it."""
    title, name = device_line(device, None, _).title, _named(what, present)
    if present.runs:
        return told(device, present, _)
    try:
        fault = try_it()
    except OSError as error:
        found = _("{port} is there and cannot be opened: {why}").format(port=name, why=error.strerror or error)
        return Finding(device, title, Mark.WRONG, found, _("Does another program use it? Unplug it and plug it in again"))
    return Finding(device, title, Mark.WELL, name) if fault is None else Finding(device, title, Mark.WRONG, name, fault_words(fault, _))


def _named(what: str, present: Present) -> str:
    """Give what a port is, where USB tells."""
    path = present.path(what)
    kernels = f"/dev/{path.resolve().name}" if path.is_symlink() else what
    known = next((described(one) for one in present.plugged if what in (one.port, one.node) or (kernels == one.node and one.port)), "")
    return f"{what}: {known}" if known else what


def described(one: Plugged) -> str:
    """Give what is known of a device: its name, its numbers and its serial number."""
    numbers = f"{one.vendor}:{one.product}" + (f"{TOGETHER}№{TOGETHER}{one.serial}" if one.serial else "")
    return f"{one.name} ({numbers})" if one.name else numbers


def _listed(present: Present, _: Words, *uses: Use) -> str:
    """Give what could be meant, each with what to write; nothing where nothing is plugged in."""
    could_be = [one for one in present.plugged if one.use in uses]
    if not could_be:
        return ""
    return "\n".join([_("Plugged in; to use it, write into kiosk.toml:"), *(line for one in could_be for line in _lines(one))])


def _lines(one: Plugged) -> list[str]:
    """Give a device, and what to write so that it is the one: as it stands in the file, key by key."""
    keys = {
        Use.SERIAL: {"kind": "serial", "port": one.port},
        Use.KEYBOARD: {"kind": "keyboard", "port": one.port},
    }.get(one.use, {"kind": "usb", "vendor": one.vendor, "product": one.product})
    return [f"{described(one)}:", *(f'{TOGETHER * 2}{key}{TOGETHER}={TOGETHER}"{value}"' for key, value in keys.items())]


def _number(text: str) -> int | None:
    try:
        return int(text, 16)
    except ValueError:
        return None


def _open_scanner(scanner: Scanner) -> Fault | None:
    from kiosk.hardware.serial_line import open_serial
    from kiosk.hardware.typing_line import open_keyboard

    line = open_serial(scanner.port, scanner.baud) if scanner.kind == "serial" else open_keyboard(scanner.port)
    line.close()
    return None


def _ask_printer(printer: Printer) -> Fault | None:
    with closing(open_port(printer)) as port:
        return Watch().look(port, before_slip=True)
