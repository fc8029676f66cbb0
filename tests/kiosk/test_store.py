from __future__ import annotations

import hashlib
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from feedback.records import (
    AnyRecord,
    Channel,
    Content,
    Context,
    Input,
    Sealed,
    TicketScan,
    VisitEnd,
    Vote,
    chain,
    decode_body,
    encode_body,
    genesis,
)
from feedback.tickets import TicketToken
from kiosk import salvage
from kiosk.check.log import look_through
from kiosk.errors import StoreDamagedError, StoreError
from kiosk.recorder import Recorder
from kiosk.salvage import open_store
from kiosk.set_aside import SetAside
from kiosk.store import FILE, Store
from kiosk.store_file import PRAGMAS, connect
from kiosk.sync.outbox import Outbox
from tests.kiosk.support import BOOT, FakeClock, counted_ids, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

FIRST_VERSION = Path(__file__).parents[1] / "samples" / "votes-1.db"
"""A log as the first version wrote it: two epochs of two votes each, and no sealed boxes."""
SECOND_VERSION = FIRST_VERSION.with_name("votes-2.db")
"""A log as the second version wrote it: two epochs, three votes and three sealed words with their boxes, and no tickets."""
DAY = "2026-11-24"
new_id = counted_ids(1000)  # which are not in the logs of older versions


def a_vote(answer: str = "good") -> Vote:
    at = FakeClock().moment()
    return Vote(
        new_id(),
        at,
        visit=new_id(),
        context=1,
        question="service",
        answer=answer,
        desk=None,
        service=None,
        channel=Channel.KIOSK,
        input=Input.TOUCH,
        language="uk",
        repeat=False,
    )


def a_sealed(box: bytes = b"a sealed box") -> tuple[Sealed, dict[UUID, bytes]]:
    at, digest = FakeClock().moment(), hashlib.sha256(box).hexdigest()
    record = Sealed(new_id(), at, new_id(), 1, "comment", Content.COMMENT, digest, Input.TOUCH, "uk")
    return record, {record.id: box}


def a_scan(day: str = DAY) -> tuple[TicketScan, dict[UUID, bytes], dict[UUID, TicketToken]]:
    token = TicketToken(day, os.urandom(16).hex())
    box = os.urandom(130)
    scan = TicketScan(new_id(), FakeClock().moment(), new_id(), 1, "own", "desk-1", None, hashlib.sha256(box).hexdigest())
    return scan, {scan.id: box}, {scan.id: token}


def rows(path: Path, query: str) -> list[tuple]:
    with closing(sqlite3.connect(path)) as db:
        return db.execute(query).fetchall()


def logged(path: Path) -> list[tuple[str, int, bytes, bytes]]:
    """What is in the log; nothing while it is not there yet: the ui opens it after its first screen."""
    if not path.exists() or not rows(path, "SELECT 1 FROM sqlite_master WHERE name = 'records'"):
        return []
    return rows(path, "SELECT e.epoch, r.seq, r.body, r.hash FROM records r JOIN epochs e ON e.n = r.epoch ORDER BY r.n")


def assert_chained(path: Path) -> None:
    for epoch, pruned, pruned_hash in rows(path, "SELECT epoch, pruned, pruned_hash FROM epochs"):
        mine = [(seq, body, head) for name, seq, body, head in logged(path) if name == epoch and seq > pruned]
        assert [seq for seq, _, _ in mine] == list(range(pruned + 1, pruned + len(mine) + 1))
        assert [head for _, _, head in mine] == chain(pruned_hash or genesis(UUID(epoch)), pruned + 1, [body for _, body, _ in mine])


def answers(path: Path) -> list[str]:
    return [record.answer for record in (decode_body(body) for _, _, body, _ in logged(path)) if isinstance(record, Vote)]


def test_records_are_stored_as_they_were_encoded_and_chained(data_dir: Path) -> None:
    votes = [a_vote("good"), a_vote("terrible")]
    with Store(data_dir / FILE, new_id) as store:
        store.append(votes[:1])
        store.append(votes[1:])
    assert [body for _, _, body, _ in logged(data_dir / FILE)] == [encode_body(vote) for vote in votes]
    assert_chained(data_dir / FILE)


def test_a_reopened_log_goes_on_in_its_epoch(data_dir: Path) -> None:
    for answer in ("good", "excellent", "good"):
        with Store(data_dir / FILE, new_id) as store:
            store.append([a_vote(answer)])
    assert answers(data_dir / FILE) == ["good", "excellent", "good"]
    assert len(rows(data_dir / FILE, "SELECT * FROM epochs")) == 1
    assert_chained(data_dir / FILE)


