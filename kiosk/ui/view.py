"""What all screens share: the page, the language switch, the note about simulated hardware, and how a tap leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kivy.uix.widget import Widget

from kiosk import texts
from kiosk.ui import theme
from kiosk.ui.arrange import Box
from kiosk.ui.parts import Pill, Tappable, Words, width_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kiosk.screens import Screen
    from kiosk.ui.arrange import Page


class View(Widget):
    """A screen, drawn once for one size; `pressed` is all that can change on it."""

    def __init__(self, screen: Screen, page: Page, *, tap: Callable[[str], None]) -> None:
        super().__init__(pos=(0, 0), size=(page.w, page.h), size_hint=(None, None))
        self.screen = screen
        self.page = page
        self._tap = tap
        self._ = texts.words_in(screen.language)

    def become(self, screen: Screen) -> bool:
        """Show `screen` if that takes no new view; whether it did."""
        return screen == self.screen

    def tappables(self) -> Iterator[Tappable]:
        """Everything here that can be tapped."""
        return (child for child in self.children if isinstance(child, Tappable))

    def add_languages(self, languages: tuple[str, ...]) -> None:
        """Offer the languages other than the present one."""
        others = [language for language in languages if language != self.screen.language]
        for index, language in enumerate(others):
            name = texts.OWN_NAMES.get(language, language)
            self.add_widget(Pill(f"language:{language}", name, self.page.languages(index), size=30 * self.page.unit, tap=self._tap))

    def add_banner(self) -> None:
        """Say that the hardware is simulated."""
        _ = self._
        text, size, place = _("Simulated hardware"), 22 * self.page.unit, self.page.banner()
        width = width_of(text, size=size, font=theme.REGULAR) * 1.05
        self.add_widget(Words(text, Box(place.x, place.y, width, place.h), size=size, colour=theme.MUTED))
