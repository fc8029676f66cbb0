"""What a page is asked for: a period and perhaps one site, all in the address, so that it can be shared and bookmarked."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated, Final, TypeAlias
from urllib.parse import urlencode

import msgspec
from litestar.di import NamedDependency
from litestar.exceptions import ValidationException
from litestar.params import QueryParameter

from server.db.engine import reading
from server.ratings.periods import LONGEST_DAYS, Period
from server.ratings.queries import Place, Scope, list_sites
from server.web.context import Centre, TheWeb, read_centre
from server.web.language import N_

if TYPE_CHECKING:
    from collections.abc import Sequence

PRESETS: Final = {"today": 1, "7": 7, "30": 30, "90": 90}
OWN: Final = "own"
DEFAULT: Final = "30"


class Question(msgspec.Struct, frozen=True):
    """A period as it was chosen and as it came out today, and the chosen site."""

    preset: str
    period: Period
    site: Place | None
    sites: list[Place]
    centre: Centre

    def scope(self, desk_id: int | None = None) -> Scope:
        """Give which votes this is about."""
        return Scope(self.period, self.site.id if self.site else None, desk_id)

    def on(self, today: date) -> Question:
        """Ask the same on another day: a preset moves along."""
        if self.preset == OWN:
            return self
        return msgspec.structs.replace(self, period=Period.last_days(PRESETS[self.preset], today))

    def query(self, **more: str) -> str:
        """Write the question as the query part of an address; `more` replaces and adds."""
        asked = {"period": self.preset}
        if self.preset == OWN:
            asked |= {"from": self.period.first.isoformat(), "to": self.period.last.isoformat()}
        if self.site:
            asked["site"] = self.site.key
        return urlencode(asked | more)


TheQuestion: TypeAlias = NamedDependency[Question]


def read_question(
    web: TheWeb,
    period: Annotated[str, QueryParameter(name="period", required=False, description="today, 7, 30, 90 or own")] = DEFAULT,
    first: Annotated[str, QueryParameter(name="from", required=False, description="first day of an own period, as 2026-11-22")] = "",
    last: Annotated[str, QueryParameter(name="to", required=False, description="last day of an own period, as 2026-11-22")] = "",
    site: Annotated[str, QueryParameter(name="site", required=False, description="a site's key; all sites without it")] = "",
) -> Question:
    """Understand the query part of an address.

    Raises:
        ValidationException: with one message that says what to mend.
    """
    with reading(web.engine) as connection:
        centre, sites = read_centre(connection), list_sites(connection)
    if period == OWN:
        days = _own_period(first, last)
    elif period in PRESETS:
        days = Period.last_days(PRESETS[period], web.today(centre))
    else:
        raise ValidationException(N_("The period is one of: today, 7, 30, 90, own"))
    return Question(period, days, _find(site, sites), sites, centre)


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


def _find(key: str, sites: Sequence[Place]) -> Place | None:
    if not key:
        return None
    for site in sites:
        if site.key == key:
            return site
    raise ValidationException(N_("There is no such site"))
