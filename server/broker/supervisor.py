"""Keeps one Mosquitto running: starts it, starts it again when it dies, and tells it when the list of kiosks has changed."""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import secrets
import select
import shutil
import signal
import socket
import subprocess
import threading
import time
from typing import TYPE_CHECKING, Final

from server.broker.files import hash_password, write_files
from server.broker.ports import wait_for_port
from server.broker.sessions import end_sessions
from server.errors import BrokerError, DatabaseUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from feedback.configuration import Secret
    from server.broker.files import Listener

log = logging.getLogger(__name__)
_WATCH_S: Final = 1.0
_FIRST_WAIT_S: Final = 0.1
_LONGEST_WAIT_S: Final = 30.0
_HEALTHY_S: Final = 60.0
_START_S: Final = 10.0
_PORT_WAIT_S: Final = 5.0
_SESSIONS_S: Final = 4.0


class Supervisor:
    """A supervised Mosquitto. `kiosks` gives the hash of every kiosk's credential, and is asked each second."""

    name = "broker"

    def __init__(self, folder: Path, listener: Listener, *, password: Secret, kiosks: Callable[[], Mapping[str, str]]) -> None:
        self._folder = folder
        self._listener = listener
        self._server_hash = hash_password(password.reveal())
        self._ask_kiosks = kiosks
        self._kiosks: Mapping[str, str] = {}
        self._stop_fd = os.eventfd(0)
        self._stopping = threading.Event()
        # The kernel sends the death signal when the thread that started Mosquitto ends, so one thread lives as long as we do.
        self._thread = threading.Thread(target=self._supervise, name="broker")
        self._lock: int | None = None
        self.pid: int | None = None

    def start(self) -> None:
        """Start Mosquitto and return when it listens. Whatever this raises, `stop` ends what has begun.

        Raises:
            BrokerError: it is not installed, does not come up, or another server runs the one of this folder.
            PortTakenError: another program listens on its port.
        """
        self._program = find_mosquitto()
        self._lock = _lock(self._folder)
        wait_for_port(self._listener.host, self._listener.port, setting="broker.port", within_s=_PORT_WAIT_S)
        self._kiosks = dict(self._ask_kiosks())
        self._write()
        self._thread.start()
        deadline = time.monotonic() + _START_S
        while not self.listens():
            if time.monotonic() > deadline or not self._thread.is_alive():
                raise BrokerError(f"mosquitto does not come up on {self._listener.host}:{self._listener.port}; its own words are above")
            time.sleep(0.02)

    def stop(self) -> None:
        """End Mosquitto and the thread that watches it."""
        self._stopping.set()
        os.eventfd_write(self._stop_fd, 1)
        if self._thread.is_alive():
            self._thread.join()
        os.close(self._stop_fd)
        if self._lock is not None:
            os.close(self._lock)

    def is_alive(self) -> bool:
        """Tell whether somebody still watches over Mosquitto."""
        return self._thread.is_alive()

    def _supervise(self) -> None:
        wait_s = _FIRST_WAIT_S
        try:
            while not self._stopping.is_set():
                began = time.monotonic()
                code = self._run_once()
                if self._stopping.is_set():
                    return
                wait_s = _FIRST_WAIT_S if time.monotonic() - began > _HEALTHY_S else min(wait_s * 2, _LONGEST_WAIT_S)
                log.warning("mosquitto ended (%s); starting it again in %.1f s", code, wait_s)
                select.select([self._stop_fd], [], [], wait_s)
        except Exception:  # the thread's outermost frame: the process ends, and its supervisor starts it again
            log.exception("the broker's supervisor has failed")

    def _run_once(self) -> int:
        command = ["setpriv", "--pdeathsig", "TERM", "--", self._program, "-c", str(self._folder / "mosquitto.conf")]
        # Mosquitto would tell systemd in our name that we are ready.
        environment = {name: value for name, value in os.environ.items() if name != "NOTIFY_SOCKET"}
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, env=environment) as child:  # noqa: S603 - our own words only
            self.pid = child.pid
            ended = os.pidfd_open(child.pid)
            try:
                while not self._stopping.is_set():
                    ready, _, _ = select.select([ended, self._stop_fd], [], [], _WATCH_S)
                    if ended in ready:
                        break
                    self._tell_changes(child)
            finally:
                os.close(ended)
                _end(child)
                self.pid = None
            return child.returncode

    def _tell_changes(self, child: subprocess.Popen[bytes]) -> None:
        try:
            kiosks = dict(self._ask_kiosks())
        except DatabaseUnavailableError as error:
            log.warning("cannot look for new kiosks: %s", error)
            return
        if kiosks != self._kiosks:
            gone = sorted(self._kiosks.keys() - kiosks.keys())
            if gone:
                self._end_sessions(child, gone, kiosks)
            self._kiosks = kiosks
            self._write()
            child.send_signal(signal.SIGHUP)
            log.info("told mosquitto about %d kiosks", len(kiosks))

    def _end_sessions(self, child: subprocess.Popen[bytes], gone: Sequence[str], kiosks: Mapping[str, str]) -> None:
        """End the sessions of those who are gone, signed in as them by a password that is known here alone and for this moment."""
        password = secrets.token_urlsafe(32)
        users = {**kiosks, **dict.fromkeys(gone, hash_password(password))}
        write_files(self._folder, self._listener, users, server_hash=self._server_hash)
        child.send_signal(signal.SIGHUP)
        left = end_sessions(self._listener, gone, password, within_s=_SESSIONS_S)
        if left:
            log.warning("mosquitto may keep the sessions of %s for an hour", ", ".join(left))

    def _write(self) -> None:
        write_files(self._folder, self._listener, self._kiosks, server_hash=self._server_hash)

    def listens(self) -> bool:
        """Tell whether Mosquitto takes connections."""
        with contextlib.suppress(OSError), socket.create_connection(self._listener.reached_at, timeout=1):
            return True
        return False


def _lock(folder: Path) -> int:
    """Hold the folder for this server alone, until the descriptor is closed or the process dies.

    Raises:
        BrokerError: another server holds it.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    held = os.open(folder / "lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(held)
        raise BrokerError(f"another vidhuk-server runs the broker of {folder}: stop it first, or choose another data_dir") from None
    return held


def find_mosquitto() -> str:
    """Give the path of the program.

    Raises:
        BrokerError: it is not installed.
    """
    program = shutil.which("mosquitto", path=os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin")))
    if program is None:
        raise BrokerError(
            "the MQTT broker is not installed: install the package mosquitto, or set broker.supervised = false to use another one"
        )
    return program


def _end(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(5)
        except subprocess.TimeoutExpired:
            child.kill()
