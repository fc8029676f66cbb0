"""Claim codes guessed and raced for: no guess opens a place, and of two kiosks with one code one gets in."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from nacl.public import PrivateKey

from demo.house import HouseError
from faults.network.centre import SITE, Centre
from faults.network.counting import round_of
from faults.table import Fault, survived
from feedback.enrolment import Claiming, Refused
from server.app import make_enrolment, now_ms
from server.db.engine import writing
from server.fleet.claims import WEEK_MS
from server.registry.kiosks import Wish

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from faults.table import Row
    from feedback.claims import Claim
    from server.fleet.enrolment import Answer, Enrolment

NAME: Final = "claim codes guessed"
GROUP: Final = 1_000
RACERS: Final = 4


def run(rounds: int, done: Callable[[int], None]) -> Row:
    """Guess so often, half of the guesses one bit beside the code; after each thousand the code is raced for."""
    with Centre() as centre:
        enrolment, admitted = make_enrolment(centre.server), 0
        for number in range(0, rounds, GROUP):
            claim = _invite(enrolment, f"guessed-{number:08}")
            with round_of(NAME, number) as random:
                for turn in range(min(GROUP, rounds - number)):
                    if _ask(enrolment, _guess(random, claim, turn)).refused is None:
                        raise HouseError("a guess was let in")
            answers = _race(enrolment, claim)
            if sorted(answer.refused or "" for answer in answers) != ["", *[Refused.USED] * (RACERS - 1)]:
                raise HouseError(f"{[answer.refused for answer in answers]} of {RACERS} with one code")
            admitted += 1
            done(min(number + GROUP, rounds))
        return survived(NAME, rounds=rounds, acknowledged=admitted)


def _invite(enrolment: Enrolment, name: str) -> Claim:
    with writing(enrolment.engine) as connection:
        return enrolment.inviter.invite(connection, Wish(name=name, site=SITE, desk=None), within_ms=WEEK_MS, now_ms=now_ms()).claim


def _guess(random: Random, claim: Claim, turn: int) -> str:
    secret = random.getrandbits(55) if turn % 2 else claim.secret ^ (1 << random.randrange(55))
    return f"{secret:014x}"


def _ask(enrolment: Enrolment, secret: str) -> Answer:
    return enrolment.answer(Claiming(secret, bytes(PrivateKey.generate().public_key).hex()), now_ms())


def _race(enrolment: Enrolment, claim: Claim) -> list[Answer]:
    answers: list[Answer] = []
    start = threading.Barrier(RACERS)

    def race() -> None:
        start.wait(30)
        answers.append(_ask(enrolment, claim.secret_hex))

    threads = [threading.Thread(target=race) for _ in range(RACERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


FAULTS: Final = (Fault(name=NAME, test=1000, usual=10_000, full=100_000, run=run),)
