"""The parts of the guided self-test, each leading to a result: a fault, "" where all is well, or that it was not tested."""

from __future__ import annotations

import queue
import time
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from feedback.records import NOT_TESTED
from kiosk.config_devices import Printer
from kiosk.errors import Fault, PinsError, PrintError
from kiosk.hardware import Device
from kiosk.hardware.gpio import shared_factory
from kiosk.hardware.lamps import lamps_of, open_bank
from kiosk.hardware.panel import every_button, open_panel
from kiosk.hardware.paper.sheet import of_test
from kiosk.hardware.presence import open_sensor
from kiosk.hardware.scanner import open_scanner
from kiosk.hardware.simulated.buttons import KEYS
from kiosk.hardware.simulated.printer import FOLDER as SLIPS
from kiosk.hardware.sound import NONE, outputs_of
from kiosk.self_test import VOICE, Results
from kiosk.selftest.asking import Answer, Asker, EndedError, meaning
from kiosk.technician.lines import button_name, fault_words, lamp_name
from kiosk.terminal import without_complaints
from kiosk.voice import wav
from kiosk.voice.prompts import Prompt
from kiosk.voice.voices import FOLDER, Voices

if TYPE_CHECKING:
    from collections.abc import Iterator

    from feedback.records import Moment
    from kiosk.clock import Clock
    from kiosk.config import Config
    from kiosk.hardware import PanelButton


class Heard:
    """What devices have said about themselves, from any thread."""

    def __init__(self) -> None:
        self.faults: dict[Device, Fault | None] = {}

    def __call__(self, device: Device, fault: Fault | None) -> None:
        """Take note."""
        self.faults[device] = fault


def joined(results: list[str]) -> str:
    """Give the result of a part by those of its pieces: a fault goes before a piece that was not tested, and that before well."""
    faults = [result for result in results if result not in ("", NOT_TESTED)]
    return faults[0] if faults else NOT_TESTED if NOT_TESTED in results else ""


@contextmanager
def _as_far_as(part: str, found: list[str]) -> Iterator[None]:
    """Let what was found be known where the technician ends before the part does."""
    try:
        yield
    except EndedError as ended:
        raise EndedError({part: joined([*found, NOT_TESTED])}) from ended


def by_answer(answer: Answer, fault: Fault) -> str:
    """Give the result of a question."""
    return {Answer.YES: "", Answer.NO: str(fault)}.get(answer, NOT_TESTED)


def try_buttons(config: Config, clock: Clock, asker: Asker) -> Results:
    """Have each button pressed."""
    _, buttons, heard = asker.words, every_button(config), Heard()
    panel = open_panel(config, clock, heard)
    if panel is None:
        return {}
    presses: queue.SimpleQueue[PanelButton] = queue.SimpleQueue()
    found: list[str] = []
    with closing(panel), _as_far_as(Device.BUTTONS, found):
        panel.start(lambda button, _at: presses.put(button))
        asker.say(_("Press each button as it is named. n: I press it and nothing comes; Enter: pass over"))
        for button in buttons:
            key = next((key for key, named in KEYS.items() if named is button), "")
            hint = " " + _("(simulated: type {key} and Enter)").format(key=key) if config.kiosk.hardware == "simulated" else ""
            asker.say(button_name(button, _) + hint, "?")
            found.append(_press_of(button, presses, heard, asker, getattr(panel, "key", None)))
            if found[-1] == Fault.BUTTONS_MISSING:
                asker.say(fault_words(Fault.BUTTONS_MISSING, _), "!")
                break
    return {Device.BUTTONS: joined(found)}


def _press_of(button: PanelButton, presses: queue.SimpleQueue[PanelButton], heard: Heard, asker: Asker, key: object) -> str:
    until_s = time.monotonic() + asker.timeout_s
    while time.monotonic() < until_s:
        while not presses.empty():
            pressed = presses.get()
            asker.say(button_name(pressed, asker.words), "✓" if pressed is button else "·")
            if pressed is button:
                return ""
        if heard.faults.get(Device.BUTTONS) is Fault.BUTTONS_MISSING:
            return str(Fault.BUTTONS_MISSING)
        typed = asker.line()
        answer = None if typed is None else meaning(typed)
        if answer in (Answer.NO, Answer.SKIP):
            return by_answer(answer, Fault.PRESS_UNFELT)
        if typed and callable(key):
            key(typed)
    return NOT_TESTED


