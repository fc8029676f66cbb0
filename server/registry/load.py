"""Puts a registry file into the database. Loading the same file twice changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import delete, insert, select, update

from server.db.bulk import insert_rows
from server.db.schema import assets, clerk_desks, clerks, desks, kiosks, server, services, sites
from server.errors import RegistryError
from server.registry.changes import CENTRE, KIOSKS, Change, absent, changes, obstacles, without
from server.registry.export import picture_names, read_registry, stored_as
from server.registry.names import Name, remember
from server.registry.pictures import Picture
from server.registry.problems import Problem, describe
from server.registry.settings import number_settings
from server.registry.terms import encode_terms, with_pictures
from server.registry.ticket_terms import slug_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection, Table

    from server.registry.file import Clerk, RegistryFile

NO_PICTURES: Final[Mapping[str, Picture]] = MappingProxyType({})
_TABLES: Final[Mapping[str, Table]] = {"sites": sites, "desks": desks, "services": services, "clerks": clerks}


class ObstacleError(RegistryError):
    """A registry cannot be loaded as it is; nothing is. `problems` say why, with their places in it."""

    def __init__(self, problems: Sequence[Problem], tree: object) -> None:
        self.problems = tuple(problems)
        self.places = tuple(describe(problem.path, tree) for problem in problems)
        super().__init__("\n".join(f"{place}: {problem.sentence()}" for place, problem in zip(self.places, problems, strict=True)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What loading did. `absent` are lists and keys that the database has in use and the file has not: they stay unless it is asked."""

    changes: tuple[Change, ...]
    absent: tuple[tuple[str, str], ...]
    removed: int = 0

    @property
    def added(self) -> int:
        """How much is new."""
        return sum(change.is_new for change in self.changes)

    @property
    def changed(self) -> int:
        """How much was there and is otherwise now."""
        return len(self.changes) - self.added - self.removed


def load_registry(
    connection: Connection, registry: RegistryFile, pictures: Mapping[str, Picture] = NO_PICTURES, *, now_ms: int, remove: int | None = None
) -> Loaded:
    """Make the database say what the file says; `pictures` are the files that it names.

    What it leaves out stays; `remove` says how many of it are to be retired since today. Votes and names stay even so.

    Raises:
        RegistryError: that is another number than what it leaves out: somebody has not seen what they would retire.
        ObstacleError: something cannot be so, such as a desk that would move to another site, and old votes with it.
    """
    insert_rows(connection, assets, Picture._fields, sorted({*pictures.values()}), on_conflict="ON CONFLICT DO NOTHING")
    stored = picture_names(connection)
    wanted = _name_pictures(registry, {name: stored[picture.sha256] for name, picture in pictures.items()}, set(stored.values()))
    today = datetime.fromtimestamp(now_ms / 1000, UTC).astimezone(ZoneInfo(registry.time_zone)).date()
    old = read_registry(connection)
    left_out = tuple(absent(old, wanted))
    if remove is not None:
        if remove != len(left_out):
            named = ", ".join(f"{what} {key}" for what, key in left_out)
            raise RegistryError(f"the file leaves out {len(left_out)} entries, and you say {remove}; they are: {named or 'none'}")
        wanted = without(old, wanted, today)
    found = changes(old, wanted)
    places = select(kiosks.c.id, sites.c.key).join(sites, sites.c.id == kiosks.c.site_id)
    problems = list(obstacles(old, found, wanted, {row.id: row.key for row in connection.execute(places)}, today))
    if problems:
        raise ObstacleError(problems, msgspec.to_builtins(wanted))
    for change in found:
        _apply(connection, change, today)
    return Loaded(changes=tuple(found), absent=() if remove else left_out, removed=remove or 0)


class Preview(NamedTuple):
    """What a load would do, and the kiosks that would be told other settings."""

    loaded: Loaded
    kiosks: tuple[str, ...]


