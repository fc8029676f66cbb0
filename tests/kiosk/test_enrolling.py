"""A kiosk that enrols: what it shows to whom, what it keeps, and what a man in the middle can do about it."""

from __future__ import annotations

import os
import queue
import stat
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from nacl.public import PrivateKey, PublicKey, SealedBox
from nacl.signing import SigningKey

from feedback.claims import Claim, Invitation, ServerIdentity, fingerprint_of, qr_text
from feedback.enrolment import PATH, Admission, Claiming, Sealed, decode, sign_admission
from kiosk import identity, requests_to_enrol
from kiosk.config import parse
from kiosk.errors import EnrolmentError, Fault, Outcome
from kiosk.identity import Identity, Known
from kiosk.membership import Membership
from kiosk.requests_to_enrol import Request, attempt_in
from kiosk.sync import claiming
from kiosk.sync.enroller import Enroller
from kiosk.sync.http import ExchangeError
from tests.kiosk.support import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

ADDRESS = "http://192.0.2.7:8080"


class Office:
    """A server's end of enrolment, in memory: one place, for whoever comes first with the secret."""

    def __init__(self, seed: int = 1) -> None:
        self.signing = SigningKey(bytes([seed]) * 32)
        self.sealing = PrivateKey(bytes([seed]) * 32)
        self.identity = ServerIdentity(bytes(self.signing.verify_key).hex(), bytes(self.sealing.public_key).hex(), "")
        self.claim = Claim(4711, fingerprint_of(4711, self.identity))
        self.taken_by = ""
        self.refused = ""
        self.asked: list[Claiming] = []
        self.lose_answers = 0

    def ask(self, url: str, send: bytes | None = None) -> tuple[int, bytes]:
        assert url.endswith(PATH)
        if send is None:
            return 200, msgspec.json.encode(self.identity)
        asked = decode(SealedBox(self.sealing).decrypt(decode(send, Sealed).box), Claiming)
        self.asked.append(asked)
        answer = self.admit(asked)
        if self.lose_answers:
            self.lose_answers -= 1
            raise ExchangeError("lost")
        return 200, self.sealed(answer)

    def admit(self, asked: Claiming) -> Admission:
        refused = self.refused or ("unknown" if asked.secret != self.claim.secret_hex else "")
        if not refused and self.taken_by not in {"", asked.public_key}:
            refused = "used"
        if refused:
            return Admission(asked.public_key, refused=refused)
        self.taken_by = asked.public_key
        return Admission(asked.public_key, "exit-sample-9", 1000, "broker.example", 8883, "credential of exit-sample-9")

    def sealed(self, admission: Admission, signing: SigningKey | None = None, to: str = "") -> bytes:
        key = signing or self.signing
        content = sign_admission(admission, lambda data: key.sign(data).signature)
        return msgspec.json.encode(Sealed(SealedBox(PublicKey(bytes.fromhex(to or admission.public_key))).encrypt(content)))


@pytest.fixture
def office() -> Office:
    return Office()


def invitation(office: Office, server: str = ADDRESS) -> Invitation:
    return Invitation(office.claim, server)


def enrol(data_dir: Path, office: Office, ask: Any = None, before: Identity | None = None, server: str = ADDRESS) -> Identity:
    return claiming.enrol(data_dir, invitation(office, server), before, ask or office.ask)


def outcome_of(data_dir: Path, office: Office, ask: Any = None) -> Outcome:
    with pytest.raises(EnrolmentError) as caught:
        enrol(data_dir, office, ask)
    return caught.value.outcome


# --- one try -------------------------------------------------------------------------------------------------------------


def test_a_claim_gives_an_identity(data_dir: Path, office: Office) -> None:
    found = enrol(data_dir, office)
    assert found.known == Known("exit-sample-9", "broker.example", 8883, office.identity.signing_key, office.identity.sealing_key, "")
    assert (found.credentials, found.number, found.claims) == (("credential of exit-sample-9",), 1000, (office.claim.digest,))
    assert bytes(PrivateKey(bytes.fromhex(found.private_key)).public_key).hex() == office.taken_by


