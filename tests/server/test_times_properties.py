"""Random boots with random clocks, delivered at random: whatever the server says of a time must be true within the error that it names."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from feedback.records import Moment, encode_body
from feedback.wire import batch_topic
from server.db import schema
from server.db.schema import VAGUE_MS
from server.ingest.times import DELAY_MS, EXACT_ERROR_MS
from server.integrity.verifying import verify
from server.ratings import rollups
from server.ratings.devices import outages
from tests.server.kit import KIOSK, MORNING, Log, make_ingest, only_ack, rows
from tests.server.test_ingest_properties import empty

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from feedback.records import AnyRecord
    from server.ingest.core import Ingest

HOUR, DAY = 3_600_000, 86_400_000
NTP_MS = 2_000
ORDER_MS = 2 * (DELAY_MS + EXACT_ERROR_MS)
WRONG_CLOCKS = (0, 1_000, MORNING - 30 * DAY, MORNING + 3652 * DAY)

JUMPS = (
    0,
    1,
    -1,
    4_000,
    9_000,
    -9_000,
    20_000,
    -20_000,
    34_000,
    -34_000,
    540_000,
    -540_000,
    HOUR,
    -HOUR,
    300 * DAY,
    -300 * DAY,
    -50 * 365 * DAY,
)


def boots(*more: str) -> st.SearchStrategy[dict[str, Any]]:
    """Make boots in which people vote, devices fail, batches go out, and `more` happens."""
    deeds = st.tuples(st.integers(0, 2 * HOUR), st.sampled_from(["vote", "vote", "fault", "came", "send", *more]), st.integers(0, DELAY_MS))
    return st.fixed_dictionaries(
        {
            "pause_ms": st.integers(1, 5 * DAY),
            "ppm": st.integers(-100, 100),
            "set_after_ms": st.none() | st.integers(0, 3 * HOUR),
            "wrong_ms": st.sampled_from(WRONG_CLOCKS),
            "ntp_error_ms": st.integers(-NTP_MS, NTP_MS),
            "deeds": st.lists(deeds, max_size=7),
        }
    )


class Made(NamedTuple):
    """What is true of a record."""

    boot: int
    true_ms: int
    trusted: bool


@dataclass
class Kiosk:
    """A kiosk that lives through boots; it knows what is true."""

    ingest: Ingest
    log: Log = field(default_factory=Log)
    true_ms: int = MORNING
    made: list[Made] = field(default_factory=list)
    acked: int = 0
    heard: set[int] = field(default_factory=set)  # boots of which the server knows a moment
    ahead: int | None = None  # the boot that has sent the last batch

    def live(self, number: int, told: dict[str, Any]) -> None:
        """Go through one boot."""
        self.true_ms += told["pause_ms"]
        begun_ms = self.true_ms
        self.log.boot_id, self.log.context = UUID(int=number + 1), number + 1

        jump: tuple[int, bool] | None = None

        def moment() -> Moment:
            elapsed_ms = self.true_ms - begun_ms
            boottime_ms = elapsed_ms + elapsed_ms * told["ppm"] // 1_000_000
            if jump is not None:
                return Moment(boottime_ms, self.true_ms + jump[0], trusted=jump[1])
            if told["set_after_ms"] is not None and elapsed_ms >= told["set_after_ms"]:
                return Moment(boottime_ms, self.true_ms + told["ntp_error_ms"], trusted=True)
            return Moment(boottime_ms, told["wrong_ms"] + elapsed_ms, trusted=False)

        def make(record: AnyRecord) -> None:
            self.log.add(msgspec.structs.replace(record, at=moment()))
            self.made.append(Made(number, self.true_ms, moment().trusted))

        context = self.log.add_context(f"context {number}")
        self.log.bodies.pop()
        make(context)
        for wait_ms, deed, more in told["deeds"]:
            self.true_ms += wait_ms
            name = str(len(self.made))
            match deed:
                case "vote" | "fault" | "came":
                    make(self.record(deed, name, more))
                case "jump":
                    jump = JUMPS[more % len(JUMPS)], more % 4 != 0
                case "send":
                    self.send(1 + more % 5, moment(), number, delay_ms=more)
        self.true_ms += 1

    def record(self, deed: str, name: str, more: int) -> AnyRecord:
        """Give what is recorded of a deed."""
        if deed == "vote":
            return self.log.vote(name)
        if deed == "came":
            return self.log.presence(name, 900, 1 + more % 5)
        return self.log.change(name, "printer", "paper_end" if more % 2 else "")

    def send(self, count: int, now: Moment, number: int, *, delay_ms: int) -> None:
        """Send the next records."""
        last = min(len(self.made), self.acked + count)
        if last > self.acked:
            first = self.acked
            self.true_ms += delay_ms
            ack = only_ack(self.ingest.handle(batch_topic(KIOSK), self.log.batch(self.acked + 1, last, now=now), self.true_ms))
            self.acked = ack.seq
            assert (ack.seq, ack.error) == (last, None)
            walked = {made.boot for made in self.made[first:last]}
            self.heard |= ({number} & {self.made[last - 1].boot}) | ({self.ahead} & walked)  # type: ignore[arg-type]
            self.ahead = number

    def quality_of(self, made: Made) -> str:
        """Say how well the time of a record can be known once everything is delivered."""
        if made.boot in self.heard:
            return "exact" if made.trusted else "corrected"
        if made.trusted:
            return "corrected"
        return "interval" if any(boot < made.boot for boot in self.heard) else "unknown"


@given(st.lists(boots(), min_size=1, max_size=7))
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_time_is_true_within_its_error_and_found_as_well_as_it_can_be(engine: Engine, life: list[dict[str, Any]]) -> None:
    tell(engine, life)


@given(st.lists(boots("jump", "jump"), min_size=1, max_size=7))
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_time_is_true_within_its_error_though_clocks_jump_and_are_trusted_wrongly(engine: Engine, life: list[dict[str, Any]]) -> None:
    tell(engine, life, honest=False)


@pytest.mark.full
@given(st.lists(boots(), min_size=1, max_size=12))
@settings(max_examples=1_000, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_time_is_true_at_length(engine: Engine, life: list[dict[str, Any]]) -> None:
    tell(engine, life)


@pytest.mark.full
@given(st.lists(boots("jump", "jump"), min_size=1, max_size=12))
@settings(max_examples=1_000, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_time_is_true_at_length_whatever_clocks_do(engine: Engine, life: list[dict[str, Any]]) -> None:
    tell(engine, life, honest=False)


def tell(engine: Engine, life: list[dict[str, Any]], *, honest: bool = True) -> None:
    empty(engine)
    with engine.begin() as connection:
        connection.execute(delete(schema.undated))
        for table in (schema.device_changes, schema.presence):
            connection.execute(delete(table))
    kiosk = Kiosk(make_ingest(engine))
    for number, told in enumerate(life):
        kiosk.live(number, told)
    kiosk.live(len(life), {**life[-1], "deeds": [(0, "send", 4)] * (len(kiosk.made) + 1)})
    assert kiosk.acked == len(kiosk.made)
    stored = rows(engine, schema.records)
    assert [row["seq"] for row in stored] == list(range(1, len(kiosk.made) + 1))
    votes = {row["id"]: row for row in rows(engine, schema.votes)}
    last_ms = 0
    for record, made in zip(stored, kiosk.made, strict=True):
        vote = votes.get(record["id"])
        if vote is None:
            continue
        at_ms, error_ms = int(vote["at_ms"]), int(vote["time_error_ms"])  # type: ignore[call-overload]
        quality = str(vote["time_quality"])
        is_believed = (quality, error_ms) == ("corrected", EXACT_ERROR_MS)  # nobody can check a boot that was never heard
        assert abs(at_ms - made.true_ms) <= error_ms or (is_believed and not honest)
        assert error_ms <= {"exact": DELAY_MS + HOUR, "corrected": DELAY_MS + HOUR}.get(quality, error_ms)
        if not honest:
            assert made.boot not in kiosk.heard or quality in {"exact", "corrected"}
            continue
        assert quality == kiosk.quality_of(made)
        assert at_ms >= last_ms - ORDER_MS, "a later record is dated before an earlier one by what sending may take, and no more"
        last_ms = at_ms
    assert rows(engine, schema.undated) == []
    with engine.connect() as connection:
        assert rollups.verify(connection) == []
        assert verify(connection, lambda _data, _signature: True) == []
        assert all(outage.end_ms is None or outage.end_ms >= outage.begin_ms for outage in outages(connection, KIOSK))
    dated = [vote for vote in votes.values() if int(vote["time_error_ms"]) <= VAGUE_MS]  # type: ignore[call-overload]
    assert sum(int(row["good"]) for row in rows(engine, schema.rollup_hour)) == len(dated)  # type: ignore[call-overload]
    assert sum(int(row["good"]) for row in rows(engine, schema.rollup_day)) == len(votes)  # type: ignore[call-overload]


def test_what_is_sent_again_in_a_new_epoch_is_dated_again(engine: Engine) -> None:
    ingest, log = make_ingest(engine), Log()
    first = msgspec.structs.replace(log.add_context(), at=log.moment(MORNING - 9 * DAY))
    log.bodies[0] = encode_body(first)
    log.add(log.vote("known", at=log.moment(MORNING - 9 * DAY)))
    make_ingest(engine).handle(batch_topic(KIOSK), log.batch(now=log.moment(MORNING - 9 * DAY)), MORNING - 9 * DAY)
    log.boot_id, log.context = UUID(int=2), 2
    context = msgspec.structs.replace(log.add_context("two"), at=Moment(1_000, 0, trusted=False))
    log.bodies[-1] = encode_body(context)
    log.add(log.vote("vague", at=Moment(5_000, 0, trusted=False)))
    log.boot_id = UUID(int=3)
    now = Moment(HOUR, MORNING, trusted=True)
    ingest.handle(batch_topic(KIOSK), log.batch(3, now=now), MORNING)
    (vague,) = [row for row in rows(engine, schema.votes) if row["time_quality"] != "exact"]
    assert (vague["time_quality"], len(rows(engine, schema.undated))) == ("interval", 2)
    again = Log(bodies=log.bodies, boot_id=UUID(int=2), context=2)
    again.add(again.vote("found", at=again.moment(MORNING - 8 * DAY, boottime_ms=65_000)))
    ingest.handle(batch_topic(KIOSK), again.batch(now=again.moment(trusted=False, boottime_ms=65_000)), MORNING - 8 * DAY)
    (found,) = [row for row in rows(engine, schema.votes) if row["id"] == vague["id"]]
    assert (found["time_quality"], found["at_ms"]) == ("corrected", MORNING - 8 * DAY - 60_000)
    assert rows(engine, schema.undated) == []
    with engine.connect() as connection:
        assert rollups.verify(connection) == []
