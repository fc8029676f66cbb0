"""Who says and hears what at the broker: a kiosk on every topic of its own and of another, seen by what is delivered and what is not."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Final

from demo.house import HouseError, wait_for
from faults.network.centre import Centre
from faults.table import Fault, survived
from feedback.wire import ROOT, SERVER_STATE_TOPIC
from server.broker.files import SERVER_USER, worker_user
from tests.services import Station

if TYPE_CHECKING:
    from collections.abc import Callable

    from faults.table import Row

NAME: Final = "a kiosk on every topic of the broker"
UP: Final = ("batch", "diagnostics", "hello", "result", "state")
DOWN: Final = ("ack", "command", "daykeys", "notice", "renewal", "settings")
WAIT_S: Final = 20.0


def run(rounds: int, done: Callable[[int], None]) -> Row:
    """Let a kiosk say and hear everything in each round; what may be delivered is, and nothing else."""
    with Centre() as centre, ExitStack() as stack:
        own, other = centre.add_kiosks(2)
        centre.start_broker()
        password, ca = centre.server.keys.broker_password.reveal(), centre.server.broker_ca
        watcher = stack.enter_context(Station(centre.port, worker_user(1), password, ca))
        watcher.subscribe(f"{ROOT}/#")
        topics = [*(f"{ROOT}/k/{kiosk}/{kind}" for kiosk in (own.id, other.id) for kind in (*UP, *DOWN)), SERVER_STATE_TOPIC]
        delivered = missing = 0
        for number in range(rounds):
            with Station(centre.port, own.id, own.credential, ca) as kiosk:
                said = _say(kiosk, watcher, topics, b"said %d" % number, f"{ROOT}/k/{own.id}/hello")
                heard = _say(watcher, kiosk, topics, b"told %d" % number, SERVER_STATE_TOPIC, subscribe=[*topics, f"{ROOT}/#", "#"])
            may_say, may_hear = _own(own.id, UP), _own(own.id, DOWN) | {SERVER_STATE_TOPIC}
            if odd := (said - may_say) | (heard - may_hear):
                raise HouseError(f"{NAME}: round {number}: {sorted(odd)} were delivered and may not be")
            delivered += len(said) + len(heard)
            missing += len(may_say - said) + len(may_hear - heard)
            done(number + 1)
        for user, credential in ((own.id, "wrong"), ("exit-unknown-1", own.credential), (SERVER_USER, own.credential)):
            _refused(centre, user, credential)
        return survived(NAME, rounds=rounds, acknowledged=delivered, lost=missing)


def _say(  # noqa: PLR0913 - who says what to whom
    speaker: Station, hearer: Station, topics: list[str], payload: bytes, last: str, *, subscribe: list[str] | None = None
) -> set[str]:
    """Say the same on each topic, and on one that is delivered a last word; give the topics on which it was delivered by then."""
    if subscribe is not None:
        hearer.subscribe(*subscribe)
    for topic in topics:
        speaker.publish_soon(topic, payload)
    speaker.publish(last, payload + b" end")
    wait_for(lambda: payload + b" end" in hearer.payloads(last), f"a last word on {last}", WAIT_S)
    return {topic for topic, content, _ in list(hearer.received) if content == payload}


def _own(kiosk: str, kinds: tuple[str, ...]) -> set[str]:
    return {f"{ROOT}/k/{kiosk}/{kind}" for kind in kinds}


def _refused(centre: Centre, user: str, credential: str) -> None:
    with Station(centre.port, user, credential, centre.server.broker_ca) as stranger:
        wait_for(lambda: stranger.failure or stranger.is_connected(), f"an answer to {user}", WAIT_S)
        if stranger.is_connected():
            raise HouseError(f"{NAME}: {user} was let in")


FAULTS: Final = (Fault(name=NAME, test=3, usual=20, full=500, run=run),)
