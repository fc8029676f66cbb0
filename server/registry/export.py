"""Reads the whole registry out of the database, as a registry file says it; pictures are named by their content."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select

from server.db.schema import assets, clerk_desks, clerks, desks, kiosks, server, services, sites
from server.registry.file import AtDesk, Clerk, Desk, KioskPlace, RegistryFile, Service, Site
from server.registry.pictures import EXTENSIONS
from server.registry.terms import Terms, decode_terms, with_pictures

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection, Row

_STORED: Final = re.compile(r"pictures/([0-9a-f]{64})\.\w+")


def read_registry(connection: Connection) -> RegistryFile:
    """Give the registry as it is now. Nothing in it is left unsaid: what is in use has "" as its `retired`."""
    names = picture_names(connection)
    centre = connection.execute(select(server)).one()
    rows = {table: connection.execute(select(table).order_by(table.c.id)).all() for table in (sites, desks, services, clerks, kiosks)}
    site_of = {row.id: row.key for row in rows[sites]}
    desk_of = {row.id: row.key for row in rows[desks]}
    periods = defaultdict(list)
    for row in connection.execute(select(clerk_desks).order_by(clerk_desks.c.first)):
        periods[row.clerk_id].append(AtDesk(desk_of[row.desk_id], row.first, row.last))
    return RegistryFile(
        format=1,
        centre=centre.centre,
        time_zone=centre.time_zone,
        sites=tuple(_site(row, names) for row in rows[sites]),
        desks=tuple(_desk(row, site_of, names) for row in rows[desks]),
        services=tuple(Service(row.key, row.name, row.retired or "") for row in rows[services]),
        clerks=tuple(
            Clerk(row.key, row.name, tuple(sorted(periods[row.id], key=lambda one: (one.first, one.desk))), row.retired or "")
            for row in rows[clerks]
        ),
        kiosks=tuple(KioskPlace(row.id, row.name, desk_of.get(row.desk_id, "")) for row in rows[kiosks]),
        **_fields(with_pictures(decode_terms(centre.terms), names)),
    )


def picture_names(connection: Connection) -> dict[str, str]:
    """Give the names of the pictures that are stored, by their SHA-256."""
    rows = connection.execute(select(assets.c.sha256, assets.c.media))
    return {row.sha256: f"pictures/{row.sha256}.{EXTENSIONS[row.media]}" for row in rows}


def stored_as(name: str) -> str | None:
    """Give the SHA-256 of a picture that is named as an export names it."""
    found = _STORED.fullmatch(name)
    return found[1] if found else None


def _site(row: Row[Any], names: Mapping[str, str]) -> Site:
    terms = _fields(with_pictures(decode_terms(row.terms), names))
    return Site(key=row.key, name=row.name, address=row.address, kind=row.kind, retired=row.retired or "", **terms)


def _desk(row: Row[Any], site_of: Mapping[int, str], names: Mapping[str, str]) -> Desk:
    place = None if row.place_x is None or row.place_y is None else (row.place_x, row.place_y)
    return Desk(row.key, site_of[row.site_id], row.number, row.name, names.get(row.photo), place, row.retired or "")


def _fields(terms: Terms) -> dict[str, Any]:
    return {name: getattr(terms, name) for name in Terms.__struct_fields__}
