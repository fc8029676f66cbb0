"""Wrong clocks: 1970, ten years ahead, minutes off, jumps in mid-visit, days of 23 and 25 hours, trusted wrongly or never set.

Claimed is what needs no clock: every vote counts once, in the order in which it was cast; the truth lies within the error that the server
states; and the vote counts on the day of its time by the centre's calendar.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import select

from faults.storage.histories import restart
from faults.storage.pair import NeverSettledError, Server, Terminal
from faults.storage.recording import in_silence, scratch
from faults.storage.tally import Tally
from faults.table import Fault
from server.db.engine import reading
from server.db.schema import records, votes
from server.ingest.times import EXACT_ERROR_MS, TimeQuality

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from faults.table import Row

NAME: Final = "clocks that are wrong"
_ZONE: Final = ZoneInfo("Europe/Kyiv")
_DAY_MS: Final = 86_400_000
_BEGINNINGS: Final = tuple(
    round(datetime.fromisoformat(text).timestamp() * 1000)
    for text in (
        "2026-03-28T20:00+02:00",
        "2026-03-29T02:30+02:00",
        "2026-10-24T22:00+03:00",
        "2026-10-25T03:20+03:00",
        "2026-07-01T12:00+03:00",
    )
)
"""Before and in the nights in which Kyiv changes its clocks, and some day."""
_NEAR_MS: Final = 10 * 60_000


def mislead(rounds: int, step: Callable[[int], None]) -> Row:
    """Vote while the clock does what it wants; it is mostly, but not only, trusted while it is right."""
    tally = Tally(NAME)
    with in_silence():
        for number in range(rounds):
            random = tally.random(number)
            with scratch() as folder, Server(folder, random.choice(_BEGINNINGS)) as server:
                (folder / "card").mkdir()
                terminal = Terminal(folder / "card", server, random)
                try:
                    _live(terminal, random)
                except NeverSettledError as error:
                    tally.count(acknowledged=len(terminal.thanked), problem=str(error))
                    continue
                terminal.switch_off()
                counted = server.votes()
                problem = server.problem() or _wrong_times(terminal) or _wrong_order(terminal)
            tally.count(
                acknowledged=len(terminal.thanked),
                lost=len(terminal.thanked.keys() - set(counted)),
                doubled=len(counted) - len(set(counted)),
                problem=problem,
            )
            step(tally.rounds)
    return tally.row()


def _live(terminal: Terminal, random: Random) -> None:
    for _ in range(random.randint(4, 12)):
        match random.choice(("vote", "vote", "jump", "mid-visit", "restart", "deliver", "wait")):
            case "vote":
                terminal.vote(random.randint(1, 3))
            case "jump":
                jump(terminal, random)
            case "mid-visit":
                _vote_across(terminal, random)
            case "restart":
                restart(terminal)
                terminal.server.pass_ms(terminal.visits.boottime_ms)
                jump(terminal, random)
            case "deliver":
                terminal.settle()
            case "wait":
                terminal.pass_s(random.choice((60, 3600, 9 * 3600)))
    terminal.vote()
    terminal.settle()


def jump(terminal: Terminal, random: Random) -> None:
    """Set the kiosk's wall clock: right and trusted, or to some wrong time, which may pass for right."""
    visits, now_ms = terminal.visits, terminal.server.now_ms
    near_ms, far_ms = (now_ms + random.randint(-width_ms, width_ms) for width_ms in (_NEAR_MS, _DAY_MS))
    wrong = (0, 1_000_000, now_ms + 3650 * _DAY_MS, now_ms - 30 * _DAY_MS, near_ms, far_ms)
    is_right = random.random() < 0.4  # noqa: PLR2004
    visits.trusted = is_right or random.random() < 0.3  # noqa: PLR2004
    visits.wall_ms = now_ms if is_right else random.choice(wrong)


def _vote_across(terminal: Terminal, random: Random) -> None:
    """Vote, and have the clock jump before the visit ends."""
    before_ms = terminal.visits.boottime_ms
    visit = terminal.visits.next(rich=False)
    terminal.server.now_ms += terminal.visits.boottime_ms - before_ms
    terminal.store.append(visit.records[:-1])
    terminal.thanked[visit.vote.id] = terminal.server.now_ms
    jump(terminal, random)
    terminal.store.append([msgspec.structs.replace(visit.records[-1], at=terminal.visits.moment())])


def _wrong_times(terminal: Terminal) -> str:
    query = select(votes.c.id, votes.c.at_ms, votes.c.time_error_ms, votes.c.time_quality, votes.c.day)
    with reading(terminal.server.engine) as connection:
        for row in connection.execute(query):
            true_ms = terminal.thanked[row.id]
            day = datetime.fromtimestamp(row.at_ms / 1000, UTC).astimezone(_ZONE).date().isoformat()
            # Nobody can check the clock of a boot that was never heard; where it was trusted it is believed.
            is_believed = (row.time_quality, row.time_error_ms) == (TimeQuality.CORRECTED, EXACT_ERROR_MS)
            if (abs(row.at_ms - true_ms) > row.time_error_ms and not is_believed) or row.day != day:
                return f"a vote of ms {true_ms} is said ({row.time_quality}) to be of ms {row.at_ms}, {row.day}, within {row.time_error_ms}"
    return ""


def _wrong_order(terminal: Terminal) -> str:
    query = select(records.c.id).where(records.c.kind == "vote").order_by(records.c.epoch, records.c.seq)
    with reading(terminal.server.engine) as connection:
        there = list(connection.execute(query).scalars())
    return "" if there == list(terminal.thanked) else "the order is not that in which the votes were cast"


FAULTS: Final = (Fault(name=NAME, test=20, usual=120, full=600, run=mislead),)