def page_of(path: Path, name: str) -> slice:
    ((number, size),) = rows(path, f"SELECT rootpage, (SELECT page_size FROM pragma_page_size) FROM sqlite_master WHERE name = '{name}'")
    return slice((number - 1) * size, number * size)


@pytest.mark.parametrize("index", ["sqlite_autoindex_records_1", "sqlite_autoindex_records_2", "sqlite_autoindex_epochs_1"])
def test_a_page_of_an_index_that_the_card_did_not_write_is_found_and_costs_nothing(data_dir: Path, index: str) -> None:
    path = data_dir / FILE
    with Store(path, new_id) as store:
        store.append([a_vote("good")])
    before = path.read_bytes()
    with Store(path, new_id) as store:
        store.append([a_vote("terrible")])
        store.rechain(store.epoch, 1, new_id())
    after, page = bytearray(path.read_bytes()), page_of(path, index)
    assert after[page] != before[page]
    after[page] = before[page]
    path.write_bytes(after)
    with open_store(data_dir, new_id) as store:
        store.append([a_vote("excellent")])
    assert list(data_dir.glob(salvage.ASIDE))
    assert answers(path) == ["good", "terrible", "excellent"]
    assert_chained(path)


def test_records_whose_epoch_is_not_there_are_found_and_kept(data_dir: Path) -> None:
    with Store(data_dir / FILE, new_id) as store:
        store.append([a_vote("good"), a_vote("terrible")])
        store.rechain(store.epoch, 1, new_id())
    with closing(sqlite3.connect(data_dir / FILE)) as db, db:
        db.execute("DELETE FROM epochs WHERE reason = 'forked'")
    open_store(data_dir, new_id).close()
    assert list(data_dir.glob(salvage.ASIDE))
    assert answers(data_dir / FILE) == ["good", "terrible"]
    assert_chained(data_dir / FILE)


def test_a_body_that_has_changed_is_not_salvaged_as_another_vote(data_dir: Path) -> None:
    path = data_dir / FILE
    with Store(path, new_id) as store:
        store.append([a_vote("good"), a_vote("terrible"), a_vote("good")])
    content = path.read_bytes()
    assert content.count(b'"terrible"') == 1
    path.write_bytes(content.replace(b'"terrible"', b'"terrixlf"'))
    open_store(data_dir, new_id).close()
    assert answers(path) == ["good", "good"]
    assert b'"terrixlf"' in next(data_dir.glob(salvage.ASIDE)).read_bytes()


def test_a_record_is_stored_once(data_dir: Path) -> None:
    vote = a_vote()
    with Store(data_dir / FILE, new_id) as store:
        store.append([vote])
        store.append([vote, a_vote("terrible")])
    assert answers(data_dir / FILE) == ["good", "terrible"]
    assert_chained(data_dir / FILE)


def boxes(path: Path) -> dict[UUID, bytes]:
    return {UUID(record): box for record, box in rows(path, "SELECT record, box FROM sealed")}


def test_a_box_is_stored_with_its_record_or_not_at_all(data_dir: Path) -> None:
    record, box = a_sealed()
    with Store(data_dir / FILE, new_id) as store:
        store.append([record], box)
        store.append([record, a_vote()], {record.id: b"another box"})
        store.append([a_vote()], a_sealed()[1])
        assert boxes(data_dir / FILE) == box
        store._db.execute("CREATE TRIGGER full BEFORE INSERT ON sealed BEGIN SELECT RAISE(ABORT, 'full'); END")
        with pytest.raises(StoreError, match="full"):
            store.append([a_vote(), *(refused := a_sealed())[:1]], refused[1])
        store._db.execute("DROP TRIGGER full")
        store.rechain(store.epoch, 0, UUID(int=77))
    assert len(logged(data_dir / FILE)) == 3
    assert boxes(data_dir / FILE) == box
    assert_chained(data_dir / FILE)


