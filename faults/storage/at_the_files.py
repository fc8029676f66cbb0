"""A program: one of the small files that must never be half there is written again and again; each time is printed once it is done.

`python -m faults.storage.at_the_files settings|delivery|keys|passwords|backup|restore FOLDER TIMES`
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final
from uuid import UUID

import msgspec
from nacl.signing import SigningKey

from feedback import settings, wire
from feedback.signed import sign
from kiosk import config
from kiosk.sync import delivery
from kiosk.sync.settings import SettingsReceiver
from server.app import opened
from server.backup.dump import dump
from server.backup.returning import Backup, Since, bring_back
from server.commands.backup import backup
from server.config import parse_config
from server.db.engine import open_engine, writing
from server.keys import key_files, load_keys, write_privately
from tests.kiosk.support import kiosk_toml, settings_of
from tests.server.kit import CENTRE, load_centre

if TYPE_CHECKING:
    from kiosk.config import Config
    from server.config import Config as ServerConfig

SIGNING: Final = SigningKey(b"k" * 32)
SIGNING_PUBLIC: Final = SIGNING.verify_key.encode().hex()
EPOCH: Final = UUID(int=1)
PASSWORDS: Final = "passwords"
BACKUP: Final = "vidhuk.backup"
FRAMES: Final = "frames"
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
    """Back a server with one kiosk up."""
    with TemporaryDirectory() as name:
        phrase = Path(name) / "phrase"
        phrase.write_text("four or five words", encoding="utf-8")
        with opened(of_folder(Path(name))) as server, writing(server.engine) as connection:
            load_centre(connection, CENTRE)
        backup(folder / BACKUP, phrase, Path(name) / "data")
    print("complete", flush=True)


def of_folder(folder: Path) -> ServerConfig:
    """Give the configuration of a server that keeps everything in `data` in this folder."""
    return parse_config("", source="server.toml", data_dir=folder / "data")


def lend_frames(folder: Path) -> None:
    """Put the frames of a backup of a server with one kiosk into a folder."""
    frames: list[bytes] = []
    with TemporaryDirectory() as name, opened(of_folder(Path(name))) as server:
        with writing(server.engine) as connection:
            load_centre(connection, CENTRE)
        dump(server.engine, key_files(server.config.data_dir), frames.append, now_ms=0, on_rows=lambda _done, _total: None)
    (folder / FRAMES).write_bytes(msgspec.msgpack.encode(frames))


def write_restored(folder: Path, _times: int) -> None:
    """Restore the backup whose frames are there."""
    restore_frames(folder)
    print("complete", flush=True)


def restore_frames(folder: Path) -> None:
    """Do what `vidhuk-server restore` does."""
    frames = msgspec.msgpack.decode((folder / FRAMES).read_bytes(), type=list[bytes])
    config = of_folder(folder)
    engine = open_engine(config.database_url.reveal())
    try:
        bring_back(config.data_dir, engine, Backup("of the fault", frames), Since(), now_ms=0)
    finally:
        engine.dispose()


WRITERS: Final = {
    "settings": write_settings,
    "delivery": write_marks,
    "keys": write_keys,
    "passwords": write_passwords,
    "backup": write_backup,
    "restore": write_restored,
}


def main() -> None:
    """Write."""
    kind, folder, times = sys.argv[1:]
    WRITERS[kind](Path(folder), int(times))


if __name__ == "__main__":
    main()
