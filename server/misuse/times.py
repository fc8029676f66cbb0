"""Rules about opening hours: votes while the centre is closed, and a terminal that is missing when it is needed most. Pure."""

from __future__ import annotations

from feedback.hours import Span
from server.misuse.parameters import AFTER_CLOSING_S, BEFORE_OPENING_S, PEAK_MISSING_S
from server.misuse.seen import Day, Found, Rule, found


def off_hours(day: Day) -> list[Found]:
    """Find votes that were cast outside opening hours, however far off their times may be."""
    if day.open is None:
        outside = day.dated()
    else:
        opens, closes = day.open.from_ms - BEFORE_OPENING_S * 1000, day.open.until_ms + AFTER_CLOSING_S * 1000
        outside = [cast for cast in day.dated() if cast.at_ms + cast.error_ms < opens or cast.at_ms - cast.error_ms > closes]
    return [found(Rule.OFF_HOURS, outside)] if outside else []


def missing(day: Day) -> list[Found]:
    """Find a terminal that did not work in its busiest hours while another of its site did. No vote is flagged for that."""
    lost = [span for one in day.missing for peak in day.peak if (span := overlap(one, peak)) is not None]
    lost_s = sum(span.until_ms - span.from_ms for span in lost) / 1000
    if lost_s < PEAK_MISSING_S:
        return []
    span = Span(min(one.from_ms for one in lost), max(one.until_ms for one in lost))
    return [Found(rule=Rule.MISSING, casts=(), span=span, facts={"minutes": round(lost_s / 60)})]


def overlap(one: Span, other: Span) -> Span | None:
    """Give what two spans have in common."""
    span = Span(max(one.from_ms, other.from_ms), min(one.until_ms, other.until_ms))
    return span if span.from_ms < span.until_ms else None
