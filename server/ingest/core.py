"""What the server does with a message from a kiosk: (topic, bytes) in, replies out. It knows no MQTT.

A reply exists only after its transaction was committed, so sending it promises what the database holds.
"""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from feedback.wire import (
    Batch,
    Hello,
    State,
    WireError,
    command_topic,
    day_keys_topic,
    decode,
    notice_topic,
    renewal_topic,
    settings_topic,
    split_topic,
)
from server.db.engine import Writer, reading, writing
from server.errors import DatabaseUnavailableError
from server.fleet import renewals
from server.fleet.clone_signs import keep_heard
from server.fleet.clones import GRACE_MS, Heard, Kind
from server.fleet.commands import record
from server.fleet.states import forget_presence, record_state
from server.ingest import quarantine, store
from server.ingest.aside import halves_of, pass_by, refuse_batch, without_now
from server.ingest.batches import take_batch
from server.ingest.chain import FORK, MAX_SEQ
from server.ingest.eras import write_era
from server.ingest.messages import Message, Reply, ack_of, note_of, read_batch, reply_ack, take_back
from server.ingest.quarantine import Note, Reason
from server.ingest.settling import settle
from server.ingest.tally import BatchOutcome, unmetered
from server.ingest.work import Delivery, Work
from server.queue.problems import RefusedError
from server.queue.push import is_push, name_in, take_push
from server.registry.settings import outdo

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sqlalchemy import Connection, Engine

    from server.fleet.commands import Commands
    from server.fleet.day_keys import DayKeys
    from server.fleet.notices import Notices
    from server.ingest.tally import Meter

log = logging.getLogger(__name__)
_FORKED: Final = "log_forked"
"""The fault by which a kiosk says itself that its log is an older copy."""


class _Gone(msgspec.Struct, frozen=True):
    """The records of an epoch that a kiosk no longer has and the server never had or has lost."""

    epoch: UUID
    first_seq: int
    last_seq: int


