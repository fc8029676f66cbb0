"""Where the keys, the text and the actions of the written screens stand: plain geometry. No Kivy."""

from __future__ import annotations

import bisect
import math
from typing import TYPE_CHECKING, Final, NamedTuple

from feedback.questionnaire import ContactWay
from kiosk import keyboard
from kiosk.ui.arrange import KEY_MM, MM_PER_INCH, Box, side_by_side

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kiosk.keyboard import Rows
    from kiosk.ui.arrange import Page

_COLUMNS: Final = {
    keyboard.SPACE: 3.0,
    keyboard.TO_UK: 1.5,
    keyboard.TO_EN: 1.5,
    keyboard.TO_SIGNS: 1.5,
    "@": 1.25,
    "gmail.com": 2.5,
    "ukr.net": 2.5,
}
"""How many columns a key takes that is wider than a letter, in the rows where it has company."""
_WORDS_COLUMNS: Final = 12
_WORDS_ROWS: Final = 4
_ROUNDED_PX: Final = 0.5
_PAD_COLUMNS: Final = 3
_SMALL_MM: Final = 110
_ROOM_BESIDE: Final = 3
_SEEN_BEHIND: Final = 3
_MISTAKE_FROM_MM: Final = 40


class WordsPlaces(NamedTuple):
    """Where the parts of own words stand: `ask` is for the question and its note."""

    ask: Box
    text: Box
    done: Box
    skip: Box
    leave: Box
    keys: Box


class ContactPlaces(NamedTuple):
    """Where the parts of a phone number's or an address's screen stand: `mistake` is None where it takes the question's place."""

    ask: Box
    text: Box
    mistake: Box | None
    way: Box | None
    done: Box
    skip: Box
    leave: Box
    keys: Box


def columns_of(key: str, row: tuple[str, ...]) -> float:
    """Tell how many columns a key takes in its row."""
    if key in _COLUMNS and ("gmail.com" in row or keyboard.SPACE in row):
        return _COLUMNS[key]
    return 1.0


def key_places(rows: Rows, area: Box) -> list[tuple[str, Box]]:
    """Give every key its place; rows are equally high, fill the width, and leave no gap in which a finger would find nothing."""
    height = area.h / len(rows)
    places = []
    for index, row in enumerate(rows):
        column = area.w / sum(columns_of(key, row) for key in row)
        x, y = area.x, area.y + area.h - (index + 1) * height
        for key in row:
            width = columns_of(key, row) * column
            places.append((key, Box(x, y, width, height)))
            x += width
    return places


def words_places(page: Page) -> WordsPlaces:
    """Lay out own words: the keys below, the actions within reach right above them."""
    edge = _edge(page)
    across = page.w - 2 * min(edge, max(0.0, (page.w - _WORDS_COLUMNS * page.key) / 2))
    two_actions = (1 if page.portrait else 2) * (page.touch + page.gap)
    height = _key_height(page, across / _WORDS_COLUMNS, _WORDS_ROWS, above=two_actions)
    keys = Box((page.w - across) / 2, edge / 2, across, height * _WORDS_ROWS)
    upper = Box(edge, keys.top + page.gap / 2, page.w - 2 * edge, page.h - edge - keys.top - page.gap / 2)
    if page.portrait:
        actions = upper.lower(page.touch)
        leave, skip, done = side_by_side(actions, [actions.w * share - page.gap * 2 / 3 for share in (0.31, 0.31, 0.38)], page.gap)
        rest = upper.above(page.touch + page.gap)
        text = rest.lower(min(0.66 * rest.h, page.mm(75)))
        return WordsPlaces(rest.above(text.h + page.gap), text, done, skip, leave, keys)
    done, skip, leave = _beside(page, upper)
    side = Box(done.x, upper.y, done.w, upper.h)
    rest = Box(upper.x, upper.y, side.x - upper.x - page.gap, upper.h)
    text = rest.lower((0.6 if rest.h > page.mm(_MISTAKE_FROM_MM + 10) else 0.54) * rest.h)
    return WordsPlaces(rest.above(text.h + page.gap / 2), text, done, skip, leave, keys)


