"""What EMQX imports: who may connect, with the hashes that Mosquitto's password file has. Pure."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_SALT: Final = re.compile(rb"[A-Za-z0-9_-]+")
_HEAD: Final = "user_id,password_hash,salt,is_superuser\n"


def users_csv(hashes: Mapping[str, str]) -> tuple[str, list[str]]:
    """Give the file for EMQX's `import_users`, and who is left out, because the salt of the hash is not text, which EMQX takes alone.

    `hashes` are those of `server.broker.files.hash_password`, by user. EMQX compares in hexadecimal, and salts with the text as it stands.
    """
    lines, left_out = [], []
    for name, hashed in sorted(hashes.items()):
        salt, digest = (base64.b64decode(part) for part in hashed.rsplit("$", 2)[1:])
        if _SALT.fullmatch(salt):
            lines.append(f"{name},{digest.hex()},{salt.decode()},false\n")
        else:
            left_out.append(name)
    return _HEAD + "".join(lines), left_out
