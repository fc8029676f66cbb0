"""The pages by groups, and who may open each: the one list from which every page's links come."""

from __future__ import annotations

from typing import Final

import msgspec

from server.web.accounts import ADMINS, COUNTERS, IMPORTERS, KEEPERS, OVERSEERS, READERS, ROLES, TELLERS
from server.web.language import N_


class Entry(msgspec.Struct, frozen=True):
    """A page: its address, what it is called, the roles that open it, and how addresses of pages below it begin if not as its own.

    Pages about ratings keep their question from one to the next.
    """

    path: str
    title: str
    roles: tuple[str, ...]
    also: tuple[str, ...] = ()
    keeps_question: bool = False


class Group(msgspec.Struct, frozen=True):
    """Pages that belong together, the first of them in front."""

    title: str
    entries: tuple[Entry, ...]


GROUPS: Final = (
    Group(
        N_("Ratings"),
        (
            Entry("/", N_("Desks"), READERS, also=("/desks/",), keeps_question=True),
            Entry("/compare", N_("Compare"), READERS, keeps_question=True),
            Entry("/reasons", N_("Reasons"), READERS, keeps_question=True),
            Entry("/misuse", N_("Suspicious votes"), READERS),
            Entry("/briefing", N_("Morning briefing"), READERS),
            Entry("/my-desk", N_("My desk"), ROLES),
            Entry("/wall", N_("Wall"), READERS),
            Entry("/public", N_("Public page"), READERS),
        ),
    ),
    Group(
        N_("Terminals"),
        (
            Entry("/kiosks", N_("Kiosks"), KEEPERS, also=("/kiosk-invitations", "/quarantine")),
            Entry("/calls", N_("Calls"), ROLES),
            Entry("/boxes", N_("Boxes"), COUNTERS),
            Entry("/coverage", N_("Coverage"), KEEPERS),
            Entry("/pilot", N_("Pilot"), KEEPERS),
        ),
    ),
    Group(
        N_("For visitors"),
        (
            Entry("/announcements", N_("Announcements"), TELLERS),
            Entry("/done", N_("You said — we did"), TELLERS),
        ),
    ),
    Group(
        N_("Administration"),
        (
            Entry("/queue", N_("Queue"), IMPORTERS),
            Entry("/registry", N_("Registry"), ADMINS),
            Entry("/audit", N_("Audit log"), OVERSEERS),
        ),
    ),
)


class Shown(msgspec.Struct, frozen=True):
    """A group as one person sees it, and which of its pages is open: itself or one below it."""

    title: str
    entries: tuple[Entry, ...]
    current: Entry | None


def navigation(role: str, path: str) -> list[Shown]:
    """Give the groups of which a role opens something."""
    groups = []
    for group in GROUPS:
        entries = tuple(entry for entry in group.entries if role in entry.roles)
        current = max((entry for entry in entries if _is_in(entry, path)), key=lambda entry: len(entry.path), default=None)
        if entries:
            groups.append(Shown(group.title, entries, current))
    return groups


def _is_in(entry: Entry, path: str) -> bool:
    if entry.path == "/":
        return path == "/" or path.startswith(entry.also)
    return path == entry.path or path.startswith((f"{entry.path}/", *entry.also))
