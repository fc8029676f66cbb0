"""Finds when records were made, from the order of a kiosk's log and every moment in it that is known. Pure.

Within one boot CLOCK_BOOTTIME counts on, so one known moment of a boot dates all of it. A boot without any lies between the last known
moment before it in the log and the first one after it. Wall clocks that nobody has set decide nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple
from uuid import UUID

import msgspec

from server.ingest.times import DELAY_MS, EARLIEST_MS, EXACT_ERROR_MS, FUTURE_MS, Time, TimeQuality, drift, exact, unknown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from feedback.records import Moment
    from feedback.wire import Now

_LONGEST_MS: Final = 2**42  # a boot of 139 years
_MOST_BOOTS: Final = 64

Seen = tuple[UUID | None, "Moment"]
"""A record's boot, None where its context is not known, and its moment."""


class Pair(msgspec.Struct, frozen=True, array_like=True):
    """A known moment of a boot: when CLOCK_BOOTTIME said `boottime_ms`, the time was `at_ms`, give or take `error_ms`."""

    boot_id: UUID
    boottime_ms: int
    at_ms: int
    error_ms: int

    def time_at(self, boottime_ms: int) -> Time:
        """Give the time of another moment of the same boot."""
        elapsed_ms = boottime_ms - self.boottime_ms
        return Time(self.at_ms + elapsed_ms, TimeQuality.CORRECTED.value, self.error_ms + drift(elapsed_ms))

    def earliest_ms(self, boottime_ms: int) -> int:
        """Give the earliest that another moment of the same boot may have been, or this one if that is later."""
        return self.at_ms - self.error_ms + _least(max(0, boottime_ms - self.boottime_ms))

    @property
    def boot_latest_ms(self) -> int:
        """The latest that its boot may have begun."""
        return self.at_ms + self.error_ms - _least(self.boottime_ms)


class Boot(msgspec.Struct, frozen=True, array_like=True):
    """A boot of which no moment is known, and how long it has lasted at least."""

    boot_id: UUID
    longest_ms: int


class Trail(msgspec.Struct, frozen=True):
    """What a log has told of its kiosk's clock: the last known moment, how long its boot lasted, and the boots after it that have none."""

    known: Pair | None = None
    longest_ms: int = 0
    vague: tuple[Boot, ...] = ()


@dataclass(slots=True, eq=False)
class Span:
    """A boot in the log. It began between `low_ms` and `high_ms`; what is not known is None."""

    boot_id: UUID
    longest_ms: int = 0
    pairs: list[Pair] = field(default_factory=list)  # the first and the last of its records, and where it was heard
    low_ms: int | None = None
    high_ms: int = 0

    def time_at(self, boottime_ms: int, received_ms: int) -> Time:
        """Give the time at which CLOCK_BOOTTIME said `boottime_ms`; it had come by `received_ms`."""
        if self.pairs:
            found = min((pair.time_at(boottime_ms) for pair in self.pairs), key=lambda time: time.error_ms)
            return _by(received_ms, found)
        if self.low_ms is None:
            latest_ms = self.high_ms + boottime_ms + drift(boottime_ms)
            return unknown(min(latest_ms, received_ms) if latest_ms >= EARLIEST_MS else received_ms)
        if self.low_ms > self.high_ms:
            return unknown(received_ms)
        middle_ms, half_ms = (self.low_ms + self.high_ms) // 2, (self.high_ms - self.low_ms + 1) // 2
        return _by(received_ms, Time(middle_ms + boottime_ms, TimeQuality.INTERVAL.value, half_ms + drift(boottime_ms)))


class Found(NamedTuple):
    """The times of records, in their order; the trail up to the last; and the boots that were vague and are not any more."""

    times: list[Time]
    trail: Trail
    settled: dict[UUID, Span]


