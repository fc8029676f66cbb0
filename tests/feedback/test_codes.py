from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback.codes import CodeError, code_of, id_of

SIGNS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
ids = st.uuids()


def test_published_codes_are_read_for_ever() -> None:
    for vote, code in (
        ("00000000-0000-0000-0000-000000000000", "0000-0000-0000-0000-0000-0000-0000"),
        ("019ab1b2-c3d4-7e5f-8a6b-7c8d9eafb0c1", "06DB-3CP3-THZ5-Z2KB-FJ6S-XBXG-R4SN"),
        ("ffffffff-ffff-ffff-ffff-ffffffffffff", "ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZWM5"),
    ):
        assert code_of(UUID(vote)) == code
        assert id_of(code) == UUID(vote)


@given(ids)
def test_a_code_leads_back_to_its_vote(vote: UUID) -> None:
    assert id_of(code_of(vote)) == vote


@given(ids)
def test_a_code_is_read_however_it_is_typed(vote: UUID) -> None:
    code = code_of(vote)
    typed = [
        code.lower(),
        code.replace("-", ""),
        code.replace("-", " "),
        f" {code}\n",
        code.replace("1", "l").replace("0", "o"),
        code.replace("1", "I").replace("0", "O"),
        code.translate(str.maketrans("ABCEHKMPTX", "АВСЕНКМРТХ")).lower(),
    ]
    assert {id_of(one) for one in typed} == {vote}


@given(ids, st.integers(0, 27), st.sampled_from(SIGNS))
def test_one_wrong_sign_is_always_noticed(vote: UUID, place: int, sign: str) -> None:
    signs = code_of(vote).replace("-", "")
    wrong = signs[:place] + sign + signs[place + 1 :]
    if wrong != signs:
        with pytest.raises(CodeError):
            id_of(wrong)


@given(ids, st.integers(0, 26))
def test_two_neighbours_exchanged_are_always_noticed(vote: UUID, place: int) -> None:
    signs = code_of(vote).replace("-", "")
    wrong = signs[:place] + signs[place + 1] + signs[place] + signs[place + 2 :]
    if wrong != signs:
        with pytest.raises(CodeError):
            id_of(wrong)


@given(st.text(max_size=40) | st.text(SIGNS, min_size=28, max_size=28))
def test_whatever_is_typed_is_an_id_or_an_error(typed: str) -> None:
    try:
        found = id_of(typed)
    except CodeError:
        return
    assert id_of(code_of(found)) == found


@pytest.mark.parametrize(
    ("typed", "complaint"),
    [("", "28 signs, this has 0"), ("0000-0000", "this has 8"), ("U" * 28, "'U' is in no code"), ("0" * 27 + "1", "compare it")],
)
def test_what_is_wrong_is_said(typed: str, complaint: str) -> None:
    with pytest.raises(CodeError, match=complaint):
        id_of(typed)
