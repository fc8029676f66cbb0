"""What a scanned ticket tells about a visit."""

from __future__ import annotations

import msgspec


class Ticket(msgspec.Struct, frozen=True):
    """The desk and the service of one queue ticket, by their registry keys; None where the ticket does not tell."""

    desk: str | None = None
    service: str | None = None
