"""Which questionnaire is asked where: at the centre, a site or a kiosk, in every visit or by desk, service and ticket."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import delete, insert, select

from feedback.configuration import suggest
from feedback.questionnaire import Kind
from feedback.settings import Route
from server.db.schema import assignments, desks, kiosks, services, sites
from server.errors import RegistryError
from server.registry.questionnaires import DEFAULT, newest, require_newest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection, Table

    from feedback.questionnaire import Questionnaire


class Where(NamedTuple):
    """Where a questionnaire is asked, by keys; what is not named fits everywhere."""

    kiosk: str | None = None
    site: str | None = None
    desks: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    ticket: bool | None = None

    @property
    def is_whole(self) -> bool:
        """Whether it is for every visit at its kiosks."""
        return not self.desks and not self.services and self.ticket is None


class Assignment(NamedTuple):
    """A questionnaire and where it is asked."""

    questionnaire: str
    where: Where


class Plan(NamedTuple):
    """What one kiosk asks: `main`, and by the first route that fits one of the others."""

    main: Questionnaire
    others: tuple[Questionnaire, ...]
    routes: tuple[Route, ...]


def assign(connection: Connection, questionnaire: str, where: Where) -> None:
    """Ask a questionnaire somewhere, in place of what was asked at exactly this place.

    Raises:
        RegistryError: the questionnaire, kiosk, site, desk or service is unknown.
    """
    require_newest(connection, questionnaire)
    where = _checked(connection, where)
    replaced = [id_ for id_, found in _numbered(connection) if found.where == where]
    connection.execute(delete(assignments).where(assignments.c.id.in_(replaced)))
    values = {"questionnaire": questionnaire, "kiosk": where.kiosk, "site_id": _site_id(connection, where), "ticket": where.ticket}
    connection.execute(insert(assignments).values(desks=" ".join(where.desks), services=" ".join(where.services), **values))


def unassign(connection: Connection, questionnaire: str, where: Where) -> None:
    """Ask a questionnaire no longer at exactly this place.

    Raises:
        RegistryError: it is not asked there.
    """
    ids = [id_ for id_, found in _numbered(connection) if found == Assignment(questionnaire, _checked(connection, where))]
    if not ids:
        raise RegistryError(f"{questionnaire!r} is not assigned to exactly this place: `questionnaire list` says where it is")
    connection.execute(delete(assignments).where(assignments.c.id.in_(ids)))


def list_assignments(connection: Connection) -> list[Assignment]:
    """Give every assignment, in the order in which they were made."""
    return [assignment for _, assignment in _numbered(connection)]


def plan_for(connection: Connection, kiosk: str, site: str, there: Iterable[str]) -> Plan:
    """Give what a kiosk asks; `there` are its site's desks. The nearer assignment wins: the kiosk's, its site's, the centre's."""
    mine = [one for one in list_assignments(connection) if one.where.kiosk in (None, kiosk) and one.where.site in (None, site)]
    mine.sort(key=lambda one: (one.where.kiosk is None, one.where.site is None, -_conditions(one.where)))
    whole = [one.questionnaire for one in mine if one.where.is_whole]
    main = newest(connection, whole[0]) if whole else newest(connection, DEFAULT, pilot=False)
    here = set(there)
    routes = [
        Route(one.questionnaire, tuple(desk for desk in one.where.desks if desk in here), one.where.services, one.where.ticket)
        for one in mine
        if not one.where.is_whole and (not one.where.desks or here & {*one.where.desks})
    ]
    main = main or require_newest(connection, DEFAULT)
    asked = dict.fromkeys(route.questionnaire for route in routes if route.questionnaire != main.id)
    return Plan(main, tuple(require_newest(connection, id_) for id_ in asked), tuple(routes))


def offered_answers(connection: Connection) -> frozenset[str]:
    """Give the rated answers that some questionnaire in use offers as the first."""
    assigned = list_assignments(connection)
    ids = {one.questionnaire for one in assigned}
    if not any(one.where == Where() for one in assigned):
        ids.add(DEFAULT)
    firsts = [found.questions[0] for id_ in ids if (found := newest(connection, id_))]
    return frozenset(choice.id for question in firsts if question.kind is Kind.FACES for choice in question.choices)


def _conditions(where: Where) -> int:
    return bool(where.desks) + bool(where.services) + (where.ticket is not None)


def _numbered(connection: Connection) -> list[tuple[int, Assignment]]:
    query = select(assignments, sites.c.key.label("site")).outerjoin(sites, sites.c.id == assignments.c.site_id).order_by(assignments.c.id)
    return [
        (
            row.id,
            Assignment(row.questionnaire, Where(row.kiosk, row.site, tuple(row.desks.split()), tuple(row.services.split()), row.ticket)),
        )
        for row in connection.execute(query)
    ]


def _checked(connection: Connection, where: Where) -> Where:
    """Give a place with its lists in one order, so that the same place is the same.

    Raises:
        RegistryError: it names something that is not there.
    """
    if where.kiosk is not None and where.site is not None:
        raise RegistryError("a kiosk stands at one site: name the kiosk or the site, not both")
    kinds: tuple[tuple[str, Table, str, Iterable[str]], ...] = (
        ("kiosk", kiosks, "id", filter(None, [where.kiosk])),
        ("site", sites, "key", filter(None, [where.site])),
        ("desk", desks, "key", where.desks),
        ("service", services, "key", where.services),
    )
    for kind, table, column, named in kinds:
        known = set(connection.execute(select(table.c[column])).scalars())
        for key in named:
            if key not in known:
                raise RegistryError(f"there is no {kind} {key!r}{suggest(key, known)}")
    return where._replace(desks=tuple(sorted({*where.desks})), services=tuple(sorted({*where.services})))


def _site_id(connection: Connection, where: Where) -> int | None:
    return connection.execute(select(sites.c.id).where(sites.c.key == where.site)).scalar()
