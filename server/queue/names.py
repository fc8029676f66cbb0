"""What a queue system calls desks and services, and which of the registry's it means. Pure."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Final, NamedTuple

from server.queue.columns import normal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_PLACES: Final = "стіл|стол|вікно|робоче місце|місце|рм|каб|кабінет|desk|window|counter"
_BEFORE_NUMBER: Final = re.compile(rf"^(?:{_PLACES})?\.?\s*(?:№|n|no|#)?\.?\s*(?=\d)")
_LEADING: Final = re.compile(r"^0+(?=\d)")
_KEY_CHARS: Final = 32
_DIGEST_CHARS: Final = 8


class Named(NamedTuple):
    """A desk or a service as the registry knows it; a service has no number."""

    id: int
    key: str
    number: str
    name: str


class Names:
    """Finds desks or services by what the queue calls them: as an administrator has said, by key, by number, by name."""

    def __init__(self, known: Iterable[Named], aliases: Mapping[str, str]) -> None:
        known = list(known)
        by_key = {one.key: one.id for one in known}
        self._found: dict[str, int | None] = {normal(said): by_key[key] for said, key in aliases.items() if key in by_key}
        for names in (by_key, _once(known, "number"), _once(known, "name")):
            for name, id_ in names.items():
                self._found.setdefault(normal(name), id_)
        for name, found in list(self._found.items()):
            self._found.setdefault(_bare(name), found)

    def find(self, said: str) -> int | None:
        """Give the id; None where nothing is called so. A number may have «Вікно №» before it, and zeros."""
        if said not in self._found:
            name = normal(said)
            self._found[said] = self._found.get(name) or self._found.get(_bare(name))
        return self._found[said]


def clerk_key(name: str) -> str:
    """Give the key of a clerk as the queue names them; one that is too long ends in a digest."""
    name = " ".join(name.split())
    if len(name) <= _KEY_CHARS:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:_DIGEST_CHARS]
    return f"{name[: _KEY_CHARS - _DIGEST_CHARS - 1]}~{digest}"


def _once(known: Iterable[Named], what: str) -> dict[str, int]:
    """Give ids by a name that only one of them has."""
    found: dict[str, int] = {}
    twice: set[str] = set()
    for one in known:
        name = getattr(one, what)
        twice |= {name} & found.keys()
        found[name] = one.id
    return {name: id_ for name, id_ in found.items() if name and name not in twice}


def _bare(name: str) -> str:
    return _LEADING.sub("", _BEFORE_NUMBER.sub("", name))
