"""What the server has goes in its time, oldest first, and nothing else does; a full card does not cost a vote that could be stored."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec
import pytest

from feedback.records import Context, Moment, decode_body
from kiosk.check.log import look_through
from kiosk.chores import Chores
from kiosk.config import parse
from kiosk.errors import Fault
from kiosk.pruning import STEP, Pruner
from kiosk.room import FILE as RESERVE
from kiosk.room import RESERVE_BYTES, Room
from kiosk.salvage import open_store
from kiosk.store import FILE, Store
from kiosk.sync import delivery
from kiosk.sync.delivery import Fork, Ledger
from kiosk.sync.outbox import Outbox
from tests.kiosk.support import FakeClock, counted_ids, kiosk_toml
from tests.kiosk.test_store import a_scan, a_sealed, a_vote, assert_chained, boxes, destroy, logged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


DAY_MS = 86_400_000
KEEP = timedelta(days=90)
new_id = counted_ids(1)


class Card:
    """A log and what its delivery says of it, and who prunes it."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir, self.clock = data_dir, FakeClock()
        self.store = Store(data_dir / FILE, new_id)
        self.ledger = Ledger(data_dir / delivery.FILE)
        self.pruner = Pruner(data_dir, keep=KEEP, clock=self.clock, room=Room(data_dir), grace=timedelta(0))

    def at(self, days_ago: float, *, trusted: bool = True) -> Moment:
        now = self.clock.moment()
        return Moment(now.boottime_ms, now.wall_ms - round(days_ago * DAY_MS), trusted)

    def vote(self, days_ago: float, count: int = 1, *, trusted: bool = True) -> list[UUID]:
        made = [msgspec.structs.replace(a_vote(), at=self.at(days_ago, trusted=trusted)) for _ in range(count)]
        self.store.append(made)
        return [vote.id for vote in made]

    def context(self, boot: int, days_ago: float = 100) -> UUID:
        context = Context(new_id(), self.at(days_ago), boot, UUID(int=boot), "vidhuk 0.1", "default", 1)
        self.store.append([context])
        return context.id

    def deliver(self, up_to: int | None = None) -> None:
        """Let the server have the log, up to a record of the present epoch."""
        with Outbox(self.data_dir) as outbox:
            for epoch in outbox.epochs():
                seq = epoch.last if up_to is None or epoch.id != self.store.epoch else up_to
                head = outbox.hash_at(epoch.id, seq)
                assert head is not None
                self.ledger.set_mark(epoch.id, seq, head.hex())

    def prune(self) -> int:
        """Do everything that is due; give in how many steps."""
        steps = 0
        while self.pruner.step(self.store):
            steps += 1
        return steps

    def kept(self) -> list[UUID]:
        return [decode_body(body).id for _, _, body, _ in logged(self.data_dir / FILE)]

    def close(self) -> None:
        self.store.close()
        self.ledger.__exit__()


@pytest.fixture
def card(data_dir: Path) -> Iterator[Card]:
    card = Card(data_dir)
    yield card
    card.store.check()
    assert not look_through(data_dir / FILE).complaint
    card.close()
    assert_chained(data_dir / FILE)


def test_what_the_server_has_goes_after_its_days_and_the_rest_stays(card: Card) -> None:
    card.vote(91, 2)
    young = card.vote(89)
    late = card.vote(91)  # an old one behind a young one waits for it
    card.deliver()
    card.prune()
    assert card.kept() == [*young, *late]
    card.clock.pass_s(2 * 86_400)
    card.prune()
    assert card.kept() == []


def test_what_was_delivered_late_stays_for_a_while(card: Card) -> None:
    card.vote(200, 3)
    card.pruner = Pruner(card.data_dir, keep=KEEP, clock=card.clock, room=Room(card.data_dir))
    card.deliver()
    for _ in range(7):
        card.prune()
        assert len(card.kept()) >= 3, "the server may be restored from a backup of the day before"
        late = card.vote(200)
        card.clock.pass_s(86_400)
    card.deliver()
    card.prune()
    assert card.kept()[-1] == late[0]
    assert len(card.kept()) == 7
    card.clock.pass_s(7 * 86_400)
    card.prune()
    assert card.kept() == []


def test_what_the_server_does_not_have_never_goes(card: Card) -> None:
    card.vote(1000, 3)
    undelivered = card.vote(900, 2)
    card.deliver(up_to=3)
    card.prune()
    assert card.kept() == undelivered


