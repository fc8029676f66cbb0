"""A text being written, as it is seen: wrapped, with its cursor, which a tap stands elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kivy.core.text import Label as CoreLabel
from kivy.graphics import Color, Rectangle

from kiosk.ui import theme
from kiosk.ui.arrange import LINE_HEIGHT, Box
from kiosk.ui.parts import Tappable, card, rounded
from kiosk.ui.typing_places import Line, first_line, line_of, seen_part, wrapped

if TYPE_CHECKING:
    from kiosk.ui.view import View

_CURSOR_MM: Final = 0.7
_EDGE_MM: Final = 0.6
_PAD_MM: Final = 2.2


class WritingField(Tappable):
    """A text with its cursor, in as many lines as fit; more scrolls, so that the cursor is seen. `hint` stands there while it is empty."""

    def __init__(self, view: View, box: Box, *, size: float, hint: str = "", foot: float = 0.0, one_line: bool = False) -> None:  # noqa: PLR0913
        """`foot` is the height that stays free of text at the bottom; in `one_line` type shrinks so that all of it is seen."""
        page = view.page
        super().__init__("cursor:0", box, view.stage.tap, corner=page.corner)
        self._view = view
        self._hint = hint
        pad = page.mm(_PAD_MM)
        inner = box.grown(-pad, -min(pad, box.h * 0.05)).above(foot)
        self._largest = min(size, inner.h / LINE_HEIGHT)
        self._least = min(self._largest, page.floor)
        self._one_line = one_line
        self._room = inner
        self._set_type(self._largest)
        self._text, self._lines, self._first = "", [Line(0, 0)], 0

    def _set_type(self, size: float) -> None:
        self._size = size
        self._line = LINE_HEIGHT * size
        self._ruler = CoreLabel(font_size=size, font_name=theme.REGULAR)

    @property
    def _width_free(self) -> float:
        return self._room.w - self._view.page.mm(_CURSOR_MM)

    @property
    def _visible(self) -> int:
        return 1 if self._one_line else max(1, int(self._room.h / self._line))

    def write(self, text: str, cursor: int, *, wrong: bool = False, done: bool = False) -> None:
        """Show this text; `wrong` marks that it cannot be given so, `done` that it is being given."""
        if text != self._text or self._one_line:
            self._wrap(text, cursor)
        row = line_of(self._lines, cursor)
        self._first = first_line(len(self._lines), self._visible, row, self._first)
        self.name = f"cursor:{self._index_at(*self.box.centre)}"
        self.canvas.before.clear()
        with self.canvas.before:
            self._draw_card(wrong=wrong, done=done)
            self._draw_lines(done=done)
            if not done:
                self._draw_cursor(row, cursor)

    def on_touch_down(self, touch: Any) -> bool:  # noqa: ANN401
        """Stand the cursor where the finger is."""
        self.name = f"cursor:{self._index_at(*touch.pos)}"
        return super().on_touch_down(touch)

    def _wrap(self, text: str, cursor: int) -> None:
        self._text = text
        if not self._one_line:
            self._lines = wrapped(text, self._width_free, self._width)
            return
        self._set_type(self._largest)
        wide = self._width(text)
        if wide > self._width_free:
            self._set_type(max(self._least, 0.98 * self._largest * self._width_free / wide))
        self._lines = [seen_part(text, cursor, self._width_free, self._width)]

    def _width(self, text: str) -> float:
        return float(self._ruler.get_extents(text)[0]) if text else 0.0

    @property
    def _top(self) -> float:
        """Where the first visible line begins: a field of one line has it in its middle."""
        return self._room.top - (self._room.h - self._line) / 2 if self._visible == 1 else self._room.top

    def _index_at(self, x: float, y: float) -> int:
        row = self._first + max(0, min(self._visible - 1, int((self._top - y) / self._line)))
        line = self._lines[min(row, len(self._lines) - 1)]
        within = self._text[line.start : line.end]
        last = len(within) - 1 if line.end < len(self._text) else len(within)
        return line.start + min(range(last + 1), key=lambda count: abs(self._room.x + self._width(within[:count]) - x))

    def _draw_card(self, *, wrong: bool, done: bool) -> None:
        colours, page = self._view.palette, self._view.page
        edge = colours.answers["terrible"] if wrong else colours.edge if done else colours.accent
        card(self.box, self.corner, edge=edge, fill=colours.card, hair=page.mm(_EDGE_MM))

    def _draw_lines(self, *, done: bool) -> None:
        colours = self._view.palette
        if not self._text:
            self._draw_line(0, self._hint, colours.muted)
        for row, line in enumerate(self._lines[self._first : self._first + self._visible]):
            self._draw_line(row, self._text[line.start : line.end].rstrip(), colours.muted if done else colours.ink)

    def _draw_line(self, row: int, text: str, colour: theme.Colour) -> None:
        if not text:
            return
        label = CoreLabel(text=text, font_size=self._size, font_name=theme.REGULAR, color=(1, 1, 1, 1))
        label.refresh()
        width, height = label.texture.size
        middle = self._top - (row + 0.5) * self._line
        Color(*colour)
        Rectangle(texture=label.texture, pos=(round(self._room.x), round(middle - height / 2)), size=(width, height))

    def _draw_cursor(self, row: int, cursor: int) -> None:
        line = self._lines[row]
        x = self._room.x + self._width(self._text[line.start : cursor])
        top = self._top - (row - self._first) * self._line
        width = self._view.page.mm(_CURSOR_MM)
        rounded(Box(round(x), top - 0.94 * self._line, width, 0.88 * self._line), width / 2, self._view.palette.accent)
