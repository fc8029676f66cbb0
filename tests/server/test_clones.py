"""A copied kiosk is known by those who speak in turns under its name; nothing that happens to a single one looks like it."""

from __future__ import annotations

import json
import shutil
import time
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback.wire import State, encode, state_topic
from kiosk.store import FILE, Store
from server.db import schema
from server.db.engine import reading, writing
from server.fleet.clone_signs import acknowledge, verdicts
from server.fleet.clones import GRACE_MS, QUIET_MS, SPAN_MS, Heard, Kind, Signs, Verdict, listen
from server.registry.kiosks import Wish, add_kiosk, remove_kiosk
from tests.kiosk.support import kiosk_toml, running
from tests.kiosk.test_store import a_vote, new_id
from tests.server.kit import KIOSK, MORNING, Log, deliver, make_ingest, rows
from tests.server.test_broker import Broker, running_ingest
from tests.services import eventually

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Engine

    from server.ingest.core import Ingest

MINUTE = 60_000
DAY = 24 * 60 * MINUTE


def said(kind: Kind, *voices: tuple[int, int], era: str = "") -> Signs:
    """What is known after voices, each by a number, at their minutes."""
    return listen(Signs(), [Heard(KIOSK, kind, UUID(int=voice), MORNING + minute * MINUTE, era) for voice, minute in voices])


@pytest.mark.parametrize("kind", [Kind.PROCESS, Kind.EPOCH])
def test_two_that_speak_in_turns_are_a_copy(kind: Kind) -> None:
    signs = said(kind, (1, 0), (2, 1), (1, 3), (2, 4), (1, 5))
    assert signs.verdict(MORNING + 5 * MINUTE) is Verdict.COPIED
    assert signs.verdict(MORNING + 5 * MINUTE + QUIET_MS) is Verdict.SINGLE, "a week without a sign"


def test_days_and_nights_are_turns_too() -> None:
    shifts = [(1 + number % 2, number * 12 * 60) for number in range(6)]
    assert said(Kind.PROCESS, *shifts).verdict(MORNING + 3 * DAY) is Verdict.COPIED


def test_one_fork_is_a_card_that_was_put_back(engine: Engine) -> None:
    log, ingest = Log(), make_ingest(engine)
    log.add_context()
    for name in "abc":
        log.add(log.vote(name))
    deliver(ingest, log)
    restored = Log(epoch=log.epoch, bodies=log.bodies[:2])
    restored.add(restored.vote("d"))
    restored.add(restored.vote("e"))
    assert deliver(ingest, restored, 3).error == "fork"
    assert seen(engine) == Verdict.RESTORED
    onward = Log(bodies=restored.bodies)
    deliver(ingest, onward)
    for number in range(10):
        onward.add(onward.vote(f"later {number}"))
        deliver(ingest, onward, len(onward.bodies), received_ms=MORNING + number * MINUTE)
    assert seen(engine) == Verdict.RESTORED
    assert seen(engine, MORNING + QUIET_MS) == Verdict.SINGLE


def test_a_refill_after_a_restored_database_is_no_copy() -> None:
    before = [Heard(KIOSK, Kind.EPOCH, UUID(int=number), MORNING + number * 10 * MINUTE, "first") for number in (1, 2)]
    after = [Heard(KIOSK, Kind.EPOCH, UUID(int=1 + number % 2), MORNING + (30 + number) * MINUTE, "second") for number in range(2)]
    assert listen(Signs(), before + after).turns == 0


def test_ingest_finds_two_devices_keeps_what_it_found_and_takes_a_technicians_word(engine: Engine) -> None:
    ours, theirs, ingest = uuid4(), uuid4(), make_ingest(engine)
    for minute in range(8):
        say(ingest, theirs if minute % 2 else ours, minute)
        if minute == 4:
            ingest = make_ingest(engine)  # the server was restarted
    assert seen(engine) == Verdict.COPIED
    with writing(engine) as connection:
        acknowledge(connection, KIOSK)
    assert seen(engine) == Verdict.SINGLE
    for minute in range(8, 14):
        say(ingest, theirs if minute % 2 else ours, minute)
    assert seen(engine) == Verdict.COPIED, "they still do"
    with writing(engine) as connection:
        remove_kiosk(connection, KIOSK, now_ms=MORNING)
    assert seen(engine) == Verdict.SINGLE


def test_two_branches_that_both_grow_are_a_copy(engine: Engine) -> None:
    ingest = make_ingest(engine)
    ours, theirs = Log(), Log()
    for minute in range(8):
        log = theirs if minute % 2 else ours
        log.add_context(f"context {minute}", number=minute + 1)
        deliver(ingest, log, len(log.bodies), received_ms=MORNING + minute * MINUTE)
    assert seen(engine) == Verdict.COPIED


