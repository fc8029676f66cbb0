"""Malformed settings, notices, day keys, acknowledgements and words of the server at a kiosk: it accepts none, and goes on delivering."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from uuid import uuid4

from demo.house import HouseError, wait_for
from faults.network.centre import Centre
from faults.network.counting import count, round_of
from faults.network.garbage import oversize, spoil
from faults.table import Fault
from feedback import wire
from kiosk import accepted
from kiosk.sync.outbox import Outbox
from server.app import now_ms
from server.db.engine import reading
from server.fleet.day_keys import DayKeys
from server.fleet.notices import Notices
from server.registry.settings import signed_settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from random import Random

    from faults.network.kiosk import VotingKiosk
    from faults.table import Row
    from kiosk.sync.agent import Agent

NAME: Final = "malformed messages to a kiosk"
GROUP: Final = 100
VOTES: Final = 40
DRAIN_S: Final = 60.0


def run(rounds: int, done: Callable[[int], None]) -> Row:
    """Hand them to what hears the broker; then let the kiosk deliver what it has."""
    with Centre() as centre:
        (kiosk,) = centre.add_kiosks(1)
        with round_of(NAME, -1) as random:
            kiosk.vote(random, VOTES)
        sound = _sound(centre, kiosk)
        with kiosk.agent() as agent:
            for topic, payloads in sound.items():
                if topic != wire.ack_topic(kiosk.id):
                    agent.received(topic, payloads[0])
            before = _accepted(kiosk.folder)
            if len(before) < len(sound) - 2:
                raise HouseError(f"of the sound messages only {sorted(before)} were accepted")
            for number in range(0, rounds, GROUP):
                with round_of(NAME, number) as random:
                    _spoil(agent, sound, random)
                done(min(number + GROUP, rounds))
            _check(before, _accepted(kiosk.folder))
        centre.start()
        kiosk.start_delivery()
        wait_for(lambda: _has_delivered(kiosk), "everything acknowledged", DRAIN_S)
        return count(centre, trusting=True).row(NAME, rounds)  # an acknowledgement spoilt only in its generation is believed, and healed


def _has_delivered(kiosk: VotingKiosk) -> bool:
    kiosk.obey()  # a malformed acknowledgement may have looked like another log's
    return not kiosk.undelivered()


def _spoil(agent: Agent, sound: dict[str, list[bytes]], random: Random) -> None:
    for _ in range(GROUP):
        topic = random.choice(sorted(sound))
        payload = spoil(random, sound[topic]) if random.random() > 0.001 else oversize(random)  # noqa: PLR2004 - seldom: it is long
        agent.received(topic, payload)


def _sound(centre: Centre, kiosk: VotingKiosk) -> dict[str, list[bytes]]:
    """Give what a server sends this kiosk, by topic."""
    sign = centre.server.keys.sign
    days = DayKeys(centre.engine, signer=sign)
    days.unpublished(now_ms(), {})
    with reading(centre.engine) as connection:
        settings = signed_settings(connection, kiosk.id, signer=sign)
        notice = Notices(centre.engine, signer=sign).of(connection, kiosk.id, now_ms())
        keys = days.of(connection, kiosk.id)
    assert settings is not None
    assert notice is not None
    with Outbox(kiosk.folder) as outbox:
        (epoch,) = outbox.epochs()
        heads = [(seq, outbox.hash_at(epoch.id, seq) or b"") for seq in range(VOTES)]
    generation = str(uuid4())
    return {
        wire.settings_topic(kiosk.id): [settings],
        wire.notice_topic(kiosk.id): [notice],
        wire.day_keys_topic(kiosk.id): [keys],
        wire.ack_topic(kiosk.id): [wire.encode(wire.Ack(epoch.id, seq, head.hex(), generation)) for seq, head in heads],
        wire.SERVER_STATE_TOPIC: [wire.encode(wire.ServerState(online=online, generation=generation)) for online in (True, False)],
    }


def _check(before: dict[str, bytes], now: dict[str, bytes]) -> None:
    """See that nothing else was accepted, and nothing taken away."""
    if now != before:
        changed = sorted(path for path, _ in now.items() ^ before.items())
        raise HouseError(f"something malformed was accepted: {changed} came, went or changed")


def _accepted(folder: Path) -> dict[str, bytes]:
    """Give the files of what was accepted."""
    files = (path for path in (folder / accepted.FOLDER).rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


FAULTS: Final = (Fault(name=NAME, test=3000, usual=20_000, full=100_000, run=run),)
