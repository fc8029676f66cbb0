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
      - {key: "017", name: Олена Коваль}

The centre and each site may say more (`terms`): hours, shelter, look, timing, call_person, tickets, slip; a site its plan, a desk its photo
and place.
Everything is read as text, so that a desk numbered 010 stays 010. Keys are what votes call things: they never change meaning.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Final, Literal
from zoneinfo import available_timezones

import msgspec
import yaml

from feedback.configuration import ConfigurationError, convert_strictly, suggest
from server.errors import ConfigError
from server.registry.terms import Terms, check_terms, merge
from server.registry.ticket_terms import faults

if TYPE_CHECKING:
    from collections.abc import Iterable

_KEY: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
_MAX_NUMBER: Final = 16


class Site(Terms, frozen=True, kw_only=True):
    """A building or an office."""

    key: str
    name: str
    address: str = ""


class Desk(msgspec.Struct, frozen=True):
    """A place where people are served, and the number on its wall; `place` is on the site's plan, in shares from its upper left."""

    key: str
    site: str
    number: str
    name: str = ""
    photo: str | None = None
    place: tuple[float, float] | None = None


class Service(msgspec.Struct, frozen=True):
    """Something that people come for."""

    key: str
    name: str


class Clerk(msgspec.Struct, frozen=True):
    """Somebody who serves visitors; the queue system tells who served which ticket."""

    key: str
    name: str


class RegistryFile(Terms, frozen=True, kw_only=True):
    """The whole file."""

    format: Literal[1]
    centre: str
    sites: tuple[Site, ...]
    desks: tuple[Desk, ...] = ()
    services: tuple[Service, ...] = ()
    clerks: tuple[Clerk, ...] = ()
    time_zone: str = "Europe/Kyiv"

    def pictures(self, source: str) -> dict[str, str]:
        """Give the files of all pictures, each with the place that names it."""
        named = {self.look.logo: f"{source}: look: logo"}
        named |= {site.look.logo: f"{source}: site {site.key!r}: look: logo" for site in self.sites}
        named |= {site.plan: f"{source}: site {site.key!r}: plan" for site in self.sites}
        named |= {desk.photo: f"{source}: desk {desk.key!r}: photo" for desk in self.desks}
        return {name: where for name, where in named.items() if name is not None}


def parse_registry(text: str, *, source: str) -> RegistryFile:
    """Read a registry from YAML.

    Raises:
        ConfigError: with the source, the place in it, and what to mend.
    """
    try:
        # BaseLoader makes text of everything: "no" is no truth value, 010 no octal number.
        tree = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - it builds nothing but texts, lists and mappings
    except yaml.YAMLError as error:
        raise ConfigError(f"{source}: not YAML: {error}") from error
    if isinstance(tree, dict) and tree.get("format") == "1":
        tree["format"] = 1
    try:
        registry = convert_strictly(tree, RegistryFile, source=source, strict=False)
    except ConfigurationError as error:
        raise ConfigError(str(error)) from error
    if registry.time_zone not in available_timezones():
        raise ConfigError(f"{source}: time_zone {registry.time_zone!r} is not known{suggest(registry.time_zone, available_timezones())}")
    for what in ("sites", "desks", "services", "clerks"):
        _check_keys([entry.key for entry in getattr(registry, what)], f"{source}: {what}")
    check_terms(registry, source)
    if registry.plan is not None:
        raise ConfigError(f"{source}: plan: a floor plan is a site's: write it there")
    for site in registry.sites:
        check_terms(site, f"{source}: site {site.key!r}")
    _check_desks(registry, source)
    _check_tickets(registry, source)
    return registry


def _check_keys(keys: Iterable[str], where: str) -> None:
    for key, times in Counter(keys).items():
        if not _KEY.fullmatch(key):
            raise ConfigError(f"{where}: key {key!r} may have 1 to 32 of a-z, 0-9 and hyphen, and begins with a letter or digit")
        if times > 1:
            raise ConfigError(f"{where}: key {key!r} stands there {times} times")


def _check_desks(registry: RegistryFile, source: str) -> None:
    sites = {site.key: site for site in registry.sites}
    for desk in registry.desks:
        if desk.site not in sites:
            raise ConfigError(f"{source}: desk {desk.key!r} names the unknown site {desk.site!r}{suggest(desk.site, sites)}")
        if not 1 <= len(desk.number) <= _MAX_NUMBER:
            raise ConfigError(f"{source}: desk {desk.key!r}: a number has 1 to {_MAX_NUMBER} characters")
        if desk.place is not None and not all(0 <= share <= 1 for share in desk.place):
            raise ConfigError(f"{source}: desk {desk.key!r}: place {list(desk.place)} is outside the plan; write two numbers from 0 to 1")
        if desk.place is not None and sites[desk.site].plan is None:
            raise ConfigError(f"{source}: desk {desk.key!r} has a place, but site {desk.site!r} has no plan: write plan: FILE there")


def _check_tickets(registry: RegistryFile, source: str) -> None:
    desks, services = [desk.key for desk in registry.desks], [service.key for service in registry.services]
    named = [(registry, source), *((merge(registry, site), f"{source}: site {site.key!r}") for site in registry.sites)]
    for terms, where in named:
        for fault in faults(terms.tickets, terms.slip, desks=desks, services=services):
            raise ConfigError(f"{where}: {fault}")
