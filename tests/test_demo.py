"""What the demo says of its simulated devices holds."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import datetime, timedelta
from random import Random
from time import time_ns
from typing import TYPE_CHECKING

import msgspec
import pytest
from sqlalchemy import func, select

from demo import devices
from demo.desk_kiosk import DeskKiosk
from demo.history import ZONE, a_visit
from demo.house import CENTRE, House
from feedback.settings import DeskOption
from feedback.tickets import Ticket, read
from feedback.wire import Ack, Batch, Now, batch_topic, decode, encode
from kiosk.clock import SystemClock
from kiosk.signatures import is_signed
from kiosk.sync.outbox import Outbox
from server.db.engine import open_engine, reading
from server.db.schema import rollup_hour, votes
from server.ingest.core import Ingest
from server.registry.file import parse_registry
from server.registry.ticket_terms import rules_of

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 24, 12, 30, 15, tzinfo=ZONE)


@pytest.mark.parametrize(
    ("code", "desk", "is_card"),
    [
        (devices.fresh_ticket(NOW), "center-1", False),
        (devices.ticket_of_desk_3(NOW), "center-3", False),
        (devices.CARD, "center-2", True),
    ],
)
def test_the_codes_are_tickets_of_the_sample_centre(code: str, desk: str, is_card: bool) -> None:  # noqa: FBT001
    registry = parse_registry(CENTRE.read_text(encoding="utf-8"), source=CENTRE.name)
    desks = tuple(DeskOption(known.key, known.number) for known in registry.desks if known.site == "center")
    rules = rules_of(registry.tickets, scope="center", slug="none", zone=str(ZONE))
    ticket = read(code, rules, desks, round(NOW.timestamp() * 1000), is_signed)
    assert isinstance(ticket, Ticket)
    assert (ticket.desk, ticket.is_card, bool(ticket.number)) == (desk, is_card, not is_card)


def test_the_commands_that_are_printed_scan(tmp_path: Path) -> None:
    """Copied as they stand, from any folder, also where the demo's has a blank in its name."""
    scripts = tmp_path / "bin"
    scripts.mkdir()
    program = scripts / "vidhuk-kiosk"
    program.write_text(f"#!{sys.executable}\nimport json, sys\nprint(json.dumps(sys.argv[1:]))\n", encoding="utf-8")
    program.chmod(0o755)
    house = House(tmp_path / "demo data", scripts=scripts)
    told = devices.told(devices.write_command(house, "exit"), tmp_path / "slips", NOW)
    commands = [line for line in told.splitlines() if "  # " in line]
    said = [json.loads(subprocess.run(line, shell=True, cwd="/", check=True, capture_output=True).stdout) for line in commands]
    toml = str(house.kiosk_folder("exit") / "kiosk.toml")
    assert {(words[0], *words[2:]) for words in said} == {("scan", "--config", toml)}
    fresh, *others = [words[1] for words in said]
    assert others == [devices.ticket_of_desk_3(NOW), devices.CARD, "hello"]
    number, _day, desk = fresh.split(";")
    assert (len(number), desk) == (len("Д-123015"), "1")


def test_the_history_has_hours_and_what_is_voted_now_is_of_this_boot(tmp_path: Path) -> None:
    with House(tmp_path) as house:
        house.server("registry", "load", str(CENTRE))
        toml = house.add_kiosk("exit-demo", "center")
        clock, random = SystemClock(), Random(1)
        now = datetime.now(ZONE)
        with DeskKiosk(toml, "vidhuk") as desk, Outbox(desk.data_dir) as outbox:
            desk.add(a_visit(random, now - timedelta(days=days, minutes=1)) for days in (800, 799, 0))
            (epoch,) = outbox.epochs()
            part = outbox.slice_after(epoch.id, 0)
        assert part is not None
        records = [msgspec.Raw(body) for body in part.bodies]
        batch = Batch(part.epoch, 1, part.prev.hex(), Now(clock.boot_id, clock.moment()), historical=True, records=records)
        received_ms = time_ns() // 1_000_000
        engine = open_engine(f"sqlite:///{house.folder / 'server' / 'vidhuk.db'}")
        (ack,) = Ingest(engine, settings=lambda _connection, _kiosk: None).handle(batch_topic("exit-demo"), encode(batch), received_ms)
        assert decode(ack.payload, Ack).seq == len(records)
        with reading(engine) as connection:
            found = connection.execute(select(votes.c.time_quality).order_by(votes.c.at_ms)).scalars().all()
            assert found == ["corrected", "corrected", "exact"]
            assert connection.execute(select(func.count()).select_from(rollup_hour)).scalar_one() == 3
        engine.dispose()
