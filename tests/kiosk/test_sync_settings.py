from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from nacl.signing import SigningKey

from feedback import wire
from feedback.settings import KioskSettings, sign
from kiosk import accepted
from kiosk.config import Config, parse
from kiosk.errors import SettingsRefusedError
from kiosk.sync.settings import SettingsReceiver
from tests.kiosk.support import KIOSK, settings_of

if TYPE_CHECKING:
    from pathlib import Path

KEY = SigningKey(b"k" * 32)
STRANGER = SigningKey(b"s" * 32)


def enrolled(data_dir: Path, port: int = 1883) -> Config:
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
        signing_key = "{KEY.verify_key.encode().hex()}"
        sealing_key = "{"00" * 32}"
        """,
        "kiosk.toml",
    )


def signed(settings: KioskSettings, key: SigningKey = KEY) -> bytes:
    return wire.encode(sign(settings, lambda data: key.sign(data).signature))


@pytest.fixture
def receiver(data_dir: Path) -> SettingsReceiver:
    return SettingsReceiver(enrolled(data_dir))


def current(data_dir: Path) -> KioskSettings | None:
    return accepted.read_current(data_dir, KIOSK, KEY.verify_key.encode().hex())


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
    again = SettingsReceiver(enrolled(data_dir))
    assert again.version == 3
    with pytest.raises(SettingsRefusedError, match="older than the accepted 3"):
        again.receive(signed(settings_of(version=2)))


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (signed(settings_of(), STRANGER), "not signed by this kiosk's server"),
        (signed(settings_of()).replace(b"excellent", b"terrible!"), "not signed"),
        (signed(KioskSettings(1, "another-kiosk", "c", settings_of().questionnaire)), "are for 'another-kiosk'"),
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


def test_ui_does_not_use_what_was_changed_on_the_disk(receiver: SettingsReceiver, data_dir: Path) -> None:
    receiver.receive(signed(settings_of(version=1)))
    path = data_dir / accepted.FOLDER / "settings-1.json"
    path.write_bytes(path.read_bytes().replace(b"good", b"bad!"))
    with pytest.raises(SettingsRefusedError):
        current(data_dir)
    assert SettingsReceiver(enrolled(data_dir)).version == 0
