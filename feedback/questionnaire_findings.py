"""What the linter of questionnaires looks for, and one thing that it found. Pure."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Rule(StrEnum):
    """What the linter looks for. A waiver names a rule by its value."""

    TWO_QUESTIONS = "two-questions"
    LEADING = "leading"
    MISSING_RANGE = "missing-range"
    NO_COMMENT = "no-comment"
    TOO_MANY = "too-many"
    REPEATED = "repeated"
    TOO_LONG = "too-long"
    NEGATION = "negation"
    ABSOLUTE = "absolute"
    JARGON = "jargon"
    UNBALANCED = "unbalanced"
    BARE_SCALE = "bare-scale"
    NO_PURPOSE = "no-purpose"
    PROMISE = "promise"
    PERSONAL = "personal"
    TONE = "tone"
    LETTERS = "letters"
    UNTAGGED = "untagged"
    UNUSED_WAIVER = "unused-waiver"


class Finding(msgspec.Struct, frozen=True):
    """Something to mend, or to waive with a reason.

    `question` is None for the questionnaire as a whole, `language` None where it is not about one language's words. `sentence` says
    what is wrong and what to do; `quote` are the words that it is about.
    """

    rule: Rule
    question: str | None
    language: str | None
    sentence: str
    quote: str = ""
