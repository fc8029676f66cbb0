from __future__ import annotations

from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback.questionnaire import ContactWay
from kiosk import contact, keyboard
from kiosk.contact import Typed
from kiosk.keyboard import BACKSPACE, LEFT, RIGHT

EMPTY_PHONE = Typed(ContactWay.PHONE)
PHONE_KEYS = [key for row in keyboard.PHONE_ROWS for key in row]
EMAIL_KEYS = [key for row in keyboard.EMAIL_ROWS for key in row]
numbers = st.from_regex(r"\+?[0-9]{0,20}", fullmatch=True)


def phone(keys: str, start: Typed = EMPTY_PHONE) -> Typed:
    return reduce(Typed.key, keys, start)


def address(text: str) -> Typed:
    return reduce(Typed.key, text, contact.begin(ContactWay.EMAIL))


@pytest.mark.parametrize(
    ("start", "keys"),
    [
        (contact.begin(ContactWay.PHONE), "671234567"),
        (contact.begin(ContactWay.PHONE), "0671234567"),
        (contact.begin(ContactWay.PHONE), "380671234567"),
        (EMPTY_PHONE, "0671234567"),
        (EMPTY_PHONE, "380671234567"),
        (EMPTY_PHONE, "+380671234567"),
        (EMPTY_PHONE, "+3800671234567"),
        (EMPTY_PHONE, "671234567"),
    ],
)
def test_every_way_to_write_a_ukrainian_number_gives_the_same(start: Typed, keys: str) -> None:
    typed = phone(keys, start)
    assert typed.given == "+380671234567"
    assert typed.mistake("uk") == ""
    assert contact.written(typed.given) == "+380 67 123 45 67"


@pytest.mark.parametrize(
    ("keys", "shown"),
    [
        ("+48123456789", "+48 123 456 789"),
        ("+14155550123", "+1 415 555 012 3"),
        ("+3531234567", "+353 123 456 7"),
        ("+4", "+4"),
        ("+", "+"),
    ],
)
def test_a_foreign_number_keeps_its_code(keys: str, shown: str) -> None:
    assert phone(keys).shown == shown


@given(numbers)
def test_formatting_changes_nothing_twice(number: str) -> None:
    once = contact.whole(number)
    assert contact.whole(once) == once
    assert contact.written(once).replace(" ", "") == once


@given(st.lists(st.one_of(st.sampled_from([*PHONE_KEYS, LEFT, RIGHT, "x", "", "++"]), st.integers(-2, 30)), max_size=50))
def test_the_cursor_of_a_number_keeps_its_place(presses: list[str | int]) -> None:
    typed = contact.begin(ContactWay.PHONE)
    for press in presses:
        before = typed
        typed = typed.place(press) if isinstance(press, int) else typed.key(press)
        assert 0 <= typed.cursor <= len(typed.text)
        assert typed.shown.replace(" ", "") == typed.text
        assert typed.shown[: typed.shown_cursor].replace(" ", "") == typed.text[: typed.cursor]
        assert typed.place(typed.shown_cursor) == typed, "tapping where the cursor stands moves it"
        assert sum(character.isdecimal() for character in typed.text) <= contact.MOST_DIGITS
        assert contact.whole(typed.text) == typed.text
        if isinstance(press, str) and press in PHONE_KEYS and typed != before and typed.cursor > 0:
            assert before.text[before.cursor :].endswith(typed.text[typed.cursor :]), "what stands behind the cursor changed"


def test_a_digit_is_typed_and_deleted_in_the_middle() -> None:
    typed = phone("+38067123567").place(len("+380 67 123"))
    assert typed.shown == "+380 67 123 56 7"
    typed = typed.key("4")
    assert (typed.shown, typed.shown_cursor) == ("+380 67 123 45 67", len("+380 67 123 4"))
    assert typed.key("9") == typed, "the number is full"
    assert typed.key(BACKSPACE).shown == "+380 67 123 56 7"


def test_ukraines_code_can_be_deleted() -> None:
    typed = reduce(Typed.key, [BACKSPACE] * 5, contact.begin(ContactWay.PHONE))
    assert typed.text == ""
    assert phone("+48", typed).shown == "+48"


@pytest.mark.parametrize("keys", ["", "+", "+380", "+38067123456", "+38012345678", "+380123456789", "+4812345", "12", "+0123456789"])
def test_what_is_no_number_is_said(keys: str) -> None:
    uk, en = phone(keys).mistake("uk"), phone(keys).mistake("en")
    assert uk
    assert en
    assert uk != en


@pytest.mark.parametrize("text", ["o.koval@gmail.com", "olena_k-2+cnap@dp.dniprorada.gov.ua", "a@b.ua"])
def test_a_usual_address_is_taken(text: str) -> None:
    typed = address(text)
    assert typed.given == text
    assert typed.mistake("uk") == ""


@pytest.mark.parametrize(
    "text", ["", "koval", "@ukr.net", "koval@", "koval@ukrnet", ".koval@ukr.net", "ko..val@ukr.net", "koval@-.ua", "koval@ukr.net."]
)
def test_what_is_no_address_is_said(text: str) -> None:
    uk, en = address(text).mistake("uk"), address(text).mistake("en")
    assert uk
    assert en
    assert uk != en


def test_a_domain_key_completes_the_address() -> None:
    assert address("koval").key("ukr.net").text == "koval@ukr.net"
    assert address("koval@").key("gmail.com").text == "koval@gmail.com"
    switched = address("koval@ukr.net").key("gmail.com")
    assert (switched.text, switched.cursor) == ("koval@gmail.com", len("koval@gmail.com"))
    assert address("koval@").key("@").text == "koval@"


@given(st.lists(st.one_of(st.sampled_from([*EMAIL_KEYS, "Й", " ", "\n"]), st.integers(-2, 300)), max_size=80))
def test_an_address_is_always_typable_characters(presses: list[str | int]) -> None:
    typed = contact.begin(ContactWay.EMAIL)
    for press in presses:
        typed = typed.place(press) if isinstance(press, int) else typed.key(press)
        assert 0 <= typed.cursor == typed.shown_cursor <= len(typed.text) <= contact.LONGEST_ADDRESS
        assert typed.text.isascii()
        assert " " not in typed.text
        assert typed.text.count("@") <= 1
