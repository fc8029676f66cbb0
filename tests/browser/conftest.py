from __future__ import annotations

import socket
import threading
import time
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

import pytest
import uvicorn

from server.fleet.day_keys import DayKeys
from server.keys import load_keys
from server.web.accounts import create_invitation
from server.web.app import create_web
from tests.server.web import fill
from tests.server.web.conftest import entry_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page
    from sqlalchemy import Engine

PASSWORD = "кінь-батарея-скріпка"
PATIENCE_S = 30.0


@dataclass(frozen=True)
class Centre:
    """A running server with a filled database."""

    address: str
    engine: Engine

    def invite(self, role: str = "leader") -> str:
        with self.engine.begin() as connection:
            return f"{self.address}/invitation/{create_invitation(connection, role=role, now_ms=fill.NOW_MS)}"


@dataclass
class Reader:
    """A person at a browser, with everything that the browser complained about or reached for."""

    page: Page
    complaints: list[str]
    hosts: set[str]


@pytest.fixture(scope="session", autouse=True)
def cheap_passwords() -> Iterator[None]:
    with fill.cheap_passwords():
        yield


@pytest.fixture(scope="session")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Centre]:
    engine = fill.make_engine(f"sqlite:///{tmp_path_factory.mktemp('centre') / 'server.db'}")
    with engine.begin() as connection:
        fill.register(connection)
        fill.history(connection, days=35)
        fill.reasons(connection)
        fill.kiosks(connection)
        fill.queue(connection)
        fill.devices(connection, "desk-two-a")
        fill.flagged(connection, "c1", "ticket_used", times=3)
    DayKeys(engine, signer=lambda _: b"").current(fill.NOW_MS)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        ticks = count(fill.NOW_MS)  # no two things happen at once
        web = create_web(
            engine, public_url=address, now_ms=lambda: next(ticks), entry=entry_of(engine, load_keys(tmp_path_factory.mktemp("keys")))
        )
        server = uvicorn.Server(uvicorn.Config(web, log_level="critical", timeout_graceful_shutdown=1))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        wait_until(lambda: server.started)
        yield Centre(address, engine)
        server.should_exit = True
        thread.join()
    engine.dispose()


@pytest.fixture
def reader(chromium: Browser, centre: Centre, request: pytest.FixtureRequest) -> Iterator[Reader]:
    scripts = getattr(request, "param", True)
    context = chromium.new_context(java_script_enabled=scripts, locale="uk-UA", viewport={"width": 1280, "height": 900})
    context.set_default_timeout(PATIENCE_S * 1000)
    reader = Reader(context.new_page(), [], set())
    reader.page.on("console", lambda message: reader.complaints.append(message.text) if message.type in {"error", "warning"} else None)
    reader.page.on("pageerror", lambda error: reader.complaints.append(str(error)))
    reader.page.on("request", lambda sent: reader.hosts.add(sent.url.split("/")[2]))
    yield reader
    context.close()
    assert reader.complaints == []
    assert reader.hosts == {centre.address.removeprefix("http://")}


def sign_up(page: Page, centre: Centre, login: str, role: str = "leader") -> None:
    page.goto(centre.invite(role))
    page.fill("[name=login]", login)
    page.fill("[name=password]", PASSWORD)
    page.fill("[name=again]", PASSWORD)
    page.click("main button")
    page.wait_for_url(lambda url: "/invitation/" not in url)


def wait_until(is_so: object) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < deadline, "it did not come to pass in time"
        threading.Event().wait(0.02)
