"""The only motion nobody asked for: while nobody answers, the faces breathe once in a while, and then rest."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from kivy.clock import Clock

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kiosk.ui.face import FaceButton

EVERY_S: Final = 20.0
BREATH_S: Final = 1.4
DEPTH: Final = 0.04
FRAME_S: Final = 1 / 30
_WAVE: Final = 0.3
"""The share of a breath by which the last face begins after the first."""


class Breath:
    """Lets faces breathe until it is stopped; between breaths nothing is drawn."""

    def __init__(self, faces: Sequence[FaceButton]) -> None:
        self._faces = faces
        self._passed_s = 0.0
        self._next = Clock.create_trigger(lambda _dt: self.begin(), EVERY_S)
        self._frames = Clock.create_trigger(self._move, FRAME_S, interval=True)
        self._next()

    def stop(self) -> None:
        """Breathe no more."""
        self._next.cancel()
        self._frames.cancel()
        for face in self._faces:
            face.breathe(1.0)

    def begin(self) -> None:
        """Breathe now."""
        self._next.cancel()
        self._passed_s = 0.0
        self._frames()

    def _move(self, dt: float) -> None:
        self._passed_s += dt
        passed = self._passed_s / BREATH_S
        last = max(1, len(self._faces) - 1)
        for index, face in enumerate(self._faces):
            share = (passed - _WAVE * index / last) / (1 - _WAVE)
            face.breathe(1 + DEPTH * math.sin(math.pi * share) ** 2 if 0 < share < 1 else 1.0)
        if passed >= 1:
            self._frames.cancel()
            self._next()
