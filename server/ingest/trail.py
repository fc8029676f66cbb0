"""Finds when records were made, from the order of a kiosk's log and from when the server heard of its boots. Pure.

Taken for true are the server's clock, that a boot's fastest batch travels no longer than `DELAY_MS`, that within one boot CLOCK_BOOTTIME
counts on, give or take its drift, and that boots follow each other in the log. So a batch that a boot has sent dates all of it, and a boot
that has sent none lies between its neighbours. Wall clocks only say where it most likely lies within what is possible; that of a boot
which was never heard is believed where it was trusted.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple
from uuid import UUID

import msgspec

from server.ingest.times import DELAY_MS, EARLIEST_MS, EXACT_ERROR_MS, Bounds, Time, TimeQuality, drift, unknown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from feedback.records import Moment
    from feedback.wire import Now

_LONGEST_MS: Final = 2**42  # a boot of 139 years
_MOST_BOOTS: Final = 64

Seen = tuple[UUID | None, "Moment"]
"""A record's boot, None where its context is not known, and its moment."""


class Pair(msgspec.Struct, frozen=True, array_like=True):
    """A moment at which a boot was heard: CLOCK_BOOTTIME said `boottime_ms`, and it was `at_ms`, or up to so much earlier or later."""

    boot_id: UUID
    boottime_ms: int
    at_ms: int
    earlier_ms: int
    later_ms: int

    def likely_ms(self, boottime_ms: int) -> int:
        """Give when another moment of the same boot most likely was."""
        return self.at_ms + boottime_ms - self.boottime_ms

    def bounds(self, boottime_ms: int) -> Bounds:
        """Give between which moments another one of the same boot was."""
        likely_ms, drift_ms = self.likely_ms(boottime_ms), drift(boottime_ms - self.boottime_ms)
        return Bounds(likely_ms - self.earlier_ms - drift_ms, likely_ms + self.later_ms + drift_ms)

    def earliest_end_ms(self, longest_ms: int) -> int:
        """Give the earliest that its boot may have ended, which lasted for `longest_ms` at least."""
        return self.at_ms - self.earlier_ms + _least(max(0, longest_ms - self.boottime_ms))

    @property
    def boot_latest_ms(self) -> int:
        """The latest that its boot may have begun."""
        return self.at_ms + self.later_ms - _least(self.boottime_ms)


class Boot(msgspec.Struct, frozen=True, array_like=True):
    """A boot that was not heard, how long it lasted at least, and when it began by a wall clock that it trusted."""

    boot_id: UUID
    longest_ms: int
    claim_ms: int | None = None


class Trail(msgspec.Struct, frozen=True):
    """What a log has told of its kiosk's clock.

    `heard` is when its last boot that was heard was so, and `longest_ms` how long that one lasted; the `vague` boots after it were not.
    `ahead` is when the boot was heard that has sent the last batch, where no record of its own had come yet.
    """

    heard: Pair | None = None
    longest_ms: int = 0
    vague: tuple[Boot, ...] = ()
    ahead: Pair | None = None


