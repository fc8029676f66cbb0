"""`vidhuk-server registry …`: load, check, export."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from server.audit.acts import Act
from server.commands.base import ConfigFile, DataDir, new_app, note, opened_server, own_words, say
from server.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from server.registry.file import RegistryFile
    from server.registry.pictures import Picture

app: Final = new_app(help="What the centre consists of.")
Source = Annotated[Path, typer.Argument(metavar="FILE", help="A YAML file, a folder with the tables (CSV), or a ZIP of either.")]
Remove = Annotated[int | None, typer.Option(help="Retire what the file leaves out; say how many that are, as a load without this tells.")]


class Format(StrEnum):
    """How a registry is written."""

    YAML = "yaml"
    CSV = "csv"


@app.command()
def load(source: Source, remove: Remove = None, data: DataDir = None, config: ConfigFile = None) -> None:
    """Put a registry (YAML or CSV) into the database; loading it again changes nothing, and what it leaves out stays."""
    from server.app import now_ms
    from server.db.engine import writing
    from server.registry.load import load_registry
    from server.registry.settings import check_sizes, number_settings

    registry, pictures = _read(source)
    with opened_server(data, config, may_begin=True) as server, writing(server.engine) as connection:
        loaded = load_registry(connection, registry, pictures, now_ms=now_ms(), remove=remove)
        check_sizes(connection)
        renewed = number_settings(connection, now_ms=now_ms())
        note(connection, Act.REGISTRY_LOADED, source.name, added=loaded.added, changed=loaded.changed)
    retired = f", {loaded.removed} retired" if loaded.removed else ""
    say(f"{loaded.added} added, {loaded.changed} changed{retired}; new settings for {len(renewed)} kiosks")
    if loaded.absent:
        say(f"not in the file, and kept: {_list(loaded.absent)}; to retire them, say --remove {len(loaded.absent)}")


@app.command()
def check(source: Source, data: DataDir = None, config: ConfigFile = None) -> None:
    """Say what a load would change, and change nothing; exit 1 where it would be refused."""
    from server.app import now_ms
    from server.db.engine import writing
    from server.registry.load import preview

    registry, pictures = _read(source)
    with opened_server(data, config) as server, writing(server.engine) as connection:
        seen = preview(connection, registry, pictures, now_ms=now_ms())
    for change in seen.loaded.changes:
        what = "would be added" if change.is_new else f"would change: {', '.join(change.fields)}"
        typer.echo(f"{change.what} {change.key}".strip() + f": {what}")
    if seen.loaded.absent:
        typer.echo(f"not in the file, and would be kept: {_list(seen.loaded.absent)}")
    say(f"{seen.loaded.added} would be added, {seen.loaded.changed} changed; new settings for {len(seen.kiosks)} kiosks")


@app.command()
def export(
    target: Annotated[Path, typer.Argument(help="A new folder, or a new ZIP file where it ends with .zip.")],
    format_: Annotated[Format, typer.Option("--format", help="yaml: one file; csv: one file a table, for spreadsheets.")] = Format.YAML,
    data: DataDir = None,
    config: ConfigFile = None,
) -> None:
    """Write the registry and its pictures into files; loading them again changes nothing."""
    from server.db.engine import reading
    from server.registry import bundle

    with opened_server(data, config) as server, reading(server.engine) as connection:
        files = bundle.export(connection, format_.value)
    try:
        if target.suffix == ".zip":
            with target.open("xb") as file:
                file.write(bundle.pack(files))
        else:
            target.mkdir()
            for name, content in files.items():
                (target / name).parent.mkdir(exist_ok=True)
                (target / name).write_bytes(content)
    except FileExistsError:
        raise ConfigError(f"{target} is there already and is not overwritten") from None
    except OSError as error:
        raise ConfigError(f"{target} cannot be written: {error.strerror}") from error
    say(f"{len(files)} files are in {target}")


def _read(source: Path) -> tuple[RegistryFile, dict[str, Picture]]:
    """Read a registry; what is wrong is said in the language of the terminal."""
    from server.registry.bundle import parse_files, read_files
    from server.registry.problems import RegistryFileError

    try:
        return parse_files(read_files(source), None if source.is_dir() else source.parent)
    except RegistryFileError as error:
        raise ConfigError(error.text(own_words())) from error


def _list(entries: Sequence[tuple[str, str]]) -> str:
    return ", ".join(f"{what} {key}" for what, key in entries)
