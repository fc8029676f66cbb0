"""The words for whatever can be selected on a screen, but for keys and languages. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from feedback.questionnaire import ContactWay, Kind
from feedback.settings import Theme
from kiosk import screens, texts
from kiosk.screens import Ask, Comment, Desk, Menu, Screen

if TYPE_CHECKING:
    from feedback.settings import DeskOption


def of(screen: Screen, name: str) -> tuple[str, ...]:
    """Give the words for a name; one that no screen knows is said as it is."""
    match screen:
        case Ask():
            for option in screen.options:
                if option.id == name:
                    return _option(screen, option.voice or option.words, taken=name in screen.chosen)
        case Desk():
            for desk_option in screen.desks:
                if f"desk:{desk_option.id}" == name:
                    return (desk(desk_option, screen.language), desk_option.name)
        case Menu():
            for entry in screen.entries:
                if entry.name == name:
                    return (entry.title, entry.detail)
    return _shared(screen, name)


def _option(screen: Ask, words: str, *, taken: bool) -> tuple[str, ...]:
    _ = texts.words_in(screen.language)
    return (words, _("chosen")) if taken else (words,)


def _shared(screen: Screen, name: str) -> tuple[str, ...]:
    _ = texts.words_in(screen.language)
    kind, _colon, rest = name.partition(":")
    if kind == "way" and rest in set(ContactWay):
        return (way(ContactWay(rest), screen.language),)
    if name in screens.COMFORTS:
        return _comfort(screen, name)
    if name == screens.DONE:
        return _done(screen)
    known = {
        screens.SKIP: _("Skip"),
        screens.LEAVE: _("Leave"),
        screens.STAY: _("I am still here"),
        screens.CALL: _("Call a person"),
        screens.DONT_REMEMBER: _("I don’t remember"),
    }
    return (known.get(name, name),)


def _done(screen: Screen) -> tuple[str, ...]:
    """Give the word for it, and what is lacking where it would do nothing."""
    _ = texts.words_in(screen.language)
    match screen:
        case Ask(kind=Kind.MULTIPLE, chosen=()):
            return (_("Done"), _("Nothing is chosen yet."))
        case Comment(text=""):
            return (_("Done"), _("Nothing is typed yet."))
        case _:
            return (_("Done"),)


def _comfort(screen: Screen, name: str) -> tuple[str, ...]:
    _ = texts.words_in(screen.language)
    now = screen.comfort
    words, is_on = {
        screens.LARGE: (_("Larger text"), now.large),
        screens.CONTRAST: (_("High contrast"), now.theme == Theme.CONTRAST),
        screens.LOW: (_("Everything lower"), now.low),
        screens.VOICE: (_("Read aloud"), now.voice),
    }[name]
    return (words, _("on") if is_on else _("off"))


def desk(option: DeskOption, language: str) -> str:
    """Give the words for a desk's number."""
    _ = texts.words_in(language)
    return _("Desk {number}").format(number=option.number)


def way(contact: ContactWay, language: str) -> str:
    """Give the words for a way of being answered."""
    _ = texts.words_in(language)
    return _("Phone number") if contact is ContactWay.PHONE else _("E-mail address")


def button(place: int, language: str) -> str:
    """Give the words for a button of the panel, counted from 0."""
    _ = texts.words_in(language)
    ordinals = (_("First button:"), _("Second button:"), _("Third button:"), _("Fourth button:"), _("Fifth button:"), _("Sixth button:"))
    return ordinals[place] if place < len(ordinals) else ""


def day(weekday: int, language: str) -> str:
    """Give the words for a day of the week, 0 for Monday."""
    _ = texts.words_in(language)
    days = (_("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"), _("Sunday"))
    return days[weekday % len(days)]
