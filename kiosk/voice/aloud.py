"""What is said for everybody to hear: questions, all their answers in fixed order, thanks, warnings. Pure.

Nothing here looks at what was chosen, typed, or stood upon, so that no visitor's answer is told to the room.
"""

from __future__ import annotations

from typing import Final

from feedback.questionnaire import ContactWay, Kind
from kiosk import texts
from kiosk.screens import (
    Announced,
    Ask,
    Called,
    Closed,
    Comment,
    Contact,
    Desk,
    OutOfOrder,
    Screen,
    Thanks,
    stops,
)
from kiosk.voice import words
from kiosk.voice.prompts import Manner, Prompt, passing, privately, prompts

FIVE: Final = 5
PLAIN: Final = Manner()


def spoken(screen: Screen, manner: Manner = PLAIN) -> tuple[Prompt, ...]:
    """Give what is said when a screen appears. Of a question that not everybody is asked the room hears nothing."""
    said = prompts(screen, *_lines(screen, manner))
    return privately(said) if is_confided(screen, manner) else said


def foretold(screen: Screen, manner: Manner) -> tuple[Prompt, ...]:
    """Give what is said after the first answer, whatever it was: that questions may follow which are not read aloud."""
    if not (isinstance(screen, Ask) and screen.first and screen.comfort.voice and manner.confided):
        return ()
    _ = texts.words_in(screen.language)
    if manner.headphones:
        return prompts(screen, _("Some questions can be heard only in the headphones."))
    return prompts(screen, _("Some questions are only on the screen and are not read aloud."))


def noticed(screen: Screen) -> tuple[Prompt, ...]:
    """Give what is said about a code that was just scanned; no answer is in it."""
    return prompts(screen, screen.notice) if isinstance(screen, Ask | Desk) else ()


def _lines(screen: Screen, manner: Manner) -> tuple[str | Prompt, ...]:
    match screen:
        case Ask():
            return _asked(screen, manner)
        case Comment() | Contact() | Desk():
            return _more_asked(screen)
        case Thanks():
            return _thanked(screen)
        case _:
            return _resting(screen)


def _more_asked(screen: Comment | Contact | Desk) -> tuple[str, ...]:
    _ = texts.words_in(screen.language)
    match screen:
        case Comment():
            how = _("Type on the screen, up to {limit} characters.").format(limit=screen.limit)
            return (screen.voice or screen.question, screen.note, how)
        case Contact():
            return (screen.voice or screen.question, screen.purpose, screen.consent, *_ways(screen))
    desks = (part for desk in screen.desks for part in (words.desk(desk, screen.language), desk.name))
    return (_("Which desk served you?"), *desks, _("I don’t remember"))


def _resting(screen: Screen) -> tuple[str | Prompt, ...]:
    _ = texts.words_in(screen.language)
    match screen:
        case Called():
            return (_("Somebody is on the way to you.") if screen.coming else _("A person has been called. Please wait here."),)
        case Closed():
            return (_("We are closed now."), *_opening(screen))
        case Announced():
            return (passing(screen, screen.text), passing(screen, screen.shelter))
        case OutOfOrder():
            return (_("This terminal is out of order for now"), _("Please try again a little later."))
    return ()


def _asked(screen: Ask, manner: Manner) -> tuple[str, ...]:
    _ = texts.words_in(screen.language)
    answers: list[str] = []
    for place, option in enumerate(screen.options):
        if is_answered_directly(screen, manner) and place < manner.buttons:
            answers.append(words.button(place, screen.language))
        answers.append(option.voice or option.words)
    several = _("You may choose several answers, then “Done”.") if screen.kind is Kind.MULTIPLE else ""
    desk = words.desk(screen.desk, screen.language) if screen.desk else ""
    return (screen.opening, screen.voice or screen.question, desk, screen.note, *_ends(screen), *answers, several)


def _ends(screen: Ask) -> tuple[str, ...]:
    if screen.ends is None or not screen.options:
        return ()
    first, last = screen.options[0], screen.options[-1]
    return (first.words, screen.ends[0], last.words, screen.ends[1])


def _ways(screen: Contact) -> tuple[str, ...]:
    """Give the ways that are offered, not the one being typed."""
    return tuple(words.way(way, screen.language) for way in ContactWay if way in screen.ways)


def _thanked(screen: Thanks) -> tuple[str | Prompt, ...]:
    _ = texts.words_in(screen.language)
    own = (screen.closing,) if screen.closing else (_("Thank you."), _("Your vote is saved."))
    known = screen.answered is not None
    answered = passing(screen, _("Answers this month: {number}.").format(number=screen.answered) if known else "")
    return (*own, answered, passing(screen, screen.done))


def _opening(screen: Closed) -> tuple[str | Prompt, ...]:
    _ = texts.words_in(screen.language)
    if screen.opens_day is None:
        return ()
    at = _("at {time}").format(time=screen.opens_at.removeprefix("0")) if screen.opens_at else ""
    return (_("We open:"), words.day(screen.opens_day, screen.language), at)


def is_answered_directly(screen: Screen, manner: Manner) -> bool:
    """Tell whether the panel's buttons are the answers themselves."""
    return isinstance(screen, Ask) and screen.first and screen.kind is Kind.FACES and manner.buttons > 0


def is_confided(screen: Screen, manner: Manner) -> bool:
    """Tell whether the question alone would tell the room what was answered before."""
    return not getattr(screen, "first", False) and getattr(screen, "id", None) in manner.confided


def explanation(screen: Screen, manner: Manner) -> tuple[Prompt, ...]:
    """Give what the five buttons do, where they do not answer by themselves."""
    if manner.buttons < FIVE or not stops(screen) or is_answered_directly(screen, manner):
        return ()
    _ = texts.words_in(screen.language)
    return prompts(screen, _("First button: back. Second: forward. Third: choose. Fourth: say again. Fifth: skip."))


def warned(screen: Screen, manner: Manner = PLAIN) -> tuple[Prompt, ...]:
    """Give what is said before a screen closes by itself, and what keeps it open."""
    _ = texts.words_in(screen.language)
    if is_answered_directly(screen, manner):
        how = _("Choose an answer, or touch the screen.")
    elif manner.buttons >= FIVE:
        how = _("To go on, press the fourth button.")
    else:
        how = _("To go on, touch the screen.")
    return prompts(screen, _("Are you still here?"), how)
