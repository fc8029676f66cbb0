"""A credential that is taken back while it is in use, removed or renewed: it is cut off, and nothing passes any more either way."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING, Final

from nacl.public import PrivateKey
from sqlalchemy import update

from demo.house import HouseError, wait_for
from faults.network.access import DOWN, UP
from faults.network.centre import SITE, Centre
from faults.network.counting import count, round_of
from faults.table import Fault
from feedback.wire import ROOT, ack_topic
from kiosk import identity
from kiosk.identity import Identity, Known
from server.app import make_renewals, now_ms
from server.broker.files import hash_password, worker_user
from server.db import schema
from server.db.engine import reading, writing
from server.fleet.renewals import credential_of
from server.registry.kiosks import Wish, add_kiosk, remove_kiosk
from tests.services import Station

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from random import Random

    from faults.network.kiosk import VotingKiosk
    from faults.table import Row

log = logging.getLogger(__name__)

REMOVED: Final = "a removed kiosk is cut off within 10 s, and nothing passes"
RENEWED: Final = "a renewed credential: the old one is cut off within 10 s"
WITHIN_S: Final = 10.0
DRAIN_S: Final = 60.0
BEFORE: Final = b"told before the cut"
TOLD: Final = b"told after the cut"
SAID: Final = b"said after the cut"


def remove(rounds: int, done: Callable[[int], None]) -> Row:
    """In each round let a kiosk deliver, take its credential to a connection that stays, remove it, and add another of its name."""
    longest = 0.0
    with Centre() as centre:
        centre.start()
        for number in range(rounds):
            with round_of(REMOVED, number) as random:
                (kiosk,) = centre.add_kiosks(1)
                _deliver(centre, kiosk, random)
                kiosk.stop_delivery()
                longest = max(longest, _remove(centre, kiosk))
                _add_again(centre, kiosk)
            done(number + 1)
        log.info("the slowest was cut off after %.1f s", longest)
        return count(centre).row(REMOVED, rounds)


def renew(rounds: int, done: Callable[[int], None]) -> Row:
    """In each round let a kiosk store a new credential, and somebody else use the old one from then on; the kiosk goes on delivering."""
    longest = 0.0
    with Centre() as centre:
        centre.start()
        for number in range(rounds):
            with round_of(RENEWED, number) as random:
                (kiosk,) = centre.add_kiosks(1)
                _enrol(centre, kiosk)
                _deliver(centre, kiosk, random)
                _renew(centre, kiosk)
                began = monotonic()
                kiosk.stop_delivery()
                with _thief(centre, kiosk, kiosk.credential) as thief:
                    longest = max(longest, _cut_off(thief, kiosk.id, began))
                    _nothing_passes(centre, thief, kiosk.id)
                _deliver(centre, kiosk, random)
                kiosk.stop_delivery()
            done(number + 1)
        log.info("the slowest was cut off after %.1f s", longest)
        return count(centre).row(RENEWED, rounds)


@contextmanager
def _server(centre: Centre) -> Iterator[Station]:
    """Give one who hears everything at the broker and may say everything."""
    with Station(centre.port, worker_user(9), centre.server.keys.broker_password.reveal(), centre.server.broker_ca) as server:
        wait_for(server.is_connected, "the server at the broker")
        server.subscribe(f"{ROOT}/k/#")
        yield server


def _thief(centre: Centre, kiosk: VotingKiosk, credential: str) -> Station:
    """Use a kiosk's credential for a session that the broker is to keep; who is refused tries again each second."""
    return Station(centre.port, kiosk.id, credential, centre.server.broker_ca, clean=False)


def _deliver(centre: Centre, kiosk: VotingKiosk, random: Random) -> None:
    kiosk.start_delivery()
    kiosk.vote(random, 3)
    if not centre.drain(DRAIN_S, (kiosk,)):
        raise HouseError("a kiosk that is in the registry does not deliver")


def _remove(centre: Centre, kiosk: VotingKiosk) -> float:
    """Remove a kiosk whose session hears; give the seconds until it is cut off for good."""
    with _thief(centre, kiosk, kiosk.credential) as thief:
        wait_for(thief.is_connected, "the kiosk at the broker")
        thief.subscribe(*(f"{ROOT}/k/{kiosk.id}/{kind}" for kind in DOWN))
        with _server(centre) as server:
            server.publish(ack_topic(kiosk.id), BEFORE)
        wait_for(lambda: BEFORE in thief.payloads(ack_topic(kiosk.id)), "what is said before the cut")
        began = monotonic()
        with writing(centre.engine) as connection:
            remove_kiosk(connection, kiosk.id, now_ms=now_ms())
        took = _cut_off(thief, kiosk.id, began)
        _nothing_passes(centre, thief, kiosk.id)
    return took


