"""Makes presses of what a button's line does: bounce, short pulses, lost edges and broken lines. Pure, with the time handed in.

A press is accepted at its first edge. The next one is possible once the line has been released for `debounce_s` without a break; until then
whatever it does is bounce, or the same press held. Looks at the level, every 10 to 20 ms, see what edges did not tell. gpiozero's own
`bounce_time` loses the press after one that was shorter than it; that is why it is not used.
"""

from __future__ import annotations

import math
from collections import deque
from enum import StrEnum
from typing import Final

import msgspec

QUIET_S: Final = 3.0
"""How long a muted line has to be released and silent before it is heard again."""
FASTER_THAN_A_PERSON: Final = ((15, 1.0), (80, 10.0))
"""No hand makes more than so many presses of one button within so many seconds."""
MORE_THAN_BOUNCE: Final = (1_000, 1.0)
"""No contact makes more than so many edges within so many seconds, even where it is pressed all the time."""


class Trouble(StrEnum):
    """Why a line is muted."""

    STUCK = "stuck"
    NOISY = "noisy"


class Rules(msgspec.Struct, frozen=True):
    """What counts as a press; seconds. A level shorter than `glitch_s` is noise, a line held longer than `stuck_s` is stuck."""

    debounce_s: float = 0.03
    glitch_s: float = 0.0
    stuck_s: float = 20.0


class Debounce:
    """One button. Each observation gives the time of the press that it shows, or None; times are seconds that never go back by much.

    Edges may come later than a look that already saw what they tell: their own times decide, so nothing is counted twice.
    """

    def __init__(self, rules: Rules, *, pressed: bool, at_s: float) -> None:
        """Begin with the level that the line has now; a button that is held already is no press."""
        self.trouble: Trouble | None = None
        self._rules = rules
        self._released_since: float | None = None if pressed else -math.inf
        self._held_since: float | None = at_s if pressed else None
        self._doubtful_since: float | None = None
        self._last_pressed_s = -math.inf
        self._edge_up_s = math.inf if pressed else -math.inf
        self._seen: deque[float] = deque(maxlen=10)
        self._disturbed_s = at_s
        self._presses: deque[float] = deque(maxlen=max(count for count, _ in FASTER_THAN_A_PERSON) + 1)
        self._edges: deque[float] = deque(maxlen=MORE_THAN_BOUNCE[0] + 1)

    def edge(self, at_s: float, *, pressed: bool) -> float | None:
        """Take a change of the line, to this level."""
        if self._edges:
            at_s = max(at_s, self._edges[-1])  # edges of one line come in their order, whatever their stamps say
        self._edges.append(at_s)
        self._disturbed_s = max(self._disturbed_s, at_s)
        begins, is_late = self._begins(at_s, pressed=pressed), at_s <= self._last_pressed_s
        press = self._observe(at_s, pressed=pressed, doubt_s=self._rules.glitch_s)
        if press is None and begins and is_late and not self._rules.glitch_s:
            press = self._overtaken(at_s)
        return press

    def look(self, at_s: float, *, pressed: bool) -> float | None:
        """Take the level that the line has at this time."""
        if pressed:
            self._disturbed_s = max(self._disturbed_s, at_s)
        # A look that finds the line released does not tell since when: only if it comes late may the pulse have been a press.
        press = self._observe(at_s, pressed=pressed, doubt_s=2 * self._rules.glitch_s)
        if press is not None:
            self._seen.append(press)
        return press

    @property
    def due_s(self) -> float:
        """When the next look has to be at the latest; infinite where the usual ones will do."""
        return math.inf if self._doubtful_since is None else self._doubtful_since + self._rules.glitch_s

    def _begins(self, at_s: float, *, pressed: bool) -> bool:
        """Tell whether the edges alone make this the beginning of a press."""
        began = pressed and at_s - self._edge_up_s >= self._rules.debounce_s
        self._edge_up_s = math.inf if pressed else at_s
        return began

    def _overtaken(self, at_s: float) -> float | None:
        """Take a press whose edge came only after a look had seen the line pressed: by this one, which then counted, or by a later one."""
        while self._seen and self._seen[0] < at_s:
            self._seen.popleft()
        if self._seen:
            self._seen.popleft()
            return None
        self._presses.append(at_s)
        self._judge(at_s)
        return None if self.trouble else at_s

    def _observe(self, at_s: float, *, pressed: bool, doubt_s: float) -> float | None:
        press = None
        if at_s > self._last_pressed_s or (at_s == self._last_pressed_s and not pressed):  # else the line has been seen pressed since
            press = self._decided(at_s, pressed=pressed, doubt_s=doubt_s)
            if pressed:
                self._last_pressed_s = at_s
                began = self._go_down(at_s)
                press = began if press is None else press
            else:
                self._go_up(at_s)
        if press is not None:
            self._presses.append(press)
        self._judge(at_s)
        return None if self.trouble else press

    def _decided(self, at_s: float, *, pressed: bool, doubt_s: float) -> float | None:
        """Decide whether a level that may still be noise was a press."""
        since = self._doubtful_since
        if since is None:
            return None
        if at_s >= since + (self._rules.glitch_s if pressed else doubt_s):  # the very sum that `due_s` gives
            return self._begin(since)
        if not pressed:
            self._doubtful_since = None
        return None

    def _go_down(self, at_s: float) -> float | None:
        if self._doubtful_since is not None or self._released_since is None:
            return None
        if at_s - self._released_since < self._rules.debounce_s:
            self._released_since = None
            return None
        if self._rules.glitch_s > 0:
            self._doubtful_since = at_s  # noise leaves no trace: the line stays released since when it was
            return None
        return self._begin(at_s)

    def _begin(self, at_s: float) -> float:
        self._doubtful_since = self._released_since = None
        self._held_since = at_s
        return at_s

    def _go_up(self, at_s: float) -> None:
        if self._released_since is None:
            self._released_since = at_s
            self._disturbed_s = max(self._disturbed_s, at_s)
        elif at_s - self._released_since >= self._rules.debounce_s:
            self._held_since = None
        else:
            self._released_since = min(self._released_since, at_s)

    def _judge(self, at_s: float) -> None:
        if self._held_since is not None and at_s - self._held_since > self._rules.stuck_s:
            self.trouble = self.trouble or Trouble.STUCK
        elif _crowded(self._edges, MORE_THAN_BOUNCE, at_s) or any(_crowded(self._presses, most, at_s) for most in FASTER_THAN_A_PERSON):
            self.trouble = self.trouble or Trouble.NOISY
        elif self.trouble and self._held_since is None and at_s - self._disturbed_s >= QUIET_S:
            self.trouble = None
            self._presses.clear()


def _crowded(times: deque[float], most: tuple[int, float], at_s: float) -> bool:
    """Tell whether there were more than so many within so many seconds."""
    count, within_s = most
    return len(times) > count and at_s - times[-count - 1] < within_s
