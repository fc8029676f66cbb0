"""`vidhuk-kiosk selftest`, put together: the parts one after another, then what the kiosk sees by itself, a summary, and the record."""

from __future__ import annotations

import os
import secrets
import signal
import sys
from contextlib import ExitStack, suppress
from functools import partial
from typing import TYPE_CHECKING, Final

from feedback.records import NOT_TESTED, Mode
from kiosk import accepted, folder, texts
from kiosk.access import user_name
from kiosk.clock import SystemClock, id_maker
from kiosk.errors import ConfigError, Fault, SettingsRefusedError, StoreError
from kiosk.findings import Finding, Mark, lines, of_entry
from kiosk.hardware import Device
from kiosk.hardware.lamps import lamps_of
from kiosk.hardware.panel import every_button
from kiosk.hardware.sound import NONE
from kiosk.logbook import Logbook, Makers
from kiosk.process import SOFTWARE
from kiosk.salvage import open_store
from kiosk.self_test import STORAGE, TOUCH, VOICE, Results, of_readings, of_store, record_of
from kiosk.selftest.asking import Asker, EndedError
from kiosk.selftest.glass import try_glass
from kiosk.selftest.steps import try_buttons, try_lamps, try_presence, try_printer, try_scanner, try_sound
from kiosk.technician.lines import clock_line, device_line, fault_words, power_line, storage_line, temperature_line
from kiosk.technician.probes import Machine
from kiosk.terminal import own_language, paper_of, without_log, write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from feedback.settings import KioskSettings
    from kiosk.clock import Clock
    from kiosk.config import Config
    from kiosk.selftest.asking import Words

SOUND: Final = "sound"
"""The part that is led through; its results are those of each output and of the voice."""


def run_selftest(config: Config, *, timeout_s: float, mirror: Path | None) -> int:
    """Lead a technician through the parts; give the exit code: 0 where nothing was found wrong, else 1.

    Raises:
        ConfigError: this is not the user as whom the kiosk runs.
        DataFolderError: the kiosk is running, or its folder cannot keep anything.
    """
    _refuse_root(config)
    folder.prepare(config.data_dir)
    language, paper, clock = own_language(config.kiosk.language), paper_of(sys.stdout), SystemClock()
    _ = texts.words_in(language)
    with ExitStack() as stack:
        stack.enter_context(without_log())
        stack.enter_context(folder.hold(config.data_dir))
        if config.kiosk.hardware == "simulated":
            os.environ.setdefault("SDL_AUDIODRIVER", "dummy")
        asker = Asker(sys.stdin.fileno(), _say, _, paper=paper, timeout_s=timeout_s)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: asker.end())
        asker.say(_("Self-test of {kiosk}. Enter passes over, q ends; what was found is kept.").format(kiosk=config.kiosk.id))
        results = _guided(config, clock, asker, language, mirror)
        seen, readings = _seen(config, clock, _)
        results |= readings
        is_kept = _keep(config, clock, results)
    _say("")
    for line in lines([*_summary(results, _), *seen, _of_record(_, is_kept=is_kept)], paper):
        _say(line)
    return 1 if any(result not in ("", NOT_TESTED) for result in results.values()) or not is_kept else 0


def _guided(config: Config, clock: Clock, asker: Asker, language: str, mirror: Path | None) -> Results:
    """Go from part to part, as far as this kiosk has them; those that are not reached are on record as not tested."""
    parts: dict[str, Callable[[], Results]] = {
        Device.BUTTONS: lambda: try_buttons(config, clock, asker),
        Device.LAMPS: lambda: try_lamps(config, asker),
        Device.PRESENCE: lambda: try_presence(config),
        Device.SCANNER: lambda: try_scanner(config, clock, asker),
        Device.PRINTER: lambda: try_printer(config, asker),
        SOUND: lambda: try_sound(config, asker, language),
        TOUCH: lambda: try_glass(config, clock, asker, language, mirror),
    }
    parts = {part: parts[part] for part in parts_of(config)}
    results = Results()
    for number, (part, try_it) in enumerate(parts.items(), 1):
        try:
            asker.say("")
            asker.say(f"{number}/{len(parts)}  {title_of(part, asker.words)}")
            results |= try_it()
        except EndedError as ended:
            results |= ended.results or {part: NOT_TESTED}
            results |= dict.fromkeys(tuple(parts)[number:], NOT_TESTED)
            break
    return results


def parts_of(config: Config) -> tuple[str, ...]:
    """Give the parts that this kiosk has."""
    is_simulated, sound = config.kiosk.hardware == "simulated", config.sound
    there = {
        Device.BUTTONS: every_button(config),
        Device.LAMPS: lamps_of(config),
        Device.PRESENCE: config.presence is not None and not is_simulated,
        Device.SCANNER: config.scanner is not None or is_simulated,
        Device.PRINTER: config.printer is not None or is_simulated,
        SOUND: (sound.speaker, sound.headphones) != (NONE, NONE),
        TOUCH: True,
    }
    return tuple(str(part) for part, is_there in there.items() if is_there)


