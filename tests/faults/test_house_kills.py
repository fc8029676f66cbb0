"""The counting of the row that kills every process: which votes were thanked for is asked, not how many."""

from __future__ import annotations

from faults.storage import house_kills
from faults.storage.house_kills import Thanked, compare
from faults.storage.tally import Tally


def judged(thanked: dict[str, Thanked], on_kiosks: dict[str, set[str]], on_server: list[str]) -> Tally:
    tally = Tally(house_kills.NAME)
    compare(thanked, on_kiosks, on_server, tally)
    return tally


def test_a_vote_whose_thanks_nobody_saw_hides_no_lost_one() -> None:
    thanked = {name: Thanked(frozenset(f"{name}{number}" for number in range(12))) for name in "ab"}
    on_kiosks = {"a": set(thanked["a"].votes) - {"a0"} | {"killed before the thanks"}, "b": set(thanked["b"].votes)}
    found = judged(thanked, on_kiosks, sorted(set().union(*on_kiosks.values())))
    assert (found.acknowledged, found.lost, found.doubled, found.dropped) == (24, 1, 0, 0)
    assert not found.row().holds


def test_what_is_on_the_kiosks_and_counts_once_is_there() -> None:
    thanked = {"a": Thanked(frozenset({"a0", "a1"}))}
    found = judged(thanked, {"a": {"a0", "a1", "killed before the thanks"}}, ["a0", "a1", "killed before the thanks"])
    assert (found.acknowledged, found.lost, found.doubled, found.dropped) == (2, 0, 0, 0)
    assert found.row().holds


def test_a_thanked_vote_on_another_kiosk_or_uncounted_is_lost_and_others_are_dropped_or_doubled() -> None:
    thanked = {"a": Thanked(frozenset({"a0", "a1"})), "b": Thanked(frozenset({"b0"}))}
    found = judged(thanked, {"a": {"a1", "unseen"}, "b": {"a0", "b0"}}, ["a0", "b0", "b0"])
    assert (found.lost, found.dropped, found.doubled) == (2, 1, 1)


def test_a_thanks_for_nothing_is_a_lost_vote() -> None:
    assert judged({"a": Thanked(frozenset({"a0"}), for_nothing=1)}, {"a": {"a0"}}, ["a0"]).lost == 1