def _cut_off(thief: Station, user: str, began: float) -> float:
    wait_for(lambda: thief.failure or monotonic() - began > WITHIN_S, "the cut", 2 * WITHIN_S)
    took = monotonic() - began
    if not thief.failure or thief.is_connected():
        raise HouseError(f"the credential of {user} was taken back {took:.1f} s ago and is still let in")
    return took


def _nothing_passes(centre: Centre, thief: Station, kiosk: str) -> None:
    """Let both say something on every topic of the kiosk, and the thief try once more to be let in: none of it may arrive."""
    with _server(centre) as server:
        for kind in UP:
            thief.publish_soon(f"{ROOT}/k/{kiosk}/{kind}", SAID)
        for kind in DOWN:
            server.publish(f"{ROOT}/k/{kiosk}/{kind}", TOLD)
        before = thief.refusals
        wait_for(lambda: thief.refusals > before or thief.is_connected(), "another try", WITHIN_S)
        server.publish(ack_topic(kiosk), TOLD + b" at last")
        wait_for(lambda: TOLD + b" at last" in server.payloads(ack_topic(kiosk)), "a last word")
        _require_none(thief, TOLD, f"{kiosk} was delivered what was said after the cut")
        _require_none(server, SAID, f"{kiosk} was heard after the cut")


def _add_again(centre: Centre, kiosk: VotingKiosk) -> None:
    """Add another kiosk of the same name, which asks for the session of the first: nothing of that may come, and the first stays out."""
    with writing(centre.engine) as connection:
        wish = Wish(name=kiosk.id, site=SITE, desk=None)
        fresh = add_kiosk(connection, wish, hash_password=hash_password, now_ms=now_ms()).credential.reveal()
    with _server(centre) as server, _thief(centre, kiosk, fresh) as new:
        wait_for(new.is_connected, "the kiosk that was added again", WITHIN_S)
        new.subscribe(ack_topic(kiosk.id))
        server.publish(ack_topic(kiosk.id), b"welcome")
        wait_for(lambda: b"welcome" in new.payloads(ack_topic(kiosk.id)), "what the new one is told")
        _require_none(new, TOLD, f"the new {kiosk.id} was delivered what was said to the removed one")
    with _thief(centre, kiosk, kiosk.credential) as old:
        wait_for(lambda: old.failure or old.is_connected(), "an answer", WITHIN_S)
        if old.is_connected():
            raise HouseError(f"the credential of the removed {kiosk.id} is let in again")


def _require_none(station: Station, words: bytes, complaint: str) -> None:
    found = sorted({topic for topic, payload, _ in list(station.received) if payload.startswith(words)})
    if found:
        raise HouseError(f"{complaint}: {', '.join(found)}")


def _enrol(centre: Centre, kiosk: VotingKiosk) -> None:
    """Leave at both ends what enrolling does: the kiosk's public key, and its identity with the credential on its card."""
    private, number, keys = PrivateKey.generate(), now_ms(), centre.server.keys
    with writing(centre.engine) as connection:
        values = {"public_key": bytes(private.public_key).hex(), "identity": number}
        connection.execute(update(schema.kiosks).where(schema.kiosks.c.id == kiosk.id).values(**values))
    known = Known(kiosk.id, "127.0.0.1", centre.port, keys.signing_public, keys.sealing_public, centre.server.broker_ca)
    identity.write(kiosk.folder, Identity(known, bytes(private).hex(), (kiosk.credential,), number))


def _renew(centre: Centre, kiosk: VotingKiosk) -> None:
    """Give a connected kiosk a new credential; over when it has said that it has stored it."""
    with writing(centre.engine) as connection:
        make_renewals(centre.server).renew(connection, kiosk.id, now_ms())

    def is_waiting() -> bool:
        with reading(centre.engine) as connection:
            return credential_of(connection, kiosk.id).is_waiting

    wait_for(lambda: not is_waiting(), "a kiosk that has stored its new credential", DRAIN_S)


FAULTS: Final = (
    Fault(name=REMOVED, test=1, usual=3, full=20, run=remove),
    Fault(name=RENEWED, test=0, usual=3, full=20, run=renew),
)
