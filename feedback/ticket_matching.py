"""How one form finds fields in a code, or why it does not. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import msgspec

from feedback.ticket_code import SEPARATORS, plain, printable, spellings
from feedback.ticket_types import FIELDS, Delimited, Json, Regex, Url

if TYPE_CHECKING:
    from collections.abc import Mapping

    from feedback.ticket_types import Form

_AFTER_PREFIX: Final = ("", "/", "?", "#")


class MismatchError(ValueError):
    """A form does not fit a code. The message is one sentence that says why."""


def find(form: Form, code: str) -> dict[str, str]:
    """Give the fields that a form finds in a cleaned code; those without content are left out.

    Raises:
        MismatchError: the code is not of this form.
    """
    match form:
        case Regex():
            found = _by_pattern(form, plain(code))
        case Delimited():
            found = _by_separator(form, code if set(form.separator) & set(SEPARATORS) else plain(code))
        case Json():
            found = _in_json(form, plain(code))
        case Url():
            found = _in_address(form, plain(code))
    kept = {field: printable(text).strip() for field, text in found.items() if field in FIELDS and text is not None}
    kept = {field: text for field, text in kept.items() if text}
    if not kept:
        raise MismatchError("none of its fields is in the code")
    return kept


def _by_pattern(form: Regex, code: str) -> Mapping[str, str | None]:
    try:
        pattern = re.compile(form.pattern)
    except (re.error, OverflowError, RecursionError) as error:
        raise MismatchError(f"its pattern is no regular expression: {error}") from error
    for spelling in spellings(code):
        match = pattern.fullmatch(spelling)
        if match:
            return match.groupdict()
    raise MismatchError(f"the whole code does not match {form.pattern}")


def _by_separator(form: Delimited, code: str) -> Mapping[str, str | None]:
    parts = code.split(form.separator) if form.separator else [code]
    if len(parts) != len(form.fields):
        raise MismatchError(
            f"the code has {len(parts)} part{'s' * (len(parts) != 1)} between {form.separator!r} and not {len(form.fields)}"
        )
    return dict(zip(form.fields, parts, strict=True))


def _in_json(form: Json, code: str) -> Mapping[str, str | None]:
    try:
        tree = msgspec.json.decode(code.encode())
    except (msgspec.DecodeError, RecursionError) as error:
        raise MismatchError("the code is no JSON") from error
    if not isinstance(tree, dict):
        raise MismatchError("the code is JSON, but no object")
    return {field: _text_at(place, tree) for field, place in form.fields.items()}


def _text_at(place: str, tree: object) -> str | None:
    for step in place.split("."):
        tree = tree.get(step) if isinstance(tree, dict) else None
    if isinstance(tree, int) and not isinstance(tree, bool):
        return str(tree)
    return tree if isinstance(tree, str) else None


def _in_address(form: Url, code: str) -> Mapping[str, str | None]:
    from urllib.parse import parse_qs, unquote  # a kiosk without such codes does without

    before, rest = code[: len(form.prefix)], code[len(form.prefix) :]
    if before.lower() != form.prefix.lower() or not (form.prefix.endswith("/") or rest[:1] in _AFTER_PREFIX):
        raise MismatchError(f"the code is no address below {form.prefix}")
    path, _, query = rest.partition("#")[0].partition("?")
    steps = [unquote(step) for step in path.split("/") if step]
    asked = parse_qs(query)
    return {field: _part(place, steps, asked) for field, place in form.fields.items()}


def _part(place: str, steps: list[str], asked: dict[str, list[str]]) -> str | None:
    if place.isdecimal():
        return steps[int(place) - 1] if 1 <= int(place) <= len(steps) else None
    return asked.get(place, [None])[0]
