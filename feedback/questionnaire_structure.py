"""The linter's rules about the questionnaire as a whole: the whole range of answers, room for own words, not too many. Pure."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, Final

from feedback.questionnaire import CHOSEN, HARD_TO_SAY, Face, Kind, Question, Questionnaire, choices_of, is_asked
from feedback.questionnaire_findings import Finding, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_IN_ONE_VISIT: Final = 5
ALIKE: Final = 0.7
STEM_LETTERS: Final = 5
LONG_LIST: Final = 4
_MOST_WAYS: Final = 5000
_BETTER: Final = frozenset({str(Face.EXCELLENT), str(Face.GOOD)})
_WORSE: Final = frozenset({str(Face.POOR), str(Face.TERRIBLE)})
_OTHER: Final = frozenset({"other", "none", "nothing", "else"})
_NEGATIVE: Final = re.compile(
    r"\b(?:не|ні|no(?!\.\s*\d)|not)\b|\b(?:незадов|незруч|незрозум|неввіч|поган|жахлив|bad|poor|terribl|awful|unsatisf|dissatisf)",
    re.IGNORECASE,
)
_POSITIVE: Final = re.compile(
    r"\b(?:так|yes)\b|\b(?:задовол|добр|чудов|відмінн|зручн|зрозум|good|great|excellent|satisf|perfect)", re.IGNORECASE
)
_LEAST_ONE_SIDED: Final = 2
_LITTLE_WORDS: Final = re.compile(
    r"як|яка|який|яке|які|що|чи|ви|вас|вам|вами|ваш[аеі]?|наскільки|бу[влдт]\w*|[зіву]|із|зі|на|до|ц[еяі]|цей|те|тим|нас|наш\w*|"
    r"how|what|which|was|were|is|are|do|did|does|ha[sd]|have|you|your|the|an?|to|of|in|with|we|our|us|this|that|it"
)


def structure_findings(questionnaire: Questionnaire) -> Iterator[Finding]:
    """Give what is wrong with the questionnaire beyond its single texts."""
    if not questionnaire.purpose and not questionnaire.opening:
        what = "people answer more readily when they know why; say it in one short sentence (purpose)"
        yield Finding(Rule.NO_PURPOSE, None, None, what)
    yield from _no_comment(questionnaire)
    if (most := longest_visit(questionnaire)) > MOST_IN_ONE_VISIT:
        what = f"one visitor may be asked {most} questions; keep at most {MOST_IN_ONE_VISIT}, those whose answers will be used"
        yield Finding(Rule.TOO_MANY, None, None, what)
    yield from _repeated(questionnaire)
    for index, question in enumerate(questionnaire.questions):
        yield from _range(question, questionnaire, is_first=index == 0)
        yield from _bare_scale(question)
        yield from _untagged(question)


def longest_visit(questionnaire: Questionnaire) -> int:
    """Give how many questions one visitor may be asked at most."""
    deciding = {name for question in questionnaire.questions for name in question.when}
    ways: list[list[tuple[str, tuple[str, ...]]]] = []
    count = 1
    for question in questionnaire.questions:
        if question.id in deciding:
            ids = tuple(choice.id for choice in choices_of(question))
            ways.append([(question.id, (answer,)) for answer in ids] if question.kind in CHOSEN else [(question.id, ids)])
            count *= len(ways[-1])
    if count > _MOST_WAYS:
        return len(questionnaire.questions)
    return max(_length(questionnaire, dict(way)) for way in itertools.product(*ways))


def _length(questionnaire: Questionnaire, would_give: dict[str, tuple[str, ...]]) -> int:
    given: dict[str, tuple[str, ...]] = {}
    asked = 0
    for question in questionnaire.questions:
        if is_asked(question, given):
            asked += 1
            given[question.id] = would_give.get(question.id, ())
    return asked


def _no_comment(questionnaire: Questionnaire) -> Iterator[Finding]:
    written = [question for question in questionnaire.questions if question.kind is Kind.WORDS]
    if not written:
        what = "there is no room for an own comment; add a question of the kind words at the end"
        yield Finding(Rule.NO_COMMENT, None, None, what)
        return
    asked_after: dict[str, set[str]] = {}
    for question in written:
        if len(question.when) <= 1:
            for name, answers in question.when.items() or (("", ()),):
                asked_after.setdefault(name, set()).update(answers)
    first = questionnaire.questions[0]
    if "" not in asked_after and not {choice.id for choice in choices_of(first)} <= asked_after.get(first.id, set()):
        what = "only some visitors get room for an own comment; ask one question of the kind words of everyone (without when)"
        yield Finding(Rule.NO_COMMENT, written[0].id, None, what)


def _repeated(questionnaire: Questionnaire) -> Iterator[Finding]:
    for one, other in itertools.combinations(questionnaire.questions, 2):
        for language in one.text.keys() & other.text.keys():
            if not _exclude_each_other(one, other) and _are_alike(one.text[language], other.text[language]):
                what = f"it asks nearly the same as {one.id!r}, and being asked twice annoys; drop one or make the difference plain"
                yield Finding(Rule.REPEATED, other.id, language, what, other.text[language])
                break
    for question in questionnaire.questions:
        for language in questionnaire.languages:
            words = [choice.words[language].casefold() for choice in question.choices if language in choice.words]
            for text in sorted({text for text in words if words.count(text) > 1}):
                yield Finding(Rule.REPEATED, question.id, language, f"two answers read “{text}”; make them differ, or drop one", text)


def _are_alike(one: str, other: str) -> bool:
    stems, others = _stems(one), _stems(other)
    return one.casefold() == other.casefold() or len(stems & others) > ALIKE * len(stems | others)


def _stems(text: str) -> set[str]:
    """Give the beginnings of the words that say what is asked, so that case and tense do not matter."""
    return {word[:STEM_LETTERS] for word in re.findall(r"[^\W\d_]+", text.casefold()) if not _LITTLE_WORDS.fullmatch(word)}


def _exclude_each_other(one: Question, other: Question) -> bool:
    return any(not set(one.when[name]) & set(other.when[name]) for name in one.when.keys() & other.when.keys())


def _range(question: Question, questionnaire: Questionnaire, *, is_first: bool) -> Iterator[Finding]:
    ids = {choice.id for choice in question.choices}
    if question.kind is Kind.FACES:
        if not ids & _WORSE or not ids & _BETTER:
            what = "the faces show one side only; offer good and bad ones (excellent or good, poor or terrible)"
            yield Finding(Rule.MISSING_RANGE, question.id, None, what)
        if is_first and HARD_TO_SAY not in ids:
            what = "who cannot say has no answer, and this question has no skip; add hard_to_say («Складно відповісти») at the end"
            yield Finding(Rule.MISSING_RANGE, question.id, None, what)
    if question.kind is Kind.SINGLE:
        yield from _balance(question)
    if question.kind in (Kind.SINGLE, Kind.MULTIPLE) and len(ids) >= LONG_LIST and not ids & _OTHER:
        after = questionnaire.questions[questionnaire.questions.index(question) + 1 :]
        if not any(later.kind is Kind.WORDS and _is_asked_with(later, question) for later in after):
            what = "who misses their answer in the list has no place for it; add the answer other («Інше»), or ask for own words afterwards"
            yield Finding(Rule.MISSING_RANGE, question.id, None, what)


def _is_asked_with(later: Question, question: Question) -> bool:
    """Tell whether everyone who is asked the one is also asked the later one, so far as the conditions say."""
    return all(set(question.when.get(name, ())) <= set(answers) and name in question.when for name, answers in later.when.items())


def _balance(question: Question) -> Iterator[Finding]:
    for language in question.text:
        texts = [choice.words.get(language, "") for choice in question.choices]
        worse = sum(1 for text in texts if _NEGATIVE.search(text))
        better = sum(1 for text in texts if _POSITIVE.search(text) and not _NEGATIVE.search(text))
        if max(better, worse) < _LEAST_ONE_SIDED:
            continue
        if not min(better, worse):
            missing = "good" if worse else "bad"
            yield Finding(Rule.MISSING_RANGE, question.id, language, f"no answer stands for the {missing} side; offer the whole range")
        elif abs(better - worse) > 1:
            what = f"{better} answers are good and {worse} bad; offer as many on either side"
            yield Finding(Rule.UNBALANCED, question.id, language, what)


def _bare_scale(question: Question) -> Iterator[Finding]:
    if question.scale is None or question.ends is not None:
        return
    for language, text in question.text.items():
        named = set(re.findall(r"\d+", text))
        if not {str(number) for number in question.scale} <= named:
            what = "nobody knows which end of the scale is the good one; name both (ends)"
            yield Finding(Rule.BARE_SCALE, question.id, language, what)


def _untagged(question: Question) -> Iterator[Finding]:
    tagged = [choice.id for choice in question.choices if choice.tag is not None]
    bare = [choice.id for choice in question.choices if choice.tag is None and choice.id not in _OTHER]
    if tagged and bare:
        what = f"{', '.join(bare)} has no tag while others have, and would miss in reports by tag; give it one"
        yield Finding(Rule.UNTAGGED, question.id, None, what)
