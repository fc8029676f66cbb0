"""Own words: the question, what has been written so far, and the keyboard."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from kiosk import keyboard
from kiosk.screens import DONE, LEAVE, SKIP
from kiosk.ui import theme
from kiosk.ui.keys import Keys
from kiosk.ui.paragraphs import Paragraph, add_paragraphs
from kiosk.ui.parts import Words, press_among
from kiosk.ui.typing_places import warned_over, words_places
from kiosk.ui.view import View
from kiosk.ui.writing_field import WritingField

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kiosk.screens import Comment
    from kiosk.ui.arrange import Box, Page
    from kiosk.ui.parts import Tappable
    from kiosk.ui.view import Stage

_NEARLY_FULL: Final = 0.9


class CommentView(View):
    """A field, a keyboard, and three ways to go on: give it, skip it, leave."""

    LIGHT: ClassVar[frozenset[str]] = View.LIGHT | {"text", "cursor", "layout", "shifted", "stored"}

    def __init__(self, screen: Comment, page: Page, stage: Stage) -> None:
        super().__init__(screen, page, stage)
        self.screen: Comment = screen
        _ = self._
        places = words_places(page)
        ask, foot = places.ask, page.floor * 1.4
        if stage.simulated:
            self._add_banner(ask.upper(page.floor * 1.3))
            ask = ask.below(page.floor * 1.3)
        question = Paragraph(screen.question, page.question, self.palette.ink, theme.BOLD)
        add_paragraphs(self, ask, [question, Paragraph(screen.note, page.body, self.palette.muted)])
        across = page.w if page.portrait else places.done.x - page.gap / 2
        self.warned = warned_over(page, across, places.ask, places.text)
        self._field = WritingField(self, places.text, size=page.body, hint=_("Write here"), foot=foot)
        self._counter = self._add_counter(places.text, foot)
        size = self.type_of_pills([(_("Skip"), places.skip), (_("Finish"), places.leave)])
        self._actions = [
            self.pill(DONE, _("Send"), places.done, primary=True),
            self.pill(SKIP, _("Skip"), places.skip, size=size),
            self.pill(LEAVE, _("Finish"), places.leave, size=size),
        ]
        self.add(self._field, self._counter, *self._actions)
        self._keys = Keys(self, places.keys)

    def _add_counter(self, text: Box, foot: float) -> Words:
        page = self.page
        place = text.grown(-page.mm(2.2), -page.mm(1)).lower(foot)
        return Words("000 / 000", place, size=page.floor, colour=self.palette.muted, align="right", lines=1)

    def refresh(self) -> None:
        """Show the text, the keys and how much of the room is taken."""
        screen = self.screen
        self._field.write(screen.text, screen.cursor, done=screen.stored)
        self._counter.text = f"{len(screen.text)} / {screen.limit}"
        nearly = len(screen.text) >= _NEARLY_FULL * screen.limit
        self._counter.paint(self.palette.ink if nearly else self.palette.muted)
        self._counter.font_name = theme.BOLD if nearly else theme.REGULAR
        lit = keyboard.SHIFT if screen.shifted else None
        self._keys.show(keyboard.rows(screen.layout, shifted=screen.shifted), lit=lit)
        press_among(self._actions, DONE if screen.stored else None)
        super().refresh()

    def tappables(self) -> Iterator[Tappable]:
        """Everything that can be tapped; while the warning covers the text, that cannot."""
        return (thing for thing in super().tappables() if thing is not self._field or self.screen.closes_in_s is None)

    def close(self) -> None:
        """Let no held key type on."""
        self._keys.rest()
