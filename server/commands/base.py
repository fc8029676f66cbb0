"""What the commands share: their options, the open server, files, and words to the operator."""

from __future__ import annotations

import getpass
import os
import signal
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from server.config import Config, parse_config
from server.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from types import FrameType

    from rich.progress import Progress
    from sqlalchemy import Connection

    from server.app import Server
    from server.audit.acts import Act

new_app: Final = partial(typer.Typer, no_args_is_help=True, pretty_exceptions_enable=False)

CONFIG_VARIABLE: Final = "VIDHUK_SERVER_CONFIG"
CONFIG_FILE: Final = Path("/etc/vidhuk/server.toml")

DataDir = Annotated[
    Path | None,
    typer.Option("--data", help="Folder in which the server keeps everything. Alone: of a server without a configuration file."),
]
ConfigFile = Annotated[
    Path | None,
    typer.Option(
        "--config", help=f"Configuration file (TOML). Without it and --data: ${CONFIG_VARIABLE}, or {CONFIG_FILE} if it is there."
    ),
]


@contextmanager
def opened_server(data: Path | None, config: Path | None, *, may_begin: bool = False) -> Iterator[Server]:
    """Open the server that the options name; where there is none, `may_begin` says that one begins.

    Raises:
        ConfigError: there is none.
    """
    from server.app import opened

    wanted = read_config(data, config)
    if not may_begin:
        _require_founded(wanted)
    with opened(wanted) as server:
        yield server


def read_config(data: Path | None, file: Path | None, environment: Mapping[str, str] = os.environ, usual: Path = CONFIG_FILE) -> Config:
    """Read the configuration that the options name, or else the one of this machine."""
    if file is None and data is None:
        named = environment.get(CONFIG_VARIABLE)
        file = Path(named) if named else usual if usual.exists() else None
    return parse_config("" if file is None else read_text(file), source=str(file or "configuration"), data_dir=data)


def read_text(file: Path) -> str:
    """Read a file that a person wrote.

    Raises:
        ConfigError: it cannot be read.
    """
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file} cannot be read: it is no UTF-8 text; save it as UTF-8") from error
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {error.strerror or error}") from error


@contextmanager
def new_file(path: Path | None) -> Iterator[Callable[[str], object]]:
    """Give what writes into a new file, or prints; a file that stays empty because something fails is taken away again."""
    if path is None:
        yield partial(typer.echo, nl=False)
        return
    try:
        with path.open("x", encoding="utf-8") as file:
            yield file.write
    except FileExistsError:
        raise ConfigError(f"{path} is there already and is not overwritten: it may hold the only copy of a credential") from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}") from error
    except BaseException:
        path.unlink(missing_ok=True)
        raise


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """Show how far something is, beside what the command prints."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        yield progress


def list_since(server: Server) -> None:
    """Bring the list of what was erased and who is let in up to date in the data folder."""
    from server.app import now_ms
    from server.backup.since import write_list
    from server.db.engine import reading

    as_of_ms = now_ms()
    with reading(server.engine) as connection:
        write_list(connection, server.config.data_dir, server.keys.signing_public, as_of_ms)


@contextmanager
def ending_orderly() -> Iterator[None]:
    """Where the process is told to end, have everything closed and taken away first; the exit code is then 128 + the signal."""

    def end(number: int, _frame: FrameType | None) -> None:
        for one in previous:
            signal.signal(one, signal.SIG_IGN)  # a second one must not cut the clearing short
        raise SystemExit(128 + number)

    previous = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    for number in previous:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number, action in previous.items():
            signal.signal(number, action)


def operator() -> str:
    """Give who is at the terminal: behind sudo whoever called it."""
    try:
        return os.environ.get("SUDO_USER") or getpass.getuser()
    except (KeyError, OSError):  # a service may run under a number that has no name
        return f"uid {os.getuid()}"


def note(connection: Connection, act: Act, subject: object = "", **facts: object) -> None:
    """Write in the audit log what a command has just changed; the last thing of its transaction."""
    from server.app import now_ms
    from server.audit.log import Actor
    from server.audit.log import note as note_it

    note_it(connection, Actor(operator=operator()), act, subject, now_ms=now_ms(), **facts)  # type: ignore[arg-type]


def say(sentence: str) -> None:
    """Say something to the operator, beside what the command prints."""
    typer.echo(sentence, err=True)


def in_own_language(message: str, **values: object) -> str:
    """Give a message in the language of the terminal, with its values put in."""
    return own_words()(message) % values


def own_words() -> Callable[[str], str]:
    """Give what translates messages into the language of the terminal's locale: Ukrainian where it names that, else English."""
    from server.web.language import language

    locale = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
    return language("uk" if locale.startswith("uk") else "en").words.gettext


def _require_founded(config: Config) -> None:
    from server.backup.begun import require_whole
    from server.db.founded import is_founded
    from server.web.language import N_

    require_whole(config.data_dir)
    if not is_founded(config.database_url.reveal()):
        message = N_(
            "no server has begun in %(folder)s: name the configuration of yours by --config or $VIDHUK_SERVER_CONFIG, "
            "or its folder by --data; a new one begins with “vidhuk-server run” or “vidhuk-server registry load”"
        )
        raise ConfigError(in_own_language(message, folder=config.data_dir))
