"""The verification code of a vote: its id as people can read it out and type it, and back, with slips of a finger noticed. Pure."""

from __future__ import annotations

from typing import Final
from uuid import UUID

_SIGNS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no I, L, O and U."""
_DIGITS: Final = 26
_CHECKS: Final = 2
_GROUP: Final = 4
_CHECK_PRIME: Final = 1021
"""The largest prime below 32², so that two signs hold the remainder: a wrong sign, or two neighbours exchanged, always change it."""
_READ_AS: Final = str.maketrans("АВСЕНІКМОРТХЗILO", "ABCEH1KM0PTX3110")
"""Cyrillic letters that look like Latin ones, from a keyboard in the other layout, and Latin ones that look like digits."""
_APART: Final = str.maketrans("", "", " -–—\N{NO-BREAK SPACE}\t\r\n")


class CodeError(ValueError):
    """What was typed is no verification code; typing it again may help."""


def code_of(vote: UUID) -> str:
    """Give the verification code of a vote: seven groups of four signs, of which the last two check the others."""
    whole = vote.int << 2  # 26 signs hold two bits more than an id has
    digits = "".join(_SIGNS[whole >> 5 * place & 31] for place in reversed(range(_DIGITS)))
    check = vote.int % _CHECK_PRIME
    signs = digits + _SIGNS[check >> 5] + _SIGNS[check & 31]
    return "-".join(signs[at : at + _GROUP] for at in range(0, len(signs), _GROUP))


def id_of(code: str) -> UUID:
    """Give the vote's id from its code, in small letters or capitals, with or without its hyphens.

    Raises:
        CodeError: it is none, or was not typed as it stands on the slip.
    """
    signs = code.translate(_APART).upper().translate(_READ_AS)
    if len(signs) != _DIGITS + _CHECKS:
        raise CodeError(f"a code has {_DIGITS + _CHECKS} signs, this has {len(signs)}")
    values = [_SIGNS.find(sign) for sign in signs]
    if min(values) < 0:
        raise CodeError(f"{signs[values.index(-1)]!r} is in no code")
    whole = 0
    for value in values[:_DIGITS]:
        whole = whole << 5 | value
    check = values[_DIGITS] << 5 | values[-1]
    if whole & 3 or (whole >> 2) % _CHECK_PRIME != check:
        raise CodeError("this is not quite a code: compare it with the slip once more")
    return UUID(int=whole >> 2)