def follow(trail: Trail, seen: Sequence[Seen], now: Now, received_ms: int) -> Found:
    """Follow a log on by the records `seen`, which came at `received_ms` when the kiosk's clocks said `now`."""
    heard, doubted = _heard(now, received_ms)
    spans = _spans_of(trail)
    of_records: list[Span | None] = []
    believed: list[bool] = []
    for boot_id, at in seen:
        believed.append(at.trusted and boot_id != doubted and EARLIEST_MS <= at.wall_ms <= received_ms + FUTURE_MS)
        of_records.append(_walk(spans, boot_id, at, believed=believed[-1]))
    _bound(spans, heard, received_ms)
    times = [
        exact(at.wall_ms) if is_believed else unknown(received_ms) if span is None else span.time_at(at.boottime_ms, received_ms)
        for (_, at), is_believed, span in zip(seen, believed, of_records, strict=True)
    ]
    last = max((place for place, span in enumerate(spans) if span.pairs), default=-1)
    were_vague = {boot.boot_id for boot in trail.vague}
    settled = {span.boot_id: span for span in spans[: last + 1] if span.boot_id in were_vague}
    vague = tuple(Boot(span.boot_id, span.longest_ms) for span in spans[last + 1 :])
    known = min(spans[last].pairs, key=lambda pair: (pair.error_ms, -pair.boottime_ms)) if last >= 0 else None
    return Found(times, Trail(known, spans[last].longest_ms if known else 0, vague[-_MOST_BOOTS:]), settled)


def _heard(now: Now, received_ms: int) -> tuple[Pair | None, UUID | None]:
    """Give the moment of sending, if CLOCK_BOOTTIME can be one, and the boot whose wall clock is wrong though it passes for right."""
    is_right = now.at.trusted and abs(now.at.wall_ms - received_ms) <= FUTURE_MS
    at_ms, error_ms = (now.at.wall_ms, EXACT_ERROR_MS) if is_right else (received_ms, DELAY_MS)
    heard = Pair(now.boot_id, now.at.boottime_ms, at_ms, error_ms) if _can_be(now.at.boottime_ms) else None
    return heard, now.boot_id if now.at.trusted and not is_right else None


def _spans_of(trail: Trail) -> list[Span]:
    before = [] if trail.known is None else [Span(trail.known.boot_id, trail.longest_ms, [trail.known])]
    return [*before, *(Span(boot.boot_id, boot.longest_ms) for boot in trail.vague)]


def _walk(spans: list[Span], boot_id: UUID | None, at: Moment, *, believed: bool) -> Span | None:
    """Walk on to a record and give its span; None where it cannot be said where it stands."""
    if boot_id is None or not _can_be(at.boottime_ms):
        return None
    if not spans or spans[-1].boot_id != boot_id:
        if any(span.boot_id == boot_id for span in spans):
            return None  # no boot goes on after the next one has begun
        spans.append(Span(boot_id))
    span = spans[-1]
    span.longest_ms = max(span.longest_ms, at.boottime_ms)
    if believed:
        span.pairs[1:] = [Pair(boot_id, at.boottime_ms, at.wall_ms, EXACT_ERROR_MS)]
    return span


def _bound(spans: list[Span], heard: Pair | None, received_ms: int) -> None:
    """Say of every boot between which moments it began."""
    if heard is not None and spans and spans[-1].boot_id == heard.boot_id:
        spans[-1].pairs.append(heard)
    known_ms: int | None = None
    for span in spans:
        span.low_ms = known_ms
        if span.pairs:
            known_ms = max(pair.earliest_ms(span.longest_ms) for pair in span.pairs)
        elif known_ms is not None:
            known_ms += _least(span.longest_ms)
    later = {span.boot_id for span in spans}
    next_ms = received_ms if heard is None or heard.boot_id in later else min(received_ms, heard.boot_latest_ms)
    for span in reversed(spans):
        span.high_ms = next_ms - _least(span.longest_ms)
        next_ms = min(pair.boot_latest_ms for pair in span.pairs) if span.pairs else span.high_ms


def _by(received_ms: int, time: Time) -> Time:
    """Give a time that is no later than it was heard of; one that cannot be is not known."""
    if not EARLIEST_MS <= time.at_ms <= received_ms + FUTURE_MS:
        return unknown(received_ms)
    return time._replace(at_ms=min(time.at_ms, received_ms))


def _least(elapsed_ms: int) -> int:
    """Give the time that has passed at least while CLOCK_BOOTTIME counted `elapsed_ms`."""
    return elapsed_ms - drift(elapsed_ms)


def _can_be(boottime_ms: int) -> bool:
    return 0 <= boottime_ms < _LONGEST_MS
