"""The screens on which staff count ticket boxes: which box, its tickets one by one, and what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from kivy.uix.widget import Widget

from feedback.looks import FACES
from kiosk.screens import FINISH, LEAVE, OTHER_BOX, UNDO, BoxChoice, BoxResult, BoxScan, BoxSummary, changed
from kiosk.ui import signs, theme
from kiosk.ui.arrange import LINE_HEIGHT, Box, side_by_side
from kiosk.ui.face import FaceButton, draw_features, face_row, small_faces, split
from kiosk.ui.menu import WELL, WRONG
from kiosk.ui.parts import Words, card, disc, height_of, width_of
from kiosk.ui.view import View
from kiosk.ui.ways import add_ways

if TYPE_CHECKING:
    from kiosk.screens import Option
    from kiosk.ui.arrange import Page
    from kiosk.ui.view import Stage

_HEADING: Final = 0.3
_RESULT: Final = 0.3
"""The most of the room that the heading and the last result take."""
_FACE_MM: Final = 34.0
_NUMBER: Final = 0.86
"""A count's type as a share of the face beside it."""
_DIGITS: Final = "8888"
_MANY: Final = int(_DIGITS)
"""More tickets than a pair of boxes holds, for which there is room."""
_QUIET: Final = frozenset({BoxResult.UNDONE, BoxResult.STORING})
"""Results that are neither well nor wrong."""


class BoxChoiceView(View):
    """The two boxes, by their faces."""

    def __init__(self, screen: BoxChoice, page: Page, stage: Stage) -> None:
        super().__init__(screen, page, stage)
        _ = self._
        self.add_header(always=False)
        self.add_actions([(LEAVE, _("Back"))])
        self.add_heading(_("Which box are you counting?"), note=_("Scan its tickets one after another."), most=_HEADING * page.h)
        self.keep_room_to_warn()
        cells = split(self.rest, len(screen.boxes), page.gap)
        row = face_row(page, cells, [box.words for box in screen.boxes]) or small_faces(page, cells)
        for box, place in zip(screen.boxes, row.places, strict=True):
            if box.face is not None:
                self.add(FaceButton(box, box.face, place, view=self, size=row.size, lines=row.lines))
        self.warn_above_answers()


class CountedBox(Widget):
    """A box by its face and its words, with how many of its tickets count."""

    def __init__(self, view: View, box: Option, count: int, area: Box) -> None:
        super().__init__(pos=(area.x, area.y), size=(area.w, area.h), size_hint=(None, None))
        page, palette = view.page, view.palette
        line = LINE_HEIGHT * page.label + 1
        side = max(1.0, min(area.h - line, 0.42 * area.w, page.mm(_FACE_MM * page.scale)))
        block = Box(area.x, area.y + (area.h - side - line) / 2, area.w, side + line)
        upper = block.upper(side)
        size = max(page.floor, min(_NUMBER * side, (upper.w - side - page.gap) / width_of(_DIGITS, size=1.0, font=theme.BOLD)))
        number = width_of(_DIGITS[: len(str(count))], size=size, font=theme.BOLD) + 2
        face, place = side_by_side(upper, [side, number], page.gap)
        with self.canvas:
            disc(face.centre, side / 2, palette.answers[box.face.value] if box.face else palette.accent)
            if box.face is not None:
                draw_features(FACES[box.face], face.centre, side, palette.features)
        words = Words(box.words, block.lower(line), size=page.label, least=page.floor, font=theme.SEMIBOLD, colour=palette.ink, lines=1)
        self.add_widget(words)
        self.add_widget(Words(str(count), place, size=size, least=page.floor, font=theme.BOLD, colour=palette.ink, lines=1))


class BoxScanView(View):
    """The box that is being counted, its count, what became of the last ticket, and the ways on."""

    LIGHT: ClassVar[frozenset[str]] = View.LIGHT | {"count", "other_count", "repeated", "foreign", "result", "undoable"}

    def __init__(self, screen: BoxScan, page: Page, stage: Stage) -> None:
        super().__init__(screen, page, stage)
        self.screen: BoxScan = screen
        _ = self._
        self.add_header(always=False)
        actions = [
            (UNDO, _("Take back the last")),
            (OTHER_BOX, _("Other box")),
            (FINISH, _("Finish")),
        ]
        ways = add_ways(self, actions, gap=page.gap, primary=FINISH)
        self.rest = ways.beside(self.rest, page.gap)
        self._undo = next(pill for pill in ways.pills if pill.name == UNDO)
        line = height_of(self._beside(changed(screen, other_count=_MANY, repeated=_MANY)), self.rest.w, size=page.small, font=theme.REGULAR)
        self._line, self.rest = self.rest.lower(line + 2), self.rest.above(line + page.gap)
        result = max(page.touch, min(_RESULT * self.rest.h, 1.4 * page.touch))
        self._result, self.rest = self.rest.lower(result), self.rest.above(result + page.gap)
        self._shown: list[Widget] = []
        if ways.column is not None:
            self.warned = Box(0, self.warned.y, ways.column.x - page.gap / 2, self.warned.h)

    def refresh(self) -> None:
        """Show the counts and the result again."""
        for widget in self._shown:
            self.remove_widget(widget)
        screen, page, palette = self.screen, self.page, self.palette
        self._undo.look(faded=not screen.undoable)
        self._shown = [
            CountedBox(self, screen.box, screen.count, self.rest),
            LastResult(self, screen.result, self._result),
            Words(self._beside(screen), self._line, size=page.small, least=page.floor, colour=palette.muted),
        ]
        self.add(*self._shown)
        super().refresh()

    def _beside(self, screen: BoxScan) -> str:
        said = self._("Other box ({words}): {count}, scanned twice: {repeated}, not accepted: {foreign}")
        return said.format(words=screen.other.words, count=screen.other_count, repeated=screen.repeated, foreign=screen.foreign)


