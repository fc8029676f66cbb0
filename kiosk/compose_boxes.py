"""The counting of ticket boxes, put together."""

from __future__ import annotations

import secrets
from functools import partial
from typing import TYPE_CHECKING

from kiosk import accepted
from kiosk.boxes import QUESTIONNAIRE, Boxes, BoxMeans
from kiosk.clock import id_maker
from kiosk.process import SOFTWARE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from uuid import UUID

    from feedback.records import AnyRecord, Moment
    from feedback.tickets import Refusal, TicketToken
    from kiosk.clock import Clock
    from kiosk.recorder import Recorder
    from kiosk.scans import Scanned
    from kiosk.screens import Screen
    from kiosk.ticket_desk import TicketDesk


def open_boxes(  # noqa: PLR0913 - what counting can set off
    clock: Clock,
    recorder: Recorder,
    tickets: TicketDesk,
    *,
    read: Callable[[str, Moment], Scanned | Refusal | None],
    seal: Callable[[str], bytes],
    show: Callable[[Screen], None],
    after_frame: Callable[[Callable[[], None]], None],
) -> Boxes:
    """Put it together; `show` is called with its screens and with those of the visit, `after_frame` has a call done soon."""

    def record(token: int, records: tuple[AnyRecord, ...], sealed: Mapping[UUID, bytes], spent: Mapping[UUID, TicketToken]) -> None:
        after_frame(lambda: recorder.record(token, records, sealed, spent, to=boxes))

    means = BoxMeans(
        id_maker(clock),
        partial(secrets.randbits, 48),
        read=read,
        seal=seal,
        spend=tickets.spend,
        give_back=tickets.give_back,
    )
    boxes = Boxes(partial(accepted.shipped, QUESTIONNAIRE), software=SOFTWARE, clock=clock, means=means, record=record, show=show)
    return boxes