class Ingest:
    """Takes messages in.

    `settings` gives a kiosk's signed settings, or None for a kiosk that does not exist; `notices` what it tells; `day_keys` what it makes
    tokens from; `commands` what it is asked to do; `unseal` opens a box that was sealed for this server, or gives None.
    `meter` hears of every transaction after its commit.
    """

    def __init__(  # noqa: PLR0913 - everything that kiosks are told meets here
        self,
        engine: Engine,
        *,
        settings: Callable[[Connection, str], bytes | None],
        notices: Notices | None = None,
        day_keys: DayKeys | None = None,
        commands: Commands | None = None,
        unseal: Callable[[bytes], bytes | None] = lambda _box: None,
        meter: Meter = unmetered,
    ) -> None:
        self._engine = engine
        self._writer = Writer(engine)
        self._settings = settings
        self._notices = notices
        self._day_keys = day_keys
        self._commands = commands
        self._unseal = unseal
        self._meter = meter
        self._speaking: dict[tuple[str, Kind], Heard] = {}

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
        # Empty is how a retained message is taken back, by this server too: it says nothing.
        messages = [message for message in messages if message.payload and not is_push(message.topic)]
        if not messages:
            return []
        try:
            return self._take(messages)
        except DatabaseUnavailableError:
            raise
        except Exception as error:  # whatever one message does to us, the others are taken; it would come again after a restart too
            if len(messages) > 1:
                return [reply for message in messages for reply in self.handle_group([message])]
            halves = halves_of(messages[0])
            if halves:  # so that one record never holds up the others
                return [reply for half in halves for reply in self.handle_group([half])]
            log.exception("a message on %r cannot be stored and is set aside", messages[0].topic)
            return self._set_aside(messages[0], error)

    def generation(self) -> str:
        """Give the database's generation."""
        with reading(self._engine) as connection:
            return store.read_server(connection).generation

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

    def commands(self, now_ms: int, published: Mapping[str, bytes]) -> list[tuple[str, bytes, bytes]]:
        """Give the kiosks whose commands are not `published` under their digest, with digest and signed list."""
        return [] if self._commands is None else self._commands.unpublished(now_ms, published)

    def renewals(self, published: Mapping[str, int]) -> list[renewals.Current]:
        """Give what kiosks are told of new credentials where that is not `published` under its number."""
        return renewals.unpublished(self._engine, published)

    def settings_versions(self) -> dict[str, int]:
        """Give the settings version of every kiosk."""
        with reading(self._engine) as connection:
            return store.settings_versions(connection)

    def forget_presence(self, now_ms: int) -> None:
        """Believe no kiosk to be online until the broker says so."""
        with writing(self._engine) as connection:
            forget_presence(connection, now_ms)

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
        replies, began_s = [], time.perf_counter()
        with self._writer.writing() as connection:
            work = self._open_work(connection, messages)
            # While the database was away, a day may have ended that has its root now.
            messages = [replace(message, counted_ms=max(message.received_ms, work.open_since_ms)) for message in messages]
            # Kiosk by kiosk, each in the order in which it spoke: two workers never wait for each other in a ring.
            for message in sorted(messages, key=lambda message: message.kiosk or ""):
                replies += self._take_one(work, message)
            settle(connection, work.touched, work.tokens, work.deltas)
            work.deltas.apply(connection)
            quarantine.keep(connection, work.notes)
            news = self._news(work.heard)
            keep_heard(connection, news)
        self._speaking |= {(one.kiosk, one.kind): one for one in news}
        for note in work.notes:
            log.warning("quarantined from %s: %s: %s", note.kiosk, note.reason, note.detail[:200])
        self._tell_meter(work, began_s)
        return replies

    def _tell_meter(self, work: Work, began_s: float) -> None:
        work.tally.quarantined.update(str(note.reason) for note in work.notes)
        self._meter(work.tally, time.perf_counter() - began_s)

    def _news(self, heard: Sequence[Heard]) -> list[Heard]:
        """Leave out the voices that this worker has heard a moment ago: for most messages nothing has to be looked up or kept."""
        news, speaking = [], dict(self._speaking)
        for one in heard:
            last = speaking.get((one.kiosk, one.kind))
            is_same = last is not None and (last.voice, last.era) == (one.voice, one.era) and one.at_ms - last.at_ms < GRACE_MS
            if one.kind is Kind.FORK or not is_same:
                news.append(one)
                speaking[one.kiosk, one.kind] = one
        return news

    def _take_one(self, work: Work, message: Message) -> list[Reply]:
        try:
            kiosk, kind = split_topic(message.topic)
        except WireError as error:
            work.notes.append(note_of(message, Reason.UNDECODABLE, error.reason))
            return []
        if kiosk not in work.kiosks:
            return _refuse_stranger(work, message, kiosk, kind)
        match kind:
            case "batch":
                return [_acknowledge_batch(work, message, kiosk)]
            case "hello":
                return self._welcome(work, message, kiosk)
            case "state":
                _take_state(work, message, kiosk)
            case "result" | "diagnostics":
                return self._take_result(work, message, kiosk, kind)
        return []

    def _take_result(self, work: Work, message: Message, kiosk: str, kind: str) -> list[Reply]:
        """Keep what became of a command; by the list that follows the kiosk learns that it is kept."""
        try:
            record(work.connection, kiosk, kind, message.payload, message.received_ms)
        except WireError as error:
            work.notes.append(note_of(message, Reason.UNDECODABLE, error.reason))
            return []
        return self._ask(work, message, kiosk)

    def _ask(self, work: Work, message: Message, kiosk: str) -> list[Reply]:
        if self._commands is None:
            return []
        return [Reply(command_topic(kiosk), self._commands.of(work.connection, kiosk, message.received_ms), retain=True)]

    def _welcome(self, work: Work, message: Message, kiosk: str) -> list[Reply]:
        """Answer a kiosk that has just connected: how far its log is durable, and what it should show."""
        try:
            hello = decode(message.payload, Hello)
        except WireError as error:
            work.notes.append(note_of(message, Reason.UNDECODABLE, error.reason))
            return []
        marks = store.read_marks(work.connection, kiosk)
        _begin_era(work, kiosk, hello, marks)
        _note_gone(work, message, kiosk, hello, marks)
        replies = [reply_ack(kiosk, ack_of(work, kiosk, hello.epoch))]
        settings = self._settings(work.connection, kiosk)
        notice = self._notices.of(work.connection, kiosk, message.received_ms) if self._notices else None
        keys = self._day_keys.of(work.connection, kiosk) if self._day_keys else None
        renewal = renewals.waiting(work.connection, kiosk) or None
        told = (
            (settings_topic(kiosk), settings),
            (notice_topic(kiosk), notice),
            (day_keys_topic(kiosk), keys),
            (renewal_topic(kiosk), renewal),
        )
        replies += (Reply(topic, payload, retain=True) for topic, payload in told if payload is not None)
        return [*replies, *self._ask(work, message, kiosk)]

    def _set_aside(self, message: Message, error: Exception) -> list[Reply]:
        replies, began_s = [], time.perf_counter()
        with writing(self._engine) as connection:
            work = self._open_work(connection, [message])
            work.notes.append(note_of(without_now(message), Reason.REFUSED, f"{type(error).__name__}: {error}"))
            quarantine.keep(connection, work.notes)
            if message.kiosk in work.kiosks and message.topic.endswith("/batch"):
                replies.append(pass_by(work, message, str(message.kiosk)))
        self._tell_meter(work, began_s)
        return replies

    def _open_work(self, connection: Connection, messages: Sequence[Message]) -> Work:
        held = store.hold_kiosks(connection, {message.kiosk for message in messages if message.kiosk})
        server = store.read_server(connection)
        return Work(
            connection=connection,
            generation=server.generation,
            zone=ZoneInfo(server.time_zone),
            open_since_ms=server.open_since_ms,
            kiosks=held,
            unseal=self._unseal,
        )


