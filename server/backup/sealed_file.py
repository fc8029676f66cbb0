"""The file of a backup: frames that only whoever knows the passphrase can read, and nobody can change, reorder or cut off unseen.

`VIDHUK BACKUP 1`, a new line, the salt; then the stream of libsodium's secretstream (XChaCha20-Poly1305) under the key that Argon2id makes
of the passphrase: its header, and each frame with its length (4 bytes, big-endian) before it. The last frame bears the tag FINAL.
"""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Final

from nacl import bindings
from nacl.exceptions import CryptoError
from nacl.pwhash import argon2id
from nacl.utils import random

from server.errors import BackupError

if TYPE_CHECKING:
    from collections.abc import Iterator

MAGIC: Final = b"VIDHUK BACKUP 1\n"
LEAST_CHARACTERS: Final = 12
_LENGTH_BYTES: Final = 4
_LONGEST: Final = 64 * 1024 * 1024
_FINAL: Final = bindings.crypto_secretstream_xchacha20poly1305_TAG_FINAL


class SealedWriter:
    """Writes frames; without `close` the file is one that was cut off."""

    def __init__(self, file: IO[bytes], passphrase: str) -> None:
        self._file = file
        self._state = bindings.crypto_secretstream_xchacha20poly1305_state()
        salt = random(argon2id.SALTBYTES)
        header = bindings.crypto_secretstream_xchacha20poly1305_init_push(self._state, _key(passphrase, salt))
        file.write(MAGIC + salt + header)

    def write(self, frame: bytes) -> None:
        """Write a frame."""
        self._push(frame, bindings.crypto_secretstream_xchacha20poly1305_TAG_MESSAGE)

    def close(self) -> None:
        """Write that this was all. The file stays open."""
        self._push(b"", _FINAL)

    def _push(self, frame: bytes, tag: int) -> None:
        sealed = bindings.crypto_secretstream_xchacha20poly1305_push(self._state, frame, tag=tag)
        self._file.write(len(sealed).to_bytes(_LENGTH_BYTES, "big") + sealed)


def read_frames(file: IO[bytes], passphrase: str) -> Iterator[bytes]:
    """Give the frames of a file.

    Raises:
        BackupError: it is no backup, the passphrase is another one, or it was changed or cut off.
    """
    if _read(file, len(MAGIC)) != MAGIC:
        raise BackupError("this is no backup of this program")
    state, key = bindings.crypto_secretstream_xchacha20poly1305_state(), _key(passphrase, _read(file, argon2id.SALTBYTES))
    header = _read(file, bindings.crypto_secretstream_xchacha20poly1305_HEADERBYTES)
    bindings.crypto_secretstream_xchacha20poly1305_init_pull(state, header, key)
    is_first = True
    while True:
        length = int.from_bytes(_read(file, _LENGTH_BYTES), "big")
        if not bindings.crypto_secretstream_xchacha20poly1305_ABYTES <= length <= _LONGEST:
            raise BackupError("the backup is damaged")
        try:
            frame, tag = bindings.crypto_secretstream_xchacha20poly1305_pull(state, _read(file, length))
        except CryptoError as error:
            raise BackupError("the passphrase is another one, or the backup is damaged" if is_first else "the backup is damaged") from error
        if tag == _FINAL:
            break
        is_first = False
        yield frame
    if file.read(1):
        raise BackupError("the backup is damaged: something follows its end")


def identity_of(file: IO[bytes]) -> str:
    """Give what tells a backup from any other, without its passphrase; the file is read on from its beginning.

    Raises:
        BackupError: it is no backup.
    """
    if _read(file, len(MAGIC)) != MAGIC:
        raise BackupError("this is no backup of this program")
    salt = _read(file, argon2id.SALTBYTES)
    file.seek(0)
    return salt.hex()


def _read(file: IO[bytes], count: int) -> bytes:
    try:
        found = file.read(count)
    except OSError as error:
        raise BackupError(f"the backup cannot be read: {error.strerror}") from error
    if len(found) < count:
        raise BackupError("the backup is cut off: its end is missing")
    return found


def _key(passphrase: str, salt: bytes) -> bytes:
    size = bindings.crypto_secretstream_xchacha20poly1305_KEYBYTES
    made: bytes = argon2id.kdf(size, passphrase.encode(), salt, opslimit=argon2id.OPSLIMIT_MODERATE, memlimit=argon2id.MEMLIMIT_MODERATE)
    return made
