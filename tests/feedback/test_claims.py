"""Claim codes as people type them and scanners read them, and the server that a code names."""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec
import pytest
import segno
import zxingcpp
from hypothesis import example, given, settings
from hypothesis import strategies as st
from nacl.public import PrivateKey, SealedBox
from nacl.signing import SigningKey
from PIL import Image

from feedback import wire
from feedback.claims import (
    FINGERPRINT_BITS,
    SECRET_BITS,
    Claim,
    Invitation,
    ServerIdentity,
    address_in,
    addresses,
    claim_of,
    fingerprint_of,
    invitation_in,
    qr_text,
)
from feedback.codes import CodeError, code_of
from feedback.enrolment import RENEWAL_PURPOSE, Admission, Claiming, Renewal, Renewed, Sealed, decode, proof_of
from feedback.records import new_id
from feedback.signed import open_signed
from feedback.wire import Signed, State, WireError

SAMPLES = Path(__file__).parents[1] / "samples" / "wire-1"
SERVER = ServerIdentity("aa" * 32, "bb" * 32, "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n")
CLAIM = Claim(0x12_3456_789A_BCDE, 0x65_4321_0FED_CBA9)
SIGNS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
claims = st.builds(Claim, st.integers(0, 2**SECRET_BITS - 1), st.integers(0, 2**FINGERPRINT_BITS - 1))


def test_a_published_code_is_read_for_ever() -> None:
    assert CLAIM.code == (SAMPLES / "claim-code.txt").read_text().strip()
    assert f"{fingerprint_of(CLAIM.secret, SERVER):014x}" == (SAMPLES / "claim-fingerprint.txt").read_text().strip()


@given(claims)
@example(Claim(0, 0))
@example(Claim(2**55 - 1, 2**55 - 1))
def test_a_code_leads_back_to_its_claim_however_it_is_typed(claim: Claim) -> None:
    assert len(claim.code) == 29
    for typed in (claim.code, claim.code.lower(), claim.code.replace("-", ""), f" {claim.code.replace('-', ' ')}\n"):
        assert claim_of(typed) == claim


@given(claims, st.integers(0, 23), st.sampled_from(SIGNS))
def test_a_wrong_sign_is_noticed(claim: Claim, place: int, sign: str) -> None:
    signs = list(claim.code.replace("-", ""))
    if signs[place] == sign:
        return
    signs[place] = sign
    with pytest.raises(CodeError):
        claim_of("".join(signs))


@given(claims, st.integers(0, 22))
def test_exchanged_neighbours_are_noticed(claim: Claim, place: int) -> None:
    signs = list(claim.code.replace("-", ""))
    if signs[place] != signs[place + 1]:
        signs[place : place + 2] = reversed(signs[place : place + 2])
        with pytest.raises(CodeError):
            claim_of("".join(signs))


def test_the_code_of_a_vote_is_no_claim() -> None:
    with pytest.raises(CodeError, match="24 signs"):
        claim_of(code_of(new_id(1, bytes(10))))


def test_a_code_names_one_server_and_depends_on_its_secret() -> None:
    claim = Claim(7, fingerprint_of(7, SERVER))
    assert claim.is_for(SERVER)
    for other in ({"signing_key": "ab" * 32}, {"sealing_key": "ab" * 32}, {"ca": ""}):
        assert not claim.is_for(msgspec.structs.replace(SERVER, **other))
    assert fingerprint_of(8, SERVER) != claim.fingerprint
    assert 0 <= claim.fingerprint < 2**FINGERPRINT_BITS


@pytest.mark.parametrize(
    "server",
    ["https://vidhuk.cnap-zrazkove.example", "http://192.0.2.7:8080", "http://[2001:db8::7]:8080", "https://vidhuk.example/Center"],
)
def test_a_qr_says_the_code_and_the_address(server: str, tmp_path: Path) -> None:
    said = qr_text(CLAIM, server)
    assert invitation_in(said) == Invitation(CLAIM, server)
    segno.make_qr(said, error="m").save(str(tmp_path / "qr.png"), scale=3)
    (read,) = zxingcpp.read_barcodes(Image.open(tmp_path / "qr.png"))
    assert invitation_in(read.text) == Invitation(CLAIM, server)


def test_an_address_in_capitals_makes_a_smaller_qr() -> None:
    plain, with_path = (segno.make_qr(qr_text(CLAIM, f"https://vidhuk.cnap.example{path}"), error="m") for path in ("", "/x"))
    assert plain.mode == "alphanumeric"
    assert with_path.mode == "byte"


