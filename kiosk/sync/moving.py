"""What becomes of the log when the kiosk gets another id: what was delivered stays the old one's, the rest begins a new chain."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from kiosk.sync.delivery import Fork

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from kiosk.sync.delivery import Ledger
    from kiosk.sync.outbox import Outbox

log = logging.getLogger(__name__)

KIOSK: Final = "kiosk"
"""The fact that says under which id the marks were made."""


def begin_as(kiosk: str, ledger: Ledger, outbox: Outbox, new_epoch: Callable[[], UUID]) -> None:
    """Take note of the id under which records go from now on; where it is another one, ask ui for a new epoch behind what was delivered.

    The contexts that its records name and that were delivered are said again in it (`kiosk.rechaining`).
    """
    before = ledger.fact(KIOSK)
    if before == kiosk:
        return
    epochs = outbox.epochs()
    delivered = {epoch.id: ledger.mark(epoch.id) for epoch in epochs}
    if before is not None and any(delivered.values()) and ledger.fork is None:
        first = next((epoch for epoch in epochs if delivered[epoch.id] < epoch.last), epochs[-1])
        log.info("records after %s of %s go as %s", delivered[first.id], first.id, kiosk)
        ledger.request_fork(Fork(first.id, delivered[first.id], new_epoch()))
        ledger.leave(delivered)  # before the id is noted: cut short here, it is done again, to the same end
    ledger.note(KIOSK, kiosk)
