"""Puts a registry file into the database. Loading the same file twice changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from sqlalchemy import insert, select, update

from server.db.bulk import insert_rows
from server.db.schema import assets, clerks, desks, server, services, sites
from server.errors import RegistryError
from server.registry.pictures import Picture
from server.registry.terms import encode_terms
from server.registry.ticket_terms import slug_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection, Table

    from server.registry.file import Desk, RegistryFile

NO_PICTURES: Final[Mapping[str, Picture]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What loading did. `absent` are keys that the database has and the file has not: they stay, for old votes name them."""

    added: int
    changed: int
    absent: tuple[str, ...]


def load_registry(connection: Connection, registry: RegistryFile, pictures: Mapping[str, Picture] = NO_PICTURES) -> Loaded:
    """Make the database say what the file says; `pictures` are the files that it names.

    Raises:
        RegistryError: a desk would move to another site, and old votes with it.
    """
    insert_rows(connection, assets, Picture._fields, sorted({*pictures.values()}), on_conflict="ON CONFLICT DO NOTHING")
    names = {name: picture.sha256 for name, picture in pictures.items()}
    terms = encode_terms(registry, names)
    known = connection.execute(select(server.c.slug, server.c.centre)).one()
    slug = known.slug or slug_of(known.centre or registry.centre)  # for ever: printed desk cards bear it, whatever the centre's new name
    connection.execute(update(server).values(centre=registry.centre, time_zone=registry.time_zone, terms=terms, slug=slug))
    site_rows = {site.key: {"name": site.name, "address": site.address, "terms": encode_terms(site, names)} for site in registry.sites}
    parts = [_merge(connection, sites, site_rows)]
    ids = {row.key: row.id for row in connection.execute(select(sites.c.key, sites.c.id))}
    desk_rows = {desk.key: _desk_row(desk, ids[desk.site], names) for desk in registry.desks}
    for row in connection.execute(select(desks.c.key, desks.c.site_id)):
        if row.key in desk_rows and desk_rows[row.key]["site_id"] != row.site_id:
            raise RegistryError(
                f"desk {row.key!r} would move to another site: give the desk there a new key, so that old votes stay where they were cast"
            )
    parts.append(_merge(connection, desks, desk_rows))
    parts.append(_merge(connection, services, {service.key: {"name": service.name} for service in registry.services}))
    parts.append(_merge(connection, clerks, {clerk.key: {"name": clerk.name} for clerk in registry.clerks}))
    return Loaded(
        added=sum(part.added for part in parts),
        changed=sum(part.changed for part in parts),
        absent=tuple(key for part in parts for key in part.absent),
    )


def _desk_row(desk: Desk, site_id: int, names: Mapping[str, str]) -> dict[str, object]:
    x, y = desk.place or (None, None)
    photo = names.get(desk.photo or "")
    return {"site_id": site_id, "number": desk.number, "name": desk.name, "photo": photo, "place_x": x, "place_y": y}


def _merge(connection: Connection, table: Table, wanted: Mapping[str, Mapping[str, object]]) -> Loaded:
    there = {row["key"]: row for row in connection.execute(select(table)).mappings()}
    added = changed = 0
    for key, values in wanted.items():
        if key not in there:
            connection.execute(insert(table).values(key=key, **values))
            added += 1
        elif any(there[key][name] != value for name, value in values.items()):
            connection.execute(update(table).where(table.c.key == key).values(**values))
            changed += 1
    absent = tuple(f"{table.name} {key}" for key in there if key not in wanted)
    return Loaded(added=added, changed=changed, absent=absent)
