"""votes.db: the kiosk's append-only log, and the only copy of a vote until the server has it. One writer: the ui.

`append` returns once the records are on the disk. It knows no screen, no network and no clock.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, NamedTuple, Self
from uuid import UUID

from feedback.records import AnyRecord, Context, RecordError, Undo, decode_body, encode_body, genesis, link
from kiosk import rechaining
from kiosk.errors import StoreDamagedError, StoreNewerError
from kiosk.facts import STEPS_FACT
from kiosk.store_file import HASH_AT, PATIENCE_MS, chains, connect, own_errors, steps_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from feedback.tickets import TicketToken

FILE: Final = "votes.db"
NO_PATIENCE_MS: Final = 100
PROBE_BYTES: Final = 24_000
"""A probe writes as much as the longest vote with its words: a disk that takes less would take the next visitor's not."""
STEPS: Final = 4
"""How many steps `kiosk.store_schema` has."""
_NO_LIMIT: Final = 0x3FFF_FFFF
_LENT_PAGES: Final = 16
_WRITTEN: Final = "SELECT {} FROM epochs WHERE reason <> 'forking' ORDER BY n DESC LIMIT 1"
"""The epoch that is being written: what is stored while records are taken into a new one is taken with them."""
_PRUNE: Final = (
    """
    UPDATE sealed SET box = zeroblob(length(box))
    WHERE record IN (SELECT id FROM records WHERE epoch = ? AND seq > ? AND seq <= ?)
    """,
    "DELETE FROM sealed WHERE record IN (SELECT id FROM records WHERE epoch = ? AND seq > ? AND seq <= ?)",
    "DELETE FROM records WHERE epoch = ? AND seq > ? AND seq <= ? AND kind <> 'context'",
)


class Kept(NamedTuple):
    """A record that is kept: its number in the log, and its place and body."""

    n: int
    epoch: UUID
    seq: int
    body: bytes


class Box(NamedTuple):
    """A sealed box. `day` (ISO) is that of the ticket whose token it holds, None for a visitor's own words."""

    content: bytes
    day: str | None = None


def _boot(body: bytes) -> UUID | None:
    try:
        record = decode_body(body)
    except RecordError:
        return None
    return record.boot_id if isinstance(record, Context) else None


