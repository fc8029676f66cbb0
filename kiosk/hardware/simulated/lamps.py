"""Lamps that are lit nowhere and can be asked; everything but the wire is that of real ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kiosk.hardware.lamps import LitLamps

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from kiosk.hardware import Health
    from kiosk.hardware.lighting import Lamp


class SimulatedLamps(LitLamps):
    """Simulated `Lamps`."""

    def __init__(self, lamps: Iterable[Lamp], health: Health) -> None:
        self._seen = SimulatedBank()
        super().__init__(lamps, lambda: self._seen, health)

    @property
    def lit(self) -> frozenset[Lamp]:
        """What a person would see now; MAY be asked from any thread."""
        return self._seen.lit


class SimulatedBank:
    """Where simulated lamps are lit."""

    def __init__(self) -> None:
        self.lit: frozenset[Lamp] = frozenset()

    def light(self, lit: Collection[Lamp]) -> None:
        """Have these lit and all others dark."""
        self.lit = frozenset(lit)

    def close(self) -> None:
        """Put all out."""
        self.lit = frozenset()
