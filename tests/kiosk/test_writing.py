from __future__ import annotations

import unicodedata
from functools import reduce
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk import keyboard, writing
from kiosk.keyboard import BACKSPACE, LEFT, RIGHT, SHIFT, SPACE, TO_EN, TO_SIGNS, TO_UK, Layout
from kiosk.writing import Writing

ALL_KEYS = sorted({key for layout in Layout for shifted in (True, False) for row in keyboard.rows(layout, shifted=shifted) for key in row})
LETTERS = [key for key in ALL_KEYS if key not in keyboard.NAMED]
Act = str | int
acts = st.lists(st.one_of(st.sampled_from(ALL_KEYS), st.text(max_size=2), st.integers(-3, 600)), max_size=60)
anything = st.text(alphabet=st.one_of(st.characters(), st.sampled_from("ӥиї\u0301\u0308\u200d а.!")), max_size=600)


def typed(text: str, start: Writing | None = None) -> Writing:
    """Press each letter's key as it is drawn at that moment."""
    state = start or writing.begin(Layout.UK)
    for character in text:
        state = state.key(SPACE if character == " " else character.upper() if state.shifted else character)
    return state


def do(state: Writing, act: Act) -> Writing:
    return state.place(act) if isinstance(act, int) else state.key(act)


def assert_sound(state: Writing) -> None:
    assert 0 <= state.cursor <= len(state.text) <= state.limit
    assert all(character.isprintable() for character in state.text)
    if state.cursor < len(state.text):
        assert not unicodedata.combining(state.text[state.cursor]), "the cursor stands inside a letter"


@given(anything, st.integers(0, 40), acts)
def test_whatever_is_pressed_the_text_keeps_its_limit_and_the_cursor_stands_in_it(text: str, limit: int, presses: list[Act]) -> None:
    states = [writing.begin(Layout.UK, text=text, limit=limit)]
    for press in presses:
        states.append(do(states[-1], press))
    for state in states:
        assert_sound(state)
    for before, after in pairwise(states):
        assert len(after.text) <= len(before.text) + 1


@given(anything, acts, st.sampled_from(LETTERS))
def test_inserting_then_deleting_restores_the_text(text: str, presses: list[Act], letter: str) -> None:
    before = reduce(do, presses, writing.begin(Layout.UK, text=text, limit=700))
    inserted = before.key(letter)
    assert len(inserted.text) == len(before.text) + 1
    restored = inserted.key(BACKSPACE)
    assert (restored.text, restored.cursor) == (before.text, before.cursor)


@given(anything, acts)
def test_left_and_right_walk_the_same_places(text: str, presses: list[Act]) -> None:
    state = reduce(do, presses, writing.begin(Layout.EN, text=text))
    if state.cursor < len(state.text):
        assert state.key(RIGHT).key(LEFT).cursor == state.cursor
    if state.cursor > 0:
        assert state.key(LEFT).key(RIGHT).cursor == state.cursor


@given(anything)
def test_what_is_given_has_single_spaces_and_is_given_once(text: str) -> None:
    given_text = writing.begin(Layout.UK, text=text).given()
    assert "  " not in given_text
    assert given_text == given_text.strip()
    assert Writing(given_text).given() == given_text


def test_capitals_come_by_themselves_at_the_beginning_and_after_a_sentence() -> None:
    state = typed("дякую. усе добре! а ще… «так.» ні")
    assert state.text == "Дякую. Усе добре! А ще… «так.» Ні"
    assert not state.shifted


def test_shift_is_for_one_letter_and_can_be_taken_back() -> None:
    state = typed("у ").key(SHIFT)
    assert state.shifted
    assert typed("києві", state).text == "У Києві"
    assert not state.key(SHIFT).shifted
    assert not writing.begin(Layout.UK).key(SHIFT).shifted


def test_letters_are_typed_and_deleted_at_the_cursor() -> None:
    state = typed("ганок").place(0).key("Ґ").key(RIGHT).key(BACKSPACE)
    assert (state.text, state.cursor) == ("Ґанок", 1)
    assert state.place(99).cursor == 5
    assert state.place(-4).cursor == 0
    assert state.place(0).key(LEFT).cursor == 0
    assert state.place(0).key(BACKSPACE).text == "Ґанок"


def test_a_combined_letter_is_one_letter() -> None:
    state = writing.begin(Layout.UK, text="q\u0308b")  # no single character for it exists
    assert state.place(1).cursor == 0
    assert state.place(0).key(RIGHT).cursor == 2
    assert state.place(2).key(BACKSPACE).text == "b"
    assert writing.begin(Layout.UK, text="и\u0306").text == "й"
    assert writing.begin(Layout.UK, text="aq\u0308", limit=2).text == "a"


def test_at_the_limit_nothing_more_is_taken() -> None:
    state = reduce(Writing.key, ["а"] * 600, writing.begin(Layout.UK))
    assert len(state.text) == keyboard.LIMIT
    assert state.key(SPACE) == state
    assert len(state.key(BACKSPACE).text) == keyboard.LIMIT - 1


@pytest.mark.parametrize("key", ["\n", "\t", "\x00", "\u0301", "ab", "", "enter", "gmail.com"])
def test_what_is_on_no_keyboard_does_nothing(key: str) -> None:
    state = typed("так")
    assert state.key(key) == state


def test_layouts_are_switched_by_their_keys() -> None:
    state = writing.begin(Layout.UK)
    assert [state.key(key).layout for key in (TO_EN, TO_SIGNS, TO_UK)] == [Layout.EN, Layout.SIGNS, Layout.UK]
    assert typed("5", state.key(TO_SIGNS)).text == "5"


def test_every_ukrainian_letter_has_a_key_and_no_key_stands_twice() -> None:
    keys = [key for row in keyboard.rows(Layout.UK, shifted=False) for key in row]
    assert set("абвгґдеєжзиіїйклмнопрстуфхцчшщьюя'") <= set(keys)
    for layout in Layout:
        names = [key for row in keyboard.rows(layout, shifted=True) for key in row]
        assert len(names) == len(set(names)), layout
