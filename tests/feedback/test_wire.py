from __future__ import annotations

import hashlib
from pathlib import Path
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.signing import SigningKey

from feedback import wire
from feedback.records import Content, Moment, Sealed, TicketScan, chain, decode_body, genesis
from feedback.signed import open_signed
from feedback.tickets import DAY_KEY_PURPOSE, DayKey

SAMPLES = Path(__file__).parents[1] / "samples" / "wire-1"
NOW = wire.Now(boot_id=UUID(int=5), at=Moment(10, 20, trusted=True))


def batch(bodies: list[bytes], **changes: object) -> wire.Batch:
    values: dict[str, object] = {
        "epoch": UUID(int=1),
        "first_seq": 1,
        "prev": genesis(UUID(int=1)).hex(),
        "now": NOW,
        "historical": False,
        "records": [msgspec.Raw(body) for body in bodies],
    }
    return wire.Batch(**(values | changes))  # type: ignore[arg-type]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=10), lambda inner: st.lists(inner, max_size=4), max_leaves=8
)


@given(st.lists(json_values.map(msgspec.json.encode), min_size=1, max_size=10))
def test_bodies_cross_the_wire_byte_for_byte(bodies: list[bytes]) -> None:
    spaced = [body.replace(b",", b" , ") if b'"' not in body else body for body in bodies]
    assert wire.decode(wire.encode(batch(spaced)), wire.Batch).bodies == spaced


@given(st.binary(max_size=400), st.sampled_from([wire.Batch, wire.Ack, wire.Hello, wire.State, wire.Signed, wire.ServerState]))
def test_garbage_is_a_wire_error_and_nothing_else(payload: bytes, kind: type) -> None:
    with pytest.raises(wire.WireError):
        wire.decode(payload, kind)


@pytest.mark.parametrize(
    ("message", "complaint"),
    [
        (batch([]), "0 records"),
        (batch([b"1"] * 401), "401 records"),
        (batch([b"1"], first_seq=0), "first_seq 0"),
        (batch([b"1"], prev="zz"), "prev"),
        (batch([b"1"], v=2), "version 2"),
        (batch([b'"' + b"x" * wire.MAX_PACKET_BYTES + b'"']), "over the limit"),
    ],
)
def test_limits_are_named(message: wire.Batch, complaint: str) -> None:
    with pytest.raises(wire.WireError, match=complaint):
        wire.decode(wire.encode(message), wire.Batch)


def test_topics_give_their_kiosk_back() -> None:
    assert wire.split_topic(wire.batch_topic("exit-sample-1")) == ("exit-sample-1", "batch")
    for bad in (
        "vidhuk/v1/k/short/batch",
        "vidhuk/v2/k/exit-sample-1/batch",
        "vidhuk/v1/k/exit-sample-1/batch/x",
        "",
        "vidhuk/v1/k/UPPER-CASE/ack",
    ):
        with pytest.raises(wire.WireError):
            wire.split_topic(bad)


def test_golden_batch_still_decodes_and_chains() -> None:
    golden = wire.decode((SAMPLES / "batch.json").read_bytes(), wire.Batch)
    ack = wire.decode((SAMPLES / "ack.json").read_bytes(), wire.Ack)
    assert [type(decode_body(body)).__name__ for body in golden.bodies] == ["Context", "Vote", "DeskChoice", "VisitEnd"]
    assert chain(bytes.fromhex(golden.prev), golden.first_seq, golden.bodies)[-1].hex() == ack.head
    assert golden.prev == genesis(golden.epoch).hex()


def test_golden_batch_with_sealed_words_still_decodes() -> None:
    golden = wire.decode((SAMPLES / "batch-sealed.json").read_bytes(), wire.Batch)
    records = [decode_body(body) for body in golden.bodies]
    assert [type(record).__name__ for record in records] == ["Answer", "Answer", "Sealed", "Sealed", "Call", "VisitEnd"]
    first, erased = (record for record in records if isinstance(record, Sealed))
    assert golden.sealed.keys() == {first.id}
    assert hashlib.sha256(golden.sealed[first.id]).hexdigest() == first.digest
    assert (first.content, erased.content) == (Content.COMMENT, Content.PHONE)
    assert wire.encode(golden) == (SAMPLES / "batch-sealed.json").read_bytes().strip()


@pytest.mark.parametrize(
    ("name", "kind"), [("hello", wire.Hello), ("state", wire.State), ("state-process", wire.State), ("server-state", wire.ServerState)]
)
def test_golden_messages_still_decode(name: str, kind: type) -> None:
    assert wire.decode((SAMPLES / f"{name}.json").read_bytes(), kind)


def test_golden_batch_with_tickets_still_decodes() -> None:
    golden = wire.decode((SAMPLES / "batch-tickets.json").read_bytes(), wire.Batch)
    records = [decode_body(body) for body in golden.bodies]
    kinds = "Vote TicketScan TicketScan VisitEnd Vote TicketScan Undo BoxCount DeviceChange DeviceChange Presence SelfTest"
    assert [type(record).__name__ for record in records] == kinds.split()
    ticket, card, erased = (record for record in records if isinstance(record, TicketScan))
    assert golden.sealed.keys() == {ticket.id}
    assert hashlib.sha256(golden.sealed[ticket.id]).hexdigest() == ticket.digest
    assert (card.form, card.desk, card.digest, len(erased.digest)) == ("card", "center-2", "", 64)
    assert wire.encode(golden) == (SAMPLES / "batch-tickets.json").read_bytes().strip()


def test_golden_day_keys_still_decode_and_are_signed() -> None:
    golden = wire.decode((SAMPLES / "daykeys.json").read_bytes(), wire.SignedList)
    server = SigningKey(b"g" * 32).verify_key

    def check(content: bytes, signature: bytes) -> bool:
        return bool(server.verify(content, signature))

    keys = [open_signed(document, DayKey, DAY_KEY_PURPOSE, kiosk="exit-sample-1", check=check) for document in golden.documents]
    assert [(key.day, len(bytes.fromhex(key.key))) for key in keys] == [("2026-11-23", 32), ("2026-11-24", 32)]
