from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.server.web import fill

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection


@pytest.fixture(params=fill.DATABASES)
def connection(request: pytest.FixtureRequest) -> Iterator[Connection]:
    engine = fill.an_engine(request)
    with engine.begin() as connection:
        fill.register(connection)
        yield connection
    engine.dispose()
