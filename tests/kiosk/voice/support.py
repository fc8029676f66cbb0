"""A whole visit as screen values, an output that remembers, and every screen that could be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st

from feedback.notice import AnnouncementKind
from feedback.questionnaire import ContactWay, Face, Kind
from feedback.settings import DeskOption, Theme
from kiosk import keyboard
from kiosk.screens import (
    Announced,
    Ask,
    Called,
    Closed,
    Comfort,
    Comment,
    Contact,
    Desk,
    Entry,
    Menu,
    Option,
    OutOfOrder,
    Pin,
    Screen,
    Thanks,
    changed,
    stops,
)

if TYPE_CHECKING:
    from kiosk.errors import Fault

VOICE = Comfort(voice=True)
WORDS = {
    "uk": ("Як Вас обслужили?", "чудово", "добре", "прийнятно", "жахливо"),
    "en": ("How were you served?", "excellent", "good", "acceptable", "terrible"),
}
FACES = (Face.EXCELLENT, Face.GOOD, Face.ACCEPTABLE, Face.TERRIBLE)


def first(language: str = "uk", comfort: Comfort = VOICE) -> Ask:
    question, *words = WORDS[language]
    options = tuple(Option(face.value, word, face) for face, word in zip(FACES, words, strict=True))
    return Ask(
        language=language,
        comfort=comfort,
        id="service",
        kind=Kind.FACES,
        question=question,
        options=options,
        first=True,
        languages=("uk", "en"),
        call=True,
    )


def reasons(language: str = "uk", comfort: Comfort = VOICE) -> Ask:
    words = {"uk": ("Довга черга", "Грубість", "Нерозбірливі пояснення"), "en": ("Long queue", "Rudeness", "Unclear explanations")}
    options = tuple(Option(f"reason-{number}", word) for number, word in enumerate(words[language]))
    return Ask(language=language, comfort=comfort, id="reasons", kind=Kind.MULTIPLE, question="Що саме?", options=options)


def comment(comfort: Comfort = VOICE) -> Comment:
    return Comment(comfort=comfort, id="comment", question="Бажаєте щось додати?", note="Без прізвищ, будь ласка.")


def contact(comfort: Comfort = VOICE) -> Contact:
    return Contact(
        comfort=comfort,
        id="contact",
        question="Чи можна Вам зателефонувати?",
        purpose="Працівник з’ясує подробиці.",
        consent="Номер бачитиме лише керівник.",
        ways=(ContactWay.PHONE, ContactWay.EMAIL),
        way=ContactWay.PHONE,
    )


def visit(answer: str, comfort: Comfort = VOICE) -> list[Screen]:
    """One visit, whatever the answer with the same screens after it: reasons, own words, a number, thanks."""
    taken = changed(first(comfort=comfort), chosen=(answer,), stored=True)
    asked, written, called = reasons(comfort=comfort), comment(comfort), contact(comfort)
    return [
        first(comfort=comfort),
        taken,
        asked,
        changed(asked, focus="reason-0"),
        changed(asked, focus="reason-1", chosen=()),
        changed(asked, focus="reason-1", chosen=("reason-1",)),
        changed(asked, focus="reason-1", chosen=("reason-1",), stored=True),
        written,
        changed(written, focus="key:д"),
        changed(written, focus="key:д", text="Д", cursor=1),
        changed(written, focus="key:д", text="Д", cursor=1, closes_in_s=10),
        changed(written, focus="key:д", text="Д", cursor=1),
        changed(written, focus="key:д", text="Д", cursor=1, stored=True),
        called,
        changed(called, text="+380", shown="+380", cursor=4),
        changed(called, text="+3805", shown="+380 5", cursor=5),
        changed(called, text="+3805", shown="+380 5", cursor=5, stored=True),
        Thanks(comfort=comfort, answered=1284, done="Ми поставили ще одне вікно."),
    ]


class Heard:
    """An output that remembers everything that is played on it; nothing is ever still being played."""

    is_playing = False
    fault: Fault | None = None

    def __init__(self) -> None:
        self.volume = 70
        self.played: list[bytes] = []
        self.stops = 0

    def look(self) -> None: ...

    def play(self, samples: bytes) -> None:
        self.played.append(samples)

    def stop(self) -> None:
        self.stops += 1

    def close(self) -> None: ...


words = st.text("абвгґ'’ XYZ[]-1", min_size=1, max_size=12).filter(str.strip)
comforts = st.builds(Comfort, theme=st.sampled_from(Theme), large=st.booleans(), low=st.booleans(), voice=st.booleans())
frames = st.fixed_dictionaries(
    {
        "language": st.sampled_from(["uk", "en"]),
        "comfort": comforts,
        "closes_in_s": st.none() | st.integers(1, 10),
    }
)
options = st.lists(words, min_size=1, max_size=11, unique=True).map(
    lambda every: tuple(Option(f"option-{number}", word) for number, word in enumerate(every))
)


@st.composite
def screens(draw: st.DrawFn) -> Screen:
    frame = draw(frames)
    screen = draw(st.one_of(_asked(frame), _written(frame), _other(frame)))
    names = stops(screen)
    return changed(screen, focus=draw(st.none() | st.sampled_from(names)) if names else None)


def _asked(frame: dict[str, object]) -> st.SearchStrategy[Screen]:
    asks = st.builds(
        Ask,
        id=st.sampled_from(["service", "reasons"]),
        kind=st.sampled_from([Kind.FACES, Kind.SINGLE, Kind.MULTIPLE, Kind.SCALE, Kind.YES_NO]),
        question=words,
        options=options,
        first=st.booleans(),
        stored=st.booleans(),
        opening=st.just("") | words,
        note=st.just("") | words,
        notice=st.just("") | words,
        ends=st.none() | st.tuples(words, words),
        languages=st.just(("uk", "en")),
        call=st.booleans(),
        **{name: st.just(value) for name, value in frame.items()},
    )
    return asks.flatmap(lambda ask: st.sets(st.sampled_from([o.id for o in ask.options])).map(lambda ids: changed(ask, chosen=tuple(ids))))


def _written(frame: dict[str, object]) -> st.SearchStrategy[Screen]:
    fixed = {name: st.just(value) for name, value in frame.items()}
    comments = st.builds(
        Comment,
        id=words,
        question=words,
        text=words,
        layout=st.sampled_from(keyboard.Layout),
        shifted=st.booleans(),
        stored=st.booleans(),
        **fixed,
    )
    contacts = st.builds(
        Contact,
        id=words,
        question=words,
        purpose=words,
        consent=words,
        ways=st.just(tuple(ContactWay)),
        way=st.sampled_from(ContactWay),
        text=words,
        shown=words,
        mistake=st.just("") | words,
        stored=st.booleans(),
        **fixed,
    )
    return comments | contacts


def _other(frame: dict[str, object]) -> st.SearchStrategy[Screen]:
    fixed = {name: st.just(value) for name, value in frame.items()}
    desks = st.just(tuple(DeskOption(f"desk-{number}", str(number), "Реєстрація") for number in range(1, 4)))
    entries = st.just((Entry("volume", "Гучність", "70 %"), Entry("restart", "Перезапустити")))
    kinds = [
        st.builds(Desk, desks=desks, pressed=st.none() | st.sampled_from(["desk-1", "desk-3", "dont_remember"]), **fixed),
        st.builds(Thanks, closing=st.just("") | words, answered=st.none() | st.integers(0, 9999), done=st.just("") | words, **fixed),
        st.builds(Called, coming=st.booleans(), **fixed),
        st.builds(Closed, opens_day=st.none() | st.integers(0, 6), opens_at=st.sampled_from(["", "09:00", "12:30"]), **fixed),
        st.builds(Announced, kind=st.sampled_from(AnnouncementKind), text=words, shelter=st.just("") | words, **fixed),
        st.builds(OutOfOrder, **fixed),
        st.builds(Pin, typed=st.integers(0, 6), **fixed),
        st.builds(Menu, title=words, entries=entries, **fixed),
    ]
    return st.one_of(kinds)
