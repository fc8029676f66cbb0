"""Notices on their way in: what the server lets this kiosk's visitors know. The last good one stays until a newer one is accepted."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from kiosk import accepted
from kiosk.errors import NoticeRefusedError
from kiosk.folder import make_folder, write_durably

if TYPE_CHECKING:
    from kiosk.config import Config

log = logging.getLogger(__name__)


class NoticeReceiver:
    """Accepts notices for one kiosk from one server."""

    def __init__(self, config: Config) -> None:
        assert config.server is not None  # noqa: S101 - sync does not start without a server
        self._kiosk = config.kiosk.id
        self._signing_key = config.server.signing_key
        self._data_dir = config.data_dir
        make_folder(self._data_dir / accepted.FOLDER)
        self.number = self._accepted_number()
        """The number of the notice that was accepted last, 0 for none."""

    def receive(self, payload: bytes) -> bool:
        """Accept a signed message; whether it was new.

        Raises:
            NoticeRefusedError: not signed by this kiosk's server, another kiosk's, unusable, or older than the accepted one.
        """
        notice = accepted.open_notice(payload, self._kiosk, self._signing_key)
        if notice.number < self.number:
            raise NoticeRefusedError(f"notice {notice.number} is older than the accepted {self.number}")
        if notice.number == self.number:
            return False
        write_durably(self._data_dir / accepted.FOLDER / accepted.NOTICE, payload)
        self.number = notice.number
        return True

    def _accepted_number(self) -> int:
        try:
            notice = accepted.read_notice(self._data_dir, self._kiosk, self._signing_key)
        except NoticeRefusedError as error:
            log.warning("the accepted notice is not usable: %s", error)
            return 0
        return notice.number if notice else 0
