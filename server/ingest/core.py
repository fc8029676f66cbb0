"""What the server does with a message from a kiosk: (topic, bytes) in, replies out. It knows no MQTT.

A reply exists only after its transaction was committed, so sending it promises what the database holds.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from feedback.records import RecordError, TicketScan, chain
from feedback.wire import (
    Ack,
    Batch,
    Hello,
    State,
    WireError,
    ack_topic,
    day_keys_topic,
    decode,
    encode,
    notice_topic,
    settings_topic,
    split_topic,
    state_topic,
)
from server.db.engine import reading, writing
from server.errors import DatabaseUnavailableError
from server.fleet.states import forget_presence, record_state
from server.ingest import quarantine, store
from server.ingest.batches import take_batch, try_body
from server.ingest.chain import FORK, MAX_SEQ, judge
from server.ingest.quarantine import Note, Reason
from server.ingest.settling import settle
from server.ingest.tickets import without_ticket_boxes
from server.ingest.work import Delivery, Work
from server.queue.problems import RefusedError
from server.queue.push import is_push, name_in, take_push

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sqlalchemy import Connection, Engine

    from server.fleet.day_keys import DayKeys
    from server.fleet.notices import Notices

log = logging.getLogger(__name__)
_NO_EPOCH: Final = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Message:
    """What came, and when. `counted_ms` is when it counts as received, where that is later."""

    topic: str
    payload: bytes
    received_ms: int
    counted_ms: int = 0

    @property
    def kiosk(self) -> str | None:
        """The kiosk whose topic it came on; None where the topic is no kiosk's."""
        try:
            return split_topic(self.topic)[0]
        except WireError:
            return None


@dataclass(frozen=True, slots=True)
class Reply:
    """What to publish."""

    topic: str
    payload: bytes
    retain: bool = False


class _EpochOnly(msgspec.Struct):
    epoch: UUID


