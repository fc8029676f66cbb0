"""When a kiosk says how it is."""

from __future__ import annotations

from uuid import UUID

import msgspec
import pytest

from feedback import wire
from kiosk.sync.state import EVERY_S, OUTBOX_S, StateReport
from tests.kiosk.support import KIOSK, FakeClock

SESSION = UUID(int=7)


class Kiosk:
    """A kiosk that is as the test says, and everything that it has told."""

    def __init__(self) -> None:
        self.now = wire.State(online=True, session=SESSION)
        self.told: list[wire.State] = []
        self.clock = FakeClock()
        self.report = StateReport(KIOSK, transport=self, clock=self.clock, look=lambda _session: self.now)
        self.report.connected(SESSION)

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        assert retain
        assert topic == wire.state_topic(KIOSK)
        self.told.append(wire.decode(payload, wire.State))

    def becomes(self, after_s: float, *, outbox: int = 0, settings: int = 0) -> int:
        """Give how many states are told when it is so after that time."""
        self.clock.pass_s(after_s)
        self.now, before = msgspec.structs.replace(self.now, outbox=outbox, settings=settings), len(self.told)
        self.report.step()
        return len(self.told) - before


@pytest.fixture
def kiosk() -> Kiosk:
    kiosk = Kiosk()
    kiosk.report.step()
    assert kiosk.told == [kiosk.now]
    return kiosk


def test_tells_what_has_changed_at_once(kiosk: Kiosk) -> None:
    assert kiosk.becomes(0.1, settings=3) == 1
    assert kiosk.told[-1].settings == 3


def test_lets_votes_pass_without_a_word_each(kiosk: Kiosk) -> None:
    told = [kiosk.becomes(0.1, outbox=number % 2 + 1) for number in range(round(OUTBOX_S * 10) - 1)]
    assert sum(told) == 0
    assert kiosk.becomes(0.1, outbox=9) == 1
    assert kiosk.told[-1].outbox == 9


def test_tells_every_minute_what_has_not_changed(kiosk: Kiosk) -> None:
    assert kiosk.becomes(EVERY_S - 1) == 0
    assert kiosk.becomes(1) == 1


def test_tells_a_new_connection_at_once(kiosk: Kiosk) -> None:
    kiosk.report.disconnected()
    assert kiosk.becomes(EVERY_S, settings=1) == 0
    kiosk.report.connected(UUID(int=8))
    assert kiosk.becomes(0, settings=1) == 1
