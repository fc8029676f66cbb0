from __future__ import annotations

import hashlib
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback.records import (
    AnyRecord,
    Channel,
    Context,
    DeskChoice,
    Input,
    Moment,
    Outcome,
    RecordError,
    VisitEnd,
    Vote,
    chain,
    decode_body,
    encode_body,
    genesis,
    link,
    new_id,
)

uuids = st.uuids(version=4)
moments = st.builds(Moment, st.integers(0, 2**53), st.integers(0, 2**53), st.booleans())
numbers = st.integers(0, 2**48 - 1)
names = st.text(max_size=40)
keys = st.none() | names
records: st.SearchStrategy[AnyRecord] = st.one_of(
    st.builds(Context, uuids, moments, numbers, uuids, names, names, st.integers(1, 2**31)),
    st.builds(
        Vote,
        uuids,
        moments,
        uuids,
        numbers,
        names,
        names,
        keys,
        keys,
        st.sampled_from(Channel),
        st.sampled_from(Input),
        names,
        st.booleans(),
    ),
    st.builds(DeskChoice, uuids, moments, uuids, numbers, keys, st.sampled_from(Input)),
    st.builds(VisitEnd, uuids, moments, uuids, numbers, st.sampled_from(Outcome), st.integers(0, 2**31)),
)


@given(records)
def test_a_body_gives_its_record_back(record: AnyRecord) -> None:
    assert decode_body(encode_body(record)) == record


@given(records)
def test_what_a_newer_version_adds_at_the_end_is_passed_over(record: AnyRecord) -> None:
    assert decode_body(encode_body(record)[:-1] + b',"more",{"x":1}]') == record


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_other_bytes_are_an_error_and_nothing_else(data: bytes) -> None:
    try:
        decode_body(data)
    except RecordError as error:
        assert error.reason  # noqa: PT017 - any outcome but another exception is right


@pytest.mark.parametrize("body", [b"[" * 100_000, b'["vote"]', b'["other","x"]', b"\xff", b"null", b'["context",' + b'"a",' * 6000 + b"1]"])
def test_known_bad_bodies_are_refused(body: bytes) -> None:
    with pytest.raises(RecordError):
        decode_body(body)


def test_a_vote_takes_less_than_two_hundred_bytes() -> None:
    vote = Vote(
        id=UUID(int=1),
        at=Moment(1_234_567_890, 1_795_000_000_000, trusted=True),
        visit=UUID(int=2),
        context=2**48 - 1,
        question="service",
        answer="excellent",
        desk="center-1",
        service=None,
        channel=Channel.KIOSK,
        input=Input.TOUCH,
        language="uk",
        repeat=False,
    )
    assert len(encode_body(vote)) < 210


@given(st.integers(0, 2**48 - 1), st.binary(min_size=10, max_size=16))
def test_ids_are_version_seven_and_carry_their_time(wall_ms: int, entropy: bytes) -> None:
    made = new_id(wall_ms, entropy)
    assert made.version == 7
    assert made.variant == "specified in RFC 4122"
    assert made.int >> 80 == wall_ms


def test_the_chain_is_what_the_protocol_says() -> None:
    epoch = UUID("0190a1f4-0000-7000-8000-000000000001")
    start = hashlib.sha256(b"vidhuk chain 1\0" + epoch.bytes).digest()
    first = hashlib.sha256(start + b"\0\0\0\0\0\0\0\x01" + b'["a"]').digest()
    second = hashlib.sha256(first + b"\0\0\0\0\0\0\0\x02" + b'["b"]').digest()
    assert chain(genesis(epoch), 1, [b'["a"]', b'["b"]']) == [first, second]


@given(st.lists(st.binary(max_size=60), min_size=1, max_size=20), st.data())
def test_any_change_of_a_body_or_its_place_changes_every_later_hash(bodies: list[bytes], data: st.DataObject) -> None:
    start = genesis(UUID(int=7))
    at = data.draw(st.integers(0, len(bodies) - 1))
    changed = [*bodies[:at], bodies[at] + b"x", *bodies[at + 1 :]]
    ours, theirs = chain(start, 1, bodies), chain(start, 1, changed)
    assert ours[:at] == theirs[:at]
    assert not set(ours[at:]) & set(theirs[at:])
    assert link(start, 1, bodies[0]) != link(start, 2, bodies[0])
