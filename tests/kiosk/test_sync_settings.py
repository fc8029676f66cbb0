from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from nacl.signing import SigningKey

from feedback import wire
from feedback.hours import Day, Hours
from feedback.notice import PURPOSE as NOTICE_PURPOSE
from feedback.notice import Announcement, AnnouncementKind, Notice
from feedback.settings import PURPOSE, DeskOption, KioskSettings, Look, Route, Timing
from feedback.signed import sign
from kiosk import accepted
from kiosk.config import Config, parse
from kiosk.errors import Fault, NoticeRefusedError, SettingsRefusedError
from kiosk.sync.agent import Agent
from kiosk.sync.notices import NoticeReceiver
from kiosk.sync.settings import SettingsReceiver
from tests.kiosk.support import KIOSK, SEALING, settings_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

KEY = SigningKey(b"k" * 32)
STRANGER = SigningKey(b"s" * 32)
PUBLIC = KEY.verify_key.encode().hex()


def enrolled(data_dir: Path, port: int = 8883, ca: str = "") -> Config:
    return parse(
        f"""
        format = 1
        [kiosk]
        id = "{KIOSK}"
        data_dir = "{data_dir}"
        [server]
        host = "127.0.0.1"
        port = {port}
        credential = "credential"
        signing_key = "{PUBLIC}"
        sealing_key = "{SEALING}"
        ca = """
        + json.dumps(ca),
        "kiosk.toml",
    )


def signed(settings: KioskSettings, key: SigningKey = KEY) -> bytes:
    return wire.encode(sign(settings, PURPOSE, lambda content: key.sign(content).signature))


def signed_notice(notice: Notice, key: SigningKey = KEY, purpose: str = NOTICE_PURPOSE) -> bytes:
    return wire.encode(sign(notice, purpose, lambda content: key.sign(content).signature))


def notice_of(number: int = 1, **changes: Any) -> Notice:
    return msgspec.structs.replace(Notice(number, KIOSK, "2026-11", 128, {"uk": "Більше стільців", "en": "More chairs"}), **changes)


@pytest.fixture
def told() -> list[list[int]]:
    return []


@pytest.fixture
def receiver(data_dir: Path, told: list[list[int]]) -> SettingsReceiver:
    return SettingsReceiver(enrolled(data_dir), lambda kept: told.append([settings.version for settings in kept]))


def again(data_dir: Path) -> SettingsReceiver:
    return SettingsReceiver(enrolled(data_dir), bool)


def current(data_dir: Path) -> KioskSettings | None:
    return accepted.read_current(data_dir, KIOSK, PUBLIC)


def test_signed_settings_are_accepted_and_the_link_leads_to_them(receiver: SettingsReceiver, data_dir: Path) -> None:
    assert current(data_dir) is None
    assert receiver.receive(signed(settings_of(version=3, desks=2)))
    assert current(data_dir) == settings_of(version=3, desks=2)
    assert accepted.name_of_current(data_dir) == "settings-3.json"
    assert not receiver.receive(signed(settings_of(version=3, desks=2))), "known already"
    assert receiver.receive(signed(settings_of(version=4)))
    assert accepted.name_of_current(data_dir) == "settings-4.json"


def test_a_new_start_knows_what_was_accepted(receiver: SettingsReceiver, data_dir: Path) -> None:
    receiver.receive(signed(settings_of(version=3)))
    restarted = again(data_dir)
    assert restarted.version == 3
    with pytest.raises(SettingsRefusedError, match="older than the accepted 3"):
        restarted.receive(signed(settings_of(version=2)))


def test_others_of_the_same_version_are_refused(receiver: SettingsReceiver, data_dir: Path) -> None:
    receiver.receive(signed(settings_of(version=3)))
    for kiosk in (receiver, again(data_dir)):
        with pytest.raises(SettingsRefusedError, match="these settings 3 are different from the accepted 3"):
            kiosk.receive(signed(settings_of(version=3, desks=2)))
        assert not kiosk.receive(signed(settings_of(version=3)))
    assert current(data_dir) == settings_of(version=3)


