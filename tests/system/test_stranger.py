from __future__ import annotations

import copy
import tomllib
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select

from demo.house import CENTRE, House
from server.db import schema
from server.db.engine import open_engine
from tests.system.stranger import Log, Stranger

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KIOSK = "exit-sample-1"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[House]:
    with House(tmp_path) as house:
        house.server("registry", "load", str(CENTRE))
        house.add_kiosk(KIOSK, "center")
        house.start_server("broker")
        house.start_server("ingest")
        yield house


def test_a_kiosk_that_was_written_from_the_protocols_page_delivers_through_a_lost_answer_and_a_restored_card(server: House) -> None:
    told = tomllib.loads((server.kiosk_folder(KIOSK) / "kiosk.toml").read_text(encoding="utf-8"))["server"]

    def insert(card: Log) -> closing[Stranger]:
        return closing(Stranger(KIOSK, told, card))

    lost: list[Any] = []
    with insert(Log()) as kiosk:
        for answer in ("excellent", "good", "terrible"):
            kiosk.vote(answer)
        kiosk.hears = lambda ack: ack["seq"] < 3 or bool(lost) or bool(lost.append(ack))
        kiosk.deliver(within_s=60)
        assert lost, "an answer was lost"
        old_card = copy.deepcopy(kiosk.card)
        kiosk.vote("good")
        kiosk.deliver(within_s=60)
    with insert(old_card) as restored:
        restored.vote("poor")
        restored.deliver(within_s=60)
        assert restored.forks == 1
    assert counts(server, "votes") == {"excellent": 1, "good": 2, "terrible": 1, "poor": 1}
    assert counts(server, "quarantine") == {}
    server.server("rollups", "verify")
    server.server("verify")


def counts(server: House, table: str) -> dict[str, int]:
    engine = open_engine(f"sqlite:///{server.folder / 'server' / 'vidhuk.db'}")
    column = schema.votes.c.answer if table == "votes" else schema.quarantine.c.reason
    with engine.connect() as connection:
        found = {str(name): int(count) for name, count in connection.execute(select(column, func.count()).group_by(column))}
    engine.dispose()
    return found
