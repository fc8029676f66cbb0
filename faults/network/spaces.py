"""A network of its own for kiosks: a namespace behind a link that can go down, get slow, or lose all packets without a word."""

from __future__ import annotations

import os
import subprocess
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Final, Self

from demo.house import HouseError
from faults.table import NotDoneError

if TYPE_CHECKING:
    from pathlib import Path

NETWORKS: Final = ip_network("198.18.0.0/15")
"""For trying networks out (RFC 2544): no real one has these addresses."""
WITHOUT: Final = "network namespaces cannot be made here: run as root, with the package iproute2, on a machine that is no closed container"


class Space:
    """A network namespace that reaches this machine at `our_end` and nothing else."""

    def __init__(self) -> None:
        number = os.getpid()
        self._name, self._ours, self._theirs = f"vidhuk-{number}", f"vf{number}", f"vt{number}"
        first = int(NETWORKS.network_address) + number % 2**15 * 4  # four addresses for each process, so that none disturbs another
        self.our_end, self._their_end = str(ip_address(first + 1)), str(ip_address(first + 2))
        self._running: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        try:
            self._make()
        except (OSError, subprocess.CalledProcessError) as error:
            self._remove()
            said = error.stderr.decode().strip() if isinstance(error, subprocess.CalledProcessError) else str(error)
            raise NotDoneError(f"{WITHOUT} ({said})") from error
        return self

    def __exit__(self, *_: object) -> None:
        self.stop_programs()
        self._remove()

    def start(self, log: Path, *words: str) -> None:
        """Start a program in it; what it says goes to `log`."""
        with log.open("ab") as said:
            command = ["ip", "netns", "exec", self._name, *words]
            self._running.append(subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=said, stderr=said))

    def stop_programs(self) -> None:
        """End all of them."""
        for process in self._running:
            process.terminate()
        while self._running:
            process = self._running.pop()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def set_link(self, state: str) -> None:
        """Take the kiosks' end of the link "down", or "up"."""
        _do("ip", "-n", self._name, "link", "set", self._theirs, state)

    def swallow(self) -> None:
        """Let every packet vanish, on both ways: the link is up and nobody is told."""
        self._queue("blackhole")

    def slow_down(self, rate: str) -> None:
        """Let the link carry so much in each direction, as `tc` writes rates."""
        self._queue("tbf", "rate", rate, "burst", "4000", "latency", "2s")

    def heal(self) -> None:
        """Let everything through again."""
        for within, device in self._ends():
            _do("tc", *within, "qdisc", "replace", "dev", device, "root", "pfifo", "limit", "1000")

    def check(self) -> None:
        """Say so if a program has ended by itself.

        Raises:
            HouseError: one has.
        """
        if any(process.poll() is not None for process in self._running):
            raise HouseError("a kiosk's delivery has ended by itself")

    def _queue(self, *words: str) -> None:
        for within, device in self._ends():
            _do("tc", *within, "qdisc", "replace", "dev", device, "root", *words)

    def _ends(self) -> tuple[tuple[tuple[str, ...], str], ...]:
        return ((), self._ours), (("-n", self._name), self._theirs)

    def _make(self) -> None:
        inside = ("ip", "-n", self._name)
        _do("ip", "netns", "add", self._name)
        _do("ip", "link", "add", self._ours, "type", "veth", "peer", "name", self._theirs, "netns", self._name)
        _do("ip", "address", "add", f"{self.our_end}/30", "dev", self._ours)
        _do(*inside, "address", "add", f"{self._their_end}/30", "dev", self._theirs)
        _do("ip", "link", "set", self._ours, "up")
        _do(*inside, "link", "set", self._theirs, "up")

    def _remove(self) -> None:
        for words in (("link", "delete", self._ours), ("netns", "delete", self._name)):
            try:
                subprocess.run(["ip", *words], check=False, capture_output=True)
            except OSError:  # there is no `ip`, so there is nothing to remove
                return


def _do(*words: str) -> None:
    subprocess.run(words, check=True, capture_output=True)
