from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from litestar.testing import TestClient

from server.web import accounts
from server.web.app import create_web
from tests.server.web import fill
from tests.server.web.fill import Clock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from litestar import Litestar
    from sqlalchemy import Engine

ON_BOTH = pytest.mark.parametrize("engine", fill.DATABASES, indirect=True)
ORIGIN = {"origin": "http://testserver.local"}
PASSWORD = "кінь-батарея-скріпка"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session", autouse=True)
def cheap_passwords() -> Iterator[None]:
    with fill.cheap_passwords():
        yield


@pytest.fixture
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """A database with a registry: SQLite, or both for a test marked `ON_BOTH`. Questions to votes are tested on both in `ratings`."""
    engine = fill.an_engine(request)
    with engine.begin() as connection:
        fill.register(connection)
    yield engine
    engine.dispose()


@pytest.fixture
def visitor(engine: Engine, clock: Clock) -> Iterator[TestClient[Litestar]]:
    """A browser of somebody who has not signed in."""
    app = create_web(engine, public_url="http://testserver.local", now_ms=clock)
    with TestClient(app) as client:
        client.headers.update(ORIGIN)
        client.follow_redirects = False
        yield client


@pytest.fixture
def leader(visitor: TestClient[Litestar], engine: Engine) -> TestClient[Litestar]:
    return sign_up(visitor, engine, "leader")


def sign_up(client: TestClient[Litestar], engine: Engine, role: str) -> TestClient[Litestar]:
    with engine.begin() as connection:
        token = accounts.create_invitation(connection, role=role, now_ms=fill.NOW_MS)
    answer = client.post(f"/invitation/{token}", data={"login": role, "password": PASSWORD, "again": PASSWORD})
    assert answer.status_code == 303, answer.text
    return client
