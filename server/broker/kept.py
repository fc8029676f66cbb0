"""Keeps the files of a Mosquitto that somebody else runs as the registry is; that it reads them again is for its own service to see to."""

from __future__ import annotations

import grp
import logging
import os
import pwd
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from server.broker.files import Listener, hash_password, write_files
from server.errors import BrokerError, DatabaseUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from feedback.configuration import Secret
    from server.authority import Authority

log = logging.getLogger(__name__)
BROKER_USER: Final = "mosquitto"
"""The user that Debian's package makes for the broker."""
_WATCH_S: Final = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the files are to be, and for whom: Mosquitto listens on `host` and `port`, and is called by these names."""

    folder: Path
    host: str
    port: int
    names: Iterable[str]


def write_all(place: Place, authority: Authority, users: Mapping[str, str], *, password: Secret) -> Path:
    """Write configuration, certificate, access list and passwords, for the folder's group to read; give the configuration's path.

    Raises:
        BrokerError: the folder is not there or cannot be written.
    """
    if not place.folder.is_dir():
        make = f"install -d -o {pwd.getpwuid(os.geteuid()).pw_name} -g {BROKER_USER} -m 2750 {place.folder}"
        raise BrokerError(f"{place.folder} is no folder: make one that the broker can read, as root: {make}")
    try:
        certificate = authority.certify(place.folder, place.names, for_group=True)
        listener = Listener(place.host, place.port, certificate)
        return write_files(place.folder, listener, users, server_hash=hash_password(password.reveal()), broker_user=BROKER_USER)
    except OSError as error:
        raise BrokerError(f"{place.folder} cannot be written for the broker: {error.strerror or error}") from error


def group_of(folder: Path) -> str:
    """Give the name of the group that may read the folder's files."""
    number = folder.stat().st_gid
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)


class KeptFiles:
    """The running part: looks each second whether kiosks have come or gone."""

    name = "broker files"

    def __init__(self, place: Place, authority: Authority, *, password: Secret, users: Callable[[], Mapping[str, str]]) -> None:
        self._place = place
        self._authority = authority
        self._password = password
        self._ask_users = users
        self._users: Mapping[str, str] = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="broker-files")

    def start(self) -> None:
        """Write everything, and go on watching.

        Raises:
            BrokerError: the folder cannot be written.
        """
        self._users = dict(self._ask_users())
        write_all(self._place, self._authority, self._users, password=self._password)
        self._thread.start()

    def stop(self) -> None:
        """End the thread that watches; the files stay."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def is_alive(self) -> bool:
        """Tell whether somebody still watches."""
        return self._thread.is_alive()

    def _watch(self) -> None:
        try:
            while not self._stopping.wait(_WATCH_S):
                self._look()
        except Exception:  # the thread's outermost frame: the process ends, and its supervisor starts it again
            log.exception("keeping the broker's files has failed")

    def _look(self) -> None:
        try:
            users = dict(self._ask_users())
            if users != self._users:
                write_all(self._place, self._authority, users, password=self._password)
                self._users = users
                log.info("wrote the broker's files for %d users", len(users))
        except (DatabaseUnavailableError, BrokerError) as error:
            log.warning("the broker's files stay as they were: %s", error)
