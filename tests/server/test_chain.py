from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from feedback.wire import Batch, decode
from server.ingest.chain import Mark, Verdict, judge
from tests.server.kit import Log

if TYPE_CHECKING:
    from collections.abc import Sequence


def log_of(*seeds: str, epoch_of: Log | None = None) -> Log:
    log = Log() if epoch_of is None else Log(epoch=epoch_of.epoch)
    for seed in seeds:
        log.add(log.vote(seed))
    return log


def send(log: Log, first: int, last: int, mark: Mark) -> Verdict:
    return judge(decode(log.batch(first, last), Batch), mark)


def mark_of(log: Log, seq: int) -> Mark:
    return Mark(seq, log.hash_at(seq))


def test_the_first_batch_of_an_epoch_is_fresh() -> None:
    log = log_of("a", "b")
    assert send(log, 1, 2, Mark.start(log.epoch)) == Verdict(mark=mark_of(log, 2), fresh=log.bodies, heads=[log.hash_at(1), log.hash_at(2)])


def test_an_overlap_brings_only_what_is_new() -> None:
    log = log_of("a", "b", "c")
    assert send(log, 1, 3, mark_of(log, 2)) == Verdict(mark=mark_of(log, 3), fresh=log.bodies[2:], heads=[log.hash_at(3)])


def test_the_same_batch_again_brings_nothing() -> None:
    log = log_of("a", "b")
    assert send(log, 1, 2, mark_of(log, 2)) == Verdict(mark=mark_of(log, 2), fresh=[])


def test_a_gap_leaves_the_mark() -> None:
    log = log_of("a", "b", "c")
    assert send(log, 3, 3, mark_of(log, 1)) == Verdict(mark=mark_of(log, 1), fresh=[])


def test_a_batch_from_before_the_mark_is_behind() -> None:
    log = log_of("a", "b", "c")
    assert send(log, 1, 2, mark_of(log, 3)) == Verdict(mark=mark_of(log, 3), fresh=[], behind=True)


def test_another_branch_is_a_fork_wherever_it_begins() -> None:
    ours = log_of("a", "b", "c")
    theirs = log_of("a", "x", "y", "z", epoch_of=ours)
    for first in (1, 2, 3, 4):
        assert send(theirs, first, 4, mark_of(ours, 3)) == Verdict(mark=mark_of(ours, 3), fresh=[], forked=True)


def test_a_false_start_is_a_fork() -> None:
    log, other = log_of("a"), log_of("a")
    false = Log(epoch=log.epoch, bodies=log.bodies)
    false.hash_at = other.hash_at  # type: ignore[method-assign]
    assert send(false, 1, 1, Mark.start(log.epoch)).forked


@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=8), st.lists(st.sampled_from("abc"), max_size=8), st.data())
def test_the_mark_only_moves_along_one_chain(ours: Sequence[str], theirs: Sequence[str], data: st.DataObject) -> None:
    logs = [Log(), Log()]
    logs[1].epoch = logs[0].epoch
    for log, letters in zip(logs, (ours, theirs), strict=True):
        for place, letter in enumerate(letters):
            log.add(log.vote(f"{place}{letter}"))
    mark, taken = Mark.start(logs[0].epoch), list[bytes]()
    for _ in range(6):
        log = data.draw(st.sampled_from([log for log in logs if log.bodies]))
        first = data.draw(st.integers(1, len(log.bodies)))
        verdict = send(log, first, data.draw(st.integers(first, len(log.bodies))), mark)
        assert verdict.mark.seq - mark.seq == len(verdict.fresh)
        assert not (verdict.fresh and (verdict.forked or verdict.behind))
        mark = verdict.mark
        taken += verdict.fresh
        assert any(mark == mark_of(branch, mark.seq) and branch.bodies[: mark.seq] == taken for branch in logs)
