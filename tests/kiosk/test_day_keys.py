from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from feedback import wire
from feedback.settings import PURPOSE
from feedback.signed import sign
from feedback.tickets import DAY_KEY_PURPOSE, DayKey
from kiosk import accepted
from kiosk.day_keys import DayKeys, is_over
from kiosk.errors import DayKeysRefusedError, Fault
from kiosk.sync.agent import Agent
from kiosk.sync.day_keys import TIDY_S, DayKeyReceiver
from tests.kiosk.support import KIOSK, FakeClock
from tests.kiosk.test_sync_settings import KEY, PUBLIC, STRANGER, enrolled

if TYPE_CHECKING:
    from pathlib import Path

    from nacl.signing import SigningKey

ZONE = "Europe/Kyiv"
END_MS = 1_795_557_600_000
"""When 25.11.2026 begins in Kyiv: the end of the 24th."""
H_MS = 3_600_000


MADE_MS = 1_795_000_000_000


def key_of(day: str, key: str = "", made: int = MADE_MS) -> DayKey:
    return DayKey(KIOSK, day, key or day.replace("-", "").encode().hex() * 4, made)


def listed(*keys: DayKey | wire.Signed, by: SigningKey = KEY, purpose: str = DAY_KEY_PURPOSE) -> bytes:
    signed = (key if isinstance(key, wire.Signed) else sign(key, purpose, lambda content: by.sign(content).signature) for key in keys)
    return wire.encode(wire.SignedList(list(signed)))


@pytest.fixture
def clock() -> FakeClock:
    clock = FakeClock()
    clock.wall_offset_ms = END_MS - clock.now_ms
    return clock


@pytest.fixture
def receiver(data_dir: Path, clock: FakeClock) -> DayKeyReceiver:
    return DayKeyReceiver(enrolled(data_dir), clock=clock, zone=lambda: ZONE)


def files(data_dir: Path) -> list[str]:
    return sorted(path.name for path in accepted.day_keys_folder(data_dir).iterdir())


def test_signed_keys_are_kept_each_in_its_file_and_verified_again(receiver: DayKeyReceiver, data_dir: Path) -> None:
    keys = DayKeys(data_dir, KIOSK, PUBLIC)
    assert keys.key("2026-11-24") is None
    receiver.receive(listed(key_of("2026-11-24"), key_of("2026-11-25")))
    assert files(data_dir) == ["2026-11-24.json", "2026-11-25.json"]
    assert keys.key("2026-11-24") == bytes.fromhex(key_of("2026-11-24").key)
    assert DayKeys(data_dir, "another-kiosk", PUBLIC).key("2026-11-24") is None
    accepted.day_key_file(data_dir, "2026-11-25").rename(accepted.day_key_file(data_dir, "2026-11-24"))
    assert keys.key("2026-11-24") is None, "the key of another day under this name"
    accepted.day_key_file(data_dir, "2026-11-24").write_bytes(b"{}")
    assert keys.key("2026-11-24") is None


def test_what_a_list_leaves_out_stays(receiver: DayKeyReceiver, data_dir: Path) -> None:
    receiver.receive(listed(key_of("2026-11-23"), key_of("2026-11-24")))
    (accepted.day_keys_folder(data_dir) / "2026-11-20.json.new").touch()
    receiver.receive(listed(key_of("2026-11-24", "ab" * 32, MADE_MS + 1), key_of("2026-11-25")))
    assert files(data_dir) == ["2026-11-23.json", "2026-11-24.json", "2026-11-25.json"]
    assert DayKeys(data_dir, KIOSK, PUBLIC).key("2026-11-24") == bytes.fromhex("ab" * 32)
    receiver.receive(listed())
    assert files(data_dir) == ["2026-11-23.json", "2026-11-24.json", "2026-11-25.json"], "somebody may hold back what the server has sent"


def test_an_older_key_of_a_day_never_replaces_a_newer_one(receiver: DayKeyReceiver, data_dir: Path) -> None:
    keys = DayKeys(data_dir, KIOSK, PUBLIC)
    older, newer = key_of("2026-11-25", "aa" * 32), key_of("2026-11-25", "bb" * 32, MADE_MS + 1)
    for key, kept in ((older, older), (newer, newer), (older, newer), (newer, newer)):
        receiver.receive(listed(key))
        assert keys.key("2026-11-25") == bytes.fromhex(kept.key)
    receiver.receive(listed(older, key_of("2026-11-26")))
    assert keys.key("2026-11-25") == bytes.fromhex(newer.key)
    assert keys.key("2026-11-26") is not None, "the other keys of that list are as good as ever"


def test_another_key_that_was_made_at_the_same_time_is_refused(receiver: DayKeyReceiver, data_dir: Path) -> None:
    keys = DayKeys(data_dir, KIOSK, PUBLIC)
    receiver.receive(listed(key_of("2026-11-25")))
    with pytest.raises(DayKeysRefusedError, match="key of 2026-11-25 is different"):
        receiver.receive(listed(key_of("2026-11-25", "ab" * 32), key_of("2026-11-26")))
    assert keys.key("2026-11-25") == bytes.fromhex(key_of("2026-11-25").key)
    assert keys.key("2026-11-26") is None


def test_what_cannot_be_used_is_replaced_by_any_key(receiver: DayKeyReceiver, data_dir: Path) -> None:
    receiver.receive(listed(key_of("2026-11-25", "ab" * 32, MADE_MS + 1)))
    newer = accepted.day_key_file(data_dir, "2026-11-25").read_bytes()
    for spoilt, name in ((b"{", "2026-11-25"), (newer, "2026-11-26")):
        accepted.day_key_file(data_dir, name).write_bytes(spoilt)
        receiver.receive(listed(key_of(name)))
        assert DayKeys(data_dir, KIOSK, PUBLIC).key(name) == bytes.fromhex(key_of(name).key)


