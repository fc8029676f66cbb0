"""The store thread: it alone owns the connection to votes.db. What it has to say it posts to the main thread."""

from __future__ import annotations

import logging
import queue
import threading
from functools import partial
from typing import TYPE_CHECKING, Protocol, Self, TypeVar

from kiosk.errors import StoreDamagedError, StoreError, StoreFullError
from kiosk.facts import LOOKED_FACT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from uuid import UUID

    from feedback.records import AnyRecord
    from feedback.tickets import TicketToken
    from kiosk.pruning import Pruner
    from kiosk.set_aside import SetAside
    from kiosk.store import Store

log = logging.getLogger(__name__)
T = TypeVar("T")


def _nothing(_store: Store) -> None:
    """Nothing is to be done before."""


class Listener(Protocol):
    """Who wants to know what became of the records; called on the main thread."""

    def committed(self, token: int) -> None:
        """The records of `token` are on the disk."""

    def failed(self, token: int) -> None:
        """The records of `token` are not."""


class Recorder:
    """Stores what it is handed, in order. After a failure the log is opened anew, which also salvages a damaged one."""

    def __init__(
        self,
        open_store: Callable[[], Store],
        post: Callable[[Callable[[], None]], None],
        wake: Callable[[], None],
        pruner: Pruner | None = None,
    ) -> None:
        """`wake` is called after each commit and must not block; without a `pruner` nothing is ever deleted."""
        self._open_store = open_store
        self._post = post
        self._wake = wake
        self._pruner = pruner
        self._store: Store | None = None
        self._is_rechaining = False
        self._is_to_look = False
        self._jobs: queue.SimpleQueue[Callable[[], object] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="store", daemon=True)
        self.listener: Listener | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._jobs.put(None)
        self._thread.join(timeout=10)

    def record(
        self,
        token: int,
        records: tuple[AnyRecord, ...],
        boxes: Mapping[UUID, bytes] | None = None,
        tickets: Mapping[UUID, TicketToken] | None = None,
        *,
        to: Listener | None = None,
    ) -> None:
        """Append the records, the sealed boxes of some of them and the tokens of tickets by their ids; `committed` or `failed` follows.

        `to` hears what became of them; where it is None, `listener` does.
        """
        self._jobs.put(lambda: self._record(token, lambda store: store.append(records, boxes, tickets), to or self.listener))

    def note(self, name: str, value: str, answer: Callable[[bool], None] | None = None) -> None:
        """Keep a small fact; lost if it cannot be written just now. `answer` is told, on the main thread, whether it is on the disk."""
        self._jobs.put(lambda: self._note(name, value, answer))

    def read_fact(self, name: str, answer: Callable[[str | None], None]) -> None:
        """Give a fact to `answer`, on the main thread; never, where the log cannot be read."""
        self._jobs.put(lambda: self._quietly(lambda store: self._answer(answer, store.fact(name))))

    def probe(self, answer: Callable[[bool], None]) -> None:
        """Write something to the log to see whether the disk takes it; `answer` is called on the main thread."""
        self._jobs.put(lambda: self._probe(answer))

    def rechain(self, epoch: UUID, after_seq: int, into: UUID) -> None:
        """Take everything after the last mark both sides agree on into a new epoch; sync asks again if it cannot be done now."""
        self._jobs.put(lambda: self._rechain(lambda store: store.rechain_some(epoch, after_seq, into)))

    def read_spent(self, answer: Callable[[list[tuple[str, str]]], None]) -> None:
        """Give day and token of every ticket that has voted to `answer`, on the main thread; never, where the log cannot be read."""
        self._jobs.put(lambda: self._quietly(lambda store: self._answer(answer, store.spent())))

    def forget_tickets(self, is_over: Callable[[str], bool], aside: SetAside) -> None:
        """Erase what is left of tickets of days whose life is over, in damaged logs too; what cannot be done now is done the next time."""
        self._jobs.put(lambda: self._quietly(lambda store: _forget(store, is_over)))
        self._jobs.put(lambda: aside.forget_tickets(is_over))

    def prune(self, answer: Callable[[bool], None]) -> None:
        """Do a bit of what is to be deleted; `answer` is told on the main thread whether there is more to do at once."""
        self._jobs.put(lambda: self._prune(answer))

    def look(self, number: int) -> None:
        """Look through the log, which also salvages a damaged one, and note the number of the look once the log is sound.

        One look at a time: while another one waits or goes on, this one is passed over.
        """
        if not self._is_to_look:
            self._is_to_look = True
            self._jobs.put(lambda: self._look(number))

    def _record(self, token: int, append: Callable[[Store], None], listener: Listener | None) -> None:
        try:
            self._with_store(append)
        except StoreError as error:
            log.error("not stored: %s", error)  # noqa: TRY400 - the cause is in the sentence
            if listener:
                self._post(lambda: listener.failed(token))
            return
        if listener:
            self._post(lambda: listener.committed(token))
        self._wake()

    def _note(self, name: str, value: str, answer: Callable[[bool], None] | None) -> None:
        is_written = self._quietly(lambda store: store.note(name, value))
        if answer is not None:
            self._post(lambda: answer(is_written))

    def _probe(self, answer: Callable[[bool], None]) -> None:
        try:
            self._with_store(lambda store: store.append(()))
        except StoreError as error:
            log.warning("the disk takes nothing: %s", error)
            self._post(lambda: answer(False))  # noqa: FBT003
            return
        self._post(lambda: answer(True))  # noqa: FBT003

    def _answer(self, answer: Callable[[T], None], found: T) -> None:
        self._post(lambda: answer(found))

    def _prune(self, answer: Callable[[bool], None]) -> None:
        pruner = self._pruner
        if pruner is not None:
            self._quietly(lambda store: self._post(partial(answer, pruner.step(store))))

    def _look(self, number: int) -> None:
        try:
            is_sound = self._quietly(lambda store: store.check())
        finally:
            self._is_to_look = False
        if is_sound:
            self._quietly(lambda store: store.note(LOOKED_FACT, str(number)))

    def _rechain(self, some: Callable[[Store], bool]) -> None:
        """Begin to take records into a new epoch, unless that is going on."""
        if not self._is_rechaining:
            self._rechain_on(some)

    def _rechain_on(self, some: Callable[[Store], bool]) -> None:
        """Take some; what was handed over meanwhile comes before the next ones."""

        def take(store: Store) -> None:
            self._is_rechaining = some(store)
            if self._is_rechaining:
                self._jobs.put(lambda: self._rechain_on(some))

        self._is_rechaining = False
        self._quietly(take)

    def _quietly(self, work: Callable[[Store], None]) -> bool:
        """Do the work, and tell whether it is done."""
        try:
            self._with_store(work)
        except StoreError as error:
            log.warning("put off: %s", error)
            return False
        return True

    def _with_store(self, work: Callable[[Store], None]) -> None:
        """Do the work; malformed once is not malformed, so then once more on a log opened anew, and on a full card once room was made."""
        try:
            self._attempt(work)
        except StoreDamagedError as error:
            log.warning("votes.db: %s; opening it again", error)
            self._attempt(work)
        except StoreError as error:
            if self._pruner is None or not self._pruner.helps(error):
                raise
            self._pruner.give_up_reserve()
            self._attempt(work, self._pruner.relieve)

    def _attempt(self, work: Callable[[Store], None], before: Callable[[Store], None] = _nothing) -> None:
        try:
            if self._store is None:
                self._store = self._open_store()
                if self._store.is_rechaining:  # sync may have forgotten that it asked
                    self._jobs.put(lambda: self._rechain(lambda store: store.finish_rechaining()))
            before(self._store)
            if self._pruner is not None:
                self._pruner.prepare(self._store)
            work(self._store)
        except StoreFullError:  # the log is sound, and opening it takes room too
            raise
        except StoreError:
            self._close()
            raise

    def _close(self) -> None:
        if self._store is not None:
            self._store.close()
            self._store = None

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            try:
                job()
            except Exception:  # the thread's outermost frame: a mistake must not end the storing of votes in silence
                log.exception("the store thread stumbled")
                self._close()
        self._close()


def _forget(store: Store, is_over: Callable[[str], bool]) -> None:
    if not store.forget_tickets(filter(is_over, store.ticket_days())):
        log.info("the journal of votes.db is being read and is emptied later")
