"""What all screens share: the page, the centre's name and logo, the ring of focus, the warning before closing, and how a tap leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple

from kivy.graphics import Color, Rectangle
from kivy.uix.widget import Widget

from kiosk import texts
from kiosk.screens import STAY
from kiosk.ui import theme
from kiosk.ui.arrange import FONT_STEP, LINE_HEIGHT, Box, Page, rows_for, side_by_side
from kiosk.ui.parts import (
    PILL_LINES,
    Pill,
    Pressable,
    Tappable,
    Words,
    fitting,
    fitting_all,
    height_of,
    pill_room,
    pill_width,
    ring,
    width_of,
)
from kiosk.ui.pictures import draw_whole, picture, within

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from kiosk.screens import Screen

RING_MM: Final = 1.0
LOGO_WIDEST: Final = 5.0
"""A logo is at most this many times as wide as high."""
QUESTION_LINES: Final = 1.5
"""The height of the question within a notice, by that of one of its sentences."""


def _no_asset(_name: str) -> Path | None:
    return None


class Stage(NamedTuple):
    """What a view is shown in: where taps go, whose kiosk it is, and where its pictures are."""

    tap: Callable[[str], None]
    centre: str = ""
    logo: str | None = None
    accent: str | None = None
    quiet: bool = False
    simulated: bool = False
    lamp: bool = False
    asset: Callable[[str], Path | None] = _no_asset


class View(Widget):
    """A screen, drawn for one size.

    Only the fields in `LIGHT` can change without a new view: `refresh` then redraws what depends on them. `rest` is the part of the page
    that is not taken yet; `add_header` and `add_actions` take from it. `warned` is where the warning before closing stands: it covers only
    what is not tapped.
    """

    LIGHT: ClassVar[frozenset[str]] = frozenset({"focus", "closes_in_s"})

    def __init__(self, screen: Screen, page: Page, stage: Stage) -> None:
        super().__init__(pos=(0, 0), size=(page.w, page.h), size_hint=(None, None))
        self.screen = screen
        self.page = page
        self.stage = stage
        self.palette = theme.palette(screen.comfort.theme, stage.accent)
        self._ = texts.words_in(screen.language)
        self.rest = page.inner
        self.warned = Box(0, 0, page.w, page.h).upper(page.touch + 2 * page.gap)
        self._warning: StillHere | None = None
        self._notice: Notice | None = None
        self.question = ""
        """The heading, once it stands there."""

    def become(self, screen: Screen) -> bool:
        """Show `screen` if that takes no new view; whether it did."""
        if type(screen) is not type(self.screen):
            return False
        changed = {name for name in screen.__struct_fields__ if getattr(screen, name) != getattr(self.screen, name)}
        if not changed <= self.LIGHT:
            return False
        self.screen = screen
        if changed:
            self.refresh()
        return True

    def refresh(self) -> None:
        """Show again what can change without a new view; called once when a view is built, and after every change."""
        self._tell()
        self._warn()
        self._draw_ring()

    def close(self) -> None:
        """Let go of what would still happen by itself."""

    def wake(self) -> None:
        """Somebody has come up to the kiosk."""

    def tappables(self) -> Iterator[Tappable]:
        """Everything here that can be tapped."""
        return (child for child in self.children if isinstance(child, Tappable))

    def add(self, *widgets: Widget) -> None:
        """Put these on the view."""
        for widget in widgets:
            self.add_widget(widget)

    def add_header(self, *, always: bool = True) -> None:
        """Show the centre's logo and name, and say where hardware is simulated; take its place from the rest.

        Where it need not stand `always` it gives way on a low screen, except for the note on hardware.
        """
        page = self.page
        if not always and page.short:
            self._add_banner_in_margin()
            return
        in_margin = self.stage.simulated and not self._banner_can_stand_beside()
        if in_margin:
            self._add_banner_in_margin()
        height = page.touch if page.roomy else page.small * 1.5
        width = self.rest.w * (0.6 if self.stage.logo or (self.stage.simulated and not in_margin) else 1.0)
        if self.stage.simulated and not in_margin:
            width = min(width, self.rest.w - self._banner_width() - page.gap)
        line = Box(0, 0, width, height)
        if not fitting(self.stage.centre, line, size=page.small, least=page.floor, font=theme.REGULAR, lines=1):
            height = max(height, page.floor * 2.6)
        place = self.rest.upper(height)
        self.rest = self.rest.below(height + page.gap)
        if self.stage.simulated and not in_margin:
            place = self._add_banner(place)
        logo = picture(self.stage.asset(self.stage.logo)) if self.stage.logo else None
        if logo is not None:
            where = within(logo, Box(place.x, place.y, min(height * LOGO_WIDEST, place.w * 0.45), height), align=0)
            with self.canvas.before:
                draw_whole(logo, where)
            place = Box(where.right + page.gap, place.y, place.right - where.right - page.gap, place.h)
        if self.stage.centre:
            words = Words(self.stage.centre, place, size=page.small, least=page.floor, colour=self.palette.muted, lines=2, align="left")
            self.add(words)

    def _add_banner_in_margin(self) -> None:
        if self.stage.simulated:
            line = self.page.floor * 1.25
            self._add_banner(Box(self.rest.x, self.page.h - line, self.rest.w, line))
            self.rest = self.rest.below(max(0.0, line - self.page.margin))

    def _add_banner(self, place: Box) -> Box:
        page, width = self.page, self._banner_width()
        box = Box(place.right - width, place.y, width, place.h)
        self.add(Words(self._banner_text(), box, size=page.floor, colour=self.palette.muted, align="right"))
        return Box(place.x, place.y, place.w - width - page.gap, place.h)

    def _banner_can_stand_beside(self) -> bool:
        """Tell whether the centre's name has room left of the note on hardware, in two lines."""
        page = self.page
        beside = Box(0, 0, self.rest.w - self._banner_width() - page.gap, 2.6 * page.floor)
        return fitting(self.stage.centre, beside, size=page.floor, font=theme.REGULAR, lines=2) is not None

    def _banner_text(self) -> str:
        _ = self._
        return _("Simulated hardware, the lamp is lit") if self.stage.lamp else _("Simulated hardware")

    def _banner_width(self) -> float:
        return width_of(self._banner_text(), size=self.page.floor, font=theme.REGULAR)

    def add_heading(self, question: str, *, note: str = "", opening: str = "", most: float) -> None:
        """Show a question, as large as fits a height of `most`, with what stands before and under it; take its place from the rest.

        Where there is too little room even for the least type, what stands beside the question is shortened. The warning may cover it all.
        """
        page = self.page
        self.question = question
        parts = [
            Line(text, size, font)
            for text, size, font in (
                (opening, page.body, theme.REGULAR),
                (question, page.question, theme.BOLD),
                (note, page.body, theme.REGULAR),
            )
            if text
        ]
        space = page.gap * 0.6
        heights = _fitting_heights(parts, self.rest.w, most - space * (len(parts) - 1), page.floor)
        if page.low:
            whole = sum(height for _size, height in heights) + space * len(parts) + page.gap * 0.4
            self.rest = self.rest.below(max(0.0, self.rest.top - page.reach - whole))
        for part, (size, height) in zip(parts, heights, strict=True):
            if height > 0:
                colour = self.palette.ink if part.font == theme.BOLD else self.palette.muted
                place = self.rest.upper(height)
                self.add(Words(part.text, place, size=size, least=page.floor, font=part.font, colour=colour))
                self.rest = self.rest.below(height + space)
        self.rest = self.rest.below(page.gap * 0.4)
        self.warned = self._over_the_rest()

    def _over_the_rest(self) -> Box:
        """Give where the warning stands: in the header if that is high enough, else over everything above the rest."""
        page = self.page
        least = page.touch + 2 * page.gap
        header = page.margin + page.touch + page.gap
        height = header if page.roomy and not page.low else max(least, page.h - self.rest.top)
        return Box(0, 0, page.w, page.h).upper(height)

    def keep_room_to_warn(self, spare: float = 0.0) -> None:
        """Let the rest begin so low that a warning has room over it; `spare` of it is not tapped and may be covered."""
        page = self.page
        missing = page.touch + page.mm(1.5) - (page.h - self.rest.top) - spare
        self.rest = self.rest.below(max(0.0, missing))

    def warn_above_answers(self, column: Box | None = None) -> None:
        """Let the warning stand in the header if that is high enough, else over all that is above the highest thing to tap.

        It stands beside a `column` of ways that is as high as the page.
        """
        width = self.page.w if column is None else column.x - self.page.gap / 2
        highest = max((thing.box.top for thing in self.tappables() if thing.box.x < width), default=self.rest.top)
        if not self.page.roomy or self.page.low:
            self.warned = Box(0, 0, width, self.page.h).above(highest + self.page.mm(0.5))

    def add_actions(self, actions: Sequence[tuple[str, str]], *, primary: str | None = None) -> list[Pill]:
        """Stand pills of these names and words at the foot of the page, in rows where they need it; take their place from the rest."""
        page = self.page
        pills = self.pills(actions, self.rest, primary=primary)
        if pills:
            top = max(pill.box.top for pill in pills)
            self.rest = self.rest.above(top - self.rest.y + page.gap)
        self.add(*pills)
        return pills

    def pills(self, actions: Sequence[tuple[str, str]], area: Box, *, primary: str | None = None) -> list[Pill]:
        """Make pills side by side in the middle of the foot of an area; they are not on the view yet."""
        page, height = self.page, self.page.touch
        for by in (1.0, 0.9, 0.8, 1.0):
            size = max(page.floor, by * page.label)
            widths = [pill_width(text, height, size=size) for _name, text in actions]
            if sum(widths) + page.gap * (len(widths) - 1) <= area.w:
                rows = [list(range(len(widths)))]
                break
        else:
            rows = _primary_first(actions, primary, rows_for(widths, area.w, page.gap))
        made: list[Pill] = []
        for number, row in enumerate(rows):
            y = area.y + (len(rows) - 1 - number) * (height + page.gap)
            places = side_by_side(Box(area.x, y, area.w, height), [widths[i] for i in row], page.gap)
            made += [
                self.pill(*actions[i], place, size=size, primary=actions[i][0] == primary) for i, place in zip(row, places, strict=True)
            ]
        return made

    def pill(self, name: str, text: str, box: Box, *, size: float | None = None, primary: bool = False) -> Pill:
        """Make one pill."""
        page = self.page
        return Pill(
            name,
            text,
            box,
            size=size or page.label,
            least=page.floor,
            palette=self.palette,
            tap=self.stage.tap,
            primary=primary,
            hair=page.hair,
        )

    def type_of_pills(self, pills: Iterable[tuple[str, Box]]) -> float:
        """Give the one type in which each of these words fits its pill, so that none looks weightier than another."""
        rooms = [(text, pill_room(box)) for text, box in pills]
        return fitting_all(rooms, size=self.page.label, least=self.page.floor, font=theme.SEMIBOLD, lines=PILL_LINES) or self.page.floor

    def focused(self) -> Tappable | None:
        """Give the thing on which the buttons stand."""
        return next((thing for thing in self.tappables() if thing.name == self.screen.focus), None)

    def _draw_ring(self) -> None:
        self.canvas.after.clear()
        thing = self.focused()
        if thing is None:
            return
        width = self.page.mm(RING_MM)
        # Dark on light and light on dark, so that it is seen on whatever it surrounds.
        with self.canvas.after:
            ring(thing.outline.grown(width * 0.6), thing.corner + width * 0.6, 2.2 * width, self.palette.paper)
            ring(thing.outline.grown(width * 0.6), thing.corner + width * 0.6, 1.3 * width, self.palette.ink)

    def _tell(self) -> None:
        if self._notice is not None:
            self.remove_widget(self._notice)
            self._notice = None
        notice: str = getattr(self.screen, "notice", "")
        if notice:
            self._notice = Notice(self, notice)
            self.add_widget(self._notice)

    def _warn(self) -> None:
        seconds = self.screen.closes_in_s
        if seconds is None:
            if self._warning is not None:
                self.remove_widget(self._warning)
                self._warning = None
            return
        if self._warning is None:
            self._warning = StillHere(self, self.warned)
            self.add_widget(self._warning)
        self._warning.count(seconds)


