"""The pages of the menu: what is known in, lines for the screen out. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from kiosk import texts
from kiosk.gesture import Corner
from kiosk.screens import Comfort, Entry, Menu
from kiosk.technician.lines import (
    HEADPHONES,
    SPEAKER,
    Known,
    acked,
    boxes_line,
    buttons_line,
    clock_line,
    device_line,
    enrol_line,
    glass_line,
    network_line,
    percent,
    power_line,
    storage_line,
    store_line,
    temperature_line,
    time,
    tone_line,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    Words = Callable[[str], str]
    Page = Callable[[Known, Words], Menu]

ROOT: Final = "root"
OVERVIEW: Final = "overview"
TESTS: Final = "tests"
DEVICES: Final = "devices"
GLASS: Final = "glass"
NETWORK: Final = "network"
OUTBOX: Final = "outbox"
VOLUME: Final = "volume"
BRIGHTNESS: Final = "brightness"
RESTART: Final = "restart"
ENROL: Final = "enrol"
"""Not drawn here: see `kiosk.technician.enrol_form`."""

COLOURS: Final = "test:colours"
TEST_VOTE: Final = "do:test_vote"
RESTART_NOW: Final = "do:restart"
LESS: Final = "less"
MORE: Final = "more"


def draw(page: str, known: Known, language: str) -> Menu:
    """Give a page as the screen shows it."""
    _ = texts.words_in(language)
    menu = _PAGES[page](known, _)
    comfort = known.tried.comfort if page == GLASS else Comfort()
    return msgspec.structs.replace(menu, language=language, comfort=comfort, focus=known.focus)


def _root(known: Known, _: Words) -> Menu:
    delivery, network = known.readings.delivery, network_line(known, _)
    brightness = _("This screen has no control") if known.brightness is None else percent(known.brightness)
    entries = (
        Entry(_to(OVERVIEW), _("About this kiosk"), known.about.kiosk or known.about.software),
        Entry(_to(TESTS), _("Self-test")),
        *_devices_entry(known, _),
        Entry(_to(NETWORK), _("Network"), network.detail, network.well) if known.about.server else enrol_line(known.about, _),
        Entry(_to(OUTBOX), _("Outbox"), _("Waiting: {count}").format(count=delivery.waiting), not delivery.faults),
        Entry(_to(VOLUME), _("Volume"), percent(known.volume)),
        Entry(_to(BRIGHTNESS), _("Brightness"), brightness),
        boxes_line(known, _),
        Entry(TEST_VOTE, _("Test vote"), _("It is kept apart and never counted")),
        Entry(_to(RESTART), _("Restart")),
    )
    return Menu(title=_("Technician’s menu"), entries=entries)


def _devices_entry(known: Known, _: Words) -> tuple[Entry, ...]:
    """Give the way to the devices, where there are any."""
    if not known.devices:
        return ()
    wrong = sum(fault is not None for fault in known.devices.values())
    detail = _("Not well: {count}").format(count=wrong) if wrong else _("all working")
    return (Entry(_to(DEVICES), _("Devices"), detail, not wrong),)


def _devices(known: Known, _: Words) -> Menu:
    return Menu(title=_("Devices"), entries=tuple(device_line(device, fault, _) for device, fault in known.devices.items()))


def _overview(known: Known, _: Words) -> Menu:
    about, unknown = known.about, _("not known yet")
    version = str(about.settings) if about.settings else _("None yet: asks the shipped questionnaire")
    asked = _("{name}, version {version}").format(name=about.questionnaire, version=about.questionnaire_version)
    entries = (
        Entry("kiosk", _("Kiosk"), about.kiosk or _("None yet: not enrolled")),
        Entry("centre", _("Centre"), about.centre or unknown),
        Entry("software", _("Software"), about.software),
        Entry("settings", _("Settings"), version),
        Entry("questionnaire", _("Questionnaire"), asked if about.questionnaire else unknown),
    )
    return Menu(title=_("About this kiosk"), entries=entries)


def _tests(known: Known, _: Words) -> Menu:
    entries = (
        store_line(known.tried, _),
        glass_line(known.tried, _),
        tone_line("speaker", SPEAKER, _("Loudspeaker"), known.tried, _),
        tone_line("headphones", HEADPHONES, _("Headphones"), known.tried, _),
        buttons_line(known.tried, _),
        storage_line(known.readings, _),
        temperature_line(known.readings, _),
        power_line(known.readings, _),
        clock_line(known.now, _),
    )
    return Menu(title=_("Self-test"), entries=entries)


def _glass(known: Known, _: Words) -> Menu:
    names = {
        Corner.UPPER_LEFT: _("Upper left"),
        Corner.UPPER_RIGHT: _("Upper right"),
        Corner.LOWER_RIGHT: _("Lower right"),
        Corner.LOWER_LEFT: _("Lower left"),
    }
    felt = known.tried.corners
    corners = (
        Entry(f"corner:{corner}", name, _("felt") if corner in felt else _("Touch this corner"), True if corner in felt else None)
        for corner, name in names.items()
    )
    colours = Entry(COLOURS, _("Other colours"), _("Look for spots and dark places"))
    return Menu(title=_("Screen and touch"), entries=(*corners, colours))


def _network(known: Known, _: Words) -> Menu:
    delivery = known.readings.delivery
    entries = (
        Entry("server", _("Server"), known.about.server or _("None yet: not enrolled")),
        network_line(known, _),
        Entry("acked", _("Server has them"), acked(delivery, _)),
        enrol_line(known.about, _),
    )
    return Menu(title=_("Network"), entries=entries)


def _outbox(known: Known, _: Words) -> Menu:
    delivery = known.readings.delivery
    oldest = time(delivery.oldest_ms) if delivery.oldest_ms is not None else _("none")
    refused = "server_refused" in delivery.faults
    forked = "log_forked" in delivery.faults
    refusal = _("Some in quarantine: tell the administrator") if refused else _("nothing")
    entries = [
        Entry("waiting", _("Records waiting"), str(delivery.waiting)),
        Entry("oldest", _("The oldest of them"), oldest),
        Entry("acked", _("Server has them"), acked(delivery, _)),
        Entry("refused", _("Refused"), refusal, not refused),
    ]
    if forked:
        forked_detail = _("They differ: if for an hour, tell the administrator")
        entries.append(Entry("forked", _("Order of the records"), forked_detail, well=False))
    if "log_unreadable" in delivery.faults:
        unread_detail = _("A part cannot be sent: restart, then replace the card")
        entries.append(Entry("unread", _("Log of votes"), unread_detail, well=False))
    return Menu(title=_("Outbox"), entries=tuple(sorted(entries, key=_is_well)))  # a small screen shows the first four


def _is_well(entry: Entry) -> bool:
    return entry.well is not False


def _volume(known: Known, _: Words) -> Menu:
    entries = (Entry(LESS, _("Quieter")), Entry(MORE, _("Louder")))
    return Menu(title=_("Volume: {percent}").format(percent=percent(known.volume)), entries=entries)


def _brightness(known: Known, _: Words) -> Menu:
    if known.brightness is None:
        detail = _("Use the buttons on the screen’s own case")
        return Menu(title=_("Brightness"), entries=(Entry("none", _("No control here"), detail),))
    entries = (Entry(LESS, _("Darker")), Entry(MORE, _("Brighter")))
    return Menu(title=_("Brightness: {percent}").format(percent=percent(known.brightness)), entries=entries)


def _restart(_known: Known, _: Words) -> Menu:
    return Menu(title=_("Restart"), entries=(Entry(RESTART_NOW, _("Restart now"), _("It takes some seconds; no vote is lost")),))


_PAGES: Final[dict[str, Page]] = {
    ROOT: _root,
    OVERVIEW: _overview,
    TESTS: _tests,
    DEVICES: _devices,
    GLASS: _glass,
    NETWORK: _network,
    OUTBOX: _outbox,
    VOLUME: _volume,
    BRIGHTNESS: _brightness,
    RESTART: _restart,
}
PAGES: Final = frozenset(_PAGES)
"""Those that consist of lines."""
LIVE: Final = frozenset({NETWORK, OUTBOX, DEVICES, ENROL})
"""The short pages on which somebody waits for a change."""


def _to(page: str) -> str:
    return f"page:{page}"
