"""However much of it comes, the quarantine keeps a bounded part and counts the rest."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

from typer.testing import CliRunner

from feedback.wire import batch_topic, hello_topic
from server.__main__ import app
from server.db import schema
from server.db.engine import open_engine
from server.ingest.messages import Message
from server.ingest.quarantine import KEPT_BYTES, KEPT_NOTES, PAGE
from server.keys import load_keys
from tests.server.kit import KIOSK, MORNING, OTHER, make_ingest, rows

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Engine

DAY_MS = 86_400_000
FULL = [b"garbage %d" % number for number in range(KEPT_NOTES)]


def send(engine: Engine, payloads: list[bytes], *, kiosk: str = KIOSK, at_ms: int = MORNING) -> None:
    make_ingest(engine).handle_group([Message(batch_topic(kiosk), payload, at_ms) for payload in payloads])


def kept(engine: Engine) -> list[tuple[object, object, object]]:
    return [(row["kiosk"], row["payload"], row["times"]) for row in rows(engine, schema.quarantine)]


def test_of_a_flood_a_part_is_kept_and_all_of_it_is_counted(engine: Engine) -> None:
    send(engine, FULL[:60])
    send(engine, [*FULL[60:], b"over 1", b"over 2", b"over 2"])
    send(engine, [b"over 3"])
    assert len(kept(engine)) == KEPT_NOTES + 1
    assert {(KIOSK, payload, 1) for payload in FULL} < set(kept(engine))
    (counted,) = [row for row in rows(engine, schema.quarantine) if row["payload"] == b""]
    assert (counted["kiosk"], counted["reason"], counted["times"]) == (KIOSK, "undecodable", 4)
    assert f"more than {KEPT_NOTES} of these" in str(counted["detail"])
    assert "2025-10-09" in str(counted["detail"])


def test_what_is_kept_already_is_counted_at_its_own_place(engine: Engine) -> None:
    send(engine, FULL)
    send(engine, [FULL[3], b"over", FULL[3]])
    assert (KIOSK, FULL[3], 3) in kept(engine)
    assert (KIOSK, b"", 1) in kept(engine)


def test_another_day_another_kiosk_and_another_reason_have_room_of_their_own(engine: Engine) -> None:
    send(engine, [*FULL, b"over"])
    send(engine, [b"tomorrow"], at_ms=MORNING + DAY_MS)
    send(engine, [b"theirs"], kiosk=OTHER)
    make_ingest(engine).handle("somewhere/else", b"nobody's", MORNING)
    found = kept(engine)
    assert {(KIOSK, b"tomorrow", 1), (OTHER, b"theirs", 1), (None, b"nobody's", 1)} < set(found)
    assert len(found) == KEPT_NOTES + 4


def test_of_no_kiosk_at_all_there_is_no_more_room(engine: Engine) -> None:
    ingest = make_ingest(engine)
    ingest.handle_group([Message("somewhere/else", payload, MORNING) for payload in FULL])
    ingest.handle_group([Message("somewhere/else", b"over", MORNING), Message(hello_topic(KIOSK), b"mine", MORNING)])
    assert {(None, b"", 1), (KIOSK, b"mine", 1)} < set(kept(engine))


def test_large_messages_fill_the_room_sooner(engine: Engine) -> None:
    size = 120_000
    whole = KEPT_BYTES // (size + 3)
    large = [b"%03d" % number + bytes(size) for number in range(whole + 4)]
    send(engine, large[:50])
    send(engine, large[50:])
    assert [times for _, payload, times in kept(engine) if payload] == [1] * whole
    assert (KIOSK, b"", 4) in kept(engine)


def test_a_list_goes_on_after_its_last_number(tmp_path: Path, sqlite_template: Path) -> None:
    shutil.copy(sqlite_template, tmp_path / "vidhuk.db")
    engine = open_engine(f"sqlite:///{tmp_path / 'vidhuk.db'}")
    load_keys(tmp_path)
    send(engine, FULL[: 2 * PAGE])
    engine.dispose()
    first, second = (listed(tmp_path), listed(tmp_path, "--after", f"{PAGE + 1}"))
    assert f"quarantine list --after {PAGE + 1}" in first
    assert "--after" not in second
    numbers = [int(number) for said in (first, second) for number in re.findall(r"(?m)^│ +(\d+) ", said)]
    assert numbers == [*range(2 * PAGE, 0, -1)]


def listed(data: Path, *words: str) -> str:
    result = CliRunner(env={"COLUMNS": "200"}).invoke(app, ["quarantine", "list", *words, "--data", str(data)])
    assert result.exit_code == 0, result.output
    return result.output
