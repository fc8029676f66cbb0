from __future__ import annotations

import itertools
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from PIL import Image

from feedback.notice import AnnouncementKind
from feedback.questionnaire import ContactWay, Face, Kind
from feedback.settings import DeskOption
from feedback.tickets import Refusal, Ticket
from kiosk import scans
from kiosk.screens import STAY, Announced, Ask, Comfort, Comment, Contact, Desk, Option, Screen, Thanks, stops
from tests.kiosk.ui import samples

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.kiosk.support import KivyThing

pytestmark = pytest.mark.window

SIZES = {
    "7 inch": (800, 480, 7.0),
    "7 inch fine": (1024, 600, 7.0),
    "10 inch": (1280, 800, 10.1),
    "15 inch": (1920, 1080, 15.6),
    "7 inch upright": (480, 800, 7.0),
    "10 inch upright": (800, 1280, 10.1),
}
COMFORTS = {"plain": Comfort(), "large": Comfort(large=True), "low": Comfort(low=True), "large and low": Comfort(large=True, low=True)}


def every_screen(language: str) -> Iterator[Screen]:
    for name in samples.SHIPPED:
        yield from samples.shipped_screens(name, language)
    yield from samples.asked(language)
    yield from samples.others(language)


PICTURE = Path(mkdtemp()) / "plan.png"


def picture(_name: str) -> Path:
    """A picture as wide as most floor plans."""
    if not PICTURE.exists():
        Image.new("RGB", (120, 60), "#D5DAE0").save(PICTURE)
    return PICTURE


def built(screen: Screen, size: tuple[int, int, float]) -> KivyThing:
    from kiosk.ui.app import _VIEWS
    from kiosk.ui.arrange import Page
    from kiosk.ui.view import Stage

    page = Page(size[0], size[1], diagonal_inch=size[2], large=screen.comfort.large, low=screen.comfort.low)
    stage = Stage(lambda _name: None, centre=samples.CENTRE, quiet=True, simulated=screen.language == "en", asset=picture)
    view = _VIEWS[type(screen)](screen, page, stage)
    view.refresh()
    return view


def pages_of(view: KivyThing) -> Iterator[KivyThing]:
    """The view on each of its pages of answers."""
    yield view
    pages = getattr(view, "_pages", None)
    if pages is not None:
        for _ in range(pages._grid.pages(pages._count) - 1):
            view.turn()
            yield view


SHAPES = ("7 inch", "10 inch", "7 inch upright")
"""The sizes that are laid out most differently."""
ALWAYS = {
    *((size, "plain") for size in SIZES),
    *((size, "large") for size in SHAPES),
    *((size, "low") for size in ("10 inch", "10 inch upright")),
}
"""What is tried each time; other combinations, and English, take their time in full runs."""


@pytest.mark.parametrize(
    ("language", "size", "comfort"),
    [
        pytest.param(language, size, comfort, marks=() if language == "uk" and (size, comfort) in ALWAYS else pytest.mark.full)
        for language, size, comfort in itertools.product(("uk", "en"), SIZES, COMFORTS)
    ],
)
def test_everything_fits_a_finger_and_an_eye_on_every_screen(window: KivyThing, language: str, size: str, comfort: str) -> None:
    complaints = []
    for screen in every_screen(language):
        shown = msgspec.structs.replace(screen, comfort=COMFORTS[comfort])
        for number, view in enumerate(pages_of(built(shown, SIZES[size]))):
            found = [*misplaced(view), *cut(view)]
            complaints += [f"{type(screen).__name__} {getattr(screen, 'kind', '')} page {number}: {what}" for what in found]
    assert not complaints, "\n".join(complaints)


def misplaced(view: KivyThing) -> Iterator[str]:
    page, things = view.page, list(view.tappables())
    for thing in things:
        box = thing.box
        if box.x < -1 or box.y < -1 or box.right > page.w + 1 or box.top > page.h + 1:
            yield f"{thing.name} leaves the page: {box}"
        if min(box.w, box.h) < page.mm(20) - 1 and not is_number_of_a_scale(view, thing):
            yield f"{thing.name} is too small: {box.w / page.mm(1):.1f} × {box.h / page.mm(1):.1f} mm"
        if page.low and thing.name != STAY and box.top > page.reach + 1:
            yield f"{thing.name} is too high for a seated person: {box.top / page.h:.2f}"
    for one, other in itertools.combinations(things, 2):
        if on_each_other(one.box, other.box):
            yield f"{one.name} and {other.name} overlap"


