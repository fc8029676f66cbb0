"""Claims and what they open: one kiosk, once, whoever guesses, races or asks again."""

from __future__ import annotations

import random
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec
import pytest
from nacl.public import PrivateKey, SealedBox
from nacl.signing import VerifyKey
from sqlalchemy import select, update

from feedback.claims import Claim, claim_of
from feedback.enrolment import Admission, Claiming, Refused, open_admission
from feedback.wire import WireError
from server.db.engine import reading, writing
from server.db.schema import claims, kiosks
from server.errors import RegistryError
from server.fleet.claims import WEEK_MS, Standing, list_claims, withdraw
from server.fleet.enrolment import Enrolment
from server.keys import load_keys
from server.registry.kiosks import Wish, add_kiosk, list_kiosks, remove_kiosk
from tests.server.kit import KIOSK, MORNING, OTHER

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sqlalchemy import Engine

    from server.fleet.claims import NewClaim

LATER = MORNING + 60_000


@pytest.fixture
def enrolment(engine: Engine, tmp_path: Path) -> Enrolment:
    keys = load_keys(tmp_path / "server")
    return Enrolment(engine=engine, keys=keys, ca="PEM", host="broker.example", port=8883, hash_password=lambda text: f"hash of {text}")


class Terminal:
    """A kiosk that enrols, with a key of its own."""

    def __init__(self, enrolment: Enrolment, secret: str) -> None:
        self.enrolment, self.secret = enrolment, secret
        self.private = PrivateKey.generate()
        self.public = bytes(self.private.public_key).hex()

    @property
    def claiming(self) -> Claiming:
        return Claiming(self.secret, self.public, "vidhuk 0")

    def ask(self, at_ms: int = LATER) -> Admission:
        sealed = SealedBox(self.enrolment.keys.sealing.public_key).encrypt(msgspec.json.encode(self.claiming))
        answer = self.enrolment.answer(self.enrolment.read(sealed), at_ms)
        admission = open_admission(SealedBox(self.private).decrypt(answer.box), self.public, self.is_signed)
        assert admission.refused == (answer.refused or "")
        return admission

    def is_signed(self, content: bytes, signature: bytes) -> bool:
        return bool(VerifyKey(bytes.fromhex(self.enrolment.identity.signing_key)).verify(content, signature))


def invited(enrolment: Enrolment, *, name: str = "hall-new-1", desk: str | None = "main-2", within_ms: int = WEEK_MS) -> NewClaim:
    with writing(enrolment.engine) as connection:
        wish = Wish(name=name, site="main", desk=desk)
        return enrolment.inviter.invite(connection, wish, within_ms=within_ms, now_ms=MORNING)


def invited_again(enrolment: Enrolment, kiosk: str = KIOSK) -> NewClaim:
    with writing(enrolment.engine) as connection:
        return enrolment.inviter.invite_again(connection, kiosk, within_ms=WEEK_MS, now_ms=MORNING)


def standings(engine: Engine, at_ms: int = LATER) -> list[Standing]:
    with reading(engine) as connection:
        return [line.standing for line in list_claims(connection, at_ms)]


def password_of(engine: Engine, kiosk: str) -> str:
    with reading(engine) as connection:
        return str(connection.execute(select(kiosks.c.password).where(kiosks.c.id == kiosk)).scalar_one())


def test_a_claim_opens_one_place_and_is_used(enrolment: Enrolment) -> None:
    made = invited(enrolment)
    assert claim_of(made.claim.code.lower()) == made.claim
    assert made.claim.is_for(enrolment.identity)
    with reading(enrolment.engine) as connection:
        assert "hall-new-1" not in {kiosk.id for kiosk in list_kiosks(connection)}, "a kiosk is there once it has come"
    admission = Terminal(enrolment, made.claim.secret_hex).ask()
    assert (admission.kiosk, admission.host, admission.port) == ("hall-new-1", "broker.example", 8883)
    assert password_of(enrolment.engine, "hall-new-1") == f"hash of {admission.credential}"
    with reading(enrolment.engine) as connection:
        (line,) = list_claims(connection, LATER)
        assert (line.standing, line.kiosk, line.used_ms, line.desk) == (Standing.USED, "hall-new-1", LATER, "010")
        place = {kiosk.id: (kiosk.site, kiosk.desk) for kiosk in list_kiosks(connection)}["hall-new-1"]
    assert place == ("main", "main-2")


def test_nothing_that_is_kept_holds_the_code_or_the_credential(enrolment: Enrolment) -> None:
    made = invited(enrolment)
    admission = Terminal(enrolment, made.claim.secret_hex).ask()
    with reading(enrolment.engine) as connection:
        (row,) = connection.execute(select(claims))
    kept = repr(tuple(row))
    for secret in (made.claim.code, made.claim.secret_hex, str(made.claim.secret), admission.credential):
        assert secret not in kept
    assert admission.credential.encode() not in bytes(row.answer)


