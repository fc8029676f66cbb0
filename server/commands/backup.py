"""`vidhuk-server backup` and `check-backup`: everything in one encrypted file, read back and tried."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, TYPE_CHECKING, Annotated, Any

import typer

from server.commands.base import ConfigFile, DataDir, ending_orderly, list_since, opened_server, progress_bar, read_text, say
from server.errors import BackupError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Engine

    from server.app import Server
    from server.backup.restore import Restored

PassphraseFile = Annotated[
    Path | None, typer.Option("--passphrase", help="A file with the passphrase in its first line; else it is asked for.", metavar="FILE")
]


def backup(
    file: Annotated[Path, typer.Argument(help="The new file.", metavar="FILE")],
    passphrase: PassphraseFile = None,
    data: DataDir = None,
    config: ConfigFile = None,
) -> None:
    """Write everything into one encrypted file, also while the server runs, and read it back."""
    from server.app import now_ms
    from server.backup.dump import dump
    from server.backup.partial import new_backup
    from server.backup.sealed_file import SealedWriter
    from server.backup.trying import trying_in
    from server.keys import key_files

    phrase = read_passphrase(passphrase, is_new=True)
    with ending_orderly(), opened_server(data, config) as server, trying_in(server.config.data_dir) as folder:
        _require_used(server)
        made_ms = now_ms()
        with new_backup(file) as (target, path):
            with progress_of("rows written") as tell:
                writer = SealedWriter(target, phrase)
                dump(server.engine, key_files(server.config.data_dir), writer.write, now_ms=made_ms, on_rows=tell)
                writer.close()
                target.flush()
                os.fsync(target.fileno())
            restored = _try(path, phrase, folder)
        _list_since(server, file, made_ms)
    show_restored(restored)
    say(f"{file} is complete. Keep it where a fire here does not reach it, and the passphrase elsewhere: without it nobody can read it")


def check(
    file: Annotated[Path, typer.Argument(help="A backup.", metavar="FILE")],
    passphrase: PassphraseFile = None,
    inside: Annotated[
        Path | None,
        typer.Option("--in", help="Where the folder is made that is thrown away; without it in $TMPDIR or /tmp.", metavar="FOLDER"),
    ] = None,
) -> None:
    """Restore a backup into a folder that is thrown away, and verify every chain, root, vote and count there."""
    phrase = read_passphrase(passphrase, is_new=False)
    with ending_orderly(), _scratch(inside) as folder:
        restored = _try(file, phrase, folder)
    show_restored(restored)
    say(f"{file} can be restored, and everything in it holds")


def _require_used(server: Server) -> None:
    from server.db.engine import reading
    from server.db.founded import is_used

    with reading(server.engine) as connection:
        if not is_used(connection):
            raise BackupError(f"the server in {server.config.data_dir} has no kiosk and no record: is it the one that you mean (--config)?")


def _list_since(server: Server, file: Path, made_ms: int) -> None:
    """Have the list of what was erased and who is let in stand beside the backup, for its restore and for those before it."""
    from server.backup import since
    from server.db.engine import reading

    folder, name = file.absolute().parent, server.keys.signing_public
    try:
        with reading(server.engine) as connection:
            since.write_list(connection, folder, name, made_ms, beside=since.listed_in(folder))
        list_since(server)
    except OSError as error:
        raise BackupError(f"the backup is complete, but {since.FILE} cannot be written beside it: {error.strerror}") from error


def _try(file: Path, phrase: str, folder: Path) -> Restored:
    """Restore into a folder of its own, and verify what is there. It is not encrypted there: never on the medium of the backup."""
    from server.backup.verifying import problems_of
    from server.db.engine import open_engine, reading

    engine = open_engine(f"sqlite:///{folder}/vidhuk.db")
    try:
        restored = _restore(file, phrase, engine)
        with reading(engine) as connection:
            problems = problems_of(connection, restored.keys)
    finally:
        engine.dispose()
    if problems:
        raise BackupError(f"the backup has all rows, and what they say does not hold: {problems[0]}; `vidhuk-server verify` tells more")
    return restored


def _restore(file: Path, phrase: str, engine: Engine) -> Restored:
    from server.backup.restore import restore
    from server.backup.sealed_file import read_frames

    with opened_backup(file) as source, progress_of("rows restored") as tell:
        return restore(engine, read_frames(source, phrase), on_rows=tell)


@contextmanager
def opened_backup(file: Path) -> Iterator[IO[bytes]]:
    """Open a backup to read.

    Raises:
        BackupError: it cannot be read.
    """
    try:
        source = file.open("rb")
    except OSError as error:
        raise BackupError(f"{file} cannot be read: {error.strerror}") from error
    with source:
        yield source


@contextmanager
def _scratch(inside: Path | None) -> Iterator[Path]:
    from server.backup.trying import trying_in

    if inside is not None:
        with trying_in(inside) as folder:
            yield folder
        return
    try:
        made = TemporaryDirectory(prefix="vidhuk-")
    except OSError as error:
        raise BackupError(f"no folder can be made in $TMPDIR: {error.strerror}") from error
    with made as name:
        yield Path(name)


def show_restored(restored: Restored) -> None:
    """Print what is in a backup."""
    from server.tables import show

    counts = restored.counts
    said = [(name, counts.get(name, 0)) for name in ("kiosks", "records", "votes", "answers", "sealed", "day_roots", "users")]
    show(("made", *(name for name, _ in said)), [(restored.about.made_ms, *(count for _, count in said))])


def read_passphrase(file: Path | None, *, is_new: bool) -> str:
    """Read the passphrase from a file, or ask for it; a new one has to be long enough.

    Raises:
        BackupError: it is not.
    """
    from server.backup.sealed_file import LEAST_CHARACTERS

    if file is None:
        phrase = str(typer.prompt("Passphrase", hide_input=True, confirmation_prompt=is_new, err=True))
    else:
        phrase = read_text(file).partition("\n")[0]
    if is_new and len(phrase) < LEAST_CHARACTERS:
        raise BackupError(
            f"a passphrase has at least {LEAST_CHARACTERS} characters: four or five words that nobody connects with you will do"
        )
    return phrase


@contextmanager
def progress_of(name: str) -> Iterator[Callable[..., Any]]:
    """Show how many rows are done; what is given is told of them."""
    with progress_bar() as progress:
        task = progress.add_task(name, total=None)

        def tell(done: int, total: int | None = None) -> None:
            if total is None:
                progress.advance(task, done)
            else:
                progress.update(task, completed=done, total=total)

        yield tell
