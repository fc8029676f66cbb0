"""What kiosks record of their devices: faults that begin and end, people who came up, and self-tests."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

import msgspec

from feedback.records import DeviceChange, Presence, SelfTest
from server.db.bulk import insert_rows
from server.db.schema import NO_HOUR, device_changes, presence, selftests
from server.ingest.rows import New, is_vague, of_kind
from server.ingest.times import local

if TYPE_CHECKING:
    from server.ingest.rows import Arrival
    from server.ingest.times import Time
    from server.ingest.work import Delivery, Work

DEVICE_KINDS: Final = frozenset({DeviceChange, Presence, SelfTest})


def take_devices(work: Work, delivery: Delivery, new: New, arrival: Arrival) -> None:
    """Keep what devices did."""
    kiosk, received_ms, times = delivery.kiosk, delivery.received_ms, arrival.times
    changes = [(one.id, kiosk, one.device, one.fault, times[one.id].at_ms, received_ms) for one, _ in of_kind(new, DeviceChange)]
    insert_rows(work.connection, device_changes, ("record", "kiosk", "device", "fault", "at_ms", "received_ms"), changes)
    tests = [
        (one.id, kiosk, one.attended, msgspec.json.encode(one.results, order="sorted").decode(), times[one.id].at_ms, received_ms)
        for one, _ in of_kind(new, SelfTest)
    ]
    insert_rows(work.connection, selftests, ("record", "kiosk", "attended", "results", "at_ms", "received_ms"), tests)
    _add_presence(work, kiosk, [(times[one.id], one.length_s * 1000, one.count) for one, _ in of_kind(new, Presence)])


def _add_presence(work: Work, kiosk: str, counted: list[tuple[Time, int, int]]) -> None:
    """Add to the hours in which the counts began: each with its end, its length in milliseconds, and how often somebody came."""
    hours: Counter[tuple[str, int]] = Counter()
    for time, length_ms, count in counted:
        there = local(time.at_ms - length_ms, work.zone)
        hours[there.day, NO_HOUR if is_vague(time) else there.hour] += count
    rows = [(kiosk, day, hour, work.kiosks[kiosk].site_id, count) for (day, hour), count in sorted(hours.items())]
    added = "ON CONFLICT (kiosk, day, hour) DO UPDATE SET count = presence.count + excluded.count"
    insert_rows(work.connection, presence, ("kiosk", "day", "hour", "site_id", "count"), rows, on_conflict=added)
