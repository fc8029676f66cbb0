"""Whom the server believes when it calls its broker: one authority and no other."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

from server.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


def believing(ca: str) -> ssl.SSLContext:
    """Give the TLS of a client that believes this authority (PEM) alone, and only for the name that was called.

    Raises:
        OSError, ValueError: it is no certificate.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_verify_locations(cadata=ca)
    return context


def read_authority(path: Path, *, setting: str) -> str:
    """Read an authority's certificate (PEM).

    Raises:
        ConfigError: there is none in the file.
    """
    try:
        pem = path.read_text(encoding="ascii")
        believing(pem)
    except (OSError, ValueError) as error:
        raise ConfigError(f"{setting} = {path}: {_why(error)}") from error
    return pem


def _why(error: OSError | ValueError) -> str:
    if isinstance(error, OSError) and not isinstance(error, ssl.SSLError):
        return f"it cannot be read: {error.strerror or error}"
    return "there is no certificate in it; it must be PEM text that begins with -----BEGIN CERTIFICATE-----"
