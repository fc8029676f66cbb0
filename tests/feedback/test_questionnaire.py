from __future__ import annotations

from importlib import resources

import pytest

from feedback.questionnaire import ANSWERS, QuestionnaireError, parse

DEFAULT = resources.files("feedback").joinpath("questionnaires/default.yaml").read_text(encoding="utf-8")


def test_the_default_asks_with_the_words_of_the_national_scale() -> None:
    questionnaire = parse(DEFAULT, "default.yaml")
    (question,) = questionnaire.questions
    assert question.text["uk"] == "Як Вас обслужили?"
    assert [choice.words["uk"] for choice in question.choices] == ["чудово", "добре", "прийнятно", "жахливо", "Складно відповісти"]
    assert tuple(choice.id for choice in question.choices) == ANSWERS
    assert questionnaire.languages == ("uk", "en")


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("en: How were you served?", "ru: Как?", "question 'service' lacks a text in 'en'"),
        ("{id: good,", "{id: fine,", "'fine' is not one of"),
        ("{id: good,", "{id: excellent,", "different ids"),
        ("format: 1", "format: 9", "format 9"),
        ("languages: [uk, en]", "languages: []", "at least one language"),
        ("version: 1", "versoin: 1", "did you mean .version."),
        ("questions:", "questions: [", "default.yaml"),
    ],
)
def test_a_bad_questionnaire_names_its_source_and_the_fault(old: str, new: str, complaint: str) -> None:
    with pytest.raises(QuestionnaireError, match=complaint) as raised:
        parse(DEFAULT.replace(old, new, 1), "default.yaml")
    assert str(raised.value).startswith("default.yaml")