def test_without_a_delivery_nothing_goes(data_dir: Path) -> None:
    card = Card(data_dir)
    card.vote(1000, 3)
    assert card.prune() == 0
    card.ledger.set_mark(card.store.epoch, 3, "ab" * 32)  # what the server has is not what stands here, as after a restored card
    assert card.prune() == 0
    card.deliver()
    card.ledger.request_fork(Fork(card.store.epoch, 0, UUID(int=7)))
    assert card.prune() == 0
    assert len(card.kept()) == 3
    card.close()


def test_only_a_trusted_clock_knows_what_is_over(card: Card) -> None:
    card.vote(91, 2)
    card.deliver()
    card.clock.trusted = False
    assert card.prune() == 0
    assert len(card.kept()) == 2


def test_a_record_without_a_trusted_time_is_over_once_a_later_one_is(card: Card) -> None:
    for_sure = card.vote(95)
    unset = card.vote(20_000, 3, trusted=False)
    ahead = card.vote(-400)  # the network once set the clock wrong: a time in the future says nothing
    card.vote(50)
    card.deliver()
    card.prune()
    assert not set(for_sure) & set(card.kept())
    assert set(unset + ahead) < set(card.kept())
    card.clock.pass_s(45 * 86_400)
    card.prune()
    assert card.kept() == []


def test_a_kiosk_whose_clock_was_never_set_keeps_everything(card: Card) -> None:
    card.vote(500, 2 * STEP + 5, trusted=False)
    card.deliver()
    assert card.prune() <= 3, "each is looked at once"
    assert card.prune() == 0
    assert len(card.kept()) == 2 * STEP + 5


def test_it_goes_in_small_steps_between_which_votes_are_stored(card: Card) -> None:
    card.vote(100, 3 * STEP)
    card.deliver()
    left = []
    new: list[UUID] = []
    while card.pruner.step(card.store):
        left.append(len(card.kept()) - len(new))
        new += card.vote(0)
    assert max(before - after for before, after in zip([3 * STEP, *left], left, strict=False)) == STEP
    assert card.kept() == new


def test_a_log_of_which_nothing_is_left_goes_on_where_it_was(card: Card) -> None:
    epoch = card.store.epoch
    card.vote(100, 5)
    card.deliver()
    card.prune()
    card.store.close()
    card.store = open_store(card.data_dir, new_id)
    with Outbox(card.data_dir) as outbox:
        assert [(one.id, one.first, one.last, one.pruned) for one in outbox.epochs()] == [(epoch, 6, 5, 5)]
        assert outbox.hash_at(epoch, 5) == bytes.fromhex(card.ledger.head(epoch) or "")
        card.vote(0)
        found = outbox.slice_after(epoch, 5)
        assert found is not None
        assert (found.first_seq, len(found.bodies)) == (6, 1)
        assert outbox.slice_after(epoch, 3) is None
    assert card.store.epoch == epoch
    assert [seq for _, seq, _, _ in logged(card.data_dir / FILE)] == [6]


def test_contexts_stay_as_long_as_a_record_may_name_them(card: Card) -> None:
    past = card.context(1)
    card.vote(99)
    present = [card.context(2)]
    going = card.vote(95)
    present.append(card.context(2))
    going += card.vote(94)
    staying = card.vote(10)
    card.deliver()
    card.prune()
    assert card.kept() == [*present, *staying]
    assert past not in card.kept()
    assert not set(going) & set(card.kept())
    card.store.rechain(card.store.epoch, 0, UUID(int=77))
    assert card.kept() == [*present, *staying], "a server that has nothing is told them before the votes"
    assert [seq for _, seq, _, _ in logged(card.data_dir / FILE)] == [1, 2, 3]


def test_boxes_go_with_their_records(card: Card) -> None:
    told = []
    for days_ago in (100, 1):
        words, box = a_sealed(b"own words %d " % days_ago * 60)
        scan, ticket, token = a_scan()
        at = card.at(days_ago)
        card.store.append([msgspec.structs.replace(record, at=at) for record in (words, scan)], box | ticket, token)
        told.append((words.id, scan.id))
    card.deliver()
    card.prune()
    assert boxes(card.data_dir / FILE).keys() == set(told[1])


