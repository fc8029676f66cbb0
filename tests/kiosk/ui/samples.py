"""Screens of every kind as visitors meet them: the shipped questionnaires, and words as long as the format allows."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING

import msgspec

from feedback.notice import AnnouncementKind
from feedback.questionnaire import CHOSEN, Face, Kind
from feedback.questionnaire_file import parse
from feedback.settings import DeskOption
from kiosk import accepted, asking
from kiosk.screens import (
    Announced,
    Ask,
    BoxChoice,
    BoxResult,
    BoxScan,
    BoxSummary,
    Called,
    Closed,
    Comfort,
    Desk,
    Option,
    OutOfOrder,
    Screen,
    Thanks,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

PLAIN = Comfort()
CENTRE = "Центр надання адміністративних послуг виконавчого комітету Вінницької міської ради"
LONG = "Реєстрація місця проживання, соціальні послуги та довідки"
LONG_TILE = "Працівник поспішав і не слухав, що саме я хочу сказати"
LONG_QUESTION = (
    "Наскільки Ви задоволені тим, як Вас сьогодні обслужили працівники нашого центру і чи було Вам зрозуміло все, що Вам пояснили?"
)
PARAGRAPH = (
    "З метою покращення якості роботи контактних центрів системи надання безоплатної правової допомоги прошу Вас відповісти на такі "
    "питання. Опитування анонімне, а відповіді бачить лише керівник центру."
)
SHIPPED = tuple(sorted(path.name for path in (resources.files("feedback") / "questionnaires").iterdir() if path.name.endswith(".yaml")))


def shipped_screens(name: str, language: str) -> Iterator[Ask]:
    """Every question of a shipped questionnaire that is answered by choosing."""
    questionnaire = parse((resources.files("feedback") / "questionnaires" / name).read_text("utf-8"), name)
    settings = accepted.before_any("exit-sample-1")
    first = asking.first_screen(settings, questionnaire, language, PLAIN)
    yield first
    for question in questionnaire.questions[1:]:
        if question.kind in CHOSEN or question.kind is Kind.MULTIPLE:
            screen = asking.screen_of(question, language, PLAIN, asking.NOTHING)
            assert isinstance(screen, Ask)
            yield screen


def faces(words: tuple[str, ...], *, quiet: str = "Складно відповісти") -> tuple[Option, ...]:
    """Faces with these words, from best to worst, and the quiet answer."""
    of = {2: (0, 4), 3: (0, 2, 4), 4: (0, 1, 2, 4), 5: (0, 1, 2, 3, 4)}[len(words)]
    shown = [list(Face)[index] for index in of]
    return (*(Option(face.value, word, face) for face, word in zip(shown, words, strict=True)), Option("hard_to_say", quiet))


def ask(kind: Kind, *, words: tuple[str, ...] = (), question: str = "Що нам варто покращити?", **more: object) -> Ask:
    """A question of a kind with these answers."""
    options = faces(words) if kind is Kind.FACES else tuple(Option(f"answer-{index}", word) for index, word in enumerate(words))
    return msgspec.structs.replace(Ask(language="uk", id="sample", kind=kind, question=question, options=options), **more)


def numbers(first: int, last: int) -> tuple[str, ...]:
    """The numbers of a scale, as they are shown."""
    return tuple(str(number) for number in range(first, last + 1))


REASONS = ("Довге очікування", "Незрозумілі пояснення", "Неввічливе ставлення", "Не вирішили моє питання", "Незручне приміщення", "Інше")
LONG_FACES = ("дуже добре", "добре", "задовільно", "погано", "дуже погано")


def asked(language: str) -> Iterator[Ask]:
    """Questions of every kind, short and as long as the format allows."""
    attract = {"first": True, "languages": ("uk", "en"), "call": True, "language": language}
    yield ask(Kind.FACES, words=("чудово", "добре", "прийнятно", "жахливо"), question="Як Вас обслужили?", **attract)
    yield ask(Kind.FACES, words=("чудово", "добре", "прийнятно", "погано", "жахливо"), question="Як Вас обслужили?", **attract)
    yield ask(Kind.FACES, words=LONG_FACES, question=LONG_QUESTION, note=PARAGRAPH, **attract)
    yield ask(Kind.FACES, words=LONG_FACES, question=LONG_QUESTION, note=PARAGRAPH, language=language)
    yield ask(Kind.MULTIPLE, words=REASONS, question=LONG_QUESTION, opening=PARAGRAPH, **attract)
    yield ask(Kind.MULTIPLE, words=REASONS, language=language, chosen=("answer-1",))
    yield ask(Kind.MULTIPLE, words=(LONG_TILE,) * 12, question=LONG_QUESTION, language=language)
    yield ask(Kind.SINGLE, words=(LONG_TILE,) * 12, question=LONG_QUESTION, note=PARAGRAPH, language=language)
    yield ask(Kind.SINGLE, words=("один раз", "декілька разів (2 і більше)"), question=LONG_QUESTION, opening=PARAGRAPH, **attract)
    yield ask(Kind.YES_NO, words=("Так", "Ні"), question=LONG_QUESTION, language=language)
    ends = ("Зовсім не пораджу", "Обов’язково пораджу")
    yield ask(Kind.SCALE, words=numbers(0, 10), question=LONG_QUESTION, ends=ends, language=language)
    yield ask(Kind.SCALE, words=numbers(0, 10), question="Чи порадите Ви нас?", note=PARAGRAPH, ends=ends, **attract)
    yield ask(Kind.SCALE, words=numbers(1, 5), ends=(LONG, LONG), language=language)


PICTURE = "picture"
"""The name of the picture that stands for every photograph, logo and plan."""


def desks(count: int, *, name: str = "", photo: str | None = None) -> tuple[DeskOption, ...]:
    """That many desks, along two counters."""
    each = -(-count // 2)
    places = [((n % each + 0.5) / each, 0.2 + 0.6 * (n // each)) for n in range(count)]
    return tuple(DeskOption(f"desk-{n}", str(n), name and f"{name} {n}", photo, place) for n, place in enumerate(places, 1))


def others(language: str) -> Iterator[Screen]:
    """Every screen that is no question of a questionnaire."""
    for count in (1, 2, 8, 24, 64):
        yield Desk(language=language, desks=desks(count))
        yield Desk(language=language, desks=desks(count, name=LONG))
    for count in (3, 8, 24):
        yield Desk(language=language, desks=desks(count, name="Оксана", photo=PICTURE))
        yield Desk(language=language, desks=desks(count), plan=PICTURE)
    yield Thanks(language=language)
    yield Thanks(language=language, closing=PARAGRAPH, answered=1284, done=PARAGRAPH)
    yield Called(language=language)
    yield Called(language=language, coming=True)
    yield Closed(language=language)
    yield Closed(language=language, opens_day=3, opens_at="09:00")
    for kind in AnnouncementKind:
        yield Announced(language=language, kind=kind, text=LONG_QUESTION, shelter=PARAGRAPH)
        yield Announced(language=language, kind=kind, text="Повітряна тривога")
    yield OutOfOrder(language=language)
    yield from boxes(language)


def boxes(language: str) -> Iterator[Screen]:
    """Everything that staff see who count ticket boxes."""
    pair = next(shipped_screens("two-faces.yaml", language)).options
    yield BoxChoice(language=language, boxes=pair)
    scan = BoxScan(language=language, box=pair[1], other=pair[0])
    yield scan
    for result in BoxResult:
        yield msgspec.structs.replace(scan, count=1284, other_count=9999, repeated=120, foreign=31, result=result, undoable=True)
    for stored in (None, True, False):
        yield BoxSummary(language=language, boxes=pair, counts=(9999, 1284), repeated=120, foreign=31, stored=stored)