class Model:
    """What the log must hold: bodies in order, and the boxes that came with records not known before."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.store = Store(path, new_id)
        self.bodies: list[bytes] = []
        self.boxes: dict[UUID, bytes] = {}
        self.known: list[AnyRecord] = []

    def do(self, step: str, box: bytes) -> None:
        record, its_box = a_sealed(box)
        match step:
            case "vote":
                self.append(a_vote(), {})
            case "sealed":
                self.append(record, its_box)
            case "sealed, erased since":
                self.append(record, {})
            case "again" if self.known:
                self.append(self.known[len(box) % len(self.known)], {known.id: box for known in self.known})
            case "fork":
                self.store.rechain(self.store.epoch, 0, new_id())
            case "open anew":
                self.store.close()
                self.store = open_store(self.path.parent, new_id)

    def append(self, record: AnyRecord, its_box: dict[UUID, bytes]) -> None:
        self.store.append([record], its_box)
        if record not in self.known:
            self.known.append(record)
            self.bodies.append(encode_body(record))
            self.boxes |= its_box


STEPS = st.sampled_from(["vote", "sealed", "sealed, erased since", "again", "fork", "open anew"])


@hypothesis_settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.tuples(STEPS, st.binary(max_size=1200)), max_size=25))
def test_whatever_is_done_the_log_holds_what_was_appended(tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, bytes]]) -> None:
    model = Model(tmp_path_factory.mktemp("log") / FILE)
    for step, box in steps:
        model.do(step, box)
    model.store.check()
    model.store.close()
    assert [body for _, _, body, _ in logged(model.path)] == model.bodies
    assert boxes(model.path) == model.boxes
    assert_chained(model.path)


def test_a_log_of_the_first_version_keeps_everything_and_takes_boxes(data_dir: Path) -> None:
    shutil.copyfile(FIRST_VERSION, data_dir / FILE)
    before, facts = logged(data_dir / FILE), rows(data_dir / FILE, "SELECT * FROM facts")
    record, box = a_sealed()
    with Store(data_dir / FILE, new_id) as store:
        store.append([record], box)
    assert logged(data_dir / FILE)[:-1] == before
    assert len(before) == 4
    assert set(facts) < set(rows(data_dir / FILE, "SELECT * FROM facts"))
    assert boxes(data_dir / FILE) == box
    assert_chained(data_dir / FILE)


def test_a_log_of_the_second_version_keeps_its_boxes_and_takes_tickets(data_dir: Path) -> None:
    shutil.copyfile(SECOND_VERSION, data_dir / FILE)
    before, old = logged(data_dir / FILE), boxes(data_dir / FILE)
    scan, box, token = a_scan()
    with Store(data_dir / FILE, new_id) as store:
        store.append([a_vote(), scan], box, token)
        assert store.spent() == [(DAY, token[scan.id].token)]
    assert logged(data_dir / FILE)[:-2] == before
    assert (len(before), len(old)) == (6, 3)
    assert boxes(data_dir / FILE) == old | box
    assert_chained(data_dir / FILE)


def test_a_connection_that_keeps_no_promise_is_refused(data_dir: Path) -> None:
    with closing(connect(data_dir / FILE)) as db:
        assert db.execute("PRAGMA synchronous").fetchone() == (2,)
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    with pytest.raises(StoreError, match="synchronous is 1 and will not become 9"):
        connect(data_dir / FILE, {**PRAGMAS, "synchronous": 9})


def test_a_write_that_cannot_be_done_says_so(data_dir: Path) -> None:
    with Store(data_dir / FILE, new_id) as store:
        store._db.execute("PRAGMA query_only = on")
        with pytest.raises(StoreError, match="readonly"):
            store.append([])
        with pytest.raises(StoreError):
            store.append([a_vote()])


def test_a_fork_moves_what_is_not_agreed_and_changes_no_body(data_dir: Path) -> None:
    votes = [a_vote(answer) for answer in ("good", "good", "terrible", "excellent")]
    fork = UUID(int=77)
    with Store(data_dir / FILE, new_id) as store:
        store.append(votes)
        old = store.epoch
        store.rechain(old, 2, fork)
        store.rechain(old, 0, fork)  # asked again: already done
        store.append([a_vote("acceptable")])
        assert store.epoch == fork
    stored = logged(data_dir / FILE)
    assert [(epoch, seq) for epoch, seq, _, _ in stored] == [(str(old), 1), (str(old), 2), (str(fork), 1), (str(fork), 2), (str(fork), 3)]
    assert [body for _, _, body, _ in stored[:4]] == [encode_body(vote) for vote in votes]
    assert_chained(data_dir / FILE)


def filled(data_dir: Path, count: int = 400) -> list[AnyRecord]:
    votes: list[AnyRecord] = [a_vote("good") for _ in range(count)]
    with Store(data_dir / FILE, new_id) as store:
        store.append(votes)
    return votes


def filled_with_boxes(data_dir: Path, count: int = 60, *, first_version: bool = False) -> dict[UUID, bytes]:
    if first_version:
        shutil.copyfile(FIRST_VERSION, data_dir / FILE)
    all_boxes: dict[UUID, bytes] = {}
    with Store(data_dir / FILE, new_id) as store:
        for n in range(count):
            record, box = a_sealed(n.to_bytes(2, "big") * 500)
            store.append([a_vote(), record], box)
            all_boxes |= box
    return all_boxes


def filled_with_tickets(data_dir: Path, count: int = 60) -> tuple[dict[UUID, bytes], list[tuple[str, str]]]:
    put: dict[UUID, bytes] = {}
    tokens: list[tuple[str, str]] = []
    with Store(data_dir / FILE, new_id) as store:
        for _ in range(count):
            scan, box, token = a_scan()
            store.append([a_vote(), scan], box, token)
            put |= box
            tokens.append((DAY, token[scan.id].token))
    return put, sorted(tokens)


def destroy(path: Path, start: int, length: int) -> None:
    with path.open("r+b") as file:
        file.seek(start)
        file.write(b"\xa5" * length)


def test_a_damaged_log_is_set_aside_and_what_can_be_read_goes_on(data_dir: Path) -> None:
    votes = filled(data_dir)
    (before,) = rows(data_dir / FILE, "SELECT epoch FROM epochs")
    page = rows(data_dir / FILE, "PRAGMA page_size")[0][0]
    size = (data_dir / FILE).stat().st_size
    damaged_at = size // page // 2 * page
    destroy(data_dir / FILE, damaged_at, page)
    damaged = (data_dir / FILE).read_bytes()
    with open_store(data_dir, new_id) as store:
        store.append([a_vote("terrible")])
        assert str(store.epoch) != before[0]
    kept = [decode_body(body) for _, _, body, _ in logged(data_dir / FILE)]
    ids = [record.id for record in kept[:-1]]
    assert kept[-1].answer == "terrible"  # type: ignore[union-attr]
    assert 0.8 * len(votes) < len(ids) <= len(votes)
    assert ids == [vote.id for vote in votes if vote.id in set(ids)], "in order"
    assert_chained(data_dir / FILE)
    assert (data_dir / "votes-damaged-1.db").read_bytes() == damaged, "the damaged file is kept as it was"
    assert rows(data_dir / FILE, "SELECT reason FROM epochs") == [("salvaged",)]


def test_a_log_that_is_no_database_is_set_aside_too(data_dir: Path) -> None:
    (data_dir / FILE).write_bytes(b"what a pity " * 1000)
    with open_store(data_dir, new_id) as store:
        store.append([a_vote()])
    assert answers(data_dir / FILE) == ["good"]
    assert list(data_dir.glob(salvage.ASIDE))


@pytest.mark.parametrize("size", [100, 4096], ids=["header", "first page"])
def test_a_log_without_its_beginning_loses_nothing(data_dir: Path, size: int) -> None:
    votes = filled(data_dir)
    destroy(data_dir / FILE, 0, size)
    open_store(data_dir, new_id).close()
    assert [decode_body(body).id for _, _, body, _ in logged(data_dir / FILE)] == [vote.id for vote in votes]
    assert list(data_dir.glob(salvage.ASIDE))


@pytest.mark.parametrize("first_version", [False, True], ids=["made with boxes", "made before them"])
def test_a_log_without_its_first_page_loses_no_box(data_dir: Path, *, first_version: bool) -> None:
    put = filled_with_boxes(data_dir, first_version=first_version)
    destroy(data_dir / FILE, 0, 4096)
    open_store(data_dir, new_id).close()
    assert len(logged(data_dir / FILE)) == 2 * len(put) + (4 if first_version else 0)
    assert boxes(data_dir / FILE) == put


@pytest.mark.parametrize("log", [None, FIRST_VERSION, SECOND_VERSION], ids=["new", "of the first version", "of the second"])
@pytest.mark.parametrize("length", [100, 4096], ids=["header", "first page"])
def test_a_log_without_its_beginning_loses_no_ticket(data_dir: Path, log: Path | None, length: int) -> None:
    if log is not None:
        shutil.copyfile(log, data_dir / FILE)
    put, tokens = filled_with_tickets(data_dir)
    before = boxes(data_dir / FILE)
    destroy(data_dir / FILE, 0, length)
    with open_store(data_dir, new_id) as store:
        assert sorted(store.spent()) == tokens
        assert boxes(data_dir / FILE) == before
        assert put.items() <= before.items()
        assert store.ticket_days() == {DAY}, "whose box is a ticket's is still known"
        store.forget_tickets({DAY})
        assert len(boxes(data_dir / FILE)) == len(before) - len(put)


def test_a_log_of_the_second_version_without_its_first_page_loses_nothing(data_dir: Path) -> None:
    shutil.copyfile(SECOND_VERSION, data_dir / FILE)
    before, put = logged(data_dir / FILE), boxes(data_dir / FILE)
    destroy(data_dir / FILE, 0, 4096)
    open_store(data_dir, new_id).close()
    assert [body for _, _, body, _ in logged(data_dir / FILE)] == [body for _, _, body, _ in before]
    assert boxes(data_dir / FILE) == put


def test_tokens_are_spent_with_their_vote_or_not_at_all(data_dir: Path) -> None:
    scan, box, token = a_scan()
    with Store(data_dir / FILE, new_id) as store:
        store._db.execute("CREATE TRIGGER full BEFORE INSERT ON spent BEGIN SELECT RAISE(ABORT, 'full'); END")
        with pytest.raises(StoreError, match="full"):
            store.append([a_vote(), scan], box, token)
        assert (logged(data_dir / FILE), boxes(data_dir / FILE), store.spent()) == ([], {}, [])
        store._db.execute("DROP TRIGGER full")
        store.append([a_vote(), scan], box, token)
        store.append([a_vote(), scan], box, token)
        assert store.spent() == [(DAY, token[scan.id].token)]


def test_of_forgotten_tickets_no_byte_stays_in_the_files(data_dir: Path) -> None:
    words, kept_words = a_sealed(b"own words " * 60)
    days = [f"2026-11-{day}" for day in range(10, 16)]
    told: dict[str, list[bytes]] = {day: [] for day in days}
    with Store(data_dir / FILE, new_id) as store, Outbox(data_dir) as outbox:
        store.append([words], kept_words)
        for day in days:
            for _ in range(60):
                scan, box, token = a_scan(day)
                store.append([a_vote(), scan], box, token)
                told[day] += [token[scan.id].token.encode(), bytes.fromhex(token[scan.id].token), box[scan.id], box[scan.id][-48:]]
                outbox.epochs()
        before = logged(data_dir / FILE)
        for over in (days[:1], days[1:4]):
            assert all(secret in in_files(data_dir) for day in over for secret in told[day][::4])
            assert store.forget_tickets(over)
            assert not [secret for day in over for secret in told[day] if secret in in_files(data_dir)]
        assert store.ticket_days() == set(days[4:])
        assert all(secret in in_files(data_dir) for day in days[4:] for secret in told[day][::4])
        assert logged(data_dir / FILE) == before, "the records stay"
        assert kept_words.items() <= boxes(data_dir / FILE).items()
    assert_chained(data_dir / FILE)


def test_a_journal_that_is_being_read_is_emptied_the_next_time(data_dir: Path) -> None:
    scan, box, token = a_scan()
    with Store(data_dir / FILE, new_id) as store, closing(sqlite3.connect(data_dir / FILE, isolation_level=None)) as reader:
        store.append([a_vote(), scan], box, token)
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM spent").fetchall()
        assert not store.forget_tickets({DAY})
        assert store.spent() == []
        store.append([a_vote()])
        reader.execute("COMMIT")
        assert store.forget_tickets(())
        assert token[scan.id].token.encode() not in in_files(data_dir)


@pytest.mark.parametrize("place", [0.0, 0.5, 0.95], ids=["first page", "middle", "end"])
def test_of_forgotten_tickets_no_byte_stays_in_damaged_logs_either(data_dir: Path, place: float) -> None:
    told: dict[str, list[bytes]] = {DAY: [], "2026-11-25": []}
    words, kept_words = a_sealed(b"own words " * 60)
    with Store(data_dir / FILE, new_id) as store:
        store.append([words], kept_words)
        for _ in range(80):
            for day, secrets in told.items():
                scan, box, token = a_scan(day)
                store.append([a_vote(), scan], box, token)
                secrets += [token[scan.id].token.encode(), box[scan.id]]
        store._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    pages = (data_dir / FILE).stat().st_size // 4096
    destroy(data_dir / FILE, int(pages * place) * 4096, 4096)
    with open_store(data_dir, new_id) as store:
        damaged = next(data_dir.glob(salvage.ASIDE)).read_bytes()
        assert sum(secret in damaged for secret in told[DAY]) > 130
        aside = SetAside(data_dir)
        aside.forget_tickets(lambda _day: False)
        assert next(data_dir.glob(salvage.ASIDE)).read_bytes() == damaged
        for over in ((DAY,), (DAY, "2026-11-25")):
            before = in_files(data_dir)
            store.forget_tickets(over)
            aside.forget_tickets(lambda day, over=over: day in over)
            assert not [secret for day in over for secret in told[day] if secret in in_files(data_dir)]
            living = [secret for day in told.keys() - set(over) for secret in told[day] if secret in before]
            assert all(secret in in_files(data_dir) for secret in living)
        after = next(data_dir.glob(salvage.ASIDE)).read_bytes()
    assert len(after) == len(damaged)
    assert kept_words[words.id] in after or kept_words[words.id] not in damaged
    assert sum(one != other for one, other in zip(damaged, after, strict=True)) < 2 * 80 * (32 + 130) + 1, "nothing else"


def in_files(data_dir: Path) -> bytes:
    return b"".join(path.read_bytes() for path in data_dir.rglob("*") if path.is_file())


def test_a_log_of_the_first_version_without_its_first_page_loses_nothing(data_dir: Path) -> None:
    shutil.copyfile(FIRST_VERSION, data_dir / FILE)
    bodies = [body for _, _, body, _ in logged(data_dir / FILE)]
    destroy(data_dir / FILE, 0, 4096)
    with open_store(data_dir, new_id) as store:
        store.append(*a_sealed_alone())
    assert [body for _, _, body, _ in logged(data_dir / FILE)][:-1] == bodies
    assert len(boxes(data_dir / FILE)) == 1


def a_sealed_alone() -> tuple[list[AnyRecord], dict[UUID, bytes]]:
    record, box = a_sealed()
    return [record], box


@pytest.mark.parametrize("first_version", [False, True], ids=["made with boxes", "made before them"])
def test_wherever_a_page_is_destroyed_only_what_stood_on_it_is_lost(data_dir: Path, *, first_version: bool) -> None:
    put = filled_with_boxes(data_dir, 25, first_version=first_version)
    sound = (data_dir / FILE).read_bytes()
    before = {body for _, _, body, _ in logged(data_dir / FILE)}
    for page in range(len(sound) // 4096):
        for old in data_dir.glob("votes*"):
            old.unlink()
        (data_dir / FILE).write_bytes(sound)
        destroy(data_dir / FILE, page * 4096, 4096)
        open_store(data_dir, new_id).close()
        kept, of = {body for _, _, body, _ in logged(data_dir / FILE)}, boxes(data_dir / FILE)
        assert kept <= before
        assert of.items() <= put.items()
        assert list(data_dir.glob(salvage.ASIDE)) or kept == before
        sealed = {record.id for record in map(decode_body, kept) if isinstance(record, Sealed)}
        assert kept == before or of.keys() == sealed, f"page {page} held records, yet boxes of others are lost"


@pytest.mark.parametrize("column", ["body", "hash"])
def test_a_value_that_has_become_another_kind_is_damage_like_any_other(data_dir: Path, column: str) -> None:
    votes = filled(data_dir, 50)
    with closing(sqlite3.connect(data_dir / FILE)) as db, db:
        db.execute(f"UPDATE records SET {column} = 'words' WHERE n = 20")
    with Outbox(data_dir) as outbox:
        (epoch,) = outbox.epochs()
        assert outbox.slice_after(epoch.id, 10) is None
        assert outbox.damaged
    open_store(data_dir, new_id).close()
    assert len(logged(data_dir / FILE)) == len(votes) - (column == "body")
    assert_chained(data_dir / FILE)


@pytest.mark.parametrize("log", [None, FIRST_VERSION, SECOND_VERSION], ids=["of now", "first version", "second version"])
@pytest.mark.parametrize("epoch", [0, 1])
@pytest.mark.parametrize("column", ["body", "hash"])
def test_the_first_record_of_an_epoch_is_looked_at_like_any_other(data_dir: Path, log: Path | None, epoch: int, column: str) -> None:
    if log is None:
        filled(data_dir, 6)
        with Store(data_dir / FILE, new_id) as store:
            store.rechain(store.epoch, 3, new_id())
    else:
        shutil.copyfile(log, data_dir / FILE)
    before = [body for _, _, body, _ in logged(data_dir / FILE)]
    number, body, head = rows(data_dir / FILE, "SELECT n, body, hash FROM records WHERE seq = 1 ORDER BY epoch")[epoch]
    rotted = body[:20] + bytes([body[20] ^ 1]) + body[21:] if column == "body" else bytes([head[0] ^ 1]) + head[1:]
    with closing(sqlite3.connect(data_dir / FILE)) as db, db:
        db.execute(f"UPDATE records SET {column} = ? WHERE n = ?", (rotted, number))
    assert look_through(data_dir / FILE).damaged
    open_store(data_dir, new_id).close()
    assert list(data_dir.glob(salvage.ASIDE))
    assert [body for _, _, body, _ in logged(data_dir / FILE)] == before, "one byte is put right by its hash"
    assert_chained(data_dir / FILE)


@pytest.mark.parametrize("damage", ["pruned = 0", "pruned = 2", "pruned = 'words'", "epoch = 'words'", "pruned_hash = NULL"])
def test_how_an_epoch_begins_is_looked_at_too(data_dir: Path, damage: str) -> None:
    votes = filled(data_dir, 5)
    with Store(data_dir / FILE, new_id) as store:
        store.prune(store.epoch, 3)
        store.check()
        kept = [encode_body(vote) for vote in votes[3:]]
        with closing(sqlite3.connect(data_dir / FILE)) as db, db:
            if damage.startswith("epoch"):
                db.execute("UPDATE epochs SET pruned = 0, pruned_hash = NULL")
            db.execute(f"UPDATE epochs SET {damage}")
        with pytest.raises(StoreDamagedError, match="not what was written"):
            store.check()
    assert look_through(data_dir / FILE).damaged
    open_store(data_dir, new_id).close()
    assert [body for _, _, body, _ in logged(data_dir / FILE)] == kept
    assert_chained(data_dir / FILE)


def test_a_box_that_is_no_longer_what_was_sealed_is_not_taken_over(data_dir: Path, caplog: pytest.LogCaptureFixture) -> None:
    put = filled_with_boxes(data_dir)
    with closing(sqlite3.connect(data_dir / FILE)) as db, db:
        db.execute("UPDATE sealed SET box = 'other' WHERE record = ?", (str(min(put)),))
        db.execute("UPDATE records SET hash = 'damaged' WHERE n = 1")
    open_store(data_dir, new_id).close()
    assert boxes(data_dir / FILE) == {record: box for record, box in put.items() if record != min(put)}
    assert "no longer what was sealed" in caplog.text
    assert len(logged(data_dir / FILE)) == 2 * len(put)


def test_of_a_log_without_its_end_the_beginning_goes_on(data_dir: Path) -> None:
    votes = filled(data_dir)
    with (data_dir / FILE).open("r+b") as file:
        file.truncate(file.seek(0, 2) * 2 // 3)
    open_store(data_dir, new_id).close()
    kept = [decode_body(body).id for _, _, body, _ in logged(data_dir / FILE)]
    assert 0.4 * len(votes) < len(kept) < len(votes)
    assert set(kept) < {vote.id for vote in votes}


def test_damage_in_the_index_loses_nothing(data_dir: Path) -> None:
    votes = filled(data_dir)
    root = rows(data_dir / FILE, "SELECT rootpage FROM sqlite_master WHERE name = 'sqlite_autoindex_records_1'")[0][0]
    page = rows(data_dir / FILE, "PRAGMA page_size")[0][0]
    destroy(data_dir / FILE, (root - 1) * page, page)
    with open_store(data_dir, new_id):
        pass
    assert len(logged(data_dir / FILE)) == len(votes)
    assert_chained(data_dir / FILE)


@pytest.mark.parametrize("moment", ["before the swap", "in the swap", "after the first rename"])
def test_a_power_cut_while_salvaging_loses_nothing(data_dir: Path, moment: str) -> None:
    votes = filled(data_dir, 50)
    with Store(data_dir / salvage.SALVAGED, new_id, reason="salvaged") as store:
        store.append(votes)
    if moment == "in the swap":
        (data_dir / FILE).rename(data_dir / "votes-damaged-1.db")
    if moment == "before the swap":
        (data_dir / salvage.SALVAGED).rename(data_dir / "x")
        (data_dir / "salvage").mkdir()
        shutil.move(data_dir / "x", data_dir / "salvage" / salvage.SALVAGED)
    with open_store(data_dir, new_id):
        pass
    assert len(logged(data_dir / FILE)) == 50
    assert not (data_dir / "salvage").exists()
    assert not (data_dir / salvage.SALVAGED).exists()


class Ear:
    def __init__(self) -> None:
        self.heard: list[tuple[str, int]] = []

    def committed(self, token: int) -> None:
        self.heard.append(("committed", token))

    def failed(self, token: int) -> None:
        self.heard.append(("failed", token))


def test_the_store_thread_answers_and_opens_the_log_anew_after_a_failure(data_dir: Path) -> None:
    ear, refusals = Ear(), [StoreError("no disk"), StoreError("still none")]

    def opening() -> Store:
        if refusals:
            raise refusals.pop()
        return open_store(data_dir, new_id)

    woken: list[int] = []
    with Recorder(opening, lambda call: call(), lambda: woken.append(1)) as recorder:
        recorder.listener = ear
        for token in (1, 2, 3):
            record, box = a_sealed()
            recorder.record(token, (record,), box)
        recorder.note("settings_version", "4")
        wait_until(lambda: len(ear.heard) == 3)
    assert ear.heard == [("failed", 1), ("failed", 2), ("committed", 3)]
    assert woken == [1]
    assert len(logged(data_dir / FILE)) == len(boxes(data_dir / FILE)) == 1
    assert rows(data_dir / FILE, "SELECT * FROM facts WHERE name = 'settings_version'") == [("settings_version", "4")]


def test_damage_while_running_is_healed_within_the_same_record(data_dir: Path) -> None:
    filled(data_dir)
    ear = Ear()
    opened: list[Callable[[], Store]] = []

    def opening() -> Store:
        store = open_store(data_dir, new_id)
        if not opened:
            opened.append(opening)
            page = store._db.execute("PRAGMA page_size").fetchone()[0]
            root = store._db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'sqlite_autoindex_records_1'").fetchone()[0]
            store._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            destroy(data_dir / FILE, (root - 1) * page, page)
            store._db.execute("PRAGMA shrink_memory")
        return store

    with Recorder(opening, lambda call: call(), lambda: None) as recorder:
        recorder.listener = ear
        recorder.record(1, (a_vote("terrible"),))
        wait_until(lambda: ear.heard)
    assert ear.heard == [("committed", 1)]
    assert len(logged(data_dir / FILE)) == 401
    assert list(data_dir.glob(salvage.ASIDE))


APPENDING = """
import itertools, os, sys
from pathlib import Path
from uuid import UUID
from feedback.records import Moment, Outcome, VisitEnd, new_id
from kiosk.salvage import open_store
ids = lambda: new_id(1, os.urandom(10))
with open_store(Path(sys.argv[1]), ids) as store:
    for n in itertools.count():
        record = VisitEnd(ids(), Moment(n, n, True), ids(), 1, Outcome.COMPLETED, n)
        store.append([record])
        print(record.id, flush=True)