@dataclass(slots=True, eq=False)
class Span:
    """A boot in the log. It began between `low_ms`, None where nothing is known before it, and `high_ms`; most likely at `likely_ms`."""

    boot_id: UUID
    longest_ms: int = 0
    pairs: list[Pair] = field(default_factory=list)
    claim_ms: int | None = None
    low_ms: int | None = None
    high_ms: int = 0
    likely_ms: int = 0

    def time_at(self, boottime_ms: int, received_ms: int, trusted_ms: int | None = None) -> Time:
        """Give the time at which CLOCK_BOOTTIME said `boottime_ms`, and a trusted wall clock `trusted_ms`; it had come by `received_ms`."""
        if self.pairs:
            pair = min(self.pairs, key=lambda pair: pair.bounds(boottime_ms).high_ms)
            bounds = pair.bounds(boottime_ms).by(received_ms)
            if trusted_ms is not None and bounds.is_possible and bounds.admit(trusted_ms):
                return bounds.time(trusted_ms, TimeQuality.EXACT)
            likely_ms, quality = pair.likely_ms(boottime_ms), TimeQuality.CORRECTED
        else:
            low_ms, drift_ms = self.low_ms, drift(boottime_ms)
            earliest_ms = EARLIEST_MS if low_ms is None else low_ms + boottime_ms - drift_ms
            bounds = Bounds(earliest_ms, self.high_ms + boottime_ms + drift_ms).by(received_ms)
            if trusted_ms is not None and bounds.is_possible and bounds.admit(trusted_ms):  # nothing contradicts it
                return Time(bounds.time(trusted_ms, TimeQuality.CORRECTED).at_ms, TimeQuality.CORRECTED.value, EXACT_ERROR_MS)
            likely_ms, quality = self.likely_ms + boottime_ms, TimeQuality.UNKNOWN if low_ms is None else TimeQuality.INTERVAL
        return bounds.time(likely_ms, quality) if bounds.is_possible else unknown(received_ms)

    @property
    def believed_ms(self) -> int | None:
        """When it began by its own account, where that can be."""
        if self.pairs:
            return _fastest(self.pairs).likely_ms(0)
        can_be = self.claim_ms is not None and Bounds(EARLIEST_MS if self.low_ms is None else self.low_ms, self.high_ms).admit(
            self.claim_ms
        )
        return self.claim_ms if can_be else None


class Found(NamedTuple):
    """The times of records, in their order; the trail up to the last; and the boots that were vague and are not any more."""

    times: list[Time]
    trail: Trail
    settled: dict[UUID, Span]


def follow(trail: Trail, seen: Sequence[Seen], now: Now, received_ms: int) -> Found:
    """Follow a log on by the records `seen`, which came at `received_ms` when the kiosk's clocks said `now`."""
    heard = _heard(trail.ahead, now, received_ms)
    spans = _spans_of(trail)
    of_records = [_walk(spans, trail.ahead, boot_id, at, received_ms) for boot_id, at in seen]
    _bound(spans, heard, received_ms)
    _guess(spans)
    times = [_time_of(span, at, received_ms) for span, (_, at) in zip(of_records, seen, strict=True)]
    last = max((place for place, span in enumerate(spans) if span.pairs), default=-1)
    were_vague = {boot.boot_id for boot in trail.vague}
    settled = {span.boot_id: span for span in spans[: last + 1] if span.boot_id in were_vague}
    vague = tuple(Boot(span.boot_id, span.longest_ms, span.claim_ms) for span in spans[last + 1 :])
    known = _fastest(spans[last].pairs) if last >= 0 else None
    ahead = None if heard is None or any(span.boot_id == heard.boot_id for span in spans) else heard
    return Found(times, Trail(known, spans[last].longest_ms if known else 0, vague[-_MOST_BOOTS:], ahead), settled)


def _heard(before: Pair | None, now: Now, received_ms: int) -> Pair | None:
    """Give the moment of sending, if CLOCK_BOOTTIME can be one; of the same boot as `before` the one that came faster."""
    if not _can_be(now.at.boottime_ms):
        return None
    sent = Bounds(received_ms - DELAY_MS, received_ms)
    at_ms = min(max(now.at.wall_ms, sent.low_ms), received_ms) if now.at.trusted and sent.admit(now.at.wall_ms) else received_ms
    heard = Pair(now.boot_id, now.at.boottime_ms, at_ms, at_ms - sent.low_ms, received_ms - at_ms)
    return _fastest([before, heard]) if before is not None and before.boot_id == heard.boot_id else heard


def _fastest(pairs: Sequence[Pair]) -> Pair:
    """Give the pair of a boot that says most: who heard earlier what its clocks said has waited less for it."""
    newest_ms = max(pair.boottime_ms for pair in pairs)
    return min(pairs, key=lambda pair: (pair.bounds(newest_ms).high_ms, -pair.boottime_ms))


def _spans_of(trail: Trail) -> list[Span]:
    before = [] if trail.heard is None else [Span(trail.heard.boot_id, trail.longest_ms, [trail.heard])]
    return [*before, *(Span(boot.boot_id, boot.longest_ms, claim_ms=boot.claim_ms) for boot in trail.vague)]


