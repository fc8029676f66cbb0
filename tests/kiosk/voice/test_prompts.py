from __future__ import annotations

from functools import cache

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from feedback.questionnaire import ContactWay, Kind
from feedback.settings import DeskOption
from feedback.tickets import Refusal, Ticket
from kiosk import accepted, filling, keyboard, scans
from kiosk.contact import Typed
from kiosk.screens import COMFORTS, LEAVE, STAY, Ask, Comment, Contact, Desk, Entry, Menu, Pin, Screen, Thanks, changed, stops
from kiosk.voice import aloud, confided
from kiosk.voice.prompts import Manner, Prompt
from kiosk.voice.reaction import Cue, Reaction, reaction, repetition
from kiosk.voice.vocabulary import of_questionnaires
from tests.kiosk.voice.support import comment, contact, first, reasons, screens

FIVE = Manner(buttons=5, headphones=True)
MANY = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def texts(prompts: tuple[Prompt, ...]) -> list[str]:
    return [prompt.text for prompt in prompts]


def without_the_answer(screen: Screen) -> Screen:
    """The same screen before anything was chosen, typed or stood upon."""
    blank = {"chosen": (), "stored": False, "text": "", "shown": "", "cursor": 0, "mistake": "", "pressed": None, "focus": None}
    if not isinstance(screen, Comment | Contact):
        del blank["text"]
    kept = {name: value for name, value in blank.items() if name in screen.__struct_fields__}
    more = {"way": ContactWay.EMAIL} if isinstance(screen, Contact) else {}
    if isinstance(screen, Comment):
        more = {"layout": keyboard.Layout.UK, "shifted": False}
    return changed(screen, **kept, **more)


@MANY
@given(screens())
def test_what_the_room_hears_of_any_screen_does_not_depend_on_the_answer(screen: Screen) -> None:
    blank = without_the_answer(screen)
    for manner in (Manner(), FIVE, Manner(buttons=5, headphones=True, confided=frozenset({"reasons"}))):
        for said in (aloud.spoken, aloud.explanation, aloud.warned):
            assert said(screen, manner) == said(blank, manner)
        assert all(prompt.text.strip() for prompt in aloud.spoken(screen, manner))


@MANY
@given(screens(), screens())
def test_whatever_follows_what_the_answer_is_private(before: Screen, now: Screen) -> None:
    for follows in (reaction(before, now, FIVE, explained=False), repetition(now, FIVE)):
        room = [line for line in follows.lines if not line.private]
        said = {*aloud.spoken(now, FIVE), *aloud.explanation(now, FIVE), *aloud.warned(now, FIVE), *aloud.noticed(now)}
        assert all(isinstance(line, Cue) or line in said for line in room)
    for prompt in (*confided.focused(now), *confided.chosen(now), *confided.read_back(now)):
        assert prompt.private


@MANY
@given(screens())
def test_own_words_never_last(screen: Screen) -> None:
    if isinstance(screen, Comment | Contact):
        typed = screen.text if isinstance(screen, Comment) else screen.shown
        said = confided.read_back(screen)
        assert [prompt.text for prompt in said if not prompt.lasting] == [typed]


def every_screen(language: str) -> list[Screen]:
    desks = (DeskOption("a", "1"), DeskOption("b", "2А", "Паспорти"))
    multiple = changed(first(language), kind=Kind.MULTIPLE)
    written = [
        changed(comment(), language=language, layout=layout, shifted=shifted) for layout in keyboard.Layout for shifted in (False, True)
    ]
    numbers = [changed(contact(), language=language, way=way) for way in ContactWay]
    menu = Menu(language=language, title="Меню", entries=(Entry("volume", "Гучність"),))
    return [
        first(language),
        multiple,
        reasons(language),
        *written,
        *numbers,
        Desk(language=language, desks=desks),
        Pin(language=language),
        menu,
    ]


@pytest.mark.parametrize("language", ["uk", "en"])
def test_everything_that_can_be_selected_has_words(language: str) -> None:
    for screen in every_screen(language):
        for name in (*stops(screen), STAY):
            said = confided.named(screen, name)
            assert said, name
            assert all(prompt.text.strip() and prompt.private for prompt in said)
            assert ":" not in " ".join(texts(said)), f"{name} is said as it is written in the program"


