"""Checks what is on GPIO pins: buttons, lamps and the presence sensor. Where the kiosk does not run, each pin is had for a moment."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any, Final

from kiosk.access import missing_group, user_name
from kiosk.errors import PinsError
from kiosk.findings import Finding, Mark, of_entry
from kiosk.hardware import Device, lamps, panel
from kiosk.hardware.gpio import Input, Output
from kiosk.hardware.presence import open_sensor
from kiosk.technician.lines import button_name, device_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kiosk.check.present import Present, Words
    from kiosk.hardware import PanelButton

_CHIPS: Final = "gpiochip*"


def look_at_pins(present: Present, _: Words) -> Iterator[Finding]:
    """Give what is found on the pins."""
    config = present.config
    yield _one(Device.BUTTONS, "[buttons]", present, _, None if config.buttons is None else lambda: _buttons(present, _))
    yield _one(Device.LAMPS, "[buttons], [status_lamp]", present, _, (lambda: _lamps(present, _)) if lamps.pins_of(config) else None)
    yield _one(Device.PRESENCE, "[presence]", present, _, None if config.presence is None else lambda: _presence(present, _))


def _one(device: Device, tables: str, present: Present, _: Words, try_it: Callable[[], str] | None) -> Finding:
    """Give how a device is; `try_it` gives what is found, or raises PinsError; None where the kiosk has no such device."""
    title = device_line(device, None, _).title
    if present.is_simulated:
        return simulated(device, present, _)
    if try_it is None:
        return Finding(device, title, Mark.NOTE, _("none: kiosk.toml has no pins in {tables}").format(tables=tables))
    if present.runs:
        return told(device, present, _)
    try:
        return Finding(device, title, Mark.WELL, try_it())
    except PinsError as error:
        return Finding(device, title, Mark.WRONG, str(error), _remedy(present, _))


def told(device: Device, present: Present, _: Words) -> Finding:
    """Give how a device is that the running kiosk has, by its own word."""
    finding = of_entry(device, device_line(device, present.fault_of(device), _))
    found = _("in use by the running kiosk: {state}").format(state=finding.found)
    return Finding(device, finding.title, finding.mark, found)


def simulated(device: Device, present: Present, _: Words) -> Finding:
    """Give how a simulated device is."""
    if present.runs and present.fault_of(device) is not None:
        return told(device, present, _)
    return Finding(device, device_line(device, None, _).title, Mark.NOTE, _("simulated"))


def _buttons(present: Present, _: Words) -> str:
    buttons = present.config.buttons
    assert buttons is not None  # noqa: S101 - it was looked at because it is there
    factory, pins = present.factory(), panel.pins_of(buttons)
    pressed: list[PanelButton] = []
    for button, pin in pins.items():
        with closing(Input(factory, pin, pull_up=True)) as line:
            if line.is_active:
                pressed.append(button)
    said = _("pins {pins}").format(pins=_listed(pins))
    if not pressed:
        return said
    names = ", ".join(button_name(button, _) for button in pressed)
    return said + "; " + _("pressed just now: {names} (nobody there? check that wire)").format(names=names)


def _lamps(present: Present, _: Words) -> str:
    factory, pins = present.factory(), lamps.pins_of(present.config)
    for pin in pins.values():
        with closing(Output(factory, pin)):
            pass
    return _("pins {pins}").format(pins=_listed(pins))


def _presence(present: Present, _: Words) -> str:
    presence = present.config.presence
    assert presence is not None  # noqa: S101 - as above
    with closing(open_sensor(presence, present.factory())) as sensor:
        is_there = sensor.look()
    return _("answers: somebody is there") if is_there else _("answers: nobody is there")


def _listed(pins: dict[Any, int]) -> str:
    return ", ".join(map(str, pins.values()))


def _remedy(present: Present, _: Words) -> str:
    chips = sorted(present.path("/dev").glob(_CHIPS))
    if not chips:
        return _("This computer has no GPIO pins: is it a Raspberry Pi?")
    group = next((group for group in map(missing_group, chips) if group), None)
    if group is not None:
        return join_group(group, _)
    return _("Is the pin right in kiosk.toml? Does another program use it?")


def join_group(group: str, _: Words) -> str:
    """Give what lets this user have devices of a group."""
    return _("Let user {user} have it: sudo usermod -aG {group} {user}, then restart").format(user=user_name(), group=group)
