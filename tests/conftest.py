"""What every part's tests share: real databases and brokers, started once and thrown away."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings
from playwright.sync_api import sync_playwright

from tests.services import PostgresCluster, find_postgres, run_postgres

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

settings.register_profile("untimed", deadline=None)  # speed is measured by ./run bench, never by a test
settings.load_profile("untimed")

CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
    "--disable-dev-shm-usage",
]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full", action="store_true", help="also run the long versions, marked full")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--full"):
        return
    long = [item for item in items if item.get_closest_marker("full")]
    config.hook.pytest_deselected(items=long)
    items[:] = [item for item in items if item not in long]


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[PostgresCluster]:
    programs = find_postgres()
    if programs is None:
        pytest.fail("PostgreSQL is not installed: install the package postgresql")
    with run_postgres(programs) as cluster:
        yield cluster


@pytest.fixture
def postgres_url(postgres_cluster: PostgresCluster) -> str:
    """An empty database of its own."""
    return postgres_cluster.url(postgres_cluster.create_database())


@pytest.fixture(scope="session")
def mosquitto_program() -> str:
    program = shutil.which("mosquitto", path="/usr/bin:/usr/sbin:/usr/local/bin:/usr/local/sbin")
    if program is None:
        pytest.fail("Mosquitto is not installed: install the package mosquitto")
    return program


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for all tests: a second Playwright in the same process would refuse to start."""
    program = shutil.which("chromium")
    if program is None:
        pytest.fail("Chromium is not installed: install the package chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()
