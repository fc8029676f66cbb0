"""What a queue system says of one ticket, and how a later word goes with an earlier one. Pure."""

from __future__ import annotations

from enum import StrEnum
from itertools import pairwise
from typing import Final, NamedTuple

from server.queue.columns import Field

MINUTE_MS: Final = 60_000
LONGEST_MS: Final = 24 * 60 * MINUTE_MS
_ORDER: Final = (Field.ISSUED, Field.CALLED, Field.STARTED, Field.ENDED)


class State(StrEnum):
    """How far a ticket has come; the words of an export are understood by `state_of`."""

    WAITING = "waiting"
    CALLED = "called"
    MISSED = "missed"
    SERVED = "served"


_FARTHER: Final = {state: number for number, state in enumerate(State)}
_STATES: Final = {
    State.WAITING: ("waiting", "issued", "created", "очіку", "в черзі", "у черзі", "видан", "зареєстр", "новий"),
    State.CALLED: ("called", "calling", "serving", "in progress", "виклик", "обслуговується", "в роботі", "у роботі"),
    State.MISSED: (
        *("missed", "no show", "no-show", "noshow", "cancel", "canceled", "closed", "expired", "not served", "не з'яв", "не прийш"),
        *("неявк", "відсут", "скасов", "відмін", "видален", "пропущ", "не обслуж"),
    ),
    State.SERVED: ("served", "serviced", "completed", "complete", "finished", "done", "обслуж", "заверш", "виконан", "прийнят", "закрит"),
}


class Said(NamedTuple):
    """What was said of a ticket so far: registry ids (0 where unknown), the clerk's key, milliseconds since 1970 UTC."""

    desk_id: int = 0
    service_id: int = 0
    clerk: str | None = None
    issued_ms: int | None = None
    called_ms: int | None = None
    started_ms: int | None = None
    ended_ms: int | None = None
    state: str = State.WAITING

    @property
    def is_served(self) -> bool:
        """Whether service began; only such tickets are the base of a response rate."""
        return self.state == State.SERVED

    @property
    def waiting_s(self) -> int | None:
        """How long the visitor waited until called, else until service began; None where that was not said."""
        return _seconds(self.issued_ms, self.started_ms if self.called_ms is None else self.called_ms)

    @property
    def service_s(self) -> int | None:
        """How long service took; None where that was not said, or where nobody was served."""
        return _seconds(self.called_ms if self.started_ms is None else self.started_ms, self.ended_ms) if self.is_served else None

    @property
    def counted_ms(self) -> int | None:
        """The time that decides in which hour a ticket counts: when service began, else the nearest time that is known."""
        for at in (self.started_ms, self.called_ms, self.ended_ms, self.issued_ms):
            if at is not None:
                return at
        return None


class Contradiction(NamedTuple):
    """The first field in which two words about one ticket cannot both be true."""

    field: Field


def state_of(text: str) -> State | None:
    """Understand an export's word for a ticket's state; None where it is not known."""
    said = " ".join(text.casefold().replace("’", "'").split())
    for state in (State.MISSED, State.CALLED, State.WAITING, State.SERVED):  # «не обслужено» is not «обслужено»
        if said.startswith(_STATES[state]):
            return state
    return None


def state_by_times(said: Said) -> State:
    """Give how far a ticket has come by its times alone."""
    if said.started_ms is not None or said.ended_ms is not None:
        return State.SERVED
    return State.WAITING if said.called_ms is None else State.CALLED


def out_of_order(said: Said) -> tuple[Field, Field, bool] | None:
    """Give two times, the earlier field first, that stand in the wrong order, or are farther apart than a day (True)."""
    times = [(field, at) for field, at in zip(_ORDER, said[3:7], strict=True) if at is not None]
    for (earlier, before), (later, after) in pairwise(times):
        if not 0 <= after - before <= LONGEST_MS:
            return earlier, later, after > before
    return None


def join(old: Said, new: Said) -> Said | Contradiction:
    """Give what is known of a ticket after another word about it, in whatever order the two were said.

    Gaps are filled. A ticket goes on from waiting to called and served, and until service has begun may go to another desk, service or
    clerk; what two words say of the same step must agree. Times that differ only by seconds that one of them leaves out agree.
    """
    if old == new:
        return old
    issued, ended = _agree(old.issued_ms, new.issued_ms), _agree(old.ended_ms, new.ended_ms)
    started = _agree(old.started_ms, new.started_ms)
    for field, at in ((Field.ISSUED, issued), (Field.STARTED, started), (Field.ENDED, ended)):
        if isinstance(at, _Differ):
            return Contradiction(field)
    farther, other = _by_progress(old, new)
    same_step = _FARTHER[State(old.state)] == _FARTHER[State(new.state)] and (old.is_served or old.called_ms == new.called_ms is not None)
    if same_step:
        for field, name in ((Field.DESK, "desk_id"), (Field.SERVICE, "service_id"), (Field.CLERK, "clerk")):
            here, there = getattr(old, name), getattr(new, name)
            if here and there and here != there:
                return Contradiction(field)
    called = _agree(old.called_ms, new.called_ms)
    if isinstance(called, _Differ):
        if old.is_served and new.is_served:
            return Contradiction(Field.CALLED)
        called = farther.called_ms
    return Said(
        desk_id=farther.desk_id or other.desk_id,
        service_id=farther.service_id or other.service_id,
        clerk=farther.clerk or other.clerk,
        issued_ms=_time(issued),
        called_ms=_time(called),
        started_ms=_time(started),
        ended_ms=_time(ended),
        state=farther.state,
    )


class _Differ:
    """Two times that cannot both be true."""


def _agree(old: int | None, new: int | None) -> int | _Differ | None:
    if old is None or new is None or old == new:
        return new if old is None else old
    whole = {old, new} & {old // MINUTE_MS * MINUTE_MS, new // MINUTE_MS * MINUTE_MS}
    return max(old, new) if old // MINUTE_MS == new // MINUTE_MS and whole else _Differ()


def _time(at: int | _Differ | None) -> int | None:
    return None if isinstance(at, _Differ) else at


def _by_progress(old: Said, new: Said) -> tuple[Said, Said]:
    """Give the word that knows more of the way first; of two that know as much, the one called later, else the newer."""
    ranks = [(_FARTHER[State(said.state)], said.called_ms or 0) for said in (old, new)]
    return (old, new) if ranks[0] > ranks[1] else (new, old)


def _seconds(begin: int | None, end: int | None) -> int | None:
    return None if begin is None or end is None else (end - begin) // 1000
