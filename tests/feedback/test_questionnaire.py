from __future__ import annotations

from importlib import resources

import msgspec
import pytest

from feedback.questionnaire import (
    ANSWERS,
    RESERVED,
    Choice,
    Face,
    Kind,
    Question,
    Questionnaire,
    QuestionnaireError,
    Waiver,
    choices_of,
    is_asked,
)
from feedback.questionnaire_file import parse, validate
from kiosk import screens

DEFAULT = resources.files("feedback").joinpath("questionnaires/default.yaml").read_text(encoding="utf-8")


def line_of(words: str, text: str = DEFAULT) -> int:
    return text[: text.index(words)].count("\n") + 1


def test_the_default_asks_with_the_words_of_the_national_scale() -> None:
    questionnaire = parse(DEFAULT, "default.yaml")
    question = questionnaire.questions[0]
    assert question.text["uk"] == "Як Вас обслужили?"
    assert [choice.words["uk"] for choice in question.choices] == ["чудово", "добре", "прийнятно", "жахливо", "Складно відповісти"]
    assert [choice.face for choice in question.choices] == [Face.EXCELLENT, Face.GOOD, Face.ACCEPTABLE, Face.TERRIBLE, None]
    assert questionnaire.languages == ("uk", "en")


@pytest.mark.parametrize(
    ("old", "new", "at", "complaint"),
    [
        ("format: 1", "format: 9", "format: 9", "this program reads format 1, not '9'; write “format: 1”"),
        ("version: 2", "versoin: 2", "versoin", "unknown key 'versoin'; did you mean 'version'?"),
        ("version: 2", "version: 02", "version: 02", "version: a whole number is needed here"),
        ("version: 2", "version: 0", "version: 0", "version 0 cannot be; number versions from 1"),
        ("version: 2", "pilot: yes", "pilot", "pilot: write true or false here"),
        ("languages: [uk, en]", "languages: []", "languages", "name at least one language"),
        ("languages: [uk, en]", "languages: uk", "languages", "a list is needed here"),
        ("languages: [uk, en]", "languages: [uk, en, uk]", "languages", "'uk' cannot stand here"),
        ("languages: [uk, en]", "languages: [ua, en]", "languages", "'ua' is a country's code; the language is uk"),
        ("    kind: words", "    time_out_s: 30 s\n    kind: words", "30 s", "time_out_s: a number of seconds is needed here"),
        ("    kind: words", "    kind: scale\n    scale: 1-5", "scale: 1-5", "scale: a list is needed here"),
        ("when: {service: [acceptable", "when: {service: [terrible", "when", "'terrible' is written twice; delete one of them"),
        (
            "      - {id: queue, tag: duration, words: {uk: Довга черга, en: Long queue}}",
            "      - Довга черга",
            "- Довга",
            "answer 1: keys with values are needed here, as in {id: first, words: {uk: …, en: …}}",
        ),
        (
            "  - id: reasons_bad",
            "  - reasons_bad\n  - id: reasons_bad",
            "- reasons_bad",
            "question 2: keys with values are needed here: id, text",
        ),
        ("id: default", "id: Default", "id: Default", "'Default' cannot be an id; write 1 to 32 of a-z"),
        ("questions:", "questions: [", "  - id: service", "this is no valid YAML"),
        ("uk: Що було добре?", "uk: Що було: добре?", "Що було: добре", "put quotation marks around a text with a colon"),
        ("id: reasons_bad", "tag: access", "tag: access", "question 2: “id” is missing; write it"),
        (
            "      en: How were",
            "      ru: Как?\n      en: How were",
            "ru: Как",
            "question 'service': text is there in 'ru', which is none of the languages",
        ),
        ("      en: How were", "      uk: How were", "uk: How", "question 'service': 'uk' is written twice, first in line"),
        ("      en: How were you served?", "", "text:", "question 'service': text is missing in 'en'; write en: …"),
        ("uk: Як Вас обслужили?", "uk: ''", "uk: ''", "text in 'uk' is empty; write it"),
        ("uk: Як Вас обслужили?", "uk: " + "я" * 201, "uk: яя", "text in 'uk' has 201 characters; shorten it to 200"),
        ("uk: Як Вас обслужили?", 'uk: "Як\\u202eВас?"', 'uk: "Як', "holds a character that cannot be seen"),
        ("id: excellent,", "id: terible,", "id: terible", "answer 'terible': there is no face 'terible'; did you mean 'terrible'?"),
        ("id: excellent,", "id: good,", "id: good, words: {uk: добре", "another answer has the id 'good'; give each its own"),
        ("id: excellent,", "id: excellent, face: good,", "face: good", "the answer 'excellent' cannot wear the face good; leave face out"),
        ("words: {uk: чудово, en: excellent}", "words: чудово", "words: чудово", "words: keys with values are needed here"),
        (
            "      - {id: excellent, words: {uk: чудово, en: excellent}}\n",
            "",
            "[excellent, good]",
            "'excellent' cannot stand here for the question 'service'",
        ),
        ("kind: multiple", "kind: multipel", "multipel", "'multipel' is not one of faces, single, multiple"),
        ("kind: multiple", "kind: multipel", "multipel", "did you mean 'multiple'?"),
        ("kind: multiple", "kind: faces", "id: queue", "there is no face 'queue'; write one of excellent"),
        ("kind: multiple", "kind: scale", "id: reasons_bad", "needs scale; write scale: …"),
        ("kind: multiple", "kind: yes_no", "choices:\n      - {id: queue", "the answers of the kind yes_no are yes and no"),
        ("id: queue,", "id: skip,", "id: skip", "answer 'skip': 'skip' is the name of a button on every screen"),
        ("id: queue,", "id: good,", "id: good, tag", "only answers of the kind faces have a face or one of the ids excellent"),
        ("id: queue,", "id: 'a,b',", "id: 'a,b'", "'a,b' cannot be an id"),
        ("tag: duration,", "tag: durration,", "durration", "tag: 'durration' is not one of access"),
        (
            "when: {service: [acceptable",
            "when: {servise: [acceptable",
            "servise",
            "no earlier question is called 'servise'; did you mean 'service'?",
        ),
        ("when: {service: [acceptable", "when: {service: [aceptable", "aceptable", "did you mean 'acceptable'?"),
        ("when: {service: [acceptable, terrible]}", "when: {service: []}", "when: {service: []", "name at least one answer of 'service'"),
        ("when: {service: [acceptable, terrible]}", "when: {contact: [x]}", "contact: [x]", "no earlier question is called 'contact'"),
        (
            "when: {service: [acceptable, terrible]}",
            "when: [service]",
            "when: [service",
            "questions with lists of their answers are needed",
        ),
        (
            "kind: words",
            "kind: words\n    when: {reasons_bad: [queue], reasons_good: [speed]}",
            "when: {reasons_bad",
            "would never be asked",
        ),
        ("kind: words", "kind: words\n    time_out_s: 2", "time_out_s", "2 seconds cannot be; write 5 to 600"),
        ("kind: words", "kind: words\n    time_out_s: nan", "time_out_s", "seconds cannot be"),
        ("kind: words", "kind: words\n    ways: [phone]", "ways: [phone]", "a question of the kind words has no ways"),
        ("ways: [phone, email]", "ways: [fone]", "fone", "ways: 'fone' is not one of phone, email; did you mean 'phone'?"),
        ("ways: [phone, email]", "ways: [phone, phone]", "ways", "write each way once"),
        ("    ways: [phone, email]\n", "", "id: contact", "question 'contact': a question of the kind contact needs ways"),
        ("    consent:\n", "    konsent:\n", "konsent", "unknown key 'konsent'; did you mean 'consent'?"),
        (
            "version: 2",
            "version: 2\nwaivers: [{rule: leeding, reason: x}]",
            "waivers",
            "there is no rule 'leeding'; did you mean 'leading'?",
        ),
        ("version: 2", "version: 2\nwaivers: [{rule: tone, question: servise, reason: x}]", "waivers", "did you mean 'service'?"),
        ("version: 2", "version: 2\nwaivers: [{rule: tone, reason: ''}]", "waivers", "the reason is empty; write it"),
        ("version: 2", "version: *a", "version: *a", "this is no valid YAML"),
    ],
)
def test_every_complaint_names_the_file_the_line_and_what_to_do(old: str, new: str, at: str, complaint: str) -> None:
    text = DEFAULT.replace(old, new, 1)
    assert text != DEFAULT
    with pytest.raises(QuestionnaireError) as raised:
        parse(text, "default.yaml")
    assert complaint in str(raised.value)
    assert str(raised.value).startswith(f"default.yaml, line {line_of(at, text)}: ")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "x.yaml: it is empty"),
        ("# nothing\n", "x.yaml: it is empty"),
        ("Як Вас обслужили?", "x.yaml, line 1: a questionnaire begins with keys"),
        ("- id: x", "x.yaml, line 1: a questionnaire begins with keys"),
        ("{}", "“id” is missing"),
        ("? [a]\n: b", "x.yaml, line 1: a key is a list"),
        ("id: a\n---\nid: b", "one questionnaire a file"),
        ("id: &a x\nversion: *a", "aliases (*) are not read"),
        ("a: " * 1 + "[" * 5000, "x.yaml"),
        ("id:\n\tx", "x.yaml, line 2: this is no valid YAML"),
        ("id: \x00", "save it as plain UTF-8 text"),
        ("id: \ud800", "save it as plain UTF-8 text"),
        ("#" * 300_000, "longer than 256 KiB"),
    ],
)
def test_what_is_no_questionnaire_at_all_is_refused_in_one_sentence(text: str, complaint: str) -> None:
    with pytest.raises(QuestionnaireError) as raised:
        parse(text, "x.yaml")
    assert complaint in str(raised.value)
    assert str(raised.value).startswith("x.yaml")


