"""One centre on this machine: the server's processes and a kiosk's, started as their users would start them."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING, Final, Self
from urllib.error import URLError
from urllib.request import urlopen

if TYPE_CHECKING:
    from collections.abc import Callable

CENTRE: Final = Path(__file__).with_name("centre.yaml")
SCRIPTS: Final = Path(sys.executable).parent
START_S: Final = 30.0


class HouseError(RuntimeError):
    """A process did not start or ended by itself; the message has its name and its last words."""


def free_port(wish: int = 0) -> int:
    """Give `wish` if nobody listens there, else a port that is free now."""
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", wish))
        except OSError:
            return free_port()
        return int(probe.getsockname()[1])


def wait_for(ready: Callable[[], object], what: str, seconds: float = START_S) -> None:
    """Poll until `ready` gives something true.

    Raises:
        HouseError: it did not within `seconds`.
    """
    until = monotonic() + seconds
    while not ready():
        if monotonic() > until:
            raise HouseError(f"{what}: not within {seconds:g} s")
        sleep(0.02)


class House:
    """All processes and files of one sample centre, in one folder."""

    def __init__(self, folder: Path, *, database: str = "", web_port: int = 0, broker_port: int = 0, scripts: Path = SCRIPTS) -> None:
        self.folder = folder
        self.scripts = scripts
        self.web_port = free_port(web_port)
        self.broker_port = free_port(broker_port)
        self.server_toml = folder / "server.toml"
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        folder.mkdir(parents=True, exist_ok=True)
        self._write_configuration(database)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def url(self) -> str:
        """Where the pages are."""
        return f"http://127.0.0.1:{self.web_port}"

    def kiosk_folder(self, kiosk: str) -> Path:
        """Where a kiosk keeps its files."""
        return self.folder / "kiosks" / kiosk

    def mirror(self, kiosk: str) -> Path:
        """Where a kiosk's window is mirrored."""
        return self.kiosk_folder(kiosk) / "mirror"

    def server(self, *words: str) -> str:
        """Run a command of vidhuk-server to its end and give what it printed.

        Raises:
            HouseError: it failed.
        """
        done = subprocess.run(
            [str(self.scripts / "vidhuk-server"), *words, "--config", str(self.server_toml)], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise HouseError(f"vidhuk-server {' '.join(words)}: {done.stderr.strip()}")
        return done.stdout

    def add_kiosk(self, kiosk: str, site: str, desk: str = "") -> Path:
        """Add a kiosk to the registry and give its kiosk.toml with its credential; an added one keeps its own."""
        return self._have_kiosk("add", kiosk, site, desk)

    def invite_kiosk(self, kiosk: str, site: str, desk: str = "") -> Path:
        """Invite a kiosk and give its kiosk.toml with the claim by which it enrols once it runs; an invited one keeps its own."""
        return self._have_kiosk("invite", kiosk, site, desk)

    def _have_kiosk(self, how: str, kiosk: str, site: str, desk: str) -> Path:
        folder = self.kiosk_folder(kiosk)
        toml = folder / "kiosk.toml"
        if not toml.exists():
            folder.mkdir(parents=True, exist_ok=True)
            at_desk = ["--desk", desk] if desk else []
            self.server("kiosk", how, kiosk, "--site", site, *at_desk, "--hardware", "simulated", "--output", str(toml))
        text = toml.read_text(encoding="utf-8")
        lines = [self._here(line, folder) for line in text.splitlines()]
        toml.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return toml

    def start(self, name: str, *words: str, environment: dict[str, str] | None = None) -> subprocess.Popen[bytes]:
        """Start a program under `name`; what it says goes to `<name>.log`."""
        log = (self.folder / f"{name}.log").open("ab")
        self.running[name] = subprocess.Popen(
            [str(self.scripts / words[0]), *words[1:]],
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            env=os.environ | (environment or {}),
        )
        log.close()
        return self.running[name]

    def start_server(self, part: str = "run") -> None:
        """Start the server, or one part of it, and wait until what it opens is open."""
        self.start(part, "vidhuk-server", part, "--config", str(self.server_toml))
        if part in ("run", "broker"):
            self._wait_for(part, lambda: not _is_free(self.broker_port))
        if part in ("run", "web"):
            self._wait_for(part, lambda: _answers(self.url + "/sign-in"))

    def start_kiosk(self, kiosk: str, *, window: bool = False) -> None:
        """Start both processes of a kiosk; without a desktop's `window` it draws off-screen. Waits for its picture."""
        self.start_ui(kiosk, window=window)
        self.start_sync(kiosk)

    def start_ui(self, kiosk: str, *, window: bool = False) -> None:
        """Start a kiosk's screen and wait until it is drawn."""
        mirror = self.mirror(kiosk)
        mirror.unlink(missing_ok=True)
        environment = {} if window else {"SDL_VIDEODRIVER": "offscreen"}
        toml = str(self.kiosk_folder(kiosk) / "kiosk.toml")
        self.start(f"ui-{kiosk}", "vidhuk-kiosk", "ui", "--config", toml, "--mirror", str(mirror), environment=environment)
        self._wait_for(f"ui-{kiosk}", mirror.exists)

    def start_sync(self, kiosk: str) -> None:
        """Start a kiosk's delivery."""
        self.start(f"sync-{kiosk}", "vidhuk-kiosk", "sync", "--config", str(self.kiosk_folder(kiosk) / "kiosk.toml"))

    def kill(self, name: str) -> None:
        """SIGKILL a process, as a power cut or the kernel would."""
        process = self.running.pop(name)
        process.kill()
        process.wait()

    def check(self) -> None:
        """Say so if any process has ended by itself.

        Raises:
            HouseError: with its last words.
        """
        for name, process in self.running.items():
            if process.poll() is not None:
                raise HouseError(f"{name} ended with code {process.returncode}: {self.last_words(name)}")

    def last_words(self, name: str) -> str:
        """Give the end of a process's log."""
        return "\n".join((self.folder / f"{name}.log").read_text(encoding="utf-8", errors="replace").splitlines()[-8:])

    def close(self) -> None:
        """End everything that was started, the newest first."""
        while self.running:
            _, process = self.running.popitem()
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _wait_for(self, name: str, ready: Callable[[], bool]) -> None:
        wait_for(lambda: ready() or self.running[name].poll() is not None, name)
        self.check()

    def _write_configuration(self, database: str) -> None:
        data = self.folder / "server"
        self.server_toml.write_text(
            f'data_dir = "{data}"\n'
            + (f'database = "{database}"\n' if database else "")
            + f'[web]\nport = {self.web_port}\npublic_url = "{self.url}"\n[broker]\nport = {self.broker_port}\n',
            encoding="utf-8",
        )

    def _here(self, line: str, folder: Path) -> str:
        for key, value in (
            ("data_dir", f'"{folder}"'),
            ("port", str(self.broker_port)),
            ("fullscreen", "false"),
        ):
            if line.startswith(f"{key} ="):
                return f"{key} = {value}"
        return line


def _is_free(port: int) -> bool:
    return free_port(port) == port


def _answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=2):
            return True
    except URLError:
        return False
