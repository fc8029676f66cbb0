from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from demo.house import CENTRE, House
from demo.sign_in import make_account
from tests.visitor import Visitor

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

KIOSK = "exit-sample-1"
PASSWORD = "correct horse battery"


@pytest.fixture(params=["sqlite", "postgresql"])
def house(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[House]:
    """Every process of its own, as on three machines: broker, ingest, web, ui, sync."""
    database = request.getfixturevalue("postgres_url") if request.param == "postgresql" else ""
    with House(tmp_path, database=database) as house:
        house.server("registry", "load", str(CENTRE))
        house.invite_kiosk(KIOSK, "center")
        for part in ("broker", "ingest", "web"):
            house.start_server(part)
        house.start_kiosk(KIOSK)
        yield house


@pytest.fixture
def leader(house: House, chromium: Browser) -> Iterator[Page]:
    """A signed-in administrator's browser."""
    make_account(house.server("invite").strip(), "leader", PASSWORD)
    page = chromium.new_page()
    page.goto(house.url)
    page.fill("[name=login]", "leader")
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_url(re.compile(re.escape(house.url) + "/?$"))
    yield page
    page.close()


@pytest.fixture
def visitor(house: House) -> Visitor:
    return Visitor(house, KIOSK)