def test_what_yaml_would_take_for_something_else_stays_text() -> None:
    text = """
        id: texts
        version: 1
        languages: [no]
        questions:
          - id: on
            kind: single
            text: {no: 2026-01-01}
            choices:
              - {id: 010, words: {no: no}}
              - {id: off, words: {no: 1e3}}
    """
    question = parse(text, "texts.yaml").questions[0]
    assert question == Question(
        "on", {"no": "2026-01-01"}, Kind.SINGLE, choices=(Choice("010", {"no": "no"}), Choice("off", {"no": "1e3"}))
    )


SERVICE = Question("service", {"uk": "Як?"}, choices=tuple(Choice(face, {"uk": face}, Face(face)) for face in ("good", "terrible")))
VALID = Questionnaire("q", 1, ("uk",), (SERVICE,))


def changed(**fields: object) -> Questionnaire:
    return msgspec.structs.replace(VALID, questions=(msgspec.structs.replace(SERVICE, **fields),))


@pytest.mark.parametrize(
    ("bad", "complaint"),
    [
        (msgspec.structs.replace(VALID, format=2), "settings 7: this program reads format 1, not 2"),
        (msgspec.structs.replace(VALID, questions=()), "settings 7: write 1 to 30 questions, not 0"),
        (msgspec.structs.replace(VALID, questions=(SERVICE, SERVICE)), "settings 7: question 'service': another question has the id"),
        (changed(choices=()), "settings 7: question 'service': a question of the kind faces needs choices"),
        (changed(choices=SERVICE.choices[::-1]), "the order is the same everywhere: good, terrible"),
        (changed(choices=SERVICE.choices[:1]), "write 2 to 12 answers, not 1"),
        (changed(choices=(SERVICE.choices[0], Choice("hard_to_say", {"uk": "х"}))), "has 2 to 5 faces"),
        (changed(choices=(Choice("good", {"uk": "х"}), SERVICE.choices[1])), "question 'service': answer 'good': the answer 'good'"),
        (changed(kind=Kind.WORDS, choices=()), "the first question is answered by tapping, not by words; move it down"),
        (changed(kind=Kind.YES_NO, choices=(), text={"uk": ""}), "text in 'uk' is empty"),
        (changed(kind=Kind.SCALE, choices=(), scale=(3, 9)), "the scale [3, 9] cannot be"),
        (changed(when={"service": ("good",)}), "the first question is asked of everyone; delete when"),
    ],
)
def test_values_from_a_server_are_checked_without_lines(bad: Questionnaire, complaint: str) -> None:
    validate(VALID, "settings 7")
    with pytest.raises(QuestionnaireError) as raised:
        validate(bad, "settings 7")
    assert complaint in str(raised.value)
    assert str(raised.value).startswith("settings 7: ")