"""


def test_what_was_acknowledged_survives_a_kill(data_dir: Path) -> None:
    promised: list[str] = []
    for lines in (3, 40, 1, 17, 90):
        with subprocess.Popen([sys.executable, "-c", APPENDING, str(data_dir)], stdout=subprocess.PIPE, text=True) as appending:
            assert appending.stdout is not None
            promised += [appending.stdout.readline().strip() for _ in range(lines)]
            appending.send_signal(signal.SIGKILL)
            promised += [line.strip() for line in appending.stdout if line.endswith("\n")]
    stored = {str(decode_body(body).id) for _, _, body, _ in logged(data_dir / FILE)}
    assert set(promised) <= stored
    assert len(stored) <= len(promised) + 5, "at most the one in the making, each time"
    assert_chained(data_dir / FILE)
    assert not list(data_dir.glob(salvage.ASIDE))


def test_every_kind_of_record_is_named(data_dir: Path) -> None:
    at = FakeClock().moment()
    with Store(data_dir / FILE, new_id) as store:
        store.append([Context(new_id(), at, 1, BOOT, "test", "default", 1), a_vote(), VisitEnd(new_id(), at, new_id(), 1, "completed", 0)])  # type: ignore[arg-type]
    assert rows(data_dir / FILE, "SELECT kind FROM records ORDER BY n") == [("context",), ("vote",), ("end",)]
