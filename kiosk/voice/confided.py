"""What only the headphones say: where the buttons stand, what was answered, what was typed. Pure."""

from __future__ import annotations

from kiosk import texts
from kiosk.screens import Ask, Comment, Contact, Desk, Screen
from kiosk.voice import names, words
from kiosk.voice.prompts import Prompt, privately, prompts, typed_by_a_visitor


def focused(screen: Screen) -> tuple[Prompt, ...]:
    """Give the name on which the buttons stand, for the headphones."""
    return () if screen.focus is None else named(screen, screen.focus)


def named(screen: Screen, name: str) -> tuple[Prompt, ...]:
    """Give the words for anything that can be selected on a screen, for the headphones."""
    kind, _, rest = name.partition(":")
    if kind == "key":
        return tuple(Prompt(text, language, private=True) for text, language in names.called(rest, screen.language))
    if kind == "language":
        return (Prompt(texts.OWN_NAMES.get(rest, rest), rest if rest in texts.OWN_NAMES else screen.language, private=True),)
    return privately(prompts(screen, *words.of(screen, name)))


def chosen(screen: Screen) -> tuple[Prompt, ...]:
    """Give the answer that was taken, for the headphones."""
    _ = texts.words_in(screen.language)
    match screen:
        case Ask(stored=True):
            answers = [option.voice or option.words for option in screen.options if option.id in screen.chosen]
            return privately(prompts(screen, _("Your answer:"), *answers)) if answers else ()
        case Desk(pressed=str() as pressed):
            named_desk = [words.desk(desk, screen.language) for desk in screen.desks if desk.id == pressed]
            return privately(prompts(screen, _("Your answer:"), *(named_desk or [_("I don’t remember")])))
        case _:
            return ()


def toggled(before: Ask, now: Ask) -> tuple[Prompt, ...]:
    """Give what was added to several answers or taken from them, for the headphones."""
    _ = texts.words_in(now.language)
    said: list[str] = []
    for option in now.options:
        if (option.id in before.chosen) != (option.id in now.chosen):
            said += [option.voice or option.words, _("chosen") if option.id in now.chosen else _("not chosen")]
    return privately(prompts(now, *said))


def read_back(screen: Screen) -> tuple[Prompt, ...]:
    """Give what has been typed so far, and what is wrong with it, for the headphones."""
    if not isinstance(screen, Comment | Contact):
        return ()
    _ = texts.words_in(screen.language)
    mistake = screen.mistake if isinstance(screen, Contact) else ""
    if not screen.text:
        return privately(prompts(screen, _("Nothing is typed yet."), mistake))
    typed = screen.text if isinstance(screen, Comment) else (screen.shown or screen.text)
    return privately(prompts(screen, _("You have typed:"), typed_by_a_visitor(screen, typed), mistake))


def typed(before: Comment | Contact, now: Comment | Contact) -> tuple[Prompt, ...]:
    """Give what a key just did, for the headphones."""
    _ = texts.words_in(now.language)
    more = len(now.text) - len(before.text)
    if more > 0:
        return _characters(now, now.text[max(0, now.cursor - more) : now.cursor] or now.text[-more:])
    if more < 0:
        return (*privately(prompts(now, _("erased"))), *_characters(now, before.text[now.cursor : now.cursor - more]))
    if now.cursor != before.cursor:
        return _characters(now, now.text[now.cursor : now.cursor + 1]) or privately(prompts(now, _("end")))
    if isinstance(now, Comment) and isinstance(before, Comment):
        return _keyboard(before, now)
    if isinstance(now, Contact) and isinstance(before, Contact) and now.way is not before.way:
        return privately(prompts(now, words.way(now.way, now.language)))
    return ()


def _keyboard(before: Comment, now: Comment) -> tuple[Prompt, ...]:
    """Give which keyboard it has become."""
    _ = texts.words_in(now.language)
    if now.layout is not before.layout:
        return named(now, f"key:to_{now.layout}")
    if now.shifted != before.shifted:
        return privately(prompts(now, _("Capital letters"), _("on") if now.shifted else _("off")))
    return ()


def _characters(screen: Screen, characters: str) -> tuple[Prompt, ...]:
    """Give characters one by one; a whole ending such as gmail.com by its name."""
    if characters in names.signs(screen.language):
        return named(screen, f"key:{characters}")
    return tuple(prompt for character in characters for prompt in named(screen, f"key:{character}"))
