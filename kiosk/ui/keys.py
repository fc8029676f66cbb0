"""The on-screen keyboard: keys drawn where they were laid, and a key that goes on while it is held."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kivy.clock import Clock
from kivy.core.text import Label as CoreLabel
from kivy.graphics import Color, Rectangle

from kiosk import keyboard
from kiosk.ui import theme
from kiosk.ui.parts import Pressable, card, stroke, tick
from kiosk.ui.typing_places import key_places

if TYPE_CHECKING:
    from collections.abc import Callable

    from kiosk.keyboard import Rows
    from kiosk.ui.arrange import Box
    from kiosk.ui.theme import Colour
    from kiosk.ui.view import View

HELD_S: Final = 0.5
AGAIN_S: Final = 0.08
ENTER: Final = "enter"
_ONCE: Final = frozenset({keyboard.SHIFT, keyboard.TO_UK, keyboard.TO_EN, keyboard.TO_SIGNS, ENTER})
"""Keys that holding would only flick to and fro."""
_DRAWN: Final = frozenset({keyboard.BACKSPACE, keyboard.SHIFT, keyboard.LEFT, keyboard.RIGHT, ENTER})
_QUIET: Final = frozenset(keyboard.NAMED - {keyboard.SPACE})
"""Keys that type nothing look different from those that do."""
_WORDS: Final = {keyboard.TO_UK: "Укр", keyboard.TO_EN: "Eng", keyboard.TO_SIGNS: "123"}
_STROKE: Final = 0.09
_GAP_MM: Final = 1.0
_LETTER: Final = 0.52
"""A letter's type as a share of its key's shorter side."""


class Key(Pressable):
    """One key. It looks pressed while a finger is on it, and types again and again while it stays there."""

    def __init__(self, key: str, box: Box, view: View, *, text: str, size: float) -> None:
        page = view.page
        super().__init__(f"key:{key}", box, view.stage.tap, palette=view.palette, corner=page.corner * 0.6)
        self.key = key
        self.lit = False
        self._face = box.grown(-page.mm(_GAP_MM) / 2)
        self._hair = page.hair
        self._glyph = _texture(text, size) if text else None
        self._held: Any = None
        self.look()

    def on_touch_down(self, touch: Any) -> bool:  # noqa: ANN401
        """Type at once, and again while the finger stays."""
        if not super().on_touch_down(touch):
            return False
        touch.grab(self)
        self.look(pressed=True)
        if self.key not in _ONCE:
            self._held = Clock.schedule_once(self._go_on, HELD_S)
        return True

    def on_touch_move(self, touch: Any) -> bool:  # noqa: ANN401
        """Stop where the finger slides off."""
        if touch.grab_current is not self:
            return False
        if not self.collide_point(*touch.pos):
            self._release(touch)
        return True

    def on_touch_up(self, touch: Any) -> bool:  # noqa: ANN401
        """Stop where the finger leaves."""
        if touch.grab_current is not self:
            return False
        self._release(touch)
        return True

    def light(self, *, lit: bool) -> None:
        """Show that this key holds for what is typed next."""
        if lit != self.lit:
            self.lit = lit
            self.look()

    def rest(self) -> None:
        """Type no more, whatever is still on it."""
        if self._held is not None:
            self._held.cancel()
            self._held = None

    def _release(self, touch: Any) -> None:  # noqa: ANN401
        touch.ungrab(self)
        self.rest()
        self.look()

    def _go_on(self, _dt: float) -> None:
        if self.get_parent_window() is None:
            return
        self._tap(self.name)
        self._held = Clock.schedule_once(self._go_on, AGAIN_S)

    def draw(self, tint: Callable[[Colour], Colour], *, pressed: bool) -> None:
        """Draw the key; filled while it is pressed or lit."""
        colours = self.palette
        filled = pressed or self.lit
        fill = colours.ink if filled else colours.mixed(colours.muted, 0.16) if self.key in _QUIET else colours.card
        card(self._face, self.corner, edge=tint(colours.ink if filled else colours.line), fill=tint(fill), hair=self._hair)
        Color(*tint(colours.paper if filled else colours.ink))
        if self._glyph is not None:
            self._draw_glyph(self._glyph)
        else:
            _draw_sign(self.key, self._face)

    def _draw_glyph(self, glyph: Any) -> None:  # noqa: ANN401
        w, h = glyph.size
        x, y = self.box.centre
        Rectangle(texture=glyph, pos=(round(x - w / 2), round(y - h / 2)), size=(w, h))


class Keys:
    """The keys of one keyboard on a view."""

    def __init__(self, view: View, area: Box) -> None:
        self._view = view
        self._area = area
        self._rows: Rows = ()
        self.all: list[Key] = []

    def show(self, rows: Rows, *, lit: str | None = None) -> None:
        """Have these keys, of which one may be lit; what is shown already stays."""
        if rows != self._rows:
            self.rest()
            for key in self.all:
                self._view.remove_widget(key)
            self._rows = rows
            self.all = self._made(rows)
            self._view.add(*self.all)
        for key in self.all:
            key.light(lit=key.key == lit)

    def rest(self) -> None:
        """Let no key type any more by itself."""
        for key in self.all:
            key.rest()

    def _made(self, rows: Rows) -> list[Key]:
        places = key_places(rows, self._area)
        letter = _LETTER * min(min(box.w, box.h) for _key, box in places)
        return [Key(key, box, self._view, text=self._text(key), size=self._size(key, box, letter)) for key, box in places]

    def _text(self, key: str) -> str:
        if key == keyboard.SPACE:
            return self._view._("space")
        return "" if key in _DRAWN else _WORDS.get(key, key)

    def _size(self, key: str, box: Box, letter: float) -> float:
        text = self._text(key)
        if len(text) <= 1:
            return letter
        wide = CoreLabel(font_size=100, font_name=theme.SEMIBOLD).get_extents(text)[0] / 100
        return float(min(0.72 * letter, 0.84 * box.w / wide))


def _texture(text: str, size: float) -> Any:  # noqa: ANN401 - Kivy ships no types
    label = CoreLabel(text=text, font_size=size, font_name=theme.SEMIBOLD, color=(1, 1, 1, 1))
    label.refresh()
    return label.texture


def _draw_sign(key: str, box: Box) -> None:
    """Draw what no letter says, in the present colour."""
    side = 0.42 * min(box.w, box.h)
    width = _STROKE * min(box.w, box.h)
    (x, y), half = box.centre, side / 2
    match key:
        case keyboard.LEFT | keyboard.RIGHT:
            to = -half if key == keyboard.LEFT else half
            stroke([(x - to * 0.5, y + half), (x + to * 0.5, y), (x - to * 0.5, y - half)], width)
        case keyboard.BACKSPACE:
            nose, left, right = x - 1.5 * half, x - 0.7 * half, x + 1.3 * half
            stroke([(nose, y), (left, y + half), (right, y + half), (right, y - half), (left, y - half), (nose, y)], width)
            for up in (1, -1):
                stroke([(x - 0.1 * half, y - up * 0.4 * half), (x + 0.7 * half, y + up * 0.4 * half)], width)
        case keyboard.SHIFT:
            outline = [(0, 1.2), (-1.1, 0), (-0.45, 0), (-0.45, -1), (0.45, -1), (0.45, 0), (1.1, 0), (0, 1.2)]
            stroke([(x + across * half, y + up * half) for across, up in outline], width)
        case _:
            tick((x, y), 1.2 * side, width)
