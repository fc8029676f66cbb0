"""The technician's page for enrolling: the server's address and the code, the keys to type them, and what became of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

from kiosk import keyboard
from kiosk.screens import DONE, LEAVE, EnrolField
from kiosk.ui import theme
from kiosk.ui.arrange import LINE_HEIGHT, Box
from kiosk.ui.keys import Keys
from kiosk.ui.menu import WELL, WRONG
from kiosk.ui.parts import Tappable, Words, width_of
from kiosk.ui.typing_places import contact_places
from kiosk.ui.view import View
from kiosk.ui.writing_field import WritingField

if TYPE_CHECKING:
    from kiosk.screens import Enrol
    from kiosk.ui.arrange import Page
    from kiosk.ui.view import Stage

_SAMPLE: Final = "0000-0000-0000-0000-0000-0000"
_LABEL_SHARE: Final = 0.2
_LABEL_MM: Final = 22.0


class Field(WritingField):
    """A field that is chosen by a tap; its cursor stays at the end."""

    def __init__(self, field: EnrolField, view: View, box: Box) -> None:
        super().__init__(view, box, size=_type(box), one_line=True)
        self._field = field
        self._accent = view.palette.accent

    def show(self, text: str, *, is_typed: bool) -> None:
        """Show this text, and whether the keys type into it."""
        self.write(text, len(text), done=not is_typed)
        self.name = f"field:{self._field}"

    def on_touch_down(self, touch: Any) -> bool:  # noqa: ANN401
        """Choose this field, wherever in it the finger is."""
        return bool(Tappable.on_touch_down(self, touch))


def _type(box: Box) -> float:
    """Give the type in which a whole code fits, so that it stays the same while it is typed."""
    return float(min(0.5 * box.h, 0.86 * box.w / width_of(_SAMPLE, size=1, font=theme.REGULAR)))


class EnrolView(View):
    """Two fields above the keys; under them what is to be done, or what became of it."""

    LIGHT: ClassVar[frozenset[str]] = View.LIGHT | {"address", "code", "typing", "said", "well"}

    def __init__(self, screen: Enrol, page: Page, stage: Stage) -> None:
        super().__init__(screen, page, stage)
        self.screen: Enrol = screen
        _ = self._
        places = contact_places(page, keyboard.ENROL_ROWS, ways=1)
        area = Box(places.ask.x, (places.mistake or places.text).y, places.ask.w, places.ask.top - (places.mistake or places.text).y)
        title = area.upper(min(1.2 * page.label * LINE_HEIGHT, 0.18 * area.h))
        rest = area.below(title.h + page.gap / 2)
        ink = self.palette.ink
        self.add(Words(_("Enrol this kiosk"), title, size=page.label, least=page.floor, font=theme.BOLD, colour=ink, align="left", lines=1))
        row = min(page.touch, 0.32 * rest.h)
        self._fields = {
            EnrolField.ADDRESS: self._row(_("Address"), EnrolField.ADDRESS, rest.upper(row)),
            EnrolField.CODE: self._row(_("Code"), EnrolField.CODE, rest.below(row + page.gap / 2).upper(row)),
        }
        self._place = rest.below(2 * row + page.gap)
        self._said: Words | None = None
        self.add(self.pill(DONE, _("Enrol now"), places.done, primary=True), self.pill(LEAVE, _("Back"), places.leave))
        self._keys = Keys(self, places.keys)
        self._keys.show(keyboard.ENROL_ROWS)

    def refresh(self) -> None:
        """Show what was typed, and what there is to say."""
        screen, page, palette = self.screen, self.page, self.palette
        for field, text in ((EnrolField.ADDRESS, screen.address), (EnrolField.CODE, screen.code)):
            self._fields[field].show(text, is_typed=screen.typing is field)
        if self._said is not None:
            self.remove_widget(self._said)
        colour = palette.ink if screen.well is None else palette.answers[WELL if screen.well else WRONG]
        self._said = Words(
            screen.said, self._place, size=page.body, least=page.floor, font=theme.SEMIBOLD, colour=colour, align="left", valign="top"
        )
        self.add(self._said)
        super().refresh()

    def close(self) -> None:
        """Let no held key type on."""
        self._keys.rest()

    def _row(self, label: str, field: EnrolField, box: Box) -> Field:
        page = self.page
        width = min(page.mm(_LABEL_MM), _LABEL_SHARE * box.w)
        colour = self.palette.muted
        self.add(
            Words(
                label,
                Box(box.x, box.y, width, box.h),
                size=page.body,
                least=page.floor,
                colour=colour,
                align="left",
                valign="middle",
                lines=1,
            )
        )
        made = Field(field, self, Box(box.x + width, box.y, box.w - width, box.h))
        self.add(made)
        return made
