"""What each kind of question must be so that it can be asked, and every text in it. Pure."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Final

import msgspec

from feedback.configuration import suggest
from feedback.questionnaire import ANSWERS, HARD_TO_SAY, NO, RESERVED, YES, YES_NO_WORDS, Face, Kind, Question, Texts
from feedback.written import Path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

ID: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
ID_HINT: Final = "write 1 to 32 of a-z, 0-9, - and _, beginning with a letter or a digit"
MOST_CHOICES: Final = 12
MOST_FACES: Final = 5
SHORTEST_S: Final = 5.0
LONGEST_S: Final = 600.0
LINE, SHORT, LONG = 60, 200, 500
"""How many characters a tile, a question and a paragraph may have at most."""
CONSENT: Final = 160
"""What a visitor agrees to is read whole, on a 7-inch screen too."""

_FIELDS: Final = ("choices", "scale", "ends", "ways", "purpose", "consent")
_NEEDED: Final = {
    Kind.FACES: ("choices",),
    Kind.SINGLE: ("choices",),
    Kind.MULTIPLE: ("choices",),
    Kind.SCALE: ("scale",),
    Kind.YES_NO: (),
    Kind.WORDS: (),
    Kind.CONTACT: ("ways", "purpose", "consent"),
}
_ALLOWED: Final = {Kind.SCALE: ("ends",), Kind.YES_NO: ("choices",)}


class Fault(msgspec.Struct, frozen=True):
    """What is wrong at a place of the questionnaire, with what to do."""

    path: Path
    what: str


def repeated_ids(ids: Sequence[str], path: Path, what: str) -> Iterator[Fault]:
    """Give the ids that stand twice."""
    for index, name in enumerate(ids):
        if name in ids[:index]:
            yield Fault((*path, index, "id"), f"another {what} has the id {name!r}; give each its own")


def text_faults(texts: Texts, languages: Sequence[str], path: Path, most: int, *, needed: bool = True) -> Iterator[Fault]:
    """Give what is wrong with a text: missing in a language, in one too many, empty, too long."""
    if not texts and not needed:
        return
    for language in languages:
        if language not in texts:
            yield Fault(path, f"{path[-1]} is missing in {language!r}; write {language}: …")
    for language, text in texts.items():
        if language not in languages:
            hint = suggest(language, languages) or "; add it to languages or delete it"
            yield Fault((*path, language), f"{path[-1]} is there in {language!r}, which is none of the languages{hint}")
        elif wrong := unfit(text, most):
            yield Fault((*path, language), f"{path[-1]} in {language!r} {wrong}")


def unfit(text: str, most: int) -> str:
    """Say what is wrong with a text in itself; nothing where it is well."""
    if not text.strip():
        return "is empty; write it"
    if len(text) > most:
        return f"has {len(text)} characters; shorten it to {most}"
    if any(unicodedata.category(letter) in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"} for letter in text.replace("\n", "")):
        return "holds a character that cannot be seen; type it anew"
    return ""


def question_faults(question: Question, languages: Sequence[str], path: Path) -> Iterator[Fault]:
    """Give everything that is wrong with a question in itself."""
    if not ID.fullmatch(question.id):
        yield Fault((*path, "id"), f"{question.id!r} cannot be an id; {ID_HINT}")
    yield from text_faults(question.text, languages, (*path, "text"), SHORT)
    yield from text_faults(question.note, languages, (*path, "note"), SHORT, needed=False)
    yield from text_faults(question.voice, languages, (*path, "voice"), LONG, needed=False)
    if question.time_out_s is not None and not SHORTEST_S <= question.time_out_s <= LONGEST_S:
        what = f"{question.time_out_s:g} seconds cannot be; write {SHORTEST_S:g} to {LONGEST_S:g}, or leave time_out_s out"
        yield Fault((*path, "time_out_s"), what)
    yield from _field_faults(question, path)
    yield from _KINDS[question.kind](question, languages, path)


def _field_faults(question: Question, path: Path) -> Iterator[Fault]:
    needed = _NEEDED[question.kind]
    for field in _FIELDS:
        there = getattr(question, field) not in (None, (), {})
        if field in needed and not there:
            yield Fault((*path, field), f"a question of the kind {question.kind} needs {field}; write {field}: …")
        if there and field not in (*needed, *_ALLOWED.get(question.kind, ())):
            yield Fault((*path, field), f"a question of the kind {question.kind} has no {field}; delete it or change the kind")


def _choice_faults(question: Question, languages: Sequence[str], path: Path) -> Iterator[Fault]:
    least = 1 if question.kind is Kind.MULTIPLE else 2
    if question.choices and not least <= len(question.choices) <= MOST_CHOICES:
        yield Fault((*path, "choices"), f"write {least} to {MOST_CHOICES} answers, not {len(question.choices)}")
    yield from repeated_ids([choice.id for choice in question.choices], (*path, "choices"), "answer")
    for index, choice in enumerate(question.choices):
        here: Path = (*path, "choices", index)
        if not ID.fullmatch(choice.id):
            yield Fault((*here, "id"), f"{choice.id!r} cannot be an id; {ID_HINT}")
        elif choice.id in RESERVED:
            yield Fault((*here, "id"), f"{choice.id!r} is the name of a button on every screen; give the answer another id")
        elif question.kind is not Kind.FACES and (choice.id in ANSWERS or choice.face is not None):
            what = "only answers of the kind faces have a face or one of the ids " + ", ".join(ANSWERS)
            yield Fault((*here, "id"), f"{what}; give this one another id, without a face")
        yield from text_faults(choice.words, languages, (*here, "words"), LINE)
        yield from text_faults(choice.voice, languages, (*here, "voice"), SHORT, needed=False)


def _faces_faults(question: Question, languages: Sequence[str], path: Path) -> Iterator[Fault]:
    yield from _choice_faults(question, languages, path)
    ids = [choice.id for choice in question.choices]
    for index, choice in enumerate(question.choices):
        if choice.id not in ANSWERS:
            hint = suggest(choice.id, ANSWERS) or "; write one of " + ", ".join(ANSWERS)
            yield Fault((*path, "choices", index, "id"), f"there is no face {choice.id!r}{hint}")
        elif choice.face != (None if choice.id == HARD_TO_SAY else choice.id):
            yield Fault((*path, "choices", index, "face"), f"the answer {choice.id!r} cannot wear the face {choice.face}; leave face out")
    if ids and set(ids) <= set(ANSWERS):
        if ids != sorted(ids, key=ANSWERS.index):
            yield Fault((*path, "choices"), f"the order is the same everywhere: {', '.join(sorted(ids, key=ANSWERS.index))}")
        if not 2 <= len(set(ids) & set(Face)) <= MOST_FACES:  # noqa: PLR2004 - a scale has two ends
            yield Fault((*path, "choices"), f"a question of the kind faces has 2 to {MOST_FACES} faces")


def _scale_faults(question: Question, languages: Sequence[str], path: Path) -> Iterator[Fault]:
    if question.scale is not None:
        low, high = sorted(question.scale)
        if low not in (0, 1) or not low + 2 <= high <= 10:  # noqa: PLR2004 - what people are used to
            yield Fault((*path, "scale"), f"the scale {list(question.scale)} cannot be; write [1, 5], [5, 1], [0, 10] or the like")
    for index, words in enumerate(question.ends or ()):
        for fault in text_faults(words, languages, ("ends",), LINE):
            yield Fault((*path, "ends", index, *fault.path[1:]), fault.what)


def _yes_no_faults(question: Question, languages: Sequence[str], path: Path) -> Iterator[Fault]:
    yield from _choice_faults(question, languages, path)
    if question.choices and [choice.id for choice in question.choices] != [YES, NO]:
        yield Fault((*path, "choices"), "the answers of the kind yes_no are yes and no, in this order; for others write kind: single")
    unknown = [code for code in languages if any(code not in words for words in YES_NO_WORDS.values())]
    if unknown and not question.choices:
        yield Fault((*path, "kind"), f"how to say yes and no in {unknown[0]!r} is not known here; write choices with the ids yes and no")


def _contact_faults(question: Question, languages: Sequence[str], path: Path) -> Iterator[Fault]:
    if len(set(question.ways)) != len(question.ways):
        yield Fault((*path, "ways"), "write each way once: phone, email")
    yield from text_faults(question.purpose, languages, (*path, "purpose"), LONG, needed=False)
    yield from text_faults(question.consent, languages, (*path, "consent"), CONSENT, needed=False)


def _words_faults(_question: Question, _languages: Sequence[str], _path: Path) -> Iterator[Fault]:
    return iter(())


_KINDS: Final[dict[Kind, Callable[[Question, Sequence[str], Path], Iterator[Fault]]]] = {
    Kind.FACES: _faces_faults,
    Kind.SINGLE: _choice_faults,
    Kind.MULTIPLE: _choice_faults,
    Kind.SCALE: _scale_faults,
    Kind.YES_NO: _yes_no_faults,
    Kind.WORDS: _words_faults,
    Kind.CONTACT: _contact_faults,
}
