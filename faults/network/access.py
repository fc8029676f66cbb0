"""Who says and hears what at the broker: a kiosk and a queue's key on every topic, retained and as a will too; by what is delivered."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Final, NamedTuple

from demo.house import HouseError, wait_for
from faults.network.centre import SITE, Centre
from faults.table import Fault, survived
from feedback.wire import ROOT, SERVER_STATE_TOPIC
from server.app import now_ms
from server.broker.files import SERVER_USER, hash_password, queue_user, worker_user
from server.db.engine import writing
from server.queue.keys import add_key
from tests.services import Station

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from faults.table import Row

NAME: Final = "a kiosk and a queue's key on every topic of the broker"
QUEUE: Final = "hall"
WILLS: Final = 6
"""Every so many rounds each topic is one's last will."""
UP: Final = ("batch", "diagnostics", "hello", "result", "state")
DOWN: Final = ("ack", "command", "daykeys", "notice", "renewal", "settings")
WAIT_S: Final = 20.0


class User(NamedTuple):
    """One who is not trusted: its name and credential, the topics on which it may speak and hear, and one of the first."""

    name: str
    credential: str
    may_say: set[str]
    may_hear: set[str]
    own: str


def run(rounds: int, done: Callable[[int], None]) -> Row:
    """Let a kiosk and a queue's key say and hear everything in each round; what may be delivered is, and nothing else."""
    with Centre() as centre, ExitStack() as stack:
        own, other = centre.add_kiosks(2)
        with writing(centre.engine) as connection:
            key = add_key(connection, QUEUE, SITE, hash_password=hash_password, now_ms=now_ms()).reveal()
        centre.start_broker()
        password, ca = centre.server.keys.broker_password.reveal(), centre.server.broker_ca
        watcher = stack.enter_context(Station(centre.port, worker_user(1), password, ca))
        watcher.subscribe(f"{ROOT}/#")
        queues = [f"{ROOT}/queue/{name}/tickets" for name in (QUEUE, "another")]
        kiosks = [f"{ROOT}/k/{kiosk}/{kind}" for kiosk in (own.id, other.id) for kind in (*UP, *DOWN)]
        topics = [*kiosks, *queues, SERVER_STATE_TOPIC]
        users = (
            User(own.id, own.credential, _own(own.id, UP), _own(own.id, DOWN) | {SERVER_STATE_TOPIC}, f"{ROOT}/k/{own.id}/hello"),
            User(queue_user(QUEUE), key, {queues[0]}, {SERVER_STATE_TOPIC}, queues[0]),
        )
        delivered = missing = 0
        for number in range(rounds):
            for user in users:
                for said, may in _try(centre, user, watcher, topics, number):
                    if odd := said - may:
                        raise HouseError(f"{NAME}: round {number}: {sorted(odd)} of {user.name} were delivered and may not be")
                    delivered += len(said)
                    missing += len(may - said)
            done(number + 1)
        for user, credential in ((own.id, "wrong"), ("exit-unknown-1", own.credential), (SERVER_USER, own.credential), ("", "")):
            _refused(centre, user, credential)
        return survived(NAME, rounds=rounds, acknowledged=delivered, lost=missing)


def _try(centre: Centre, user: User, watcher: Station, topics: list[str], number: int) -> Iterator[tuple[set[str], set[str]]]:
    """Say everything at once, retained and as a last will, and hear everything; give each time what was delivered and what may be."""
    ca = centre.server.broker_ca
    with Station(centre.port, user.name, user.credential, ca) as station:
        wait_for(station.is_connected, f"a connection of {user.name}", WAIT_S)
        yield _say(station, watcher, topics, b"said %d to %s" % (number, user.name.encode()), user.own), user.may_say
        yield _kept(centre, station, topics, b"kept %d to %s" % (number, user.name.encode())), user.may_say
        watched = [*topics, f"{ROOT}/#", "#"]
        yield (
            _say(watcher, station, topics, b"told %d to %s" % (number, user.name.encode()), SERVER_STATE_TOPIC, subscribe=watched),
            user.may_hear,
        )
    for topic in topics[number % WILLS :: WILLS]:
        yield _will(centre, user, watcher, topic, b"will %d to %s" % (number, user.name.encode())), {topic} & user.may_say


def _kept(centre: Centre, speaker: Station, topics: list[str], payload: bytes) -> set[str]:
    """Say the same on each topic, to be kept for who comes later; give the topics on which it is, and take it back."""
    speaker.publish_all(topics, payload, retain=True)
    with Station(centre.port, worker_user(2), centre.server.keys.broker_password.reveal(), centre.server.broker_ca) as later:
        wait_for(later.is_connected, "who comes later", WAIT_S)
        later.subscribe(f"{ROOT}/#")
        later.publish(SERVER_STATE_TOPIC, payload + b" end")  # what is kept comes before it
        wait_for(lambda: payload + b" end" in later.payloads(SERVER_STATE_TOPIC), "a last word", WAIT_S)
        found = {topic for topic, content, kept in list(later.received) if kept and content == payload}
        later.publish_all(sorted(found), b"", retain=True)
    return found


def _will(centre: Centre, user: User, watcher: Station, topic: str, payload: bytes) -> set[str]:
    """Die with a last will for a topic; give the topic if it was delivered."""
    with Station(centre.port, user.name, user.credential, centre.server.broker_ca, will=(topic, payload)) as dying:
        wait_for(lambda: dying.is_connected() or dying.failure, "an answer", WAIT_S)
        with Station(centre.port, user.name, user.credential, centre.server.broker_ca) as same:  # the broker ends the first one's session
            wait_for(same.is_connected, "the second connection", WAIT_S)
            same.publish(user.own, payload + b" end")
            wait_for(lambda: payload + b" end" in watcher.payloads(user.own), "a last word", WAIT_S)
    found = {topic} if payload in watcher.payloads(topic) else set()
    watcher.publish_all(sorted(found), b"", retain=True)
    return found


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


FAULTS: Final = (Fault(name=NAME, test=1, usual=6, full=18, run=run),)
