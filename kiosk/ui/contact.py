"""A phone number or an e-mail address: what it is for, what the visitor agrees to, and the keys to type it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from feedback.questionnaire import ContactWay
from kiosk import contact, keyboard
from kiosk.screens import DONE, LEAVE, SKIP
from kiosk.ui import theme
from kiosk.ui.keys import Keys
from kiosk.ui.paragraphs import Paragraph, add_paragraphs, can_stand
from kiosk.ui.parts import Words, press_among, width_of
from kiosk.ui.typing_places import contact_places, warned_over
from kiosk.ui.view import View
from kiosk.ui.writing_field import WritingField

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kiosk.screens import Contact
    from kiosk.ui.arrange import Box, Page
    from kiosk.ui.parts import Pill, Tappable
    from kiosk.ui.view import Stage

_SAMPLE: Final = "+380 00 000 00 00"


class ContactView(View):
    """The purpose and the consent stand above the field, what is wrong with the number under it; giving it is consenting."""

    LIGHT: ClassVar[frozenset[str]] = View.LIGHT | {"text", "shown", "cursor", "mistake", "stored"}

    def __init__(self, screen: Contact, page: Page, stage: Stage) -> None:
        super().__init__(screen, page, stage)
        self.screen: Contact = screen
        _ = self._
        rows = keyboard.PHONE_ROWS if screen.way is ContactWay.PHONE else keyboard.EMAIL_ROWS
        self._places = places = contact_places(page, rows, ways=len(screen.ways))
        self._question = self._add_texts(places.ask)
        across = page.w if page.portrait else (places.keys.x if screen.way is ContactWay.PHONE else places.done.x) - page.gap / 2
        self.warned = warned_over(page, across, places.ask, places.text)
        self._field = WritingField(self, places.text, size=self._type(places.text), one_line=True)
        self._actions = [self.pill(DONE, _("I agree: contact me"), places.done, primary=True), *self._quiet_actions()]
        self.add(self._field, *self._actions)
        self._mistake: Words | None = None
        self._keys = Keys(self, places.keys)
        self._keys.show(rows)

    def _quiet_actions(self) -> list[Pill]:
        """Make what leads past the number or to the other way, all in one type."""
        _, places = self._, self._places
        actions = [(SKIP, _("Skip"), places.skip), (LEAVE, _("Finish"), places.leave)]
        others = {ContactWay.PHONE: _("Phone instead"), ContactWay.EMAIL: _("E-mail instead")}
        if places.way is not None:
            actions += [(f"way:{way}", others[way], places.way) for way in self.screen.ways if way is not self.screen.way]
        size = self.type_of_pills((text, place) for _name, text, place in actions)
        return [self.pill(name, text, place, size=size) for name, text, place in actions]

    def _add_texts(self, area: Box) -> Words:
        """Stand the question, the purpose and the consent; give the question."""
        page, screen = self.page, self.screen
        if self.stage.simulated:
            self._add_banner(area.upper(page.floor * 1.3))
            area = area.below(page.floor * 1.3)
        ink = self.palette.ink
        question = Paragraph(screen.question, page.question, ink, theme.BOLD)
        apart = [question, Paragraph(screen.purpose, page.body, self.palette.muted), Paragraph(screen.consent, page.body, ink)]
        run_on = [question, Paragraph(f"{screen.purpose} {screen.consent}", page.body, ink)]
        # What a visitor agrees to is read whole: where all of it has no room, the purpose gives way.
        last = [question, Paragraph(f"{screen.consent} {screen.purpose}", page.body, ink)]
        return add_paragraphs(self, area, next((texts for texts in (apart, run_on) if can_stand(self, area, texts)), last))[0]

    def _type(self, box: Box) -> float:
        """Give the type in which a whole number fits, so that it stays the same while it is typed."""
        page = self.page
        if self.screen.way is ContactWay.EMAIL:
            return page.label
        return min(page.question, 0.9 * box.w / width_of(_SAMPLE, size=1, font=theme.REGULAR))

    def refresh(self) -> None:
        """Show the number and what is wrong with it."""
        screen = self.screen
        typed = contact.Typed(screen.way, screen.text, screen.cursor)
        self._field.write(screen.shown, typed.shown_cursor, wrong=bool(screen.mistake), done=screen.stored)
        if self._mistake is not None:
            self.remove_widget(self._mistake)
            self._mistake = None
        self._question.opacity = 1
        if screen.mistake:
            place = self._places.mistake or self._question.box
            self._question.opacity = 0 if self._places.mistake is None else 1
            colour, size = self.palette.answers["terrible"], self.page.body
            self._mistake = Words(
                screen.mistake, place, size=size, least=self.page.floor, font=theme.SEMIBOLD, colour=colour, align="left", valign="top"
            )
            self.add(self._mistake)
        press_among(self._actions, DONE if screen.stored else None)
        super().refresh()

    def tappables(self) -> Iterator[Tappable]:
        """Everything that can be tapped; while the warning covers the number, that cannot."""
        return (thing for thing in super().tappables() if thing is not self._field or self.screen.closes_in_s is None)

    def close(self) -> None:
        """Let no held key type on."""
        self._keys.rest()
