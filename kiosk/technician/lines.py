"""The lines of the menu that judge: each says whether something is well, and one that is not says what to do. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

import msgspec

from feedback.records import Moment
from kiosk.errors import Fault
from kiosk.gesture import Corner
from kiosk.hardware import FACE_BUTTONS, Device, PanelButton, Status
from kiosk.resting import ZONE
from kiosk.screens import Comfort, Entry
from kiosk.technician.readings import HOT_C, About, Delivery, Output, Readings

if TYPE_CHECKING:
    from collections.abc import Callable

    Words = Callable[[str], str]

GLASS_PAGE: Final = "page:glass"
ENROL_PAGE: Final = "page:enrol"
STORE_TEST: Final = "test:store"
BUTTONS: Final = "buttons"
BOXES: Final = "do:boxes"
SPEAKER: Final = "tone:speaker"
HEADPHONES: Final = "tone:headphones"


class Tried(msgspec.Struct, frozen=True):
    """What has been tried on the self-test since the menu was opened.

    `store` is whether the probe was written, `storing` while it is; `tones` are the outputs that were played and whether they took it.
    """

    store: bool | None = None
    storing: bool = False
    tones: dict[Output, bool] = {}
    button: PanelButton | None = None
    corners: frozenset[Corner] = frozenset()
    comfort: Comfort = Comfort()


class Known(msgspec.Struct, frozen=True):
    """Everything that a page can show; `focus` is the line that was touched last, so that the screen turns to it."""

    about: About
    readings: Readings
    now: Moment
    volume: int
    brightness: int | None
    tried: Tried = Tried()
    focus: str | None = None
    devices: Mapping[Device, Fault | None] = {}


def store_line(tried: Tried, _: Words) -> Entry:
    """Whether votes can be stored."""
    title = _("Storing votes")
    if tried.storing:
        return Entry(STORE_TEST, title, _("Writing…"))
    if tried.store is None:
        return Entry(STORE_TEST, title, _("Touch to test"))
    detail = _("Written to the card") if tried.store else _("The card takes nothing: replace it, keep the old one")
    return Entry(STORE_TEST, title, detail, tried.store)


def glass_line(tried: Tried, _: Words) -> Entry:
    """Whether the glass feels a finger in every corner."""
    count = len(tried.corners)
    detail = _("{count} of 4 corners felt").format(count=count) if count else _("Touch to test")
    return Entry(GLASS_PAGE, _("Screen and touch"), detail, True if count == len(Corner) else None)


def tone_line(output: Output, name: str, title: str, tried: Tried, _: Words) -> Entry:
    """Whether an output takes a sound."""
    if output not in tried.tones:
        return Entry(name, title, _("Touch to hear a tone"))
    if tried.tones[output]:
        return Entry(name, title, _("Played. Heard nothing? Check the plug"), well=True)
    return Entry(name, title, _("No sound: check the plug and kiosk.toml"), well=False)


def buttons_line(tried: Tried, _: Words) -> Entry:
    """Which button was pressed last."""
    if tried.button is None:
        return Entry(BUTTONS, _("Buttons"), _("Press each one; its name appears here"))
    return Entry(BUTTONS, _("Buttons"), button_name(tried.button, _), well=True)


def button_name(button: PanelButton, _: Words) -> str:
    """Give what a button is called."""
    if button in FACE_BUTTONS:
        return _("Button {place} from the left").format(place=FACE_BUTTONS.index(button) + 1)
    return {
        PanelButton.PREVIOUS: _("Button “previous”"),
        PanelButton.NEXT: _("Button “next”"),
        PanelButton.SELECT: _("Button “select”"),
        PanelButton.REPEAT: _("Button “repeat”"),
        PanelButton.SKIP: _("Button “skip”"),
        PanelButton.HELP: _("Button “help”"),
    }[button]


def lamp_name(lamp: PanelButton | Status, _: Words) -> str:
    """Give what a lamp is called: by its button, or by what it tells staff."""
    if isinstance(lamp, PanelButton):
        return button_name(lamp, _)
    return {
        Status.WORKING: _("Status lamp “working”"),
        Status.OFFLINE: _("Status lamp “offline”"),
        Status.FAULT: _("Status lamp “fault”"),
    }[lamp]


def device_line(device: Device, fault: Fault | None, _: Words) -> Entry:
    """How a device beside the screen is, and what to do where it is not well."""
    title = {
        Device.BUTTONS: _("Buttons"),
        Device.LAMPS: _("Lamps"),
        Device.PRESENCE: _("Presence sensor"),
        Device.SCANNER: _("Scanner"),
        Device.PRINTER: _("Printer"),
    }[device]
    return Entry(f"device:{device}", title, _("working") if fault is None else fault_words(fault, _), fault is None)


def fault_words(fault: Fault, _: Words) -> str:
    """Say what is wrong with a device, and what to do."""
    wires = _("Not found: check its wires and kiosk.toml")
    return {
        Fault.BUTTONS_MISSING: wires,
        Fault.BUTTON_STUCK: _("Stuck: free the button, check its wire"),
        Fault.LAMPS_MISSING: wires,
        Fault.PRESENCE_MISSING: wires,
        Fault.SCANNER_MISSING: _("Not found: check its cable and kiosk.toml"),
        Fault.SCANNER_UNREADABLE: _("Not understood: check its speed in kiosk.toml"),
        Fault.PRINTER_MISSING: _("Not found: check its cable, power and kiosk.toml"),
        Fault.PRINTER_FAILED: _("It does not print: switch it off and on"),
        Fault.PAPER_END: _("No paper: put in a new roll"),
        Fault.COVER_OPEN: _("The cover is open: close it"),
    }.get(fault, str(fault))


def reads_boxes(about: About, devices: Mapping[Device, Fault | None]) -> bool:
    """Tell whether ticket boxes can be counted here: it takes a scanner, and settings that say how tickets are read."""
    return about.tickets and Device.SCANNER in devices


def boxes_line(known: Known, _: Words) -> Entry:
    """Whether ticket boxes can be counted here."""
    if Device.SCANNER not in known.devices:
        detail = _("No scanner: add it to kiosk.toml")
    elif not known.about.tickets:
        detail = _("The server has not said how tickets are read")
    else:
        fault = known.devices[Device.SCANNER]
        detail = _("Count what visitors dropped in") if fault is None else fault_words(fault, _)
        return Entry(BOXES, _("Ticket boxes"), detail, None if fault is None else False)
    return Entry(BOXES, _("Ticket boxes"), detail)


def storage_line(readings: Readings, _: Words) -> Entry:
    """How much room the card has."""
    storage = readings.storage
    if storage is None:
        return Entry("storage", _("Memory card"), _("It cannot be read: replace the card"), well=False)
    if storage.is_full:
        return Entry("storage", _("Memory card"), _("The card is full: replace it, keep the old one"), well=False)
    if storage.is_little:
        return Entry("storage", _("Memory card"), _("Little room on the card: replace the card"), well=False)
    total = round(storage.total_bytes / 1e9)
    if storage.free_bytes < 1e9:  # noqa: PLR2004 - a gigabyte
        detail = _("{free} MB free of {total} GB").format(free=round(storage.free_bytes / 1e6), total=total)
    else:
        detail = _("{free} GB free of {total} GB").format(free=round(storage.free_bytes / 1e9), total=total)
    return Entry("storage", _("Memory card"), detail, well=True)


def temperature_line(readings: Readings, _: Words) -> Entry:
    """How hot the computer is."""
    if readings.temperature_c is None:
        return Entry("temperature", _("Temperature"), _("This computer has no thermometer"))
    degrees = f"{readings.temperature_c:.0f} °C"
    if readings.temperature_c < HOT_C:
        return Entry("temperature", _("Temperature"), degrees, well=True)
    return Entry("temperature", _("Temperature"), _("{degrees}, too hot: let air reach the case").format(degrees=degrees), well=False)


def power_line(readings: Readings, _: Words) -> Entry:
    """Whether the power is strong enough."""
    if readings.under_voltage is None:
        return Entry("power", _("Power"), _("This computer cannot tell"))
    detail = _("Too weak: replace the power supply or its cable") if readings.under_voltage else _("sufficient")
    return Entry("power", _("Power"), detail, not readings.under_voltage)


def clock_line(now: Moment, _: Words) -> Entry:
    """What time the kiosk has, and whether the network has set it."""
    shown = time(now.wall_ms)
    if now.trusted:
        return Entry("clock", _("Clock"), shown, well=True)
    return Entry("clock", _("Clock"), _("{time}, not set yet: check the network").format(time=shown), well=False)


def enrol_line(about: About, _: Words) -> Entry:
    """Whether the kiosk belongs to a server."""
    if about.server:
        return Entry(ENROL_PAGE, _("Enrol"), about.kiosk)
    return Entry(ENROL_PAGE, _("Enrol"), _("Not enrolled: votes are kept here"), well=False)


def network_line(known: Known, _: Words) -> Entry:
    """Whether there is a way to the server."""
    delivery = known.readings.delivery
    if not known.about.server:
        detail, well = _("Not enrolled: votes are kept here"), False
    elif delivery.connected:
        detail, well = _("Connected"), True
    elif delivery.running:
        detail, well = _("No connection: check the cable and the router"), False
    else:
        detail, well = _("Delivery stands still: switch the kiosk off and on"), False
    return Entry("connection", _("Connection"), detail, well)


def acked(delivery: Delivery, _: Words) -> str:
    """Up to where the server has this kiosk's records."""
    if delivery.acked_ms is None:
        return _("nothing yet")
    return _("up to number {number}, {time}").format(number=delivery.acked, time=time(delivery.acked_ms))


def percent(value: int) -> str:
    """Give a share in percent as it is written."""
    return f"{value} %"


def time(wall_ms: int) -> str:
    """Give a moment as it is written, in the centre's time zone."""
    return f"{datetime.fromtimestamp(wall_ms / 1000, UTC).astimezone(ZoneInfo(ZONE)):%d.%m.%Y %H:%M}"
