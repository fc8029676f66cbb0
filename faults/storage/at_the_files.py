"""A program: one of the small files that must never be half there is written again and again; each time is printed once it is done.

`python -m faults.storage.at_the_files settings|delivery|keys|passwords|backup FOLDER TIMES`
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final
from uuid import UUID

from nacl.signing import SigningKey

from feedback import settings, wire
from feedback.signed import sign
from kiosk import config
from kiosk.sync import delivery
from kiosk.sync.settings import SettingsReceiver
from server.commands.backup import backup
from server.keys import load_keys, write_privately
from tests.kiosk.support import kiosk_toml, settings_of

if TYPE_CHECKING:
    from kiosk.config import Config

SIGNING: Final = SigningKey(b"k" * 32)
SIGNING_PUBLIC: Final = SIGNING.verify_key.encode().hex()
EPOCH: Final = UUID(int=1)
PASSWORDS: Final = "passwords"
BACKUP: Final = "vidhuk.backup"
_LINES: Final = 400


def enrolled(folder: Path) -> Config:
    """Give the configuration of a kiosk whose server signs with SIGNING."""
    return config.parse(kiosk_toml(folder, 1883, SIGNING_PUBLIC), "kiosk.toml")


def signed_settings(version: int) -> bytes:
    """Give settings as they come from the server."""
    return wire.encode(sign(settings_of(version=version, desks=20), settings.PURPOSE, lambda content: SIGNING.sign(content).signature))


def passwords_of(number: int) -> str:
    """Give a text that says in every line of which time it is."""
    return f"{number}\n" * _LINES


def write_settings(folder: Path, times: int) -> None:
    """Accept newer and newer settings."""
    receiver = SettingsReceiver(enrolled(folder), lambda _kept: None)
    for version in range(1, times + 1):
        receiver.receive(signed_settings(version))
        print(version, flush=True)


def write_marks(folder: Path, times: int) -> None:
    """Note how far the server has everything."""
    with delivery.open_ledger(folder / delivery.FILE) as ledger:
        for seq in range(1, times + 1):
            if seq == times // 2:
                ledger.begin_generation("next")
            ledger.set_mark(EPOCH, seq, f"{seq:064x}")
            print(seq, flush=True)


def write_keys(folder: Path, _times: int) -> None:
    """Make the server's keys, as its first start does."""
    print(load_keys(folder).signing_public, flush=True)


def write_passwords(folder: Path, times: int) -> None:
    """Write the broker's passwords, as each new kiosk makes the server do."""
    for number in range(1, times + 1):
        write_privately(folder / PASSWORDS, passwords_of(number))
        print(number, flush=True)


def write_backup(folder: Path, _times: int) -> None:
    """Back an empty server up."""
    with TemporaryDirectory() as name:
        phrase = Path(name) / "phrase"
        phrase.write_text("four or five words", encoding="utf-8")
        backup(folder / BACKUP, phrase, Path(name) / "server")
    print("complete", flush=True)


WRITERS: Final = {
    "settings": write_settings,
    "delivery": write_marks,
    "keys": write_keys,
    "passwords": write_passwords,
    "backup": write_backup,
}


def main() -> None:
    """Write."""
    kind, folder, times = sys.argv[1:]
    WRITERS[kind](Path(folder), int(times))


if __name__ == "__main__":
    main()
