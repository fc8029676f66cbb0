from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, SealedBox

from kiosk.sealing import Sealer

SERVER = PrivateKey.generate()
SEALER = Sealer(bytes(SERVER.public_key).hex())


@given(st.text(max_size=500))
def test_only_the_servers_key_opens_the_box(text: str) -> None:
    box = SEALER.seal(text)
    assert SealedBox(SERVER).decrypt(box).decode() == text
    if len(text) > 2:
        assert text.encode() not in box
    assert SEALER.seal(text) != box


def test_another_key_opens_nothing() -> None:
    with pytest.raises(CryptoError):
        SealedBox(PrivateKey.generate()).decrypt(SEALER.seal("+380671234567"))
