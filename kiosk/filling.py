"""What a key does to a screen on which something is written. Pure."""

from __future__ import annotations

from feedback.questionnaire import ContactWay
from kiosk import contact
from kiosk.screens import Comment, Contact, changed
from kiosk.writing import Writing


def typed(screen: Comment | Contact, name: str) -> Comment | Contact:
    """Give the screen after a tap on `key:…`, `cursor:…` or `way:…`; unchanged for any other."""
    kind, _, rest = name.partition(":")
    match screen, kind:
        case Comment(), "key":
            return _with_words(screen, _words(screen).key(rest))
        case Comment(), "cursor" if rest.isdecimal():
            return _with_words(screen, _words(screen).place(int(rest)))
        case Contact(), "key":
            return _with_contact(screen, _contact(screen).key(rest))
        case Contact(), "cursor" if rest.isdecimal():
            return _with_contact(screen, _contact(screen).place(int(rest)))
        case Contact(), "way" if rest in screen.ways:
            return _with_contact(changed(screen, way=ContactWay(rest)), contact.begin(ContactWay(rest)))
        case _:
            return screen


def cleared(screen: Contact) -> Contact:
    """Give the screen before anything is typed."""
    return _with_contact(screen, contact.begin(screen.way))


def checked(screen: Contact) -> Contact:
    """Give the screen with what is wrong with what was typed."""
    return changed(screen, mistake=_contact(screen).mistake(screen.language))


def given(screen: Comment | Contact) -> str:
    """Give what is handed in."""
    return _words(screen).given() if isinstance(screen, Comment) else _contact(screen).given


def _words(screen: Comment) -> Writing:
    return Writing(screen.text, screen.cursor, screen.layout, screen.shifted, screen.limit)


def _with_words(screen: Comment, words: Writing) -> Comment:
    return changed(screen, text=words.text, cursor=words.cursor, layout=words.layout, shifted=words.shifted)


def _contact(screen: Contact) -> contact.Typed:
    return contact.Typed(screen.way, screen.text, screen.cursor)


def _with_contact(screen: Contact, now: contact.Typed) -> Contact:
    return changed(screen, text=now.text, cursor=now.cursor, shown=now.shown, mistake="")