def test_another_server_is_known_by_its_fingerprint(enrolment: Enrolment, tmp_path: Path) -> None:
    claim = invited(enrolment).claim
    other = replace(enrolment, keys=load_keys(tmp_path / "other"))
    for identity in (other.identity, replace(enrolment, ca="other PEM").identity):
        assert not claim.is_for(identity)
    with pytest.raises(WireError, match="not sealed to this server"):
        other.read(SealedBox(enrolment.keys.sealing.public_key).encrypt(b"x"))


def test_a_lost_answer_is_given_again_to_the_same_key_alone(enrolment: Enrolment) -> None:
    secret = invited(enrolment).claim.secret_hex
    kiosk, thief = Terminal(enrolment, secret), Terminal(enrolment, secret)
    first = kiosk.ask()
    assert thief.ask().refused == Refused.USED
    assert kiosk.ask(LATER + 1000) == first
    assert password_of(enrolment.engine, first.kiosk) == f"hash of {first.credential}"
    assert kiosk.ask(MORNING + WEEK_MS).refused == Refused.USED


def test_what_is_late_or_withdrawn_opens_nothing(enrolment: Enrolment) -> None:
    late, taken_back = invited(enrolment, name="late-kiosk", within_ms=1000), invited(enrolment)
    with writing(enrolment.engine) as connection:
        withdraw(connection, taken_back.number, LATER)
        with pytest.raises(RegistryError, match="not open"):
            withdraw(connection, taken_back.number, LATER)
    assert Terminal(enrolment, late.claim.secret_hex).ask().refused == Refused.EXPIRED
    assert Terminal(enrolment, taken_back.claim.secret_hex).ask().refused == Refused.WITHDRAWN
    assert standings(enrolment.engine) == [Standing.WITHDRAWN, Standing.EXPIRED]
    assert standings(enrolment.engine, MORNING) == [Standing.WITHDRAWN, Standing.OPEN]


def test_a_later_invitation_for_the_same_place_withdraws_the_earlier_one(enrolment: Enrolment) -> None:
    lost, second = invited(enrolment, name="Вихід"), invited(enrolment, name="Вихід")
    assert Terminal(enrolment, lost.claim.secret_hex).ask().refused == Refused.WITHDRAWN
    assert Terminal(enrolment, second.claim.secret_hex).ask().kiosk == second.kiosk
    assert standings(enrolment.engine) == [Standing.USED, Standing.WITHDRAWN]


def test_a_replacement_takes_the_place_and_cuts_off_what_was_there(enrolment: Enrolment) -> None:
    old = password_of(enrolment.engine, KIOSK)
    made = invited_again(enrolment)
    assert password_of(enrolment.engine, KIOSK) == old, "nothing is cut off before the invitation is used"
    first = Terminal(enrolment, made.claim.secret_hex).ask()
    assert first.kiosk == KIOSK
    assert password_of(enrolment.engine, KIOSK) == f"hash of {first.credential}"
    second = Terminal(enrolment, invited_again(enrolment).claim.secret_hex).ask()
    assert second.number > first.number, "also where the clock stands still"
    assert second.credential != first.credential


def test_a_name_that_is_taken_uses_up_nothing(enrolment: Enrolment) -> None:
    new = invited(enrolment)
    rival = invited(enrolment, name="hall-new-1", desk=None)  # withdraws `new`
    assert Terminal(enrolment, new.claim.secret_hex).ask().refused == Refused.WITHDRAWN
    with writing(enrolment.engine) as connection:
        add_kiosk(connection, Wish(name="hall-new-1", site="main", desk=None), hash_password=str, now_ms=LATER)
    assert Terminal(enrolment, rival.claim.secret_hex).ask().refused == Refused.TAKEN
    assert standings(enrolment.engine) == [Standing.OPEN, Standing.WITHDRAWN]


def test_a_removal_withdraws_what_was_open_for_that_kiosk_alone(enrolment: Enrolment) -> None:
    again, other, new = invited_again(enrolment), invited_again(enrolment, OTHER), invited(enrolment)
    with writing(enrolment.engine) as connection:
        remove_kiosk(connection, KIOSK, now_ms=LATER)
        add_kiosk(connection, Wish(name=KIOSK, site="main", desk=None), hash_password=str, now_ms=LATER)
    password = password_of(enrolment.engine, KIOSK)
    assert Terminal(enrolment, again.claim.secret_hex).ask().refused == Refused.WITHDRAWN
    assert password_of(enrolment.engine, KIOSK) == password, "the next one of its name stays what it is"
    assert standings(enrolment.engine) == [Standing.OPEN, Standing.OPEN, Standing.WITHDRAWN]
    assert Terminal(enrolment, other.claim.secret_hex).ask().kiosk == OTHER
    assert Terminal(enrolment, new.claim.secret_hex).ask().kiosk == "hall-new-1"


