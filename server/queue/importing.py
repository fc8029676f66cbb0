"""Imports a file: which columns it has, what they meant last time, what it would change, and what it did."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import insert, select

from feedback.configuration import suggest
from server.db.bulk import insert_rows
from server.db.schema import queue_imports, queue_maps, server, sites
from server.errors import QueueError, RegistryError
from server.queue import store
from server.queue.columns import ColumnMap, Field, choose, guess, header_digest
from server.queue.names import Names
from server.queue.problems import N_
from server.queue.reading import Place, dropped, read_export, without_visitors
from server.queue.take import Taken, take
from server.queue.written import read_table
from server.registry.settings import ticket_rules

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from sqlalchemy import Connection, Row

    from server.queue.names import Named
    from server.queue.reading import Reading
    from server.queue.written import Table

NO_TICKET: Final = N_("the file has a heading and no ticket")
LATEST: Final = 20
"""How many imports are listed."""
_MAX_NAME: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """An export as it was handed over, without what columns that name visitors hold; `made_by` is whose account did, None for a command."""

    name: str
    digest: bytes
    table: Table
    made_by: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """An export, and what its columns mean. `is_known` where that was remembered."""

    file: File
    site: str
    map: ColumnMap
    is_known: bool

    @property
    def dropped(self) -> tuple[list[str], list[str]]:
        """The columns that are not read: those that name visitors, and the others."""
        return dropped(self.file.table.header, self.map.columns)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What an import did, or would do."""

    plan: Plan
    reading: Reading
    taken: Taken
    is_stored: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a person says of an export's columns, and of names that the registry does not know. An empty column takes a field away."""

    columns: Mapping[Field, str] = field(default_factory=dict)
    desks: Mapping[str, str] = field(default_factory=dict)
    services: Mapping[str, str] = field(default_factory=dict)


def read_file(name: str, content: bytes, made_by: int | None = None) -> File:
    """Read an export; what names visitors is forgotten at once.

    Raises:
        QueueError: it is no table, or an empty one.
    """
    table = read_table(content)
    if not table.rows:
        raise QueueError(NO_TICKET)
    read = without_visitors(table)
    return File(name=name[:_MAX_NAME], digest=hashlib.sha256(content).digest(), table=read, made_by=made_by)


def plan_import(connection: Connection, site: str, file: File, said: Said) -> Plan:
    """Give an export's columns their meaning: what a person says, else what they meant last time, else what their names tell.

    Raises:
        QueueError: what was said of them cannot be.
        RegistryError: there is no such site, desk or service.
    """
    site_id = find_site(connection, site)
    header = file.table.header
    known = _remembered(connection, site_id, header_digest(header))
    columns = choose(header, {**(known.columns if known else guess(header)), **said.columns})
    names = known or _latest(connection, site_id)
    desks = {**names.desks, **_existing("desk", said.desks, store.list_desks(connection, site_id))}
    services = {**names.services, **_existing("service", said.services, store.list_services(connection))}
    return Plan(file=file, site=site, map=ColumnMap(columns, desks, services), is_known=known is not None)


def run(connection: Connection, plan: Plan, *, now_ms: int, keep: bool, tick: Callable[[int], object] = lambda _: None) -> Report:
    """Import an export, wholly or, where anything is wrong, not at all; without `keep` only say what it would do."""
    place = place_of(connection, plan.site, plan.map)
    reading = read_export(plan.file.table, plan.map.columns, place, now_ms, tick)
    taken = take(connection, place, reading, now_ms=now_ms, pushed=False, keep=keep, tick=tick)
    report = Report(plan=plan, reading=reading, taken=taken, is_stored=keep and not reading.problems)
    if keep:
        _write_down(connection, place, report, now_ms)
    if report.is_stored:
        _remember(connection, place.id, plan, now_ms)
    return report


def find_site(connection: Connection, site: str) -> int:
    """Give the id of a site.

    Raises:
        RegistryError: there is none.
    """
    known = store.list_sites(connection)
    if site not in known:
        raise RegistryError(f"there is no site {site!r}{suggest(site, known)}")
    return known[site]


def place_of(connection: Connection, site: str, names: ColumnMap | None = None) -> Place:
    """Give a site with what its queue calls desks and services: as `names` say, else as at the last import, else as its tickets do.

    Raises:
        RegistryError: there is no such site.
    """
    site_id = find_site(connection, site)
    names = _latest(connection, site_id) if names is None else names
    zone = ZoneInfo(connection.execute(select(server.c.time_zone)).scalar_one())
    rules = ticket_rules(connection, site)
    desks = Names(store.list_desks(connection, site_id), {**rules.desks, **names.desks})
    return Place(site_id, site, zone, desks, Names(store.list_services(connection), {**rules.services, **names.services}))


def latest_imports(connection: Connection) -> Sequence[Row[Any]]:
    """Give the latest imports with their site's key, the newest first."""
    query = select(queue_imports, sites.c.key.label("site")).join_from(queue_imports, sites, sites.c.id == queue_imports.c.site_id)
    return connection.execute(query.order_by(queue_imports.c.id.desc()).limit(LATEST)).all()


def _existing(what: str, aliases: Mapping[str, str], known: Iterable[Named]) -> Mapping[str, str]:
    keys = [one.key for one in known]
    for said, key in aliases.items():
        if key not in keys:
            raise RegistryError(f"{said!r} cannot be the {what} {key!r}: there is none{suggest(key, keys)}")
    return aliases


def _remembered(connection: Connection, site_id: int, header: bytes) -> ColumnMap | None:
    m = queue_maps.c
    written = connection.execute(select(m.columns).where(m.site_id == site_id, m.header == header)).scalar()
    return None if written is None else msgspec.json.decode(written, type=ColumnMap)


def _latest(connection: Connection, site_id: int) -> ColumnMap:
    m = queue_maps.c
    written = connection.execute(select(m.columns).where(m.site_id == site_id).order_by(m.used_ms.desc()).limit(1)).scalar()
    return ColumnMap() if written is None else msgspec.json.decode(written, type=ColumnMap)


def _remember(connection: Connection, site_id: int, plan: Plan, now_ms: int) -> None:
    row = (site_id, header_digest(plan.file.table.header), msgspec.json.encode(plan.map).decode(), now_ms)
    again = "ON CONFLICT (site_id, header) DO UPDATE SET columns = excluded.columns, used_ms = excluded.used_ms"
    insert_rows(connection, queue_maps, ("site_id", "header", "columns", "used_ms"), [row], on_conflict=again)


def _write_down(connection: Connection, place: Place, report: Report, now_ms: int) -> None:
    file, taken = report.plan.file, report.taken
    connection.execute(
        insert(queue_imports).values(
            at_ms=now_ms,
            made_by=file.made_by,
            site_id=place.id,
            name=file.name,
            digest=file.digest,
            first_day=min(taken.days, default=None),
            last_day=max(taken.days, default=None),
            rows=report.reading.rows,
            tickets=taken.tickets,
            added=taken.added if report.is_stored else 0,
            changed=taken.changed if report.is_stored else 0,
            problems=len(report.reading.problems),
        )
    )
