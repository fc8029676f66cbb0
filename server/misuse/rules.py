"""All rules against misuse, in the order in which an administrator reads of them. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from server.misuse.pace import bursts, rhythms
from server.misuse.runs import buryings, without_tickets
from server.misuse.seen import Rule
from server.misuse.times import missing, off_hours

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from server.misuse.seen import Day, Found

RULES: Final[Mapping[Rule, Callable[[Day], list[Found]]]] = {
    Rule.BURST: bursts,
    Rule.OFF_HOURS: off_hours,
    Rule.RHYTHM: rhythms,
    Rule.NO_TICKET: without_tickets,
    Rule.BURYING: buryings,
    Rule.MISSING: missing,
}


def judge(day: Day) -> list[Found]:
    """Give everything that the rules find on one terminal's day. A vote may be found by several."""
    return [one for rule in RULES.values() for one in rule(day)]
