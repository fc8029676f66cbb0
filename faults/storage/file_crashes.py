"""Power cuts while small files are written: each is found as it was before or as it is after, never empty, torn or gone."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from faults.storage.at_the_files import (
    BACKUP,
    EPOCH,
    PASSWORDS,
    SIGNING_PUBLIC,
    enrolled,
    lend_frames,
    of_folder,
    passwords_of,
    restore_frames,
    signed_settings,
)
from faults.storage.crashes import Program, cuts
from faults.storage.recording import in_silence
from faults.storage.tally import Tally
from faults.table import Fault
from kiosk import accepted
from kiosk.errors import SettingsRefusedError
from kiosk.sync import delivery
from kiosk.sync.settings import SettingsReceiver
from server.app import opened
from server.backup.begun import begun_in
from server.db.engine import reading
from server.db.founded import is_founded
from server.errors import ServerError
from server.keys import key_files, load_keys
from server.registry.kiosks import list_kiosks
from tests.kiosk.support import KIOSK

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from faults.storage.crashes import Cut
    from faults.table import Row
    from server.config import Config

_TIMES: Final = "12"


def cut_files(  # noqa: PLR0913 - what tells one row from another
    name: str,
    kind: str,
    look: Callable[[Cut], str],
    rounds: int,
    step: Callable[[int], None],
    *,
    lies: float,
    prepare: Callable[[Path], None],
) -> Row:
    """Cut the power while files of a `kind` are written; `look` says what is wrong after it. With all waits a lie, something must be."""
    tally = Tally(name)
    with in_silence():
        for cut in cuts(Program(("faults.storage.at_the_files", kind, "{folder}", _TIMES), prepare), rounds, tally, lies=lies):
            wrong = look(cut)
            tally.count(acknowledged=len(cut.said), lost=int(bool(wrong)), problem=wrong)
            step(tally.rounds)
    return tally.control_row() if lies else tally.row()


def look_at_settings(cut: Cut) -> str:
    """Say what is wrong with the accepted settings, to ui and to sync."""
    done = int(cut.said[-1]) if cut.said else 0
    try:
        current = accepted.read_current(cut.folder, KIOSK, SIGNING_PUBLIC)
    except SettingsRefusedError as error:
        return f"unusable: {error}"
    version = 0 if current is None else current.version
    receiver = SettingsReceiver(enrolled(cut.folder), lambda _kept: None)
    if version not in (done, done + 1) or receiver.version != version:
        return f"settings {done} were accepted, and {version} are there"
    return "" if receiver.receive(signed_settings(version + 2)) else "the next settings are not accepted"


def look_at_marks(cut: Cut) -> str:
    """Say what is wrong with delivery.db."""
    done = int(cut.said[-1]) if cut.said else 0
    with delivery.open_ledger(cut.folder / delivery.FILE) as ledger:
        mark, head = ledger.mark(EPOCH), ledger.head(EPOCH)
    if list(cut.folder.glob("*-damaged")):
        return "it is damaged"
    if mark == 0 and done in (int(_TIMES) // 2 - 1, int(_TIMES) // 2):
        return ""  # with a new generation all marks are forgotten
    if mark not in (done, done + 1) or head != (f"{mark:064x}" if mark else None):
        return f"mark {done} was noted, and {mark} is there with head {head}"
    return ""


def look_at_keys(cut: Cut) -> str:
    """Say what is wrong with the server's keys."""
    try:
        found = load_keys(cut.folder).signing_public
    except (ServerError, OSError) as error:
        return str(error)
    return "" if not cut.said or found == cut.said[-1] else "they are other keys than before"


def look_at_passwords(cut: Cut) -> str:
    """Say what is wrong with the file of passwords."""
    done = int(cut.said[-1]) if cut.said else 0
    path = cut.folder / PASSWORDS
    text = path.read_text(encoding="utf-8") if path.exists() else passwords_of(0)
    return "" if text in (passwords_of(done), passwords_of(done + 1)) else f"{done} were written, and there are {text[:20]!r}…"


def look_at_backup(cut: Cut) -> str:
    """Say what is wrong with the backup."""
    path = cut.folder / BACKUP
    if not path.exists():
        return "it was said to be complete, and is gone" if "complete" in cut.said else ""
    return "" if path.read_bytes() == (cut.recorded / BACKUP).read_bytes() else "it is not whole"


def look_at_restored(cut: Cut) -> str:
    """Say what is wrong with a restore that was cut short: the same again must make it whole, and nobody may open what is half there."""
    config, kept = of_folder(cut.folder), {}
    try:
        if begun_in(config.data_dir) is None and is_founded(config.database_url.reveal()):
            return _whole(config)
        kept = key_files(config.data_dir)
        if "complete" in cut.said:
            return "it was said to be complete, and is not"
        restore_frames(cut.folder)
        return _whole(config)
    except (ServerError, OSError) as error:
        return f"{error} (keys: {sorted(kept)})"


def _whole(config: Config) -> str:
    with opened(config) as server, reading(server.engine) as connection:
        return "" if list_kiosks(connection) else "there is no kiosk"


def _fault(  # noqa: PLR0913 - what tells one row from another
    name: str,
    kind: str,
    look: Callable[[Cut], str],
    *,
    test: int,
    usual: int,
    full: int,
    lies: float = 0.0,
    prepare: Callable[[Path], None] = lambda _folder: None,
) -> Fault:
    return Fault(name=name, test=test, usual=usual, full=full, run=partial(cut_files, name, kind, look, lies=lies, prepare=prepare))


FAULTS: Final = (
    _fault("power cut: accepted settings", "settings", look_at_settings, test=150, usual=2000, full=10_000),
    _fault("power cut: settings without waiting", "settings", look_at_settings, test=60, usual=100, full=300, lies=1.0),
    _fault("power cut: what is delivered", "delivery", look_at_marks, test=150, usual=2000, full=10_000),
    _fault("power cut: server's keys", "keys", look_at_keys, test=150, usual=1000, full=5000),
    _fault("power cut: broker's passwords", "passwords", look_at_passwords, test=150, usual=2000, full=10_000),
    _fault("power cut: passwords without waiting", "passwords", look_at_passwords, test=60, usual=100, full=300, lies=1.0),
    _fault("power cut: server's backup", "backup", look_at_backup, test=100, usual=500, full=5000),
    _fault("power cut: restore cut short", "restore", look_at_restored, test=4, usual=40, full=200, prepare=lend_frames),
)