class Ingest:
    """Takes messages in.

    `settings` gives a kiosk's signed settings, or None for a kiosk that does not exist; `notices` what it tells; `day_keys` what it makes
    tokens from; `unseal` opens a box that was sealed for this server, or gives None.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        settings: Callable[[Connection, str], bytes | None],
        notices: Notices | None = None,
        day_keys: DayKeys | None = None,
        unseal: Callable[[bytes], bytes | None] = lambda _box: None,
    ) -> None:
        self._engine = engine
        self._settings = settings
        self._notices = notices
        self._day_keys = day_keys
        self._unseal = unseal

    def handle(self, topic: str, payload: bytes, received_ms: int) -> list[Reply]:
        """Take one message in."""
        return self.handle_group([Message(topic, payload, received_ms)])

    def handle_group(self, messages: Sequence[Message]) -> list[Reply]:
        """Take messages in, in one transaction.

        Raises:
            DatabaseUnavailableError: nothing was stored; do the same again later.
        """
        pushes = [message for message in messages if is_push(message.topic)]
        if pushes:
            self._take_pushes(pushes)
            messages = [message for message in messages if not is_push(message.topic)]
        if not messages:
            return []
        try:
            return self._take(messages)
        except DatabaseUnavailableError:
            raise
        except Exception as error:  # whatever one message does to us, the others are taken; it would come again after a restart too
            if len(messages) > 1:
                return [reply for message in messages for reply in self.handle_group([message])]
            halves = _halves(messages[0])
            if halves:  # so that one record never holds up the others
                return [reply for half in halves for reply in self.handle_group([half])]
            log.exception("a message on %r cannot be stored and is set aside", messages[0].topic)
            return self._set_aside(messages[0], error)

    def generation(self) -> str:
        """Give the database's generation."""
        with reading(self._engine) as connection:
            return store.read_server(connection)[0]

    def settings(self, kiosk: str) -> bytes | None:
        """Give a kiosk's signed settings, or None for a kiosk that does not exist."""
        with reading(self._engine) as connection:
            return self._settings(connection, kiosk)

    def notices(self, now_ms: int, published: Mapping[str, int]) -> list[tuple[str, int, bytes]]:
        """Give the kiosks whose notice is not `published` under its number, with number and signed notice."""
        if self._notices is None:
            return []
        current = self._notices.current(now_ms)
        new = [notice for notice in current.values() if published.get(notice.kiosk) != notice.number]
        return [(notice.kiosk, notice.number, self._notices.signed(notice)) for notice in new]

    def day_keys(self, now_ms: int, published: Mapping[str, bytes]) -> list[tuple[str, bytes, bytes]]:
        """Give the kiosks whose day keys are not `published` under their digest, with digest and signed keys.

        With the keys of days that are gone everything is erased that names a ticket of theirs.
        """
        return [] if self._day_keys is None else self._day_keys.unpublished(now_ms, published)

    def settings_versions(self) -> dict[str, int]:
        """Give the settings version of every kiosk."""
        with reading(self._engine) as connection:
            return store.settings_versions(connection)

    def forget_presence(self) -> None:
        """Believe no kiosk to be online until the broker says so."""
        with writing(self._engine) as connection:
            forget_presence(connection)

    def _take_pushes(self, messages: Sequence[Message]) -> None:
        """Take in what queue systems push. One that fails is not set aside: it holds ticket numbers, which nobody may keep."""
        for message in messages:
            try:
                with writing(self._engine) as connection:
                    answer = take_push(connection, name_in(message.topic), message.payload, message.received_ms)
            except DatabaseUnavailableError:
                raise
            except Exception as error:  # noqa: BLE001 - as above: whatever one message does to us, the others are taken
                log.error("a push on %r cannot be stored: %s", message.topic, type(error).__name__)  # noqa: TRY400 - a trace would hold it
                continue
            if isinstance(answer, RefusedError):
                log.warning("a push on %r is refused: %s", message.topic, answer.problems[0].kept.placed)

    def _take(self, messages: Sequence[Message]) -> list[Reply]:
        replies = []
        with writing(self._engine) as connection:
            work = self._open_work(connection, messages)
            since_ms = store.open_since_ms(connection)  # while the database was away, a day may have ended that has its root now
            messages = [replace(message, counted_ms=max(message.received_ms, since_ms)) for message in messages]
            # Kiosk by kiosk, each in the order in which it spoke: two workers never wait for each other in a ring.
            for message in sorted(messages, key=lambda message: message.kiosk or ""):
                replies += self._take_one(work, message)
            settle(connection, work.touched, work.tokens, work.deltas)
            work.deltas.apply(connection)
            quarantine.keep(connection, work.notes)
        for note in work.notes:
            log.warning("quarantined from %s: %s: %s", note.kiosk, note.reason, note.detail[:200])
        return replies

    def _take_one(self, work: Work, message: Message) -> list[Reply]:
        try:
            kiosk, kind = split_topic(message.topic)
        except WireError as error:
            work.notes.append(_note(message, Reason.UNDECODABLE, error.reason))
            return []
        if kiosk not in work.sites:
            return _refuse_stranger(work, message, kiosk, kind)
        match kind:
            case "batch":
                return [_acknowledge_batch(work, message, kiosk)]
            case "hello":
                return self._welcome(work, message, kiosk)
            case "state":
                _take_state(work, message, kiosk)
        return []

    def _welcome(self, work: Work, message: Message, kiosk: str) -> list[Reply]:
        """Answer a kiosk that has just connected: how far its log is durable, and what it should show."""
        try:
            hello = decode(message.payload, Hello)
        except WireError as error:
            work.notes.append(_note(message, Reason.UNDECODABLE, error.reason))
            return []
        mark = store.read_mark(work.connection, kiosk, hello.epoch)
        if hello.acked > mark.seq and hello.generation == work.generation:
            log.warning("%s was told of %d records and we have %d: the database is an older copy of itself", kiosk, hello.acked, mark.seq)
            work.generation = store.begin_generation(work.connection)
        replies = [_reply_ack(kiosk, _ack(work, kiosk, hello.epoch))]
        settings = self._settings(work.connection, kiosk)
        notice = self._notices.of(work.connection, kiosk, message.received_ms) if self._notices else None
        keys = self._day_keys.of(work.connection, kiosk) if self._day_keys else None
        told = ((settings_topic(kiosk), settings), (notice_topic(kiosk), notice), (day_keys_topic(kiosk), keys))
        return [*replies, *(Reply(topic, payload, retain=True) for topic, payload in told if payload is not None)]

    def _set_aside(self, message: Message, error: Exception) -> list[Reply]:
        with writing(self._engine) as connection:
            work = self._open_work(connection, [message])
            quarantine.keep(connection, [_note(_without_now(message), Reason.REFUSED, f"{type(error).__name__}: {error}")])
            if message.kiosk in work.sites and message.topic.endswith("/batch"):
                return [_pass_by(work, message, str(message.kiosk))]
        return []

    def _open_work(self, connection: Connection, messages: Sequence[Message]) -> Work:
        sites = store.hold_kiosks(connection, {message.kiosk for message in messages if message.kiosk})
        generation, time_zone = store.read_server(connection)
        return Work(connection=connection, generation=generation, zone=ZoneInfo(time_zone), sites=sites, unseal=self._unseal)


def _acknowledge_batch(work: Work, message: Message, kiosk: str) -> Reply:
    try:
        batch = _decode_batch(message.payload)
    except WireError as error:
        work.notes.append(_note(message, Reason.UNDECODABLE, error.reason))
        return _refuse_batch(work, message, kiosk, Reason.UNDECODABLE)
    ack = take_batch(work, _delivery(message, kiosk, batch))
    if ack.error == FORK:
        log.warning(
            "%s sent a branch of epoch %s that leaves ours before %d; it will send it again in a new epoch", kiosk, ack.epoch, ack.seq
        )
    return _reply_ack(kiosk, ack)


