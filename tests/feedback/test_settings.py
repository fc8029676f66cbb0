from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING

import msgspec
import pytest
from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey

from feedback.questionnaire_file import parse
from feedback.settings import PURPOSE, DeskOption, KioskSettings, Route
from feedback.signed import open_signed, sign
from feedback.wire import Signed, WireError

if TYPE_CHECKING:
    from feedback.questionnaire import Questionnaire

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
    return sign(settings, PURPOSE, lambda data: KEY.sign(data).signature)


def opened(message: Signed) -> KioskSettings:
    return open_signed(message, KioskSettings, PURPOSE, kiosk="exit-sample-1", check=check)


def test_signed_settings_arrive_whole() -> None:
    assert opened(signed()) == SETTINGS


@pytest.mark.parametrize(
    "bad",
    [
        msgspec.structs.replace(signed(), document=signed().document.replace("Зразкове", "Інше")),
        msgspec.structs.replace(signed(), signature="00" * 64),
        msgspec.structs.replace(signed(), signature="xyz"),
        msgspec.structs.replace(signed(), signature=""),
        signed(msgspec.structs.replace(SETTINGS, kiosk="exit-sample-2")),
        signed(msgspec.structs.replace(SETTINGS, version="x")),  # type: ignore[arg-type]
    ],
)
def test_altered_foreign_or_unusable_settings_are_refused(bad: Signed) -> None:
    with pytest.raises(WireError):
        opened(bad)


def test_a_signature_for_another_purpose_does_not_serve() -> None:
    message = signed()
    other = KEY.sign(message.signed_bytes("vidhuk command 1")).signature.hex()
    with pytest.raises(WireError, match="not signed"):
        opened(msgspec.structs.replace(message, signature=other))


def other(name: str) -> Questionnaire:
    return msgspec.structs.replace(SETTINGS.questionnaire, id=name)


@pytest.mark.parametrize(
    ("desk", "service", "ticket", "asked"),
    [
        ("center-1", None, False, "by-desk"),
        ("center-1", "residence", True, "by-desk"),
        ("center-2", "residence", False, "by-service"),
        ("center-2", None, True, "by-ticket"),
        (None, None, False, "default"),
    ],
)
def test_the_first_route_that_fits_decides_what_is_asked(desk: str | None, service: str | None, ticket: bool, asked: str) -> None:  # noqa: FBT001
    settings = msgspec.structs.replace(
        SETTINGS,
        questionnaires=(other("by-desk"), other("by-service"), other("by-ticket")),
        routes=(
            Route("not-sent", ticket=None),
            Route("by-desk", desks=("center-1",)),
            Route("by-service", services=("residence",)),
            Route("by-ticket", ticket=True),
        ),
    )
    assert settings.questionnaire_for(desk, service, ticket=ticket).id == asked
