"""What a survey expert would say about a questionnaire before it is published (H2). Pure; findings are advice, never errors."""

from __future__ import annotations

from enum import StrEnum


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
