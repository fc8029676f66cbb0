"""What a registry that somebody wrote would change in the one that is there, and what of it cannot be. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from server.registry.checks import LISTS
from server.registry.problems import N_, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from server.registry.file import RegistryFile

CENTRE: Final = "centre"
KIOSKS: Final = "kiosks"
_NOT_OF_THE_CENTRE: Final = ("format", *LISTS, KIOSKS)


class Change(NamedTuple):
    """An entry of one list, or the centre itself, before and after; without `before` it is new. `fields` differ."""

    what: str
    key: str
    before: Any
    after: Any
    fields: tuple[str, ...]

    @property
    def is_new(self) -> bool:
        """Whether there was no such entry."""
        return self.before is None


def changes(old: RegistryFile, new: RegistryFile) -> list[Change]:
    """Give what differs. What the new one leaves out stays and is no change: see `absent`."""
    fields = tuple(name for name in new.__struct_fields__ if name not in _NOT_OF_THE_CENTRE and getattr(old, name) != getattr(new, name))
    found = [Change(CENTRE, "", old, new, fields)] if fields else []
    for what in (*LISTS, KIOSKS):
        there = _by_key(old, what)
        for entry in getattr(new, what):
            before = there.get(_key(entry))
            after = _settled(entry, before)
            differing = tuple(name for name in after.__struct_fields__ if before is None or getattr(before, name) != getattr(after, name))
            if differing:
                found.append(Change(what, _key(entry), before, after, differing))
    return found


def absent(old: RegistryFile, new: RegistryFile) -> list[tuple[str, str]]:
    """Give the lists and keys of what is in use and not named in the new one."""
    named = {(what, entry.key) for what in LISTS for entry in getattr(new, what)}
    in_use = ((what, entry.key) for what in LISTS for entry in getattr(old, what) if not entry.retired)
    return [one for one in in_use if one not in named]


def without(old: RegistryFile, new: RegistryFile, today: date) -> RegistryFile:
    """Give the new registry with all that it leaves out retired since today."""
    lists = {}
    for what in LISTS:
        gone = {key for list_, key in absent(old, new) if list_ == what}
        kept = [msgspec.structs.replace(entry, retired=today.isoformat()) for key, entry in _by_key(old, what).items() if key in gone]
        lists[what] = (*getattr(new, what), *kept)
    return msgspec.structs.replace(new, **lists)


def obstacles(old: RegistryFile, found: Sequence[Change], new: RegistryFile, sites: dict[str, str], today: date) -> Iterator[Problem]:
    """Give why changes cannot be; `sites` are those of the kiosks that are there, by their ids."""
    known = {desk.key: desk for desk in (*old.desks, *(one.after for one in found if one.what == "desks"))}
    at = {kiosk.id: kiosk.desk for kiosk in (*old.kiosks, *(one.after for one in found if one.what == KIOSKS))}
    for change in found:
        if change.what == CENTRE:
            continue
        path = (change.what, next(i for i, entry in enumerate(getattr(new, change.what)) if _key(entry) == change.key))
        yield from (problem.within(*path) for problem in _obstacles(change, known, at, sites, today))


def _obstacles(change: Change, desks: dict[str, Any], at: dict[str, str], sites: dict[str, str], today: date) -> Iterator[Problem]:
    after = change.after
    if change.what == KIOSKS:
        if change.is_new:
            yield Problem(("id",), N_("there is no such kiosk; invite it first"))
        elif after.desk and (desks[after.desk].site != sites[after.id] or desks[after.desk].retired):
            yield Problem(("desk",), N_("this desk is not in use at the kiosk's site"))
        return
    if after.retired and after.retired > today.isoformat():
        yield Problem(("retired",), N_("this day has not come yet: what is retired is out of use at once"))
    if change.what != "desks":
        return
    if not change.is_new and "site" in change.fields:
        says = N_("a desk does not move to another site: give the desk there a new key, so that old votes stay where they were cast")
        yield Problem(("site",), says)
    bound = [kiosk for kiosk, desk in at.items() if desk == after.key] if after.retired else []
    if bound:
        yield Problem(("retired",), N_("kiosk %(kiosk)s belongs to this desk: give it another place first"), {"kiosk": bound[0]})


def _settled(entry: Any, before: Any) -> Any:  # noqa: ANN401 - an entry of any list
    """Give an entry with what it does not say: as it was."""
    said: dict[str, object] = {}
    if getattr(entry, "retired", "") is None:
        said["retired"] = before.retired if before is not None else ""
    if hasattr(entry, "desks"):
        periods = entry.desks if entry.desks is not None else before.desks if before is not None else ()
        said["desks"] = tuple(sorted(periods, key=lambda one: (one.first, one.desk)))
    return msgspec.structs.replace(entry, **said)


def _by_key(registry: RegistryFile, what: str) -> dict[str, Any]:
    return {_key(entry): entry for entry in getattr(registry, what)}


def _key(entry: Any) -> str:  # noqa: ANN401 - as above
    return str(entry.id if hasattr(entry, "id") else entry.key)
