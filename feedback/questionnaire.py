"""What the visitor is asked, as values. A published version never changes, so that old votes stay readable."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FORMAT: Final = 1

Texts = dict[str, str]
"""A text in each language, by its code."""


class QuestionnaireError(ValueError):
    """A questionnaire cannot be used. The message names its source, the place in it, and what to do."""


class Face(StrEnum):
    """The drawn faces, from best to worst: the national scale чудово, добре, прийнятно, жахливо, and погано for a scale of five."""

    EXCELLENT = "excellent"
    GOOD = "good"
    ACCEPTABLE = "acceptable"
    POOR = "poor"
    TERRIBLE = "terrible"


HARD_TO_SAY: Final = "hard_to_say"
ANSWERS: Final = (*(str(face) for face in Face), HARD_TO_SAY)
"""Every answer that is rated, in the one order in which they are shown, stored and charted everywhere."""

RESERVED: Final = frozenset({"skip", "done", "leave", "stay", "call", "stray", "dont_remember"})
"""What else can be tapped on the kiosk's screens: no answer may be called so."""


class Kind(StrEnum):
    """How a question is answered."""

    FACES = "faces"
    SINGLE = "single"
    MULTIPLE = "multiple"
    SCALE = "scale"
    YES_NO = "yes_no"
    WORDS = "words"
    CONTACT = "contact"


CHOSEN: Final = frozenset({Kind.FACES, Kind.SINGLE, Kind.SCALE, Kind.YES_NO})
"""The kinds that one tap answers."""


class Tag(StrEnum):
    """What an answer is about, by which reports group: the dimensions of H7, then the personal standards of S6."""

    ACCESS = "access"
    ATTITUDE = "attitude"
    CLARITY = "clarity"
    COMFORT = "comfort"
    DURATION = "duration"
    OUTCOME = "outcome"
    FRIENDLINESS = "friendliness"
    COMPETENCE = "competence"
    APPEARANCE = "appearance"
    INDIVIDUAL_APPROACH = "individual_approach"
    CORRECT_CONDUCT = "correct_conduct"
    ACCURACY = "accuracy"


class ContactWay(StrEnum):
    """How the centre may answer."""

    PHONE = "phone"
    EMAIL = "email"


YES: Final = "yes"
NO: Final = "no"
YES_NO_WORDS: Final[dict[str, Texts]] = {YES: {"uk": "Так", "en": "Yes"}, NO: {"uk": "Ні", "en": "No"}}


class Choice(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One answer: its id, its words in each language, its face if it has one, and what it is about.

    `voice` is what is spoken where the words alone would be read wrongly.
    """

    id: str
    words: Texts
    face: Face | None = None
    tag: Tag | None = None
    voice: Texts = {}


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One question with all its answers, in the order in which they are shown.

    `when` names, by the id of an earlier question, the answers of which one must have been given for this one to be asked.
    `scale` are the first and the last number as they are shown, `ends` the words beside them. `note` stands small under the
    question. `time_out_s` is how long the screen waits, in seconds, instead of the kiosk's own.
    """

    id: str
    text: Texts
    kind: Kind = Kind.FACES
    choices: tuple[Choice, ...] = ()
    when: dict[str, tuple[str, ...]] = {}
    scale: tuple[int, int] | None = None
    ends: tuple[Texts, Texts] | None = None
    note: Texts = {}
    voice: Texts = {}
    tag: Tag | None = None
    time_out_s: float | None = None
    ways: tuple[ContactWay, ...] = ()
    purpose: Texts = {}
    consent: Texts = {}


class Waiver(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Why a rule of the linter is not followed, as in an official form; without `question` it is for the whole questionnaire."""

    rule: str
    reason: str
    question: str | None = None


class Questionnaire(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A version of a questionnaire. `languages` are the ones in which every text is there, the default first.

    `purpose` says on the first screen what the answers are for; `opening` stands before the first question, `closing` in place
    of the usual thanks. Answers to a `pilot` are kept apart and never counted.
    """

    id: str
    version: int
    languages: tuple[str, ...]
    questions: tuple[Question, ...]
    title: Texts = {}
    purpose: Texts = {}
    opening: Texts = {}
    closing: Texts = {}
    pilot: bool = False
    waivers: tuple[Waiver, ...] = ()
    format: int = FORMAT


def choices_of(question: Question) -> tuple[Choice, ...]:
    """Give every answer that can be chosen, in the order shown: those that are written, the scale's numbers, or yes and no."""
    if question.choices:
        return question.choices
    if question.kind is Kind.YES_NO:
        return tuple(
            Choice(answer, {language: words.get(language, answer) for language in question.text}) for answer, words in YES_NO_WORDS.items()
        )
    if question.scale is not None:
        first, last = question.scale
        step = 1 if last >= first else -1
        return tuple(Choice(str(number), dict.fromkeys(question.text, str(number))) for number in range(first, last + step, step))
    return ()


def is_asked(question: Question, given: Mapping[str, Sequence[str]]) -> bool:
    """Tell whether a question is asked after these answers, each by its question's id; what was skipped has none."""
    return all(set(answers) & set(given.get(earlier, ())) for earlier, answers in question.when.items())