class LastResult(Widget):
    """What became of the last ticket, in words and by a mark; before the first one, what to do."""

    def __init__(self, view: View, result: BoxResult | None, area: Box) -> None:
        super().__init__(pos=(area.x, area.y), size=(area.w, area.h), size_hint=(None, None))
        page, palette = view.page, view.palette
        text = _said(view, result)
        side = 0.56 * min(area.h, page.touch) if result is not None and result not in _QUIET else 0.0
        inner = area.grown(-page.gap, -0.1 * area.h)
        room = inner.w - (side + page.gap if side else 0.0)
        width = min(room, width_of(text, size=page.label, font=theme.SEMIBOLD) + 2)
        left = inner.x + (room - width) / 2
        words = Box(left + (side + page.gap if side else 0.0), inner.y, width, inner.h)
        with self.canvas:
            card(area, page.corner, edge=palette.line, fill=palette.card, hair=page.hair)
            if side:
                is_well = result is BoxResult.COUNTED
                signs.mark((left + side / 2, area.centre[1]), side, palette.answers[WELL if is_well else WRONG], palette.features, is_well)
        align = "left" if side else "center"
        self.add_widget(
            Words(text, words, size=page.label, least=page.floor, font=theme.SEMIBOLD, colour=palette.ink, lines=3, align=align)
        )


def _said(view: View, result: BoxResult | None) -> str:
    _ = view._
    if result is None:
        return _("Scan the tickets of this box")
    return {
        BoxResult.COUNTED: _("Counted"),
        BoxResult.REPEATED: _("This ticket was already scanned"),
        BoxResult.VOTED: _("This ticket has already given feedback"),
        BoxResult.FOREIGN: _("A ticket of another centre or site"),
        BoxResult.FORGED: _("This ticket could not be confirmed"),
        BoxResult.TOO_OLD: _("This ticket is too old"),
        BoxResult.UNKNOWN: _("Unknown code: no ticket of this centre"),
        BoxResult.NOT_STORED: _("Not saved and not counted: scan it again"),
        BoxResult.UNDONE: _("The last ticket was taken back"),
        BoxResult.NOT_UNDONE: _("Not saved: the last ticket still counts"),
        BoxResult.STORING: _("Saving…"),
    }[result]


class BoxSummaryView(View):
    """How many tickets of each box count, and how many do not."""

    LIGHT: ClassVar[frozenset[str]] = View.LIGHT | {"stored"}

    def __init__(self, screen: BoxSummary, page: Page, stage: Stage) -> None:
        super().__init__(screen, page, stage)
        self.screen: BoxSummary = screen
        _ = self._
        self.add_header(always=False)
        self.add_actions([(LEAVE, _("Done"))], primary=LEAVE)
        self.add_heading(_("The boxes are counted"), most=_HEADING * page.h)
        line = LINE_HEIGHT * page.body * (2 if page.portrait else 1) + 2
        self._saved, self.rest = self.rest.lower(line), self.rest.above(line + 0.5 * page.gap)
        left = _("Scanned twice: {repeated}, not accepted: {foreign}").format(repeated=screen.repeated, foreign=screen.foreign)
        place, self.rest = self.rest.lower(line), self.rest.above(line + page.gap)
        self.add(Words(left, place, size=page.body, least=page.floor, colour=self.palette.muted, lines=2))
        width = (self.rest.w - page.gap) / 2
        for box, count, area in zip(screen.boxes, screen.counts, side_by_side(self.rest, [width, width], page.gap), strict=True):
            self.add(CountedBox(self, box, count, area))
        self._said: Words | None = None

    def refresh(self) -> None:
        """Say whether the count is stored."""
        if self._said is not None:
            self.remove_widget(self._said)
        _, stored = self._, self.screen.stored
        text = _("Saving…") if stored is None else _("Saved.")
        if stored is False:
            text = _("The tickets are saved, the summary is not yet: the terminal goes on trying.")
        page = self.page
        self._said = Words(text, self._saved, size=page.body, least=page.floor, colour=self.palette.ink, font=theme.SEMIBOLD, lines=2)
        self.add(self._said)
        super().refresh()
