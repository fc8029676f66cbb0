"""The linter's rules about words, for Ukrainian and English: one thing at a time, neutral, short, plain. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import msgspec

from feedback.questionnaire import Kind, Question, Questionnaire, Texts
from feedback.questionnaire_findings import Finding, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


_BRACKETS: Final = re.compile(r"\([^)]*\)")
_WORD: Final = re.compile(r"[^\W\d_](?:[^\W\d_]|['’ʼ-](?=[^\W\d_]))*")
_JOINED: Final = {
    "uk": _any(r"(?<=\s)(?:і|й|та|а також)(?=\s(?!більше|менше|далі|[“«]?\d))"),
    "en": _any(r"(?<=\s)(?:and|as well as)(?=\s(?!more|less|over|under|so on|[“«]?\d))"),
}
_LEADING: Final = {
    "uk": _any(
        r"чи не так\b",
        r"правда ж",
        r"\bчи не (?:вважаєте|здається|думаєте)",
        r"\b(?:згодні|погоджуєтес[ья])\b",
        r"\b(?:звичайно|звісно|безумовно|очевидно|безперечно|невже|хіба|адже)\b",
        r"\bнаскільки (?:добре|чудово|гарно|приємно|швидко|погано|жахливо)\b",
        r"\bнаш\w* (?:чудов|прекрасн|найкращ|привітн|професійн|ввічлив)\w*",
        r"\bвисок\w* оцінк\w*",
        r"\bнайвищ\w* (?:бал|оцінк)\w*",
    ),
    "en": _any(
        r"\b(?:isn|wasn|don|didn|wouldn|aren|weren)['’]t (?:it|you|they|we)\b",
        r"\b(?:do|would|don['’]t) you (?:not )?agree\b",
        r"\b(?:of course|obviously|surely|clearly you|undoubtedly)\b",
        r"\bhow (?:good|great|well|nice|pleasant|fast|quickly|bad|terrible|much did you (?:like|enjoy))\b",
        r"\bour (?:wonderful|great|excellent|friendly|professional|polite)\b",
        r"\b(?:high|top|best) (?:score|mark|rating)s?\b",
    ),
}
_ONE_SIDED: Final = {
    "uk": _any(
        r"сподобал\w*",
        r"що (?:саме )?(?:було|пройшло) (?:добре|не так|погано)",
        r"(?:які|яка|з якими) .*(?:проблем|труднощ|недолік)\w*",
    ),
    "en": _any(
        r"did(?: not|n['’]t)? you (?:dis)?like",
        r"did you enjoy",
        r"went (?:well|wrong)",
        r"(?:what|which) (?:problem|difficult)\w*",
    ),
}
_NOT: Final = {"uk": {"не", "немає", "нема", "без"}, "en": {"not", "no", "never", "without", "nothing", "nobody", "cannot"}}
_NOT_PREFIX: Final = {"uk": ("не", "без"), "en": ("un", "dis", "im", "non")}
_NO_NEGATION: Final = _any(r"\bне (?:лише|тільки)\b", r"\bчи не\s*(?=[?.]|$)", r"\bor not\b", r"\bnot only\b", r"\bno\.(?=\s*\d)")
_ABSOLUTE: Final = {
    "uk": _any(r"\b(?:завжди|ніколи|[ву]сі|[ву]сіх|кож(?:ен|на|не|ного)|жод(?:ен|на|не|ного)|абсолютно)\b"),
    "en": _any(r"\b(?:always|never|every|everyone|everything|nobody|absolutely|(?<!at )all)\b"),
}
_JARGON: Final = {
    "uk": _any(
        r"суб['’ʼ]єкт\w* звернен\w*",
        r"\b(?:одержувач|отримувач|надавач|споживач)\w* послуг\w*",
        r"\bфронт-?\s?(?:офіс|лайн)\w*",
        r"\bу разі (?:необхідності|потреби)\b",
        r"\bз метою\b",
        r"\bздійсн\w+",
        r"\b(?:вищезазначен|нижчезазначен|зазначен)\w*",
        r"\bякіст\w* надання\b",
        r"\bклієнтоорієнтован\w*",
        r"\bвідповідно до\b",
    ),
    "en": _any(
        r"\b(?:stakeholder|utili[sz]|facilitat|aforementioned|pursuant)\w*",
        r"\bfront[- ]office\b",
        r"\bservice (?:provision|delivery|recipient)\w*",
        r"\bin case of need\b",
        r"\bwith regard to\b",
        r"\bcustomer[- ]centric\w*",
    ),
}
_CAPITALS: Final = re.compile(r"\b[^\W\d_]{3,}\b")
_KNOWN_CAPITALS: Final = frozenset({"ЦНАП", "SMS", "PIN"})
_PROMISE: Final = _any(r"анонімн\w*", r"конфіденційн\w*", r"anonym\w*", r"confidential\w*")
_PERSONAL: Final = _any(
    r"прізвищ\w*", r"паспорт\w*", r"РНОКПП", r"ідентифікаційн\w*", r"дат\w* народження", r"Ваше ім['’ʼ]я", r"як Вас (?:звати|звуть)",
    r"\bsurname\w*", r"\bpassport\w*", r"\b(?:full|your) name\b", r"\bdate of birth\b", r"\btax number\b",
)  # fmt: skip
_RUSSIAN: Final = re.compile(r"\w*[ыэёъЫЭЁЪ]\w*")
_MIXED: Final = re.compile(r"\b(?=\w*[A-Za-z])(?=\w*[А-Яа-яҐґЄєІіЇї])[^\W\d_]+\b")
_NOT_DRAWN: Final = re.compile(
    r"[^\n\x20-\x7e\u00a0-\u0148\u014a-\u01c3\u01c5-\u024f\u02bc\u0300-\u0304\u0384-\u038a\u038e-\u03a1\u03a3-\u03ce\u0400-\u049d\u04a0-\u04ff"
    r"\u2009\u2010-\u2022\u2026\u202f\u2030\u2032\u2033\u2039\u203a\u20ac\u20b4\u2116\u2122\u2190-\u2193\u2212\u2248\u2260\u2264\u2265]"
)
"""What the kiosk's letters do not have, so that an empty box would stand there: emoji, and scripts other than Latin, Cyrillic, Greek."""
_CYRILLIC: Final = re.compile(r"\b\w*[\u0400-\u04ff]\w*\b")