def test_who_is_not_the_server_of_the_code_is_shown_nothing(data_dir: Path, office: Office) -> None:
    stranger = Office(2)
    assert outcome_of(data_dir, office, stranger.ask) is Outcome.STRANGER
    assert stranger.asked == []
    assert not (data_dir / claiming.KEY_FILE).exists()


@pytest.mark.parametrize("keys", ["00" * 32, "zz" * 32, "aa"])
def test_keys_by_which_nothing_can_be_done_are_no_server(data_dir: Path, office: Office, keys: str) -> None:
    broken = ServerIdentity(keys, keys, "")
    office.claim = Claim(1, fingerprint_of(1, broken))
    assert outcome_of(data_dir, office, lambda _url, _send=None: (200, msgspec.json.encode(broken))) is Outcome.STRANGER


def test_in_the_middle_nothing_is_learnt_and_nothing_forged(data_dir: Path, office: Office) -> None:
    """Whoever carries the messages may read, change, repeat and answer: none of it gives the secret, or another identity."""
    carried: list[bytes] = []
    middle = Office(3)

    def tap(url: str, send: bytes | None = None) -> tuple[int, bytes]:
        status, answer = office.ask(url, send)
        carried.extend([send or b"", answer])
        return status, answer

    found = enrol(data_dir, office, tap)
    secrets = (office.claim.secret_hex, str(office.claim.secret), office.claim.code, found.credentials[0], found.private_key)
    assert not [secret for secret in secrets for part in carried if secret.encode() in part]
    public, forged = office.taken_by, Admission(office.taken_by, "evil-kiosk", 1, "evil.example", 1883, "x")
    answers = (
        middle.sealed(forged),  # signed by another
        office.sealed(msgspec.structs.replace(forged, public_key="ab" * 32), to=public),  # meant for another kiosk
        b'{"box": "AAAA"}',
        b"",
        msgspec.json.encode(Sealed(SealedBox(PublicKey(bytes.fromhex(public))).encrypt(msgspec.json.encode(forged)))),  # not signed
    )
    for answer in answers:

        def lie(url: str, send: bytes | None = None, answer: bytes = answer) -> tuple[int, bytes]:
            return office.ask(url) if send is None else (200, answer)

        assert outcome_of(data_dir, office, lie) is Outcome.UNREACHABLE


def test_a_refusal_counts_only_from_the_server(data_dir: Path, office: Office) -> None:
    lie = msgspec.json.encode(Sealed(b""))
    assert outcome_of(data_dir, office, lambda url, send=None: (404, lie) if send else office.ask(url)) is Outcome.UNREACHABLE
    for refused in ("used", "expired", "withdrawn", "taken", "unknown"):
        office.refused = refused
        assert outcome_of(data_dir, office) is Outcome(refused)
    office.refused = "a reason of later days"
    assert outcome_of(data_dir, office) is Outcome.UNKNOWN


def test_a_lost_answer_is_asked_for_again_with_the_same_key(data_dir: Path, office: Office) -> None:
    office.lose_answers = 2
    assert [outcome_of(data_dir, office) for _ in range(2)] == [Outcome.UNREACHABLE] * 2
    assert enrol(data_dir, office).known.kiosk == "exit-sample-9"
    assert len({asked.public_key for asked in office.asked}) == 1, "kept before it was shown, as after a power cut"
    assert len(office.asked) == 3


def test_another_claim_has_another_key_and_a_damaged_file_is_no_obstacle(data_dir: Path, office: Office) -> None:
    enrol(data_dir, office)
    other = Office(4)
    enrol(data_dir, other)
    assert office.taken_by != other.taken_by
    (data_dir / claiming.KEY_FILE).write_bytes(b"{")
    office.taken_by = ""
    enrol(data_dir, office)


