from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from feedback.tickets import (
    MAX_CODE,
    Delimited,
    Refusal,
    Regex,
    SignedTicket,
    Ticket,
    Url,
    card_code,
    explain,
    signed_code,
)
from tests.feedback.tickets import ADDRESS, DESKS, KEY, NOW_MS, OBJECT, PLAIN, PUBLIC, SEMICOLONS, rules, said, sign, signed, verify

SAMPLES = Path(__file__).parents[1] / "samples" / "tickets-1"


def ticket(form: str, **more: object) -> Ticket:
    return Ticket(form=form, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("code", "number"),
    [
        ("A045", "A045"),
        ("A-045\r", "A-045"),
        ("\x02A045\x03", "A045"),
        ("]C0A045", "A045"),
        ("\x02]Q1A045\r\n", "A045"),
        ("]C1\x1dA045\x1d", "A045"),
        ("  A045 ", "A045"),
        ("\ufeffA045", "A045"),
        ("А045", "A045"),  # Cyrillic А
        ("А-045", "A-045"),
    ],
)
def test_a_number_is_found_whatever_the_scanner_adds(code: str, number: str) -> None:
    assert said(code, PLAIN) == ticket("plain", number=number)


def test_a_pattern_in_cyrillic_reads_a_code_in_latin() -> None:
    assert said("A045", Regex(name="own", pattern=r"(?P<number>[АБВ][0-9]{3})")) == ticket("own", number="А045")
    assert said("Б045", Regex(name="own", pattern=r"(?P<number>[АБВ][0-9]{3})")) == ticket("own", number="Б045")


def test_parts_between_separators_are_fields() -> None:
    found = ticket("semicolons", number="A045", day="2026-11-24", desk="center-12", service="residence")
    assert said("A045;24.11.2026;12;ID-17", SEMICOLONS) == found
    assert said("A045;2026-11-24;012;ID-17", SEMICOLONS) == found


@pytest.mark.parametrize("separator", ["\x1d", "\t", "||"])
def test_separators_may_be_control_characters(separator: str) -> None:
    form = Delimited(name="own", separator=separator, fields=("", "number"))
    assert said(f"]C1{separator.join(('7', 'A045'))}\r", form) == ticket("own", number="A045")


def test_places_in_json_are_fields() -> None:
    code = json.dumps({"branch": "Sample", "ticket": {"number": 45, "at": 1795512600}})
    assert said(code, OBJECT) == ticket("object", number="45", day="2026-11-24", issued_ms=1795512600_000)
    assert said(code.replace("Sample", "center"), OBJECT) == said(code, OBJECT)


def test_parts_of_an_address_are_fields() -> None:
    found = ticket("address", number="А 45", desk="center-1", day="2026-11-24")
    assert said("HTTPS://queue.example/t/W7/%D0%90+45/?d=2026-11-24&x=1#top".replace("+", "%20"), ADDRESS) == found


@pytest.mark.parametrize(
    "code", ["https://queue.example/tea/1/A045", "https://queue.example.evil/t/1/A045", "http://queue.example/t/1/A045"]
)
def test_an_address_elsewhere_is_none(code: str) -> None:
    assert said(code, ADDRESS) is Refusal.UNKNOWN


def test_an_address_with_parameters_only() -> None:
    form = Url(name="asked", prefix="https://q.example/", fields={"number": "n"})
    assert said("https://q.example/?n=A045", form) == ticket("asked", number="A045")


def test_forms_are_tried_in_their_order() -> None:
    every = Regex(name="every", pattern=r"(?P<number>.{1,20})")
    assert said("A045", PLAIN, every) == ticket("plain", number="A045")
    assert said("A045", every, PLAIN) == ticket("every", number="A045")
    assert said("A045;x", PLAIN, every) == ticket("every", number="A045;x")


@pytest.mark.parametrize(
    ("desk", "key"),
    [("W7", "center-1"), ("center-12", "center-12"), ("1", "center-1"), ("0012", "center-12"), ("a3", "center-a"), ("99", None)],
)
def test_desks_are_known_by_names_keys_and_numbers(desk: str, key: str | None) -> None:
    assert said(f"A045;;{desk};", SEMICOLONS) == ticket("semicolons", number="A045", desk=key)


