"""The ways past a question: at the foot of the page, or beside the answers where height is scarce."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from kiosk.ui import theme
from kiosk.ui.arrange import Box
from kiosk.ui.parts import width_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kiosk.ui.parts import Pill
    from kiosk.ui.view import View

WIDEST: Final = 0.25
"""How much of the page's width the ways beside the answers take at most."""
BESIDE_HEADING: Final = 2
"""More ways than these are so high that the question stands beside them too."""


class Ways(NamedTuple):
    """The ways, and the column that they stand in, None at the foot of the page."""

    pills: list[Pill]
    column: Box | None = None

    @property
    def high(self) -> bool:
        """Whether the column is so high that the question stands beside it."""
        return self.column is not None and len(self.pills) > BESIDE_HEADING

    def beside(self, rest: Box, gap: float) -> Box:
        """Give what is left of the rest beside the column."""
        return rest if self.column is None else Box(rest.x, rest.y, self.column.x - gap - rest.x, rest.h)

    def over(self, rest: Box, gap: float) -> Box:
        """Give what is left of the rest over the column, all of it where the question stands beside."""
        return rest if self.column is None or self.high else rest.above(self.column.h + gap)


def add_ways(view: View, actions: Sequence[tuple[str, str]], *, gap: float, primary: str | None = None) -> Ways:
    """Put the ways on the view; those at the foot take their place from the rest, those beside it, `gap` apart, only by `Ways.beside`."""
    page, rest = view.page, view.rest
    if not page.short or page.portrait:
        return Ways(view.add_actions(actions, primary=primary))
    words = [word for _name, text in actions for word in text.split(" ")]
    longest = max(width_of(word, size=page.label, font=theme.SEMIBOLD) for word in words)
    width = min(WIDEST * rest.w, max(1.4 * page.touch, longest / 0.8 + 2))
    height = len(actions) * (page.touch + gap) - gap
    column = Box(rest.right - width, rest.y, width, height)
    places = [column.below(index * (page.touch + gap)).upper(page.touch) for index in range(len(actions))]
    size = view.type_of_pills((text, place) for (_name, text), place in zip(actions, places, strict=True))
    pills = [view.pill(name, text, place, size=size, primary=name == primary) for (name, text), place in zip(actions, places, strict=True)]
    view.add(*pills)
    return Ways(pills, column)
