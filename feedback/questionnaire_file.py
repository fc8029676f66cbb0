"""The questionnaire file, format 1: read from YAML with a line for every complaint, and checked once more where it came signed. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from feedback.configuration import ShapeError, convert_strictly, suggest
from feedback.questionnaire import FORMAT, ContactWay, Face, Kind, Questionnaire, QuestionnaireError, Tag
from feedback.questionnaire_findings import Rule
from feedback.questionnaire_kinds import Fault
from feedback.questionnaire_rules import faults
from feedback.written import Path, Written, WrittenError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from enum import Enum

_NAMES: Final[dict[str, type[Enum]]] = {"kind": Kind, "face": Face, "tag": Tag, "ways": ContactWay}
_SAID: Final = {
    "Expected `array`": "a list is needed here: write [a, b], or one entry a line after “- ”",
    "Expected `object`": "keys with values are needed here, as in {uk: Так, en: Yes}",
    "Expected `int`": "a whole number is needed here, without quotation marks or leading zeros",
    "Expected `float`": "a number of seconds is needed here, as in 45",
    "Expected `bool`": "write true or false here",
    "Expected `str`": "one text is needed here; put it in quotation marks if it holds a colon, a comma or brackets",
}
_ENTRIES: Final = {
    "questions": "keys with values are needed here: id, text and what the kind of question needs",
    "choices": "keys with values are needed here, as in {id: first, words: {uk: …, en: …}}",
    "waivers": "keys with values are needed here: rule and reason",
}
"""What stands in each of these lists."""


def parse(text: str, source: str) -> Questionnaire:
    """Read a questionnaire file; `source` is its name, for messages.

    Raises:
        QuestionnaireError: it is no questionnaire that could be asked: where it is wrong, and what to write.
    """
    from feedback.read_yaml import read_yaml  # a kiosk with settings from its server starts without it

    try:
        written = read_yaml(text)
    except WrittenError as error:
        raise QuestionnaireError(f"{source}{f', line {error.line}' if error.line else ''}: {error}") from error
    _check_format(written, source)
    for repeat in written.repeats:
        where = _place(source, repeat.path, msgspec.structs.replace(written, lines={repeat.path: repeat.again}))
        raise QuestionnaireError(f"{where}: {repeat.path[-1]!r} is written twice, first in line {repeat.first}; delete one of them")
    _give_faces(written.tree)
    try:
        questionnaire = convert_strictly(written.tree, Questionnaire, source=source, strict=False)
    except ShapeError as error:
        raise QuestionnaireError(f"{_place(source, error.path, written)}: {_plainly(error)}") from error
    found = sorted((*faults(questionnaire), *_waiver_faults(questionnaire)), key=lambda fault: written.line(fault.path))
    if found:
        raise QuestionnaireError(f"{_place(source, found[0].path, written)}: {found[0].what}")
    return questionnaire


def validate(questionnaire: Questionnaire, source: str) -> None:
    """Check a questionnaire that came as values; `source` says from where.

    A waiver of a rule that this version does not know is let pass: the server that published it may be newer.

    Raises:
        QuestionnaireError: it could not be asked.
    """
    for fault in faults(questionnaire):
        tree = msgspec.to_builtins(questionnaire)
        raise QuestionnaireError(f"{_place(source, fault.path, Written(tree, {}))}: {fault.what}")


def _check_format(written: Written, source: str) -> None:
    if not isinstance(written.tree, dict):
        raise QuestionnaireError(f"{source}, line {written.line(())}: a questionnaire begins with keys such as “id: my-questionnaire”")
    said = written.tree.get("format", str(FORMAT))
    if said != str(FORMAT):
        where = f"{source}, line {written.line(('format',))}"
        raise QuestionnaireError(f"{where}: this program reads format {FORMAT}, not {said!r}; write “format: {FORMAT}”")


def _give_faces(tree: object) -> None:
    """Let a choice of a question with faces wear the face that it is named after."""
    for question in _dicts(tree, "questions"):
        if question.get("kind", Kind.FACES) == Kind.FACES:
            for choice in _dicts(question, "choices"):
                if isinstance(choice.get("id"), str) and choice["id"] in set(Face):
                    choice.setdefault("face", choice["id"])


def _dicts(tree: object, key: str) -> Iterator[dict[str, Any]]:
    entries = tree.get(key) if isinstance(tree, dict) else None
    return (entry for entry in entries if isinstance(entry, dict)) if isinstance(entries, list) else iter(())


def _place(source: str, path: Path, written: Written) -> str:
    parts = [f"{source}, line {written.line(path)}" if written.lines else source]
    place = written.tree
    for step, within in zip(path, ("", *path), strict=False):
        place = place[step] if isinstance(place, dict | list | tuple) and _holds(place, step) else None  # type: ignore[index]
        named = {"questions": "question", "choices": "answer", "waivers": "waiver"}.get(str(within))
        if named and isinstance(step, int):
            name = place.get("id") if isinstance(place, dict) else None
            parts.append(f"{named} {name!r}" if isinstance(name, str) and name else f"{named} {step + 1}")
    return ": ".join(parts)


def _holds(place: dict[str, Any] | list[Any] | tuple[Any, ...], step: str | int) -> bool:
    return step in place if isinstance(place, dict) else isinstance(step, int) and step < len(place)


def _plainly(error: ShapeError) -> str:
    """Say msgspec's complaint in the words of whoever writes a questionnaire."""
    key = next((step for step in reversed(error.path) if isinstance(step, str)), "")
    about = f"{key}: " if key and not error.what.startswith("unknown key") else ""
    if error.what.startswith("Invalid enum value") and key in _NAMES:
        names = [str(member.value) for member in _NAMES[key]]
        given = error.what.removeprefix("Invalid enum value ").strip("'\"")
        return f"{about}{given!r} is not one of {', '.join(names)}{suggest(given, names)}"
    if error.what.startswith("Object missing required field"):
        missing = error.what.split("`")[1]
        return f"“{missing}” is missing; write it"
    if "of length" in error.what:
        return f"{about}exactly two entries are needed here: the first and the last"
    if key == "when":
        return "when: questions with lists of their answers are needed here, as in {service: [acceptable, terrible]}"
    if key in _ENTRIES and error.path[-1] != key:
        return _ENTRIES[key]
    what = error.what.replace(" | null", "")
    return about + next((said for expected, said in _SAID.items() if what.startswith(expected)), what)


def _waiver_faults(questionnaire: Questionnaire) -> Iterator[Fault]:
    rules = [str(rule) for rule in Rule]
    for index, waiver in enumerate(questionnaire.waivers):
        if waiver.rule not in rules:
            what = f"there is no rule {waiver.rule!r}{suggest(waiver.rule, rules) or '; the rules are ' + ', '.join(rules)}"
            yield Fault(("waivers", index, "rule"), what)