def _beside(page: Page, upper: Box) -> tuple[Box, Box, Box]:
    """Stand the actions at the right: one under another, or where it is too low for that, the two quiet ones side by side."""
    if upper.h >= 3 * page.touch + 2 * page.gap:
        side = max(page.mm(50), 0.26 * page.w)
        row = min(1.15 * page.touch, (upper.h - 2 * page.gap) / 3)
        leave, skip, done = (Box(upper.right - side, upper.y + index * (row + page.gap), side, row) for index in range(3))
        return done, skip, leave
    width = max(page.mm(62), 0.3 * page.w)
    side_box = Box(upper.right - width, upper.y, width, upper.h)
    row = max(page.touch, min(page.touch * 1.2, (upper.h - page.gap) / 2))
    skip, leave = side_by_side(side_box.lower(row), [(width - page.gap) / 2] * 2, page.gap)
    return side_box.above(row + min(page.gap, upper.h - 2 * row)).lower(row), skip, leave


def contact_places(page: Page, rows: Rows, *, ways: int) -> ContactPlaces:
    """Lay out a phone number's or an e-mail address's screen; with two ways there is a switch between them."""
    return (_contact_upright if page.portrait else _contact_across)(page, rows, switch=ways > 1)


def _contact_across(page: Page, rows: Rows, *, switch: bool) -> ContactPlaces:
    edge = _edge(page)
    letters = page.w - 2 * edge - page.gap - page.key * max(map(len, keyboard.EMAIL_ROWS))
    side = max(page.mm(35), min(0.26 * page.w, letters))
    mistake: Box | None
    column = Box(page.w - edge - side, edge, side, page.h - 2 * edge)
    row = max(page.touch, min(page.touch * 1.15, (column.h - 3 * page.gap) / 4))
    step = row + min(page.gap, (column.h - 4 * row) / 3)
    leave, skip, done, way = (Box(column.x, column.y + index * step, side, row) for index in range(4))
    room = Box(edge, edge / 2, column.x - page.gap - edge, page.h - 1.5 * edge)
    if len(rows[0]) <= _PAD_COLUMNS:
        width = min(0.5 * room.w, page.mm(72))
        height = _key_height(page, width / _PAD_COLUMNS, len(rows), above=0.0, largest=min(page.mm(22), room.h / len(rows)))
        keys = Box(room.right - width, room.y, width, height * len(rows))
        room = Box(room.x, column.y, room.w - width - page.gap, column.h)
        under = min(0.24 * room.h, page.mm(24))
        mistake = room.lower(under)
        text = room.above(under + page.gap / 2).lower(min(page.touch, 0.18 * room.h))
    else:
        height = _key_height(page, room.w / max(map(len, rows)), len(rows), above=0.0)
        keys = room.lower(height * len(rows))
        room = room.above(keys.h + page.gap / 2)
        mistake = None if room.h < page.mm(_MISTAKE_FROM_MM) else room.lower(0.16 * room.h)
        text = room.above(mistake.h if mistake else 0.0).lower(max(page.mm(8), 0.24 * room.h))
    return ContactPlaces(room.above(text.top + page.gap / 2 - room.y), text, mistake, way if switch else None, done, skip, leave, keys)


def _contact_upright(page: Page, rows: Rows, *, switch: bool) -> ContactPlaces:
    edge = _edge(page)
    across = page.w - 2 * min(edge, max(0.0, (page.w - max(map(len, rows)) * page.key) / 2))
    if len(rows[0]) <= _PAD_COLUMNS:
        across = min(across, page.mm(100))
    height = _key_height(page, across / max(map(len, rows)), len(rows), above=2 * (page.touch + page.gap))
    keys = Box((page.w - across) / 2, edge / 2, across, height * len(rows))
    upper = Box(edge, keys.top + page.gap, page.w - 2 * edge, page.h - edge - keys.top - page.gap)
    half = [(upper.w - page.gap) / 2] * 2
    leave, skip = side_by_side(upper.lower(page.touch), half, page.gap)
    second = upper.above(page.touch + page.gap).lower(page.touch)
    way, done = side_by_side(second, half, page.gap) if switch else (None, second)
    room = upper.above(2 * (page.touch + page.gap))
    mistake = room.lower(max(2.6 * page.floor, 0.1 * room.h))
    text = room.above(mistake.h).lower(max(page.mm(11), 0.16 * room.h))
    return ContactPlaces(room.above(text.top + page.gap / 2 - room.y), text, mistake, way, done, skip, leave, keys)