def _seen(config: Config, clock: Clock, _: Words) -> tuple[list[Finding], Results]:
    """Give what the kiosk sees by itself, for people and for the record."""
    readings, now = Machine(config.data_dir).read(), clock.moment()
    entries = {
        "room": storage_line(readings, _),
        "temperature": temperature_line(readings, _),
        "power": power_line(readings, _),
        "clock": clock_line(now, _),
    }
    return [of_entry(part, entry) for part, entry in entries.items()], of_readings(readings, now)


def _keep(config: Config, clock: Clock, results: Results) -> bool:
    """Put the results on record, and the kiosk's delivery on its way; whether the card took them."""
    new_id = id_maker(clock)
    try:
        with open_store(config.data_dir, new_id) as store:
            results |= of_store(takes=True)
            log = Logbook(
                lambda _token, records, _boxes, _tickets: store.append(records),
                software=SOFTWARE,
                clock=clock,
                makers=Makers(new_id, partial(secrets.randbits, 48)),
            )
            log.ask_by(_settings(config).questionnaire, Mode.LIVE)
            log.commit(record_of(new_id(), clock.moment(), results, attended=True)(log.context))
    except StoreError:
        results |= of_store(takes=False)
        return False
    with folder.wake_sender() as sender:
        folder.wake(config.data_dir, sender)
    return True


def _settings(config: Config) -> KioskSettings:
    before_any = accepted.before_any(config.kiosk.id)
    if config.server is None:
        return before_any
    with suppress(SettingsRefusedError):
        return accepted.read_current(config.data_dir, config.kiosk.id, config.server.signing_key) or before_any
    return before_any


def _summary(results: Mapping[str, str], _: Words) -> Iterator[Finding]:
    words = result_words(_)
    for part in (*Device, SOUND, "speaker", "headphones", VOICE, TOUCH, STORAGE):
        result = results.get(part)
        if result is None:
            continue
        mark = Mark.NOTE if result == NOT_TESTED else Mark.WRONG if result else Mark.WELL
        said = _("in order") if not result else words.get(result) or fault_words(Fault(result), _)
        yield Finding(part, title_of(part, _), mark, said)


def result_words(_: Words) -> dict[str, str]:
    """Give what the results of guided parts say; those of devices are said as in the technician's menu."""
    return {
        NOT_TESTED: _("not tested"),
        Fault.STORAGE_FAILED: _("The card takes nothing: replace it, keep the old one"),
        Fault.DISK_FULL: _("The card is full: replace it, keep the old one"),
        Fault.LITTLE_ROOM: _("Little room on the card: replace the card"),
        Fault.NO_SOUND: _("No sound: check the plug and kiosk.toml"),
        Fault.NO_VOICE: _("No voice: install espeak-ng"),
        Fault.NOT_HEARD: _("Not heard: check the plug, the volume and [sound]"),
        Fault.SCREEN_MISSING: _("No window: check the screen’s cable, then vidhuk-kiosk check"),
        Fault.TOUCH_UNFELT: _("Not every corner felt: clean the glass, check the touch cable"),
        Fault.PRESS_UNFELT: _("A press was not felt: check that button’s wire"),
        Fault.LAMP_DARK: _("A lamp stays dark: check the lamp, its wire and its supply"),
        Fault.CODE_UNREAD: _("Nothing read: check the scanner’s settings, docs/scanner.md"),
        Fault.PRINT_BAD: _("Badly printed: check width_px and text, docs/printer.md"),
    }


def title_of(part: str, _: Words) -> str:
    """Give what a part is called."""
    if part in tuple(Device):
        return device_line(Device(part), None, _).title
    return {
        "speaker": _("Loudspeaker"),
        "headphones": _("Headphones"),
        SOUND: _("Sound"),
        VOICE: _("Voice"),
        TOUCH: _("Screen and touch"),
        STORAGE: _("Storing votes"),
    }[part]


def _of_record(_: Words, *, is_kept: bool) -> Finding:
    if is_kept:
        return Finding("record", _("Record"), Mark.WELL, _("kept; it goes to the server as votes do"))
    return Finding("record", _("Record"), Mark.WRONG, _("Not kept: the card takes nothing"))


def _refuse_root(config: Config) -> None:
    """Files that root makes in the data folder would shut the kiosk's own user out."""
    data_dir = config.data_dir
    if os.geteuid() == 0 and data_dir.exists() and data_dir.stat().st_uid != 0:
        user = user_name(data_dir.stat().st_uid)
        raise ConfigError(f"run this as the kiosk’s own user: sudo -u {user} vidhuk-kiosk selftest …")


def _say(line: str) -> None:
    write(f"{line}\n")
