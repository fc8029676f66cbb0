"""The devices beside the screen, put together: each opened as the configuration says, and what they have to do with each other."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple, Protocol

from feedback.questionnaire import Kind
from kiosk import folder
from kiosk.clock import id_maker
from kiosk.devices import Devices
from kiosk.hardware import Device
from kiosk.screens import Ask
from kiosk.slip import slip_for
from kiosk.status import StatusWatch
from kiosk.sync import delivery

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from contextlib import ExitStack
    from uuid import UUID

    from feedback.records import Moment
    from feedback.settings import KioskSettings
    from kiosk.clock import Clock
    from kiosk.config import Config
    from kiosk.devices import Keep
    from kiosk.errors import Fault
    from kiosk.hardware import ButtonPanel, Health, Lamps, PanelButton, PresenceSensor, SlipPrinter, Status, TicketScanner
    from kiosk.screens import Screen

FIVE_BUTTONS = 5


class Ear(Protocol):
    """Who hears what happens at the devices; called on the main thread."""

    def button(self, button: PanelButton, at: Moment) -> None:
        """A button of the panel was pressed."""

    def scanned(self, code: str, at: Moment) -> None:
        """A code was scanned."""


class Hardware(NamedTuple):
    """What this kiosk has; None where it has no such device."""

    panel: ButtonPanel | None
    lamps: Lamps | None
    presence: PresenceSensor | None
    scanner: TicketScanner | None
    printer: SlipPrinter | None

    def named(self) -> tuple[Device, ...]:
        """Give the devices that there are."""
        names = (Device.BUTTONS, Device.LAMPS, Device.PRESENCE, Device.SCANNER, Device.PRINTER)
        return tuple(name for name, device in zip(names, self, strict=True) if device is not None)


def open_hardware(config: Config, clock: Clock, health: Health, stack: ExitStack) -> Hardware:
    """Open everything that the configuration names; `stack` lets go of it again. What is missing is looked for in the background."""
    from kiosk.hardware.lamps import open_lamps
    from kiosk.hardware.panel import open_panel
    from kiosk.hardware.presence import open_presence
    from kiosk.hardware.printer import open_printer
    from kiosk.hardware.scanner import open_scanner

    hardware = Hardware(
        open_panel(config, clock, health),
        open_lamps(config, health),
        open_presence(config, clock, health),
        open_scanner(config, clock, health),
        open_printer(config, clock, health),
    )
    for device in hardware:
        if device is not None:
            stack.enter_context(closing(device))
    return hardware


class BesideScreen:
    """All devices at work. What they say is done on the main thread; what is done here returns at once."""

    def __init__(
        self, config: Config, clock: Clock, post: Callable[[Callable[[], None]], None], stack: ExitStack, *, is_enrolled: Callable[[], bool]
    ) -> None:
        self._clock = clock
        self._post = post
        self.devices = Devices(new_id=id_maker(clock), now=clock.moment)
        self._hardware = open_hardware(config, clock, self._health, stack)
        self._faces = FaceLamps(self._hardware.lamps)
        self._status = StatusWatch(_connection(config, is_enrolled), self._show_status)

    def begin(self, ear: Ear, keep: Keep, wake: Callable[[], None]) -> None:
        """Let the devices be heard from now on; `wake` is called when somebody comes up to the kiosk, `keep` takes their records."""
        post, hardware = self._post, self._hardware
        self.devices.begin(hardware.named(), keep)

        def arrived() -> None:
            self.devices.arrived()
            wake()

        if hardware.panel is not None:
            hardware.panel.start(lambda button, at: post(lambda: ear.button(button, at)))
        if hardware.scanner is not None:
            hardware.scanner.start(lambda code, at: post(lambda: ear.scanned(code, at)))
        if hardware.presence is not None:
            hardware.presence.start(lambda _at: post(arrived))

    def key(self, character: str) -> None:
        """Pass a key of the keyboard on to the simulated devices."""
        for device in (self._hardware.panel, self._hardware.presence):
            take = getattr(device, "key", None)
            if take is not None:
                take(character)

    def shown(self, screen: Screen) -> None:
        """Take note of the screen that is shown now."""
        self._faces.shown(screen)

    def each_second(self, faults: Iterable[Fault], *, stores: bool) -> None:
        """Let time pass. `faults` are those of everything else, `stores` is whether votes can be stored."""
        self.devices.tick()
        self._status.look(self._clock.moment().boottime_ms, (*faults, *self.devices.faults), stores=stores)

    def light(self, lit: bool) -> None:  # noqa: FBT001 - a lamp is on or off
        """Show that somebody has called for a person."""
        if self._hardware.lamps is not None:
            self._hardware.lamps.call(lit=lit)

    def hand_out(self, settings: KioskSettings, vote: UUID, language: str) -> None:
        """Print the slip of a vote, where there is a printer and the centre wants one."""
        printer = self._hardware.printer
        slip = slip_for(settings, vote, language, self._clock.moment()) if printer is not None else None
        if printer is not None and slip is not None:
            printer.print(slip)

    def print_test(self, language: str, answer: Callable[[Fault | None], None]) -> bool:
        """Print a test strip; `answer` is told what became of it. False where there is no printer."""
        printer = self._hardware.printer
        if printer is not None:
            printer.test(language, lambda fault: self._post(lambda: answer(fault)))
        return printer is not None

    def _health(self, device: Device, fault: Fault | None) -> None:
        at = self._clock.moment()
        self._post(lambda: self.devices.says(device, fault, at))

    def _show_status(self, status: Status) -> None:
        if self._hardware.lamps is not None:
            self._hardware.lamps.status(status)


class FaceLamps:
    """The lamps of faces follow the screen: they invite while faces are asked, and confirm the answer, whichever it is."""

    def __init__(self, lamps: Lamps | None) -> None:
        self._lamps = lamps
        self._invited = 0

    def shown(self, screen: Screen) -> None:
        """Take note of the screen that is shown now."""
        asks = isinstance(screen, Ask) and screen.first and screen.kind is Kind.FACES
        is_taken = isinstance(screen, Ask) and screen.stored
        faces = len(screen.options) if isinstance(screen, Ask) and asks and not is_taken else 0
        if self._lamps is None or faces == self._invited:
            return
        self._invited = faces
        self._lamps.invite(faces)
        if asks and is_taken:
            self._lamps.confirm()


def buttons_of(config: Config) -> int:
    """Give how many buttons there are under the faces."""
    if config.buttons is not None:
        return len(config.buttons.faces)
    return FIVE_BUTTONS if config.kiosk.hardware == "simulated" else 0


def _connection(config: Config, is_enrolled: Callable[[], bool]) -> Callable[[], bool]:
    """Give how to learn whether votes have a way to the server; that there is none yet is a fault of its own."""

    def is_connected() -> bool:
        if not is_enrolled():
            return True
        said = delivery.facts(config.data_dir / delivery.FILE)
        return said.get(delivery.CONNECTED) == "yes" and folder.sync_listens(config.data_dir)

    return is_connected
