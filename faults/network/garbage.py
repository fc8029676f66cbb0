"""Payloads that no kiosk and no server sends: noise, valid messages with something changed, and what has broken parsers before."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from feedback.wire import MAX_PACKET_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from random import Random

_ODD: Final[tuple[Any, ...]] = (
    *(None, True, -1, 0, 2**31, 2**63, 2**64, 10**400, -(10**400), 1e308, 0.1, "", "\0", "x" * 5000, [], {}, [[]], {"": {}}),
    *(
        "\u202e\u0442\u0441\u0435\u0442",
        "\ud800",
        "\ufeff",
        "'; DROP TABLE votes; --",
        "../../etc/passwd",
        "ї" * 300,
        "00000000-0000-0000-0000-000000000000",
    ),
)
"""Values in the place of others."""
_PIECES: Final = (
    *(
        b"NaN",
        b"Infinity",
        b"-Infinity",
        b"1e999",
        b"\0",
        b"\xff\xfe",
        b"\xed\xa0\x80",
        b"\xc0\x80",
        b'"\\ud800"',
        b'"\\u0000"',
        b"\\",
        b'"',
    ),
    *(b"[", b"]", b"{", b"}", b",", b":", b"9" * 500, "\u202e".encode(), b"\r\n", b"\x7f", b"[" * 200, b'{"a":' * 200, b"null", b"-0"),
)
"""Bytes to put into others."""


def spoil(random: Random, sound: Sequence[bytes]) -> bytes:
    """Give a payload made of chance and of `sound` ones."""
    way: Callable[[Random, Sequence[bytes]], bytes] = random.choice(_WAYS)
    return way(random, sound)


def oversize(random: Random) -> bytes:
    """Give one that is longer than any packet may be."""
    return random.randbytes(MAX_PACKET_BYTES + random.randrange(1, 1000))


def _noise(random: Random, _sound: Sequence[bytes]) -> bytes:
    return random.randbytes(random.choice((0, 1, 2, 10, 100, 1000)))


def _pieces(random: Random, _sound: Sequence[bytes]) -> bytes:
    return b"".join(random.choices(_PIECES, k=random.randrange(1, 20)))


def _deep(random: Random, _sound: Sequence[bytes]) -> bytes:
    depth = random.choice((10, 500, 1100, 5000, 30_000))
    return random.choice((b"[" * depth, b"[" * depth + b"]" * depth, b'{"a":' * depth + b"1" + b"}" * depth))


def _cut(random: Random, sound: Sequence[bytes]) -> bytes:
    payload = random.choice(sound)
    return payload[: random.randrange(len(payload))]


def _flip(random: Random, sound: Sequence[bytes]) -> bytes:
    payload = bytearray(random.choice(sound))
    for _ in range(random.randrange(1, 6)):
        payload[random.randrange(len(payload))] = random.randrange(256)
    return bytes(payload)


def _insert(random: Random, sound: Sequence[bytes]) -> bytes:
    payload = random.choice(sound)
    at = random.randrange(len(payload))
    return payload[:at] + random.choice(_PIECES) + payload[at:]


def _spliced(random: Random, sound: Sequence[bytes]) -> bytes:
    one, other = random.choice(sound), random.choice(sound)
    return one[: random.randrange(len(one))] + other[random.randrange(len(other)) :]


def _other_value(random: Random, sound: Sequence[bytes]) -> bytes:
    """Keep it valid JSON, with something odd at some place of it."""
    value: Any = json.loads(random.choice(sound))
    for _ in range(random.randrange(1, 4)):
        value = _changed(random, value)
    return json.dumps(value, ensure_ascii=random.random() < 0.5).encode("utf-8", "surrogatepass")  # noqa: PLR2004 - heads or tails


def _changed(random: Random, value: Any) -> Any:  # noqa: ANN401 - JSON
    if random.random() < 0.15 or not isinstance(value, dict | list) or not value:  # noqa: PLR2004 - seldom
        return random.choice(_ODD)
    if isinstance(value, dict):
        key = random.choice(sorted(value))
        if random.random() < 0.1:  # noqa: PLR2004 - seldom
            return {name: inner for name, inner in value.items() if name != key}
        return value | {key: _changed(random, value[key])}
    at = random.randrange(len(value))
    return [*value[:at], _changed(random, value[at]), *value[at + random.choice((0, 1, 1, 1)) :]]


_WAYS: Final = (_noise, _pieces, _deep, _cut, _flip, _flip, _insert, _insert, _spliced, _other_value, _other_value, _other_value)
