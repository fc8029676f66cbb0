from __future__ import annotations

import itertools
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest
import yaml
from PIL import Image, ImageFont

from feedback.questionnaire import ContactWay, Kind
from feedback.questionnaire_file import parse
from feedback.questionnaire_kinds import CONSENT
from feedback.questionnaire_wording import undrawn
from feedback.settings import DeskOption
from feedback.tickets import Ticket
from kiosk import accepted, asking, filling
from kiosk.screens import Ask, Called, Closed, Comfort, Comment, Contact, Desk, OutOfOrder, Pin, Screen, Thanks
from kiosk.ui import plan
from tests.kiosk.ui import samples
from tests.kiosk.ui.test_geometry import SIZES, pages_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.kiosk.support import KivyThing

pytestmark = pytest.mark.window

DEMO = yaml.safe_load((Path(__file__).parents[3] / "demo" / "centre.yaml").read_text("utf-8"))
FONTS = Path(plan.__file__).parent / "fonts"
SMALL = ("7 inch", "7 inch fine", "7 inch upright")
COMFORTS = {"plain": Comfort(), "large": Comfort(large=True)}


def shipped(language: str) -> Iterator[tuple[str, Screen]]:
    """Every screen of every questionnaire that ships, with a scanned ticket and without, and with everything that it may say."""
    for name in samples.SHIPPED:
        asked = parse((resources.files("feedback") / "questionnaires" / name).read_text("utf-8"), name)
        settings = msgspec.structs.replace(accepted.before_any("exit-sample-1"), call_person=True)
        for ticket in (None, Ticket(form="queue", number="A045"), Ticket(form="queue", number="A045", desk="center-1")):
            yield f"{name} first", asking.first_screen(settings, asked, language, Comfort(), ticket=ticket)
        for question in asked.questions[1:]:
            writable = asking.Writable(words=True, ways=frozenset(ContactWay))
            screen = asking.screen_of(question, language, Comfort(), writable)
            for shown in contacts(screen) if isinstance(screen, Contact) else (screen,):
                yield f"{name} {question.id}", shown
        yield f"{name} thanks", Thanks(language=language, closing=asked.closing.get(language, ""), answered=1284)


def contacts(screen: Contact) -> Iterator[Contact]:
    for ways in (screen.ways, *((way,) for way in screen.ways)):
        for way in ways:
            empty = filling.cleared(msgspec.structs.replace(screen, way=way, ways=ways))
            yield empty
            yield filling.checked(empty)


def of_the_house(language: str) -> Iterator[tuple[str, Screen]]:
    """What the kiosk says by itself, and the desks of the demonstration."""
    for site in {desk["site"] for desk in DEMO["desks"]}:
        named = tuple(DeskOption(desk["key"], desk["number"], desk["name"]) for desk in DEMO["desks"] if desk["site"] == site)
        yield f"desks of {site}", Desk(language=language, desks=named)
    for coming in (False, True):
        yield "called", Called(language=language, coming=coming)
    for day in range(7):
        yield "closed", Closed(language=language, opens_day=day, opens_at="09:00")
    yield "out of order", OutOfOrder(language=language)
    yield "pin", Pin(language=language, wrong=True, wait_s=600)


def built(screen: Screen, size: tuple[int, int, float], *, simulated: bool = False) -> KivyThing | None:
    """The view, None where a visit would not show this screen on such a page."""
    from kiosk.ui.app import _VIEWS
    from kiosk.ui.arrange import Page
    from kiosk.ui.typing_places import fits, ways_that_fit
    from kiosk.ui.view import Stage

    page = Page(size[0], size[1], diagonal_inch=size[2], large=screen.comfort.large, low=screen.comfort.low)
    if isinstance(screen, Comment) and not fits(page):
        return None
    if isinstance(screen, Contact) and not set(screen.ways) <= ways_that_fit(page):
        return None
    stage = Stage(lambda _name: None, centre=DEMO["centre"], quiet=True, simulated=simulated, lamp=simulated)
    view = _VIEWS[type(screen)](screen, page, stage)
    view.refresh()
    return view


def words_of(view: KivyThing) -> Iterator[KivyThing]:
    from kiosk.ui.parts import Words

    for page in pages_of(view):
        yield from (child for child in page.walk() if isinstance(child, Words))


@pytest.mark.parametrize(
    ("size", "language", "comfort"),
    [
        pytest.param(size, language, comfort, marks=() if size in SMALL and (language == "uk" or comfort == "large") else pytest.mark.full)
        for size, language, comfort in itertools.product(SIZES, ("uk", "en"), COMFORTS)
    ],
)
def test_no_text_that_ships_is_shortened(window: KivyThing, size: str, language: str, comfort: str) -> None:
    shortened = []
    for name, screen in (*shipped(language), *of_the_house(language)):
        for simulated, closes_in_s in ((False, None), (True, None), (False, 10)):
            more = {"closes_in_s": closes_in_s} if closes_in_s and hasattr(screen, "closes_in_s") else {}
            shown = msgspec.structs.replace(screen, comfort=COMFORTS[comfort], **more)
            view = built(shown, SIZES[size], simulated=simulated)
            if view is not None:
                shortened += [f"{name}: {words.text} for {words.whole}" for words in words_of(view) if words.text.endswith("…")]
    assert not shortened, "\n".join(dict.fromkeys(shortened))


