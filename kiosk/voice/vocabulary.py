"""Everything that a kiosk may have to say, known beforehand: what a studio records, and what is made ready between visits. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from feedback.questionnaire import ContactWay, Kind
from feedback.settings import Theme
from feedback.tickets import Refusal, Ticket
from kiosk import keyboard, scans, texts
from kiosk.asking import Writable, first_screen, screen_of
from kiosk.contact import Typed, begin
from kiosk.screens import (
    CALL,
    LEAVE,
    STAY,
    Ask,
    Called,
    Closed,
    Comfort,
    Comment,
    Contact,
    Desk,
    OutOfOrder,
    Screen,
    Thanks,
    changed,
    stops,
)
from kiosk.voice import aloud, confided, names
from kiosk.voice.prompts import Manner, Prompt

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from feedback.questionnaire import Questionnaire
    from feedback.settings import KioskSettings

_DAYS: Final = 7
_EVERYTHING: Final = Writable(words=True, ways=frozenset(ContactWay))
_MISTYPED: Final = {
    ContactWay.PHONE: ("", "67", "+38067", "+380111111111", "+4412", "+0123456789"),
    ContactWay.EMAIL: ("", "name", "@ukr.net", ".@ukr.net", "name@ukr", "name@-.ua"),
}
"""One example of every mistake that is told."""
_MANNERS: Final = (Manner(buttons=5, headphones=True), Manner())


def confided_in(settings: KioskSettings) -> frozenset[str]:
    """Give the questions that are asked only after certain answers: heard aloud they would tell which."""
    asked = (settings.questionnaire, *settings.questionnaires)
    return frozenset(question.id for questionnaire in asked for question in questionnaire.questions if question.when)


def vocabulary(settings: KioskSettings, manner: Manner) -> tuple[Prompt, ...]:
    """Give every lasting prompt of a kiosk with these settings, once each."""
    every: list[Prompt] = []
    for questionnaire in (settings.questionnaire, *settings.questionnaires):
        for language in questionnaire.languages:
            every += _of(_screens(settings, questionnaire, language), (manner,))
    return _once(every)


def of_questionnaires(all_settings: Sequence[KioskSettings], language: str) -> tuple[Prompt, ...]:
    """Give what one language's voice says for these settings, with and without buttons and headphones."""
    every: list[Prompt] = []
    for settings in all_settings:
        questionnaire = settings.questionnaire
        for spoken_in in questionnaire.languages:
            told = tuple(changed(manner, confided=confided_in(settings)) for manner in _MANNERS)
            every += _of(_screens(settings, questionnaire, spoken_in), told)
    return tuple(prompt for prompt in _once(every) if prompt.language == language)


def _screens(settings: KioskSettings, questionnaire: Questionnaire, language: str) -> Iterator[Screen]:
    comfort = Comfort()
    for ticket in (None, Ticket(form=""), Ticket(form="", is_card=True)):
        first = first_screen(settings, questionnaire, language, comfort, ticket=ticket)
        every_language = tuple(dict.fromkeys((*first.languages, *texts.OWN_NAMES)))
        yield changed(first, call=True, languages=every_language, desk=settings.desk if ticket else None)
    for question in questionnaire.questions[1:]:
        yield screen_of(question, language, comfort, _EVERYTHING)
    yield Desk(language=language, desks=settings.desks)
    yield Thanks(language=language, closing=questionnaire.closing.get(language, ""))
    yield Thanks(language=language)
    yield Called(language=language)
    yield Called(language=language, coming=True)
    yield from (Closed(language=language, opens_day=day) for day in range(_DAYS))
    yield OutOfOrder(language=language)


def _of(screens: Iterable[Screen], manners: Iterable[Manner]) -> Iterator[Prompt]:
    for screen in screens:
        for manner in manners:
            yield from aloud.spoken(screen, manner)
            yield from aloud.foretold(changed(screen, comfort=Comfort(voice=True)), manner)
            yield from aloud.explanation(screen, manner)
            yield from aloud.warned(screen, manner)
        for variant in _variants(screen):
            for name in (*stops(variant), LEAVE, STAY, CALL):
                yield from confided.named(variant, name)
            yield from confided.read_back(variant)
        yield from _after(screen)
        for noticed in _noticed(screen):
            yield from aloud.noticed(noticed)


def _noticed(screen: Screen) -> Iterator[Screen]:
    """Give a screen with everything that may be said there about a code that was scanned."""
    if isinstance(screen, Desk) or (isinstance(screen, Ask) and screen.first):
        yield from (changed(screen, notice=scans.refused(why, screen.language)) for why in Refusal)
    if isinstance(screen, Ask) and screen.first:
        yield from (changed(screen, notice=scans.forgotten(Ticket(form="", is_card=card), screen.language)) for card in (False, True))
    if isinstance(screen, Desk):
        yield changed(screen, notice=scans.read_without_desk(screen.language))


def _variants(screen: Screen) -> Iterator[Screen]:
    """Give a screen with each of its keyboards, and with its comforts on."""
    match screen:
        case Comment():
            yield from (changed(screen, layout=layout, shifted=shifted) for layout in keyboard.Layout for shifted in (False, True))
        case Contact():
            for way in ContactWay:
                blank = begin(way)
                yield changed(screen, way=way, ways=tuple(ContactWay), text=blank.text, shown=blank.shown)
        case Ask(first=True):
            yield screen
            yield changed(screen, comfort=Comfort(theme=Theme.CONTRAST, large=True, low=True, voice=True))
        case _:
            yield screen


def _after(screen: Screen) -> Iterator[Prompt]:
    """Give what is said after something was done on a screen, and of what is wrong with it."""
    match screen:
        case Ask():
            everything = tuple(option.id for option in screen.options)
            yield from confided.chosen(changed(screen, chosen=everything, stored=True))
            if screen.kind is Kind.MULTIPLE:
                taken = changed(screen, chosen=everything)
                yield from (*confided.toggled(screen, taken), *confided.toggled(taken, screen))
        case Contact():
            told = (Typed(way, text).mistake(screen.language) for way in ContactWay for text in _MISTYPED[way])
            yield from (Prompt(mistake, screen.language, private=True) for mistake in told)
        case Comment():
            yield from confided.typed(changed(screen, shifted=False), changed(screen, shifted=True))
            yield from confided.typed(changed(screen, shifted=True), changed(screen, shifted=False))
            yield from confided.typed(changed(screen, text="а", cursor=1), changed(screen, text=""))
            yield from (*confided.typed(changed(screen, text="а", cursor=0), changed(screen, text="а", cursor=1)),)
            yield from confided.read_back(changed(screen, text="а"))
            yield from (Prompt(text, screen.language, private=True) for text in names.signs(screen.language).values())


def _once(every: Iterable[Prompt]) -> tuple[Prompt, ...]:
    """Give lasting prompts by text and language, the first of each."""
    return tuple({(prompt.language, prompt.text): prompt for prompt in every if prompt.lasting}.values())