class Store:
    """The open log. It belongs to the thread that opened it."""

    def __init__(self, path: Path, new_epoch: Callable[[], UUID], reason: str = "created") -> None:
        """Open or make the log; the first epoch of a new one is noted with `reason`. `new_epoch` makes ids, also of records.

        Raises:
            StoreDamagedError: the file is no sound database.
            StoreNewerError: a newer version of the program has written it.
            StoreError: it cannot be opened or does not keep its promises.
        """
        self._new_id = new_epoch
        with own_errors():
            self._db = connect(path)
        try:
            with own_errors():
                self._prepare(new_epoch, reason)
        except BaseException:
            self._db.close()
            raise

    def _prepare(self, new_epoch: Callable[[], UUID], reason: str) -> None:
        self.check()
        self._refuse_newer()
        with self._transaction():  # one for all steps, or a power cut could leave tables in another order than salvage counts on
            if not self._has_every_step():
                from kiosk.store_schema import bring_up  # only where it is needed: it takes 12 MB

                bring_up(self._db)
                self._note(STEPS_FACT, str(STEPS))
            if not self._db.execute("SELECT 1 FROM epochs").fetchone():
                self._db.execute("INSERT INTO epochs (epoch, reason) VALUES (?, ?)", (str(new_epoch()), reason))

    def _refuse_newer(self) -> None:
        steps = steps_of(self._db)
        if steps > STEPS:
            raise StoreNewerError(
                f"{FILE} is of a newer version of the program (step {steps}, this one knows {STEPS}): install that version"
            )

    def _has_every_step(self) -> bool:
        return steps_of(self._db) == STEPS

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; SQLite folds its journal into the file."""
        self._db.close()

    def check(self) -> None:
        """Let SQLite look through the whole file, and see that every record is what it was when it was chained.

        Raises:
            StoreDamagedError: something is not.
        """
        with own_errors():
            (verdict,) = self._db.execute("PRAGMA integrity_check(1)").fetchone()
            if verdict != "ok":
                raise StoreDamagedError(verdict)
            if self._db.execute("SELECT 1 FROM sqlite_master WHERE name = 'records'").fetchone():
                self._check_chain()

    def _check_chain(self) -> None:
        followed, taken = chains(self._db), rechaining.place(self._db)
        for row in self._db.execute("SELECT epoch, seq, body, hash FROM records ORDER BY epoch, seq"):
            if complaint := followed.complaint(row, taken):
                raise StoreDamagedError(complaint)

    @property
    def epoch(self) -> UUID:
        """The epoch that is being written."""
        with own_errors():
            return UUID(self._db.execute(_WRITTEN.format("epoch")).fetchone()[0])

    def append(
        self,
        new: Iterable[AnyRecord],
        boxes: Mapping[UUID, bytes] | None = None,
        tokens: Mapping[UUID, TicketToken] | None = None,
    ) -> None:
        """Put records at the end of the log, all or none; with none, write something else to see whether the disk takes it.

        A record whose id is already in the log is there and is passed over. `boxes` are the sealed boxes of records by their ids, and
        `tokens` those of `TicketScan` records: they are spent from then on, until an `Undo` record gives them back.
        """
        new, known = tuple(new), tokens or {}
        undone = {record.id for record in new if isinstance(record, Undo)}
        days = {record: token.day for record, token in known.items()}
        named = {record: Box(content, days.get(record)) for record, content in (boxes or {}).items()}
        bodies = [(record.id, str(record.__struct_config__.tag), encode_body(record)) for record in new]
        spent, back = (
            [(token.day, token.token) for record, token in known.items() if (record in undone) is is_back] for is_back in (False, True)
        )
        self.append_bodies(bodies, named, spent, back)

    def append_bodies(
        self,
        new: list[tuple[UUID, str, bytes]],
        boxes: Mapping[UUID, Box],
        spent: Iterable[tuple[str, str]] = (),
        given_back: Iterable[tuple[str, str]] = (),
    ) -> None:
        """The same with id, kind and the bytes that already are the record; of tickets spent and given back with days and tokens."""
        with own_errors(), self._transaction():
            if not new:
                self._note("probe", "." * PROBE_BYTES)
                self._note("probe", "written")  # and what it took is free again for the next vote
            epoch, seq, head = self._tail()
            for record, kind, body in new:
                if self._db.execute("SELECT 1 FROM records WHERE id = ?", (str(record),)).fetchone():
                    continue
                seq += 1
                head = link(head, seq, body)
                row = (epoch, seq, str(record), kind, body, head)
                self._db.execute("INSERT INTO records (epoch, seq, id, kind, body, hash) VALUES (?, ?, ?, ?, ?, ?)", row)
                if record in boxes:
                    self._db.execute("INSERT INTO sealed (record, box, day) VALUES (?, ?, ?)", (str(record), *boxes[record]))
            self._db.executemany("INSERT OR IGNORE INTO spent (day, token) VALUES (?, ?)", spent)
            self._db.executemany("DELETE FROM spent WHERE day = ? AND token = ?", given_back)

    def spent(self) -> list[tuple[str, str]]:
        """Give day and token of every ticket that has voted here, as long as they live."""
        with own_errors():
            return self._db.execute("SELECT day, token FROM spent").fetchall()

    def ticket_days(self) -> frozenset[str]:
        """Give the days (ISO) of all tickets of which anything is left that can be erased."""
        with own_errors():
            rows = self._db.execute("SELECT day FROM spent UNION SELECT day FROM sealed WHERE day IS NOT NULL")
            return frozenset(day for (day,) in rows)

    def forget_tickets(self, days: Iterable[str]) -> bool:
        """Erase the tokens and boxes of tickets of these days, so that no byte of them stays in the files.

        False where somebody was just reading and the journal is not emptied: try again. The records themselves stay.
        """
        with own_errors():
            with self._transaction():
                for day in days:
                    self._db.execute("UPDATE sealed SET box = zeroblob(length(box)) WHERE day = ?", (day,))  # a moved cell leaves its copy
                    self._db.execute("DELETE FROM sealed WHERE day = ?", (day,))
                    self._db.execute("DELETE FROM spent WHERE day = ?", (day,))
            self._db.execute(f"PRAGMA busy_timeout = {NO_PATIENCE_MS}")  # a vote may be waiting
            (busy, *_) = self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            self._db.execute(f"PRAGMA busy_timeout = {PATIENCE_MS}")
            return not busy

    def oldest(self, after: int, limit: int) -> list[Kept]:
        """Give the records that are kept, in their order, from the one after number `after` of the log on."""
        query = """
            SELECT r.n, e.epoch, r.seq, r.body FROM records r CROSS JOIN epochs e ON e.n = r.epoch
            WHERE r.n > ? AND r.seq > e.pruned ORDER BY r.n LIMIT ?
        """
        with own_errors():
            return [Kept(n, UUID(epoch), seq, body) for n, epoch, seq, body in self._db.execute(query, (after, limit))]

    def hash_at(self, epoch: UUID, seq: int) -> bytes | None:
        """Give the chain hash at `seq`, None where there is no record."""
        with own_errors():
            row = self._db.execute(HASH_AT, {"epoch": str(epoch), "seq": seq}).fetchone()
            return bytes(row[0]) if row else None

    def prune(self, epoch: UUID, up_to: int) -> None:
        """Delete the records of an epoch up to that number, with their boxes. Its chain goes on from the hash there.

        Contexts stay as long as a record may name them.
        """
        with own_errors(), self._transaction():
            query = "SELECT e.n, e.pruned, r.hash FROM epochs e JOIN records r ON r.epoch = e.n WHERE e.epoch = ? AND r.seq = ?"
            n, pruned, head = self._db.execute(query, (str(epoch), up_to)).fetchone() or (0, up_to, b"")
            if up_to <= pruned:
                return
            for statement in _PRUNE:
                self._db.execute(statement, (n, pruned, up_to))
            self._db.execute("UPDATE epochs SET pruned = ?, pruned_hash = ? WHERE n = ?", (up_to, head, n))
            self._forget_contexts()

    def _forget_contexts(self) -> None:
        """Delete the contexts of past boots among those that stayed behind: nothing that came later can name them."""
        query = "SELECT r.n, r.body FROM epochs e CROSS JOIN records r ON r.epoch = e.n AND r.seq <= e.pruned ORDER BY r.n"
        left = [(n, _boot(body)) for n, body in self._db.execute(query)]
        last = next((boot for _, boot in reversed(left) if boot is not None), None)
        self._db.executemany("DELETE FROM records WHERE n = ?", [(n,) for n, boot in left if boot not in (None, last)])

    @property
    def spare_pages(self) -> int:
        """How many pages of the file are free for what is stored next."""
        with own_errors():
            return self._asked("freelist_count")

    def _asked(self, pragma: str) -> int:
        return int(self._db.execute(f"PRAGMA {pragma}").fetchone()[0])

    def _limit_pages(self, most: int) -> None:
        self._db.execute(f"PRAGMA max_page_count = {most}").fetchall()

    def fold(self) -> None:
        """Fold the journal into the file, so that it is written anew from its beginning."""
        with own_errors():
            self._db.execute("PRAGMA wal_checkpoint(RESTART)").fetchall()

    def hold_size(self, most_new_pages: int | None) -> None:
        """Keep the file from growing by more than so many pages; None lets it grow again.

        What a full disk has no room for would stay in the journal for ever, which then could not be folded, and nothing deleted either.
        """
        with own_errors():
            self._limit_pages(_NO_LIMIT if most_new_pages is None else self._asked("page_count") + most_new_pages)

    def rechain(self, epoch: UUID, after_seq: int, into: UUID) -> None:
        """Take every record after `after_seq` of `epoch` into the new epoch `into`; ids and bodies stay. Once done, it stays done."""
        while self.rechain_some(epoch, after_seq, into):
            pass

    def rechain_some(self, epoch: UUID, after_seq: int, into: UUID) -> bool:
        """Do the next bit of the same, after what may be left of another time; tell whether there is more to do."""
        with own_errors(), self._lent_pages(), self._transaction():
            if not rechaining.is_unfinished(self._db) and not self._has_epoch(into):
                rechaining.begin(self._db, epoch, after_seq, into, self._new_id)
            return rechaining.go_on(self._db) or not self._has_epoch(into)

    def finish_rechaining(self) -> bool:
        """Do the next bit of what a power cut has left; tell whether there is more to do."""
        if not self.is_rechaining:
            return False
        with own_errors(), self._lent_pages(), self._transaction():
            return rechaining.go_on(self._db)

    @property
    def is_rechaining(self) -> bool:
        """Whether records are being taken into a new epoch."""
        with own_errors():
            return rechaining.is_unfinished(self._db)

    def _has_epoch(self, epoch: UUID) -> bool:
        return self._db.execute("SELECT 1 FROM epochs WHERE epoch = ?", (str(epoch),)).fetchone() is not None

    def number_of(self, epoch: UUID, seq: int) -> int:
        """Give the number in the log of a record that is kept, 0 where there is none."""
        query = "SELECT n FROM records WHERE epoch = (SELECT n FROM epochs WHERE epoch = ?) AND seq = ?"
        with own_errors():
            row = self._db.execute(query, (str(epoch), seq)).fetchone()
            return int(row[0]) if row else 0

    def note(self, name: str, value: str) -> None:
        """Keep a small fact for sync to read."""
        with own_errors(), self._transaction():
            self._note(name, value)

    def fact(self, name: str) -> str | None:
        """Give a small fact."""
        with own_errors():
            row = self._db.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
            return str(row[0]) if row else None

    def _note(self, name: str, value: str) -> None:
        self._db.execute("INSERT INTO facts VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", (name, value))

    def _tail(self) -> tuple[int, int, bytes]:
        query = _WRITTEN.format("n, epoch, pruned, CAST(pruned_hash AS BLOB)")
        epoch, name, pruned, pruned_hash = self._db.execute(query).fetchone()
        query = "SELECT seq, hash FROM records WHERE epoch = ? AND seq > ? ORDER BY seq DESC LIMIT 1"
        last = self._db.execute(query, (epoch, pruned)).fetchone()
        if last is None:
            last = (pruned, pruned_hash) if pruned else (0, genesis(UUID(name)))
        return (epoch, *last)

    @contextmanager
    def _lent_pages(self) -> Iterator[None]:
        """Let a file that is kept from growing take a few pages until as many of its own are free."""
        limit = self._asked("max_page_count")
        self._limit_pages(max(limit, self._asked("page_count") + _LENT_PAGES))
        try:
            yield
        finally:
            self._limit_pages(limit)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise
