"""From a questionnaire to screens: which question comes next, and how it looks as a value. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from feedback.questionnaire import CHOSEN, Kind, choices_of, is_asked
from kiosk import filling, keyboard, texts
from kiosk.screens import Ask, Comfort, Comment, Contact, Option

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from feedback.questionnaire import Question, Questionnaire, Texts
    from feedback.settings import KioskSettings

WRITTEN: Final = frozenset({Kind.WORDS, Kind.CONTACT})
"""The kinds that need the server's key and room for a keyboard."""


def next_question(
    questionnaire: Questionnaire, after: str, given: Mapping[str, Sequence[str]], offered: frozenset[Kind]
) -> Question | None:
    """Give the question that follows the one called `after`, None at the end; written ones only of the kinds `offered`."""
    ids = [question.id for question in questionnaire.questions]
    for question in questionnaire.questions[ids.index(after) + 1 :]:
        if (question.kind not in WRITTEN or question.kind in offered) and is_asked(question, given):
            return question
    return None


def first_screen(settings: KioskSettings, questionnaire: Questionnaire, language: str, comfort: Comfort, *, ticket: bool) -> Ask:
    """Give the attract screen: the first question, with everything that a visitor may want before answering.

    With a scanned ticket it says what the ticket tells in place of the purpose.
    """
    question = questionnaire.questions[0]
    _ = texts.words_in(language)
    told = _("The ticket will tell only the desk, the service and the time.") if ticket else ""
    return _ask(
        question,
        language,
        comfort,
        first=True,
        opening=questionnaire.opening.get(language, ""),
        note=told or question.note.get(language, "") or questionnaire.purpose.get(language, ""),
        languages=questionnaire.languages,
        call=settings.call_person,
    )


def screen_of(question: Question, language: str, comfort: Comfort) -> Ask | Comment | Contact:
    """Give the screen of a question after the first."""
    if question.kind is Kind.WORDS:
        return Comment(
            language=language,
            comfort=comfort,
            id=question.id,
            question=question.text[language],
            note=question.note.get(language, ""),
            layout=keyboard.Layout.EN if language == "en" else keyboard.Layout.UK,
            shifted=True,
            voice=question.voice.get(language, ""),
        )
    if question.kind is Kind.CONTACT:
        blank = Contact(
            language=language,
            comfort=comfort,
            id=question.id,
            question=question.text[language],
            purpose=question.purpose[language],
            consent=question.consent[language],
            ways=question.ways,
            way=question.ways[0],
            voice=question.voice.get(language, ""),
        )
        return filling.cleared(blank)
    return _ask(question, language, comfort, note=question.note.get(language, ""))


def _ask(  # noqa: PLR0913 - a screen value
    question: Question,
    language: str,
    comfort: Comfort,
    *,
    first: bool = False,
    opening: str = "",
    note: str = "",
    languages: tuple[str, ...] = (),
    call: bool = False,
) -> Ask:
    options = tuple(
        Option(choice.id, choice.words[language], choice.face, choice.voice.get(language, "")) for choice in choices_of(question)
    )
    return Ask(
        language=language,
        comfort=comfort,
        id=question.id,
        kind=question.kind,
        question=question.text[language],
        options=options,
        first=first,
        opening=opening,
        note=note,
        ends=_in(question.ends, language),
        languages=languages,
        call=call,
        voice=question.voice.get(language, ""),
    )


def _in(ends: tuple[Texts, Texts] | None, language: str) -> tuple[str, str] | None:
    return None if ends is None else (ends[0][language], ends[1][language])


def is_answered_by_one_tap(screen: Ask) -> bool:
    """Tell whether the first tap on an answer is the whole answer."""
    return screen.kind in CHOSEN