class Line(NamedTuple):
    """A text of a heading, with the type that is wanted for it."""

    text: str
    size: float
    font: str


def _fitting_heights(parts: Sequence[Line], width: float, most: float, floor: float) -> list[tuple[float, float]]:
    """Give the type and the height of each text so that all of them together are no higher than `most`."""
    by = 1.0
    while True:
        sizes = [max(floor, part.size * by) for part in parts]
        heights = [height_of(part.text, width, size=size, font=part.font) + 1 for part, size in zip(parts, sizes, strict=True)]
        if sum(heights) <= most:
            return list(zip(sizes, heights, strict=True))
        if max(sizes) <= floor:
            break
        by *= FONT_STEP
    room = most - sum(height for part, height in zip(parts, heights, strict=True) if part.font == theme.BOLD)
    line = LINE_HEIGHT * floor
    for index, part in enumerate(parts):
        if part.font != theme.BOLD:
            lines = max(0, int(min(heights[index], room) / line))
            heights[index] = lines * line + 1 if lines else 0.0
            room -= heights[index]
    return list(zip(sizes, heights, strict=True))


def _primary_first(actions: Sequence[tuple[str, str]], primary: str | None, rows: list[list[int]]) -> list[list[int]]:
    """Give the primary action a row of its own, above the others."""
    first = [index for index, (name, _text) in enumerate(actions) if name == primary]
    if len(first) != 1 or len(actions) != 3:  # noqa: PLR2004 - any other number breaks well by itself
        return rows
    return [first, [index for index in range(len(actions)) if index not in first]]


