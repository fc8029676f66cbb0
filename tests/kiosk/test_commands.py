"""Commands at sync: who may give them, until when, how often, and that the server hears what became of each."""

from __future__ import annotations

import json
import logging
import sqlite3
import sys
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec
import pytest

from feedback import wire
from feedback.commands import MAX_BUNDLE_BYTES, PURPOSE, Because, Change, Command, Diagnostics, Outcome, Result
from feedback.notice import PURPOSE as NOTICE_PURPOSE
from feedback.records import DeviceChange, Moment
from feedback.signed import sign
from kiosk.errors import CommandsRefusedError, Fault
from kiosk.facts import COMMANDS_FACT, UI_LOG_FACT
from kiosk.last_lines import LastLines
from kiosk.orders import Report
from kiosk.store import FILE, Store
from kiosk.sync import delivery
from kiosk.sync.agent import Agent
from kiosk.sync.command_book import REMEMBERED_MS
from kiosk.sync.commands import AGAIN_S, CLOCK_S, SILENT_S, Commands
from kiosk.sync.diagnostics import ThisKiosk, bounded, check_command, run_check
from tests.kiosk.support import KIOSK, FakeClock, kiosk_toml, wait_until
from tests.kiosk.test_sync_settings import KEY, PUBLIC, STRANGER, enrolled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from nacl.signing import SigningKey

HOUR_MS = 3_600_000


class Office:
    """A diagnostician who answers when told to."""

    def __init__(self) -> None:
        self.begun: list[tuple[UUID, Callable[[], None]]] = []
        self.made: dict[UUID, bytes] = {}

    def begin(self, command: UUID, done: Callable[[], None]) -> None:
        self.begun.append((command, done))

    def bundle(self, command: UUID) -> bytes | None:
        return self.made.get(command)