def test_an_invitation_to_enrol_again_is_for_that_very_kiosk(enrolment: Enrolment) -> None:
    again = invited_again(enrolment)
    with writing(enrolment.engine) as connection:  # another of the same name, whose coming withdrew nothing
        connection.execute(update(kiosks).where(kiosks.c.id == KIOSK).values(created_ms=LATER))
    password = password_of(enrolment.engine, KIOSK)
    assert Terminal(enrolment, again.claim.secret_hex).ask().refused == Refused.TAKEN
    assert password_of(enrolment.engine, KIOSK) == password
    assert standings(enrolment.engine) == [Standing.OPEN], "nothing is used up"


def test_who_cannot_be_invited(enrolment: Enrolment) -> None:
    with pytest.raises(RegistryError, match="already"):
        invited(enrolment, name=KIOSK)
    with pytest.raises(RegistryError, match="no desk"):
        invited(enrolment, desk="hall-1")
    with pytest.raises(RegistryError, match="did you mean"):
        invited_again(enrolment, KIOSK[:-1])
    with pytest.raises(RegistryError, match="1 to 90 days"):
        invited(enrolment, within_ms=0)


@pytest.mark.parametrize("winners", [2, 8])
def test_of_kiosks_that_race_exactly_one_wins(make_engine: Callable[[], Engine], tmp_path: Path, winners: int) -> None:
    engine = make_engine()
    keys = load_keys(tmp_path / "server")
    enrolment = Enrolment(engine=engine, keys=keys, ca="PEM", host="h", port=1, hash_password=str)
    for round_ in range(3):
        secret = invited(enrolment, name=f"racer-{round_}-x").claim.secret_hex
        racers = [Terminal(enrolment, secret) for _ in range(winners)]
        start, found = threading.Barrier(winners), list[Admission]()

        def race(racer: Terminal, start: threading.Barrier = start, found: list[Admission] = found) -> None:
            start.wait(10)
            found.append(racer.ask())

        threads = [threading.Thread(target=race, args=(racer,)) for racer in racers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(one.refused for one in found) == ["", *[Refused.USED] * (winners - 1)]
        (won,) = [one for one in found if not one.refused]
        assert password_of(engine, f"racer-{round_}-x") == won.credential


def guess(enrolment: Enrolment, times: int, near: Claim) -> int:
    """Guess at random, and around a secret that is there; how many came in."""
    numbers, opened = random.Random(7), 0
    public = Terminal(enrolment, "").public
    for turn in range(times):
        secret = numbers.getrandbits(55) if turn % 2 else near.secret ^ (1 << numbers.randrange(55))
        opened += enrolment.answer(Claiming(f"{secret:014x}", public), LATER).refused is None
    return opened


@pytest.mark.parametrize("make_engine", ["sqlite"], indirect=True)  # guessing asks the same of either database
def test_ten_thousand_guesses_open_nothing_and_the_right_code_still_does(enrolment: Enrolment) -> None:
    made = invited(enrolment)
    assert guess(enrolment, 10_000, made.claim) == 0
    assert Terminal(enrolment, made.claim.secret_hex).ask().kiosk == "hall-new-1"


@pytest.mark.parametrize(
    "asked",
    [
        {"secret": "0" * 13, "public_key": "ab" * 32},
        {"secret": "0" * 14, "public_key": "ab" * 31},
        {"secret": "0" * 14, "public_key": "00" * 32},
        {"secret": "0" * 14, "public_key": "AB" * 32},
        {"secret": 1, "public_key": "ab" * 32},
        {"secret": "0" * 14, "public_key": "ab" * 32, "v": 2},
        [],
    ],
)
def test_what_is_no_question_of_a_kiosk_is_refused(enrolment: Enrolment, asked: object) -> None:
    with pytest.raises(WireError):
        enrolment.read(SealedBox(enrolment.keys.sealing.public_key).encrypt(msgspec.json.encode(asked)))


def test_a_digest_depends_on_its_purpose_and_on_the_server(enrolment: Enrolment, tmp_path: Path) -> None:
    keys, others = enrolment.keys, load_keys(tmp_path / "other")
    assert len({keys.digest("claim", b"x"), keys.digest("other", b"x"), keys.digest("claim", b"y"), others.digest("claim", b"x")}) == 4
