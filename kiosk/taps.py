"""What a tap means on the screen where it is made: an answer, another way to be asked, a change on the screen, or a way out. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from feedback.questionnaire import Kind
from feedback.records import How
from kiosk import comfort, filling
from kiosk.asking import is_answered_by_one_tap
from kiosk.moves import on_the_same_place
from kiosk.screens import DONE, DONT_REMEMBER, LEAVE, SKIP, Ask, Comfort, Comment, Contact, Desk, Screen, changed

if TYPE_CHECKING:
    from feedback.settings import Look


class Speak(msgspec.Struct, frozen=True):
    """Ask in this language."""

    language: str


class Ease(msgspec.Struct, frozen=True):
    """Show and speak like this."""

    comfort: Comfort


class Redraw(msgspec.Struct, frozen=True):
    """Nothing is answered yet, but something stands otherwise on the screen."""

    screen: Screen


class Choose(msgspec.Struct, frozen=True):
    """These answers are the visitor's."""

    chosen: tuple[str, ...]


class Write(msgspec.Struct, frozen=True):
    """This is what the visitor has written."""

    text: str


class AtDesk(msgspec.Struct, frozen=True):
    """The visitor was at this desk; None does not remember."""

    desk: str | None


class Out(msgspec.Struct, frozen=True):
    """The visitor skips the question, or leaves."""

    how: How


Meaning = Speak | Ease | Redraw | Choose | Write | AtDesk | Out

_WAYS_OUT = {SKIP: Out(How.SKIPPED), LEAVE: Out(How.LEFT)}


def meaning(screen: Screen, name: str, look: Look) -> Meaning | None:
    """Give what a tap on the thing of that name means; None where there is no such thing, or it cannot be taken yet."""
    match screen:
        case Ask():
            return _on_question(screen, name, look)
        case Desk():
            return _on_desks(screen, name)
        case Comment() | Contact():
            return _WAYS_OUT.get(name) or (_written(screen) if name == DONE else _typed(screen, name))
        case _:
            return None


def _on_question(screen: Ask, name: str, look: Look) -> Meaning | None:
    kind, _, rest = name.partition(":")
    if kind == "language" and rest in screen.languages:
        return Speak(rest)
    if kind == "comfort":
        return Ease(comfort.toggled(screen.comfort, name, look))
    if any(option.id == name for option in screen.options):
        return Choose((name,)) if is_answered_by_one_tap(screen) else Redraw(_with(screen, name))
    if name == DONE and screen.kind is Kind.MULTIPLE and screen.chosen:
        return Choose(screen.chosen)
    return None if screen.first else _WAYS_OUT.get(name)


def _with(screen: Ask, answer: str) -> Ask:
    """Give the screen with an answer taken, or given back."""
    taken = set(screen.chosen) ^ {answer}
    return changed(screen, chosen=tuple(option.id for option in screen.options if option.id in taken))


def _on_desks(screen: Desk, name: str) -> Meaning | None:
    kind, _, rest = name.partition(":")
    if name == DONT_REMEMBER:
        return AtDesk(None)
    if kind == "desk" and any(desk.id == rest for desk in screen.desks):
        return AtDesk(rest)
    return _WAYS_OUT.get(name)


def _written(screen: Comment | Contact) -> Meaning | None:
    text = filling.given(screen)
    if isinstance(screen, Comment):
        return Write(text) if text else None
    checked = filling.checked(screen)
    return Redraw(checked) if checked.mistake else Write(text)


def _typed(screen: Comment | Contact, name: str) -> Redraw:
    return Redraw(on_the_same_place(screen, filling.typed(screen, name)))
