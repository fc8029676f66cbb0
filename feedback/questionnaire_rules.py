"""What a questionnaire must be so that it can be asked; whether it is a good one, the linter says. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from feedback.configuration import suggest
from feedback.questionnaire import CHOSEN, FORMAT, Kind, Question, Questionnaire, choices_of
from feedback.questionnaire_kinds import ID, ID_HINT, LONG, SHORT, Fault, question_faults, repeated_ids, text_faults, unfit

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from feedback.written import Path

MOST_QUESTIONS: Final = 30
LATEST_VERSION: Final = 1_000_000
LANGUAGE: Final = re.compile(r"[a-z]{2,3}")
COUNTRY: Final = "ua"
"""Written for the language so often that no kiosk should meet it: it would steer in English."""


def faults(questionnaire: Questionnaire) -> Iterator[Fault]:
    """Give everything for which the questionnaire could not be asked."""
    yield from _head_faults(questionnaire)
    yield from _waiver_faults(questionnaire)
    if not 1 <= len(questionnaire.questions) <= MOST_QUESTIONS:
        yield Fault(("questions",), f"write 1 to {MOST_QUESTIONS} questions, not {len(questionnaire.questions)}")
        return
    yield from repeated_ids([question.id for question in questionnaire.questions], ("questions",), "question")
    for index, question in enumerate(questionnaire.questions):
        path: Path = ("questions", index)
        yield from question_faults(question, questionnaire.languages, path)
        yield from _when_faults(question, questionnaire.questions[:index], (*path, "when"))
    first = questionnaire.questions[0]
    if first.kind in (Kind.WORDS, Kind.CONTACT):
        yield Fault(("questions", 0, "kind"), f"the first question is answered by tapping, not by {first.kind}; move it down")


def _head_faults(questionnaire: Questionnaire) -> Iterator[Fault]:
    languages = questionnaire.languages
    if questionnaire.format != FORMAT:
        yield Fault(("format",), f"this program reads format {FORMAT}, not {questionnaire.format}")
    if not ID.fullmatch(questionnaire.id):
        yield Fault(("id",), f"{questionnaire.id!r} cannot be an id; {ID_HINT}")
    if not 1 <= questionnaire.version <= LATEST_VERSION:
        yield Fault(("version",), f"version {questionnaire.version} cannot be; number versions from 1")
    if not languages:
        yield Fault(("languages",), "name at least one language, as in [uk, en]")
    for index, code in enumerate(languages):
        if code == COUNTRY:
            yield Fault(("languages", index), f"{code!r} is a country's code; the language is uk, here and before every text")
        elif not LANGUAGE.fullmatch(code) or code in languages[:index]:
            yield Fault(("languages", index), f"{code!r} cannot stand here; write each language once by its code, as in [uk, en]")
    longest = {"title": SHORT, "purpose": SHORT, "opening": LONG, "closing": LONG}
    for key, most in longest.items():
        yield from text_faults(getattr(questionnaire, key), languages, (key,), most, needed=False)


def _waiver_faults(questionnaire: Questionnaire) -> Iterator[Fault]:
    known = [question.id for question in questionnaire.questions]
    for index, waiver in enumerate(questionnaire.waivers):
        if waiver.question is not None and waiver.question not in known:
            yield Fault(("waivers", index, "question"), f"there is no question {waiver.question!r}{suggest(waiver.question, known)}")
        if unfit(waiver.reason, LONG):
            yield Fault(("waivers", index, "reason"), f"the reason {unfit(waiver.reason, LONG)}")


def _when_faults(question: Question, earlier: Sequence[Question], path: Path) -> Iterator[Fault]:
    known = {asked.id: {choice.id for choice in choices_of(asked)} for asked in earlier}
    if question.when and not earlier:
        yield Fault(path, "the first question is asked of everyone; delete when")
        return
    for name, answers in question.when.items():
        if name not in known:
            yield Fault((*path, name), f"no earlier question is called {name!r}{suggest(name, known)}")
        elif not known[name]:
            yield Fault((*path, name), f"the question {name!r} has no answers to choose from; name another")
        elif not answers:
            yield Fault((*path, name), f"name at least one answer of {name!r}: {', '.join(sorted(known[name]))}")
        for index, answer in enumerate(answers if known.get(name) else ()):
            if answer in answers[:index]:
                yield Fault((*path, name, index), f"{answer!r} is written twice; delete one of them")
            elif answer not in known[name]:
                hint = suggest(answer, known[name] - set(answers)) or "; its answers are " + ", ".join(sorted(known[name]))
                yield Fault((*path, name, index), f"{answer!r} cannot stand here for the question {name!r}{hint}")
    if question.when and set(question.when) <= set(known) and not _can_be_asked(question, {asked.id: asked for asked in earlier}):
        yield Fault(path, "no visitor can have given all these answers; the question would never be asked")


def _can_be_asked(question: Question, earlier: dict[str, Question]) -> bool:
    """Tell whether the answers needed, and those needed for the questions named, can be given in one visit."""
    left: dict[str, set[str]] = {}
    ahead = [question]
    while ahead:
        for name, answers in ahead.pop().when.items():
            asked = earlier.get(name)
            if asked is None:
                continue
            ahead.append(asked)
            if asked.kind in CHOSEN:
                left[name] = left.get(name, set(answers)) & set(answers)
    return all(left.values())
