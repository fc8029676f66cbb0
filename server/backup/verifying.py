"""Whether what came out of a backup holds together: chains, roots, votes, and the counts that pages are made of. Reads only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nacl.signing import SigningKey

from server.integrity.verifying import verify
from server.keys import is_signed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection


def problems_of(connection: Connection, keys: Mapping[str, bytes]) -> list[str]:
    """Give what does not hold in a database that was restored with these keys."""
    public = bytes(SigningKey(bytes.fromhex(keys["signing.key"].decode().strip())).verify_key).hex() if "signing.key" in keys else ""
    found = verify(connection, lambda data, signature: is_signed(public, data, signature))
    return [f"{problem.where}: {problem.what}" for problem in found]
