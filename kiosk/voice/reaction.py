"""What a new screen value changes in what is heard: what ends, and what follows, for the room and for the headphones. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

import msgspec

from feedback.notice import AnnouncementKind
from kiosk.screens import Announced, Ask, Comfort, Comment, Contact, Desk, Pin, Screen, Thanks, changed
from kiosk.voice import aloud, confided
from kiosk.voice.prompts import Manner, Prompt, privately

if TYPE_CHECKING:
    from collections.abc import Iterable


class Tone(StrEnum):
    """A sound without words. None of them differs by what was pressed."""

    PRESS = "press"
    CLOSING = "closing"


class Cue(msgspec.Struct, frozen=True):
    """A tone, for everybody or for the headphones only."""

    tone: Tone
    private: bool = False


Line = Prompt | Cue
PRESSED: Final = Cue(Tone.PRESS)
"""Heard by everybody, once for each question that is asked of everybody. Presses on the way there are for the headphones: their number
would tell."""
STEP: Final = Cue(Tone.PRESS, private=True)
CLOSING: Final = Cue(Tone.CLOSING)


class Reaction(msgspec.Struct, frozen=True):
    """`cut_room` and `cut_ears` end what is heard there; `lines` follow, in this order. `explains` the buttons: once a visit."""

    lines: tuple[Line, ...] = ()
    cut_room: bool = False
    cut_ears: bool = False
    explains: bool = False


class _Whole(msgspec.Struct, frozen=True):
    """Everything that can be said of a screen."""

    lines: tuple[Prompt, ...]
    explains: bool


_QUESTIONS: Final = (Ask, Comment, Contact, Desk)
_CHANGING: Final[dict[type[Screen], dict[str, object]]] = {
    Ask: {"chosen": (), "stored": False, "notice": ""},
    Comment: {"text": "", "cursor": 0, "layout": None, "shifted": False, "stored": False},
    Contact: {"text": "", "shown": "", "cursor": 0, "mistake": "", "way": None, "stored": False},
    Desk: {"pressed": None, "notice": ""},
    Pin: {"typed": 0, "wait_s": 0, "wrong": False},
}


def reaction(before: Screen | None, now: Screen, manner: Manner, *, explained: bool) -> Reaction:
    """Tell what `now` changes in what is heard since `before`; `explained` when this visit has heard what the buttons do."""
    if before is None or _core(before) != _core(now):
        return _appeared(before, now, manner, explained=explained)
    if _is_taken(now) and not _is_taken(before):
        said = (*_heard(now, manner, confided.chosen(now)), *aloud.foretold(now, manner))
        return Reaction((_end_of(now, manner), *said), cut_room=not aloud.is_confided(now, manner), cut_ears=True)
    if now.comfort.voice != before.comfort.voice:
        return changed(_told(now, manner, explained=explained), cut_room=True, cut_ears=True)
    return _changed_on_it(before, now, manner)


def repetition(screen: Screen, manner: Manner) -> Reaction:
    """Give everything once more: the screen, what has been typed, where the buttons stand."""
    told = _whole(screen, manner, explained=False)
    hushes = not aloud.is_confided(screen, manner)
    return Reaction((*told.lines, *confided.read_back(screen)), cut_room=hushes, cut_ears=True, explains=told.explains)


def invitation(screen: Screen, manner: Manner) -> Reaction:
    """Give the present screen once more for the headphones: somebody may just have put them on."""
    return Reaction(privately(_whole(screen, manner, explained=True).lines), cut_ears=True)


def is_always_spoken(screen: Screen) -> bool:
    """Tell whether a screen is spoken to everybody, asked for or not: an air raid alert is."""
    return isinstance(screen, Announced) and screen.kind is AnnouncementKind.AIR_RAID


def _appeared(before: Screen | None, now: Screen, manner: Manner, *, explained: bool) -> Reaction:
    speaks = now.comfort.voice or is_always_spoken(now)
    told = _told(now, manner, explained=explained)
    if before is None:
        return told
    if isinstance(before, _QUESTIONS) and _is_taken(before):
        return told  # what was heard before ended when the answer was taken; the answer may be heard to its end
    ends = isinstance(before, _QUESTIONS) and not _is_first_again(before, now)
    thanked = isinstance(before, Thanks) and not speaks
    hushes = not thanked and not aloud.is_confided(before, manner)
    return changed(told, lines=(*((_end_of(before, manner),) if ends else ()), *told.lines), cut_room=hushes, cut_ears=not thanked)


def _end_of(question: Screen, manner: Manner) -> Cue:
    """Give the click at its end: for the headphones only, where the room would learn from it that the question was asked at all."""
    return STEP if aloud.is_confided(question, manner) else PRESSED


def _told(now: Screen, manner: Manner, *, explained: bool) -> Reaction:
    told = _whole(now, manner, explained=explained)
    return Reaction(_heard(now, manner, told.lines), explains=told.explains and now.comfort.voice)


def _heard(screen: Screen, manner: Manner, said: Iterable[Prompt]) -> tuple[Prompt, ...]:
    """Give what is said of it: aloud to who asked for the voice; in the headphones always, for nobody can find what switches them on."""
    if screen.comfort.voice or is_always_spoken(screen):
        return tuple(said)
    return privately(said) if manner.headphones else ()


def _whole(screen: Screen, manner: Manner, *, explained: bool) -> _Whole:
    explanation = () if explained else aloud.explanation(screen, manner)
    in_private = aloud.is_confided(screen, manner)
    if in_private:
        explanation = privately(explanation)
    said = (*aloud.noticed(screen), *aloud.spoken(screen, manner), *explanation, *confided.focused(screen))
    return _Whole(said, explains=bool(explanation) and not in_private)  # the room is told where it is told after any answer


def _changed_on_it(before: Screen, now: Screen, manner: Manner) -> Reaction:
    """Tell what changes while the same question stays: only a warning, and its end, are for the room."""
    if now.closes_in_s is not None and before.closes_in_s is None:
        warning = _heard(now, manner, aloud.warned(now, manner))
        return Reaction((CLOSING, *warning), cut_room=True, cut_ears=True)
    done = (STEP,) if _is_touched(before, now) else ()
    said = _heard(now, manner, _steps(before, now))
    ends = _is_noticed(before, now) or (before.closes_in_s is not None and now.closes_in_s is None)
    return Reaction((*done, *said), cut_room=ends, cut_ears=ends or bool(done or said))


def _is_noticed(before: Screen, now: Screen) -> bool:
    """Tell whether something new is to be told about a code that was scanned: it does not wait until all answers are read."""
    return getattr(now, "notice", "") not in {"", getattr(before, "notice", "")}


def _steps(before: Screen, now: Screen) -> Iterable[Prompt]:
    """Give what a step did, for the headphones."""
    if isinstance(before, Ask) and isinstance(now, Ask):
        yield from confided.toggled(before, now)
    if _is_noticed(before, now):
        yield from aloud.noticed(now)
    if isinstance(before, Comment | Contact) and isinstance(now, Comment | Contact):
        yield from confided.typed(before, now)
    if isinstance(before, Contact) and isinstance(now, Contact) and now.mistake not in {"", before.mistake}:
        yield Prompt(now.mistake, now.language, private=True)
    if now.focus != before.focus or now.comfort != before.comfort:
        yield from confided.focused(now)


def _is_touched(before: Screen, now: Screen) -> bool:
    """Tell whether something other than the focus, the time left or a notice is another one."""
    same = {"focus": now.focus, "closes_in_s": now.closes_in_s}
    if isinstance(now, Ask | Desk):
        same["notice"] = now.notice
    return changed(before, **same) != now


def _is_taken(screen: Screen) -> bool:
    return bool(getattr(screen, "stored", False) or getattr(screen, "pressed", None))


def _is_first_again(before: Screen, now: Screen) -> bool:
    """Tell whether it is still the first question: in another language, or after nobody answered it."""
    return isinstance(before, Ask) and isinstance(now, Ask) and before.first and now.first


def _core(screen: Screen) -> Screen:
    """Give what makes it this screen, without what changes while it is shown."""
    return changed(screen, comfort=Comfort(), focus=None, closes_in_s=None, **_CHANGING.get(type(screen), {}))
