"""docs/accessibility.md claims nothing that the code does not do: its tests exist, its clauses are there, its numbers are recomputed."""

from __future__ import annotations

import ast
import math
import re
from functools import cache
from pathlib import Path

import pytest

from feedback.looks import THEMES, contrast
from feedback.settings import Theme, Timing
from kiosk.config import Sound
from kiosk.ui.arrange import HAND_MM, KEY_MM, LEAST_TYPE_MM, TOUCH_MM, Page
from kiosk.visit import SETTLE_S
from kiosk.voice.reaction import Tone
from kiosk.voice.speaker import INVITE_S, LOUDER, samples_of
from kiosk.voice.wav import RATE

TESTS = Path(__file__).parent
PAGE = (TESTS.parent / "docs" / "accessibility.md").read_text(encoding="utf-8")
FLOWING = " ".join(PAGE.split())
CLAUSES = [
    *("5.1.2.1", "5.1.2.2"),
    *(f"5.1.3.{number}" for number in range(1, 17)),
    *("5.1.4", "5.1.5", "5.1.6.1", "5.1.6.2", "5.1.7"),
    *("5.2", "5.3", "5.4", "5.5.1", "5.5.2", "5.6.1", "5.6.2", "5.7", "5.8", "5.9"),
    *("8.1.2", "8.1.3", "8.2", "8.3.1 to 8.3.4", "8.3.5", "8.3.6", "8.5"),
]
VERDICTS = ("yes", "yes, by the centre", "partly", "no", "open", "not measured", "does not arise", "does not arise yet")
VIEWING_MM = 600
CAPITAL = 0.727  # of Inter, as a share of its size
SCREENS = {"7″": (800, 480, 7.0), "10.1″": (1280, 800, 10.1)}


def rows() -> list[list[str]]:
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if line.startswith("| ")]
    return [row for row in cells if re.fullmatch(r"\d+(\.\d+)+( to [\d.]+)?", row[0])]


@cache
def functions_of(path: Path) -> frozenset[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))


def constant(module: str, name: str) -> float:
    """Read a constant of a module that opens a window when it is imported."""
    found = re.search(rf"^{name}: Final = ([\d.]+)$", (TESTS.parent / module).read_text(encoding="utf-8"), re.MULTILINE)
    assert found
    return float(found[1])


def seen(capitals_mm: float) -> str:
    return f"{capitals_mm + 1e-6:.1f} mm, {math.degrees(math.atan(capitals_mm / VIEWING_MM)):.2f}°"


def test_every_clause_stands_there_once_with_a_verdict() -> None:
    assert [row[0] for row in rows()] == CLAUSES
    for clause, asked, done, _test in rows():
        verdict = re.match(r"\*\*([^*]+)\*\*", done)
        assert verdict, clause
        assert verdict[1] in VERDICTS, clause
        assert asked


def test_every_test_that_is_named_is_there() -> None:
    named = re.findall(r"`([\w/]+\.py)::(test_\w+)`", PAGE)
    assert len(named) > 30
    for path, name in named:
        assert (TESTS / path).is_file(), path
        assert name in functions_of(TESTS / path), f"{path} has no {name}"


def test_what_is_said_to_be_done_has_a_test() -> None:
    tested_by_nothing = [clause for clause, _asked, done, test in rows() if done.startswith("**yes") and test == "—"]
    assert tested_by_nothing == ["5.1.7"], "that the kiosk does not listen cannot be tested"


@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("large", [False, True])
def test_sizes(screen: str, *, large: bool) -> None:
    page = Page(*SCREENS[screen], large=large)
    sizes = (seen(CAPITAL * size / page.mm(1)) for size in (page.question, page.label, page.body, page.small))
    assert f"| {screen}{', larger' if large else ''} | {' | '.join(sizes)} |" in PAGE


@pytest.mark.parametrize("theme", list(Theme))
def test_contrasts(theme: Theme) -> None:
    colours = THEMES[theme]
    grounds = (colours.paper, colours.card)
    texts = [contrast(text, ground) for text in (colours.ink, colours.muted, colours.accent) for ground in grounds]
    texts += [contrast(colours.on_accent, colours.accent), contrast(colours.on_alarm, colours.alarm)]
    faces = min(contrast(colour, colours.paper) for colour in colours.answers.values())
    features = min(contrast(colour, colours.features) for colour in colours.answers.values())
    edges, faint = (min(contrast(colour, ground) for ground in grounds) for colour in (colours.edge, colours.line))
    least = " | ".join(f"{number:.1f}" for number in (min(texts), faces, features, edges, faint))
    assert f"| {theme.value} | {least} |" in PAGE


def test_other_numbers() -> None:
    timing = Timing()
    needed_mm, least_mm = VIEWING_MM * math.tan(math.radians(0.7)), CAPITAL * LEAST_TYPE_MM
    every_s, breath_s, depth = (constant("kiosk/ui/breath.py", name) for name in ("EVERY_S", "BREATH_S", "DEPTH"))
    held_s = constant("kiosk/ui/keys.py", "HELD_S")
    reach = {upright: Page(*sides, 40.0, low=True) for upright, sides in {False: (1920, 1080), True: (1080, 1920)}.items()}
    low, upright = (f"{100 * page.reach / page.h:.0f} %" for page in reach.values())
    for said in (
        f"capitals of 0.7°: {needed_mm:.1f} mm at {VIEWING_MM} mm",
        f"never under {least_mm:.1f} mm ({math.degrees(math.atan(least_mm / VIEWING_MM)):.2f}°)",
        f"by themselves, every {INVITE_S:.0f} s",
        f"louder by {LOUDER[1]} and by {LOUDER[2]} per cent",
        f"usual volume at {Sound().volume} % or less",
        f"A question waits {timing.answer_s:.0f} s, own words {timing.writing_s:.0f} s, the desk {timing.desk_s:.0f} s",
        f"{timing.warn_s:.0f} s before it closes",
        f"within {SETTLE_S:g} s after a screen appears",
        f"at first {timing.same_press_s:g} s",
        f"types again after {held_s:g} s",
        f"breathe once in {every_s:.0f} s, for {breath_s:g} s, by {depth:.0%}".replace("%", " %"),
        f"the lower {low} of a screen ({upright} of an upright one), or within {HAND_MM:.0f} mm",
        f"at least {TOUCH_MM:.0f} mm high and wide, a key of the keyboard {KEY_MM:.0f} mm",
        f"tones last at most {max(len(samples_of(tone)) for tone in Tone) / 2 / RATE:.1f} s",
    ):
        assert said in FLOWING, said


def test_what_keeps_a_held_key_from_repeating_is_more_than_its_delay() -> None:
    assert constant("kiosk/ui/keys.py", "HELD_S") < 0.7
    assert "`timing.same_press_s` of 0.7 or more" in FLOWING


def test_the_times_of_the_advice_are_what_wcag_asks_for() -> None:
    advice = re.search(r"warn_s: (\d+), answer_s: (\d+), desk_s: (\d+)", FLOWING)
    assert advice
    assert int(advice[1]) >= 20
    assert min(int(advice[2]), int(advice[3])) > int(advice[1])
