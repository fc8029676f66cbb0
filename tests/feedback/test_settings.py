from __future__ import annotations

from importlib import resources

import msgspec
import pytest
from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey

from feedback.questionnaire import parse
from feedback.settings import DeskOption, KioskSettings, sign, verify
from feedback.wire import Signed, WireError

KEY = SigningKey(bytes(range(32)))
SETTINGS = KioskSettings(
    version=3,
    kiosk="exit-sample-1",
    centre="ЦНАП Зразкове",
    questionnaire=parse(resources.files("feedback").joinpath("questionnaires/default.yaml").read_text(encoding="utf-8"), "default.yaml"),
    desks=(DeskOption("center-1", "1", "Реєстрація"),),
)


def check(data: bytes, signature: bytes) -> bool:
    try:
        KEY.verify_key.verify(data, signature)
    except (BadSignatureError, ValueError):
        return False
    return True


def signed(settings: KioskSettings = SETTINGS) -> Signed:
    return sign(settings, lambda data: KEY.sign(data).signature)


def test_signed_settings_arrive_whole() -> None:
    assert verify(signed(), "exit-sample-1", check) == SETTINGS


@pytest.mark.parametrize(
    "bad",
    [
        msgspec.structs.replace(signed(), document=signed().document.replace("Зразкове", "Інше")),
        msgspec.structs.replace(signed(), signature="00" * 64),
        msgspec.structs.replace(signed(), signature="xyz"),
        msgspec.structs.replace(signed(), signature=""),
        signed(msgspec.structs.replace(SETTINGS, kiosk="exit-sample-2")),
        sign(msgspec.structs.replace(SETTINGS, version="x"), lambda data: KEY.sign(data).signature),  # type: ignore[arg-type]
    ],
)
def test_altered_foreign_or_unusable_settings_are_refused(bad: Signed) -> None:
    with pytest.raises(WireError):
        verify(bad, "exit-sample-1", check)


def test_a_signature_for_another_purpose_does_not_serve() -> None:
    message = signed()
    other = KEY.sign(message.signed_bytes("vidhuk command 1")).signature.hex()
    with pytest.raises(WireError, match="not signed"):
        verify(msgspec.structs.replace(message, signature=other), "exit-sample-1", check)
