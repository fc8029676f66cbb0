from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from nacl.signing import VerifyKey

from server.errors import ServerError
from server.keys import load_keys

if TYPE_CHECKING:
    from pathlib import Path


def test_keys_are_made_once_for_this_user_only(tmp_path: Path) -> None:
    first, second = load_keys(tmp_path), load_keys(tmp_path)
    assert (first.signing_public, first.sealing_public) == (second.signing_public, second.sealing_public)
    assert first.broker_password.reveal() == second.broker_password.reveal()
    folder = tmp_path / "keys"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()} == {
        "signing.key": 0o600,
        "sealing.key": 0o600,
        "broker-password": 0o600,
    }


def test_the_public_key_checks_what_was_signed(tmp_path: Path) -> None:
    keys = load_keys(tmp_path)
    VerifyKey(bytes.fromhex(keys.signing_public)).verify(b"x", keys.sign(b"x"))


def test_a_damaged_key_is_never_replaced(tmp_path: Path) -> None:
    load_keys(tmp_path)
    (tmp_path / "keys" / "sealing.key").write_text("damaged")
    with pytest.raises(ServerError, match="from a backup"):
        load_keys(tmp_path)


def test_secrets_do_not_show_themselves(tmp_path: Path) -> None:
    keys = load_keys(tmp_path)
    shown = repr(keys)
    assert keys.broker_password.reveal() not in shown
    assert bytes(keys.signing).hex() not in shown
    assert bytes(keys.sealing).hex() not in shown
