from __future__ import annotations

import base64
import re
from datetime import date, timedelta
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from feedback.tickets import MAX_CODE, Refusal, SignedTicket, Ticket, explain, normal_number, signed_code, ticket_token
from tests.feedback.tickets import ADDRESS, DESKS, NOW_MS, OBJECT, PLAIN, SEMICOLONS, rules, said, sign, signed, verify

FORMS = (PLAIN, SEMICOLONS, OBJECT, ADDRESS)
seemingly = st.sampled_from(
    [
        "VT1.",
        "VD1:",
        "VD1:sample:",
        "A045;",
        ";;",
        '{"ticket":',
        '"number":1',
        "}",
        "https://queue.example/t/",
        "%00%FF",
        "?d=",
        "]Q1",
        "\x1d",
        "\ud800",
        '{"ticket": {"number": "\\udfff1"}}',
        "A045",
    ]
)
any_code = st.text(st.characters(), max_size=600) | st.lists(seemingly | st.text(max_size=8), max_size=8).map("".join)
numbers = st.from_regex(re.compile(r"[A-ZА-ЯІЇЄҐ]?-?[0-9]{1,4}", re.ASCII), fullmatch=True)
days = st.integers(-1, 1).map(lambda ahead: date(2026, 11, 24) + timedelta(days=ahead)).filter(lambda day: day <= date(2026, 11, 25))


@given(any_code, st.none() | st.just(NOW_MS))
@settings(max_examples=500)
def test_any_text_is_a_ticket_or_refused_and_nothing_is_raised(code: str, now_ms: int | None) -> None:
    explanation = explain(code, rules(*FORMS), DESKS, now_ms, verify)
    assert said(code, *FORMS, now_ms=now_ms) == explanation.outcome
    assert all(attempt.outcome is not None or attempt.says for attempt in explanation.attempts)
    if isinstance(explanation.outcome, Ticket):
        assert explanation.outcome.form in ("card", *(form.name for form in FORMS))
        if explanation.outcome.number and explanation.outcome.day:
            assert ticket_token(bytes(32), "center", explanation.outcome.day, explanation.outcome.number)


@given(numbers, days, st.sampled_from(["1", "12", "W7"]))
def test_what_a_queue_system_writes_is_read_back(number: str, day: date, desk: str) -> None:
    code = f"]d2{number};{day:%d.%m.%Y};{desk};ID-17\r"
    found = said(code, SEMICOLONS)
    assert isinstance(found, Ticket)
    assert (found.number, found.day, found.service) == (number, day.isoformat(), "residence")
    assert found.desk == {"1": "center-1", "12": "center-12", "W7": "center-1"}[desk]


@given(numbers, days, st.text(max_size=20), st.sampled_from([None, "center-1", "center-12"]), st.sampled_from([None, "residence", "x-1"]))
def test_signed_tickets_are_read_back(number: str, day: date, nonce: str, desk: str | None, service: str | None) -> None:
    signed = SignedTicket(centre="sample", day=day.isoformat(), number=number, nonce=nonce, desk=desk, service=service)
    assert said(signed_code(signed, sign)) == Ticket(form="signed", number=number, day=signed.day, desk=desk, service=service)


@given(st.integers(0, 10_000), st.characters(min_codepoint=33, max_codepoint=126))
def test_a_signed_ticket_that_was_changed_is_none(place: int, instead: str) -> None:
    code = signed(desk="center-1")
    place %= len(code)
    changed = code[:place] + instead + code[place + 1 :]
    same = unsigned_bits_only(code, changed)
    assert (said(changed) == said(code)) == same
    if not same:
        assert said(changed) in (Refusal.FORGED, Refusal.UNKNOWN, Refusal.FOREIGN)


def unsigned_bits_only(code: str, changed: str) -> bool:
    """Whether both are the same bytes: the last sign of a signature has bits that say nothing."""
    before, _, signature = code.rpartition(".")
    changed_before, _, changed_signature = changed.rpartition(".")
    if before != changed_before or len(signature) != len(changed_signature) or not re.fullmatch(r"[\w-]+", changed_signature, re.ASCII):
        return False
    return base64.urlsafe_b64decode(signature + "==") == base64.urlsafe_b64decode(changed_signature + "==")


@given(st.binary(min_size=64, max_size=64), st.binary(max_size=200))
def test_a_signature_that_was_made_up_is_none(signature: bytes, payload: bytes) -> None:
    texts = [base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in (payload, signature)]
    assert said("VT1." + ".".join(texts)) in (Refusal.FORGED, Refusal.UNKNOWN)


@given(numbers)
def test_a_number_is_one_number_however_its_letters_are_typed(number: str) -> None:
    latin = number.translate(str.maketrans("АВСЕНІКМОРТХ", "ABCEHIKMOPTX"))
    assert normal_number(number) == normal_number(latin) == normal_number(f" {latin.lower()}\u00a0")


def test_reading_knows_neither_clock_nor_file() -> None:
    for module in (Path(__file__).parents[2] / "feedback").glob("ticket*.py"):
        text = module.read_text(encoding="utf-8")
        assert not re.search(r"\bopen\(|datetime\.now|date\.today|import time\b|\bnacl\b", text), module.name
    assert MAX_CODE == 512
