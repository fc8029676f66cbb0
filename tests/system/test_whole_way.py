"""One tap's whole way, on real parts: window, broker, server processes, browser — and every one of them killed in the middle of it."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from time import monotonic
from typing import TYPE_CHECKING

import pytest

from demo.desk_kiosk import settings_in_use, undelivered
from demo.house import House, wait_for

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.visitor import Visitor

pytestmark = [pytest.mark.system, pytest.mark.window, pytest.mark.broker, pytest.mark.browser]

KIOSK = "exit-sample-1"
DESK = "center-2"


def total(page: Page, desk: str) -> int:
    """What the table says, as somebody reads it."""
    cell = page.locator("tr", has=page.locator(f'a[href^="/desks/{desk}?"], a[href="/desks/{desk}"]')).locator("td.total")
    return int(re.sub(r"\D", "", cell.inner_text()) or 0)


def stored_votes(house: House) -> int:
    with closing(sqlite3.connect(house.kiosk_folder(KIOSK) / "votes.db")) as db:
        return int(db.execute("SELECT count(*) FROM records WHERE kind = 'vote'").fetchone()[0])


def test_a_tap_reaches_the_leaders_open_page(house: House, visitor: Visitor, leader: Page, capsys: pytest.CaptureFixture[str]) -> None:
    # The desks reach the kiosk as signed settings; until they have, it asks for no desk.
    wait_for(lambda: settings_in_use(house.kiosk_folder(KIOSK)), "settings")
    leader.goto(f"{house.url}/?period=today")
    before = total(leader, DESK)

    visitor.sees("Ask")
    tapped = monotonic()
    visitor.taps("excellent")
    visitor.sees("Desk")
    wait_for(lambda: undelivered(house.kiosk_folder(KIOSK)) == 0, "the acknowledgement of the vote", 10)
    acknowledged = monotonic() - tapped
    visitor.names(DESK)
    chosen = monotonic()
    wait_for(lambda: total(leader, DESK) == before + 1, "the desk's total on the open page", 20)
    shown = monotonic() - chosen
    visitor.sees("Ask")
    with capsys.disabled():
        print(f"\n  press to acknowledged {acknowledged:.2f} s, desk chosen to total on the open page {shown:.2f} s")


def test_killing_every_process_in_turn_loses_and_doubles_nothing(house: House, visitor: Visitor, leader: Page) -> None:
    wait_for(lambda: settings_in_use(house.kiosk_folder(KIOSK)), "settings")
    restart = {
        f"ui-{KIOSK}": lambda: house.start_ui(KIOSK),
        f"sync-{KIOSK}": lambda: house.start_sync(KIOSK),
        "broker": lambda: house.start_server("broker"),
        "ingest": lambda: house.start_server("ingest"),
    }
    thanked = 0
    for name, start in restart.items():
        visitor.votes("good", DESK)
        house.kill(name)
        thanked += 1
        if not name.startswith("ui"):
            visitor.votes("acceptable", DESK)
            thanked += 1
        start()
    visitor.votes("terrible", DESK)
    thanked += 1
    wait_for(lambda: undelivered(house.kiosk_folder(KIOSK)) == 0, "everything acknowledged", 60)
    assert stored_votes(house) == thanked

    leader.goto(f"{house.url}/?period=today")
    assert total(leader, DESK) == thanked
    house.server("rollups", "verify")  # fails where a count differs from the votes
    leader.goto(f"{house.url}/kiosks")
    assert KIOSK in leader.content()