def preview(connection: Connection, registry: RegistryFile, pictures: Mapping[str, Picture] = NO_PICTURES, *, now_ms: int) -> Preview:
    """Say what a load would do, and undo it.

    Raises:
        ObstacleError: as `load_registry`.
    """
    undone = connection.begin_nested()
    try:
        loaded = load_registry(connection, registry, pictures, now_ms=now_ms)
        return Preview(loaded, tuple(number_settings(connection, now_ms=now_ms)))
    finally:
        undone.rollback()


def _name_pictures(registry: RegistryFile, names: Mapping[str, str], stored: set[str]) -> RegistryFile:
    """Name pictures as an export does; one that is not there is none."""
    for name, where in registry.pictures("").items():
        if stored_as(name) and name not in stored and name not in names:
            raise RegistryError(f"{where.removeprefix(': ')}: the picture {name} is not here: bring its file too")
    names = {name: name for name in stored} | dict(names)
    return msgspec.structs.replace(
        with_pictures(registry, names),
        sites=tuple(with_pictures(site, names) for site in registry.sites),
        desks=tuple(msgspec.structs.replace(desk, photo=names.get(desk.photo or "")) for desk in registry.desks),
    )


def _apply(connection: Connection, change: Change, today: date) -> None:
    if change.what == CENTRE:
        _apply_centre(connection, change, today)
        return
    after = change.after
    if change.what == KIOSKS:
        desk_id = connection.execute(select(desks.c.id).where(desks.c.key == after.desk)).scalar()
        _remember(connection, "kiosk", change, today)
        connection.execute(update(kiosks).where(kiosks.c.id == after.id).values(name=after.name, desk_id=desk_id))
        return
    table, values = _TABLES[change.what], _values(connection, change)
    if change.is_new:
        connection.execute(insert(table).values(key=change.key, **values))
    else:
        _remember(connection, change.what.removesuffix("s"), change, today)
        connection.execute(update(table).where(table.c.key == change.key).values(**values))
    if change.what == "clerks" and "desks" in change.fields:
        _put_periods(connection, after)


def _apply_centre(connection: Connection, change: Change, today: date) -> None:
    known, registry = connection.execute(select(server.c.slug, server.c.centre)).one(), change.after
    if known.centre:
        _remember(connection, CENTRE, change, today)
    slug = known.slug or slug_of(known.centre or registry.centre)  # for ever: printed desk cards bear it, whatever the centre's new name
    connection.execute(
        update(server).values(centre=registry.centre, time_zone=registry.time_zone, terms=encode_terms(registry, _sha256), slug=slug)
    )


def _remember(connection: Connection, kind: str, change: Change, today: date) -> None:
    before = change.before.centre if kind == CENTRE else change.before.name
    after = change.after.centre if kind == CENTRE else change.after.name
    numbers = (getattr(change.before, "number", ""), getattr(change.after, "number", ""))
    if before != after or numbers[0] != numbers[1]:
        remember(connection, kind, change.key, Name(before, numbers[0]), today)


def _values(connection: Connection, change: Change) -> dict[str, Any]:
    after = change.after
    values: dict[str, Any] = {"name": after.name, "retired": after.retired or None}
    if change.what == "sites":
        return values | {"address": after.address, "kind": after.kind, "terms": encode_terms(after, _sha256)}
    if change.what == "desks":
        x, y = after.place or (None, None)
        site_id = connection.execute(select(sites.c.id).where(sites.c.key == after.site)).scalar_one()
        return values | {"site_id": site_id, "number": after.number, "photo": _sha256(after.photo), "place_x": x, "place_y": y}
    return values


def _put_periods(connection: Connection, clerk: Clerk) -> None:
    id_ = connection.execute(select(clerks.c.id).where(clerks.c.key == clerk.key)).scalar_one()
    known = {row.key: row.id for row in connection.execute(select(desks.c.key, desks.c.id))}
    connection.execute(delete(clerk_desks).where(clerk_desks.c.clerk_id == id_))
    for period in clerk.desks or ():
        row = {"clerk_id": id_, "desk_id": known[period.desk], "first": period.first, "last": period.last}
        connection.execute(insert(clerk_desks).values(**row))


def _sha256(name: str | None) -> str | None:
    return stored_as(name or "")