def is_number_of_a_scale(view: KivyThing, thing: Any) -> bool:
    """Numbers stand in one row, so they may be as narrow as keys."""
    screen, page = view.screen, view.page
    if not isinstance(screen, Ask) or screen.kind is not Kind.SCALE or thing.name not in {option.id for option in screen.options}:
        return False
    return bool(thing.box.w >= page.mm(11) - 1 and thing.box.h >= page.mm(20) - 1)


def on_each_other(one: Any, other: Any) -> bool:
    return bool(one.x < other.right - 2 and other.x < one.right - 2 and one.y < other.top - 2 and other.y < one.top - 2)


def cut(view: KivyThing) -> Iterator[str]:
    from kiosk.ui.parts import Words, parts_of, width_of

    page, words = view.page, [child for child in view.walk() if isinstance(child, Words)]
    for text in words:
        if text.text != text.whole and not may_be_shortened(view, text):
            yield f"shortened: {text.whole[:50]!r} at {text.font_size / page.mm(1):.1f} mm"
        text.text_size = (text.text_size[0], None)
        text.texture_update()
        if text.texture_size[1] > text.height + 2 or text.texture_size[0] > text.width + 2:
            yield f"cut: {text.whole[:50]!r} {text.texture_size} in {text.size}"
        widest = max((width_of(word, size=text.font_size, font=text.font_name) for word in parts_of(text.text)), default=0.0)
        if widest > text.width + 2:
            yield f"broken within a word: {text.text[:50]!r}"
        if text.font_size < page.mm(3.5) - 0.1:
            yield f"too small: {text.whole[:50]!r}"
        if text.box.x < -1 or text.box.y < -1 or text.box.right > page.w + 1 or text.box.top > page.h + 1:
            yield f"leaves the page: {text.whole[:50]!r}"
    for one, other in itertools.combinations(words, 2):
        if on_each_other(one.box, other.box):
            yield f"{one.text[:30]!r} over {other.text[:30]!r}"


def may_be_shortened(view: KivyThing, text: Any) -> bool:
    """A desk is known by its number. On seven inches a paragraph beside a long question gives way."""
    if type(view).__name__ == "DeskView":
        return True
    return min(view.page.w, view.page.h) < view.page.mm(95) and text.whole == samples.PARAGRAPH


@pytest.mark.parametrize("size", [pytest.param(size, marks=() if size in SHAPES else pytest.mark.full) for size in SIZES])
def test_every_stop_of_the_buttons_is_on_the_screen(window: KivyThing, size: str) -> None:
    for screen in every_screen("uk"):
        view = built(screen, SIZES[size])
        for name in stops(screen):
            assert view.become(msgspec.structs.replace(screen, focus=name))
            focused = view.focused()
            assert focused is not None, (type(screen), name)
            assert focused.name == name


@pytest.mark.parametrize("size", SIZES)
def test_a_warning_moves_nothing_that_can_be_tapped(window: KivyThing, size: str) -> None:
    for screen in (*samples.asked("uk"), *samples.others("uk")):
        view = built(screen, SIZES[size])
        before = {thing.name: thing.box for thing in view.tappables()}
        assert view.become(msgspec.structs.replace(screen, closes_in_s=10))
        after = {thing.name: thing.box for thing in view.tappables()}
        assert set(after) - set(before) == {STAY}
        assert {name: box for name, box in after.items() if name != STAY} == before
        assert not list(misplaced(view))
        assert view.become(screen)
        assert {thing.name: thing.box for thing in view.tappables()} == before


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("comfort", COMFORTS)
def test_a_notice_is_whole_and_covers_nothing_that_can_be_tapped(window: KivyThing, size: str, comfort: str) -> None:
    asked = [screen for screen in (*samples.asked("uk"), *samples.others("uk")) if getattr(screen, "first", isinstance(screen, Desk))]
    for screen in asked:
        shown = msgspec.structs.replace(screen, comfort=COMFORTS[comfort])
        view = built(shown, SIZES[size])
        before = {thing.name: thing.box for thing in view.tappables()}
        longest = max((scans.refused(why, "uk") for why in Refusal), key=len)
        forgotten = scans.forgotten(Ticket(form="own"), "uk")
        for text in (longest, forgotten, scans.read_without_desk("uk")):
            assert view.become(msgspec.structs.replace(shown, notice=text))
            assert {thing.name: thing.box for thing in view.tappables()} == before
            notice = view._notice
            words = " ".join(child.whole for child in reversed(notice.children))
            assert text in words, (size, comfort, words)
            assert not list(cut_in(notice, view.page)), (size, comfort, screen.question if isinstance(screen, Ask) else "desks")
            assert not [box for box in before.values() if on_each_other(box, view.warned)]


