"""Commands on their whole way: from the database to a real window, with processes killed and a visitor before the glass."""

from __future__ import annotations

import socket
import sqlite3
import sys
import threading
from contextlib import closing, suppress
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

import msgspec
import pytest

from demo.house import CENTRE, SCRIPTS, House, wait_for
from feedback.commands import CommandKind, Diagnostics
from feedback.wire import decode
from server.db.engine import open_engine, reading, writing
from server.fleet.commands import Sent, Wish, bundle, latest, send
from tests.visitor import Visitor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine

pytestmark = [pytest.mark.system, pytest.mark.window, pytest.mark.broker]

KIOSK = "exit-sample-1"
SET_CLOCK = """\
#!{python}
from pathlib import Path
from kiosk import clock
clock.SYNCHRONISED = Path("/")  # stands for a network that has set this machine's clock
from kiosk.__main__ import main
main()
"""


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A centre whose kiosk trusts its clock, and whose screen's process reports to somebody who watches over it."""
    scripts = tmp_path / "scripts"
    scripts.mkdir()
    (scripts / "vidhuk-server").symlink_to(SCRIPTS / "vidhuk-server")
    (scripts / "vidhuk-kiosk").write_text(SET_CLOCK.format(python=sys.executable))
    (scripts / "vidhuk-kiosk").chmod(0o755)
    with House(tmp_path / "house", scripts=scripts) as house:
        house.server("registry", "load", str(CENTRE))
        house.add_kiosk(KIOSK, "center")
        house.start_server()
        house.start_sync(KIOSK)
        yield house


@pytest.fixture
def engine(house: House) -> Iterator[Engine]:
    engine = open_engine(f"sqlite:///{house.folder / 'server' / 'vidhuk.db'}")
    yield engine
    engine.dispose()


def ask(engine: Engine, kind: CommandKind) -> Sent:
    with writing(engine) as connection:
        return send(connection, Wish(KIOSK, kind, "olena"), _now_ms())


def _now_ms() -> int:
    from server.app import now_ms

    return now_ms()


def known(engine: Engine, sent: Sent) -> Sent:
    with reading(engine) as connection:
        return next(one for one in latest(connection, KIOSK) if one.id == sent.id)


def _listen(systemd: socket.socket) -> None:
    """Take what processes report, as systemd does: else they would wait for ever."""
    with suppress(OSError):
        while systemd.recv(100):
            pass


def self_tests(house: House) -> int:
    with closing(sqlite3.connect(house.kiosk_folder(KIOSK) / "votes.db")) as db:
        return int(db.execute("SELECT count(*) FROM records WHERE kind = 'selftest'").fetchone()[0])


def handed(house: House, sent: Sent) -> bool:
    with closing(sqlite3.connect(house.kiosk_folder(KIOSK) / "delivery.db")) as db:
        return db.execute("SELECT 1 FROM commands WHERE id = ?", (str(sent.id),)).fetchone() is not None


def test_each_command_is_done_once_between_visits_and_its_outcome_arrives(
    house: House, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    notify = Path(mkdtemp()) / "n"  # short, as a socket's address has to be
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(notify))
        threading.Thread(target=_listen, args=(systemd,), daemon=True).start()
        monkeypatch.setenv("NOTIFY_SOCKET", str(notify))
        house.start_ui(KIOSK)
        visitor = Visitor(house, KIOSK)
        visitor.sees("Ask")

        printing = ask(engine, CommandKind.PRINT_TEST)
        wait_for(lambda: known(engine, printing).outcome, "the test print")
        assert (known(engine, printing).outcome, known(engine, printing).reason) == ("done", "")
        assert len(list((house.kiosk_folder(KIOSK) / "slips").glob("0*.png"))) == 1
        assert visitor.looks().screen == "Ask"

        visitor.taps_until("excellent", "Desk")
        testing = ask(engine, CommandKind.SELF_TEST)
        wait_for(lambda: handed(house, testing), "the self-test at the kiosk")
        house.kill(f"sync-{KIOSK}")
        assert (self_tests(house), visitor.looks().screen) == (0, "Desk"), "not during a visit"
        visitor.names("center-2")
        wait_for(lambda: self_tests(house), "the self-test after the visit")
        house.start_sync(KIOSK)
        wait_for(lambda: known(engine, testing).outcome == "done", "the outcome of the self-test")

        restarting = ask(engine, CommandKind.RESTART)
        wait_for(lambda: house.running[f"ui-{KIOSK}"].poll() is not None, "the end of the program")
        assert house.running[f"ui-{KIOSK}"].returncode == 0
        house.start_ui(KIOSK)
        wait_for(lambda: known(engine, restarting).outcome == "done", "the outcome of the restart")

        asking = ask(engine, CommandKind.DIAGNOSTICS)
        wait_for(lambda: known(engine, asking).bundle, "the bundle", 60)
        visitor.sees("Ask")
        house.check()
        house.close()
    with reading(engine) as connection:
        found = decode(bundle(connection, KIOSK, asking.id) or b"", Diagnostics)
    assert {"log", "outbox", "ui"} <= {part["part"] for part in msgspec.json.decode(found.check)["findings"]}
    credential = next(line for line in (house.kiosk_folder(KIOSK) / "kiosk.toml").read_text().splitlines() if line.startswith("credential"))
    assert credential.split('"')[1] not in msgspec.json.encode(found).decode()
    assert self_tests(house) == 1