def test_a_pruned_log_is_salvaged_like_any_other(data_dir: Path) -> None:
    card = Card(data_dir)
    card.context(1)
    card.vote(100, 300)
    staying = card.vote(1, 300)
    card.deliver()
    card.prune()
    kept = card.kept()
    card.close()
    destroy(data_dir / FILE, 0, 4096)
    with open_store(data_dir, new_id) as store:
        assert [decode_body(body).id for _, _, body, _ in logged(data_dir / FILE)] == kept
        assert kept[1:] == staying
        pruner = Pruner(data_dir, keep=KEEP, clock=card.clock, room=Room(data_dir))
        assert not pruner.step(store), "the server has not said that it has any of the new epoch"
    assert_chained(data_dir / FILE)


def test_a_record_that_is_not_what_was_written_is_still_found(data_dir: Path) -> None:
    card = Card(data_dir)
    card.vote(100, 3)
    card.vote(1, 3)
    card.deliver()
    card.prune()
    for change in ("UPDATE records SET body = 'other' WHERE seq = 4", "UPDATE epochs SET pruned_hash = x'00'"):
        card.store._db.execute("SAVEPOINT sound")
        card.store._db.execute(change)
        assert "record 4 of epoch 1 is not what was written" in damage(card.store.check)
        card.store._db.execute("ROLLBACK TO sound")
        card.store._db.execute("RELEASE sound")
    card.close()


def damage(check: Callable[[], None]) -> str:
    with pytest.raises(Exception, match="not what was written") as found:
        check()
    return str(found.value)


class Asked:
    """A recorder that is only asked to prune."""

    def __init__(self) -> None:
        self.answers: list[Callable[[bool], None]] = []

    def prune(self, answer: Callable[[bool], None]) -> None:
        self.answers.append(answer)


def test_the_next_step_comes_a_second_later_and_after_the_last_one_an_hour(data_dir: Path, clock: FakeClock) -> None:
    asked = Asked()
    chores = Chores(parse(kiosk_toml(data_dir), "kiosk.toml"), asked, None, clock=clock, lines=None)  # type: ignore[arg-type]
    for _ in range(3):
        chores.prune()
        chores.prune()
        asked.answers[-1](True)  # noqa: FBT003 - an answer is yes or no
        clock.pass_s(1)
    assert len(asked.answers) == 3
    chores.prune()
    asked.answers[-1](False)  # noqa: FBT003
    clock.pass_s(3599)
    chores.prune()
    assert len(asked.answers) == 4
    clock.pass_s(1)
    chores.prune()
    assert len(asked.answers) == 5


def test_a_reserve_is_made_where_there_is_room_and_given_up(data_dir: Path) -> None:
    room = Room(data_dir)
    assert room.keep()
    assert (data_dir / RESERVE).stat().st_blocks * 512 >= RESERVE_BYTES, "it really takes the room"
    room.release()
    assert not (data_dir / RESERVE).exists()
    assert Fault.DISK_FULL not in room.faults, "there is room for it"


@pytest.fixture
def small_disk(tmp_path: Path) -> list[str]:
    """The beginning of a command that runs a program with a small disk at `tmp_path`/disk, in a namespace of its own."""
    place = tmp_path / "disk"
    place.mkdir()
    unshare = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--user", "--map-root-user", "--mount"]
    command = [*unshare, "sh", "-ec", f"mount -t tmpfs -o size=8m none '{place}'; exec \"$@\"", "-"]
    tried = subprocess.run([*command, "true"], check=False, capture_output=True, text=True)
    if shutil.which("unshare") is None or tried.returncode:
        pytest.fail(f"no small disk can be mounted to be filled, which takes root or user namespaces: {tried.stderr}")
    return command


@pytest.mark.disk
def test_on_a_full_disk_delivered_records_go_and_votes_are_stored_until_none_are_left(small_disk: list[str], tmp_path: Path) -> None:
    program = [sys.executable, "-m", "tests.kiosk.full_disk", str(tmp_path / "disk")]
    done = subprocess.run([*small_disk, *program], check=False, capture_output=True, text=True, cwd=Path(__file__).parents[2])
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    stored, records = said.pop("with delivered records"), said.pop("records")
    assert stored > 250
    assert records > 500
    assert said == {
        "while there is room": True,
        "faults": ["little_room"],
        "then": False,
        "faults when full": ["disk_full"],
        "probe when full": False,
        "undelivered are there": True,
        "delivered are gone": True,
        "probe once they are delivered": True,
        "votes once they are delivered": True,
        "after a restart": True,
        "with room again": True,
        "faults at last": ["little_room"],
        "at last": True,
        "boxes": True,
    }
