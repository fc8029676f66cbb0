from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from server.db.engine import open_engine, writing
from server.db.migrate import migrate
from tests.server.kit import CENTRE, load_centre

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sqlalchemy import Engine

    from tests.services import PostgresCluster


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "vidhuk.db"
    engine = open_engine(f"sqlite:///{path}")
    _prepare(engine)
    engine.dispose()  # the last connection to close empties the log into the file
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres_cluster: PostgresCluster) -> str:
    name = postgres_cluster.create_database()
    engine = open_engine(postgres_cluster.url(name))
    _prepare(engine)
    engine.dispose()
    return name


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def make_engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Engine]]:
    """Make databases that hold the sample centre and one kiosk; each call makes a new one."""
    engines = []

    def make() -> Engine:
        if request.param == "sqlite":
            path = tmp_path / f"vidhuk{len(engines)}.db"
            shutil.copy(request.getfixturevalue("sqlite_template"), path)
            url = f"sqlite:///{path}"
        else:
            cluster: PostgresCluster = request.getfixturevalue("postgres_cluster")
            url = cluster.url(cluster.create_database(template=request.getfixturevalue("postgres_template")))
        engines.append(open_engine(url))
        return engines[-1]

    yield make
    for engine in engines:
        engine.dispose()


@pytest.fixture
def engine(make_engine: Callable[[], Engine]) -> Engine:
    return make_engine()


def _prepare(engine: Engine) -> None:
    migrate(engine)
    with writing(engine) as connection:
        load_centre(connection, CENTRE)
