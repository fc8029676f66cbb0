"""The folder `accepted/`: sync puts verified settings there, ui reads them between visits. Both check the signature themselves."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Final

from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

from feedback import wire
from feedback.questionnaire import parse
from feedback.settings import KioskSettings, verify
from kiosk.errors import SettingsRefusedError

if TYPE_CHECKING:
    from pathlib import Path

    from feedback.questionnaire import Questionnaire

FOLDER: Final = "accepted"
CURRENT: Final = "current"


def read(payload: bytes, kiosk: str, signing_key: str) -> KioskSettings:
    """Give the settings in a signed message.

    Raises:
        SettingsRefusedError: they are not from this kiosk's server, not for this kiosk, or unusable.
    """
    key = VerifyKey(bytes.fromhex(signing_key))

    def is_signed(data: bytes, signature: bytes) -> bool:
        try:
            key.verify(data, signature)
        except (BadSignatureError, ValueError):
            return False
        return True

    try:
        return verify(wire.decode(payload, wire.Signed), kiosk, is_signed)
    except wire.WireError as error:
        raise SettingsRefusedError(error.reason) from error


def name_of_current(data_dir: Path) -> str | None:
    """Give the name to which `current` points; it changes whenever the settings do."""
    try:
        return str((data_dir / FOLDER / CURRENT).readlink())
    except OSError:
        return None


def read_current(data_dir: Path, kiosk: str, signing_key: str) -> KioskSettings | None:
    """Give the settings that were accepted last, or None when there are none yet.

    Raises:
        SettingsRefusedError: what is there is not what the server signed.
    """
    try:
        payload = (data_dir / FOLDER / CURRENT).read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SettingsRefusedError(str(error)) from error
    return read(payload, kiosk, signing_key)


def before_any(kiosk: str) -> KioskSettings:
    """Give the settings of a kiosk that has received none: the questionnaire that ships with it, and no desks."""
    return KioskSettings(version=0, kiosk=kiosk, centre="", questionnaire=_shipped_questionnaire())


@cache
def _shipped_questionnaire() -> Questionnaire:
    source = resources.files("feedback") / "questionnaires" / "default.yaml"
    return parse(source.read_text(encoding="utf-8"), source.name)
