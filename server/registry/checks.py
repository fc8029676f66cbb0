"""What must hold in a registry besides the shape of its file. Pure."""

from __future__ import annotations

import re
from collections import Counter
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final
from zoneinfo import available_timezones

from server.registry.problems import N_, NO_DAY, Problem, is_day
from server.registry.terms import merge, terms_problems
from server.registry.ticket_terms import faults

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from server.registry.file import AtDesk, Desk, RegistryFile, Site

KEY: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
MAX_NUMBER: Final = 16
MAX_NAME: Final = 300
LISTS: Final = ("sites", "desks", "services", "clerks")
BAD_KEY: Final = N_("a key has 1 to 32 of a-z, 0-9 and hyphen, and begins with a letter or digit")
NO_NAME: Final = N_("write a name of up to 300 characters")


def problems_of(registry: RegistryFile) -> Iterator[Problem]:
    """Give everything that is wrong, each with its place in the file."""
    if registry.time_zone not in available_timezones():
        near = _near(registry.time_zone, available_timezones())
        yield Problem(("time_zone",), N_("“%(zone)s” is no known time zone"), {"zone": registry.time_zone}, near)
    if not 0 < len(registry.centre) <= MAX_NAME:
        yield Problem(("centre",), NO_NAME)
    if registry.plan is not None:
        yield Problem(("plan",), N_("a floor plan is a site's: write it there"))
    yield from terms_problems(registry)
    for what in LISTS:
        yield from _entries(registry, what)
    yield from _sites(registry)
    yield from _desks(registry)
    yield from _clerks(registry)
    yield from _kiosks(registry)


def _entries(registry: RegistryFile, what: str) -> Iterator[Problem]:
    """Check what entries of every list have: keys, names, and a day since which they are retired."""
    entries = getattr(registry, what)
    times = Counter(entry.key for entry in entries)
    for index, entry in enumerate(entries):
        if not KEY.fullmatch(entry.key):
            yield Problem((what, index, "key"), BAD_KEY)
        if times[entry.key] > 1:
            yield Problem((what, index, "key"), N_("this key stands there %(times)s times"), {"times": str(times[entry.key])})
        if len(entry.name) > MAX_NAME or not (entry.name or what == "desks"):
            yield Problem((what, index, "name"), NO_NAME)
        if entry.retired and not is_day(entry.retired):
            yield Problem((what, index, "retired"), NO_DAY, {"day": entry.retired})


def _sites(registry: RegistryFile) -> Iterator[Problem]:
    """Check each site's terms, and with the centre's what it says of tickets and slips; what comes from the centre alone is wrong there."""
    desks, services = [desk.key for desk in registry.desks], [service.key for service in registry.services]
    above = list(faults(registry.tickets, registry.slip, desks=desks, services=services))
    yield from map(_fault, above)
    for index, site in enumerate(registry.sites):
        yield from (problem.within("sites", index) for problem in terms_problems(site))
        merged = merge(registry, site)
        here = faults(merged.tickets, merged.slip, desks=desks, services=services)
        yield from (_fault(fault).within("sites", index) for fault in here if fault not in above)


def _fault(fault: str) -> Problem:
    """Give as a problem what the rules for tickets say in a sentence that begins with its place."""
    place, _, what = fault.partition(": ")
    return Problem((place,), "%(what)s", {"what": what})


def _desks(registry: RegistryFile) -> Iterator[Problem]:
    sites = {site.key: site for site in registry.sites}
    for index, desk in enumerate(registry.desks):
        yield from (problem.within("desks", index) for problem in _desk(desk, sites))


def _desk(desk: Desk, sites: dict[str, Site]) -> Iterator[Problem]:
    if desk.site not in sites:
        yield Problem(("site",), N_("there is no site “%(site)s”"), {"site": desk.site}, _near(desk.site, sites))
    if not 1 <= len(desk.number) <= MAX_NUMBER:
        yield Problem(("number",), N_("a number has 1 to 16 characters"))
    if desk.place is not None and not all(0 <= share <= 1 for share in desk.place):
        yield Problem(("place",), N_("this is outside the plan; write two numbers from 0 to 1"))
    if desk.place is not None and desk.site in sites and sites[desk.site].plan is None:
        yield Problem(("place",), N_("site “%(site)s” has no plan: give it one first"), {"site": desk.site})


def _clerks(registry: RegistryFile) -> Iterator[Problem]:
    desks = {desk.key for desk in registry.desks}
    for index, clerk in enumerate(registry.clerks):
        earlier: list[AtDesk] = []
        for number, period in enumerate(clerk.desks or ()):
            yield from (problem.within("clerks", index, "desks", number) for problem in _period(period, desks, earlier))
            earlier.append(period)


def _period(period: AtDesk, desks: Collection[str], earlier: list[AtDesk]) -> Iterator[Problem]:
    if period.desk not in desks:
        yield Problem(("desk",), N_("there is no desk “%(desk)s”"), {"desk": period.desk}, _near(period.desk, desks))
    wrong = [name for name in ("first", "last") if getattr(period, name) is not None and not is_day(getattr(period, name))]
    yield from (Problem((name,), NO_DAY, {"day": getattr(period, name)}) for name in wrong)
    if wrong:
        return
    if period.last is not None and period.last < period.first:
        yield Problem(("last",), N_("the last day is before the first"))
    if any(
        one.desk == period.desk and one.first <= (period.last or one.first) and period.first <= (one.last or period.first)
        for one in earlier
    ):
        yield Problem(("first",), N_("this clerk is at this desk in another period at the same time"))


def _kiosks(registry: RegistryFile) -> Iterator[Problem]:
    desks = {desk.key for desk in registry.desks}
    for index, kiosk in enumerate(registry.kiosks):
        if not 0 < len(kiosk.name) <= MAX_NAME:
            yield Problem(("kiosks", index, "name"), NO_NAME)
        if kiosk.desk and kiosk.desk not in desks:
            yield Problem(("kiosks", index, "desk"), N_("there is no desk “%(desk)s”"), {"desk": kiosk.desk}, _near(kiosk.desk, desks))


def _near(word: str, known: Collection[str]) -> str:
    return next(iter(get_close_matches(word, known, n=1)), "")
