from __future__ import annotations

import msgspec
import pytest

from feedback.questionnaire import Choice, Face, Kind, Question, Questionnaire, Tag, Waiver
from feedback.questionnaire_lint import Rule, examine, lint

FACES = tuple(Choice(face, {"uk": face, "en": face}, Face(face)) for face in ("excellent", "good", "acceptable", "terrible"))
HARD = Choice("hard_to_say", {"uk": "Складно відповісти", "en": "Hard to say"})
SERVICE = Question("service", {"uk": "Як Вас обслужили?", "en": "How were you served?"}, choices=(*FACES, HARD))
COMMENT = Question("comment", {"uk": "Хочете щось додати?", "en": "Anything to add?"}, Kind.WORDS)
GOOD = Questionnaire("q", 1, ("uk", "en"), (SERVICE, COMMENT), purpose={"uk": "Щоб знати, що покращити.", "en": "To know what to improve."})


def rules(questionnaire: Questionnaire) -> set[str]:
    return {str(finding.rule) for finding in lint(questionnaire)}


def asking(uk: str = "Ясно?", en: str = "Clear?", kind: Kind = Kind.YES_NO, **fields: object) -> Questionnaire:
    question = msgspec.structs.replace(Question("asked", {"uk": uk, "en": en}, kind), **fields)
    return msgspec.structs.replace(GOOD, questions=(SERVICE, question, COMMENT))


def listing(*words: str, kind: Kind = Kind.SINGLE, **fields: object) -> Questionnaire:
    choices = tuple(Choice(f"a{number}", {"uk": text, "en": f"Answer {number}"}) for number, text in enumerate(words))
    return asking("Що саме?", "What exactly?", kind, choices=choices, **fields)


def test_a_good_questionnaire_has_nothing_to_mend() -> None:
    assert lint(GOOD) == ()


BAD_QUESTIONS = [
    ("two-questions", "Чи було швидко та ввічливо?", ""),
    ("two-questions", "Чи було швидко? Чи було ввічливо?", ""),
    ("two-questions", "", "Was it quick and polite?"),
    ("leading", "Чи згодні Ви, що стало краще?", ""),
    ("leading", "Стало краще, чи не так?", ""),
    ("leading", "Наскільки добре Вас обслужили?", ""),
    ("leading", "Як працюють наші привітні адміністратори?", ""),
    ("leading", "Що Вам сподобалося?", ""),
    ("leading", "", "Don’t you agree that it is better?"),
    ("leading", "", "How good was our service?"),
    ("leading", "", "What did you like?"),
    ("negation", "Чи не було незручно?", ""),
    ("negation", "Чи Вам не пояснили?", ""),
    ("negation", "", "Was it not uncomfortable?"),
    ("negation", "", "Didn’t they explain it?"),
    ("absolute", "Чи завжди Вам пояснюють?", ""),
    ("absolute", "", "Do you always get an answer?"),
    ("jargon", "Чи звернетеся Ви у разі необхідності?", ""),
    ("jargon", "Чи задоволені Ви роботою ВЦА?", ""),
    ("jargon", "", "Was the service delivery clear?"),
    ("too-long", "Чи пояснили Вам у центрі, які саме документи, довідки чи копії потрібно було принести цього разу до вікна?", ""),
    ("personal", "Яке Ваше прізвище?", ""),
    ("personal", "", "What is your full name?"),
    ("promise", "Ваша відповідь анонімна, чи було зручно?", ""),
    ("tone", "Чи було зручно?!", ""),
    ("tone", "Чи було ДУЖЕЗРУЧНО?", ""),
    ("letters", "Чи було зpучно?", ""),  # a Latin p
    ("letters", "Чи были Вы довольны?", ""),
    ("letters", "", "Was it зручно?"),
    ("letters", "Чи було зручно 😡?", ""),
    ("letters", "", "Was it easy ☺?"),
    ("letters", "Чи було 清楚?", ""),
]


@pytest.mark.parametrize(("rule", "uk", "en"), BAD_QUESTIONS)
def test_bad_wording_is_found_in_its_language(rule: str, uk: str, en: str) -> None:
    findings = lint(asking(uk or "Ясно?", en or "Clear?"))
    assert [(str(finding.rule), finding.question, finding.language) for finding in findings if finding.rule == rule] == [
        (rule, "asked", "uk" if uk else "en")
    ]


@pytest.mark.parametrize(
    ("uk", "en"),
    [
        ("Наскільки Ви задоволені атмосферою в центрі?", "How satisfied are you with the atmosphere in the centre?"),
        ("Чи задоволені Ви тим, як з Вами спілкувалися працівники ЦНАП?", "Are you satisfied with how the staff talked with you?"),
        ("Скільки разів (2 і більше) Ви приходили?", "How often (2 and more) did you come?"),
        ("Чи вирішено Ваше питання?", "Was your matter resolved?"),
        ("Наскільки ймовірно, що Ви порадите нас знайомим?", "How likely are you to recommend us to friends?"),
        ("Було зрозуміло чи ні?", "Was it clear or not?"),
        ("Чи п’ятниця для Вас зручна?", "Is Friday convenient for you?"),
        ("Яке вікно Вас приймало, 5 чи 10?", "Which window served you, No. 5 or No. 10?"),
    ],
)
def test_good_wording_is_left_alone(uk: str, en: str) -> None:
    assert lint(asking(uk, en)) == ()


