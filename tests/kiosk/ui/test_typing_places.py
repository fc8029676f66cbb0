from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback.questionnaire import ContactWay
from kiosk import keyboard
from kiosk.keyboard import Layout
from kiosk.ui import typing_places
from kiosk.ui.arrange import Box, Page
from kiosk.ui.typing_places import Line

PANELS = [(800, 480, 7.0), (1024, 600, 7.0), (1280, 800, 10.1), (1920, 1080, 15.6), (800, 1280, 10.1), (1280, 720, 10.1), (1024, 768, 9.7)]
TOO_SMALL = [(480, 800, 7.0), (480, 320, 3.5), (800, 480, 5.0), (480, 272, 4.3)]
PAGES = [Page(w, h, inch, large=large, low=low) for w, h, inch in PANELS for large, low in ((False, False), (True, False), (False, True))]


def true_mm(page: Page, pixels: float) -> float:
    return pixels * page.diagonal_inch * 25.4 / math.hypot(page.w, page.h)


def assert_apart(page: Page, boxes: list[Box]) -> None:
    for index, box in enumerate(boxes):
        assert box.x >= -0.5
        assert box.y >= -0.5
        assert box.right <= page.w + 0.5
        assert box.top <= page.h + 0.5
        for other in boxes[index + 1 :]:
            beside = box.right <= other.x + 0.5 or other.right <= box.x + 0.5
            assert beside or box.top <= other.y + 0.5 or other.top <= box.y + 0.5, (box, other)


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_own_words_have_large_keys_and_actions_and_nothing_overlaps(page: Page) -> None:
    assert typing_places.fits(page)
    places = typing_places.words_places(page)
    assert_apart(page, list(places))
    for layout in Layout:
        for _key, box in typing_places.key_places(keyboard.rows(layout, shifted=False), places.keys):
            assert true_mm(page, min(box.w, box.h)) >= 10.9
    for action in (places.done, places.skip, places.leave):
        assert true_mm(page, min(action.w, action.h)) >= 19.8


@pytest.mark.parametrize("page", PAGES, ids=str)
@pytest.mark.parametrize("rows", [keyboard.PHONE_ROWS, keyboard.EMAIL_ROWS, keyboard.PIN_ROWS], ids=["phone", "email", "pin"])
def test_contact_has_large_keys_and_actions_and_nothing_overlaps(page: Page, rows: keyboard.Rows) -> None:
    assert typing_places.ways_that_fit(page) == set(ContactWay)
    places = typing_places.contact_places(page, rows, ways=2)
    assert_apart(page, [box for box in places if box is not None])
    for _key, box in typing_places.key_places(rows, places.keys):
        assert true_mm(page, min(box.w, box.h)) >= 10.9
    for action in (places.done, places.skip, places.leave, places.way):
        assert action is not None
        assert true_mm(page, min(action.w, action.h)) >= 19.8


@pytest.mark.parametrize(("w", "h", "inch"), TOO_SMALL)
def test_on_a_too_small_screen_there_is_no_keyboard(w: int, h: int, inch: float) -> None:
    assert not typing_places.fits(Page(w, h, inch))
    assert typing_places.ways_that_fit(Page(w, h, inch)) == {ContactWay.PHONE}


@pytest.mark.parametrize("layout", Layout)
def test_between_keys_a_finger_finds_no_gap(layout: Layout) -> None:
    area = Box(10, 20, 1200, 400)
    boxes = [box for _key, box in typing_places.key_places(keyboard.rows(layout, shifted=False), area)]
    assert sum(box.w * box.h for box in boxes) == pytest.approx(area.w * area.h)


texts = st.text(alphabet=st.sampled_from("abcї ґ. W"), max_size=120)


def width_of(text: str) -> float:
    return float(sum(2 if letter == "W" else 1 for letter in text))


@given(texts, st.integers(1, 30))
def test_every_character_is_in_one_line_and_no_line_is_too_wide(text: str, room: int) -> None:
    lines = typing_places.wrapped(text, room, width_of)
    assert lines[0].start == 0
    assert lines[-1].end == len(text)
    assert all(before.end == after.start for before, after in pairwise(lines))
    for line in lines:
        words = text[line.start : line.end].rstrip()
        assert width_of(words) <= room or len(words) == 1
    assert "".join(text[line.start : line.end] for line in lines) == text


def test_lines_break_at_spaces() -> None:
    lines = typing_places.wrapped("one two three", 8, width_of)
    assert ["one two three"[line.start : line.end] for line in lines] == ["one two ", "three"]
    assert [typing_places.line_of(lines, cursor) for cursor in (0, 7, 8, 13)] == [0, 0, 1, 1]


@given(st.integers(1, 40), st.integers(1, 8), st.data())
def test_the_cursors_line_is_always_seen(lines: int, visible: int, data: st.DataObject) -> None:
    first = 0
    for cursor in data.draw(st.lists(st.integers(0, lines - 1), max_size=10)):
        first = typing_places.first_line(lines, visible, cursor, first)
        assert first <= cursor < first + visible
        assert 0 <= first <= max(0, lines - visible)


def test_the_cursor_is_seen_where_the_letters_behind_it_fill_the_line() -> None:
    assert typing_places.seen_part("WWW", 0, 5, width_of) == Line(0, 2)


@given(texts, st.integers(5, 30), st.data())
def test_of_a_single_line_the_part_at_the_cursor_is_seen(text: str, room: int, data: st.DataObject) -> None:
    cursor = data.draw(st.integers(0, len(text)))
    part = typing_places.seen_part(text, cursor, room, width_of)
    assert 0 <= part.start <= cursor <= part.end <= len(text)
    assert width_of(text[part.start : part.end]) <= room or part.end - part.start <= 3
    if width_of(text) <= room:
        assert part == Line(0, len(text))
