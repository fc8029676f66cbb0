"""What the server tells one kiosk: who it is, which desks it may offer, what it asks and how long its screens stay."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

from feedback.hours import Hours
from feedback.questionnaire import Questionnaire, Texts
from feedback.tickets import TicketRules

PURPOSE: Final = "vidhuk settings 1"


class DeskOption(msgspec.Struct, frozen=True):
    """A desk as the visitor sees it: the number on the wall, and a name, a photograph and a place on the plan where it has them.

    `photo` names an asset by its SHA-256 (hex); `place` is a point on the floor plan in shares from its upper left.
    """

    id: str
    number: str
    name: str = ""
    photo: str | None = None
    place: tuple[float, float] | None = None


class Timing(msgspec.Struct, frozen=True):
    """How long screens stay, in seconds.

    `repeat_s`: a vote sooner than this after the last visit is flagged as a repeat. `warn_s` is how long before a screen with something to
    answer closes the visitor is told so; `call_s` how long the kiosk's lamp calls for a person. `same_press_s`: the same key or button
    pressed again sooner than this is not taken, for hands that tremble; from 0.7 on a held key types once.
    """

    desk_s: float = 20.0
    thanks_s: float = 4.0
    repeat_s: float = 5.0
    answer_s: float = 30.0
    writing_s: float = 60.0
    warn_s: float = 10.0
    call_s: float = 120.0
    same_press_s: float = 0.0


class Theme(StrEnum):
    """A set of colours."""

    LIGHT = "light"
    DARK = "dark"
    CONTRAST = "contrast"


class Look(msgspec.Struct, frozen=True):
    """How the kiosk looks and sounds before a visitor changes it for themselves.

    `accent` is a colour (#RRGGBB), `logo` names an asset by its SHA-256 (hex). `quiet` stops all motion.
    """

    theme: Theme = Theme.LIGHT
    accent: str | None = None
    logo: str | None = None
    large: bool = False
    low: bool = False
    quiet: bool = False


class Route(msgspec.Struct, frozen=True):
    """Which questionnaire is asked where: it applies when everything that it names fits. An empty list fits everywhere.

    `ticket` True is for visits with a scanned ticket, False for those without.
    """

    questionnaire: str
    desks: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    ticket: bool | None = None


class SlipWords(msgspec.Struct, frozen=True):
    """What a printed slip says beside the thanks: the centre's hot line, a sentence, and the address at which its code can be looked up."""

    hot_line: str = ""
    note: Texts = {}
    check_url: str = ""


class KioskSettings(msgspec.Struct, frozen=True):
    """One version of a kiosk's settings. `desk` binds the kiosk to one desk; else the visitor picks from `desks`.

    `questionnaire` is asked where no route says otherwise; the others are in `questionnaires`. Assets (pictures) are fetched from
    `assets_url` by their SHA-256. `shelter` is the way to the shelter, shown with an air raid alert. `hours` None is always open. Without
    `tickets` no code is read; without `slip` nothing is printed.
    """

    version: int
    kiosk: str
    centre: str
    questionnaire: Questionnaire
    desk: DeskOption | None = None
    desks: tuple[DeskOption, ...] = ()
    timing: Timing = Timing()
    questionnaires: tuple[Questionnaire, ...] = ()
    routes: tuple[Route, ...] = ()
    hours: Hours | None = None
    look: Look = Look()
    plan: str | None = None
    assets_url: str | None = None
    shelter: Texts = {}
    call_person: bool = True
    tickets: TicketRules | None = None
    slip: SlipWords | None = None

    def questionnaire_for(self, desk: str | None, service: str | None, *, ticket: bool) -> Questionnaire:
        """Give the questionnaire of a visit by what is known when it begins; the first route that fits decides."""
        known = {questionnaire.id: questionnaire for questionnaire in (self.questionnaire, *self.questionnaires)}
        for route in self.routes:
            at_desk = not route.desks or desk in route.desks
            for_service = not route.services or service in route.services
            if at_desk and for_service and route.ticket in (None, ticket) and route.questionnaire in known:
                return known[route.questionnaire]
        return self.questionnaire

    @property
    def assets(self) -> frozenset[str]:
        """Every asset that these settings name."""
        named = (self.look.logo, self.plan, *(desk.photo for desk in self.desks))
        return frozenset(asset for asset in named if asset is not None)
