"""A child at the glass of a small kiosk: random touches and keys on the real window, with the real questions in between.

    python -m tests.kiosk.hammering DATA_DIR TOUCHES SEED

prints a JSON line about what came of it. It is a process of its own, so that its memory is its own too.
"""

from __future__ import annotations

import json
import os
import random
import resource
import sys
from pathlib import Path

import msgspec

from feedback.records import Context, VisitEnd, Vote
from kiosk.config import Display
from kiosk.screens import Ask, Screen
from tests.kiosk.at_the_window import AtTheWindow
from tests.kiosk.support import KivyThing, settings_of
from tests.kiosk.test_shipped_visits import shipped

KEYS = [*range(1, 128), *range(256, 320)]
PAUSES_S = (0.01, 0.05, 0.2, 0.4, 1.5)
WARM_UP = 0.3
"""The share of touches after which memory is looked at first: pools and caches have filled by then."""


class Glass(AtTheWindow):
    """A window that remembers no screens: they would grow with the touches."""

    def show(self, screen: Screen) -> None:
        super().show(screen)
        del self.screens[:-2]


class Child:
    """Hits the glass anywhere, mostly where something is; presses keys; and waits a little."""

    def __init__(self, room: Glass, seed: int) -> None:
        self.room = room
        self.chance = random.Random(seed)
        self.explained: list[tuple[str, str]] = []
        self.screens: set[str] = set()

    def hit(self) -> None:
        chance, targets = self.chance.random(), self.room.app.targets
        before = self.room.screen
        if chance < 0.45 and targets:
            self.room.tap_at(*self.chance.choice([*targets.values()]))
        elif chance < 0.75:
            self.room.tap_at(self.chance.random(), self.chance.random())
        else:
            self.key(self.chance.choice(KEYS))
        self.explain(before)
        self.screens.add(self.room.app.screen_name)
        self.room.clock.pass_s(self.chance.choice(PAUSES_S))
        self.room.visits.tick()
        self.room.disk()

    def key(self, code: int) -> None:
        character = chr(code) if code < 128 else None
        held = self.chance.choice(([], ["ctrl"], ["alt"]))
        self.room.window.dispatch("on_key_down", code, code, character, held)
        self.room.window.dispatch("on_keyboard", code, code, character, held)
        self.room.loop()

    def explain(self, before: Screen) -> None:
        """A vote is explained by a first question that was shown, and by the answers that then stood on it as taken."""
        after = self.room.screen
        if isinstance(before, Ask) and before.first and not before.stored and isinstance(after, Ask) and after.stored:
            assert set(after.chosen) <= {option.id for option in before.options}
            self.explained.append((before.id, ",".join(after.chosen)))


def main() -> None:
    data_dir, touches, seed = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    room = Glass(_settings(), _window(data_dir), data_dir, diagonal_inch=7.0)
    child = Child(room, seed)
    early_mb = 0.0
    for number in range(touches):
        child.hit()
        if number == round(touches * WARM_UP):
            early_mb = _memory_mb()
    late_mb = _memory_mb()
    from kivy.base import EventLoop

    alive = EventLoop.status == "started"
    for _ in range(60):
        room.later(10)
        room.disk()
    votes = room.of(Vote)
    found = {
        "alive": alive,
        "back": isinstance(room.screen, Ask) and room.screen.first,
        "screens": sorted(child.screens),
        "votes": [(vote.question, vote.answer) for vote in votes],
        "voted_visits": len({vote.visit for vote in votes}),
        "explained": child.explained,
        "kinds": sorted({type(record).__name__ for record in room.stored}),
        "unended": len({record.visit for record in room.stored if not isinstance(record, Context)} - {e.visit for e in room.of(VisitEnd)}),
        "early_mb": early_mb,
        "late_mb": late_mb,
    }
    print(json.dumps(found))


def _settings() -> object:
    settings = settings_of(desks=9, questionnaire=shipped("default.yaml"))
    timing = msgspec.structs.replace(settings.timing, thanks_s=0.5, answer_s=6.0, writing_s=8.0, desk_s=4.0, warn_s=2.0)
    return msgspec.structs.replace(settings, timing=timing)


def _window(data_dir: Path) -> KivyThing:
    os.environ["SDL_VIDEODRIVER"] = "offscreen"
    from kiosk.ui.window import open_window

    window = open_window(Display(800, 480, fullscreen=False, diagonal_inch=7.0), data_dir / "kivy")
    from kivy.base import runTouchApp
    from kivy.clock import Clock

    runTouchApp(embedded=True)
    Clock._max_fps = 0  # as fast as the child
    return window


def _memory_mb() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 1e6


if __name__ == "__main__":
    main()