def test_the_settings_before_are_kept_and_older_ones_are_not(receiver: SettingsReceiver, data_dir: Path, told: list[list[int]]) -> None:
    for version in (1, 2, 9, 10):
        receiver.receive(signed(settings_of(version=version)))
    assert told == [[], [1], [2, 1], [9, 2], [10, 9]]
    assert sorted(path.name for path in (data_dir / accepted.FOLDER).iterdir()) == ["current", "settings-10.json", "settings-9.json"]
    SettingsReceiver(enrolled(data_dir), lambda kept: told.append([settings.version for settings in kept]))
    assert told[-1] == [10, 9]


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (signed(settings_of(), STRANGER), "not signed by this kiosk's server"),
        (signed(settings_of()).replace(b"excellent", b"terrible!"), "not signed"),
        (signed_notice(notice_of()), "not signed"),
        (signed(KioskSettings(1, "another-kiosk", "c", settings_of().questionnaire)), "is for 'another-kiosk'"),
        (b'{"document": "{}", "signature": "zz"}', "not hexadecimal"),
        (b'{"document": "{}", "signature": "00"}', "not signed"),
        (b"\xff", "JSON|utf"),
    ],
)
def test_other_settings_are_refused_and_change_nothing(receiver: SettingsReceiver, data_dir: Path, payload: bytes, reason: str) -> None:
    receiver.receive(signed(settings_of(version=1, desks=3)))
    with pytest.raises(SettingsRefusedError, match=reason):
        receiver.receive(payload)
    assert current(data_dir) == settings_of(version=1, desks=3)


ONE = settings_of().questionnaire
WEEK = (Day(540, 1080),) * 5 + (None, None)
TWICE = (DeskOption("a", "1"), DeskOption("a", "2"))
SHA = "ab" * 32


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"version": 0}, "counted from 1"),
        ({"questionnaire": msgspec.structs.replace(ONE, questions=())}, "questionnaire 'one'"),
        ({"questionnaires": (msgspec.structs.replace(ONE, id="second", languages=()),)}, "questionnaire 'second'"),
        ({"questionnaires": (ONE,)}, "'one' is there twice"),
        ({"routes": (Route("one"), Route("none"))}, "questionnaire 'none', which is not there"),
        ({"hours": Hours("Europe/Kyjiw", WEEK)}, "Europe/Kyjiw"),
        ({"hours": Hours("Europe", WEEK)}, "no time zone"),
        ({"hours": Hours("../../etc/passwd", WEEK)}, "no time zone"),
        ({"hours": Hours("Europe/Kyiv", (*WEEK[:6], Day(600, 600)))}, "minute 600 to 600"),
        ({"hours": Hours("Europe/Kyiv", (*WEEK[:6], Day(-1, 600)))}, "minute -1"),
        ({"hours": Hours("Europe/Kyiv", (*WEEK[:6], Day(0, 1441)))}, "to 1441"),
        ({"look": Look(accent="red")}, "look.accent 'red'"),
        ({"look": Look(accent="#12345g")}, "look.accent"),
        ({"look": Look(logo="../../votes.db")}, "not named by a SHA-256"),
        ({"plan": SHA.upper()}, "not named by a SHA-256"),
        ({"desks": (DeskOption("a", "1", photo="x"),)}, "not named by a SHA-256"),
        ({"assets_url": "file:///etc/"}, "begins with http"),
        ({"assets_url": "https://user@host/"}, "begins with http"),
        ({"timing": Timing(desk_s=0)}, "timing.desk_s is 0"),
        ({"timing": Timing(answer_s=-1.0)}, "timing.answer_s"),
        ({"timing": Timing(thanks_s=1e9)}, "timing.thanks_s"),
        ({"desks": TWICE}, "desk 'a' is there twice"),
        ({"desks": (DeskOption("a", ""),)}, "needs an id and a number"),
        ({"desk": DeskOption("", "1")}, "needs an id and a number"),
        ({"desks": (DeskOption("a", "1", place=(0.5, 1.5)),)}, "outside the floor plan"),
        ({"desks": (DeskOption("a", "1", "ї" * 201),)}, "longer than 200"),
        ({"centre": "x" * 201}, "centre"),
        ({"shelter": {"uk": "x" * 1001}}, "shelter"),
    ],
)
def test_what_would_stop_the_screen_is_refused_with_the_reason(
    receiver: SettingsReceiver, data_dir: Path, changes: dict[str, Any], reason: str
) -> None:
    receiver.receive(signed(settings_of(version=1)))
    with pytest.raises(SettingsRefusedError, match=reason):
        receiver.receive(signed(msgspec.structs.replace(settings_of(version=2), **changes)))
    assert current(data_dir) == settings_of(version=1)
    assert receiver.version == 1