def test_a_newer_servers_waivers_do_not_stop_an_older_kiosk() -> None:
    validate(msgspec.structs.replace(VALID, waivers=(Waiver("rule-of-tomorrow", "because"),)), "settings")


def test_yes_and_no_are_said_in_languages_that_we_know() -> None:
    foreign = Questionnaire("q", 1, ("pl",), (Question("done", {"pl": "Czy?"}, Kind.YES_NO),))
    with pytest.raises(QuestionnaireError, match="how to say yes and no in 'pl' is not known"):
        validate(foreign, "q.yaml")
    choices = (Choice("yes", {"pl": "tak"}), Choice("no", {"pl": "nie"}))
    validate(msgspec.structs.replace(foreign, questions=(msgspec.structs.replace(foreign.questions[0], choices=choices),)), "q.yaml")


def test_no_answer_can_be_taken_for_a_button() -> None:
    assert {screens.SKIP, screens.DONE, screens.LEAVE, screens.STAY, screens.CALL, screens.STRAY, screens.DONT_REMEMBER} == RESERVED
    assert not RESERVED & set(ANSWERS)


def test_a_scale_counts_the_way_it_is_written() -> None:
    def ids(first: int, last: int) -> list[str]:
        return [choice.id for choice in choices_of(Question("q", {"uk": "?"}, Kind.SCALE, scale=(first, last)))]

    assert ids(5, 1) == ["5", "4", "3", "2", "1"]
    assert ids(0, 10) == [str(number) for number in range(11)]


def test_a_question_is_asked_only_after_the_answers_that_it_names() -> None:
    question = Question("why", {"uk": "?"}, when={"service": ("poor", "terrible"), "reasons": ("queue",)})
    assert is_asked(question, {"service": ("terrible",), "reasons": ("seats", "queue")})
    assert not is_asked(question, {"service": ("terrible",)})
    assert not is_asked(question, {"service": ("good",), "reasons": ("queue",)})
