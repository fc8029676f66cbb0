"""Announcements in place of the question, and the sentences «ви сказали — ми зробили»."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
from sqlalchemy import insert, select, update

from feedback.notice import Announcement, AnnouncementKind
from feedback.questionnaire import Texts
from server.db.schema import announcements, deeds, sites
from server.errors import RegistryError
from server.registry.terms import check_texts

if TYPE_CHECKING:
    from sqlalchemy import Connection

DEFAULTS: Final[dict[AnnouncementKind, Texts]] = {
    AnnouncementKind.AIR_RAID: {
        "uk": "Повітряна тривога. Будь ласка, пройдіть до укриття.",
        "en": "Air raid alert. Please go to the shelter.",
    },
    AnnouncementKind.MAINTENANCE: {
        "uk": "Термінал тимчасово не працює. Дякуємо за розуміння.",
        "en": "This terminal is out of service for a while. Thank you for your patience.",
    },
}
"""What is said where nobody writes something else."""
_ORDER: Final = (AnnouncementKind.AIR_RAID, AnnouncementKind.MAINTENANCE, AnnouncementKind.INFORMATION)
_LATEST: Final = 100
YEAR_MIN: Final = 365 * 24 * 60
LANGUAGES: Final = ("uk", "en")


class Announced(msgspec.Struct, frozen=True):
    """An announcement as lists show it; `site` is None where it is for all."""

    id: int
    kind: AnnouncementKind
    site: str | None
    site_name: str | None
    texts: Texts
    made_ms: int
    until_ms: int | None
    withdrawn_ms: int | None

    def is_active(self, now_ms: int) -> bool:
        """Tell whether kiosks show it."""
        return self.withdrawn_ms is None and (self.until_ms is None or self.until_ms > now_ms)


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wants announced: at the site with this key or at all, for some minutes or until it is withdrawn."""

    kind: AnnouncementKind
    texts: Texts = {}
    site: str | None = None
    minutes: int | None = None
    made_by: int | None = None


class Deed(msgspec.Struct, frozen=True):
    """A sentence about what was done because visitors said so."""

    id: int
    texts: Texts
    made_ms: int


def announce(connection: Connection, wish: Wish, now_ms: int) -> int:
    """Make an announcement, in place of one of its kind for the same place; give its number.

    Raises:
        RegistryError: the site is unknown, a text is missing, or the time makes no sense.
    """
    texts = wish.texts or DEFAULTS.get(wish.kind, {})
    check_texts(texts, str(wish.kind), RegistryError)
    if wish.minutes is not None and not 1 <= wish.minutes <= YEAR_MIN:
        raise RegistryError("an announcement stays for one minute at least and a year at most")
    site_id = None if wish.site is None else connection.execute(select(sites.c.id).where(sites.c.key == wish.site)).scalar()
    if wish.site is not None and site_id is None:
        raise RegistryError(f"there is no site {wish.site!r}")
    for there in active(connection, now_ms):
        if (there.kind, there.site) == (wish.kind, wish.site):
            withdraw(connection, there.id, now_ms)
    until_ms = None if wish.minutes is None else now_ms + wish.minutes * 60_000
    values = {"kind": str(wish.kind), "site_id": site_id, "texts": _encode(texts), "made_by": wish.made_by, "until_ms": until_ms}
    return int(connection.execute(insert(announcements).values(**values, made_ms=now_ms).returning(announcements.c.id)).scalar_one())


def withdraw(connection: Connection, number: int, now_ms: int) -> None:
    """Take an announcement back; one that was taken back stays so.

    Raises:
        RegistryError: there is no such announcement.
    """
    here = announcements.c.id == number
    if connection.execute(select(announcements.c.id).where(here)).first() is None:
        raise RegistryError(f"there is no announcement {number}: `announcements` lists them")
    connection.execute(update(announcements).where(here, announcements.c.withdrawn_ms.is_(None)).values(withdrawn_ms=now_ms))


def active(connection: Connection, now_ms: int) -> list[Announced]:
    """Give what kiosks show now: air raid alerts before maintenance, maintenance before information."""
    found = [one for one in _listed(connection, only_standing=True) if one.is_active(now_ms)]
    return sorted(found, key=lambda one: (_ORDER.index(one.kind), one.id))


def latest(connection: Connection) -> list[Announced]:
    """Give the latest announcements, the newest first."""
    return _listed(connection, only_standing=False)


def for_kiosks(found: list[Announced], site: str) -> tuple[Announcement, ...]:
    """Give those of the active announcements that a site's kiosks show, as they are told."""
    return tuple(Announcement(str(one.id), one.kind, one.texts, one.until_ms) for one in found if one.site in (None, site))


def add_deed(connection: Connection, texts: Texts, now_ms: int, *, made_by: int | None = None) -> int:
    """Add a sentence «ви сказали — ми зробили»; kiosks show the latest.

    Raises:
        RegistryError: the Ukrainian text is missing, or one is too long.
    """
    check_texts(texts, "done", RegistryError)
    values = {"texts": _encode(texts), "made_ms": now_ms, "made_by": made_by}
    return int(connection.execute(insert(deeds).values(values).returning(deeds.c.id)).scalar_one())


def list_deeds(connection: Connection, most: int = _LATEST) -> list[Deed]:
    """Give the sentences, the newest first."""
    rows = connection.execute(select(deeds.c.id, deeds.c.texts, deeds.c.made_ms).order_by(deeds.c.id.desc()).limit(most))
    return [Deed(row.id, _decode(row.texts), row.made_ms) for row in rows]


def _listed(connection: Connection, *, only_standing: bool) -> list[Announced]:
    a = announcements.c
    query = select(a.id, a.kind, sites.c.key, sites.c.name, a.texts, a.made_ms, a.until_ms, a.withdrawn_ms)
    query = query.outerjoin_from(announcements, sites, sites.c.id == a.site_id).order_by(a.id.desc())
    query = query.where(a.withdrawn_ms.is_(None)) if only_standing else query.limit(_LATEST)
    return [Announced(row[0], AnnouncementKind(row[1]), row[2], row[3], _decode(row[4]), *row[5:]) for row in connection.execute(query)]


def _encode(texts: Texts) -> str:
    return msgspec.json.encode(texts, order="sorted").decode()


def _decode(text: str) -> Texts:
    return msgspec.json.decode(text, type=Texts)
