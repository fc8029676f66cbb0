"""A question that is answered by choosing, in all its kinds. The first one is also what stands there while nobody does."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from feedback.questionnaire import Kind
from kiosk.screens import DONE, LEAVE, SKIP, Ask
from kiosk.ui import theme
from kiosk.ui.arrange import Box
from kiosk.ui.breath import Breath
from kiosk.ui.face import FaceButton, FaceRow, face_row, least_height, small_faces, split, worth
from kiosk.ui.parts import Pressable, height_of, press_among, width_of
from kiosk.ui.scale import add_scale, legend_height, scale_height
from kiosk.ui.tiles import Pages, Sizes, Tile, grid_for
from kiosk.ui.tools import add_tools
from kiosk.ui.view import View
from kiosk.ui.ways import Ways, add_ways

if TYPE_CHECKING:
    from typing import Any

    from kiosk.screens import Option
    from kiosk.ui.arrange import Page
    from kiosk.ui.parts import Pill
    from kiosk.ui.view import Stage

HEADING: Final = 0.45
"""The most of the page's height that the question takes, where a follow-up's answers need the rest."""


SIX: Final = 6
FEW_LETTERS: Final = 80
FEW: Final = 3
"""More answers than these stand in more than one row, and the question makes room for them."""


class AskView(View):
    """The question above, the answers in the middle, what leads past them below."""

    LIGHT: ClassVar[frozenset[str]] = View.LIGHT | {"chosen", "stored", "notice"}

    def __init__(self, screen: Ask, page: Page, stage: Stage) -> None:
        super().__init__(screen, page, stage)
        self.screen: Ask = screen
        self._pages: Pages | None = None
        self._breath: Breath | None = None
        self._looked: tuple[tuple[str, ...], bool] = ((), False)
        self.add_header(always=self._has_room_for_header(screen))
        ways = self._add_ways()
        self._ways: list[Pill] = ways.pills
        if ways.high:
            self.rest = ways.beside(self.rest, page.gap)
        most = min(self._most_heading(), ways.over(self.rest, page.gap).h)
        self.add_heading(screen.question, note=self._note(), opening=screen.opening, most=most)
        self.keep_room_to_warn(legend_height(self, screen))
        self.rest = ways.beside(self.rest, page.gap)
        self._buttons: list[Pressable] = self._add_answers()
        self.warn_above_answers(ways.column if ways.high else None)
        self._quiet_breath()

    def _most_heading(self) -> float:
        """Give how high the question may stand: a share of the page, less where the answers need more."""
        page, screen = self.page, self.screen
        row = page.touch + page.gap
        least, wanted = row, row
        if screen.kind is Kind.SCALE:
            least = wanted = scale_height(self, screen) + page.gap
        elif screen.kind is Kind.FACES:
            least = wanted = self._least_of_faces()
        elif len(screen.options) > FEW:
            wanted = row * (2 if page.short and screen.first else 3)
        readable = height_of(screen.question, self.rest.w, size=page.floor * 1.2, font=theme.BOLD) + 3 * page.gap
        readable += sum(height_of(text, self.rest.w, size=page.floor, font=theme.REGULAR) for text in (self._note(), screen.opening))
        return min(self.rest.h - least - page.gap, max(readable, min(HEADING * self.rest.h, self.rest.h - wanted)))

    def _note(self) -> str:
        """Give the note, after the desk that a ticket names."""
        desk = self.screen.desk
        return self.screen.note if desk is None else f"{self._('Desk {number}').format(number=desk.number)}. {self.screen.note}"

    @staticmethod
    def _has_room_for_header(screen: Ask) -> bool:
        """Tell whether a short page has room for the centre's name beside a first question."""
        words = len(screen.question) + len(screen.opening)
        return screen.first and screen.kind is Kind.FACES and len(screen.options) < SIX and words <= FEW_LETTERS

    def refresh(self) -> None:
        """Show what is chosen and where the buttons stand."""
        ids = [option.id for option in self.screen.options]
        turned = self._pages is not None and self._pages.follow(ids, self.screen.focus)
        if self.screen.focus is not None or self.screen.chosen:
            self.rest_faces()
        chosen = (self.screen.chosen, self.screen.stored)
        if turned or chosen != self._looked:
            self._looked = chosen
            self._show_chosen()
        super().refresh()

    def turn(self) -> None:
        """Show the next page of answers."""
        if self._pages is not None:
            self._pages.turn()
            self._show_chosen()
            super().refresh()

    def close(self) -> None:
        """Breathe no more."""
        self.rest_faces()

    def wake(self) -> None:
        """Breathe at once, where nobody has touched anything yet."""
        if self.screen.focus is None and not self.screen.chosen:
            self.rest_faces()
            self._quiet_breath()
            if self._breath is not None:
                self._breath.begin()

    def rest_faces(self) -> None:
        """Let the faces rest from now on."""
        if self._breath is not None:
            self._breath.stop()
            self._breath = None

    def on_touch_down(self, touch: Any) -> bool:  # noqa: ANN401
        """Rest as soon as somebody is there."""
        self.rest_faces()
        return bool(super().on_touch_down(touch))

    def _show_chosen(self) -> None:
        screen, buttons = self.screen, self._answers()
        if screen.kind is not Kind.MULTIPLE:
            press_among([*buttons, *self._ways], next(iter(screen.chosen), None))
            return
        for button in buttons:
            chosen = button.name in screen.chosen
            button.look(pressed=chosen, faded=screen.stored and not chosen)
        for way in self._ways:
            way.look(pressed=screen.stored and way.name == DONE, faded=screen.stored and way.name != DONE)

    def _answers(self) -> list[Pressable]:
        return [*self._buttons, *(self._pages.tiles if self._pages is not None else ())]

    def _add_ways(self) -> Ways:
        """Put what leads past the question at the foot of the page, or beside many tiles; faces and scales need all of the width."""
        screen, _ = self.screen, self._
        done = [(DONE, _("Done"))] if screen.kind is Kind.MULTIPLE else []
        if screen.first:
            add_tools(self, screen)
            return Ways(self.add_actions(done, primary=DONE))
        actions = [*done, (SKIP, _("Skip")), (LEAVE, _("Finish"))]
        if screen.kind in {Kind.FACES, Kind.SCALE} or (len(screen.options) <= FEW and screen.kind is not Kind.MULTIPLE):
            return Ways(self.add_actions(actions, primary=DONE))
        return add_ways(self, actions, gap=self.page.gap, primary=DONE)

    def _add_answers(self) -> list[Pressable]:
        match self.screen.kind:
            case Kind.FACES:
                return self._add_faces()
            case Kind.SCALE:
                return add_scale(self, self.screen)
            case _:
                self._add_tiles()
                return []

    def _add_tiles(self) -> None:
        page, options = self.page, self.screen.options
        marked, few = self.screen.kind is Kind.MULTIPLE, self.screen.kind is Kind.YES_NO
        size = page.label * (1.3 if few else 1.0)
        sizes = Sizes(page.mm(100 * page.scale), page.mm((40 if few else 30) * page.scale), size, marked)
        grid = grid_for(page, self.rest, [option.words for option in options], sizes)

        def make(index: int, place: Box) -> Tile:
            option = options[index]
            return Tile(
                option.id,
                option.words,
                place,
                page=page,
                size=grid.size,
                palette=self.palette,
                tap=self.stage.tap,
                marked=marked,
            )

        self._pages = Pages(self, grid, len(options), make)

    def _add_faces(self) -> list[Pressable]:
        with_face = [option for option in self.screen.options if option.face is not None]
        quiet = [option for option in self.screen.options if option.face is None]
        row, beside = self._best_faces(with_face, quiet)
        faces = [
            FaceButton(option, option.face, place, view=self, size=row.size, lines=row.lines)
            for option, place in zip(with_face, row.places, strict=True)
            if option.face is not None
        ]
        pills = self._quiet_pills(quiet, row, beside)
        self.add(*faces, *pills)
        return [*faces, *pills]

    def _best_faces(self, faces: list[Option], quiet: list[Option]) -> tuple[FaceRow, bool]:
        """Find the largest faces: with the quiet answers under them or beside them, in one row or, on an upright page, in two."""
        page, area, words = self.page, self.rest, [option.words for option in faces]
        under = area.above((page.touch + page.gap) if quiet else 0)
        found = [(face_row(page, split(under, len(faces), page.gap, rows), words), False, 1 / rows) for rows in (1, 2)]
        if self._can_stand_beside():
            aside = Box(area.x, area.y, area.w - self._quiet_width() - page.gap, area.h)
            found.append((face_row(page, split(aside, len(faces), page.gap), words), True, 1.0))
        fitting = [(row, beside, by) for row, beside, by in found if row is not None]
        if not fitting:  # on a page for which none of this was made, small faces are better than none
            return small_faces(page, split(under, len(faces), page.gap)), False
        row, beside, _by = max(fitting, key=lambda one: worth(page, one[0]) * one[2])
        return row, beside

    def _can_stand_beside(self) -> bool:
        """Tell whether the one quiet answer leaves enough width for the faces' words."""
        quiet = sum(1 for option in self.screen.options if option.face is None)
        room = self.rest.w - self._quiet_width() - self.page.gap
        return quiet == 1 and not self.page.portrait and self._column_fits(room / (len(self.screen.options) - quiet))

    def _column_fits(self, width: float) -> bool:
        page = self.page
        words = [word for option in self.screen.options if option.face is not None for word in option.words.split()]
        longest = max((width_of(word, size=page.floor, font=theme.SEMIBOLD) for word in words), default=0.0)
        return width >= max(page.touch, longest / 0.98)

    def _least_of_faces(self) -> float:
        """Give the least height of the faces with their words and of the quiet answers."""
        page, options = self.page, self.screen.options
        quiet = sum(1 for option in options if option.face is None)
        faces = max(1, len(options) - quiet)
        if self._can_stand_beside():
            room = self.rest.w - self._quiet_width() - page.gap
            return max(self._least_row(room / faces), 1.15 * page.touch)
        rows = 1 if self._column_fits(self.rest.w / faces) else 2
        row = self._least_row(self.rest.w / -(-faces // rows))
        return rows * row + (rows - 1) * page.gap + (page.touch + page.gap if quiet else 0.0)

    def _least_row(self, width: float) -> float:
        """Give the least height of faces that stand in columns of this width, with their words."""
        page = self.page
        words = [option.words for option in self.screen.options if option.face is not None]
        lines = 2 if any(width_of(text, size=page.floor, font=theme.SEMIBOLD) > 0.98 * width for text in words) else 1
        return max(page.touch, least_height(page, lines))

    def _quiet_width(self) -> float:
        """Give how wide the quiet answer is that stands beside the faces."""
        page = self.page
        words = [word for option in self.screen.options if option.face is None for word in option.words.split()]
        longest = max((width_of(word, size=page.label * 0.85, font=theme.SEMIBOLD) for word in words), default=0.0)
        widest = 1.4 * page.touch if len(self.screen.options) >= SIX else self.rest.w
        return min(max(1.4 * page.touch, longest + 0.8 * page.touch), 0.24 * self.rest.w, widest)

    def _quiet_pills(self, quiet: list[Option], row: FaceRow, beside: bool) -> list[Pill]:  # noqa: FBT001
        page, area = self.page, self.rest
        if not quiet:
            return []
        if not beside:
            return self.pills([(option.id, option.words) for option in quiet], area)
        first = row.places[0].touch
        height = max(page.touch, min(page.touch * 1.15, area.h))
        place = Box(area.right - self._quiet_width(), first.y + (first.h - height) / 2, self._quiet_width(), height)
        return [self.pill(quiet[0].id, quiet[0].words, place)]

    def _quiet_breath(self) -> None:
        faces = [button for button in self._buttons if isinstance(button, FaceButton)]
        if self.screen.first and faces and not self.stage.quiet:
            self._breath = Breath(faces)