def test_all_that_settings_may_hold_is_accepted(receiver: SettingsReceiver, data_dir: Path) -> None:
    full = msgspec.structs.replace(
        settings_of(version=2, desks=3, desk="desk-2", timing=Timing(repeat_s=0, warn_s=0)),
        questionnaires=(msgspec.structs.replace(ONE, id="second"),),
        routes=(Route("second", desks=("desk-1",), ticket=True),),
        hours=Hours("Europe/Kyiv", (*WEEK[:6], Day(0, 1440))),
        look=Look(accent="#1A5FB4", logo=SHA),
        plan=SHA,
        assets_url="https://centre.example:8443/assets/",
        shelter={"uk": "Підвал, вхід з двору"},
    )
    assert receiver.receive(signed(full))
    assert current(data_dir) == full


def test_ui_does_not_use_what_was_changed_on_the_disk(receiver: SettingsReceiver, data_dir: Path) -> None:
    receiver.receive(signed(settings_of(version=1)))
    path = data_dir / accepted.FOLDER / "settings-1.json"
    path.write_bytes(path.read_bytes().replace(b"good", b"bad!"))
    with pytest.raises(SettingsRefusedError):
        current(data_dir)
    assert again(data_dir).version == 0


def test_a_notice_is_accepted_and_its_mark_changes(data_dir: Path) -> None:
    receiver = NoticeReceiver(enrolled(data_dir))
    assert accepted.read_notice(data_dir, KIOSK, PUBLIC) is None
    marks = [accepted.mark_of_notice(data_dir)]
    raid = Announcement("a1", AnnouncementKind.AIR_RAID, {"uk": "Повітряна тривога"}, 1_790_000_000_000)
    for notice in (notice_of(1), notice_of(2, announcements=(raid,)), notice_of(7, month="", done={})):
        assert receiver.receive(signed_notice(notice))
        assert accepted.read_notice(data_dir, KIOSK, PUBLIC) == notice
        marks.append(accepted.mark_of_notice(data_dir))
        assert not receiver.receive(signed_notice(notice)), "known already"
        assert accepted.mark_of_notice(data_dir) == marks[-1]
    assert len(set(marks)) == 4
    assert [path.name for path in (data_dir / accepted.FOLDER).iterdir()] == [accepted.NOTICE]
    with pytest.raises(NoticeRefusedError, match="notice 6 is older than the accepted 7"):
        NoticeReceiver(enrolled(data_dir)).receive(signed_notice(notice_of(6)))


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (signed_notice(notice_of(9), STRANGER), "not signed"),
        (signed_notice(notice_of(9), purpose=PURPOSE), "not signed"),
        (signed_notice(notice_of(9, kiosk="another-kiosk")), "another-kiosk"),
        (signed_notice(notice_of(9, month="2026-13")), "no month"),
        (signed_notice(notice_of(9, answered=-1)), "answered -1"),
        (signed_notice(notice_of(0)), "number 0"),
        (signed_notice(notice_of(9, done={"uk": "x" * 1001})), "done"),
        (signed_notice(notice_of(9, announcements=(Announcement("a", AnnouncementKind.INFORMATION, {"uk": "x" * 1001}),))), "'a'"),
        (b"", "truncated|JSON"),
    ],
)
def test_a_bad_notice_is_refused_and_the_last_good_one_stays(data_dir: Path, payload: bytes, reason: str) -> None:
    receiver = NoticeReceiver(enrolled(data_dir))
    receiver.receive(signed_notice(notice_of(5)))
    with pytest.raises(NoticeRefusedError, match=reason):
        receiver.receive(payload)
    assert accepted.read_notice(data_dir, KIOSK, PUBLIC) == notice_of(5)
    assert receiver.number == 5


