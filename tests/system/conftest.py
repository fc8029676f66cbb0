from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from demo.house import CENTRE, House
from demo.sign_in import make_account
from tests.visitor import Visitor

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KIOSK = "exit-sample-1"
PASSWORD = "correct horse battery"
CHROMIUM = {
    "executable_path": "/usr/bin/chromium",
    "args": [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    ],
}


@pytest.fixture(params=["sqlite", "postgresql"])
def house(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[House]:
    """Every process of its own, as on three machines: broker, ingest, web, ui, sync."""
    database = request.getfixturevalue("postgres_url") if request.param == "postgresql" else ""
    with House(tmp_path, database=database) as house:
        house.server("registry", "load", str(CENTRE))
        house.add_kiosk(KIOSK, "center")
        for part in ("broker", "ingest", "web"):
            house.start_server(part)
        house.start_kiosk(KIOSK)
        yield house


@pytest.fixture
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**CHROMIUM)  # type: ignore[arg-type]
        yield browser
        browser.close()


@pytest.fixture
def leader(house: House, browser: Browser) -> Page:
    """A signed-in administrator's browser."""
    make_account(house.server("invite").strip(), "leader", PASSWORD)
    page = browser.new_page()
    page.goto(house.url)
    page.fill("[name=login]", "leader")
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_url(re.compile(re.escape(house.url) + "/?$"))
    return page


@pytest.fixture
def visitor(house: House) -> Visitor:
    return Visitor(house, KIOSK)
