"""Codes that people read out and type: of votes and of claims, with slips of a finger noticed. Pure."""

from __future__ import annotations

from typing import Final
from uuid import UUID

_SIGNS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no I, L, O and U."""
_SIGN_BITS: Final = 5
_VOTE_BITS: Final = 128
_CHECKS: Final = 2
_GROUP: Final = 4
_CHECK_PRIME: Final = 1021
"""The largest prime below 32², so that two signs hold the remainder: a wrong sign, or two neighbours exchanged, always change it."""
_READ_AS: Final = str.maketrans("АВСЕНІКМОРТХЗILO", "ABCEH1KM0PTX3110")
"""Cyrillic letters that look like Latin ones, from a keyboard in the other layout, and Latin ones that look like digits."""
_APART: Final = str.maketrans("", "", " -–—\N{NO-BREAK SPACE}\t\r\n")


class CodeError(ValueError):
    """What was typed is no such code; typing it again may help."""


def code_of(vote: UUID) -> str:
    """Give the verification code of a vote: seven groups of four signs, of which the last two check the others."""
    return written(vote.int, _VOTE_BITS)


def id_of(code: str) -> UUID:
    """Give the vote's id from its code, in small letters or capitals, with or without its hyphens.

    Raises:
        CodeError: it is none, or was not typed as it stands on the slip.
    """
    return UUID(int=read(code, _VOTE_BITS))


def written(number: int, bits: int) -> str:
    """Write a number of so many bits: groups of four signs, of which the last two check the others."""
    digits = _digits(bits)
    whole = number << digits * _SIGN_BITS - bits
    check = number % _CHECK_PRIME
    signs = "".join(_SIGNS[whole >> _SIGN_BITS * place & 31] for place in reversed(range(digits)))
    signs += _SIGNS[check >> _SIGN_BITS] + _SIGNS[check & 31]
    return "-".join(signs[at : at + _GROUP] for at in range(0, len(signs), _GROUP))


def read(code: str, bits: int) -> int:
    """Give the number of so many bits from its code, in small letters or capitals, with or without its hyphens.

    Raises:
        CodeError: it is none, or was not typed as it stands on the paper.
    """
    digits = _digits(bits)
    signs = code.translate(_APART).upper().translate(_READ_AS)
    if len(signs) != digits + _CHECKS:
        raise CodeError(f"a code has {digits + _CHECKS} signs, this has {len(signs)}")
    values = [_SIGNS.find(sign) for sign in signs]
    if min(values) < 0:
        raise CodeError(f"{signs[values.index(-1)]!r} is in no code")
    whole = 0
    for value in values[:digits]:
        whole = whole << _SIGN_BITS | value
    spare = digits * _SIGN_BITS - bits
    check = values[digits] << _SIGN_BITS | values[-1]
    if whole & (1 << spare) - 1 or (whole >> spare) % _CHECK_PRIME != check:
        raise CodeError("this is not quite a code: compare it with the paper once more")
    return whole >> spare


def _digits(bits: int) -> int:
    return -(-bits // _SIGN_BITS)
