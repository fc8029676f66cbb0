"""The forms of the registry's entries: their fields, and what somebody wrote in them as an entry. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from server.registry.changes import CENTRE
from server.registry.file import AtDesk, Clerk, Desk, RegistryFile, Service, Site
from server.registry.problems import Problem
from server.web.language import N_

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

LABELS: Final = {
    "centre": N_("Name of the centre"),
    "time_zone": N_("Time zone"),
    "key": N_("Key"),
    "id": N_("Kiosk"),
    "name": N_("Name"),
    "kind": N_("Kind"),
    "address": N_("Address"),
    "site": N_("Site"),
    "number": N_("Number"),
    "place": N_("Place on the plan"),
    "photo": N_("Photograph"),
    "plan": N_("Floor plan"),
    "desk": N_("Desk"),
    "desks": N_("Periods at desks"),
    "hours": N_("Opening hours"),
    "days": N_("Single days"),
    "retired": N_("Out of use"),
    "shelter": N_("Way to the shelter"),
    "look": N_("Look"),
    "timing": N_("Timing"),
    "call_person": N_("Calling a person"),
    "tickets": N_("Tickets"),
    "slip": N_("Slips"),
}
HINTS: Final = {
    "key": N_("a-z, 0-9 and hyphen; votes and files know it by this, and it never changes"),
    "place": N_("two shares from the upper left, such as 0.25 0.6; empty: not on the plan"),
    "desks": N_("one a line: key of the desk, first day, last day or nothing: center-1 2026-01-12 2026-05-31"),
    "hours": N_("one a line: mon-fri 09:00-18:00; days that are absent are closed, without any line it is always open"),
    "days": N_("one a line: 2026-05-01 closed, 2026-05-08 09:00-13:00, 2026-05-16 fri for the hours of a Friday"),
}
_OF: Final = {
    CENTRE: ("centre", "hours", "days"),
    "sites": ("key", "name", "kind", "address", "hours", "days"),
    "desks": ("key", "site", "number", "name", "place"),
    "services": ("key", "name"),
    "clerks": ("key", "name", "desks"),
    "kiosks": ("name", "desk"),
}
_KINDS: Final = {"office": N_("office"), "remote": N_("remote workplace")}
_NEW: Final = {"sites": Site, "desks": Desk, "services": Service, "clerks": Clerk}
_FOR_EVER: Final = ("key", "site")
_TWO: Final = 2
RETIRE: Final = "retire"
RETURN: Final = "return"


class FormError(Exception):
    """What was written cannot even be an entry; `problems` say where."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__()
        self.problems = problems


class Input(NamedTuple):
    """A field as it is shown: `options` where one is chosen, `rows` where there are several lines."""

    name: str
    label: str
    hint: str
    value: str
    rows: int
    options: list[tuple[str, str]]
    is_fixed: bool


def inputs(registry: RegistryFile, what: str, entry: msgspec.Struct | None, data: Mapping[str, str] | None) -> list[Input]:
    """Give the fields of an entry's form, with what is there or what somebody has just written."""
    shown = []
    for name in _OF[what]:
        value = data[name] if data is not None and name in data else "" if entry is None else _written(name, getattr(entry, name))
        options = _options(registry, what, name, entry)
        rows = {"desks": 4, "hours": 4, "days": 4}.get(name, 1)
        shown.append(Input(name, LABELS[name], HINTS.get(name, ""), value, rows, options, entry is not None and name in _FOR_EVER))
    return shown


def changed(
    registry: RegistryFile,
    what: str,
    entry: Any,  # noqa: ANN401 - an entry of any list
    data: Mapping[str, str],
    *,
    today: date,
) -> tuple[RegistryFile, int | None]:
    """Give the registry with the entry as the form says it, and the entry's index in its list.

    Raises:
        FormError: a field holds what cannot be read.
    """
    if data.get("act") in {RETIRE, RETURN} and entry is not None and hasattr(entry, "retired"):
        values: dict[str, Any] = {"retired": today.isoformat() if data["act"] == RETIRE else ""}
    else:
        fixed = _FOR_EVER if entry is not None else ()
        values = {name: _read(name, data.get(name, "")) for name in _OF[what] if name not in fixed}
    if what == CENTRE:
        return msgspec.structs.replace(registry, **values), None
    entries = list(getattr(registry, what))
    if entry is None:
        entries.append(_NEW[what](**values))
        index = len(entries) - 1
    else:
        index = entries.index(entry)
        entries[index] = msgspec.structs.replace(entry, **values)
    return msgspec.structs.replace(registry, **{what: tuple(entries)}), index


def _read(name: str, written: str) -> Any:  # noqa: ANN401 - as the field is
    lines = [line.split() for line in written.splitlines() if line.strip()]
    if name == "hours":
        return {line[0]: " ".join(line[1:]) for line in lines} or None
    if name == "days":
        return {line[0]: " ".join(line[1:]) for line in lines}
    if name == "desks":
        return tuple(AtDesk(line[0], line[1] if len(line) > 1 else "", line[2] if len(line) > _TWO else None) for line in lines)
    if name == "place":
        return _place(written.replace(",", ".").split())
    if name == "kind" and written not in _KINDS:
        raise FormError(Problem(("kind",), N_("choose one")))
    return " ".join(written.split())


def _place(shares: list[str]) -> tuple[float, float] | None:
    if not shares:
        return None
    try:
        x, y = map(float, shares)
    except ValueError:
        raise FormError(Problem(("place",), N_("write two numbers from 0 to 1, such as 0.25 0.6"))) from None
    return x, y


def _written(name: str, value: Any) -> str:  # noqa: ANN401 - as the field is
    if name in {"hours", "days"}:
        return "\n".join(f"{day} {said}" for day, said in (value or {}).items())
    if name == "desks":
        return "\n".join(" ".join(filter(None, [one.desk, one.first, one.last])) for one in value or ())
    if name == "place":
        return "" if value is None else f"{value[0]:g} {value[1]:g}"
    return str(value or "")


def _options(registry: RegistryFile, what: str, name: str, entry: Any) -> list[tuple[str, str]]:  # noqa: ANN401 - an entry of any list
    if name == "kind":
        return list(_KINDS.items())
    if name == "site":
        return [(site.key, site.name) for site in registry.sites if not site.retired]
    if what == "kiosks" and name == "desk":
        names = {site.key: site.name for site in registry.sites}
        in_use = [desk for desk in registry.desks if not desk.retired or desk.key == entry.desk]
        return [("", N_("at the exit")), *((desk.key, f"{names[desk.site]} · № {desk.number}") for desk in in_use)]
    return []
