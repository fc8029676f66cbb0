"""The folder `accepted/`: sync puts what the server signed there, ui reads it between visits. Both check it themselves."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Final, TypeVar

from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

from feedback import notice, settings, signed, wire
from feedback.commands import Command
from feedback.notice import Notice
from feedback.questionnaire_file import parse
from feedback.settings import KioskSettings
from feedback.tickets import DAY_KEY_PURPOSE, DayKey
from kiosk import usable
from kiosk.errors import DayKeysRefusedError, NoticeRefusedError, SettingsRefusedError

if TYPE_CHECKING:
    from pathlib import Path

    from feedback.questionnaire import Questionnaire

FOLDER: Final = "accepted"
CURRENT: Final = "current"
NOTICE: Final = "notice.json"
DAY_KEYS: Final = "daykeys"
ASSETS: Final = "assets"

D = TypeVar("D", KioskSettings, Notice, DayKey, Command)


def read(payload: bytes, kiosk: str, signing_key: str) -> KioskSettings:
    """Give the settings in a signed message.

    Raises:
        SettingsRefusedError: they are not from this kiosk's server, not for this kiosk, or unusable.
    """
    try:
        found = _open(payload, KioskSettings, settings.PURPOSE, kiosk, signing_key)
        usable.check_settings(found)
    except (wire.WireError, usable.UnusableError) as error:
        raise SettingsRefusedError(str(error)) from error
    return found


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


def open_notice(payload: bytes, kiosk: str, signing_key: str) -> Notice:
    """Give the notice in a signed message.

    Raises:
        NoticeRefusedError: it is not from this kiosk's server, not for this kiosk, or unusable.
    """
    try:
        found = _open(payload, Notice, notice.PURPOSE, kiosk, signing_key)
        usable.check_notice(found)
    except (wire.WireError, usable.UnusableError) as error:
        raise NoticeRefusedError(str(error)) from error
    return found


def mark_of_notice(data_dir: Path) -> tuple[int, int] | None:
    """Give what changes whenever the accepted notice does; cheap enough to ask every second."""
    try:
        status = (data_dir / FOLDER / NOTICE).stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_ino


def read_notice(data_dir: Path, kiosk: str, signing_key: str) -> Notice | None:
    """Give the notice that was accepted last, or None when there is none yet.

    Raises:
        NoticeRefusedError: what is there is not what the server signed.
    """
    try:
        payload = (data_dir / FOLDER / NOTICE).read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise NoticeRefusedError(str(error)) from error
    return open_notice(payload, kiosk, signing_key)


def open_day_key(payload: bytes, kiosk: str, signing_key: str) -> DayKey:
    """Give the key of one day in a signed message.

    Raises:
        DayKeysRefusedError: it is not from this kiosk's server, not for this kiosk, or unusable.
    """
    try:
        found = _open(payload, DayKey, DAY_KEY_PURPOSE, kiosk, signing_key)
        usable.check_day_key(found)
    except (wire.WireError, usable.UnusableError) as error:
        raise DayKeysRefusedError(str(error)) from error
    return found


def day_keys_folder(data_dir: Path) -> Path:
    """Give the folder in which the key of each day is a file of its own, named by the day, so that one can be erased."""
    return data_dir / FOLDER / DAY_KEYS


def day_key_file(data_dir: Path, day: str) -> Path:
    """Give the file of a day's key."""
    return day_keys_folder(data_dir) / f"{day}.json"


def asset(data_dir: Path, sha256: str | None) -> Path | None:
    """Give the picture of that SHA-256 (hex) if it has arrived; sync checked it before it took that name."""
    path = data_dir / FOLDER / ASSETS / (sha256 or "none")
    return path if usable.ASSET.fullmatch(sha256 or "") and path.is_file() else None


def before_any(kiosk: str) -> KioskSettings:
    """Give the settings of a kiosk that has received none: the questionnaire that ships with it, and no desks."""
    return KioskSettings(version=0, kiosk=kiosk, centre="", questionnaire=shipped("default"))


def open_signed(document: wire.Signed, kind: type[D], purpose: str, kiosk: str, signing_key: str) -> D:
    """Give what the server of this kiosk signed for it.

    Raises:
        WireError: it did not, or it is of another shape.
    """
    key = VerifyKey(bytes.fromhex(signing_key))

    def is_signed(content: bytes, signature: bytes) -> bool:
        try:
            key.verify(content, signature)
        except (BadSignatureError, ValueError):
            return False
        return True

    return signed.open_signed(document, kind, purpose, kiosk=kiosk, check=is_signed)


def _open(payload: bytes, kind: type[D], purpose: str, kiosk: str, signing_key: str) -> D:
    return open_signed(wire.decode(payload, wire.Signed), kind, purpose, kiosk, signing_key)


@cache
def shipped(name: str) -> Questionnaire:
    """Give a questionnaire that ships with the kiosk."""
    source = resources.files("feedback") / "questionnaires" / f"{name}.yaml"
    return parse(source.read_text(encoding="utf-8"), source.name)
