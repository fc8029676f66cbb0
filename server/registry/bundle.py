"""The registry as files: YAML or CSV tables with the pictures that they name, in a folder or in one ZIP."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING, Final, Literal

import msgspec
import yaml
from sqlalchemy import select

from server.db.schema import assets
from server.errors import ConfigError
from server.registry.export import picture_names, read_registry, stored_as
from server.registry.file import parse_registry
from server.registry.pictures import MAX_BYTES, Picture, picture_of
from server.registry.tables import COLUMNS, from_tables, to_tables

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sqlalchemy import Connection

    from server.registry.file import RegistryFile

Format = Literal["yaml", "csv"]
YAML: Final = "registry.yaml"
MAX_ZIP_BYTES: Final = 32 * 2**20
_MAX_FILES: Final = 2000
_KEEPS_LINES: Final = 140


def export(connection: Connection, format_: Format) -> dict[str, bytes]:
    """Give the registry as files by name: the one YAML or the tables, and every picture that they name."""
    registry = read_registry(connection)
    files = to_tables(registry) if format_ == "csv" else {YAML: to_yaml(registry).encode()}
    named = registry.pictures("")
    query = select(assets.c.sha256, assets.c.content)
    wanted = {sha256: name for sha256, name in picture_names(connection).items() if name in named}
    return files | {wanted[row.sha256]: bytes(row.content) for row in connection.execute(query) if row.sha256 in wanted}


def to_yaml(registry: RegistryFile) -> str:
    """Write a registry as YAML. What is in use does not say so: it stays as it is when this is loaded."""
    kept = {what: tuple(_unsaid(entry) for entry in getattr(registry, what)) for what in ("sites", "desks", "services", "clerks")}
    tree = msgspec.to_builtins(msgspec.structs.replace(registry, **kept))
    ordered = {"format": 1, "centre": tree["centre"], "time_zone": registry.time_zone} | tree
    return yaml.safe_dump(ordered, allow_unicode=True, sort_keys=False, width=_KEEPS_LINES, default_flow_style=None)


def read_files(path: Path) -> dict[str, bytes]:
    """Read a registry's files: a folder, a ZIP, or one YAML file with the pictures beside it.

    Raises:
        ConfigError: they cannot be read.
    """
    try:
        if path.is_dir():
            return {str(file.relative_to(path)): file.read_bytes() for file in sorted(path.rglob("*")) if file.is_file()}
        content = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror or error}") from error
    return unpack(path.name, content)


def unpack(name: str, content: bytes) -> dict[str, bytes]:
    """Give the files of a ZIP, or the one file that this is.

    Raises:
        ConfigError: it is damaged or too large.
    """
    if not content.startswith(b"PK"):
        return {name: content}
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            if len(entries) > _MAX_FILES or sum(entry.file_size for entry in entries) > MAX_ZIP_BYTES:
                raise ConfigError(f"{name} holds more than {MAX_ZIP_BYTES // 2**20} MB: no registry is so large")
            return {entry.filename: archive.read(entry) for entry in entries}
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        raise ConfigError(f"{name} is no ZIP that can be read") from error


def pack(files: Mapping[str, bytes]) -> bytes:
    """Put files into one ZIP."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return whole.getvalue()


def parse_files(files: Mapping[str, bytes], folder: Path | None = None) -> tuple[RegistryFile, dict[str, Picture]]:
    """Read a registry and its pictures from files; pictures that are not among them are looked for in `folder`.

    A picture that is named as an export names it, and is nowhere here, is one that the server has.

    Raises:
        ConfigError: it is no registry, or a picture is missing or none.
    """
    written = [name for name in files if name.endswith((".yaml", ".yml"))]
    if f"{next(iter(COLUMNS))}.csv" in files:
        registry, source = from_tables(files), "desks.csv"
    elif len(written) == 1:
        source = written[0]
        registry = parse_registry(_text(source, files[source]), source=source)
    else:
        raise ConfigError("there is no registry in it: it is one YAML file, or centre.csv, sites.csv and the other tables")
    pictures = {}
    for name, where in registry.pictures(source).items():
        content = files.get(name)
        if content is None and folder is not None and (folder / name).is_file():
            with (folder / name).open("rb") as file:
                content = file.read(MAX_BYTES + 1)
        if content is not None:
            pictures[name] = picture_of(content, where, name)
        elif stored_as(name) is None:
            raise ConfigError(f"{where}: the picture {name} is not there")
    return registry, pictures


def _text(name: str, content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{name} cannot be read: it is no UTF-8 text; save it as UTF-8") from error


def _unsaid(entry: msgspec.Struct) -> msgspec.Struct:
    return msgspec.structs.replace(entry, retired=getattr(entry, "retired", None) or None)