def try_lamps(config: Config, asker: Asker) -> Results:
    """Light each lamp and ask whether it is seen."""
    _, lamps = asker.words, lamps_of(config)
    found: list[str] = []
    try:
        with closing(open_bank(config)) as bank, _as_far_as(Device.LAMPS, found):
            for lamp in lamps:
                bank.light({lamp})
                if config.kiosk.hardware == "simulated":
                    asker.say("".join("● " if one is lamp else "○ " for one in lamps))
                question = _("Only this lamp is lit: {lamp}?").format(lamp=lamp_name(lamp, _))
                found.append(by_answer(asker.ask(question), Fault.LAMP_DARK))
    except PinsError as error:
        asker.say(f"{fault_words(Fault.LAMPS_MISSING, _)} ({error})", "!")
        found.append(str(Fault.LAMPS_MISSING))
    return {Device.LAMPS: joined(found)}


def try_presence(config: Config) -> Results:
    """See that the presence sensor answers; nobody has to walk up to it."""
    if config.presence is None:
        return {}
    try:
        with closing(open_sensor(config.presence, shared_factory())) as sensor:
            sensor.look()
    except PinsError:
        return {Device.PRESENCE: str(Fault.PRESENCE_MISSING)}
    return {Device.PRESENCE: ""}


def try_scanner(config: Config, clock: Clock, asker: Asker) -> Results:
    """Have a code scanned."""
    _, heard = asker.words, Heard()
    scanner = open_scanner(config, clock, heard)
    if scanner is None:
        return {}
    codes: queue.SimpleQueue[str] = queue.SimpleQueue()

    def take(code: str, _at: Moment) -> None:
        codes.put(code)

    with closing(scanner):
        scanner.start(take)
        hint = " " + _("(simulated: vidhuk-kiosk scan CODE)") if config.kiosk.hardware == "simulated" else ""
        asker.say(_("Scan a ticket or any code. n: I scan and nothing comes; Enter: pass over") + hint, "?")
        return {Device.SCANNER: _scan(codes, heard, asker)}


def _scan(codes: queue.SimpleQueue[str], heard: Heard, asker: Asker) -> str:
    until_s, told = time.monotonic() + asker.timeout_s, None
    while time.monotonic() < until_s:
        if not codes.empty():
            asker.say(codes.get(), "✓")
            return ""
        fault = heard.faults.get(Device.SCANNER)
        if fault is not None and fault is not told:
            asker.say(fault_words(fault, asker.words), "!")
        told = fault
        typed = asker.line()
        answer = None if typed is None else meaning(typed)
        if answer is Answer.SKIP:
            return NOT_TESTED
        if answer is Answer.NO:
            return str(fault or Fault.CODE_UNREAD)
    return str(heard.faults.get(Device.SCANNER) or NOT_TESTED)


def try_printer(config: Config, asker: Asker) -> Results:
    """Print the test strip and ask how it came out."""
    from kiosk.print_commands import print_sheet

    _, printer = asker.words, config.printer or Printer()
    if asker.ask(_("Print the test strip?")) is not Answer.YES:
        return {Device.PRINTER: NOT_TESTED}
    try:
        print_sheet(config, printer, of_test(printer, (printer.page,), config.kiosk.language))
    except PrintError as error:
        asker.say(fault_words(error.fault, _), "!")
        return {Device.PRINTER: str(error.fault)}
    if config.kiosk.hardware == "simulated":
        asker.say(_("(simulated: the newest picture in {folder})").format(folder=config.data_dir / SLIPS))
    answer = asker.ask(_("Are both ends of the long line and every letter on the paper?"))
    return {Device.PRINTER: by_answer(answer, Fault.PRINT_BAD)}


def try_sound(config: Config, asker: Asker, language: str) -> Results:
    """Let the voice speak from each output."""
    _, found = asker.words, Results()
    voices = Voices(Path(config.sound.voices), config.data_dir / FOLDER)
    names = {"speaker": _("Loudspeaker"), "headphones": _("Headphones")}
    for name, output in zip(names, outputs_of(config.sound), strict=True):
        if getattr(config.sound, name) == NONE:
            continue
        sample = voices.sound(Prompt(_("This is the sound of {output}.").format(output=names[name]), language, lasting=False))
        found[VOICE] = str(voices.fault or "")
        if voices.fault is not None:
            asker.say(_("There is no voice here: install espeak-ng. A tone is played instead"), "!")
        with closing(output):
            with without_complaints():
                output.play(sample or wav.test_tone())
            if output.fault is not None:
                asker.say(f"{names[name]}: " + _("No sound: check the plug and kiosk.toml"), "!")
                found[name] = str(output.fault)
                continue
            question = _("Do you hear it: {output}, and only there?").format(output=names[name])
            try:
                found[name] = by_answer(asker.ask(question), Fault.NOT_HEARD)
            except EndedError as ended:
                raise EndedError({**found, name: NOT_TESTED}) from ended
    return found