@pytest.mark.parametrize("text", ["", "*", "VIDHUK1", "VIDHUK1*", "VIDHUK2*ABC*x", "A-017", "https://example.org/v/ABCD", "VIDHUK1*ABCD*x"])
def test_what_is_no_invitation_is_refused(text: str) -> None:
    with pytest.raises(CodeError):
        invitation_in(text)


@given(st.text(max_size=60))
def test_whatever_is_scanned_is_an_invitation_or_refused(text: str) -> None:
    try:
        found = invitation_in(text)
    except CodeError:
        return
    assert invitation_in(found.claim.code).claim == found.claim


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("10.0.0.5:8080", "10.0.0.5:8080"),
        (" Vidhuk.Example/ ", "vidhuk.example"),
        ("HTTPS://VIDHUK.EXAMPLE", "https://vidhuk.example"),
        ("https://vidhuk.example/Center/", "https://vidhuk.example/Center"),
        ("[2001:db8::7]:80", "[2001:db8::7]:80"),
    ],
)
def test_an_address_is_read_however_it_is_typed(typed: str, address: str) -> None:
    assert address_in(typed) == address


@pytest.mark.parametrize("typed", ["", "ftp://x", "a b", "x:99999", "x:0", "http://", "user@host", "http://user:x@host", "хост", "x" * 201])
def test_what_is_no_address_is_refused(typed: str) -> None:
    with pytest.raises(CodeError):
        address_in(typed)


def test_an_address_without_a_scheme_is_tried_both_ways() -> None:
    assert addresses("x:1") == ("https://x:1", "http://x:1")
    assert addresses("http://x:1") == ("http://x:1",)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("enrol-identity", ServerIdentity),
        ("enrol-claiming", Claiming),
        ("enrol-question", Sealed),
        ("enrol-admission", Admission),
        ("renewal", Signed),
        ("renewal-sealed", Signed),
        ("renewal-content", Renewed),
    ],
)
def test_published_documents_are_read_for_ever(name: str, kind: type) -> None:
    content = (SAMPLES / f"{name}.json").read_bytes().strip()
    assert msgspec.json.encode(decode(content, kind)) == content


def test_the_published_renewal_names_its_kiosk() -> None:
    message = decode((SAMPLES / "renewal.json").read_bytes(), Signed)
    assert msgspec.json.decode(message.document, type=Renewal).kiosk == "exit-sample-1"


def test_the_published_renewal_opens_and_leads_to_the_published_proof() -> None:
    def server_signed(content: bytes, signature: bytes) -> bool:
        return bool(SigningKey(b"g" * 32).verify_key.verify(content, signature))

    message = decode((SAMPLES / "renewal-sealed.json").read_bytes(), Signed)
    renewal = open_signed(message, Renewal, RENEWAL_PURPOSE, kiosk="exit-sample-1", check=server_signed)
    content = SealedBox(PrivateKey(b"k" * 32)).decrypt(renewal.box)
    assert content == (SAMPLES / "renewal-content.json").read_bytes().strip()
    state = wire.decode((SAMPLES / "state-proof.json").read_bytes(), State)
    nonce = decode(content, Renewed).nonce
    said = b"vidhuk renewal proof 1\0" + b"\x11" * 32 + renewal.number.to_bytes(8, "big") + b"exit-sample-1"
    assert state.proof == proof_of(nonce, renewal.kiosk, renewal.number) == hashlib.sha256(said).hexdigest()
    assert state.identity == renewal.number


def test_a_proof_is_of_one_nonce_one_kiosk_and_one_renewal() -> None:
    one, two = "11" * 32, "12" * 32
    proofs = {proof_of(nonce, kiosk, number) for nonce in (one, two) for kiosk in ("exit-1-x", "exit-2-x") for number in (1, 2)}
    assert len(proofs) == 8


@pytest.mark.parametrize(
    ("nonce", "number"), [("", 1), ("11" * 31, 1), ("1 " * 32, 1), ("11" * 32, 0), ("11" * 32, -1), ("11" * 32, 1 << 63)]
)
def test_what_is_no_nonce_or_no_number_proves_nothing(nonce: str, number: int) -> None:
    with pytest.raises(WireError):
        proof_of(nonce, "exit-1-x", number)


@settings(max_examples=50)
@given(st.binary(max_size=200))
def test_whatever_comes_is_a_document_or_refused(content: bytes) -> None:
    for kind in (ServerIdentity, Claiming, Sealed, Admission, Renewed):
        try:
            decode(content, kind)
        except WireError:
            continue


def test_a_newer_version_and_too_much_are_refused() -> None:
    with pytest.raises(WireError, match="speaks 1"):
        decode(b'{"box": "", "v": 2}', Sealed)
    with pytest.raises(WireError, match="limit"):
        decode(b" " * 20_000, Sealed)