class StillHere(Pressable):
    """The screen is about to close: it says so, and one tap anywhere on it keeps the screen. Everything else stays where it is."""

    def __init__(self, view: View, box: Box) -> None:
        super().__init__(STAY, box, view.stage.tap, palette=view.palette, corner=0)
        page = view.page
        self._text = view._("Are you still here? The screen closes in {seconds} s").replace("} ", "}\N{NO-BREAK SPACE}")
        inner = box.grown(-page.margin, -min(page.gap, (box.h - page.touch) / 2))
        height = page.touch
        width = pill_width(view._("I am still here"), height, size=page.label)
        beside = Box(inner.x, inner.y, inner.w - width - page.gap, inner.h)
        longest = self._text.format(seconds=888)
        if fitting(longest, beside, size=page.label, least=page.floor, font=theme.SEMIBOLD, lines=3) and beside.w >= 0.4 * inner.w:
            words, pill = beside, Box(beside.right + page.gap, inner.y + (inner.h - height) / 2, width, height)
        else:
            words = inner.above(height + page.gap)
            pill = Box(inner.x + (inner.w - min(width, inner.w)) / 2, inner.y, min(width, inner.w), height)
        self._line = page.mm(0.8)
        self._words = Words(
            longest,
            words,
            size=page.label,
            least=page.floor,
            colour=view.palette.ink,
            font=theme.SEMIBOLD,
            align="left" if words is beside else "center",
        )
        self._pill = view.pill(STAY, view._("I am still here"), pill, primary=True)
        self.add_widget(self._words)
        self.add_widget(self._pill)
        self.look()

    def count(self, seconds: int) -> None:
        """Say how long is left."""
        self._words.text = self._text.format(seconds=seconds)

    def on_touch_down(self, touch: Any) -> bool:  # noqa: ANN401
        """Take any touch on it, once."""
        return Tappable.on_touch_down(self, touch)

    def draw(self, tint: Callable[[theme.Colour], theme.Colour], *, pressed: bool) -> None:
        """Draw an opaque band with a line under it."""
        del pressed
        for box, colour in ((self.box, self.palette.card), (self.box.lower(self._line), self.palette.accent)):
            Color(*tint(colour))
            Rectangle(pos=(box.x, box.y), size=(box.w, box.h))


