from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from litestar.testing import TestClient

from server.fleet.enrolment import Enrolment
from server.fleet.renewals import Renewals
from server.keys import Keys, load_keys
from server.web import accounts
from server.web.app import create_web
from server.web.enrol import Entry
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


@pytest.fixture(scope="session")
def server_keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    return load_keys(tmp_path_factory.mktemp("server"))


@pytest.fixture
def entry(engine: Engine, server_keys: Keys) -> Entry:
    return entry_of(engine, server_keys)


def entry_of(engine: Engine, keys: Keys) -> Entry:
    enrolment = Enrolment(engine=engine, keys=keys, ca="PEM", host="broker.example", port=8883, hash_password=str)
    return Entry(enrolment, Renewals(keys.sign, str))


@pytest.fixture
def visitor(engine: Engine, clock: Clock, entry: Entry) -> Iterator[TestClient[Litestar]]:
    """A browser of somebody who has not signed in."""
    app = create_web(engine, public_url="http://testserver.local", now_ms=clock, entry=entry)
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
