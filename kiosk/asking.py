"""From a questionnaire to screens: which question comes next, and how it looks as a value. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from feedback.questionnaire import CHOSEN, ContactWay, Kind, choices_of, is_asked
from kiosk import filling, keyboard, scans
from kiosk.screens import Ask, Comfort, Comment, Contact, Option, changed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from feedback.questionnaire import Question, Questionnaire, Texts
    from feedback.settings import KioskSettings
    from feedback.tickets import Ticket


class Writable(msgspec.Struct, frozen=True):
    """What can be written on this screen and sealed: own words, and how a visitor can say where to reach them."""

    words: bool = False
    ways: frozenset[ContactWay] = frozenset()

    def takes(self, question: Question) -> bool:
        """Tell whether a question can be answered here."""
        if question.kind is Kind.WORDS:
            return self.words
        return question.kind is not Kind.CONTACT or bool(self.ways & set(question.ways))


NOTHING: Final = Writable()


def next_question(questionnaire: Questionnaire, after: str, given: Mapping[str, Sequence[str]], writable: Writable) -> Question | None:
    """Give the question that follows the one called `after`, None at the end; only those that can be answered here."""
    ids = [question.id for question in questionnaire.questions]
    for question in questionnaire.questions[ids.index(after) + 1 :]:
        if writable.takes(question) and is_asked(question, given):
            return question
    return None


def first_screen(
    settings: KioskSettings, questionnaire: Questionnaire, language: str, comfort: Comfort, *, ticket: Ticket | None = None
) -> Ask:
    """Give the attract screen: the first question, with everything that a visitor may want before answering.

    With a scanned ticket it says what the ticket tells in place of the purpose.
    """
    question = questionnaire.questions[0]
    told = scans.told_by(ticket, language) if ticket else ""
    first = _ask(
        question,
        language,
        comfort,
        first=True,
        opening=questionnaire.opening.get(language, ""),
        note=told or question.note.get(language, "") or questionnaire.purpose.get(language, ""),
        languages=questionnaire.languages,
        call=settings.call_person,
    )
    return changed(first, desk=scans.known_desk(settings, ticket.desk) if ticket else None)


def screen_of(question: Question, language: str, comfort: Comfort, writable: Writable) -> Ask | Comment | Contact:
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
        ways = tuple(way for way in question.ways if way in writable.ways)
        blank = Contact(
            language=language,
            comfort=comfort,
            id=question.id,
            question=question.text[language],
            purpose=question.purpose[language],
            consent=question.consent[language],
            ways=ways,
            way=ways[0],
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