def cut_in(notice: Any, page: Any) -> Iterator[str]:
    for text in notice.children:
        text.text_size = (text.text_size[0], None)
        text.texture_update()
        if text.text != text.whole or text.texture_size[1] > text.height + 2 or text.font_size < page.mm(3.5) - 0.1:
            yield text.whole


def test_large_letters_are_larger(window: KivyThing) -> None:
    from kiosk.ui.parts import Words

    def sizes(comfort: Comfort) -> dict[str, float]:
        screen = next(iter(samples.asked("uk")))
        view = built(msgspec.structs.replace(screen, comfort=comfort), SIZES["15 inch"])
        return {child.whole: child.font_size for child in view.walk() if isinstance(child, Words)}

    plain, large = sizes(Comfort()), sizes(Comfort(large=True))
    for words in ("Як Вас обслужили?", "чудово", "Складно відповісти"):
        assert large[words] >= 1.2 * plain[words], words


def test_the_answers_stand_in_their_one_order(window: KivyThing) -> None:
    for screen in samples.asked("uk"):
        assert isinstance(screen, Ask)
        for size in (SIZES[name] for name in SHAPES):
            view = built(screen, size)
            places = {thing.name: thing.box for thing in view.tappables()}
            shown = [places[option.id] for option in screen.options if option.id in places]
            for one, other in itertools.pairwise(shown):
                assert one.right <= other.x + 1 or one.y >= other.top - 1, (size, screen.id)


def statements(text: str) -> Iterator[Screen]:
    """What is said without a question, as long as a server lets it be."""
    yield Thanks(closing=text, answered=1284, done=text[:250])
    for kind in AnnouncementKind:
        yield Announced(kind=kind, text=text[:250], shelter=text[:250])


def questions(text: str) -> Iterator[Screen]:
    """Questions in which every text is as long as a questionnaire lets it be."""
    options = tuple(Option(f"answer-{number}", text[:60]) for number in range(12))
    faces = tuple(Option(face.value, text[:60], face) for face in Face)
    long = {"id": "q", "question": text[:200], "note": text[:200]}
    for first in (False, True):
        opening = text if first else ""
        for kind in (Kind.SINGLE, Kind.MULTIPLE):
            yield Ask(kind=kind, options=options, first=first, opening=opening, **long)
        yield Ask(kind=Kind.YES_NO, options=options[:2], first=first, opening=opening, **long)
        yield Ask(kind=Kind.FACES, options=faces, first=first, opening=opening, **long)
        yield Ask(
            kind=Kind.SCALE, options=tuple(Option(str(n), str(n)) for n in range(11)), ends=(text[:60], text[:60]), first=first, **long
        )
    yield Comment(text=text, **long)
    for way in ContactWay:
        yield Contact(id="q", question=text[:200], purpose=text, consent=text, ways=tuple(ContactWay), way=way)
    yield Desk(desks=tuple(DeskOption(f"desk-{number}", text[:16], text[:200]) for number in range(40)))


SENTENCES = ("Вийдіть на подвір’я, поверніть праворуч за ріг будинку і йдіть за стрілками до входу № 3. " * 10)[:500]
ONE_WORD = ("https://center.example.gov.ua/" + "pravyla-povedinky-" * 40)[:500]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("comfort", ["plain", "large and low"])
def test_no_length_of_a_text_or_a_word_stops_the_screen(window: KivyThing, size: str, comfort: str) -> None:
    from kiosk.ui.parts import Words

    for text in (SENTENCES, ONE_WORD):
        for screen in questions(text):
            assert [*built(msgspec.structs.replace(screen, comfort=COMFORTS[comfort]), SIZES[size]).tappables()]
        for screen in statements(text):
            view = built(msgspec.structs.replace(screen, comfort=COMFORTS[comfort]), SIZES[size])
            shown = [words for words in view.walk() if isinstance(words, Words)]
            if text is not ONE_WORD and isinstance(screen, Announced):
                assert not [words.text for words in shown if words.text.endswith("…")], "the way to the shelter is read whole"
            boxes = [words.box for words in shown]
            assert all(box.y >= -1 and box.top <= SIZES[size][1] + 1 for box in boxes), screen
            for one, other in itertools.combinations(boxes, 2):
                apart = one.top <= other.y + 1.5 or other.top <= one.y + 1.5 or one.right <= other.x + 1 or other.right <= one.x + 1
                assert apart, (screen, one, other)