class Notice(Widget):
    """What became of a code, under the question and over all else above the answers. It takes no touch: they stay answerable."""

    def __init__(self, view: View, text: str) -> None:
        box, page = view.warned, view.page
        super().__init__(pos=(box.x, box.y), size=(box.w, box.h), size_hint=(None, None))
        line = page.mm(0.8)
        with self.canvas:
            for part, colour in ((box, view.palette.card), (box.lower(line), view.palette.accent)):
                Color(*colour)
                Rectangle(pos=(part.x, part.y), size=(part.w, part.h))
        rest = box.grown(-page.margin, -min(page.gap, box.h / 8))
        sentences = [part if part.endswith(".") else f"{part}." for part in text.split(". ")]
        place = rest.upper(rest.h * QUESTION_LINES / (len(sentences) + QUESTION_LINES))
        size = fitting(view.question, place, size=page.question, least=page.floor, font=theme.BOLD, lines=2) if view.question else None
        if size is not None:
            self.add_widget(Words(view.question, place, size=size, least=page.floor, font=theme.BOLD, lines=2, colour=view.palette.ink))
            rest = rest.below(place.h)
        heights = [
            min(rest.h / len(sentences), height_of(sentence, rest.w, size=page.label, font=theme.SEMIBOLD) + 1) for sentence in sentences
        ]
        rest = rest.below((rest.h - sum(heights)) / 2)
        for sentence, height in zip(sentences, heights, strict=True):
            place = rest.upper(height)
            rest = rest.below(height)
            self.add_widget(Words(sentence, place, size=page.label, least=page.floor, colour=view.palette.ink, font=theme.SEMIBOLD))
