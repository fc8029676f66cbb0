from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.server.web import fill

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Connection


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    engine = fill.make_engine(tmp_path / "server.db")
    with engine.begin() as connection:
        fill.register(connection)
        yield connection
    engine.dispose()