QUESTION_LETTERS, QUESTION_WORDS = 100, 15
CHOICE_LETTERS, CHOICE_WORDS, WORD_LETTERS = 32, 4, 15
NOTE_LETTERS = 140


class Said(msgspec.Struct, frozen=True):
    """A text in one language: whose it is and which part of it, with its question where it has one."""

    part: str
    language: str
    text: str
    question: Question | None = None

    def finding(self, rule: Rule, sentence: str, quote: str = "") -> Finding:
        """Give a finding about this text."""
        return Finding(rule, self.question.id if self.question else None, self.language, sentence, quote)


def wording_findings(questionnaire: Questionnaire) -> Iterator[Finding]:
    """Give what is wrong with the words, text by text."""
    for said in _everything_said(questionnaire):
        for rule in (_two_questions, _leading, _one_sided, _negation, _absolute, _jargon, _too_long, _promise, _tone, _letters):
            yield from rule(said)


def _everything_said(questionnaire: Questionnaire) -> Iterator[Said]:
    for part in ("title", "purpose", "opening", "closing"):
        yield from _in_each_language(part, getattr(questionnaire, part))
    for question in questionnaire.questions:
        for part in ("text", "note", "purpose", "consent"):
            yield from _in_each_language(part, getattr(question, part), question)
        for words in (*(choice.words for choice in question.choices), *(question.ends or ())):
            yield from _in_each_language("choice", words, question)


def _in_each_language(part: str, texts: Texts, question: Question | None = None) -> Iterator[Said]:
    return (Said(part, language, text, question) for language, text in texts.items())


def _match(patterns: dict[str, re.Pattern[str]], said: Said, text: str | None = None) -> str:
    pattern = patterns.get(said.language)
    found = pattern.search(said.text if text is None else text) if pattern else None
    return found[0] if found else ""


def _two_questions(said: Said) -> Iterator[Finding]:
    if said.question is None or said.part not in ("text", "choice"):
        return
    if said.text.count("?") > 1:
        yield said.finding(Rule.TWO_QUESTIONS, "two questions stand in one text; make each a question of its own", said.text)
        return
    is_chosen = said.question.kind not in (Kind.WORDS, Kind.CONTACT)
    if is_chosen and (joint := _match(_JOINED, said, _BRACKETS.sub("", said.text))):
        what = f"“{joint}” joins two things, and one answer cannot tell which was meant; ask about each apart, or drop one"
        yield said.finding(Rule.TWO_QUESTIONS, what, said.text)


def _leading(said: Said) -> Iterator[Finding]:
    if said.part in ("text", "note", "purpose", "opening", "title") and (hint := _match(_LEADING, said)):
        yield said.finding(Rule.LEADING, f"“{hint}” hints at the answer that is hoped for; ask neutrally, as in “Як Вас обслужили?”", hint)


def _one_sided(said: Said) -> Iterator[Finding]:
    question = said.question
    if question is None or said.part != "text" or question.when or question.kind is Kind.FACES:
        return
    if hint := _match(_ONE_SIDED, said):
        what = f"“{hint}” supposes that there was such a thing; ask it only after an answer that says so (when), or ask for both sides"
        yield said.finding(Rule.LEADING, what, hint)


