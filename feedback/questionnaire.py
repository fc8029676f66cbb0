"""What the visitor is asked. A published version never changes, so that old votes stay readable."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec
import yaml

from feedback.configuration import ConfigurationError, convert_strictly

FORMAT: Final = 1


class QuestionnaireError(ValueError):
    """A questionnaire cannot be used. The message names its source, the place in it, and what to do."""


class Face(StrEnum):
    """The drawn faces, from best to worst: the national scale чудово, добре, прийнятно, жахливо."""

    EXCELLENT = "excellent"
    GOOD = "good"
    ACCEPTABLE = "acceptable"
    TERRIBLE = "terrible"


HARD_TO_SAY: Final = "hard_to_say"
ANSWERS: Final = (*(str(face) for face in Face), HARD_TO_SAY)
"""Every answer to the first question, in the one order in which they are shown, stored and charted everywhere."""


class Choice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One answer: its id, its words in each language, and its face if it has one."""

    id: str
    words: dict[str, str]
    face: Face | None = None


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One question with all its answers, in the order in which they are shown."""

    id: str
    text: dict[str, str]
    choices: tuple[Choice, ...]


class Questionnaire(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A version of a questionnaire. `languages` are the ones in which every text is there, the default first."""

    id: str
    version: int
    languages: tuple[str, ...]
    questions: tuple[Question, ...]
    format: int = FORMAT


def parse(text: str, source: str) -> Questionnaire:
    """Read a questionnaire from YAML; `source` is its file's name for messages.

    Raises:
        QuestionnaireError: not YAML, an unknown key, or an incomplete or contradictory questionnaire.
    """
    try:
        questionnaire = convert_strictly(yaml.safe_load(text), Questionnaire, source=source)
    except yaml.YAMLError as error:
        raise QuestionnaireError(f"{source}: this is not YAML: {error}") from error
    except ConfigurationError as error:
        raise QuestionnaireError(str(error)) from error
    validate(questionnaire, source)
    return questionnaire


def validate(questionnaire: Questionnaire, source: str) -> None:
    """Check what the types cannot.

    Raises:
        QuestionnaireError: with the question and what to mend.
    """
    if questionnaire.format != FORMAT:
        raise QuestionnaireError(f"{source}: format {questionnaire.format} is not known; this program reads format {FORMAT}")
    if not questionnaire.languages or not questionnaire.questions:
        raise QuestionnaireError(f"{source}: name at least one language and one question")
    for question in questionnaire.questions:
        _validate_question(question, questionnaire.languages, f"{source}: question {question.id!r}")


def _validate_question(question: Question, languages: tuple[str, ...], where: str) -> None:
    ids = [choice.id for choice in question.choices]
    if len(ids) < 2 or len(set(ids)) != len(ids):  # noqa: PLR2004 - a choice is between two
        raise QuestionnaireError(f"{where} needs at least two choices with different ids")
    for choice in question.choices:
        if choice.id not in ANSWERS:
            raise QuestionnaireError(f"{where}: choice {choice.id!r} is not one of {', '.join(ANSWERS)}")
    for language in languages:
        if not question.text.get(language) or not all(choice.words.get(language) for choice in question.choices):
            raise QuestionnaireError(f"{where} lacks a text in {language!r}: write it, or take the language out of `languages`")