def test_what_is_secret_is_for_this_user_alone(data_dir: Path, office: Office) -> None:
    (data_dir / f"{identity.FILE}.new").write_text("left by a power cut")
    os.chmod(data_dir / f"{identity.FILE}.new", 0o644)  # noqa: PTH101 - as it lies there
    found = enrol(data_dir, office)
    identity.write(data_dir, found)
    for name in (claiming.KEY_FILE, identity.FILE):
        assert stat.S_IMODE((data_dir / name).stat().st_mode) == 0o600, name
    public = (data_dir / identity.PUBLIC_FILE).read_text()
    assert found.credentials[0] not in public
    assert found.private_key not in public
    claiming.forget_key(data_dir)
    assert identity.read(data_dir) == found


def test_both_schemes_are_tried_where_none_was_written(data_dir: Path, office: Office) -> None:
    tried: list[str] = []

    def ask(url: str, send: bytes | None = None) -> tuple[int, bytes]:
        tried.append(url)
        if url.startswith("https://"):
            raise ExchangeError("no TLS there")
        return office.ask(url, send)

    enrol(data_dir, office, ask, server="192.0.2.7:8080")
    assert tried == [f"https://192.0.2.7:8080{PATH}", f"http://192.0.2.7:8080{PATH}", f"http://192.0.2.7:8080{PATH}"]


@pytest.mark.parametrize("answer", [(500, b""), (200, b"<html>"), (302, b""), (200, b"\xff" * 9)])
def test_what_is_no_vidhuk_server_is_tried_again(data_dir: Path, office: Office, answer: tuple[int, bytes]) -> None:
    assert outcome_of(data_dir, office, lambda _url, _send=None: answer) is Outcome.UNREACHABLE


# --- again and again, and from where -------------------------------------------------------------------------------------