def test_ui_does_not_show_a_notice_that_was_changed_on_the_disk(data_dir: Path) -> None:
    NoticeReceiver(enrolled(data_dir)).receive(signed_notice(notice_of(5)))
    path = data_dir / accepted.FOLDER / accepted.NOTICE
    path.write_bytes(path.read_bytes().replace(b"128", b"999"))
    with pytest.raises(NoticeRefusedError):
        accepted.read_notice(data_dir, KIOSK, PUBLIC)
    assert NoticeReceiver(enrolled(data_dir)).receive(signed_notice(notice_of(4))), "what it said is not known any more"


@pytest.mark.parametrize("interrupted", ["settings-2.json", "current", accepted.NOTICE])
def test_a_write_that_fails_leaves_what_was_accepted(
    receiver: SettingsReceiver, data_dir: Path, interrupted: str, caplog: pytest.LogCaptureFixture
) -> None:
    notices = NoticeReceiver(enrolled(data_dir))
    agent = Agent(None, receiver, notices, None, None, None, kiosk=KIOSK, alive=bool)  # type: ignore[arg-type]
    agent.received(wire.settings_topic(KIOSK), signed(settings_of(version=1)))
    agent.received(wire.notice_topic(KIOSK), signed_notice(notice_of(1)))
    in_the_way = data_dir / accepted.FOLDER / f"{interrupted}.new"
    in_the_way.mkdir()
    (in_the_way / "x").touch()
    agent.received(wire.settings_topic(KIOSK), signed(settings_of(version=2)))
    agent.received(wire.notice_topic(KIOSK), signed_notice(notice_of(2)))
    assert "put off" in caplog.text
    is_notice = interrupted == accepted.NOTICE
    assert current(data_dir) == settings_of(version=2 if is_notice else 1)
    assert accepted.read_notice(data_dir, KIOSK, PUBLIC) == notice_of(1 if is_notice else 2)
    (in_the_way / "x").unlink()
    in_the_way.rmdir()
    agent.received(wire.settings_topic(KIOSK), signed(settings_of(version=2)))
    agent.received(wire.notice_topic(KIOSK), signed_notice(notice_of(2)))
    assert current(data_dir) == settings_of(version=2)
    assert accepted.read_notice(data_dir, KIOSK, PUBLIC) == notice_of(2)


def test_a_refusal_is_reported_until_something_good_comes(receiver: SettingsReceiver, data_dir: Path) -> None:
    agent = Agent(None, receiver, NoticeReceiver(enrolled(data_dir)), None, None, None, kiosk=KIOSK, alive=bool)  # type: ignore[arg-type]
    steps: list[tuple[Callable[[str], str], bytes, tuple[Fault, ...], str]] = [
        (wire.settings_topic, signed(settings_of(version=2)), (), ""),
        (wire.settings_topic, signed(settings_of(version=1)), (Fault.SETTINGS_REFUSED,), "settings 1 are older than the accepted 2"),
        (wire.notice_topic, b"garbage", (Fault.SETTINGS_REFUSED, Fault.NOTICE_REFUSED), "settings 1 are older than the accepted 2"),
        (wire.settings_topic, b"", (Fault.SETTINGS_REFUSED, Fault.NOTICE_REFUSED), "settings 1 are older than the accepted 2"),
        (wire.settings_topic, signed(settings_of(version=2)), (Fault.NOTICE_REFUSED,), ""),
        (wire.notice_topic, signed_notice(notice_of(1)), (), ""),
        (wire.notice_topic, b"", (), ""),
    ]
    for topic, payload, faults, reason in steps:
        agent.received(topic(KIOSK), payload)
        assert (agent.faults, agent.refused) == (faults, reason)
    long = msgspec.structs.replace(settings_of(version=3), assets_url="x" * 500, routes=(Route("y" * 500),))
    agent.received(wire.settings_topic(KIOSK), signed(long))
    assert len(agent.refused) == wire.MAX_REASON
