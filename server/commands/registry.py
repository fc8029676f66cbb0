"""`vidhuk-server registry …`: load."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import TYPE_CHECKING, Annotated, Final

import typer

from server.commands.base import ConfigFile, DataDir, new_app, opened_server, read_text, say

if TYPE_CHECKING:
    from collections.abc import Sequence

app: Final = new_app(help="What the centre consists of.")
Remove = Annotated[int | None, typer.Option(help="Retire what the file leaves out; say how many that are, as a load without this tells.")]


@app.callback()
def _several() -> None:
    """Keep the name of a single command in the command line."""


@app.command()
def load(file: Path, remove: Remove = None, data: DataDir = None, config: ConfigFile = None) -> None:
    """Put a registry file (YAML) into the database; loading it again changes nothing, and what it leaves out stays."""
    from server.app import now_ms
    from server.db.engine import writing
    from server.registry.file import parse_registry
    from server.registry.load import load_registry
    from server.registry.pictures import read_pictures
    from server.registry.settings import check_sizes, number_settings

    registry = parse_registry(read_text(file), source=str(file))
    pictures = read_pictures(registry.pictures(str(file)), file.parent)
    with opened_server(data, config, may_begin=True) as server, writing(server.engine) as connection:
        loaded = load_registry(connection, registry, pictures, now_ms=now_ms(), remove=remove)
        check_sizes(connection)
        renewed = number_settings(connection, now_ms=now_ms())
    retired = f", {loaded.removed} retired" if loaded.removed else ""
    say(f"{loaded.added} added, {loaded.changed} changed{retired}; new settings for {len(renewed)} kiosks")
    if loaded.absent:
        what_to_do = f"to retire them, say --remove {len(loaded.absent)}"
        say(f"not in the file, and kept: {_list(loaded.absent)}; {what_to_do}")


def _list(entries: Sequence[tuple[str, str]]) -> str:
    return ", ".join(f"{what} {key}" for what, key in entries)
