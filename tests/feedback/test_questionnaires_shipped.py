from __future__ import annotations

import re
from importlib import resources
from pathlib import Path

import msgspec
import pytest
import yaml

from feedback.questionnaire import ANSWERS, Kind, Questionnaire, Tag
from feedback.questionnaire_file import parse, validate
from feedback.questionnaire_lint import examine, lint
from feedback.questionnaire_structure import longest_visit

SAMPLES = Path(__file__).parents[1] / "samples"
FOLDER = resources.files("feedback") / "questionnaires"
SHIPPED = ("default", "two-faces", "three-faces", "five-faces", "handbook-mini", "order-208", "exit-poll")


def shipped(name: str) -> Questionnaire:
    return parse((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"), f"{name}.yaml")


def test_these_are_all_that_we_ship() -> None:
    assert sorted(file.name for file in FOLDER.iterdir()) == sorted(f"{name}.yaml" for name in SHIPPED)


@pytest.mark.parametrize("name", SHIPPED)
def test_every_one_can_be_asked_in_both_languages_and_has_nothing_to_mend(name: str) -> None:
    questionnaire = shipped(name)
    validate(questionnaire, name)
    assert questionnaire.id == name
    assert questionnaire.languages == ("uk", "en")
    assert lint(questionnaire) == ()


@pytest.mark.parametrize("file", [*FOLDER.iterdir(), *(SAMPLES / "questionnaire-1").glob("*.yaml")], ids=lambda file: file.name)
def test_every_file_is_read_alike_with_and_without_libyaml(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert yaml.load(text, Loader=yaml.BaseLoader) == yaml.load(text, Loader=yaml.CBaseLoader)


@pytest.mark.parametrize("name", SHIPPED)
def test_ukrainian_is_written_with_its_own_apostrophe(name: str) -> None:
    if name == "order-208":
        return  # to the letter, with the straight one
    for text in re.findall(r'"uk":"(.*?)"', msgspec.json.encode(shipped(name)).decode()):
        assert not re.search(r"['`ʼ]", text), text
        assert text == text.strip()


@pytest.mark.parametrize(
    ("name", "faces"),
    [
        ("default", ("excellent", "good", "acceptable", "terrible", "hard_to_say")),
        ("two-faces", ("good", "terrible")),
        ("three-faces", ("good", "acceptable", "terrible", "hard_to_say")),
        ("five-faces", ANSWERS[:-1]),
        ("handbook-mini", ("excellent", "good", "poor", "terrible", "hard_to_say")),
        ("exit-poll", ("excellent", "good", "acceptable", "terrible", "hard_to_say")),
    ],
)
def test_the_first_question_fits_a_panel_of_five_buttons(name: str, faces: tuple[str, ...]) -> None:
    first = shipped(name).questions[0]
    assert first.kind is Kind.FACES
    assert tuple(choice.id for choice in first.choices) == faces
    assert len(faces) <= 5


def test_the_default_asks_for_reasons_apart_and_offers_a_call_only_where_something_was_wrong() -> None:
    questionnaire = shipped("default")
    by_id = {question.id: question for question in questionnaire.questions}
    assert by_id["reasons_bad"].when == {"service": ("acceptable", "terrible")}
    assert by_id["reasons_good"].when == {"service": ("excellent", "good")}
    assert by_id["comment"].when == {}
    assert by_id["contact"].when == {"service": ("acceptable", "terrible")}
    assert questionnaire.version == 2
    assert longest_visit(questionnaire) == 4
    for reasons in (by_id["reasons_bad"], by_id["reasons_good"]):
        tags = {choice.tag for choice in reasons.choices}
        assert {Tag.ACCESS, Tag.ATTITUDE, Tag.CLARITY, Tag.COMFORT, Tag.DURATION, Tag.OUTCOME} <= tags
        for words in (word for choice in reasons.choices for word in choice.words.values()):
            assert len(words.split()) <= 4
            assert max(map(len, words.split())) <= 14


def annex() -> list[str]:
    lines = (SAMPLES / "order-208-annex-1.txt").read_text(encoding="utf-8").splitlines()
    return [line.strip() for line in lines if line.strip()]


def test_order_208_is_the_annex_to_the_letter() -> None:
    questionnaire = shipped("order-208")
    said = [questionnaire.title["uk"], questionnaire.opening["uk"]]
    for number, question in enumerate(questionnaire.questions, 1):
        text = f"{number}. {question.text['uk']}"
        if question.when:
            assert question.when == {"clarity": ("1", "2")}
            text += " (це питання ставиться клієнту в разі, якщо оцінка роботи працівника контактного центру становить «1» або «2»)."
        answers = [choice.words["uk"] for choice in question.choices]
        if question.scale is not None:
            assert question.scale == (5, 1)
            answers = ["5", "4", "3", "2", "1"]
        said += [text, *answers]
    said += questionnaire.closing["uk"].splitlines()
    assert said == [line.removeprefix("- ") for line in annex()]


def test_order_208_departs_from_our_rules_only_with_reasons() -> None:
    examined = examine(shipped("order-208"))
    assert {waived.finding.rule.value for waived in examined.waived} == {
        "too-many", "two-questions", "no-comment", "too-long", "jargon", "tone",
    }  # fmt: skip
    assert all("annex" in waived.reason for waived in examined.waived)


def test_the_exit_poll_asks_the_loyalty_question_from_0_to_10() -> None:
    (loyalty,) = (question for question in shipped("exit-poll").questions if question.scale == (0, 10))
    assert loyalty.id == "loyalty"


@pytest.mark.parametrize("sample", sorted((SAMPLES / "questionnaire-1").glob("*.yaml")), ids=lambda path: path.stem)
def test_files_of_format_1_will_always_mean_the_same(sample: Path) -> None:
    questionnaire = parse(sample.read_text(encoding="utf-8"), sample.name)
    assert questionnaire == msgspec.json.decode(sample.with_suffix(".json").read_bytes(), type=Questionnaire)
    validate(questionnaire, sample.name)
