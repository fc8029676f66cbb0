"""`vidhuk-server backup` and `restore`: everything in one encrypted file, and back."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer

from server.commands.base import ConfigFile, DataDir, opened_server, progress_bar, read_config, read_text, say
from server.errors import BackupError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from server.backup.restore import Restored
    from server.config import Config
    from server.remarks.erasing import Erasure

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
    from server.backup.sealed_file import SealedWriter
    from server.keys import key_files

    phrase = _passphrase(passphrase, is_new=True)
    with opened_server(data, config) as server, _new_file(file) as path:
        with path.open("wb") as target, _progress("rows written") as tell:
            writer = SealedWriter(target, phrase)
            dump(server.engine, key_files(server.config.data_dir), writer.write, now_ms=now_ms(), on_rows=tell)
            writer.close()
            target.flush()
            os.fsync(target.fileno())
        restored = _try(path, phrase)
    _tell(restored)
    say(f"{file} is complete. Keep it where a fire here does not reach it, and the passphrase elsewhere: without it nobody can read it")


def check(
    file: Annotated[Path, typer.Argument(help="A backup.", metavar="FILE")],
    passphrase: PassphraseFile = None,
) -> None:
    """Restore a backup into a folder that is thrown away, and verify every chain, root, vote and count there."""
    phrase = _passphrase(passphrase, is_new=False)
    _tell(_try(file, phrase))
    say(f"{file} can be restored, and everything in it holds")


def restore(
    file: Annotated[Path, typer.Argument(help="A backup.", metavar="FILE")],
    passphrase: PassphraseFile = None,
    erasures: Annotated[
        Path | None,
        typer.Option(help="erasures.json of the server that was: what was erased since stays erased.", metavar="FILE"),
    ] = None,
    data: DataDir = None,
    config: ConfigFile = None,
) -> None:
    """Restore a backup into an empty data folder and an empty database."""
    from server.keys import key_files, write_keys
    from server.remarks.erasing import FILE, read_list

    erased = read_list(read_text(erasures), str(erasures)) if erasures else []
    phrase = _passphrase(passphrase, is_new=False)
    wanted = read_config(data, config)
    if key_files(wanted.data_dir):
        raise BackupError(f"{wanted.data_dir} is a server's folder already: restore into another one (--data)")
    wanted.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    restored = _restore(file, phrase, wanted.database_url.reveal())
    write_keys(wanted.data_dir, restored.keys)
    _erase_again(wanted, erased)
    _tell(restored)
    if erasures is None:
        say(f"what was erased after this backup is back: if you have {FILE} of the server that was, erase it again with --erasures")
    say("kiosks send again what this backup does not have, as soon as the server runs at the address that they know")


def _try(file: Path, phrase: str) -> Restored:
    """Restore into a folder of its own, and verify what is there."""
    from server.backup.verifying import problems_of
    from server.db.engine import open_engine, reading

    with TemporaryDirectory(prefix="vidhuk-", dir=file.absolute().parent) as folder:
        url = f"sqlite:///{folder}/vidhuk.db"
        restored = _restore(file, phrase, url)
        engine = open_engine(url)
        try:
            with reading(engine) as connection:
                problems = problems_of(connection, restored.keys)
        finally:
            engine.dispose()
    if problems:
        raise BackupError(f"the backup has all rows, and what they say does not hold: {problems[0]}; `vidhuk-server verify` tells more")
    return restored


def _restore(file: Path, phrase: str, url: str) -> Restored:
    from server.backup.restore import restore as restore_frames
    from server.backup.sealed_file import read_frames
    from server.db.engine import open_engine

    engine = open_engine(url)
    try:
        with file.open("rb") as source, _progress("rows restored") as tell:
            return restore_frames(engine, read_frames(source, phrase), on_rows=tell)
    except OSError as error:
        raise BackupError(f"{file} cannot be read: {error.strerror}") from error
    finally:
        engine.dispose()


def _erase_again(config: Config, wanted: Sequence[Erasure]) -> None:
    """Erase what was erased since, and write the whole list down for the next time."""
    from server.db.engine import open_engine, writing
    from server.remarks.erasing import erase_visits, write_list

    engine = open_engine(config.database_url.reveal())
    try:
        with writing(engine) as connection:
            erase_visits(connection, wanted)
            write_list(connection, config.data_dir)
    finally:
        engine.dispose()


def _tell(restored: Restored) -> None:
    from server.tables import show

    counts = restored.counts
    said = [(name, counts.get(name, 0)) for name in ("kiosks", "records", "votes", "answers", "sealed", "day_roots", "users")]
    show(("made", *(name for name, _ in said)), [(restored.about.made_ms, *(count for _, count in said))])


def _passphrase(file: Path | None, *, is_new: bool) -> str:
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
def _new_file(file: Path) -> Iterator[Path]:
    """Give the path to write to; it gets its name only once everything is there."""
    from server.keys import sync_folder

    if file.exists():
        raise BackupError(f"{file} is there already and is not overwritten")
    partial = file.with_name(f".{file.name}.part")
    try:
        partial.touch(mode=0o600)
        yield partial
        partial.rename(file)
        sync_folder(file.absolute().parent)
    except OSError as error:
        raise BackupError(f"{file} cannot be written: {error.strerror}") from error
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def _progress(name: str) -> Iterator[Callable[..., Any]]:
    with progress_bar() as progress:
        task = progress.add_task(name, total=None)

        def tell(done: int, total: int | None = None) -> None:
            if total is None:
                progress.advance(task, done)
            else:
                progress.update(task, completed=done, total=total)

        yield tell
