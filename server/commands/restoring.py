"""`vidhuk-server restore`: a server comes back from its backup, without what was erased since."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import TYPE_CHECKING, Annotated

import typer

from server.commands.backup import PassphraseFile, opened_backup, progress_of, read_passphrase, show_restored
from server.commands.base import ConfigFile, DataDir, in_own_language, read_config, read_text, say
from server.errors import BackupError

if TYPE_CHECKING:
    from server.backup.restore import Restored
    from server.config import Config
    from server.remarks.erasing import Erasure


def restore(  # noqa: PLR0913, PLR0917 - typer reads the command line from the parameters
    file: Annotated[Path, typer.Argument(help="A backup.", metavar="FILE")],
    passphrase: PassphraseFile = None,
    erasures: Annotated[
        Path | None,
        typer.Option(
            help="erasures.json of the server that was: what was erased since stays erased. Else the one beside the backup.", metavar="FILE"
        ),
    ] = None,
    without_erasures: Annotated[  # noqa: FBT002 - a flag of the command line
        bool, typer.Option("--without-erasures", help="There is no such list: what was erased since comes back.")
    ] = False,
    data: DataDir = None,
    config: ConfigFile = None,
) -> None:
    """Restore a backup into an empty data folder and an empty database; one that was cut short goes on."""
    erased = _erased(file, erasures, without=without_erasures)
    phrase = read_passphrase(passphrase, is_new=False)
    restored = _restore(file, phrase, read_config(data, config), erased)
    if restored is None:
        say("an earlier restore of this backup had stored every row and was cut short then; now it is whole")
    else:
        show_restored(restored)
    if without_erasures:
        say(
            "what was erased after this backup is back: if you find erasures.json of the server that was, `vidhuk-server erase --list FILE`"
        )
    else:
        say(f"{len(erased)} visits that the list names are erased again")
    say("kiosks send again what this backup does not have, as soon as the server runs at the address that they know")


def _erased(file: Path, list_: Path | None, *, without: bool) -> list[Erasure]:
    """Give what stays erased.

    Raises:
        BackupError: nobody said what.
    """
    from server.remarks.erasing import FILE, read_list
    from server.web.language import N_

    beside = file.absolute().parent / FILE
    if without and list_ is None:
        return []
    if list_ is None and beside.exists():
        list_ = beside
        say(f"what was erased is taken from {list_}")
    if list_ is None or without:
        message = N_(
            "say what was erased after this backup: --erasures FILE, which is erasures.json of the server that was or of a later backup; "
            "or, if there is no such list, --without-erasures, and then it comes back"
        )
        raise BackupError(in_own_language(message))
    return read_list(read_text(list_), str(list_))


def _restore(file: Path, phrase: str, wanted: Config, erased: list[Erasure]) -> Restored | None:
    from server.app import now_ms
    from server.backup.returning import Backup, bring_back
    from server.backup.sealed_file import identity_of, read_frames
    from server.db.engine import open_engine

    with opened_backup(file) as source, progress_of("rows restored") as tell:
        backup = Backup(identity_of(source), read_frames(source, phrase))
        engine = open_engine(wanted.database_url.reveal())
        try:
            return bring_back(wanted.data_dir, engine, backup, erased, now_ms=now_ms(), on_rows=tell)
        finally:
            engine.dispose()
