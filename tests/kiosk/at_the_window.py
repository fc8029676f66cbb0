"""A visit before the real window, with a disk that answers when told to and all of the kiosk in between."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kiosk.gesture import Corners
from kiosk.hardware.simulated.buttons import KeyboardButtons
from kiosk.technician.levels import Levels
from kiosk.technician.menu import Technician
from kiosk.technician.readings import About, Outlets, Readings
from kiosk.visitor import KioskVisitor
from tests.kiosk.box_room import BoxRoom
from tests.kiosk.room import Room

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from feedback.notice import Notice
    from feedback.settings import KioskSettings
    from kiosk.asking import Writable
    from kiosk.errors import Fault
    from kiosk.screens import Comfort, Screen
    from tests.kiosk.support import KivyThing


class NoDuties:
    def settings(self) -> KioskSettings | None:
        return None

    def notice(self) -> Notice | None:
        return None

    def tell(self, settings: KioskSettings, showing: str, faults: Iterable[Fault]) -> None:
        pass

    def obey(self) -> None:
        pass

    def prune(self) -> None:
        pass

    def forget(self, settings: KioskSettings) -> None:
        pass


class NoLight:
    def percent(self) -> int | None:
        return None

    def set(self, percent: int) -> None:
        pass


class AtTheWindow(Room):
    def __init__(self, settings: KioskSettings, window: KivyThing, data_dir: Path, *, diagonal_inch: float = 10.1) -> None:
        from kiosk.ui.app import KioskApp

        self.window = window
        self.frames = 0
        self.app = KioskApp(window, banner=True, alive=lambda: None, diagonal_inch=diagonal_inch)
        super().__init__(settings)
        levels = Levels(data_dir, volume=50, set_volume=lambda _percent: None, backlight=NoLight(), run=lambda work: work())
        outlets = Outlets(
            about=lambda: About(kiosk="exit", software="test"),
            read=Readings,
            at_rest=lambda: self.visits.between_visits,
            probe_store=lambda answer: answer(True),  # noqa: FBT003
            tone=lambda _output: True,
            begin_test=self.visits.begin_test,
            restart=lambda: None,
        )
        corners = Corners(*window.size, diagonal_inch)
        technician = Technician(None, corners, levels, outlets, clock=self.clock, show=self.app.show)
        buttons = KeyboardButtons(self.clock)
        visitor = KioskVisitor(
            self.visits,
            technician,
            BoxRoom().boxes,
            NoDuties(),
            clock=self.clock,
            key=buttons.key,
            take_up=lambda _settings: None,
            faults=lambda: (),
            each_second=lambda: None,
            read=lambda _code, _at: None,
        )
        buttons.start(visitor.button)
        window.bind(on_flip=self._count)
        self.app.start(visitor)
        self.loop(3)
        self.disk()

    def show(self, screen: Screen) -> None:
        super().show(screen)
        self.app.show(screen)

    def writable(self, comfort: Comfort) -> Writable:
        return self.app.writable(comfort)

    def _count(self, *_: object) -> None:
        self.frames += 1

    def loop(self, times: int = 1) -> None:
        from kivy.base import EventLoop

        for _ in range(times):
            EventLoop.idle()

    def tap(self, *names: str) -> None:
        """Tap at once, where the things are drawn."""
        for name in names:
            self.tap_at(*self.app.targets[name])

    def tap_at(self, x: float, y: float) -> None:
        width, height = self.window.size
        for motion in ("on_mouse_down", "on_mouse_up"):
            self.window.dispatch(motion, x * (width - 1), y * (height - 1), "left", [])
        self.loop()

    def key(self, character: str) -> None:
        self.window.dispatch("on_key_down", ord(character), 0, character, [])
        self.loop()

    def later(self, seconds: float) -> None:
        self.clock.pass_s(seconds)
        self.visits.tick()
        self.loop()

    def settle(self) -> None:
        self.disk()
        self.later(1.0)
        self.clock.pass_s(1.0)

    def pixel(self, x: float, y: float) -> tuple[int, ...]:
        """The colour at a place, in shares from the upper left, in a newly drawn frame."""
        from kivy.graphics.opengl import GL_RGB, GL_UNSIGNED_BYTE, glReadPixels

        seen: list[bytes] = []
        width, height = self.window.size

        def read(*_: object) -> None:
            seen.append(glReadPixels(int(x * width), int((1 - y) * height), 1, 1, GL_RGB, GL_UNSIGNED_BYTE))

        self.window.bind(on_flip=read)
        self.window.canvas.ask_update()
        self.loop()
        self.window.unbind(on_flip=read)
        return tuple(seen[-1])

    def leave(self) -> None:
        self.app.close()
        self.window.unbind(on_flip=self._count)