@contextmanager
def serving(office: Office) -> Iterator[str]:
    """Have an office answer by real HTTP."""

    class Door(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.answer(None)

        def do_POST(self) -> None:
            self.answer(self.rfile.read(int(self.headers["content-length"])))

        def answer(self, send: bytes | None) -> None:
            try:
                status, content = office.ask(self.path, send)
            except ExchangeError:
                status, content = 500, b""
            self.send_response(status)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Loop:
    """Sync's loop with an enroller: `notes` are what ui can read."""

    def __init__(self, data_dir: Path, toml: str = "", noted: str | None = None) -> None:
        self.config = parse(f'format = 1\n[kiosk]\ndata_dir = "{data_dir}"\n{toml}', "kiosk.toml")
        self.calls: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self.notes: dict[str, str] = {}
        self.enrolled = 0
        self.enroller = Enroller(
            self.config, post=self.calls.put, note=self.notes.__setitem__, enrolled=self.count, spread=lambda _longest: 0.01, noted=noted
        )

    def count(self) -> None:
        self.enrolled += 1

    @property
    def outcome(self) -> Outcome | None:
        self.enroller.look()
        while not self.calls.empty():
            self.calls.get()()
        return attempt_in(self.notes.get(requests_to_enrol.FACT)).outcome

    def reaches(self, outcome: Outcome | None) -> None:
        wait_until(lambda: self.outcome is outcome)


def table(office: Office, server: str) -> str:
    return f'[enrolment]\nserver = "{server}"\nclaim = "{office.claim.code.lower()}"\n'


def test_the_claim_in_kiosk_toml_is_used_once(data_dir: Path, office: Office, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    office.lose_answers = 1
    with serving(office) as server:
        loop = Loop(data_dir, table(office, server))
        with loop.enroller:
            loop.reaches(Outcome.ENROLLED)
        assert loop.enrolled == 1
        assert not (data_dir / claiming.KEY_FILE).exists()
        asked = len(office.asked)
        again = Loop(data_dir, table(office, server))
        with again.enroller:
            for _ in range(3):
                assert again.outcome is None
        assert len(office.asked) == asked
        assert caplog.text.count("of no use any more") == 1
        other = Office(5)
        office.identity, office.signing, office.sealing, office.claim = other.identity, other.signing, other.sealing, other.claim
        office.taken_by = ""
        new = Loop(data_dir, table(office, server))
        with new.enroller:
            new.reaches(Outcome.ENROLLED)
    found = identity.read(data_dir)
    assert found is not None
    assert found.known.signing_key == other.identity.signing_key
    assert len(found.claims) == 2


def test_a_request_of_the_screen_goes_before_the_file_and_is_decided_once(data_dir: Path, office: Office) -> None:
    stale = Office(6)
    with serving(office) as server:
        loop = Loop(data_dir, table(stale, server))
        with loop.enroller:
            loop.reaches(Outcome.STRANGER)
            requests_to_enrol.write(data_dir, Request("a", server, office.claim.code))
            loop.reaches(Outcome.ENROLLED)
        attempt = attempt_in(loop.notes[requests_to_enrol.FACT])
        assert (attempt.request, attempt.kiosk) == ("a", "exit-sample-9")
        asked = len(office.asked)
        after = Loop(data_dir, noted=loop.notes[requests_to_enrol.FACT])
        with after.enroller:
            assert after.outcome is None
        assert len(office.asked) == asked


def test_what_the_server_refuses_is_not_tried_again(data_dir: Path, office: Office) -> None:
    office.refused = "used"
    with serving(office) as server:
        loop = Loop(data_dir, table(office, server))
        with loop.enroller:
            loop.reaches(Outcome.USED)
            asked = len(office.asked)
            requests_to_enrol.write(data_dir, Request("b", server, "not a code"))
            loop.reaches(Outcome.UNKNOWN)
            assert loop.outcome is Outcome.UNKNOWN
    assert len(office.asked) == asked
    assert identity.read(data_dir) is None


def test_without_an_invitation_nothing_is_asked(data_dir: Path) -> None:
    loop = Loop(data_dir, '[enrolment]\nserver = "http://127.0.0.1:9"\n')
    with loop.enroller:
        assert loop.outcome is None


# --- who else looks at it ------------------------------------------------------------------------------------------------


def test_the_screen_learns_of_the_server_while_it_runs(data_dir: Path, office: Office) -> None:
    config = parse(f'format = 1\n[kiosk]\ndata_dir = "{data_dir}"\n', "kiosk.toml")
    membership = Membership(config)
    assert not membership.look()
    assert (membership.is_enrolled, membership.faults, membership.seal("x"), membership.key("2026-11-25")) == (
        False,
        (Fault.NOT_ENROLLED,),
        b"",
        None,
    )
    identity.write(data_dir, enrol(data_dir, office))
    assert membership.look()
    assert not membership.look()
    assert (membership.config.kiosk.id, membership.faults) == ("exit-sample-9", ())
    assert SealedBox(office.sealing).decrypt(membership.seal("слово")).decode() == "слово"
    assert membership.config.server is not None
    assert membership.config.server.credential.reveal() == "", "ui does not know it"


def test_an_identity_goes_before_the_file_and_a_damaged_one_does_not_count(data_dir: Path, office: Office) -> None:
    config = parse(f'format = 1\n[kiosk]\ndata_dir = "{data_dir}"\n', "kiosk.toml")
    found = enrol(data_dir, office)
    identity.write(data_dir, found)
    with_it = identity.with_secrets(config, identity.read(data_dir))
    assert with_it.server is not None
    assert with_it.server.credential.reveal() == found.credentials[0]
    (data_dir / identity.PUBLIC_FILE).unlink()  # power was cut between the two files
    identity.publish(data_dir, found)
    assert identity.in_effect(config).kiosk.id == "exit-sample-9"
    (data_dir / identity.FILE).write_bytes(b"{}")
    assert identity.read(data_dir) is None


def test_the_qr_of_an_invitation_leads_here(office: Office) -> None:
    from feedback.claims import invitation_in

    assert invitation_in(qr_text(office.claim, ADDRESS)) == invitation(office)
