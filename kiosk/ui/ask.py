"""The question with its faces."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from kiosk.screens import Ask, Screen
from kiosk.ui import arrange, theme
from kiosk.ui.face import FaceButton
from kiosk.ui.parts import Pill, Pressable, Words, fitting_size, press_among, width_of
from kiosk.ui.view import View

if TYPE_CHECKING:
    from collections.abc import Callable

    from kiosk.screens import Option
    from kiosk.ui.arrange import Page


class AskView(View):
    """Four faces in a row, and a quiet answer for who cannot say."""

    def __init__(self, screen: Ask, page: Page, *, tap: Callable[[str], None]) -> None:
        super().__init__(screen, page, tap=tap)
        self.screen: Ask = screen
        self.add_widget(Words(screen.question, page.band(0.13, 0.33), size=0.095 * page.h, font=theme.BOLD, lines=2))
        self._buttons: list[Pressable] = [*self._faces(), *self._quiet()]
        for button in self._buttons:
            self.add_widget(button)
        self.add_languages(screen.languages)
        self._press()

    def become(self, screen: Screen) -> bool:
        """Change only what is pressed: this must be on the screen in the next frame."""
        if not isinstance(screen, Ask) or msgspec.structs.replace(screen, pressed=self.screen.pressed) != self.screen:
            return False
        self.screen = screen
        self._press()
        return True

    def _press(self) -> None:
        press_among(self._buttons, self.screen.pressed)

    def _faces(self) -> list[FaceButton]:
        with_face = [option for option in self.screen.options if option.face is not None]
        places = arrange.faces(self.page, len(with_face))
        largest = 0.058 * self.page.h
        size = min(
            (
                fitting_size(option.words, place.words, size=largest, font=theme.SEMIBOLD)
                for option, place in zip(with_face, places, strict=True)
            ),
            default=largest,
        )
        return [
            FaceButton(option, option.face, place, words_size=size, tap=self._tap)
            for option, place in zip(with_face, places, strict=True)
            if option.face is not None
        ]

    def _quiet(self) -> list[Pill]:
        quiet: list[Option] = [option for option in self.screen.options if option.face is None]
        size = 0.042 * self.page.h
        area = self.page.band(0.845, 0.94)
        widths = [width_of(option.words, size=size, font=theme.SEMIBOLD) + 1.2 * area.h for option in quiet]
        places = arrange.side_by_side(area, widths, 24 * self.page.unit)
        return [Pill(option.id, option.words, place, size=size, tap=self._tap) for option, place in zip(quiet, places, strict=True)]
