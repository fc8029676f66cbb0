"""Power cuts at random moments of what a program did: each round is one state in which its disk may come back."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, Final, NamedTuple

from faults.storage.disk import after_cut, believed
from faults.storage.recording import lay_out, record, scratch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path
    from random import Random

    from faults.storage.disk import Instant
    from faults.storage.recording import Recording
    from faults.storage.tally import Tally

_OF_ONE_RECORDING: Final = 10_000
_OF_ONE_LIAR: Final = 100


class Cut(NamedTuple):
    """The lines that the program had printed when the power went, and the folder as it is after; `recorded` is how it was left in the end.

    `show_earlier` puts into another folder what the program saw in its own some time before the cut.
    """

    said: tuple[str, ...]
    folder: Path
    recorded: Path
    show_earlier: Callable[[Path], None]


class Program(NamedTuple):
    """A program to record: its module and words, with `{folder}` and `{seed}` where those go; `prepare` fills its folder."""

    words: tuple[str, ...]
    prepare: Callable[[Path], None] = lambda _folder: None


def cuts(program: Program, rounds: int, tally: Tally, *, lies: float = 0.0) -> Iterator[Cut]:
    """Give so many cuts; of the disk's waits, the share `lies` waits for nothing."""
    with scratch() as place:
        after = place / "after"
        after.mkdir()
        for start in range(0, rounds, _OF_ONE_RECORDING):
            during = place / f"during-{start}"
            during.mkdir()
            program.prepare(during)
            words = (word.format(folder=during, seed=start) for word in program.words)
            recording = record(during, *words)
            yield from _cuts(recording, min(rounds - start, _OF_ONE_RECORDING), after, tally, lies)


def _moment(instants: Sequence[Instant], random: Random) -> int:
    """Choose an instant: as often right before and after the last line as amidst all that was done for the first."""
    lines = random.randint(0, len(instants[-1].said))
    first = bisect_left(instants, lines, key=lambda instant: len(instant.said))
    return random.randrange(first, bisect_right(instants, lines, key=lambda instant: len(instant.said)))


def _cuts(recording: Recording, rounds: int, after: Path, tally: Tally, lies: float) -> Iterator[Cut]:
    random = tally.random(recording.folder.name)
    instants = recording.instants(lies=lies, random=random)
    for number in range(rounds):
        if lies and number % _OF_ONE_LIAR == 0:
            instants = recording.instants(lies=lies, random=random)
        moment = _moment(instants, random)
        earlier = instants[random.randint(0, moment)]
        lay_out(after_cut(instants[moment], random), recording.folder, after)
        yield Cut(
            instants[moment].said, after, recording.folder, lambda into, earlier=earlier: lay_out(believed(earlier), recording.folder, into)
        )
