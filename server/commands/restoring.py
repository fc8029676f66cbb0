"""`vidhuk-server restore`: a server comes back from its backup, without what was erased and whoever was shut out since."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import TYPE_CHECKING, Annotated

import typer

from server.commands.backup import PassphraseFile, opened_backup, progress_of, read_passphrase, show_restored
from server.commands.base import ConfigFile, DataDir, in_own_language, operator, read_config, read_text, say
from server.errors import BackupError

if TYPE_CHECKING:
    from server.backup.admitted import Admitted
    from server.backup.returning import Since
    from server.backup.since import Listed
    from server.commands.restored_words import Done
    from server.config import Config


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
    older_list: Annotated[  # noqa: FBT002 - a flag of the command line
        bool,
        typer.Option("--older-list", help="No list is newer than the backup: what was erased and whoever was shut out since comes back."),
    ] = False,
    data: DataDir = None,
    config: ConfigFile = None,
) -> None:
    """Restore a backup into an empty data folder and an empty database; one that was cut short goes on."""
    from server.commands.restored_words import tell_admitted, tell_erased

    listed = _listed(file, erasures, without=without_erasures)
    phrase = read_passphrase(passphrase, is_new=False)
    done = _restore(file, phrase, read_config(data, config), _Wish(listed, older_list))
    if done.restored is None:
        say("an earlier restore of this backup had stored every row and was cut short then; now it is whole")
    else:
        show_restored(done.restored)
    tell_erased(None if listed is None else len(listed.erasures), done)
    tell_admitted(done)
    say("kiosks send again what this backup does not have, as soon as the server runs at the address that they know")


@dataclass(frozen=True, slots=True)
class _Wish:
    """What the operator gives: the list, if there is one, and whether it may be no newer than the backup."""

    listed: Listed | None
    may_be_older: bool


def _listed(file: Path, list_: Path | None, *, without: bool) -> Listed | None:
    """Give the list of what was erased and who was let in; None where the operator says that there is none.

    Raises:
        BackupError: nobody said which.
    """
    from server.backup.since import FILE, read_list
    from server.web.language import N_

    beside = file.absolute().parent / FILE
    if without and list_ is None:
        return None
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


def _restore(file: Path, phrase: str, wanted: Config, wish: _Wish) -> Done:
    from server.app import now_ms
    from server.audit.log import Actor
    from server.backup.admitted import names_of
    from server.backup.frames import beginning_of
    from server.backup.returning import Backup, bring_back
    from server.backup.sealed_file import identity_of, read_frames
    from server.commands.restored_words import Done
    from server.db.engine import open_engine, reading
    from server.keys import public_of

    with opened_backup(file) as source, progress_of("rows restored") as tell:
        identity, by = identity_of(source), Actor(operator=operator())
        about, keys, frames = beginning_of(read_frames(source, phrase))
        admitted = None if wish.listed is None else wish.listed.servers.get(public_of(keys))
        since = _since(wish, about.made_ms, admitted)
        engine = open_engine(wanted.database_url.reveal())
        try:
            restored = bring_back(wanted.data_dir, engine, Backup(identity, frames), since, now_ms=now_ms(), by=by, on_rows=tell)
            with reading(engine) as connection:
                return Done(restored, about.made_ms, None if admitted is None else admitted.as_of_ms, names_of(connection))
        finally:
            engine.dispose()


def _since(wish: _Wish, made_ms: int, admitted: Admitted | None) -> Since:
    """Say what of the list is for this backup: who was let in only where the list is the newer one.

    Raises:
        BackupError: the list is no newer than the backup, and nobody said that this will do.
    """
    from server.backup.returning import Since

    if wish.listed is None:
        return Since()
    if admitted is not None and admitted.as_of_ms > made_ms:
        return Since(wish.listed.erasures, admitted)
    if not wish.may_be_older:
        from server.commands.restored_words import too_old

        raise BackupError(too_old(None if admitted is None else admitted.as_of_ms, made_ms))
    return Since(wish.listed.erasures)