class Sync:
    """The part of sync that has to do with commands, at a server that hears what it publishes."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.clock = FakeClock()
        self.office = Office()
        self.facts: dict[str, str] = {}
        self.published: list[tuple[str, bytes]] = []
        self.ledger = delivery.Ledger(data_dir / delivery.FILE)
        self.start()

    def start(self) -> None:
        config = enrolled(self.data_dir)
        self.commands = Commands(config, self.ledger.commands, clock=self.clock, fact=self.facts.get, diagnostician=self.office)

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        assert not retain
        self.published.append((topic, payload))

    def step(self, seconds: float = 1) -> None:
        self.clock.pass_s(seconds)
        self.commands.step(self)

    def of(self, number: int, kind: str = "selftest", *, for_ms: int = HOUR_MS, **changes: Any) -> Command:
        now_ms = self.clock.moment().wall_ms
        return msgspec.structs.replace(Command(UUID(int=number), KIOSK, kind, now_ms, now_ms + for_ms), **changes)

    def ask(self, *commands: Command) -> None:
        self.commands.receive(listed(*commands))
        self.step()

    def ui_says(self, number: int, outcome: Outcome | None, reason: str = "") -> None:
        report = Report(UUID(int=number), "selftest", self.clock.moment(), outcome, reason)
        self.facts[COMMANDS_FACT] = msgspec.json.encode([report]).decode()

    def orders(self) -> list[int]:
        return [order.id.int for order in delivery.orders(self.data_dir / delivery.FILE)]

    def results(self) -> list[tuple[int, Outcome, str]]:
        told = [wire.decode(payload, Result) for topic, payload in self.published if topic == wire.result_topic(KIOSK)]
        return [(result.id.int, result.outcome, result.reason) for result in told]


def listed(*commands: Command, key: SigningKey = KEY, purpose: str = PURPOSE) -> bytes:
    return wire.encode(wire.SignedList([sign(command, purpose, lambda content: key.sign(content).signature) for command in commands]))


@pytest.fixture
def sync(data_dir: Path) -> Iterator[Sync]:
    sync = Sync(data_dir)
    yield sync
    sync.ledger.__exit__()


def test_ui_is_handed_what_is_its_own_and_the_server_hears_what_became_of_it(sync: Sync) -> None:
    sync.ask(*(sync.of(number, kind) for number, kind in enumerate(("selftest", "printtest", "restart"), 1)))
    assert (sync.orders(), sync.results()) == ([1, 2, 3], [])
    sync.ui_says(1, None)
    sync.step()
    assert sync.results() == []
    sync.ui_says(1, Outcome.DONE, "paper_end")
    sync.step()
    assert (sync.orders(), sync.results()) == ([2, 3], [(1, Outcome.DONE, "paper_end")])


def test_a_result_is_sent_again_until_the_list_no_longer_asks_for_it(sync: Sync) -> None:
    command = sync.of(1)
    sync.ask(command)
    sync.ui_says(1, Outcome.DONE)
    sync.step()
    sync.ask(command)
    assert len(sync.results()) == 1, "a list that crosses the result changes nothing"
    sync.step(AGAIN_S)
    sync.commands.connected()
    sync.step()
    assert len(sync.results()) == 3
    sync.ask()
    sync.step(AGAIN_S)
    assert len(sync.results()) == 3
    assert sync.orders() == []


def test_a_command_is_handed_over_once_whenever_it_comes_and_whoever_restarts(sync: Sync) -> None:
    command = sync.of(1)
    for _ in range(3):
        sync.start()
        sync.ask(command)
    sync.ui_says(1, Outcome.DONE)
    sync.step()
    for _ in range(3):
        sync.start()
        sync.ask(command)
    assert sync.orders() == []
    assert set(sync.results()) == {(1, Outcome.DONE, "")}


def test_the_first_word_stays(sync: Sync) -> None:
    sync.ask(command := sync.of(1))
    sync.ui_says(1, Outcome.FAILED, "printer_missing")
    sync.step()
    sync.ui_says(1, Outcome.DONE)
    sync.step(AGAIN_S)
    sync.start()
    sync.ask(command)
    assert set(sync.results()) == {(1, Outcome.FAILED, "printer_missing")}


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (lambda sync: listed(sync.of(1), key=STRANGER), "not signed by this kiosk's server"),
        (lambda sync: listed(sync.of(1), purpose=NOTICE_PURPOSE), "not signed"),
        (lambda sync: listed(sync.of(1)).replace(b"selftest", b"restart "), "not signed"),
        (lambda sync: listed(sync.of(1, kiosk="another-kiosk")), "is for 'another-kiosk'"),
        (lambda sync: listed(sync.of(1, expires_ms=1 << 60)), "no times"),
        (lambda sync: listed(sync.of(1, for_ms=-1)), "no times"),
        (lambda sync: listed(sync.of(1, kind="k" * 101)), "kind"),
        (lambda _: b"\xff", "JSON|utf"),
    ],
)
def test_what_this_kiosks_server_has_not_signed_for_it_is_not_done(sync: Sync, payload: Callable[[Sync], bytes], reason: str) -> None:
    with pytest.raises(CommandsRefusedError, match=reason):
        sync.commands.receive(payload(sync))
    sync.step(CLOCK_S + 1)
    assert (sync.orders(), sync.results()) == ([], [])


def test_a_bad_one_does_not_hold_up_the_good_ones(sync: Sync) -> None:
    bad, good = (json.loads(listed(sync.of(number), key=key))["documents"][0] for number, key in ((1, STRANGER), (2, KEY)))
    with pytest.raises(CommandsRefusedError):
        sync.commands.receive(json.dumps({"documents": [bad, good]}).encode())
    sync.step()
    assert sync.orders() == [2]


def test_what_is_over_is_not_done_and_said_to_be(sync: Sync) -> None:
    sync.ask(sync.of(1, for_ms=500), sync.of(2, "diagnostics", for_ms=500))
    assert (sync.orders(), sync.office.begun) == ([], [])
    assert sorted(sync.results()) == [(1, Outcome.EXPIRED, ""), (2, Outcome.EXPIRED, "")]


def test_a_clock_that_nobody_has_set_is_waited_for_and_then_refuses(sync: Sync) -> None:
    sync.clock.trusted = False
    sync.ask(first := sync.of(1))
    sync.step(CLOCK_S - 5)
    assert (sync.orders(), sync.results()) == ([], [])
    sync.clock.trusted = True
    sync.step()
    assert sync.orders() == [1], "it has been set in time"
    sync.clock.trusted = False
    sync.ask(first, sync.of(2))
    sync.step(CLOCK_S)
    assert sync.results() == [(2, Outcome.REFUSED, Because.CLOCK_UNSET)]
    sync.clock.trusted = True
    sync.step()
    assert sync.orders() == [1], "what was refused is not done later"


def test_a_kind_of_a_newer_server_is_refused(sync: Sync) -> None:
    sync.ask(sync.of(1, "dance"))
    assert sync.results() == [(1, Outcome.REFUSED, Because.UNKNOWN_KIND)]


def test_an_order_of_which_ui_takes_no_note_is_given_up_after_its_end(sync: Sync) -> None:
    sync.ask(sync.of(1, for_ms=60_000), sync.of(2, for_ms=60_000))
    sync.ui_says(2, None)
    sync.step(60 + SILENT_S)
    assert sync.results() == [(1, Outcome.EXPIRED, Because.SCREEN_SILENT)]
    assert sync.orders() == [2], "it is at it"


def test_a_bundle_is_its_commands_result(sync: Sync) -> None:
    sync.ask(command := sync.of(1, "diagnostics"))
    sync.step()
    ((asked, done),) = sync.office.begun
    sync.office.made[asked] = b"the bundle"
    done()
    sync.step()
    sync.step(AGAIN_S)
    assert sync.published == [(wire.diagnostics_topic(KIOSK), b"the bundle")] * 2
    sync.start()
    sync.ask(command)
    assert len(sync.published) == 3
    assert len(sync.office.begun) == 1


def test_nothing_found_out_is_a_failure_and_so_is_a_restart_meanwhile(sync: Sync) -> None:
    sync.ask(sync.of(1, "diagnostics"))
    sync.office.begun[0][1]()
    sync.step()
    assert sync.results() == [(1, Outcome.FAILED, Because.UNREADY)]
    command = sync.of(2, "diagnostics")
    sync.ask(command)
    sync.start()
    sync.ask(command)
    assert sync.results()[-1] == (2, Outcome.FAILED, Because.INTERRUPTED)
    assert len(sync.office.begun) == 2


def test_what_was_done_is_forgotten_only_long_after_its_end(sync: Sync) -> None:
    command = sync.of(1, for_ms=60_000)
    sync.ask(command)
    sync.ui_says(1, Outcome.DONE)
    sync.step()
    sync.step(REMEMBERED_MS / 1000 + 3600)
    assert sync.ledger.commands.knows(command.id), "the server still asks about it"
    sync.ask()
    sync.step()
    assert not sync.ledger.commands.knows(command.id)
    sync.ask(command)
    assert (sync.orders(), sync.results()[-1]) == ([], (1, Outcome.EXPIRED, ""))


def test_a_full_disk_puts_a_command_off(sync: Sync) -> None:
    sync.ledger._db.execute("PRAGMA query_only = 1")
    with pytest.raises(sqlite3.OperationalError):
        sync.ask(sync.of(1))
    sync.ledger._db.execute("PRAGMA query_only = 0")
    sync.step()
    assert sync.orders() == [1]


def test_the_agent_leads_commands_here_and_says_what_it_refuses(sync: Sync) -> None:
    agent = Agent(None, None, None, None, sync.commands, None, kiosk=KIOSK, alive=bool)  # type: ignore[arg-type]
    for payload, faults in (
        (listed(sync.of(1), key=STRANGER), (Fault.COMMANDS_REFUSED,)),
        (b"", (Fault.COMMANDS_REFUSED,)),
        (listed(sync.of(2)), ()),
    ):
        agent.received(wire.command_topic(KIOSK), payload)
        assert agent.faults == faults
    sync.step()
    assert sync.orders() == [2]


def test_a_ledger_of_an_older_version_learns_of_commands(data_dir: Path) -> None:
    with delivery.Ledger(data_dir / delivery.FILE) as ledger:
        ledger._db.execute("DROP TABLE commands")
    assert delivery.orders(data_dir / delivery.FILE) == ()
    with delivery.Ledger(data_dir / delivery.FILE) as ledger:
        assert ledger.commands.begun(by_ui=True) == ()


# --- the bundle ---------------------------------------------------------------------------------------------------------


def test_the_bundle_of_this_kiosk_tells_how_it_is_and_no_secret(data_dir: Path) -> None:
    config = data_dir.parent / "kiosk.toml"
    config.write_text(kiosk_toml(data_dir, 1, PUBLIC).replace('"credential"', '"a-secret-of-its-own"'))
    with Store(data_dir / FILE, lambda: UUID(int=9)) as store:
        store.append([DeviceChange(UUID(int=1), Moment(5, 6, trusted=True), 7, "printer", "paper_end")])
        store.note(UI_LOG_FACT, "first\nsecond")
    lines = LastLines()
    lines.handle(logging.LogRecord("kiosk", logging.INFO, "f", 1, "delivered", (), None))
    posted: list[Callable[[], None]] = []
    kiosk = ThisKiosk(data_dir, check_command(config), lines=lines, now=FakeClock().moment, post=posted.append)
    done: list[bool] = []
    kiosk.begin(UUID(int=3), lambda: done.append(True))
    wait_until(lambda: posted, 60)
    posted[0]()
    assert done == [True]
    content = kiosk.bundle(UUID(int=3))
    assert content is not None
    assert kiosk.bundle(UUID(int=4)) is None
    found = wire.decode(content, Diagnostics)
    assert found.id == UUID(int=3)
    assert found.changes == (Change(Moment(5, 6, trusted=True), "printer", "paper_end"),)
    assert found.screen_log == ("first", "second")
    assert found.delivery_log[0].endswith("delivered")
    assert found.versions["python"] == ".".join(map(str, sys.version_info[:3]))
    check = msgspec.json.decode(found.check)
    assert {"configuration", "server"} <= {finding["part"] for finding in check["findings"]}
    assert {key["value"] for key in check["configuration"]["server"] if key["name"] == "credential"} == {"…"}
    assert b"a-secret-of-its-own" not in content
    assert len(content) <= MAX_BUNDLE_BYTES


@pytest.mark.parametrize(
    ("program", "why"),
    [
        ("import time; time.sleep(60)", "not within 1 s"),
        ("import sys; sys.exit('it is broken')", "it is broken"),
        ("import sys; sys.exit(3)", "it ended with code 3"),
        ("print('[1]')", "ended with code 0"),
    ],
)
def test_a_check_that_fails_is_said_to_and_the_rest_is_told(program: str, why: str) -> None:
    found, unchecked = run_check((sys.executable, "-c", program), within_s=1 if "sleep" in program else 30)
    assert bytes(found) == b"null"
    assert why in unchecked


def test_a_program_that_is_not_there_is_said_to_be_none() -> None:
    assert "cannot be run" in run_check(("/no/such/program",))[1]


@pytest.mark.parametrize("large", ["delivery_log", "screen_log", "changes", "check"])
def test_a_bundle_is_never_larger_than_may_be_sent(large: str) -> None:
    line = "x" * 300
    parts: dict[str, Any] = {
        "delivery_log": tuple(f"{number} {line}" for number in range(1000)),
        "screen_log": tuple(f"{number} {line}" for number in range(1000)),
        "changes": (Change(Moment(1, 2, trusted=True), "printer", line),) * 1000,
        "check": msgspec.Raw(msgspec.json.encode({"long": line * 1000})),
    }
    found = Diagnostics(UUID(int=1), Moment(1, 2, trusted=True), "test", {"python": "3"}, **{large: parts[large]})
    content = bounded(found)
    told = wire.decode(content, Diagnostics)
    assert len(content) <= MAX_BUNDLE_BYTES
    assert told.id == found.id
    if large.endswith("log"):
        assert getattr(told, large)[-1] == parts[large][-1], "the newest lines stay"


def test_a_small_bundle_is_whole() -> None:
    found = Diagnostics(UUID(int=1), Moment(1, 2, trusted=True), "test", {"python": "3"}, delivery_log=("a", "b"))
    assert wire.decode(bounded(found), Diagnostics) == msgspec.structs.replace(found, check=msgspec.Raw(b"null"))
