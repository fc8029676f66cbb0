"""Which desk and service of the registry a code means. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from feedback.ticket_code import normal_number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from feedback.settings import DeskOption

_KEY: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")


def desk_of(said: str | None, named: Mapping[str, str], desks: Sequence[DeskOption]) -> tuple[str | None, str | None]:
    """Give the key of a desk by what a code calls it, and else a sentence about it: by the rules' names, then by key, then by number.

    Numbers are compared without leading zeros and with look-alike letters as one. The rules' names may lead to a desk of another site.
    """
    if said is None:
        return None, None
    if said in named:
        return named[said], None
    for likeness in (str, _number):
        keys = {desk.id for desk in desks if likeness(said) and likeness(said) in (likeness(desk.id), likeness(desk.number))}
        if len(keys) == 1:
            return keys.pop(), None
        if keys:
            return None, f"desk {said!r} can be any of {', '.join(sorted(keys))}"
    return None, f"desk {said!r} is not known: name it under desks in the rules"


def service_of(said: str | None, named: Mapping[str, str], *, is_key: bool) -> tuple[str | None, str | None]:
    """Give the key of a service by what a code calls it, and else a sentence about it.

    Where `is_key`, whoever made the code knows the registry, and what looks like a key is one; a key that does not exist harms nothing.
    """
    if said is None:
        return None, None
    if said in named:
        return named[said], None
    if said in named.values() or (is_key and _KEY.fullmatch(said)):
        return said, None
    return None, f"service {said!r} is not known: name it under services in the rules"


def _number(text: str) -> str:
    return normal_number(text).lstrip("0")
