"""The screens that ask nothing: thanks, the news that a person comes, why nothing is asked, and when it will be again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from kivy.graphics import Color, Rectangle

from feedback.notice import AnnouncementKind
from kiosk import texts
from kiosk.screens import STRAY, Announced, Called, Closed, OutOfOrder, Thanks
from kiosk.ui import signs, theme
from kiosk.ui.arrange import FONT_STEP, LINE_HEIGHT, Box
from kiosk.ui.parts import Tappable, Words, card, height_of, width_of
from kiosk.ui.view import View

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kiosk.screens import Screen
    from kiosk.ui.arrange import Page
    from kiosk.ui.theme import Colour
    from kiosk.ui.view import Stage

MUCH: Final = 1.2
"""How many times larger sentences must be beside their sign to stand there."""


class Sentence:
    """A sentence of a statement: its type as it is wanted, its font, its colour, and the space before it in gaps."""

    def __init__(self, text: str, size: float, *, colour: Colour, font: str = theme.REGULAR, before: float = 0.8) -> None:
        self.text = text
        self.size = size
        self.colour = colour
        self.font = font
        self.before = before


class Fitted(NamedTuple):
    """How large sentences stand in a room: their scale, their types, heights and the spaces before them, and the sign's radius."""

    by: float
    sizes: list[float]
    heights: list[float]
    spaces: list[float]
    radius: float
    lacks: float = 0.0
    """How much higher they would be to be read whole."""

    @property
    def high(self) -> float:
        """How high the sentences are together."""
        return sum(self.heights) + sum(self.spaces)


def _shortened(fitted: Fitted, room: float) -> Fitted:
    """Take what is too high from the longest sentence, so that no other is stood upon."""
    lacks = max(0.0, fitted.high - room)
    longest = max(range(len(fitted.heights)), key=fitted.heights.__getitem__)
    heights = list(fitted.heights)
    heights[longest] = max(LINE_HEIGHT * fitted.sizes[longest] + 1, heights[longest] - lacks)
    return fitted._replace(heights=heights, lacks=lacks)


class Statement(View):
    """A sign with a few sentences. Nothing on it can be tapped."""

    def state(
        self,
        sign: Callable[[tuple[float, float], float, Colour, Colour], None],
        ground: Colour,
        front: Colour,
        sentences: Sequence[Sentence],
        area: Box | None = None,
    ) -> None:
        """Draw the sign over the sentences in the middle of an area, or beside them where that lets them be much larger, or whole."""
        page, area = self.page, area or self.rest
        shown = [sentence for sentence in sentences if sentence.text]
        widest = min(area.w, page.mm(170 * page.scale))
        over, beside = self._fitted(shown, area, widest), self._fitted(shown, area, widest, beside=True)
        if page.portrait or (beside.by < MUCH * over.by and over.lacks <= beside.lacks):
            block = Box(area.centre[0] - widest / 2, area.y, widest, (area.h + over.high - page.gap) / 2 - over.radius)
            centre = (area.centre[0], block.top + page.gap + over.radius)
            self._stand(shown, over, block, align="center")
        else:
            left = 2 * beside.radius + 2 * page.gap
            longest = max(width_of(one.text, size=size, font=one.font) for one, size in zip(shown, beside.sizes, strict=True))
            width = min(widest - left, longest)
            x = area.centre[0] - (left + width) / 2
            self._stand(shown, beside, Box(x + left, area.y, width, (area.h + beside.high) / 2), align="left")
            centre = (x + beside.radius, area.centre[1])
            over = beside
        with self.canvas.before:
            sign(centre, over.radius, ground, front)

    def _fitted(self, shown: Sequence[Sentence], area: Box, widest: float, *, beside: bool = False) -> Fitted:
        """Shrink sentences together until they fit over or beside their sign."""
        page, by = self.page, 1.0
        while True:
            radius = page.mm(15 * page.scale) * (0.4 + 0.6 * by)
            width = widest - (2 * radius + 2 * page.gap if beside else 0)
            sizes = [max(page.floor, sentence.size * by) for sentence in shown]
            heights = [height_of(one.text, width, size=size, font=one.font) + 1 for one, size in zip(shown, sizes, strict=True)]
            spaces = [one.before * page.gap * (0.5 + 0.5 * by) * (not beside or index > 0) for index, one in enumerate(shown)]
            fitted = Fitted(by, sizes, heights, spaces, radius)
            room = area.h if beside else area.h - 2 * radius - page.gap
            if fitted.high <= room or by < 0.2:  # noqa: PLR2004 - the floor has been reached long before
                return _shortened(fitted, room)
            by *= FONT_STEP

    def _stand(self, shown: Sequence[Sentence], fitted: Fitted, block: Box, *, align: str) -> None:
        top, least = block.top, self.page.floor
        for one, size, height, space in zip(shown, fitted.sizes, fitted.heights, fitted.spaces, strict=True):
            top -= space + height
            box = Box(block.x, top, block.w, height)
            self.add(Words(one.text, box, size=size, least=least, colour=one.colour, font=one.font, align=align))

    def title(self, text: str) -> Sentence:
        """Give the sentence that says it all."""
        return Sentence(text, self.page.question, colour=self.palette.ink, font=theme.BOLD)

    def more(self, text: str, *, before: float = 0.8) -> Sentence:
        """Give a sentence that says more."""
        return Sentence(text, self.page.label, colour=self.palette.muted, before=before)


