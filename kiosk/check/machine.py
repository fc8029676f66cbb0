"""Checks the computer: where votes are kept, the log of them, sound and screen, clock, temperature and power."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from kiosk import folder
from kiosk.access import group_name, may_open, missing_group, user_name
from kiosk.check.log import look_at_log
from kiosk.check.pins import join_group
from kiosk.check.present import may_look_into
from kiosk.clock import SystemClock
from kiosk.errors import Fault
from kiosk.findings import Finding, Mark, of_entry
from kiosk.hardware.sound import NONE, Sdl
from kiosk.technician.lines import clock_line, power_line, storage_line, temperature_line
from kiosk.technician.probes import Machine
from kiosk.terminal import without_complaints

if TYPE_CHECKING:
    from collections.abc import Iterator

    from feedback.records import Moment
    from kiosk.check.present import Present, Words

_MOUNTS: Final = Path("/proc/self/mounts")
_KEEPERS: Final = ("/run/systemd/timesync", "/run/chrony", "/run/ntpd.pid", "/run/ntpsec", "/run/openntpd.sock", "/run/ntpd.sock")
"""What programs that keep the clock leave while they run."""
_DESKTOPS: Final = ("DISPLAY", "WAYLAND_DISPLAY")
_GLASS: Final = {"/dev/dri": "card*", "/dev/input": "event*"}


def look_at_machine(present: Present, _: Words) -> Iterator[Finding]:
    """Give what is found of the computer."""
    data_dir = present.config.data_dir
    readings = Machine(data_dir, present.path("/sys")).read()
    yield _sound(present, _)
    yield _screen(present, _)
    yield _data_folder(data_dir, _)
    if may_look_into(data_dir) and data_dir.is_dir():
        yield of_entry("storage", storage_line(readings, _))
        yield from look_at_log(data_dir, _)
    yield look_at_clock(SystemClock().moment(), present, _)
    yield of_entry("temperature", temperature_line(readings, _))
    yield of_entry("power", power_line(readings, _))


def look_at_clock(now: Moment, present: Present, _: Words) -> Finding:
    """Give what is found of the clock, and what to do where the network has not set it."""
    finding = of_entry("clock", clock_line(now, _))
    if finding.mark is Mark.WELL:
        return finding
    if any(present.path(trace).exists() for trace in _KEEPERS):
        todo = _(
            "A program that keeps the clock runs: if it is not set a minute after the start, see whether the time server can be reached "
            "(timedatectl, chronyc or ntpq)"
        )
    else:
        todo = _("No program sets the clock by the network: sudo apt install systemd-timesyncd")
    return msgspec.structs.replace(finding, todo=todo)


def _data_folder(data_dir: Path, _: Words) -> Finding:
    title = _("Data folder")
    try:
        there = data_dir.stat()
    except FileNotFoundError:
        found = _("{folder} is not there yet: the kiosk makes it at its first start").format(folder=data_dir)
        return Finding("data_folder", title, Mark.NOTE, found)
    except OSError as error:
        found = f"{data_dir}: {error.strerror}"
        return Finding("data_folder", title, Mark.WRONG, found, _("Run this as the kiosk’s own user"))
    kind = folder.file_system_of(data_dir.resolve(), _MOUNTS.read_text())
    mode = stat.S_IMODE(there.st_mode)
    owner = f"{user_name(there.st_uid)}:{group_name(there.st_gid)}"
    found = _("{folder}: {kind}, of {owner}, mode {mode}").format(folder=data_dir, kind=kind, owner=owner, mode=f"{mode:o}")
    todo = ""
    if not data_dir.is_dir():
        todo = _("This is a file: name a folder as data_dir in [kiosk]")
    elif kind in folder.FORGETFUL:
        todo = _("This forgets at power-off: put it on a disk, data_dir in [kiosk]")
    elif not os.access(data_dir, os.W_OK | os.X_OK):
        todo = _("User {user} may not write there: run this as the kiosk’s own user").format(user=user_name())
    elif mode & stat.S_IWOTH:
        todo = _("Everybody may write there: sudo chmod o-w {folder}").format(folder=data_dir)
    return Finding("data_folder", title, Mark.WRONG if todo else Mark.WELL, found, todo)


def _sound(present: Present, _: Words) -> Finding:
    title, wanted = _("Sound"), [name for name in (present.config.sound.speaker, present.config.sound.headphones) if name != NONE]
    if present.runs:
        lost = {Fault.NO_SOUND: _("no sound comes out"), Fault.NO_VOICE: _("there is no voice for some words: install espeak-ng")}
        wrong = [words for fault, words in lost.items() if fault in present.said]
        state = "; ".join(wrong) or _("working")
        found = _("in use by the running kiosk: {state}").format(state=state)
        return Finding("sound", title, Mark.WRONG if wrong else Mark.WELL, found)
    if present.is_simulated or not wanted:
        return Finding("sound", title, Mark.NOTE, _("simulated") if present.is_simulated else _("none: [sound] names no output"))
    cards = sorted(present.path("/dev/snd").glob("controlC*"))
    group = next((group for group in map(missing_group, cards) if group), None)
    if group is not None:
        return Finding("sound", title, Mark.WRONG, _("this user may not use the sound card"), join_group(group, _))
    return _outputs(title, wanted, _)


def _outputs(title: str, wanted: list[str], _: Words) -> Finding:
    with without_complaints():
        try:
            names = Sdl().names()
        except OSError as error:
            return Finding(
                "sound", title, Mark.WRONG, _("no output: {why}").format(why=error), _("Plug one in, or set both to none in [sound]")
            )
    if not names:
        return Finding("sound", title, Mark.WRONG, _("no output"), _("Plug one in, or set both to none in [sound]"))
    listed = ", ".join(f"“{name}”" for name in names)
    absent = [name for name in wanted if name not in ("", *names)]
    if absent:
        found = _("no output “{name}”").format(name=absent[0])
        return Finding(
            "sound", title, Mark.WRONG, found, _("There are: {names}. Write one into [sound], or plug it in").format(names=listed)
        )
    return Finding("sound", title, Mark.WELL, ", ".join(name or _("the system’s own output") for name in wanted))


def _screen(present: Present, _: Words) -> Finding:
    title = _("Screen")
    if present.runs:
        return Finding("screen", title, Mark.WELL, _("in use by the running kiosk: {state}").format(state=_("working")))
    desktop = next((name for name in _DESKTOPS if os.environ.get(name)), None)
    if desktop is not None:
        return Finding("screen", title, Mark.WELL, _("a window on the desktop, {name}").format(name=f"{desktop}={os.environ[desktop]}"))
    nodes = [sorted(present.path(place).glob(pattern)) for place, pattern in _GLASS.items()]
    closed = [node for found in nodes for node in found[:1] if not may_open(node)]
    if closed:
        group = missing_group(closed[0])
        todo = join_group(group, _) if group else _("Run this as the kiosk’s own user")
        return Finding("screen", title, Mark.WRONG, _("this user may not open {port}").format(port=f"/dev/{closed[0].name}"), todo)
    if not nodes[0]:
        mark = Mark.NOTE if present.is_simulated else Mark.WRONG
        return Finding("screen", title, mark, _("this computer shows none"), _("Plug the screen in before the computer is switched on"))
    return Finding("screen", title, Mark.WELL, ", ".join(f"/dev/dri/{node.name}" for node in nodes[0]))
