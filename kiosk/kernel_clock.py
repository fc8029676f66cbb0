"""What the kernel knows of its wall clock: whether a program keeps it by the network, and how far off it may be."""

from __future__ import annotations

import ctypes
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_ERROR_US: Final = 5_000_000
"""How far off a clock may be that is trusted."""
_UNSYNCHRONISED: Final = 0x0040  # STA_UNSYNC


class Discipline(NamedTuple):
    """The kernel's status bits and the largest error (µs), which grows for as long as nobody sets the clock right."""

    status: int
    max_error_us: int

    @property
    def is_kept(self) -> bool:
        """Whether timesyncd, chrony, ntpd or another program has set the clock by the network, and not long ago."""
        return not self.status & _UNSYNCHRONISED and 0 <= self.max_error_us <= MAX_ERROR_US


class _Timex(ctypes.Structure):
    """The beginning of `struct timex`, and room for the rest, which differs between machines."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 512),
    )


def read_discipline() -> Discipline | None:
    """Ask the kernel, changing nothing; None where it does not answer, as in a service with `ProtectClock=`."""
    asked = _Timex(modes=0)
    ask = _adjtimex()
    if ask is None or ask(ctypes.byref(asked)) < 0:
        return None
    return Discipline(asked.status, asked.maxerror)


@cache
def _adjtimex() -> Callable[..., int] | None:
    try:
        return ctypes.CDLL(None).adjtimex
    except (OSError, AttributeError):
        return None
