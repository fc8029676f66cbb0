"""What the server lets a kiosk's visitors know: how many answered, what was done about it, announcements, and who is on the way."""

from __future__ import annotations

from enum import StrEnum
from typing import Final
from uuid import UUID

import msgspec

from feedback.questionnaire import Texts

PURPOSE: Final = "vidhuk notice 1"


class AnnouncementKind(StrEnum):
    """Why the kiosk asks nothing for a while; none of them is an outage."""

    MAINTENANCE = "maintenance"
    AIR_RAID = "air_raid"
    INFORMATION = "information"


class Announcement(msgspec.Struct, frozen=True):
    """A sentence in place of the question, until it is withdrawn or `until_ms` (1970 UTC, by a trusted clock) has passed.

    An air raid alert stands before maintenance, maintenance before information.
    """

    id: str
    kind: AnnouncementKind
    text: Texts
    until_ms: int | None = None


class Notice(msgspec.Struct, frozen=True):
    """One notice; `number` only grows. In `month` (such as "2026-11") `answered` people gave an answer at this centre.

    `done` is the latest «ви сказали — ми зробили» in each language. `answered_calls` are the ids of the calls for
    a person that staff have taken.
    """

    number: int
    kiosk: str
    month: str = ""
    answered: int = 0
    done: Texts = {}
    announcements: tuple[Announcement, ...] = ()
    answered_calls: tuple[UUID, ...] = ()