def _begin_era(work: Work, kiosk: str, hello: Hello, marks: Mapping[UUID, int]) -> None:
    """Let a kiosk that was told of more than is here send everything again."""
    held = work.kiosks[kiosk]
    era = held.era.after(hello, work.generation_of(kiosk), marks)
    if era != held.era:
        log.warning("%s was told of more than is here: the database may be an older copy of itself; the kiosk begins an era", kiosk)
        work.kiosks[kiosk] = held._replace(era=era)
        write_era(work.connection, kiosk, era)


def _note_gone(work: Work, message: Message, kiosk: str, hello: Hello, marks: Mapping[UUID, int]) -> None:
    """Say once what cannot come any more: a kiosk has deleted it, because the database had it before it was restored."""
    for epoch, pruned in (hello.pruned or {}).items():
        seq = marks.get(epoch, 0)
        if seq < pruned <= MAX_SEQ:
            gone = f"{pruned - seq} records of {kiosk} are gone: it had deleted them before this database was restored without them"
            payload = msgspec.json.encode(_Gone(epoch, seq + 1, pruned))
            note = Note(reason=Reason.GONE, detail=gone, topic=message.topic, kiosk=kiosk, payload=payload, received_ms=message.received_ms)
            if quarantine.keep_once(work.connection, note):
                log.warning("%s", gone)


def _acknowledge_batch(work: Work, message: Message, kiosk: str) -> Reply:
    try:
        batch = read_batch(message.payload)
    except WireError as error:
        work.notes.append(note_of(message, Reason.UNDECODABLE, error.reason))
        work.tally.batch(BatchOutcome.UNREADABLE)
        return refuse_batch(work, message, kiosk, Reason.UNDECODABLE)
    ack = take_batch(work, _delivery(message, kiosk, batch))
    if ack.error == FORK:
        log.warning(
            "%s sent a branch of epoch %s that leaves ours before %d; it will send it again in a new epoch", kiosk, ack.epoch, ack.seq
        )
    return reply_ack(kiosk, ack)


def _delivery(message: Message, kiosk: str, batch: Batch) -> Delivery:
    heard_ms, received_ms = message.received_ms, max(message.received_ms, message.counted_ms)
    return Delivery(kiosk=kiosk, topic=message.topic, batch=batch, received_ms=received_ms, heard_ms=heard_ms)


def _refuse_stranger(work: Work, message: Message, kiosk: str, kind: str) -> list[Reply]:
    """A kiosk that was removed says its last words: what is retained of it leaves the broker, a batch is kept where somebody sees it.

    Its state is found at the broker also where the kiosk was removed while nobody listened. What else it says is taken back one for one: it
    may have been retained, which nobody can tell of a message that comes as it is sent.
    """
    if kind == "batch":
        work.notes.append(note_of(message, Reason.FOREIGN, f"there is no kiosk {kiosk}"))
    return take_back(kiosk) if kind == "state" else [Reply(message.topic, b"", retain=True)]


def _take_state(work: Work, message: Message, kiosk: str) -> None:
    try:
        state = decode(message.payload, State)
        record_state(work.connection, kiosk, state, message.received_ms)
        if state.online:
            outdo(work.connection, kiosk, state.settings, refused=bool(state.refused), now_ms=message.received_ms)
    except WireError as error:
        work.notes.append(note_of(message, Reason.UNDECODABLE, error.reason))
        return
    if state.online and state.process is not None:
        work.heard.append(Heard(kiosk, Kind.PROCESS, state.process, message.received_ms))
    if _FORKED in state.faults:
        work.heard.append(Heard(kiosk, Kind.FORK, state.session, message.received_ms))
    if state.proof and renewals.settle(work.connection, kiosk, state.identity, state.proof):
        log.info("%s has stored its new credential; the old one is of no use any more", kiosk)
