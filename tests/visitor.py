"""Somebody before a kiosk that runs: taps on its real window, and waits for what they expect to see."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from demo.house import START_S, HouseError, wait_for
from demo.mirror import Frame, Mirror

if TYPE_CHECKING:
    from demo.house import House


class Visitor:
    def __init__(self, house: House, kiosk: str) -> None:
        self._mirror = house.mirror(kiosk)
        self._seen = -1

    def looks(self) -> Frame:
        with Mirror(self._mirror) as mirror:
            frame = mirror.frame(self._seen)
        self._seen = frame.frame
        return frame

    def sees(self, screen: str, seconds: float = START_S) -> None:
        seen: list[str] = []

        def shown() -> bool:
            seen.append(self.looks().screen)
            return seen[-1] == screen

        try:
            wait_for(shown, f"the screen {screen}", seconds)
        except HouseError as error:
            raise HouseError(f"{error}; seen: {', '.join(dict.fromkeys(seen))}") from None

    def taps(self, target: str) -> None:
        with Mirror(self._mirror) as mirror:
            mirror.tap_on(target)

    def touches(self, *places: tuple[float, float]) -> None:
        """Put a finger down at places, in shares of width and height from the upper left."""
        with Mirror(self._mirror) as mirror:
            for place in places:
                mirror.tap(*place)

    def taps_until(self, target: str, screen: str) -> None:
        """As people do: tap, and tap again when nothing happens."""
        wait_for(lambda: self._taps_and_looks(target, screen), f"the screen {screen} after tapping {target}")

    def votes(self, answer: str, desk: str) -> None:
        self.sees("Ask")
        self.taps(answer)
        self.sees("Desk")
        self.names(desk)

    def names(self, desk: str) -> None:
        """Name the desk, and leave at the first question after it."""
        self.taps_until(f"desk:{desk}", "FollowUp")
        self.taps_until("leave", "Thanks")

    def _taps_and_looks(self, target: str, screen: str) -> bool:
        with Mirror(self._mirror) as mirror:
            place = mirror.frame().targets.get(target)
            if place:
                mirror.tap(*place)
        with suppress(HouseError):
            self.sees(screen, 0.7)
            return True
        return False