def _edge(page: Page) -> float:
    """What stays free at the sides; half of it on a small screen, where every millimetre is a key's."""
    return page.margin if min(page.w, page.h) >= page.mm(_SMALL_MM) else page.margin / 2


def _key_height(page: Page, width: float, rows: int, *, above: float, largest: float | None = None) -> float:
    """Give how high a key is: comfortable, no higher than wide, and for low reach no higher than leaves the actions reachable."""
    share = 0.065 if page.portrait else 0.44 / max(_WORDS_ROWS, rows)
    comfortable = min(max(page.key, page.h * share), 1.25 * width) if largest is None else largest
    if page.low:
        comfortable = min(comfortable, (page.reach - above) / rows)
    return max(page.key, comfortable)


def warned_over(page: Page, across: float, ask: Box, text: Box) -> Box:
    """Give where the warning before closing stands: over the question, and where that is too low, over the text too, whole."""
    over_ask = page.h - ask.y
    return Box(0, 0, across, page.h).upper(over_ask if over_ask >= page.touch + 2 * page.gap else page.h - text.y + page.gap / 4)


def fits(page: Page) -> bool:
    """Tell whether own words can be written on this screen: the keys large enough, and room left for the text and the actions."""
    places = words_places(page)
    smallest = min(places.keys.w / _WORDS_COLUMNS, places.keys.h / _WORDS_ROWS)
    return smallest >= _true_key(page) and places.text.h >= 2 * _true_key(page)


def ways_that_fit(page: Page) -> frozenset[ContactWay]:
    """Tell how a visitor can say where to reach them: the digits always fit, the letters of an e-mail address not always."""
    rows = keyboard.EMAIL_ROWS
    keys = contact_places(page, rows, ways=2).keys
    letters = min(keys.w / max(map(len, rows)), keys.h / len(rows)) >= _true_key(page)
    return frozenset(ContactWay) if letters else frozenset({ContactWay.PHONE})


def _true_key(page: Page) -> float:
    """Give the least side of a key by the diagonal alone: a page pretends to be larger than the smallest panels are."""
    return KEY_MM * math.hypot(page.w, page.h) / (page.diagonal_inch * MM_PER_INCH) - _ROUNDED_PX


class Line(NamedTuple):
    """A line of a wrapped text: its characters from `start` up to `end`; the space at which it was broken is its last."""

    start: int
    end: int


def wrapped(text: str, room: float, width_of: Callable[[str], float]) -> list[Line]:
    """Break a text into lines no wider than `room`, at spaces where there are any; every character is in exactly one line."""
    lines, start = [], 0
    while True:
        end = _line_end(text, start, room, width_of)
        lines.append(Line(start, end))
        if end == len(text):
            return lines
        start = end


def _line_end(text: str, start: int, room: float, width_of: Callable[[str], float]) -> int:
    fits_until = bisect.bisect_right(range(start + 1, len(text) + 1), room, key=lambda end: width_of(text[start:end].rstrip()))
    end = start + max(1, fits_until)
    if end >= len(text):
        return len(text)
    space = text.rfind(" ", start, end + 1)
    return space + 1 if space >= start else end


def line_of(lines: Sequence[Line], cursor: int) -> int:
    """Tell in which line the cursor stands."""
    return next((index for index, line in enumerate(lines) if cursor < line.end), len(lines) - 1)


def first_line(lines: int, visible: int, cursor: int, before: int) -> int:
    """Tell which line comes first so that the cursor's is seen, and one on either side where there is room; `before` it was so far."""
    beside = 1 if visible >= _ROOM_BESIDE else 0
    first = min(max(before, cursor + beside - visible + 1), cursor - beside)
    return max(0, min(first, lines - visible))


def seen_part(text: str, cursor: int, room: float, width_of: Callable[[str], float]) -> Line:
    """Give the part of a text that is seen in a single line: all of it, or what ends a little behind the cursor."""
    if width_of(text) <= room:
        return Line(0, len(text))
    least_end = min(len(text), cursor + _SEEN_BEHIND)
    start = min(cursor, bisect.bisect_left(range(least_end), True, key=lambda start: width_of(text[start:least_end]) <= room))  # noqa: FBT003
    end = bisect.bisect_right(range(least_end, len(text) + 1), room, key=lambda end: width_of(text[start:end]))
    return Line(start, least_end + end - 1)
