"""The statements of ingest about kiosks, chains, records and the registry; each expects that this worker alone holds the kiosk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec
from sqlalchemy import bindparam, func, select

from server.db.bulk import insert_rows
from server.db.locks import begin_taking_in
from server.db.prepared import Prepared
from server.db.schema import chain_places, chains, contexts, day_roots, desks, kiosks, records, server, services, sites
from server.ingest.chain import Mark
from server.ingest.eras import Era
from server.ingest.rows import StoredContext
from server.ingest.trail import Trail

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from uuid import UUID

    from sqlalchemy import Connection

    from feedback.records import Context

_NOTHING: Final = "ON CONFLICT DO NOTHING"
_MOVED: Final = ("seq", "head", "changed_ms", "trail")
_MOVING: Final = f"ON CONFLICT (kiosk, epoch) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in _MOVED)}"


# Made once: making a statement costs more than running it, and a single vote needs a dozen.
_KIOSKS: Final = Prepared(
    lambda among: (
        select(kiosks.c.id, kiosks.c.site_id, kiosks.c.era, kiosks.c.era_follows)
        .where(among(kiosks.c.id, "ids"))
        .order_by(kiosks.c.id)
        .with_for_update(key_share=True)
    )
)
_SITES: Final = Prepared(
    lambda among: select(sites.c.id).where(among(sites.c.id, "ids")).order_by(sites.c.id).with_for_update(key_share=True)
)
_VERSIONS: Final = select(kiosks.c.id, kiosks.c.settings_version)
_ROOTED: Final = select(func.coalesce(func.max(day_roots.c.until_ms), 0)).scalar_subquery()
_SERVER: Final = Prepared(lambda _: select(server.c.generation, server.c.time_zone, _ROOTED))
_MARK: Final = Prepared(
    lambda _: select(chains.c.seq, chains.c.head, chains.c.trail).where(
        chains.c.kiosk == bindparam("kiosk"), chains.c.epoch == bindparam("epoch")
    )
)
_MARKS: Final = select(chains.c.epoch, chains.c.seq).where(chains.c.kiosk == bindparam("kiosk"))
_NEWEST: Final = (
    select(chains.c.epoch).where(chains.c.kiosk == bindparam("kiosk")).order_by(chains.c.changed_ms.desc(), chains.c.epoch).limit(1)
)
_RECORDS: Final = Prepared(lambda among: select(records.c.id, records.c.kiosk, records.c.body).where(among(records.c.id, "ids")))
_PLACES: Final = Prepared(
    lambda among: select(records.c.id, records.c.kiosk, records.c.epoch, records.c.seq, records.c.body).where(among(records.c.id, "ids"))
)
_CONTEXTS: Final = Prepared(
    lambda among: select(*(contexts.c[name] for name in StoredContext._fields)).where(
        contexts.c.kiosk == bindparam("kiosk"), among(contexts.c.number, "numbers")
    )
)
_DESKS: Final = Prepared(lambda among: select(desks.c.key, desks.c.id, desks.c.site_id).where(among(desks.c.key, "keys")))
_SERVICES: Final = Prepared(lambda among: select(services.c.key, services.c.id).where(among(services.c.key, "keys")))


class RecordRow(NamedTuple):
    """A row of `records`, its fields named as the columns."""

    id: UUID
    kiosk: str
    epoch: UUID
    seq: int
    kind: str
    body: bytes
    received_ms: int
    head: bytes | None


class PlaceRow(NamedTuple):
    """A row of `chain_places`, its fields named as the columns."""

    kiosk: str
    epoch: UUID
    seq: int
    record: UUID | None
    body: bytes | None
    head: bytes


class StoredRecord(NamedTuple):
    """A record that was there before."""

    kiosk: str
    body: bytes


class Holding(NamedTuple):
    """A kiosk that this transaction holds."""

    site_id: int
    era: Era


class Desk(NamedTuple):
    """A desk in the registry's ids."""

    id: int
    site_id: int


def hold_kiosks(connection: Connection, ids: Collection[str]) -> dict[str, Holding]:
    """Give those of the kiosks that exist, and keep other workers off them until this transaction ends.

    They are kept off whole sites: kiosks of one site may have votes with the same ticket. What is to be erased stays the same as long.
    """
    begin_taking_in(connection)
    held = {id_: Holding(site_id, Era(*era)) for id_, site_id, *era in _KIOSKS.rows(connection, ids=list(ids))}
    if held and connection.dialect.name == "postgresql":
        _SITES.rows(connection, ids=sorted({kiosk.site_id for kiosk in held.values()}))
    return held


class ServerRow(NamedTuple):
    """What the database says of itself. Nothing can be received any more before `open_since_ms`: there the days have their roots."""

    generation: str
    time_zone: str
    open_since_ms: int


