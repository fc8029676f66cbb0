"""A kiosk that belongs to no server, at the glass: it takes votes, and a technician scans an invitation."""

from __future__ import annotations

import sqlite3
import subprocess
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from demo.desk_kiosk import settings_in_use, undelivered
from demo.house import CENTRE, House, wait_for
from feedback.claims import claim_of, qr_text
from kiosk.technician import pin
from tests.visitor import Visitor

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.system, pytest.mark.window, pytest.mark.broker]

KIOSK = "exit-sample-1"
PIN = "482915"
CORNERS = ((0.01, 0.01), (0.99, 0.01), (0.99, 0.99), (0.01, 0.99), (0.01, 0.01))


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with House(tmp_path) as house:
        house.server("registry", "load", str(CENTRE))
        house.start_server()
        folder = house.kiosk_folder(KIOSK)
        folder.mkdir(parents=True)
        (folder / "kiosk.toml").write_text(
            f'format = 1\n[kiosk]\ndata_dir = "{folder}"\nhardware = "simulated"\n'
            f'[screen]\nwidth = 800\nheight = 480\nfullscreen = false\n[technician]\npin = "{pin.hashed(PIN)}"\n'
        )
        house.start_kiosk(KIOSK)
        yield house


def votes_at_server(house: House) -> int:
    with closing(sqlite3.connect(house.folder / "server" / "vidhuk.db")) as db:
        return int(db.execute("SELECT count(*) FROM votes WHERE kiosk = ?", (KIOSK,)).fetchone()[0])


def credential(house: House) -> tuple[int, int | None]:
    """Give the number of the kiosk's credential in force, and of the one that is under way."""
    with closing(sqlite3.connect(house.folder / "server" / "vidhuk.db")) as db:
        number, next_number = db.execute("SELECT identity, next_identity FROM kiosks WHERE id = ?", (KIOSK,)).fetchone()
    return number, next_number


def test_votes_wait_for_the_server_that_a_scan_brings(house: House) -> None:
    visitor, folder = Visitor(house, KIOSK), house.kiosk_folder(KIOSK)
    visitor.sees("Ask")
    visitor.taps("good")
    visitor.taps_until("leave", "Thanks")
    visitor.sees("Ask")
    assert not (folder / "identity.json").exists()
    said = house.server("kiosk", "invite", KIOSK, "--site", "center")
    code = next(line.split()[1] for line in said.splitlines() if line.startswith("code"))
    open_menu(visitor)
    visitor.taps_until("page:enrol", "Enrol")
    toml = str(folder / "kiosk.toml")
    scan = [str(house.scripts / "vidhuk-kiosk"), "scan", qr_text(claim_of(code), house.url), "--config", toml]
    subprocess.run(scan, check=True)
    wait_for((folder / "identity.json").exists, "the identity")
    wait_for(lambda: undelivered(folder) == 0 and votes_at_server(house) == 1, "the vote from before")
    visitor.taps_until("leave", "Menu")
    visitor.taps_until("leave", "Ask")
    wait_for(lambda: settings_in_use(folder), "settings")
    visitor.taps_until("excellent", "Desk")  # only the server's settings have desks
    first, _ = credential(house)
    house.server("kiosk", "rotate", KIOSK)
    wait_for(lambda: credential(house)[0] > first, "the new credential")
    assert credential(house)[1] is None


def open_menu(visitor: Visitor) -> None:
    visitor.touches(*CORNERS)
    visitor.sees("Pin")
    for digit in PIN:
        visitor.taps(f"key:{digit}")
    visitor.taps_until("key:enter", "Menu")
