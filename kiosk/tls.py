"""Whom the kiosk believes when it calls its server, and what is wrong where it believes nobody."""

from __future__ import annotations

import ssl
from enum import StrEnum
from typing import Final


class Trouble(StrEnum):
    """Why the one that answers is not taken for the server."""

    AUTHORITY = "authority"
    NAME = "name"
    TIME = "time"
    NO_TLS = "no TLS"


_NAMES: Final = {62, 63, 64}  # OpenSSL: the certificate is for another host, mail or IP address
_TIMES: Final = {9, 10}  # not valid yet, and no more


class _Tidy(ssl.SSLSocket):
    """Closes itself where it does not come to a conversation: paho forgets such a socket."""

    def do_handshake(self, block: bool = False) -> None:  # noqa: FBT001, FBT002 - as the one it overrides
        """Shake hands."""
        try:
            super().do_handshake(block)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise
        except OSError:
            self.close()
            raise


def believing(ca: str) -> ssl.SSLContext:
    """Give the TLS of a client that believes this authority (PEM) alone, and only for the name that was called.

    Raises:
        ValueError: it is no certificate.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.sslsocket_class = _Tidy
    try:
        context.load_verify_locations(cadata=ca)
    except ssl.SSLError as error:
        raise ValueError("it is no PEM text of a certificate") from error
    return context


def trouble_of(error: OSError) -> Trouble | None:
    """Tell what a failed handshake means; None where the network failed and not the handshake."""
    if isinstance(error, ssl.SSLCertVerificationError):
        code = error.verify_code
        return Trouble.NAME if code in _NAMES else Trouble.TIME if code in _TIMES else Trouble.AUTHORITY
    # Who speaks something else hangs up on the first words of TLS, or answers in its own language.
    return Trouble.NO_TLS if isinstance(error, ssl.SSLError | ConnectionResetError | BrokenPipeError) else None
