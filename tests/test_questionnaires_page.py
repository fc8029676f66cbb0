"""Who reads only docs/questionnaires.md can write a questionnaire: its examples work, and it leaves nothing out."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_type_hints

import pytest
import yaml

from feedback.questionnaire import ANSWERS, RESERVED, Choice, ContactWay, Kind, Question, Questionnaire, Tag, Waiver
from feedback.questionnaire_file import parse
from feedback.questionnaire_kinds import MOST_CHOICES
from feedback.questionnaire_lint import Rule, lint
from feedback.questionnaire_rules import MOST_QUESTIONS
from feedback.questionnaire_structure import MOST_IN_ONE_VISIT
from feedback.questionnaire_wording import CHOICE_LETTERS, CHOICE_WORDS, NOTE_LETTERS, QUESTION_LETTERS, QUESTION_WORDS, WORD_LETTERS
from server.__main__ import app as server_app

PAGE = (Path(__file__).parents[1] / "docs" / "questionnaires.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
WHOLE = [example for example in EXAMPLES if not example.startswith("- ")]
PARTS = [example for example in EXAMPLES if example.startswith("- ")]
ROUND_IT = """
id: around
version: 1
languages: [uk, en]
purpose: {uk: Щоб знати., en: To know.}
questions:
- id: service
  text: {uk: Як Вас обслужили?, en: How were you served?}
  choices:
"""
FACES = "".join(f"  - {{id: {face}, words: {{uk: {face}, en: {face}}}}}\n" for face in ANSWERS)
END = "- {id: own, kind: words, text: {uk: Ваші слова, en: Your words}}\n"


@pytest.mark.parametrize("example", WHOLE)
def test_every_whole_example_can_be_asked_and_has_nothing_to_mend(example: str) -> None:
    assert lint(parse(example, "example.yaml")) == ()


@pytest.mark.parametrize("example", PARTS)
def test_every_part_can_stand_in_a_questionnaire(example: str) -> None:
    # A first question called "service" is put before the part, unless the part is one.
    before = ROUND_IT.partition("- id: service")[0] if "id: service" in example.split("\n", maxsplit=1)[0] else ROUND_IT + FACES
    questionnaire = parse(before + example + END, "example.yaml")
    assert {finding.rule for finding in lint(questionnaire)} <= {Rule.REPEATED}


@pytest.mark.parametrize("example", EXAMPLES)
def test_examples_can_be_read_by_yaml_with_and_without_libyaml(example: str) -> None:
    assert yaml.load(example, Loader=yaml.BaseLoader) == yaml.load(example, Loader=yaml.CBaseLoader)


def test_there_is_an_example_of_every_kind() -> None:
    shown = {question["kind"] for example in PARTS for question in yaml.safe_load(example)}
    assert shown == {str(kind) for kind in Kind}


def test_every_name_that_can_be_written_is_explained() -> None:
    keys = {key for struct in (Questionnaire, Question, Choice, Waiver) for key in get_type_hints(struct)}
    names = {*keys, *Kind, *Tag, *ContactWay, *ANSWERS, *RESERVED}
    assert not [name for name in names if f"`{name}`" not in PAGE and not re.search(rf"^ *(?:- )?{name}: ", PAGE, re.MULTILINE)]


def test_every_rule_of_the_linter_has_its_row() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \| [^|]+ \|[^|]*\| [^|]+ \|$", PAGE, re.MULTILINE)
    assert [row for row in rows if row in set(Rule)] == [str(rule) for rule in Rule]


def test_the_linters_bad_examples_are_bad_and_its_good_ones_good() -> None:
    rows = re.findall(rf"^\| `({'|'.join(Rule)})` \| [^|]+ \| ([^|]+) \| ([^|]+) \|$", PAGE, re.MULTILINE)
    shown = {rule: (bad, good) for rule, bad, good in rows}
    for rule in ("two-questions", "leading", "negation", "absolute", "jargon", "promise", "personal", "tone", "letters"):
        bad, good = shown[rule]
        assert rule in rules_of(question(bad.partition(" (")[0])), bad
        if "`" not in good:
            assert rule not in rules_of(question(good.partition(" —")[0])), good
    for rule in ("too-long", "unbalanced"):
        bad, good = shown[rule]
        assert rule in rules_of(answers(bad.split(", "))), bad
        assert rule not in rules_of(answers(good.split(", "))), good
    once, again = re.findall(r"[^?]+\?", shown["repeated"][0])
    assert "repeated" in rules_of(question(once.strip()) + question(again.strip()).replace("asked", "again"))


def question(text: str) -> str:
    return f"- {{id: asked, kind: yes_no, text: {{uk: '{text}', en: Clear?}}}}\n"


def answers(words: list[str]) -> str:
    choices = "".join(
        f"  - {{id: a{number}, words: {{uk: '{text}', en: Answer {number}}}}}\n" for number, text in enumerate([*words, "інше"])
    )
    return f"- id: list\n  kind: single\n  text: {{uk: Що саме, en: What exactly}}\n  choices:\n{choices}"


def rules_of(part: str) -> set[str]:
    return {str(finding.rule) for finding in lint(parse(ROUND_IT + FACES + part + END, "row.yaml"))}


def test_the_numbers_are_those_of_the_program() -> None:
    for said in (
        f"at most {MOST_CHOICES}",
        f"1 to {MOST_QUESTIONS}",
        f"over {QUESTION_LETTERS} characters or {QUESTION_WORDS} words",
        f"over {CHOICE_LETTERS} characters or {CHOICE_WORDS} words",
        f"words over {WORD_LETTERS} letters",
        f"notes over {NOTE_LETTERS} characters",
    ):
        assert said in PAGE
    assert MOST_IN_ONE_VISIT == 5
    assert "more than five questions for one visitor" in PAGE


def test_every_command_for_questionnaires_is_shown() -> None:
    (group,) = (group for group in server_app.registered_groups if group.name == "questionnaire")
    assert group.typer_instance is not None
    commands = [command.name or command.callback.__name__ for command in group.typer_instance.registered_commands if command.callback]
    assert {"lint", "publish", "list", "assign", "unassign"} <= set(commands)
    assert not [name for name in commands if f"vidhuk-server questionnaire {name} " not in PAGE]
    assert "vidhuk-kiosk preview my.yaml --language en --size 800x480" in PAGE