def test_a_desk_of_another_site_makes_the_ticket_foreign() -> None:
    assert said("A045;;far;", SEMICOLONS) is Refusal.FOREIGN


def test_a_desk_without_a_number_is_a_card_and_a_service_is_none() -> None:
    assert said(";;12;", SEMICOLONS) == ticket("semicolons", desk="center-12", is_card=True)
    assert said(";;;ID-17", SEMICOLONS) == ticket("semicolons", service="residence")
    assert said(";;99;ID-99", SEMICOLONS) is Refusal.UNKNOWN


@pytest.mark.parametrize(
    ("day", "issued", "refused"),
    [
        ("2026-11-24", "", None),
        ("2026-11-23", "", None),  # until midnight; that is twelve hours ago
        ("2026-11-22", "", Refusal.TOO_OLD),
        ("2026-11-23", "12:01", None),
        ("2026-11-23", "11:59", Refusal.TOO_OLD),
        ("", "2026-11-23T12:01:00", None),
        ("", "2026-11-23T11:59:00", Refusal.TOO_OLD),
        ("", "2026-11-23T10:01:00Z", None),
        ("", "2026-11-23T11:59:00+02:00", Refusal.TOO_OLD),
        ("", "23.11.2026 11:59", Refusal.TOO_OLD),
        ("", str(NOW_MS // 1000 - 24 * 3600 - 1), Refusal.TOO_OLD),
        ("", str(NOW_MS // 1000 - 24 * 3600 + 1), None),
    ],
)
def test_a_ticket_grows_too_old(day: str, issued: str, refused: Refusal | None) -> None:
    form = Delimited(name="dated", separator=";", fields=("number", "day", "issued"))
    outcome = said(f"A045;{day};{issued}", form)
    assert (outcome if isinstance(outcome, Refusal) else None) is refused
    assert isinstance(said(f"A045;{day};{issued}", form, now_ms=None), Ticket), "without a trusted clock nothing is too old"


def test_the_day_is_that_of_the_centre() -> None:
    form = Delimited(name="dated", separator=";", fields=("number", "issued"))
    late = said("A045;2026-11-23T22:30:00Z", form)
    assert isinstance(late, Ticket)
    assert (late.day, late.issued_ms) == ("2026-11-24", NOW_MS - 11_5 * 360_000)


@pytest.mark.parametrize("day", ["2026-02-30", "31.02.2026", "1.1.1970", "later", "25:00", "99999999999", "2026-12-24"])
def test_what_is_no_day_is_no_ticket(day: str) -> None:
    assert said(f"A045;{day};;", SEMICOLONS) is Refusal.UNKNOWN


@pytest.mark.parametrize("number", ["--", "…", "x" * 41])
def test_what_is_no_number_is_no_ticket(number: str) -> None:
    assert said(f"{number};;12;", SEMICOLONS) is Refusal.UNKNOWN


def test_a_code_longer_than_allowed_is_no_ticket() -> None:
    every = Regex(name="every", pattern=r"0*(?P<number>[1-9])")
    assert isinstance(said("0" * (MAX_CODE - 1) + "1", every), Ticket)
    assert said("0" * MAX_CODE + "1", every) is Refusal.UNKNOWN


def test_a_signed_ticket_tells_what_was_signed() -> None:
    code = signed(service="permits", desk="center-12", issued=NOW_MS // 1000 - 600)
    found = ticket("signed", number="A045", day="2026-11-24", desk="center-12", service="permits", issued_ms=NOW_MS - 600_000)
    assert said(code) == found
    assert said(f"]Q1{code}\r\n") == found
    assert said(signed(desk="W7", service="ID-17")) == ticket(
        "signed", number="A045", day="2026-11-24", desk="center-1", service="residence"
    )


def test_a_signed_ticket_is_refused_for_what_is_wrong_with_it() -> None:
    assert said(signed(centre="elsewhere")) is Refusal.FOREIGN
    assert said(signed(day="2026-11-20")) is Refusal.TOO_OLD
    assert said(signed(), public_key="00" * 32) is Refusal.FORGED
    assert said(signed(), public_key=None) is Refusal.UNKNOWN
    assert said(signed()[:-1]) is Refusal.UNKNOWN
    assert said(signed(day="some day")) is Refusal.UNKNOWN


def test_a_form_that_reads_everything_does_not_rescue_a_forged_ticket() -> None:
    every = Regex(name="every", pattern=r"(?P<number>[^.]+)\..*")
    assert said("VTX.rest", every) == ticket("every", number="VTX")
    assert said(signed(), every, public_key="00" * 32) is Refusal.FORGED
    assert said("VT1.rest", every) is Refusal.UNKNOWN


def test_a_desk_card_names_its_desk_and_is_never_too_old() -> None:
    assert said(card_code("sample", "center-12")) == ticket("card", desk="center-12", is_card=True)
    assert said(card_code("elsewhere", "center-12")) is Refusal.FOREIGN
    assert said(card_code("sample", "north-1")) is Refusal.FOREIGN
    assert said("VD1:sample") is Refusal.FOREIGN


def test_codes_that_no_scanner_could_read_are_not_made() -> None:
    with pytest.raises(ValueError, match="512 are the most"):
        signed(nonce="x" * 400)
    for centre, desk in (("ЦНАП", "desk-1"), ("a:b", "desk-1"), ("sample", ""), ("sample", "x" * 33)):
        with pytest.raises(ValueError, match="small Latin letters"):
            card_code(centre, desk)


def test_every_form_says_why_it_did_not_match() -> None:
    explanation = explain("A045", rules(ADDRESS, OBJECT, SEMICOLONS, PLAIN, PLAIN), DESKS, NOW_MS, verify)
    assert explanation.form == "plain"
    assert [attempt.says[0] for attempt in explanation.attempts[:-2]] == [
        "the code does not begin with VT1.",
        "the code does not begin with VD1:",
        "the code is no address below https://queue.example/t",
        "the code is no JSON",
        "the code has 1 part between ';' and not 4",
    ]
    assert explanation.attempts[-1].outcome == explanation.outcome == ticket("plain", number="A045")


def test_forms_are_kept_from_codes_of_vidhuk_itself() -> None:
    every = Regex(name="every", pattern=r"(?P<number>.+)")
    for code in (signed(), card_code("sample", "center-12"), "VT1.", "VD1:"):
        explanation = explain(code, rules(every), DESKS, NOW_MS, verify)
        assert explanation.attempts[-1].outcome is None
        assert explanation.attempts[-1].says == ("codes that begin with VT1. or VD1: are left to the forms of Vidhuk itself",)


def test_half_a_character_is_passed_over() -> None:
    assert said("A0\ud80045", PLAIN) == ticket("plain", number="A045")
    assert said('{"ticket": {"number": "\\udc0045"}}', OBJECT) in (ticket("object", number="45"), Refusal.UNKNOWN)


def test_a_desk_that_is_not_known_is_said() -> None:
    explanation = explain("A045;;99;ID-99", rules(SEMICOLONS), DESKS, NOW_MS, verify)
    assert explanation.attempts[-1].says == (
        "desk '99' is not known: name it under desks in the rules",
        "service 'ID-99' is not known: name it under services in the rules",
    )


@pytest.mark.parametrize("name", sorted(path.name for path in SAMPLES.glob("signed*.json")))
def test_signed_samples_are_read_and_made_as_ever(name: str) -> None:
    sample = json.loads((SAMPLES / name).read_text(encoding="utf-8"))
    assert sample["private_key"] == KEY.encode().hex()
    assert sample["public_key"] == PUBLIC
    assert signed_code(msgspec.convert(sample["signed"], SignedTicket), sign) == sample["code"]
    assert msgspec.to_builtins(said(sample["code"])) == sample["read"]


def test_card_samples_are_read_and_made_as_ever() -> None:
    sample = json.loads((SAMPLES / "card.json").read_text(encoding="utf-8"))
    assert card_code(sample["centre"], sample["desk"]) == sample["code"]
    assert msgspec.to_builtins(said(sample["code"])) == sample["read"]
