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
from feedback.commands import PURPOSE as COMMAND_PURPOSE
from feedback.commands import Command, Diagnostics, Outcome, Result
from feedback.notice import PURPOSE as NOTICE
from feedback.notice import Notice
from feedback.records import Content, Moment, RecordError, Sealed, TicketScan, chain, decode_body, genesis
from feedback.settings import PURPOSE as SETTINGS
from feedback.settings import KioskSettings
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


@given(
    st.binary(max_size=400),
    st.sampled_from([wire.Batch, wire.Ack, wire.Hello, wire.State, wire.Signed, wire.ServerState, Result, Diagnostics]),
)
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
        (batch([b"1"], opaque=b"1"), "both opaque and not"),
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


@pytest.mark.parametrize("name", ["hello", "hello-pruned"])
def test_golden_hello_says_what_is_pruned_only_where_something_is(name: str) -> None:
    content = (SAMPLES / f"{name}.json").read_bytes().strip()
    golden = wire.decode(content, wire.Hello)
    assert (golden.pruned or {}).get(golden.epoch, 0) == golden.oldest - 1
    assert wire.encode(golden) == content


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
    assert [(key.day, len(bytes.fromhex(key.key)), key.made) for key in keys] == [
        ("2026-11-23", 32, 1_795_000_000_000),
        ("2026-11-24", 32, 1_795_082_400_001),
    ]


def test_golden_commands_and_what_became_of_them_still_decode() -> None:
    golden = wire.decode((SAMPLES / "command.json").read_bytes(), wire.SignedList)
    server = SigningKey(b"g" * 32).verify_key

    def check(content: bytes, signature: bytes) -> bool:
        return bool(server.verify(content, signature))

    commands = [open_signed(document, Command, COMMAND_PURPOSE, kiosk="exit-sample-1", check=check) for document in golden.documents]
    assert [(command.kind, command.expires_ms - command.issued_ms) for command in commands] == [
        ("printtest", 3_600_000),
        ("diagnostics", 3_600_000),
    ]
    result = wire.decode((SAMPLES / "result.json").read_bytes(), Result)
    assert (result.id, result.outcome, result.reason) == (commands[0].id, Outcome.FAILED, "paper_end")
    found = wire.decode((SAMPLES / "diagnostics.json").read_bytes(), Diagnostics)
    assert found.id == commands[1].id
    assert msgspec.json.decode(found.check)["kiosk"] == "exit-sample-1"
    assert (found.changes[0].device, found.changes[0].fault) == ("printer", "paper_end")
    for message, name in ((golden, "command"), (result, "result"), (found, "diagnostics")):
        assert wire.encode(message) == (SAMPLES / f"{name}.json").read_bytes().strip()


def server_signed(content: bytes, signature: bytes) -> bool:
    return bool(SigningKey(b"g" * 32).verify_key.verify(content, signature))


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        *((name, wire.Hello) for name in ("hello", "hello-first", "hello-pruned", "hello-marks")),
        *((name, wire.Batch) for name in ("batch-sealed", "batch-tickets", "batch-unset-clock", "batch-opaque")),
        *((name, wire.Ack) for name in ("ack", "ack-nothing", "ack-fork", "ack-undecodable", "ack-refused", "ack-unset-clock")),
        *((name, wire.State) for name in ("state", "state-process", "state-proof", "state-will")),
        *((name, wire.ServerState) for name in ("server-state", "server-state-offline")),
        *((name, wire.Signed) for name in ("settings", "notice")),
        ("daykeys", wire.SignedList),
    ],
)
def test_golden_messages_are_encoded_byte_for_byte(name: str, kind: type) -> None:
    golden = (SAMPLES / f"{name}.json").read_bytes().strip()
    assert wire.encode(wire.decode(golden, kind)) == golden


def test_golden_settings_and_notice_still_open() -> None:
    opened = [wire.decode((SAMPLES / f"{name}.json").read_bytes(), wire.Signed) for name in ("settings", "notice")]
    settings = open_signed(opened[0], KioskSettings, SETTINGS, kiosk="exit-sample-1", check=server_signed)
    notice = open_signed(opened[1], Notice, NOTICE, kiosk="exit-sample-1", check=server_signed)
    assert (settings.version, settings.questionnaire.id, settings.desks[0].id) == (3, "two-faces", "center-1")
    assert (notice.number, notice.answered, notice.announcements[0].kind) == (7, 1204, "air_raid")


def test_golden_acknowledgements_belong_to_their_batches() -> None:
    for batch_name, ack_name in (("batch", "ack"), ("batch-unset-clock", "ack-unset-clock")):
        golden = wire.decode((SAMPLES / f"{batch_name}.json").read_bytes(), wire.Batch)
        ack = wire.decode((SAMPLES / f"{ack_name}.json").read_bytes(), wire.Ack)
        assert ack.seq == golden.first_seq + len(golden.bodies) - 1
        assert ack.head == chain(bytes.fromhex(golden.prev), golden.first_seq, golden.bodies)[-1].hex()
    errors = [wire.decode((SAMPLES / f"ack-{word}.json").read_bytes(), wire.Ack).error for word in ("fork", "undecodable", "refused")]
    assert errors == ["fork", "undecodable", "refused"]


def test_golden_opaque_record_is_in_the_chain_and_no_json() -> None:
    golden = wire.decode((SAMPLES / "batch-opaque.json").read_bytes(), wire.Batch)
    ack = wire.decode((SAMPLES / "ack.json").read_bytes(), wire.Ack)
    (body,) = golden.bodies
    assert (golden.first_seq, golden.prev, golden.records) == (ack.seq + 1, ack.head, [])
    with pytest.raises(RecordError):
        decode_body(body)


def test_golden_hello_names_the_marks_of_all_epochs() -> None:
    golden = wire.decode((SAMPLES / "hello-marks.json").read_bytes(), wire.Hello)
    assert golden.marks
    assert golden.marks[golden.epoch] == golden.acked
    assert len(golden.marks) == 2
    assert golden.generation == f"{wire.decode((SAMPLES / 'ack.json').read_bytes(), wire.Ack).generation}.5d1e0c9f2a7b4836"


def test_every_golden_message_stands_on_the_page() -> None:
    page = (SAMPLES.parents[2] / "docs" / "protocol.md").read_text(encoding="utf-8")
    assert [path.stem for path in SAMPLES.glob("*.json") if f"`{path.stem}`" not in page] == []


def test_what_the_page_works_out_is_so() -> None:
    page = (SAMPLES.parents[2] / "docs" / "protocol.md").read_text(encoding="utf-8")
    golden = wire.decode((SAMPLES / "batch.json").read_bytes(), wire.Batch)
    heads = chain(genesis(golden.epoch), 1, golden.bodies)
    document = '{"number":1,"kiosk":"exit-sample-1","month":"","answered":0,"done":{},"announcements":[],"answered_calls":[]}'
    key = SigningKey(b"g" * 32)
    signature = key.sign(b"vidhuk notice 1\0" + document.encode()).signature.hex()
    hashes = (genesis(golden.epoch).hex(), heads[0].hex(), heads[3].hex())
    for said in (golden.epoch.bytes.hex(), *hashes, golden.bodies[0].decode(), document, bytes(key.verify_key).hex(), signature):
        assert said in page
