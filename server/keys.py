"""The server's own keys, made at its first start: what signs settings, what opens sealed answers, what the broker knows it by.

Losing the sealing key loses every comment and phone number ever left: back up the folder `keys`.
"""

from __future__ import annotations

import contextlib
import hmac
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from nacl.exceptions import BadSignatureError, CryptoError
from nacl.public import PrivateKey, SealedBox
from nacl.signing import SigningKey, VerifyKey

from feedback.configuration import Secret
from server.errors import ServerError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


_NAMES: Final = ("signing.key", "sealing.key", "broker-password")


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """The secrets of one server."""

    signing: SigningKey
    sealing: PrivateKey
    broker_password: Secret

    def sign(self, data: bytes) -> bytes:
        """Give the Ed25519 signature over `data`."""
        return self.signing.sign(data).signature

    def unseal(self, box: bytes) -> bytes | None:
        """Open a box that was sealed for this server; None where it was not, or is damaged."""
        try:
            return SealedBox(self.sealing).decrypt(box)
        except CryptoError:
            return None

    def digest(self, purpose: str, data: bytes) -> bytes:
        """Give a digest that nobody can compute who has the database alone."""
        return hmac.digest(bytes(self.signing), f"vidhuk digest 1\0{purpose}\0".encode() + data, "sha256")

    @property
    def signing_public(self) -> str:
        """The key by which kiosks check signatures, in hexadecimal."""
        return bytes(self.signing.verify_key).hex()

    @property
    def sealing_public(self) -> str:
        """The key to which kiosks seal what visitors write, in hexadecimal."""
        return bytes(self.sealing.public_key).hex()


def load_keys(data_dir: Path, *, is_used: bool = False) -> Keys:
    """Read the keys under `data_dir`, making at once those that are not there yet.

    `is_used` is whether kiosks or records know this server by its keys: then none are made.

    Raises:
        ServerError: one of them is damaged, or missing where it is used.
    """
    folder = data_dir / "keys"
    if is_used:
        for name in _NAMES:
            if not (folder / name).exists():
                raise ServerError(f"{folder / name} is missing, and kiosks know this server by it: put it back from a backup")
    make_folder(folder)
    signing, sealing, password = _NAMES
    return Keys(
        signing=SigningKey(_seed(folder / signing)),
        sealing=PrivateKey(_seed(folder / sealing)),
        broker_password=Secret(_read_or_make(folder / password, lambda: secrets.token_urlsafe(32))),
    )


def key_files(data_dir: Path) -> dict[str, bytes]:
    """Give the files of the keys by name, for a backup; nothing where no server was ever started."""
    folder = data_dir / "keys"
    return {path.name: path.read_bytes() for path in folder.iterdir() if not path.name.startswith(".")} if folder.is_dir() else {}


def write_keys(data_dir: Path, files: Mapping[str, bytes]) -> None:
    """Put the files of the keys back, for this user only."""
    folder = data_dir / "keys"
    make_folder(folder)
    for name, content in files.items():
        write_privately(folder / Path(name).name, content.decode())


def public_of(files: Mapping[str, bytes]) -> str:
    """Give the key by which kiosks check signatures, in hexadecimal, of the files of a server's keys; "" where it is not among them."""
    try:
        return bytes(SigningKey(bytes.fromhex(files[_NAMES[0]].decode().strip())).verify_key).hex()
    except (KeyError, ValueError):
        return ""


def clear_keys(data_dir: Path) -> None:
    """Take away what a restore that was cut short has left in the folder of the keys."""
    folder = data_dir / "keys"
    for path in folder.iterdir() if folder.is_dir() else ():
        path.unlink()


def is_signed(public_key: str, message: bytes, signature: bytes) -> bool:
    """Tell whether the Ed25519 signature over the message is by the public key (hexadecimal)."""
    try:
        VerifyKey(bytes.fromhex(public_key)).verify(message, signature)
    except (BadSignatureError, ValueError, TypeError):
        return False
    return True


def write_privately(path: Path, text: str, *, for_group: bool = False) -> None:
    """Put `text` into `path`, for this user only; after a power cut it is there whole or as it was before.

    `for_group`: the folder's group may read it too.

    Raises:
        PermissionError: this user cannot give a file to that group.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        if for_group:
            os.fchown(descriptor, -1, path.parent.stat().st_gid)
            os.fchmod(descriptor, 0o640)
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    sync_folder(path.parent)


def make_folder(folder: Path) -> None:
    """Make a folder, where it is missing, for this user only; a power cut does not take it away again with all that is in it."""
    if not folder.parent.is_dir():
        make_folder(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on the disk: a new one is durable only then."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_once(path: Path, text: str) -> None:
    """Put `text` into `path`, for this user only, unless somebody was first: of several processes that start together all read the same."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    write_privately(temporary, text)
    with contextlib.suppress(FileExistsError):
        path.hardlink_to(temporary)
    temporary.unlink()
    sync_folder(path.parent)


def _seed(path: Path) -> bytes:
    text = _read_or_make(path, lambda: secrets.token_hex(32))
    try:
        seed = bytes.fromhex(text)
    except ValueError:
        seed = b""
    if len(seed) != PrivateKey.SIZE:
        raise ServerError(f"{path} is damaged: put it back from a backup; a new key would lose what was signed or sealed with this one")
    return seed


def _read_or_make(path: Path, make: Callable[[], str]) -> str:
    if not path.exists():
        write_once(path, make())
    return path.read_text().strip()