@pytest.mark.parametrize("name", [*COMFORTS, LEAVE, "key:space", "key:@", "way:phone", "dont_remember"])
def test_ukrainian_words_are_ukrainian(name: str) -> None:
    said = " ".join(texts(confided.named(changed(first(), language="uk"), name)))
    assert not any("a" <= letter <= "z" for letter in said.lower()), said


def test_letters_are_called_by_their_names_in_their_own_language() -> None:
    said = [(p.text, p.language) for name in ("key:ґ", "key:Щ", "key:w", "key:ь", "key:7") for p in confided.named(comment(), name)]
    assert said == [("ґе", "uk"), ("велика", "uk"), ("ща", "uk"), ("W", "en"), ("м’який знак", "uk"), ("7", "uk")]


def test_face_buttons_are_named_with_their_answers_in_order() -> None:
    assert texts(aloud.spoken(first("en"), FIVE)) == [
        *("How were you served?", "First button:", "excellent", "Second button:", "good"),
        *("Third button:", "acceptable", "Fourth button:", "terrible"),
    ]
    assert "First button:" not in texts(aloud.spoken(first("en"), Manner()))
    assert aloud.explanation(first(), FIVE) == ()
    assert aloud.explanation(reasons(), FIVE) != ()


def test_a_question_that_would_tell_the_answer_before_it_is_said_in_the_headphones() -> None:
    manner = Manner(buttons=5, headphones=True, confided=frozenset({"reasons"}))
    taken = changed(first("en"), chosen=("good",), stored=True)
    follows = reaction(first("en"), taken, manner, explained=False)
    room = [line.text for line in follows.lines if isinstance(line, Prompt) and not line.private]
    assert room == ["Some questions can be heard only in the headphones."], "said after any answer"
    follows = reaction(taken, reasons("en"), manner, explained=False)
    assert not [line for line in follows.lines if not line.private]
    assert "Long queue" in [line.text for line in follows.lines if isinstance(line, Prompt)]


def test_a_scale_says_its_ends_and_all_its_numbers() -> None:
    scale: Ask = msgspec.structs.replace(reasons("en"), kind=Kind.SCALE, options=first("en").options[:2], ends=("not at all", "very much"))
    assert texts(aloud.spoken(scale))[1:] == ["excellent", "not at all", "good", "very much", "excellent", "good"]


@pytest.mark.parametrize("screen", [first("en"), Desk(language="en", desks=(DeskOption("a", "1"),))], ids=["first", "desk"])
def test_why_a_code_gave_nothing_is_said_at_once_and_again_when_asked_for(screen: Ask | Desk) -> None:
    notice = scans.refused(Refusal.SPENT, "en")
    loud = changed(screen, comfort=changed(screen.comfort, voice=True))
    follows = reaction(loud, changed(loud, notice=notice), FIVE, explained=True)
    assert follows.lines == (Prompt(notice, "en"),)
    assert (follows.cut_room, follows.cut_ears) == (True, True), "before all answers have been read"
    assert reaction(changed(loud, notice=notice), loud, FIVE, explained=True) == Reaction()
    assert repetition(changed(loud, notice=notice), FIVE).lines[0] == Prompt(notice, "en")
    silent = changed(screen, comfort=changed(screen.comfort, voice=False))
    quiet = reaction(silent, changed(silent, notice=notice), FIVE, explained=True)
    assert quiet.lines == (Prompt(notice, "en", private=True),), "who did not ask for the voice reads it"


def test_a_ticket_is_heard_with_its_desk_and_what_it_tells() -> None:
    ticket = Ticket(form="own", number="A017", desk="a")
    scanned = changed(first("en"), desk=DeskOption("a", "12"), note=scans.told_by(ticket, "en"))
    assert texts(aloud.spoken(scanned))[1:3] == ["Desk 12", "The ticket will tell only the desk, the service and the time."]


@pytest.mark.parametrize("language", ["uk", "en"])
def test_everything_about_codes_can_be_recorded_beforehand(language: str) -> None:
    settings_with_desks = changed(accepted.before_any("exit-sample-1"), desks=(DeskOption("a", "1"),), desk=DeskOption("b", "7"))
    known = {prompt.text for prompt in of_questionnaires((settings_with_desks,), language)}
    said = {scans.refused(why, language) for why in Refusal} | {scans.read_without_desk(language)}
    said |= {tell(Ticket(form="x", is_card=is_card), language) for is_card in (False, True) for tell in (scans.told_by, scans.forgotten)}
    said |= set(texts(confided.named(Desk(language=language, desks=(DeskOption("b", "7"),)), "desk:b")))
    assert said <= known


