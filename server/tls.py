"""TLS on the server's side: whom it believes when it calls its broker, and whether files can be what its pages are known by."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

from server.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from server.authority import Certificate


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


def check_pair(files: Certificate) -> Certificate:
    """See that a certificate can be used with its key, and give both back.

    Raises:
        ConfigError: a file cannot be read, or they are no pair.
    """
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(files.certificate, files.key)
    except ssl.SSLError as error:
        raise ConfigError(
            f"[web] certificate = {files.certificate} and key = {files.key} are no pair of PEM files: {error.reason}"
        ) from error
    except OSError as error:
        raise ConfigError(f"[web] certificate = {files.certificate} or key = {files.key} cannot be read: {error.strerror}") from error
    return files


def _why(error: OSError | ValueError) -> str:
    if isinstance(error, OSError) and not isinstance(error, ssl.SSLError):
        return f"it cannot be read: {error.strerror or error}"
    return "there is no certificate in it; it must be PEM text that begins with -----BEGIN CERTIFICATE-----"
