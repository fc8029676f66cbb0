"""What each kiosk is told: built from the registry, numbered anew when its content changes, and signed."""

from __future__ import annotations

import hashlib
import logging
from typing import TYPE_CHECKING, Any, Final

import msgspec
from sqlalchemy import select, update

from feedback.settings import PURPOSE, DeskOption, KioskSettings
from feedback.signed import sign
from feedback.wire import MAX_PACKET_BYTES, encode
from server.db.schema import desks, kiosks, server, sites
from server.errors import RegistryError
from server.registry.assignments import plan_for
from server.registry.terms import decode_terms, hours_of, look_of, merge, timing_of
from server.registry.ticket_terms import rules_of, slip_of, slug_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sqlalchemy import Connection, Row

    from feedback.tickets import TicketRules
    from server.registry.terms import Terms

_TOPIC_BYTES: Final = 256  # the packet's head and topic
log = logging.getLogger(__name__)
_NUMBERS_BEGIN_MS: Final = 1_577_836_800_000  # 2020: as seconds since then, versions fit 31 bits until 2088
_MAX_VERSION: Final = 2**31 - 1
_AHEAD_MS: Final = 366 * 86_400_000


ASSETS_PATH: Final = "/kiosk-assets"
"""Where the pages serve pictures, by their SHA-256."""


def build_settings(connection: Connection, kiosk: str) -> KioskSettings | None:
    """Give a kiosk's settings, or None for a kiosk that does not exist."""
    row = connection.execute(select(kiosks, sites.c.key, sites.c.terms).join(sites).where(kiosks.c.id == kiosk)).first()
    if row is None:
        return None
    there = connection.execute(select(desks).where(desks.c.site_id == row.site_id, desks.c.retired.is_(None)).order_by(desks.c.id)).all()
    options = {desk.id: _option(desk) for desk in there}
    centre = connection.execute(select(server)).one()
    terms = merge(decode_terms(centre.terms), decode_terms(row.terms))
    plan = plan_for(connection, kiosk, row.key, [option.id for option in options.values()])
    settings = KioskSettings(
        version=row.settings_version,
        kiosk=kiosk,
        centre=centre.centre,
        questionnaire=plan.main,
        desk=options.get(row.desk_id),
        desks=tuple(_in_order(options.values())),
        timing=timing_of(terms),
        questionnaires=plan.others,
        routes=plan.routes,
        hours=hours_of(terms, centre.time_zone),
        look=look_of(terms),
        plan=terms.plan,
        shelter=terms.shelter,
        call_person=terms.call_person is not False,
        tickets=_rules(centre, terms, row.key),
        slip=slip_of(terms.slip, centre.public_url),
    )
    return msgspec.structs.replace(settings, assets_url=centre.public_url + ASSETS_PATH) if settings.assets else settings


def ticket_rules(connection: Connection, site: str) -> TicketRules:
    """Give the rules by which the kiosks of a site read tickets.

    Raises:
        RegistryError: there is no such site.
    """
    row = connection.execute(select(sites.c.terms).where(sites.c.key == site)).first()
    if row is None:
        raise RegistryError(f"there is no site {site!r}")
    centre = connection.execute(select(server)).one()
    terms = merge(decode_terms(centre.terms), decode_terms(row.terms))
    return _rules(centre, terms, site)


def desk_options(connection: Connection, site: str) -> list[DeskOption]:
    """Give the desks of a site as kiosks know them, in the order of their numbers."""
    query = select(desks).join(sites).where(sites.c.key == site, desks.c.retired.is_(None)).order_by(desks.c.id)
    return _in_order(_option(desk) for desk in connection.execute(query))


def _rules(centre: Row[Any], terms: Terms, site: str) -> TicketRules:
    return rules_of(terms.tickets, scope=site, slug=centre.slug or slug_of(centre.centre), zone=centre.time_zone)


def _in_order(options: Iterable[DeskOption]) -> list[DeskOption]:
    return sorted(options, key=lambda option: (len(option.number), option.number))


