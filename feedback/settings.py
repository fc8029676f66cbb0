"""What the server tells one kiosk: who it is, which desks it may offer, what it asks and how long its screens stay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from feedback.questionnaire import Questionnaire, QuestionnaireError, validate
from feedback.wire import Signed, WireError

if TYPE_CHECKING:
    from collections.abc import Callable

PURPOSE: Final = "vidhuk settings 1"


class DeskOption(msgspec.Struct, frozen=True):
    """A desk as the visitor sees it: the number on the wall, and a name where it has one."""

    id: str
    number: str
    name: str = ""


class Timing(msgspec.Struct, frozen=True):
    """How long screens stay, in seconds. `repeat_s`: a vote sooner than this after the last visit is flagged as a repeat."""

    desk_s: float = 15.0
    thanks_s: float = 3.0
    repeat_s: float = 5.0


class KioskSettings(msgspec.Struct, frozen=True):
    """One version of a kiosk's settings. `desk` binds the kiosk to one desk; else the visitor picks from `desks`."""

    version: int
    kiosk: str
    centre: str
    questionnaire: Questionnaire
    desk: DeskOption | None = None
    desks: tuple[DeskOption, ...] = ()
    timing: Timing = Timing()


def sign(settings: KioskSettings, signer: Callable[[bytes], bytes]) -> Signed:
    """Encode and sign settings; `signer` gives the Ed25519 signature over the bytes it is handed."""
    unsigned = Signed(document=msgspec.json.encode(settings).decode(), signature="")
    return Signed(document=unsigned.document, signature=signer(unsigned.signed_bytes(PURPOSE)).hex())


def verify(message: Signed, kiosk: str, check: Callable[[bytes, bytes], bool]) -> KioskSettings:
    """Give the settings for `kiosk`; `check(data, signature)` says whether the server signed the bytes.

    Raises:
        WireError: the signature is wrong, the settings are another kiosk's, or they cannot be used.
    """
    try:
        signature = bytes.fromhex(message.signature)
    except ValueError as error:
        raise WireError("the signature is not hexadecimal") from error
    if not check(message.signed_bytes(PURPOSE), signature):
        raise WireError("the settings are not signed by this kiosk's server")
    try:
        settings = msgspec.json.decode(message.document, type=KioskSettings)
        validate(settings.questionnaire, f"settings {settings.version}")
    except (msgspec.DecodeError, QuestionnaireError) as error:
        raise WireError(str(error)) from error
    if settings.kiosk != kiosk:
        raise WireError(f"the settings are for {settings.kiosk!r}, this kiosk is {kiosk!r}")
    return settings
