"""The configuration as it is in effect: every key with its value, and whether it was written or is the default. Pure."""

from __future__ import annotations

import json
import tomllib
from typing import TYPE_CHECKING, Any, Final

import msgspec

from feedback.configuration import Secret

if TYPE_CHECKING:
    from kiosk.config import Config

HIDDEN: Final = "…"


class Key(msgspec.Struct, frozen=True):
    """A key with its value as TOML writes it; secrets are hidden, None is a key without a value."""

    name: str
    value: str | None
    written: bool


Tables = dict[str, tuple[Key, ...]]


def effective(text: str, config: Config) -> Tables:
    """Give every table that is in effect, by its name; `text` is the file that was read as `config`."""
    written = tomllib.loads(text)
    tables: Tables = {}
    for name in config.__struct_fields__:
        table = getattr(config, name)
        if isinstance(table, msgspec.Struct):
            tables[name] = tuple(_key(field, getattr(table, field), written.get(name, {})) for field in table.__struct_fields__)
    return tables


def _key(name: str, value: Any, table: dict[str, Any]) -> Key:  # noqa: ANN401 - a value of any key
    return Key(name, _toml(value), name in table)


def _toml(value: Any) -> str | None:  # noqa: ANN401 - as above
    if value is None:
        return None
    if isinstance(value, Secret):
        return HIDDEN
    return json.dumps(value, ensure_ascii=False)