def _walk(spans: list[Span], ahead: Pair | None, boot_id: UUID | None, at: Moment, received_ms: int) -> Span | None:
    """Walk on to a record and give its span; None where it cannot be said where it stands."""
    if boot_id is None or not _can_be(at.boottime_ms):
        return None
    if not spans or spans[-1].boot_id != boot_id:
        if any(span.boot_id == boot_id for span in spans):
            return None  # no boot goes on after the next one has begun
        spans.append(Span(boot_id, pairs=[ahead] if ahead is not None and ahead.boot_id == boot_id else []))
    span = spans[-1]
    span.longest_ms = max(span.longest_ms, at.boottime_ms)
    if at.trusted and Bounds(EARLIEST_MS, received_ms).admit(at.wall_ms):
        span.claim_ms = at.wall_ms - at.boottime_ms
    return span


def _bound(spans: list[Span], heard: Pair | None, received_ms: int) -> None:
    """Say of every boot between which moments it began."""
    if heard is not None and spans and spans[-1].boot_id == heard.boot_id:
        spans[-1].pairs.append(heard)
    known_ms: int | None = None
    for span in spans:
        span.low_ms = known_ms
        if span.pairs:
            known_ms = max(pair.earliest_end_ms(span.longest_ms) for pair in span.pairs)
        elif known_ms is not None:
            known_ms += _least(span.longest_ms)
    later = {span.boot_id for span in spans}
    next_ms = received_ms if heard is None or heard.boot_id in later else min(received_ms, heard.boot_latest_ms)
    for span in reversed(spans):
        span.high_ms = next_ms - _least(span.longest_ms)
        next_ms = min(pair.boot_latest_ms for pair in span.pairs) if span.pairs else span.high_ms


def _guess(spans: Sequence[Span]) -> None:
    """Say of every boot when it most likely began: by its own account, else amid what is possible and its neighbours say."""
    believed = [span.believed_ms for span in spans]
    after = [span.low_ms for span in spans]
    known_ms: int | None = None
    for place, span in enumerate(spans):
        after[place] = _most(span.low_ms, known_ms)
        begun_ms = believed[place] if believed[place] is not None else known_ms
        known_ms = None if begun_ms is None else begun_ms + span.longest_ms
    next_ms: int | None = None
    for place, span in reversed(list(enumerate(spans))):
        before_ms = span.high_ms if next_ms is None else min(span.high_ms, next_ms - span.longest_ms)
        own_ms = believed[place]
        span.likely_ms = _amid(span, after[place], before_ms) if own_ms is None else own_ms
        if own_ms is not None or next_ms is not None:
            next_ms = before_ms if own_ms is None else own_ms


def _amid(span: Span, after_ms: int | None, before_ms: int) -> int:
    """Give the middle between what came before a boot and after it; where nothing is known before it, the latest that it can be.

    So where the clocks of its neighbours leave nothing between them: its order among them is right, and they differ by little.
    """
    if span.low_ms is None:
        return before_ms
    if after_ms is None or after_ms > before_ms:
        return min(max(before_ms, span.low_ms), span.high_ms)
    return (after_ms + before_ms) // 2


def _most(*moments: int | None) -> int | None:
    return max((moment for moment in moments if moment is not None), default=None)


def _time_of(span: Span | None, at: Moment, received_ms: int) -> Time:
    if span is not None:
        return span.time_at(at.boottime_ms, received_ms, at.wall_ms if at.trusted else None)
    bounds = Bounds(EARLIEST_MS, received_ms)
    return bounds.time(at.wall_ms, TimeQuality.UNKNOWN) if at.trusted and bounds.admit(at.wall_ms) else unknown(received_ms)


def _least(elapsed_ms: int) -> int:
    """Give the time that has passed at least while CLOCK_BOOTTIME counted `elapsed_ms`."""
    return elapsed_ms - drift(elapsed_ms)


def _can_be(boottime_ms: int) -> bool:
    return 0 <= boottime_ms < _LONGEST_MS