def _delivery(message: Message, kiosk: str, batch: Batch) -> Delivery:
    heard_ms, received_ms = message.received_ms, max(message.received_ms, message.counted_ms)
    return Delivery(kiosk=kiosk, topic=message.topic, batch=batch, received_ms=received_ms, heard_ms=heard_ms)


def _decode_batch(payload: bytes) -> Batch:
    batch = decode(payload, Batch)
    if batch.first_seq > MAX_SEQ:
        raise WireError(f"first_seq {batch.first_seq} is out of range")
    return batch


def _halves(message: Message) -> list[Message]:
    """Cut a batch in two that say the same one after the other; nothing where it cannot be cut."""
    batch = _readable_batch(message)
    if batch is None or len(batch.records) == 1:
        return []
    middle = len(batch.records) // 2
    hashes = chain(bytes.fromhex(batch.prev), batch.first_seq, batch.bodies[:middle])
    parts = (
        msgspec.structs.replace(batch, records=batch.records[:middle]),
        msgspec.structs.replace(batch, records=batch.records[middle:], first_seq=batch.first_seq + middle, prev=hashes[-1].hex()),
    )  # the boxes go with both halves: each takes those of its own records
    return [replace(message, payload=encode(part)) for part in parts]


def _readable_batch(message: Message) -> Batch | None:
    try:
        return _decode_batch(message.payload) if message.topic.endswith("/batch") else None
    except WireError:
        return None


def _without_now(message: Message) -> Message:
    """Reduce a batch to its records and their boxes, but for those of tickets.

    It may come again, each time with another clock, and it is to be kept once.
    """
    batch = _readable_batch(message)
    if batch is None:
        return message
    ids = {record.id for record in map(try_body, batch.bodies) if not isinstance(record, RecordError | TicketScan)}
    boxes = {str(id_): box for id_, box in batch.sealed.items() if id_ in ids}
    records = b"[" + b",".join(batch.bodies) + b"]"
    return replace(message, payload=records + (b"\n" + msgspec.json.encode(boxes, order="sorted") if boxes else b""))


def _pass_by(work: Work, message: Message, kiosk: str) -> Reply:
    """Answer a record that is in quarantine because storing it fails: its kiosk goes on behind it."""
    batch = _readable_batch(message)
    if batch is None:
        return _refuse_batch(work, message, kiosk, Reason.REFUSED)
    mark, trail = store.read_trail(work.connection, kiosk, batch.epoch)
    verdict = judge(batch, mark)
    if verdict.fresh:
        first_seq = verdict.mark.seq - len(verdict.fresh) + 1
        passed = enumerate(zip(verdict.fresh, verdict.heads, strict=True), first_seq)
        store.insert_places(work.connection, [store.PlaceRow(kiosk, batch.epoch, seq, None, body, head) for seq, (body, head) in passed])
        store.write_mark(work.connection, kiosk, batch.epoch, verdict.mark, message.received_ms, trail)
    return _reply_ack(kiosk, _ack(work, kiosk, batch.epoch, error=Reason.REFUSED))


def _refuse_batch(work: Work, message: Message, kiosk: str, error: Reason) -> Reply:
    """Answer a batch that was set aside: with the mark of its epoch if that can be read, else of the kiosk's newest."""
    try:
        epoch = msgspec.json.decode(message.payload, type=_EpochOnly).epoch
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        epoch = store.newest_epoch(work.connection, kiosk) or _NO_EPOCH
    return _reply_ack(kiosk, _ack(work, kiosk, epoch, error=error))


def _refuse_stranger(work: Work, message: Message, kiosk: str, kind: str) -> list[Reply]:
    """A kiosk that was removed says its last words: a state leaves the broker, a batch is kept where somebody sees it."""
    if kind == "batch":
        work.notes.append(_note(message, Reason.FOREIGN, f"there is no kiosk {kiosk}"))
    return [Reply(state_topic(kiosk), b"", retain=True)] if kind == "state" and message.payload else []


def _take_state(work: Work, message: Message, kiosk: str) -> None:
    if not message.payload:  # how a retained message is taken back
        return
    try:
        record_state(work.connection, kiosk, decode(message.payload, State), message.received_ms)
    except WireError as error:
        work.notes.append(_note(message, Reason.UNDECODABLE, error.reason))


def _ack(work: Work, kiosk: str, epoch: UUID, *, error: Reason | None = None) -> Ack:
    mark = store.read_mark(work.connection, kiosk, epoch)
    return Ack(epoch=epoch, seq=mark.seq, head=mark.head.hex(), generation=work.generation, error=None if error is None else str(error))


def _reply_ack(kiosk: str, ack: Ack) -> Reply:
    return Reply(ack_topic(kiosk), encode(ack))


def _note(message: Message, reason: Reason, detail: str) -> Note:
    payload = without_ticket_boxes(message.payload)
    return Note(reason=reason, detail=detail, topic=message.topic, kiosk=message.kiosk, payload=payload, received_ms=message.received_ms)
