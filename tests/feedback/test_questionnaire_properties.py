from __future__ import annotations

import re
from importlib import resources
from typing import Any

import msgspec
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from feedback.questionnaire import ANSWERS, HARD_TO_SAY, RESERVED, Choice, ContactWay, Face, Kind, Question, Questionnaire, Tag, Waiver
from feedback.questionnaire_file import QuestionnaireError, parse, validate
from feedback.questionnaire_lint import Rule, examine

FILES = [file.read_text(encoding="utf-8") for file in (resources.files("feedback") / "questionnaires").iterdir()]
NAMES = sorted({name for text in FILES for name in re.findall(r"\w+", text)})
ids = st.from_regex(r"[a-z0-9][a-z0-9_-]{0,11}", fullmatch=True).filter(lambda name: name not in RESERVED and name not in ANSWERS)
LETTERS = "абґєії’ЧиЯ yesnoOFF0123456789:-#&*!?{}[],\"'%@`|>~=.№😀\n"
words = st.text(LETTERS, min_size=1, max_size=30).map(str.strip).filter(bool)
LANGUAGES = ("uk", "en")
texts = st.fixed_dictionaries(dict.fromkeys(LANGUAGES, words))
maybe = texts | st.just({})


@st.composite
def faces(draw: st.DrawFn) -> tuple[Choice, ...]:
    chosen = sorted(draw(st.sets(st.sampled_from(Face), min_size=2, max_size=5)), key=ANSWERS.index)
    hard = (Choice(HARD_TO_SAY, draw(texts)),) if draw(st.booleans()) else ()
    return (*(Choice(str(face), draw(texts), face, draw(st.none() | st.sampled_from(Tag)), draw(maybe)) for face in chosen), *hard)


@st.composite
def choices(draw: st.DrawFn) -> tuple[Choice, ...]:
    names = draw(st.lists(ids, min_size=2, max_size=6, unique=True))
    return tuple(Choice(name, draw(texts), None, draw(st.none() | st.sampled_from(Tag)), draw(maybe)) for name in names)


@st.composite
def questions(draw: st.DrawFn, name: str, kinds: list[Kind]) -> Question:
    kind = draw(st.sampled_from(kinds))
    fields: dict[str, Any] = {"note": draw(maybe), "voice": draw(maybe), "time_out_s": draw(st.none() | st.integers(5, 600).map(float))}
    match kind:
        case Kind.FACES:
            fields["choices"] = draw(faces())
        case Kind.SINGLE | Kind.MULTIPLE:
            fields["choices"] = draw(choices())
        case Kind.SCALE:
            fields["scale"] = draw(st.sampled_from([(1, 5), (5, 1), (0, 10), (10, 0), (1, 3)]))
            fields["ends"] = draw(st.none() | st.tuples(texts, texts))
        case Kind.YES_NO:
            fields["choices"] = draw(
                st.just(()) | st.tuples(st.builds(Choice, st.just("yes"), texts), st.builds(Choice, st.just("no"), texts))
            )
        case Kind.CONTACT:
            fields |= {"ways": tuple(draw(st.permutations(list(ContactWay)))), "purpose": draw(texts), "consent": draw(texts)}
    return Question(name, draw(texts), kind, tag=draw(st.none() | st.sampled_from(Tag)), **fields)


@st.composite
def questionnaires(draw: st.DrawFn) -> Questionnaire:
    first, *others = draw(st.lists(ids, min_size=1, max_size=5, unique=True))
    asked = [draw(questions(first, [kind for kind in Kind if kind not in (Kind.WORDS, Kind.CONTACT)]))]
    for name in others:
        question = draw(questions(name, list(Kind)))
        if asked[0].choices and draw(st.booleans()):
            question = msgspec.structs.replace(question, when={first: (draw(st.sampled_from(asked[0].choices)).id,)})
        asked.append(question)
    waivers = draw(st.lists(st.builds(Waiver, st.sampled_from(Rule).map(str), words, st.none() | st.just(first)), max_size=3))
    heads = {key: draw(maybe) for key in ("title", "purpose", "opening", "closing")}
    version = draw(st.integers(1, 1_000_000))
    return Questionnaire(draw(ids), version, LANGUAGES, tuple(asked), pilot=draw(st.booleans()), waivers=tuple(waivers), **heads)


def dump(questionnaire: Questionnaire) -> str:
    """Every scalar in quotation marks, but for numbers and true and false: as a program would write the file."""
    return str(yaml.safe_dump(msgspec.to_builtins(questionnaire), allow_unicode=True, sort_keys=False))


@given(questionnaires())
@settings(max_examples=60)
def test_what_is_written_is_what_is_read(questionnaire: Questionnaire) -> None:
    validate(questionnaire, "generated")
    assert parse(dump(questionnaire), "generated.yaml") == questionnaire
    assert msgspec.json.decode(msgspec.json.encode(questionnaire), type=Questionnaire) == questionnaire


@given(questionnaires())
@settings(max_examples=40)
def test_the_linter_has_an_opinion_on_everything_valid(questionnaire: Questionnaire) -> None:
    examined = examine(questionnaire)
    known = {None, *(question.id for question in questionnaire.questions)}
    assert {finding.question for finding in examined.findings} <= known
    assert all(finding.sentence for finding in examined.findings)


def reads_or_says_why(text: str) -> None:
    try:
        questionnaire = parse(text, "mutated.yaml")
    except QuestionnaireError as error:
        said = str(error)
    else:
        validate(questionnaire, "mutated.yaml")
        examine(questionnaire)
        said = "mutated.yaml"
    assert said.startswith("mutated.yaml")
    assert "\n" not in said


cuts = st.tuples(
    st.integers(0, 6000),
    st.integers(0, 80),
    st.text(max_size=6) | st.sampled_from([*NAMES, "[", "]", "{", "}", ": ", "- ", "\n", "*a", "&a ", "!!int "]),
)


@given(st.sampled_from(FILES), st.lists(cuts, min_size=1, max_size=5))
@settings(max_examples=250)
def test_a_file_with_letters_changed_is_read_or_refused_in_one_sentence(text: str, changes: list[tuple[int, int, str]]) -> None:
    for at, length, new in changes:
        text = text[: at % len(text)] + new + text[at % len(text) + length :]
    reads_or_says_why(text or "x")


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(NAMES) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from(FILES), st.data())
@settings(max_examples=250)
def test_a_file_with_anything_anywhere_is_read_or_refused_in_one_sentence(text: str, data: st.DataObject) -> None:
    tree = yaml.load(text, Loader=yaml.BaseLoader)  # texts only
    place = tree
    while isinstance(place, dict | list) and place:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = data.draw(st.sampled_from(keys))
        if data.draw(st.booleans()) or not isinstance(place[key], dict | list):
            place[key] = data.draw(anything)
            break
        place = place[key]
    reads_or_says_why(str(yaml.safe_dump(tree, allow_unicode=True)))


@given(st.text(max_size=60))
def test_any_text_at_all_is_refused_in_one_sentence(text: str) -> None:
    reads_or_says_why(text)
