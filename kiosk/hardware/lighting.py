"""Which lamps are lit when: the same for every answer, and never so fast that it could hurt. Pure, with the time handed in.

No lamp changes sooner than `HOLD_S` after its last change, so none flashes more than 2.5 times a second, whatever it is asked for;
EN 301 549 and WCAG 2.3.1 allow three.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, TypeAlias

from kiosk.hardware import FACE_BUTTONS, PanelButton, Status

if TYPE_CHECKING:
    from collections.abc import Collection

Lamp: TypeAlias = PanelButton | Status
"""A face's lamp and the lamp of a call are named by their buttons, those of the status by what they say."""

HOLD_S: Final = 0.2
CONFIRM_DARK_S: Final = 0.2
CONFIRM_S: Final = 1.0
"""All faces' lamps together go dark, so that the confirmation is seen where they were lit, and are lit until it ends."""
BLINK_S: Final = {Status.WORKING: math.inf, Status.OFFLINE: 1.0, Status.FAULT: 0.3}
"""For how long a status is lit and then dark: the rhythm tells it to those who do not see its colour."""


class Lighting:
    """The lamps of one kiosk. What it is told may come in any order and as often as it likes."""

    def __init__(self, lamps: Collection[Lamp]) -> None:
        self._all = tuple(lamps)
        self._faces = [lamp for lamp in FACE_BUTTONS if lamp in lamps]
        self._statuses = [lamp for lamp in Status if lamp in lamps]
        self._calling = [lamp for lamp in (PanelButton.HELP,) if lamp in lamps]
        self._changed_s: dict[Lamp, float] = {}
        self._lit: set[Lamp] = set()
        self._invited = 0
        self._called = False
        self._confirmed_s = -math.inf
        self._status: Status | None = None
        self._status_since_s = 0.0

    def invite(self, faces: int) -> None:
        """Want the lamps of the first so many faces lit."""
        self._invited = faces

    def confirm(self, at_s: float) -> None:
        """Want the faces' lamps to confirm a press; one that comes while they do is confirmed with it."""
        if at_s - self._confirmed_s >= CONFIRM_S:
            self._confirmed_s = at_s

    def call(self, *, lit: bool) -> None:
        """Want the lamp of a call lit, steadily, or dark."""
        self._called = lit

    def status(self, status: Status, at_s: float) -> None:
        """Want this status shown. One that has no lamp of its own is shown by all that there are, but working by none."""
        if status is not self._status:
            self._status, self._status_since_s = status, at_s

    def show(self, at_s: float) -> tuple[frozenset[Lamp], float]:
        """Give the lamps that are lit now, and when that has to be asked again at the latest."""
        wanted, again_s = self._wanted(at_s)
        for lamp in self._all:
            if (lamp in wanted) == (lamp in self._lit):
                continue
            may_s = self._changed_s.get(lamp, -math.inf) + HOLD_S
            if at_s < may_s:
                again_s = min(again_s, may_s)
                continue
            self._changed_s[lamp] = at_s
            self._lit ^= {lamp}
        return frozenset(self._lit), again_s

    def _wanted(self, at_s: float) -> tuple[set[Lamp], float]:
        faces, faces_again_s = self._wanted_faces(at_s)
        statuses, statuses_again_s = self._wanted_statuses(at_s)
        return {*faces, *statuses, *(self._calling if self._called else ())}, min(faces_again_s, statuses_again_s)

    def _wanted_faces(self, at_s: float) -> tuple[list[PanelButton], float]:
        dark_until_s, until_s = self._confirmed_s + CONFIRM_DARK_S, self._confirmed_s + CONFIRM_S
        if at_s < dark_until_s:
            return [], dark_until_s
        if at_s < until_s:
            return self._faces, until_s
        return self._faces[: self._invited], math.inf

    def _wanted_statuses(self, at_s: float) -> tuple[list[Status], float]:
        if self._status is None:
            return [], math.inf
        of_all = [] if self._status is Status.WORKING else self._statuses
        shown = [self._status] if self._status in self._statuses else of_all
        length_s = BLINK_S[self._status]
        if not shown or math.isinf(length_s):
            return shown, math.inf
        turn = int((at_s - self._status_since_s) / length_s)
        if self._status_since_s + (turn + 1) * length_s <= at_s:
            turn += 1  # the division was rounded down
        return shown if turn % 2 == 0 else [], self._status_since_s + (turn + 1) * length_s