class Anywhere(Statement):
    """A statement that hears a tap anywhere, so that it is counted that somebody still presses."""

    def __init__(self, screen: Screen, page: Page, stage: Stage) -> None:
        super().__init__(screen, page, stage)
        self._everywhere = Tappable(STRAY, Box(0, 0, page.w, page.h), stage.tap)

    def on_touch_down(self, touch: Any) -> bool:  # noqa: ANN401
        """Let the tap be counted, unless it is on what keeps the screen."""
        return bool(super().on_touch_down(touch)) or self._everywhere.on_touch_down(touch)


class ThanksView(Anywhere):
    """The answers are saved. The same for every answer, so that the room learns nothing."""

    def __init__(self, screen: Thanks, page: Page, stage: Stage) -> None:
        super().__init__(screen, page, stage)
        _ = self._
        self.add_header(always=False)
        saved = screen.closing or _("Your vote is saved.")
        sentences = [self.title(_("Thank you.")), self.more(saved)]
        if screen.answered is not None:
            sentences.append(Sentence(self._count(screen.answered), page.body, colour=self.palette.muted, before=1.6))
        if screen.done:
            self._add_done(screen.done)
        self.state(signs.done, self.palette.accent, self.palette.on_accent, sentences)

    def _count(self, answered: int) -> str:
        ngettext = texts.counts_in(self.screen.language)
        text = ngettext("{count} person answered this month", "{count} people answered this month", answered)
        return text.format(count=texts.number(answered, self.screen.language))

    def _add_done(self, done: str) -> None:
        """Say at the foot what was done because of answers."""
        page, palette = self.page, self.palette
        pad = page.gap * 1.4
        width = min(self.rest.w, page.mm(180 * page.scale))
        title, size = self._("You said it – we did it"), page.body
        head = LINE_HEIGHT * page.small
        while True:
            height = height_of(done, width - 2 * pad, size=size, font=theme.REGULAR)
            if height + head + 2 * pad <= 0.42 * self.rest.h or size <= page.floor:
                break
            size = max(page.floor, size * FONT_STEP)
        height = min(height, 0.42 * self.rest.h - head - 2 * pad)
        box = Box(self.rest.centre[0] - width / 2, self.rest.y, width, height + head + 2 * pad + 1)
        with self.canvas.before:
            card(box, page.corner, edge=palette.line, fill=palette.card, hair=page.hair)
        inner = box.grown(-pad)
        self.add(Words(title, inner.upper(head), size=page.small, least=page.floor, font=theme.SEMIBOLD, colour=palette.accent, lines=1))
        self.add(Words(done, inner.below(head), size=size, least=page.floor, colour=palette.ink))
        self.rest = self.rest.above(box.h + page.gap)