def test_whether_something_was_liked_may_be_asked_after_an_answer_that_says_so() -> None:
    assert lint(asking("Що Вам не сподобалося?", "What did you dislike?", Kind.WORDS, when={"service": ("terrible",)})) == ()


@pytest.mark.parametrize(
    ("rule", "bad"),
    [
        ("no-purpose", msgspec.structs.replace(GOOD, purpose={})),
        ("no-comment", msgspec.structs.replace(GOOD, questions=(SERVICE,))),
        ("no-comment", msgspec.structs.replace(GOOD, questions=(SERVICE, msgspec.structs.replace(COMMENT, when={"service": ("good",)})))),
        ("missing-range", msgspec.structs.replace(GOOD, questions=(msgspec.structs.replace(SERVICE, choices=FACES), COMMENT))),
        ("missing-range", asking(kind=Kind.FACES, choices=FACES[:3])),
        ("missing-range", listing("Дуже задоволені", "Задоволені", "Майже задоволені")),
        ("missing-range", msgspec.structs.replace(GOOD, questions=(SERVICE, COMMENT, listing("а", "б", "в", "г").questions[1]))),
        ("unbalanced", listing("Чудово", "Дуже добре", "Добре", "Погано")),
        ("bare-scale", asking(kind=Kind.SCALE, scale=(1, 5))),
        ("repeated", asking("Як Вас обслуговували?", kind=Kind.WORDS)),
        ("repeated", listing("Черга", "черга")),
        ("too-long", listing("Надто довга черга до вікна адміністратора", "Черга")),
        ("too-long", listing("Некомпетентність", "Черга")),
        ("two-questions", listing("Довго й незручно", "Черга")),
        ("untagged", asking(kind=Kind.MULTIPLE, choices=(Choice("a", {}, tag=Tag.COMFORT), Choice("b", {})))),
        ("jargon", msgspec.structs.replace(GOOD, opening={"uk": "З метою покращення.", "en": "Hello."})),
        ("tone", msgspec.structs.replace(GOOD, closing={"uk": "Дякуємо!", "en": "Thank you."})),
        ("leading", msgspec.structs.replace(GOOD, purpose={"uk": "Поставте найвищий бал.", "en": "Hello."})),
        ("too-many", msgspec.structs.replace(GOOD, questions=tuple(
            msgspec.structs.replace(COMMENT, id=f"q{n}", text={"uk": chr(0x430 + n) * 9}) for n in range(6)
        ))),
    ],
)  # fmt: skip
def test_what_is_missing_or_too_much_is_found(rule: str, bad: Questionnaire) -> None:
    assert rule in rules(bad)


@pytest.mark.parametrize(
    "good",
    [
        listing("Так, повністю", "Так, частково", "Ні", "Ще чекаю"),
        listing("менше 15 хвилин", "від 15 до 30 хвилин", "понад 30 хвилин"),
        asking("Оцініть від 1 до 5", "Rate from 1 to 5", Kind.SCALE, scale=(1, 5)),
        asking(kind=Kind.SCALE, scale=(1, 5), ends=({"uk": "погано", "en": "bad"}, {"uk": "добре", "en": "good"})),
        msgspec.structs.replace(GOOD, questions=(
            SERVICE,
            msgspec.structs.replace(COMMENT, id="bad", when={"service": ("acceptable", "terrible", "hard_to_say")}),
            msgspec.structs.replace(COMMENT, id="good", when={"service": ("excellent", "good")}),
        )),
    ],
)  # fmt: skip
def test_a_whole_range_and_room_for_everyone_are_enough(good: Questionnaire) -> None:
    assert lint(good) == ()


def test_questions_that_no_visitor_meets_together_count_once() -> None:
    sides = [
        msgspec.structs.replace(COMMENT, id=f"{face}-{n}", text={"uk": f"{face} {n}", "en": f"{n} {face}"}, when={"service": (face,)})
        for face in ("good", "terrible", "excellent")
        for n in range(3)
    ]
    assert "too-many" not in rules(msgspec.structs.replace(GOOD, questions=(SERVICE, *sides, COMMENT)))


def test_a_waiver_silences_its_rule_and_keeps_its_reason() -> None:
    questionnaire = asking("Чи було швидко та ввічливо?")
    waiver = Waiver("two-questions", "The form is official.", "asked")
    examined = examine(msgspec.structs.replace(questionnaire, waivers=(waiver,)))
    assert examined.findings == ()
    ((finding, reason),) = [(waived.finding, waived.reason) for waived in examined.waived]
    assert (finding.rule, finding.quote, reason) == (Rule.TWO_QUESTIONS, "Чи було швидко та ввічливо?", "The form is official.")


@pytest.mark.parametrize("waiver", [Waiver("two-questions", "x", "service"), Waiver("tone", "x")])
def test_a_waiver_that_silences_nothing_is_reported(waiver: Waiver) -> None:
    questionnaire = msgspec.structs.replace(asking("Чи було швидко та ввічливо?"), waivers=(waiver,))
    assert rules(questionnaire) == {"two-questions", "unused-waiver"}


def test_every_rule_is_shown_by_a_test() -> None:
    shown = {rule for rule, *_ in BAD_QUESTIONS} | {
        "no-purpose", "no-comment", "missing-range", "unbalanced", "bare-scale", "repeated", "untagged", "too-many", "unused-waiver",
    }  # fmt: skip
    assert shown == {str(rule) for rule in Rule}
