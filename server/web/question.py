"""What a page is asked for: a period, and perhaps a site, a desk and one cut, all in the address: to be shared and bookmarked."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Annotated, Final, TypeAlias, TypeVar
from urllib.parse import urlencode

import msgspec
from litestar.di import NamedDependency
from litestar.exceptions import ValidationException
from litestar.params import QueryParameter

from feedback.records import Channel
from server.db.engine import reading
from server.ratings.periods import LONGEST_DAYS, Period
from server.ratings.queries import Cut, Desk, Place, Scope, list_desks, list_services, list_sites
from server.web.context import Centre, TheWeb, read_centre
from server.web.language import LANGUAGES, N_

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from server.web.language import Language

PRESETS: Final = {"today": 1, "7": 7, "30": 30, "90": 90}
OWN: Final = "own"
DEFAULT: Final = "30"
CHANNELS: Final = {Channel.KIOSK.value: N_("At the kiosk"), Channel.BOX.value: N_("Ticket boxes")}
_Found = TypeVar("_Found", Place, Desk)
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}")


class Chosen(msgspec.Struct, frozen=True):
    """The one service, channel or language that was chosen: what it is, its key in the address, and its id in the rollups."""

    dimension: str
    key: str
    value: str
    name: str


class Question(msgspec.Struct, frozen=True):
    """A period as it was chosen and as it came out today, the chosen place and cut, and what else could be chosen."""

    preset: str
    period: Period
    site: Place | None
    sites: list[Place]
    centre: Centre
    desk: Desk | None = None
    cut: Chosen | None = None
    desks: list[Desk] = []
    services: list[Place] = []

    def scope(self) -> Scope:
        """Give which votes this is about."""
        cut = Cut(self.cut.dimension, self.cut.value) if self.cut else None
        return Scope(self.period, self.site.id if self.site else None, self.desk.id if self.desk else None, cut)

    def on(self, today: date) -> Question:
        """Ask the same on another day: a preset moves along."""
        if self.preset == OWN:
            return self
        return msgspec.structs.replace(self, period=Period.last_days(PRESETS[self.preset], today))

    def at(self, desk: Desk) -> Question:
        """Ask the same about a desk; a site where it does not stand is let go."""
        site = self.site if self.site == desk.site else None
        return msgspec.structs.replace(self, desk=desk, site=site)

    def query(self, **more: str) -> str:
        """Write the question as the query part of an address; `more` replaces and adds, and what is empty in it is left out."""
        asked = {"period": self.preset}
        if self.preset == OWN:
            asked |= {"from": self.period.first.isoformat(), "to": self.period.last.isoformat()}
        if self.site:
            asked["site"] = self.site.key
        if self.desk:
            asked["desk"] = self.desk.key
        if self.cut:
            asked[self.cut.dimension] = self.cut.key
        return urlencode({name: value for name, value in (asked | more).items() if value})

    def describe(self, language: Language) -> str:
        """Say in words what is asked for."""
        gettext = language.words.gettext
        place = [self.site.name] if self.site else [self.centre.name] if self.centre.name else []
        if self.desk:
            place = [gettext("Desk %(number)s") % {"number": self.desk.number}, self.desk.site.name]
        if self.cut:
            words = {"service": gettext("service: %(name)s"), "language": gettext("language: %(name)s")}.get(self.cut.dimension, "%(name)s")
            place.append(words % {"name": gettext(self.cut.name) if self.cut.dimension == "channel" else self.cut.name})
        return " · ".join([*place, language.days(self.period)])

    def whole(self) -> str:
        """Write the same question without its cut."""
        return self.query(**({self.cut.dimension: ""} if self.cut else {}))


TheQuestion: TypeAlias = NamedDependency[Question]


def read_question(  # noqa: PLR0913, PLR0917 - an address has as many parts
    web: TheWeb,
    period: Annotated[str, QueryParameter(name="period", required=False, description="today, 7, 30, 90 or own")] = DEFAULT,
    first: Annotated[str, QueryParameter(name="from", required=False, description="first day of an own period, as 2026-11-22")] = "",
    last: Annotated[str, QueryParameter(name="to", required=False, description="last day of an own period, as 2026-11-22")] = "",
    site: Annotated[str, QueryParameter(name="site", required=False, description="a site's key; all sites without it")] = "",
    desk: Annotated[str, QueryParameter(name="desk", required=False, description="a desk's key; one of another site is passed over")] = "",
    service: Annotated[str, QueryParameter(name="service", required=False, description="a service's key")] = "",
    channel: Annotated[str, QueryParameter(name="channel", required=False, description="kiosk or box")] = "",
    language: Annotated[str, QueryParameter(name="language", required=False, description="the visitor's, as uk")] = "",
) -> Question:
    """Understand the query part of an address.

    Raises:
        ValidationException: with one message that says what to mend.
    """
    with reading(web.engine) as connection:
        centre = read_centre(connection)
    if period == OWN:
        days = _own_period(first, last)
    elif period in PRESETS:
        days = Period.last_days(PRESETS[period], web.today(centre))
    else:
        raise ValidationException(N_("The period is one of: today, 7, 30, 90, own"))
    with reading(web.engine) as connection:  # as they were called on the last day
        sites, desks = list_sites(connection, days.last), list_desks(connection, as_of=days.last)
        services = list_services(connection)
    there = _find(site, sites, N_("There is no such site"))
    found = _find(desk, desks, N_("There is no such desk"))
    if found and there and found.site != there:  # the form offers a site's own desks: so the site was changed after the desk
        found = None
    cut = _cut(services, service=service, channel=channel, language=language)
    return Question(period, days, there, sites, centre, found, cut, desks, services)


def _own_period(first: str, last: str) -> Period:
    try:
        period = Period(date.fromisoformat(first), date.fromisoformat(last))
    except ValueError as error:
        raise ValidationException(N_("Write both dates of your own period, as 2026-11-22")) from error
    if period.days < 1:
        raise ValidationException(N_("The first day of the period is after its last"))
    if period.days > LONGEST_DAYS:
        raise ValidationException(N_("A period may be five years at most"))
    return period


def _find(key: str, among: Iterable[_Found], otherwise: str) -> _Found | None:
    if not key:
        return None
    for one in among:
        if one.key == key:
            return one
    raise ValidationException(otherwise)


def _cut(services: Sequence[Place], **asked: str) -> Chosen | None:
    given = {dimension: key for dimension, key in asked.items() if key}
    if len(given) > 1:
        raise ValidationException(N_("Choose one of service, way of asking and language: together they would single people out"))
    for dimension, key in given.items():
        if dimension == "service":
            service = _find(key, services, N_("There is no such service"))
            return Chosen(dimension, key, str(service.id), service.name) if service else None
        if dimension == "channel" and key in CHANNELS:
            return Chosen(dimension, key, key, CHANNELS[key])
        if dimension == "language" and _LANGUAGE.fullmatch(key):
            return Chosen(dimension, key, key, LANGUAGES.get(key, key))
        raise ValidationException(N_("There is no such way of asking or language"))
    return None