@pytest.mark.broker
@pytest.mark.usefixtures("mosquitto_program")
@pytest.mark.parametrize("make_engine", ["sqlite"], indirect=True)
def test_two_devices_with_copies_of_one_card_are_found_and_one_device_is_not(engine: Engine, tmp_path: Path) -> None:
    broker, began = Broker(tmp_path), time.monotonic()
    cards = [tmp_path / "card", tmp_path / "copy"]
    cards[0].mkdir()
    with Store(cards[0] / FILE, new_id) as store:
        store.append([a_vote()])
    shutil.copytree(*cards)
    for card in cards:
        toml = kiosk_toml(card / "data", port=broker.port, ca=broker.ca).replace('"credential"', '"one"')
        (card / "data").mkdir()
        shutil.move(card / FILE, card / "data" / FILE)
        (card / "kiosk.toml").write_text(toml)
    broker.supervisor.start()

    def fast_ms() -> int:
        return MORNING + round((time.monotonic() - began) * 300_000)  # a minute of the server's takes 0.2 s

    try:
        with running_ingest(engine, broker, now_ms=fast_ms), running("sync", cards[0] / "kiosk.toml") as alone:
            eventually(lambda: states(engine))
            alone.kill()
            with running("sync", cards[0] / "kiosk.toml"):
                eventually(lambda: len(states(engine)) == 2)
                assert seen(engine, fast_ms()) == Verdict.SINGLE, "it was only restarted"
                with running("sync", cards[1] / "kiosk.toml"):
                    eventually(lambda: seen(engine, fast_ms()) == Verdict.COPIED, within_s=60)
    finally:
        broker.supervisor.stop()


def states(engine: Engine) -> dict[str, int]:
    """The starts of delivery that were heard of."""
    found = rows(engine, schema.kiosk_signs)
    return json.loads(str(found[0]["signs"]))["processes"]["heard"] if found else {}


def test_one_that_is_removed_and_added_again_goes_on_where_it_was(engine: Engine) -> None:
    log, ingest = Log(), make_ingest(engine)
    log.add_context()
    deliver(ingest, log)
    with writing(engine) as connection:
        remove_kiosk(connection, KIOSK, now_ms=MORNING)
        add_kiosk(connection, Wish(name=KIOSK, site="main", desk=None), hash_password=lambda _: "$7$…", now_ms=MORNING)
    log.add(log.vote("a"))
    ack = deliver(ingest, log, 2)
    assert (ack.seq, ack.error) == (2, None)


def seen(engine: Engine, now_ms: int = MORNING + 20 * MINUTE) -> Verdict:
    with reading(engine) as connection:
        return verdicts(connection, now_ms).get(KIOSK, Verdict.SINGLE)


def say(ingest: Ingest, process: UUID, minute: int) -> None:
    state = State(online=True, session=uuid4(), process=process)
    ingest.handle(state_topic(KIOSK), encode(state), MORNING + minute * MINUTE)


LIFE = st.lists(st.tuples(st.integers(1, 3), st.integers(0, 30 * MINUTE)), min_size=1, max_size=30)
"""How often each start of one kiosk speaks, and how long it is silent before."""


@given(LIFE, st.lists(st.integers(0, 200), max_size=60), st.integers(1, 4))
def test_one_kiosk_is_never_taken_for_two(life: list[tuple[int, int]], late: list[int], workers: int) -> None:
    """However often it starts anew, and whatever comes again by other workers, late by less than a minute."""
    spoken: list[tuple[int, Heard]] = []
    now = MORNING
    for number, (times, pause) in enumerate(life):
        for _ in range(times):
            now += pause
            spoken.append((now, Heard(KIOSK, Kind.PROCESS, UUID(int=number + 1), now)))
    copies = [(arrived, one) for arrived, one in spoken for _ in range(workers)]
    delays = [late[index % len(late)] * 299 if late and index % workers else 0 for index in range(len(copies))]
    arrived = sorted((at + delay, index) for (at, _), delay, index in zip(copies, delays, range(len(copies)), strict=True))
    heard = [copies[index][1]._replace(at_ms=at) for at, index in arrived]
    assert listen(Signs(), heard).turns == 0


@given(st.lists(st.integers(0, 10 * MINUTE), min_size=8, max_size=40), st.integers(0, GRACE_MS))
def test_two_that_are_connected_at_once_are_always_found(pauses: list[int], start: int) -> None:
    now, heard = MORNING, []
    for number, pause in enumerate(pauses):
        now += pause + 1
        heard.append(Heard(KIOSK, Kind.PROCESS, UUID(int=1 + number % 2), now))
    late = [one.at_ms for one in heard[2:] if one.at_ms > heard[1].at_ms + GRACE_MS]
    found = len(late) >= 4 and late[-1] - late[1] >= SPAN_MS
    assert (listen(Signs(), heard).verdict(now) is Verdict.COPIED) or not found
