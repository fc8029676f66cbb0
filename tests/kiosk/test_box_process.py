"""Staff before a whole simulated kiosk: the gesture, the PIN, the menu, a scanner and the log."""

from __future__ import annotations

import math
import sqlite3
import time
from contextlib import suppress
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

import pytest

from feedback import looks
from feedback.records import BoxCount, Channel, Context, TicketScan, Undo, Vote, decode_body
from kiosk.hardware.simulated.scanner import PIPE, scan
from kiosk.screens import FINISH, LEAVE, OTHER_BOX, UNDO
from kiosk.store import FILE
from kiosk.technician import pin
from tests.feedback.tickets import signed
from tests.kiosk.support import MirrorClient, running, wait_until
from tests.kiosk.test_beside import today, with_tickets
from tests.kiosk.test_store import logged, rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from feedback.records import AnyRecord

__all__ = ["today", "with_tickets"]  # fixtures

PIN = "482915"
ROUND = ((0.01, 0.01), (0.99, 0.01), (0.99, 0.99), (0.01, 0.99), (0.01, 0.01))
PATIENCE_S = 5.0


def records(data_dir: Path) -> list[AnyRecord]:
    with suppress(sqlite3.OperationalError):  # the log is opened once the first screen has been seen
        return [decode_body(body) for _, _, body, _ in logged(data_dir / FILE)]
    return []


def tap(mirror: MirrorClient, name: str, holds: Callable[[], bool]) -> None:
    """Tap until that holds, each time with patience: a tap that follows too closely on another is none."""
    tried_s = -math.inf

    def does() -> bool:
        nonlocal tried_s
        if holds():
            return True
        if time.monotonic() - tried_s > PATIENCE_S:
            tried_s = time.monotonic()
            mirror.tap(name)
        return False

    wait_until(does, 3 * PATIENCE_S)


def go(mirror: MirrorClient, name: str, screen: str) -> None:
    tap(mirror, name, lambda: mirror.screen == screen)


def shows(mirror: MirrorClient, answer: str) -> bool:
    """Tell whether the face of an answer is on the screen."""
    colour, (_header, pixels) = bytes.fromhex(looks.ANSWER_COLOURS[answer][1:]), mirror.ask(frame=0)
    return any(pixels[at : at + 3] == colour for at in range(0, len(pixels), 3))


def enter(mirror: MirrorClient) -> None:
    for place in ROUND:
        mirror.ask(tap=place)
    wait_until(lambda: mirror.screen == "Pin")
    for key in (*PIN, "enter"):
        mirror.tap(f"key:{key}")
    wait_until(lambda: mirror.screen == "Menu")


def find(mirror: MirrorClient, name: str) -> None:
    """Turn the pages of the menu until the entry is there."""

    def is_there() -> bool:
        targets = mirror.ask(frame=0)[0]["targets"]
        if name not in targets:
            mirror.ask(tap=targets["more"])
        return name in targets

    wait_until(is_there)


@pytest.mark.window
def test_staff_count_two_boxes_on_a_real_kiosk(with_tickets: Path, data_dir: Path, today: str) -> None:
    with with_tickets.open("a") as file:
        file.write(f'\n[technician]\npin = "{pin.hashed(PIN)}"\n')
    mirror_path = Path(mkdtemp()) / "m"
    with running("ui", with_tickets, "--mirror", str(mirror_path)) as ui:
        wait_until(mirror_path.exists)
        with MirrorClient(mirror_path) as mirror:
            wait_until(lambda: mirror.ask(frame=0)[0]["frame"] and (data_dir / PIPE).exists() and records(data_dir))
            enter(mirror)
            find(mirror, "do:boxes")
            go(mirror, "do:boxes", "BoxChoice")
            go(mirror, "good", "BoxScan")
            for number in ("A-001", "A-002", "A-001"):
                scan(data_dir, signed(day=today, number=number, desk="center-12"))
            wait_until(lambda: len(votes(data_dir)) == 2)
            tap(mirror, UNDO, lambda: any(isinstance(record, Undo) for record in records(data_dir)))
            tap(mirror, OTHER_BOX, lambda: not shows(mirror, "good"))
            scan(data_dir, signed(day=today, number="A-002", desk="center-12"))
            wait_until(lambda: len(votes(data_dir)) == 3)
            go(mirror, FINISH, "BoxSummary")
            go(mirror, LEAVE, "Ask")
        ui.terminate()
        assert ui.wait(timeout=15) == 0
    first, second, third = votes(data_dir)
    assert [(vote.answer, vote.channel, vote.desk) for vote in (first, second, third)] == [
        ("good", Channel.BOX, "center-12"),
        ("good", Channel.BOX, "center-12"),
        ("terrible", Channel.BOX, "center-12"),
    ]
    said = {record.number: record.questionnaire for record in records(data_dir) if isinstance(record, Context)}
    assert {said[vote.context] for vote in (first, second, third)} == {"two-faces"}
    assert [undo.visit for undo in records(data_dir) if isinstance(undo, Undo)] == [second.visit]
    assert all(scanned.digest for scanned in records(data_dir) if isinstance(scanned, TicketScan))
    (count,) = (record for record in records(data_dir) if isinstance(record, BoxCount))
    assert (count.satisfied, count.dissatisfied) == (1, 1)
    assert len(rows(data_dir / FILE, "SELECT token FROM spent")) == 2


def votes(data_dir: Path) -> list[Vote]:
    return [record for record in records(data_dir) if isinstance(record, Vote)]