def test_thanks_say_how_many_answered_without_keeping_the_number() -> None:
    said = aloud.spoken(Thanks(language="en", answered=1284, done="A new window."))
    assert texts(said)[-2:] == ["Answers this month: 1284.", "A new window."]
    assert [prompt.lasting for prompt in said] == [True, True, False, False]


def test_typing_is_echoed() -> None:
    empty, typed = comment(), changed(comment(), text="Ї", cursor=1)
    assert texts(confided.typed(empty, typed)) == ["велика", "ї"]
    assert texts(confided.typed(typed, empty)) == ["стерто", "велика", "ї"]
    assert texts(confided.typed(typed, changed(typed, cursor=0))) == ["велика", "ї"]
    assert texts(confided.typed(changed(typed, cursor=0), typed)) == ["кінець"]
    mail = changed(contact(), way=ContactWay.EMAIL)
    assert texts(confided.typed(mail, changed(mail, text="ukr.net", cursor=7))) == ["укр крапка нет"]
    assert texts(confided.read_back(typed)) == ["Написано:", "Ї"]
    capitals = changed(empty, shifted=True)
    assert texts(confided.typed(empty, capitals)) == ["Великі літери", "увімкнено"]
    assert texts(confided.typed(capitals, empty)) == ["Великі літери", "вимкнено"]


def test_a_pin_is_never_echoed() -> None:
    for before, now in ((Pin(), Pin(typed=1)), (Pin(typed=1), Pin(typed=2)), (Pin(typed=3), Pin(wrong=True))):
        assert not [line for line in reaction(before, now, FIVE, explained=False).lines if isinstance(line, Prompt)]


def test_done_says_what_is_lacking() -> None:
    assert texts(confided.named(reasons("en"), "done")) == ["Done", "Nothing is chosen yet."]
    assert texts(confided.named(changed(reasons("en"), chosen=("reason-1",)), "done")) == ["Done"]
    assert texts(confided.named(comment(), "done")) == ["Готово", "Ще нічого не написано."]


def test_own_words_are_read_in_the_language_of_their_letters() -> None:
    languages = {"Дякую": "uk", "Thank you": "en", "12": "en"}
    for words, language in languages.items():
        said = confided.read_back(changed(comment(), language="en", text=words))
        assert [(prompt.language, prompt.lasting) for prompt in said] == [("en", True), (language, False)]


def test_a_mistake_is_said_in_the_headphones_and_again_when_asked() -> None:
    typed = changed(contact(), text="+38067", shown="+380 67", mistake="")
    wrong = filling.checked(typed)
    assert wrong.mistake
    for follows in (reaction(typed, wrong, FIVE, explained=True), repetition(wrong, FIVE)):
        assert Prompt(wrong.mistake, "uk", private=True) in follows.lines


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(ContactWay), st.text("0123456789+@.-abc", max_size=16), st.sampled_from(["uk", "en"]))
def test_every_mistake_can_be_recorded(way: ContactWay, text: str, language: str) -> None:
    mistake = Typed(way, text).mistake(language)
    assert not mistake or Prompt(mistake, language, private=True) in recordable()


@cache
def recordable() -> frozenset[Prompt]:
    questionnaire = accepted.before_any("kiosk-0001")
    return frozenset(prompt for language in ("uk", "en") for prompt in of_questionnaires([questionnaire], language))


def test_several_answers_say_what_was_added_and_taken_back() -> None:
    none, one = reasons("en"), changed(reasons("en"), chosen=("reason-1",))
    assert texts(confided.toggled(none, one)) == ["Rudeness", "chosen"]
    assert texts(confided.toggled(one, none)) == ["Rudeness", "not chosen"]
    assert texts(confided.focused(changed(one, focus="reason-1"))) == ["Rudeness", "chosen"]


def test_the_warning_names_what_keeps_the_screen_open() -> None:
    assert texts(aloud.warned(reasons(), FIVE)) == ["Ви ще тут?", "Щоб продовжити, натисніть четверту кнопку."]
    assert texts(aloud.warned(reasons(), Manner())) == ["Ви ще тут?", "Щоб продовжити, торкніться екрана."]