def lines_in(words: KivyThing) -> int:
    words.text_size = (words.text_size[0], None)
    words.texture_update()
    return int(words.texture_size[1] / words.font_size / 1.1)


@pytest.mark.parametrize("size", SIZES)
def test_larger_letters_make_no_answer_smaller(window: KivyThing, size: str) -> None:
    def answers(screen: Ask, comfort: str) -> dict[str, float]:
        view = built(msgspec.structs.replace(screen, comfort=COMFORTS[comfort]), SIZES[size])
        wanted = {option.words for option in screen.options}
        return {words.whole: words.font_size for words in words_of(view) if words.whole in wanted}

    for name in samples.SHIPPED:
        for screen in samples.shipped_screens(name, "uk"):
            plain, large = answers(screen, "plain"), answers(screen, "large")
            smaller = {words: (plain[words], large[words]) for words in plain if large[words] < 0.9 * plain[words]}
            assert not smaller, (name, screen.id)


def test_answers_wrap_as_little_as_one_page_lets_them(window: KivyThing) -> None:
    for kind in (Kind.SINGLE, Kind.MULTIPLE):
        view = built(samples.ask(kind, words=samples.REASONS, question="Що було не так?"), SIZES["10 inch"])
        assert view is not None
        shown = {words.whole: words for words in words_of(view) if words.whole in samples.REASONS}
        assert set(shown) == set(samples.REASONS)
        assert len(list(pages_of(view))) == 1
        wrapped = [text for text, words in shown.items() if lines_in(words) > 1]
        assert len(wrapped) <= 1, wrapped


@pytest.mark.parametrize("size", SIZES)
def test_a_clerk_s_name_stays_whole_beside_a_photograph(window: KivyThing, tmp_path: Path, size: str) -> None:
    from kiosk.ui.arrange import Page
    from kiosk.ui.desk import DeskView
    from kiosk.ui.parts import width_of
    from kiosk.ui.view import Stage

    file = tmp_path / "clerk.png"
    Image.new("RGB", (300, 400), "#D5DAE0").save(file)
    names = ("Оксана", "Тарас", "Марина", "Богдан")
    desks = tuple(DeskOption(f"desk-{n}", str(n), names[n % 4], "photo") for n in range(1, 9))
    for large in (False, True):
        width, height, diagonal = SIZES[size]
        stage = Stage(lambda _name: None, quiet=True, asset=lambda _name: file)
        view = DeskView(Desk(language="uk", desks=desks), Page(width, height, diagonal, large), stage)
        shown = [words for words in words_of(view) if words.whole.rstrip("…") in names]
        assert shown
        assert all(words.text in names for words in shown)
        assert all(width_of(words.text, size=words.font_size, font=words.font_name) <= words.width + 2 for words in shown)
        numbers = {words.font_size for words in words_of(view) if words.whole in "12345678"}
        assert len(numbers) == 1, "all numbers alike"


@pytest.mark.parametrize("comfort", COMFORTS)
def test_what_leads_past_a_question_is_in_one_type(window: KivyThing, comfort: str) -> None:
    from kiosk.ui.parts import Pill

    for screen in (Desk(language="uk", desks=samples.desks(8)), samples.ask(Kind.MULTIPLE, words=samples.REASONS)):
        view = built(msgspec.structs.replace(screen, comfort=COMFORTS[comfort]), SIZES["7 inch"])
        assert view is not None
        types = {pill._words.font_size for pill in view.walk() if isinstance(pill, Pill)}
        assert len(types) == 1, types


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("comfort", COMFORTS)
def test_the_longest_consent_is_read_whole(window: KivyThing, size: str, comfort: str) -> None:
    sentence = "Залишаючи номер чи адресу, Ви погоджуєтеся, що центр використає їх лише для відповіді Вам. " * 2
    consent = sentence[:CONSENT].strip()
    for way in ContactWay:
        for closes_in_s in (None, 10):
            screen = Contact(
                comfort=COMFORTS[comfort],
                closes_in_s=closes_in_s,
                id="contact",
                question="Чи можна нам із Вами зв’язатися?",
                purpose="Протягом трьох днів із Вами зв’яжеться працівник центру, щоб розібратися.",
                consent=consent,
                ways=tuple(ContactWay),
                way=way,
            )
            view = built(filling.checked(screen), SIZES[size])
            if view is not None:
                assert any(consent in words.text for words in words_of(view)), way


def test_what_the_linter_lets_pass_is_drawn() -> None:
    """And what it does not is an empty box, as for the emoji."""
    fonts = [ImageFont.truetype(font, 40, layout_engine=ImageFont.Layout.BASIC) for font in sorted(FONTS.glob("*.otf"))]
    assert len(fonts) == 3
    for font in fonts:
        box = bytes(font.getmask("\U0001f621"))
        missing = {chr(code) for code in range(0x20, 0xD800) if bytes(font.getmask(chr(code))) == box}
        assert "清" in missing
        assert not {character for character in missing if not undrawn(character)}
