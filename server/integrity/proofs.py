"""Proofs that one record is under the root of its day: whoever has the published root can check them without this database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from uuid import UUID

import msgspec
from sqlalchemy import select

from feedback.wire import Signed
from server.db.schema import day_roots, records
from server.errors import IntegrityError
from server.integrity.merkle import leaf_hash, path_to, root_by
from server.integrity.roots import PURPOSE, DayRoot, Root, leaf, leaves_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection


_HASH_BYTES: Final = 32


class Proof(msgspec.Struct, frozen=True):
    """That the record `id`, whose body has this SHA-256, is the leaf at `index` of the tree of the day that `day` is signed for.

    `path` has the hashes beside its way up to the root, from below; all hashes are in hexadecimal.
    """

    id: UUID
    body_sha256: str
    index: int
    path: list[str]
    day: Signed


def prove(connection: Connection, id_: UUID) -> Proof | None:
    """Give the proof for a record; None while its day has no root yet, which it gets in the night after.

    Raises:
        IntegrityError: there is no such record, or it is not under the root of its day.
    """
    row = connection.execute(select(records.c.n, records.c.body, records.c.received_ms).where(records.c.id == id_)).first()
    if row is None:
        raise IntegrityError("there is no record with this code here")
    kept = connection.execute(
        select(day_roots).where(day_roots.c.from_ms <= row.received_ms, day_roots.c.until_ms > row.received_ms)
    ).first()
    if kept is None:
        return None
    root = Root(*kept)
    leaves, _ = leaves_of(connection, 0 if (before := _before(connection, root)) is None else before, root.from_ms, root.until_ms)
    index = next((place for place, (known, _) in enumerate(leaves) if known == id_), None)
    if index is None:
        raise IntegrityError(f"the record is not under the root of {root.day}, its day: run `vidhuk-server verify`")
    body_sha256 = leaf(id_, row.body)[16:].hex()
    proof = Proof(id_, body_sha256, index, [one.hex() for one in path_to([hashed for _, hashed in leaves], index)], root.signed())
    if _root_by(proof, root.size) != root.root:
        raise IntegrityError(f"the records of {root.day} are not those that its root was made of: run `vidhuk-server verify`")
    return proof


def check(proof: Proof, is_signed: Callable[[bytes, bytes], bool]) -> DayRoot:
    """Check a proof and give the day's document, whose root is to be compared with the published one; `is_signed(data, signature)`.

    Raises:
        IntegrityError: the signature is not the server's, or the proof does not lead to the root.
    """
    try:
        signature, document = bytes.fromhex(proof.day.signature), msgspec.json.decode(proof.day.document, type=DayRoot)
    except (ValueError, msgspec.DecodeError) as error:
        raise IntegrityError(f"the proof is damaged: {error}") from error
    if not is_signed(proof.day.signed_bytes(PURPOSE), signature):
        raise IntegrityError(f"the root of {document.day} is not signed by this server's key")
    found = _root_by(proof, document.size)
    if found is None or found.hex() != document.root:
        raise IntegrityError(f"the proof does not lead to the root of {document.day}: the record was not among those of that day")
    return document


def _before(connection: Connection, root: Root) -> int | None:
    query = select(day_roots.c.last_n).where(day_roots.c.day < root.day).order_by(day_roots.c.day.desc()).limit(1)
    return connection.execute(query).scalar()


def _root_by(proof: Proof, size: int) -> bytes | None:
    try:
        hashed = leaf_hash(proof.id.bytes + bytes.fromhex(proof.body_sha256))
        path = [bytes.fromhex(one) for one in proof.path]
    except ValueError as error:
        raise IntegrityError(f"the proof is damaged: its hashes are to be hexadecimal: {error}") from error
    if any(len(one) != _HASH_BYTES for one in (bytes.fromhex(proof.body_sha256), *path)):
        raise IntegrityError(f"the proof is damaged: each of its hashes is to have {_HASH_BYTES} bytes")
    return root_by(hashed, proof.index, size, path)
