"""Finds out before anything starts whether a port can be had, and says plainly when it cannot."""

from __future__ import annotations

import errno
import socket
import time

from server.errors import ListenError, PortTakenError


def wait_for_port(host: str, port: int, *, setting: str, within_s: float) -> None:
    """Return when a port is free; a predecessor that is just ending gets a moment.

    Raises:
        PortTakenError: it stays taken.
    """
    deadline = time.monotonic() + within_s
    while True:
        try:
            bind(host, port, setting=setting).close()
        except PortTakenError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return


def bind(host: str, port: int, *, setting: str) -> socket.socket:
    """Open a socket that is bound to a port and does not listen yet.

    Raises:
        PortTakenError: another program listens there.
        ListenError: this machine has no such address.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        if error.errno == errno.EADDRINUSE:
            raise PortTakenError(host, port, setting) from error
        raise ListenError(f"cannot listen on {host}:{port} ({error.strerror}): choose another address or port with {setting}") from error
    return bound
