"""The slip that a visitor takes along (H10), as a value: the same for every answer. Pure."""

from __future__ import annotations

import msgspec


class Slip(msgspec.Struct, frozen=True, kw_only=True):
    """What stands on the paper, from top to bottom; empty texts are left out.

    `date` is written out, empty where the kiosk does not trust its clock. `code` is the verification code of the vote, shown as text and,
    within `check_url`, as QR. `made_ms` is CLOCK_BOOTTIME in milliseconds, from which a slip that has become stale is known.
    """

    language: str
    centre: str
    thanks: str
    date: str
    code: str
    check_url: str
    hot_line: str
    note: str
    made_ms: int