def _negation(said: Said) -> Iterator[Finding]:
    if said.question is None or said.part != "text" or said.language not in _NOT:
        return
    words = [word.casefold().replace("’", "'") for word in _WORD.findall(_NO_NEGATION.sub("", said.text))]
    places = [index for index, word in enumerate(words) if word in _NOT[said.language] or word.endswith("n't")]
    prefixes = _NOT_PREFIX[said.language]
    doubled = any(word.startswith(prefixes) and len(word) > 4 for at in places for word in words[at + 1 : at + 3])  # noqa: PLR2004 - letters
    if len(places) > 1 or doubled:
        yield said.finding(Rule.NEGATION, "two negations stand in one question; say it without them", said.text)
    elif places and said.question.kind is Kind.YES_NO:
        what = "after a question with “not” nobody knows what “yes” means; turn it round, as in “Чи було зручно?”"
        yield said.finding(Rule.NEGATION, what, said.text)


def _absolute(said: Said) -> Iterator[Finding]:
    if said.question is not None and said.part == "text" and (word := _match(_ABSOLUTE, said)):
        what = f"“{word}” leaves one exception no place; ask how often, how many, or about this visit"
        yield said.finding(Rule.ABSOLUTE, what, word)


def _jargon(said: Said) -> Iterator[Finding]:
    if words := _match(_JARGON, said):
        yield said.finding(Rule.JARGON, f"“{words}” is office language; say it as one would to a neighbour", words)
    for word in _CAPITALS.findall(said.text):
        if word.isupper() and len(word) <= 5 and word not in _KNOWN_CAPITALS:  # noqa: PLR2004 - longer ones shout
            yield said.finding(Rule.JARGON, f"“{word}” is an abbreviation that a visitor need not know; write it out", word)


def _too_long(said: Said) -> Iterator[Finding]:
    words, letters = _WORD.findall(said.text), len(said.text)
    if said.part == "text" and (letters > QUESTION_LETTERS or len(words) > QUESTION_WORDS):
        what = f"the question has {len(words)} words and {letters} characters; ask in at most {QUESTION_WORDS} and {QUESTION_LETTERS}"
        yield said.finding(Rule.TOO_LONG, what, said.text)
    elif said.part == "choice" and (letters > CHOICE_LETTERS or len(words) > CHOICE_WORDS):
        what = f"the answer “{said.text}” is too long for a tile; say it in at most {CHOICE_WORDS} words and {CHOICE_LETTERS} characters"
        yield said.finding(Rule.TOO_LONG, what, said.text)
    elif said.part == "choice" and (longest := max((len(word), word) for word in (*words, "")))[0] > WORD_LETTERS:
        what = f"the word “{longest[1]}” is too long for a tile; find one of at most {WORD_LETTERS} letters"
        yield said.finding(Rule.TOO_LONG, what, said.text)
    elif said.part in ("note", "purpose", "opening", "consent") and letters > NOTE_LETTERS:
        yield said.finding(Rule.TOO_LONG, f"the {said.part} has {letters} characters; few read more than {NOTE_LETTERS}", said.text)


def _promise(said: Said) -> Iterator[Finding]:
    if word := _PROMISE.search(said.text):
        what = f"“{word[0]}” promises what a scanned ticket or a contact breaks; say what is true, as in “Імені не питаємо”"
        yield said.finding(Rule.PROMISE, what, word[0])
    if said.question is not None and said.part == "text" and (word := _PERSONAL.search(said.text)):
        what = f"“{word[0]}” asks who the visitor is; leave it out, or ask for a phone number with consent (kind: contact)"
        yield said.finding(Rule.PERSONAL, what, word[0])


def _tone(said: Said) -> Iterator[Finding]:
    if "!" in said.text:
        yield said.finding(Rule.TONE, "an exclamation mark raises its voice; end with a full stop", said.text)
    for word in _CAPITALS.findall(said.text):
        if word.isupper() and len(word) > 5:  # noqa: PLR2004 - shorter ones are abbreviations
            yield said.finding(Rule.TONE, f"“{word}” in capitals shouts and is hard to read; write small letters", word)


def _letters(said: Said) -> Iterator[Finding]:
    if mixed := _MIXED.search(said.text):
        what = f"“{mixed[0]}” mixes Latin and Cyrillic letters that look alike; type the word anew in one layout"
        yield said.finding(Rule.LETTERS, what, mixed[0])
    elif said.language == "uk" and (foreign := _RUSSIAN.search(said.text)):
        yield said.finding(Rule.LETTERS, f"“{foreign[0]}” has letters that Ukrainian does not have; check the language", foreign[0])
    elif said.language == "en" and (foreign := _CYRILLIC.search(said.text)):
        yield said.finding(Rule.LETTERS, f"“{foreign[0]}” is not English; translate it", foreign[0])
    if sign := undrawn(said.text):
        what = f"the kiosk cannot draw “{sign}” and would show an empty box; say it in words"
        yield said.finding(Rule.LETTERS, what, sign)


def undrawn(text: str) -> str:
    """Give the first character for which the kiosk has no letter; nothing where there is none."""
    found = _NOT_DRAWN.search(text)
    return found[0] if found else ""