def read_server(connection: Connection) -> ServerRow:
    """Give what the database says of itself."""
    return ServerRow(*_SERVER.rows(connection)[0])


def settings_versions(connection: Connection) -> dict[str, int]:
    """Give the settings version of every kiosk."""
    return {row.id: row.settings_version for row in connection.execute(_VERSIONS)}


def read_mark(connection: Connection, kiosk: str, epoch: UUID) -> Mark:
    """Give the mark of one epoch of a kiosk."""
    return read_trail(connection, kiosk, epoch)[0]


def read_marks(connection: Connection, kiosk: str) -> dict[UUID, int]:
    """Give how far each epoch of a kiosk is durable."""
    return {row.epoch: row.seq for row in connection.execute(_MARKS, {"kiosk": kiosk})}


def read_trail(connection: Connection, kiosk: str, epoch: UUID) -> tuple[Mark, Trail]:
    """Give the mark of one epoch of a kiosk, and what its log has told of the kiosk's clock up to there."""
    for seq, head, trail in _MARK.rows(connection, kiosk=kiosk, epoch=epoch):
        return Mark(seq, head), msgspec.json.decode(trail, type=Trail) if trail else Trail()
    return Mark.start(epoch), Trail()


def newest_epoch(connection: Connection, kiosk: str) -> UUID | None:
    """Give the epoch in which a kiosk last delivered something."""
    return connection.execute(_NEWEST, {"kiosk": kiosk}).scalar()


def read_trails(connection: Connection, kiosk: str) -> list[Trail]:
    """Give what all logs of a kiosk have told of its clock, the latest first."""
    query = select(chains.c.trail).where(chains.c.kiosk == kiosk, chains.c.trail != "").order_by(chains.c.changed_ms.desc())
    return [msgspec.json.decode(trail, type=Trail) for trail in connection.execute(query).scalars()]


def write_mark(connection: Connection, kiosk: str, epoch: UUID, mark: Mark, received_ms: int, trail: Trail) -> None:  # noqa: PLR0913, PLR0917 - a row
    """Move the mark of an epoch."""
    row = (kiosk, epoch, mark.seq, mark.head, received_ms, msgspec.json.encode(trail).decode())
    insert_rows(connection, chains, ("kiosk", "epoch", *_MOVED), [row], on_conflict=_MOVING)


def stored_records(connection: Connection, ids: Collection[UUID]) -> dict[UUID, StoredRecord]:
    """Give those of the records that are there already, whoever sent them."""
    return {id_: StoredRecord(kiosk, body) for id_, kiosk, body in _RECORDS.rows(connection, ids=list(ids))}


def insert_records(connection: Connection, rows: Sequence[RecordRow]) -> dict[UUID, StoredRecord]:
    """Insert the records that are new; give those that were there before. Places of `rows` are beyond the mark, their ids differ."""
    if insert_rows(connection, records, RecordRow._fields, rows, on_conflict=_NOTHING) == len(rows):
        return {}
    # What stands at its own place was stored just now: nothing was there beyond the mark.
    places = {row.id: (row.kiosk, row.epoch, row.seq) for row in rows}
    stored = _PLACES.rows(connection, ids=list(places))
    return {id_: StoredRecord(kiosk, body) for id_, kiosk, epoch, seq, body in stored if (kiosk, epoch, seq) != places[id_]}


def insert_places(connection: Connection, rows: Sequence[PlaceRow]) -> None:
    """Keep what stands in a chain and is no new record."""
    insert_rows(connection, chain_places, PlaceRow._fields, rows, on_conflict=_NOTHING)


def insert_contexts(connection: Connection, kiosk: str, new: Sequence[Context]) -> None:
    """Insert contexts; a number that is taken keeps its first meaning."""
    columns = ("kiosk", "number", "id", "boot_id", "software", "questionnaire", "questionnaire_version", "mode")
    rows = [(kiosk, c.number, c.id, c.boot_id, c.software, c.questionnaire, c.questionnaire_version, str(c.mode)) for c in new]
    insert_rows(connection, contexts, columns, rows, on_conflict=_NOTHING)


def read_contexts(connection: Connection, kiosk: str, numbers: Collection[int]) -> dict[int, StoredContext]:
    """Give the contexts of a kiosk by their numbers."""
    found = map(StoredContext._make, _CONTEXTS.rows(connection, kiosk=kiosk, numbers=list(numbers)) if numbers else ())
    return {context.number: context for context in found}


def read_desks(connection: Connection, keys: Collection[str]) -> dict[str, Desk]:
    """Give desks by the keys that records use."""
    return {key: Desk(*desk) for key, *desk in _DESKS.rows(connection, keys=list(keys))} if keys else {}


def read_services(connection: Connection, keys: Collection[str]) -> dict[str, int]:
    """Give the ids of services by the keys that records use."""
    return dict(_SERVICES.rows(connection, keys=list(keys))) if keys else {}
