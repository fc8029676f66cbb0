"""The registry file, format 1: YAML that says what the centre consists of. Pure: text in, values out.

    format: 1
    centre: ЦНАП Зразкове
    time_zone: Europe/Kyiv
    sites:
      - {key: main, name: Головний офіс, address: "вул. Зразкова, 1"}
    desks:
      - {key: main-01, site: main, number: 1, name: Реєстрація місця проживання}
    services:
      - {key: residence, name: Реєстрація місця проживання}
    clerks:
      - {key: "017", name: Олена Коваль, desks: [{desk: main-01, first: 2026-01-12}]}
    kiosks:
      - {id: exit-main, name: Вихід, desk: ""}

The centre and each site may say more (`terms`): hours, days, shelter, look, timing, call_person, tickets, slip; a site its plan, a desk its
photo and place. Everything is read as text, so that a desk numbered 010 stays 010. Keys are what votes call things: they never change
meaning.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import msgspec

from feedback.configuration import ShapeError, convert_strictly
from feedback.read_yaml import read_yaml
from feedback.written import Path, WrittenError
from server.registry.checks import problems_of
from server.registry.problems import N_, Found, Problem, RegistryFileError, describe
from server.registry.terms import Terms

if TYPE_CHECKING:
    from collections.abc import Callable

FORMAT: Final = "1"


class Site(Terms, frozen=True, kw_only=True):
    """A building or an office; `remote` is a workplace away from it.

    `retired` is the day since which something is not in use: "" is in use, and None says nothing about it, here and below.
    """

    key: str
    name: str
    address: str = ""
    kind: Literal["office", "remote"] = "office"
    retired: str | None = None


class Desk(msgspec.Struct, frozen=True, omit_defaults=True):
    """A place where people are served, and the number on its wall; `place` is on the site's plan, in shares from its upper left."""

    key: str
    site: str
    number: str
    name: str = ""
    photo: str | None = None
    place: tuple[float, float] | None = None
    retired: str | None = None


class Service(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something that people come for."""

    key: str
    name: str
    retired: str | None = None


class AtDesk(msgspec.Struct, frozen=True, omit_defaults=True):
    """A clerk's period at a desk, both days included; without `last` until further notice."""

    desk: str
    first: str
    last: str | None = None


class Clerk(msgspec.Struct, frozen=True, omit_defaults=True):
    """Somebody who serves visitors; the queue system tells who served which ticket. None for `desks` says nothing about their periods."""

    key: str
    name: str
    desks: tuple[AtDesk, ...] | None = None
    retired: str | None = None


class KioskPlace(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a kiosk that is there is called, and the desk of its site to which it belongs; "" is the exit. A file adds no kiosks."""

    id: str
    name: str
    desk: str = ""


class RegistryFile(Terms, frozen=True, kw_only=True):
    """The whole file."""

    format: Literal[1]
    centre: str
    sites: tuple[Site, ...]
    desks: tuple[Desk, ...] = ()
    services: tuple[Service, ...] = ()
    clerks: tuple[Clerk, ...] = ()
    kiosks: tuple[KioskPlace, ...] = ()
    time_zone: str = "Europe/Kyiv"

    def pictures(self, source: str) -> dict[str, str]:
        """Give the files of all pictures, each with the place that names it."""
        named = {self.look.logo: f"{source}: look: logo"}
        named |= {site.look.logo: f"{source}: site {site.key!r}: look: logo" for site in self.sites}
        named |= {site.plan: f"{source}: site {site.key!r}: plan" for site in self.sites}
        named |= {desk.photo: f"{source}: desk {desk.key!r}: photo" for desk in self.desks}
        return {name: where for name, where in named.items() if name is not None}


def parse_registry(text: str, *, source: str) -> RegistryFile:
    """Read a registry from YAML; `source` is its name, for messages.

    Raises:
        ConfigError: with the source, the place in it, and what to mend.
    """
    try:
        written = read_yaml(text)
    except WrittenError as error:
        found = Found(source, error.line, "", Problem((), N_("this cannot be read as YAML: %(what)s"), {"what": str(error)}))
        raise RegistryFileError([found]) from error
    for repeat in written.repeats:
        says = N_("this key stands there twice, first in line %(first)s; delete one of them")
        problem = Problem(repeat.path, says, {"first": str(repeat.first)})
        raise RegistryFileError([Found(source, repeat.again, describe(repeat.path, written.tree), problem)])
    return build(written.tree, lambda path: (source, written.line(path)))


def build(tree: object, locate: Callable[[Path], tuple[str, int | None]]) -> RegistryFile:
    """Make a registry of what was written; `locate` gives the file and line of a place in it.

    Raises:
        RegistryFileError: with every problem and its place.
    """

    def found(problem: Problem) -> Found:
        return Found(*locate(problem.path), describe(problem.path, tree), problem)

    if isinstance(tree, dict) and tree.get("format") == FORMAT:
        tree["format"] = int(FORMAT)
    try:
        registry = convert_strictly(tree, RegistryFile, source="", strict=False)
    except ShapeError as error:
        raise RegistryFileError([found(_of_shape(error))]) from error
    problems = tuple(problems_of(registry))
    if problems:
        raise RegistryFileError(map(found, problems))
    return registry


def _of_shape(error: ShapeError) -> Problem:
    """Say plainly what msgspec has found."""
    if error.what.startswith("unknown key"):
        near = error.what.partition("did you mean ")[2].strip("'?")
        return Problem(error.path, N_("there is no such key"), near=near)
    if error.what.startswith("Object missing"):
        return Problem(error.path, N_("“%(key)s” is missing"), {"key": error.what.split("`")[1]})
    return Problem(error.path, N_("something else is needed here: %(what)s"), {"what": error.what})
