"""Reads the files that a person names to a command; one that cannot be read is a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kiosk.config import Config, parse
from kiosk.errors import ConfigError
from kiosk.identity import in_effect

if TYPE_CHECKING:
    from pathlib import Path


def read_config(path: Path) -> Config:
    """Read a kiosk.toml; id and server are those that enrolment gave, where it did.

    Raises:
        ConfigError: in one sentence, what is wrong and where.
    """
    return in_effect(written_config(path))


def written_config(path: Path) -> Config:
    """Read a kiosk.toml as it was written.

    Raises:
        ConfigError: in one sentence, what is wrong and where.
    """
    return parse(text_of(path), str(path))


def text_of(path: Path) -> str:
    """Read a text file.

    Raises:
        ConfigError: it cannot be read, or is no UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} cannot be read: it is no UTF-8 text; save it as UTF-8") from error
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror or error}") from error