def test_a_kiosk_without_a_clock_erases_what_a_key_of_the_server_shows_to_be_over(
    receiver: DayKeyReceiver, data_dir: Path, clock: FakeClock
) -> None:
    clock.trusted = False
    receiver.receive(listed(key_of("2026-11-23"), key_of("2026-11-24")))
    receiver.receive(listed(key_of("2026-12-04")))
    assert files(data_dir) == ["2026-11-24.json", "2026-12-04.json"], (
        "the server makes that key from the 27th on, when the 72 hours of the 23rd are over"
    )
    receiver.receive(listed(key_of("2026-11-23"), key_of("2026-12-05")))
    assert files(data_dir) == ["2026-12-04.json", "2026-12-05.json"]


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (listed(key_of("2026-11-24"), by=STRANGER), "not signed by this kiosk's server"),
        (listed(key_of("2026-11-24"), purpose=PURPOSE), "not signed"),
        (listed(msgspec.structs.replace(key_of("2026-11-24"), kiosk="another-kiosk")), "is for 'another-kiosk'"),
        (listed(key_of("2026-11-31")), "no day"),
        (listed(key_of("20261124")), "no day"),
        (listed(key_of("../current")), "no day"),
        (listed(key_of("2026-11-24", "zz" * 32)), "not 64"),
        (listed(key_of("2026-11-24", "ab" * 31)), "not 64"),
        (listed(key_of("2026-11-24", made=-1)), "at no time"),
        (listed(key_of("2026-11-24", made=2**63)), "at no time"),
        (listed(key_of("2026-11-24"), key_of("2026-11-24", "ab" * 32)), "two keys"),
        (listed(key_of("2026-11-25"), wire.Signed("{}", "00")), "not signed"),
        (b"\xff", "JSON|utf"),
    ],
)
def test_other_lists_are_refused_as_a_whole(receiver: DayKeyReceiver, data_dir: Path, payload: bytes, reason: str) -> None:
    receiver.receive(listed(key_of("2026-11-23")))
    with pytest.raises(DayKeysRefusedError, match=reason):
        receiver.receive(payload)
    assert files(data_dir) == ["2026-11-23.json"]


def test_a_key_is_erased_72_hours_after_its_day_by_a_trusted_clock_only(receiver: DayKeyReceiver, data_dir: Path, clock: FakeClock) -> None:
    receiver.receive(listed(key_of("2026-11-24"), key_of("2026-11-25")))
    (accepted.day_keys_folder(data_dir) / "2026-11-24.json.new").touch()
    (accepted.day_keys_folder(data_dir) / "notes").touch()
    clock.wall_offset_ms += 72 * H_MS - 1
    clock.pass_s(0)
    receiver.tidy()
    assert "2026-11-24.json" in files(data_dir)
    clock.trusted = False
    clock.pass_s(TIDY_S)
    receiver.tidy()
    assert "2026-11-24.json" in files(data_dir), "a clock that nobody has set may be days ahead"
    clock.trusted = True
    clock.pass_s(TIDY_S - 1)
    receiver.tidy()
    assert "2026-11-24.json" in files(data_dir), "looked just now"
    clock.pass_s(1)
    receiver.tidy()
    assert files(data_dir) == ["2026-11-25.json", "notes"]
    receiver.receive(listed(key_of("2026-11-24"), key_of("2026-11-25")))
    assert files(data_dir) == ["2026-11-25.json"], "what comes too late is not kept"


@pytest.mark.parametrize(("day", "ends_ms"), [("2026-11-24", END_MS), ("2026-10-25", 1_792_965_600_000), ("2026-03-29", 1_774_818_000_000)])
def test_a_day_ends_at_local_midnight_also_where_the_clocks_change(day: str, ends_ms: int) -> None:
    over_ms = ends_ms + 72 * H_MS
    assert (is_over(day, ZONE, over_ms - 1), is_over(day, ZONE, over_ms)) == (False, True)
    assert not is_over("9999-12-31", ZONE, over_ms)


def test_a_refusal_is_reported_until_something_good_comes(receiver: DayKeyReceiver, data_dir: Path) -> None:
    agent = Agent(None, None, None, receiver, None, None, kiosk=KIOSK, alive=bool)  # type: ignore[arg-type]
    for payload, faults in (
        (listed(key_of("2026-11-24")), ()),
        (b"garbage", (Fault.DAY_KEYS_REFUSED,)),
        (b"", (Fault.DAY_KEYS_REFUSED,)),
        (listed(key_of("2026-11-24")), ()),
    ):
        agent.received(wire.day_keys_topic(KIOSK), payload)
        assert agent.faults == faults
    assert files(data_dir) == ["2026-11-24.json"]


def test_what_the_disk_does_not_take_is_put_off(receiver: DayKeyReceiver, data_dir: Path, caplog: pytest.LogCaptureFixture) -> None:
    agent = Agent(None, None, None, receiver, None, None, kiosk=KIOSK, alive=bool)  # type: ignore[arg-type]
    in_the_way = accepted.day_keys_folder(data_dir) / "2026-11-24.json.new"
    in_the_way.mkdir()
    agent.received(wire.day_keys_topic(KIOSK), listed(key_of("2026-11-24")))
    assert "put off" in caplog.text
    in_the_way.rmdir()
    agent.received(wire.day_keys_topic(KIOSK), listed(key_of("2026-11-24")))
    assert files(data_dir) == ["2026-11-24.json"]