class CalledView(Anywhere):
    """A person was called, and what happens next."""

    def __init__(self, screen: Called, page: Page, stage: Stage) -> None:
        super().__init__(screen, page, stage)
        _ = self._
        self.add_header()
        if screen.coming:
            title, more = _("A member of staff is on the way to you"), _("Please wait here by the terminal.")
        else:
            title, more = _("We have called a member of staff"), _("Please wait here by the terminal. The lamp shows them where you are.")
        self.state(signs.person, self.palette.accent, self.palette.on_accent, [self.title(title), self.more(more)])


class ClosedView(Statement):
    """Outside opening hours."""

    def __init__(self, screen: Closed, page: Page, stage: Stage) -> None:
        super().__init__(screen, page, stage)
        self.add_header()
        sentences = [self.title(self._("We are closed now")), self.more(self._opening(screen))]
        self.state(signs.clock, self.palette.muted, self.palette.paper, sentences)

    def _opening(self, screen: Closed) -> str:
        _ = self._
        if screen.opens_day is None or not screen.opens_at:
            return ""
        days = (
            _("We open on Monday at {time}."),
            _("We open on Tuesday at {time}."),
            _("We open on Wednesday at {time}."),
            _("We open on Thursday at {time}."),
            _("We open on Friday at {time}."),
            _("We open on Saturday at {time}."),
            _("We open on Sunday at {time}."),
        )
        return days[screen.opens_day].format(time=screen.opens_at)


class AnnouncedView(Statement):
    """An announcement in place of the question. An air raid alert fills the screen with its own colour; nothing ever flashes."""

    def __init__(self, screen: Announced, page: Page, stage: Stage) -> None:
        super().__init__(screen, page, stage)
        _ = self._
        if screen.kind is AnnouncementKind.AIR_RAID:
            self._alarm(screen)
            return
        self.add_header()
        if screen.kind is AnnouncementKind.MAINTENANCE:
            sentences = [self.title(_("Maintenance is under way")), self.more(screen.text)]
            self.state(signs.works, self.palette.muted, self.palette.paper, sentences)
        else:
            self.state(signs.information, self.palette.accent, self.palette.on_accent, [self.title(screen.text)])

    def _alarm(self, screen: Announced) -> None:
        page, palette, _ = self.page, self.palette, self._
        title = _("Air raid alert")
        text = "" if screen.text.strip(" .!").casefold() == title.casefold() else screen.text
        shelter = screen.shelter
        height = page.h * (0.56 if shelter else 1.0)
        upper = Box(0, page.h - height, page.w, height)
        with self.canvas.before:
            Color(*palette.alarm)
            Rectangle(pos=(upper.x, upper.y), size=(upper.w, upper.h))
        sentences = [
            Sentence(title, page.question * 1.2, colour=palette.on_alarm, font=theme.BOLD),
            Sentence(text, page.label, colour=palette.on_alarm),
        ]
        self.state(signs.warning, palette.alarm, palette.on_alarm, sentences, upper.grown(-page.margin))
        if shelter:
            lower = Box(0, 0, page.w, page.h - height).grown(-page.margin)
            words = [
                Sentence(_("The way to the shelter"), page.label, colour=palette.muted),
                Sentence(shelter, page.label * 1.25, colour=palette.ink, font=theme.SEMIBOLD, before=0.4),
            ]
            self.state(signs.way, palette.alarm, palette.on_alarm, words, lower)


class OutOfOrderView(Statement):
    """Nothing can be stored, so nothing is asked."""

    def __init__(self, screen: OutOfOrder, page: Page, stage: Stage) -> None:
        super().__init__(screen, page, stage)
        _ = self._
        self.add_header()
        sentences = [
            self.title(_("This terminal is out of order for now")),
            self.more(_("We are sorry: a vote cannot be saved right now.")),
            self.more(_("Please try again a little later."), before=0.2),
        ]
        self.state(signs.pause, self.palette.muted, self.palette.paper, sentences)