def _option(desk: Row[Any]) -> DeskOption:
    place = None if desk.place_x is None or desk.place_y is None else (desk.place_x, desk.place_y)
    return DeskOption(id=desk.key, number=desk.number, name=desk.name, photo=desk.photo, place=place)


def remember_address(connection: Connection, public_url: str, *, is_set: bool) -> None:
    """Remember where people and kiosks reach the pages; a process whose configuration does not say so changes nothing that is known."""
    known = connection.execute(select(server.c.public_url)).scalar_one()
    if (is_set and known != public_url) or not known:
        connection.execute(update(server).values(public_url=public_url))


def check_sizes(connection: Connection) -> None:
    """Check that every kiosk's settings fit into a packet.

    Raises:
        RegistryError: they are too large for one kiosk.
    """
    for kiosk in connection.execute(select(kiosks.c.id)).scalars().all():
        size = len(signed_settings(connection, kiosk, signer=lambda _: bytes(64)) or b"")
        if size > MAX_PACKET_BYTES - _TOPIC_BYTES:
            raise RegistryError(
                f"the settings of {kiosk} would have {size // 1024} KiB, and {MAX_PACKET_BYTES // 1024} are the most that it can be sent: "
                "assign it fewer or shorter questionnaires"
            )


def signed_settings(connection: Connection, kiosk: str, *, signer: Callable[[bytes], bytes]) -> bytes | None:
    """Give a kiosk's settings as they go on the wire, or None for a kiosk that does not exist."""
    settings = build_settings(connection, kiosk)
    return None if settings is None else encode(sign(settings, PURPOSE, signer))


def number_settings(connection: Connection, *, now_ms: int) -> list[str]:
    """Raise the version of every kiosk's settings whose content has changed; give those kiosks."""
    changed = []
    for row in connection.execute(select(kiosks.c.id, kiosks.c.settings_version, kiosks.c.settings_digest)).all():
        settings = build_settings(connection, row.id)
        digest = hashlib.sha256(msgspec.json.encode(msgspec.structs.replace(settings, version=0) if settings else None)).digest()
        if digest == row.settings_digest:
            continue
        version = _version_after(row.settings_version, now_ms)
        connection.execute(update(kiosks).where(kiosks.c.id == row.id).values(settings_version=version, settings_digest=digest))
        changed.append(row.id)
    return changed


def renumber_settings(connection: Connection, *, now_ms: int) -> None:
    """Raise every version: kiosks have taken newer settings than a database that comes from a backup knows of."""
    for row in connection.execute(select(kiosks.c.id, kiosks.c.settings_version)).all():
        _raise(connection, row.id, row.settings_version, now_ms)


def outdo(connection: Connection, kiosk: str, applied: int, *, refused: bool, now_ms: int) -> None:
    """Raise a kiosk's version above the one that it has `applied` where it has `refused` ours, or can only refuse them as older.

    So it is where the database is an older copy of itself. No server has issued a version of more than a year ahead: who claims to have
    applied one has none of ours, and would use the versions up.
    """
    if applied > _by_time(now_ms + _AHEAD_MS):
        log.warning("%s claims settings of version %d, which no server has issued yet", kiosk, applied)
        return
    version = connection.execute(select(kiosks.c.settings_version).where(kiosks.c.id == kiosk)).scalar()
    if version is not None and (applied > version or (refused and applied == version)):
        _raise(connection, kiosk, applied, now_ms)


def _raise(connection: Connection, kiosk: str, version: int, now_ms: int) -> None:
    connection.execute(update(kiosks).where(kiosks.c.id == kiosk).values(settings_version=_version_after(version, now_ms)))


def _version_after(version: int, now_ms: int) -> int:
    """Give the next version: by the time, so that a kiosk that is added again, or a restored server, does not use a number twice."""
    return min(_MAX_VERSION, max(_by_time(now_ms), version + 1))


def _by_time(now_ms: int) -> int:
    return (now_ms - _NUMBERS_BEGIN_MS) // 1000
