"""What the screen shows, as values. A screen says what it means; how it looks and sounds is the ui's business.

Everything that can be tapped or selected on a screen has a name, and `stops` gives these names in the one order in which buttons walk
through them. Answers and keys are named by themselves; the names that all screens share are the constants here.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, TypeVar

import msgspec

from feedback.notice import AnnouncementKind
from feedback.questionnaire import ContactWay, Face, Kind
from feedback.settings import DeskOption, Theme
from kiosk import keyboard

SKIP: Final = "skip"
DONE: Final = "done"
LEAVE: Final = "leave"
STAY: Final = "stay"
CALL: Final = "call"
STRAY: Final = "stray"
DONT_REMEMBER: Final = "dont_remember"
LARGE: Final = "comfort:large"
CONTRAST: Final = "comfort:contrast"
LOW: Final = "comfort:low"
VOICE: Final = "comfort:voice"
UNDO: Final = "undo"
OTHER_BOX: Final = "other_box"
FINISH: Final = "finish"
COMFORTS: Final = (LARGE, CONTRAST, LOW, VOICE)


class Comfort(msgspec.Struct, frozen=True):
    """How one visitor wants to see and hear: it holds until their visit ends."""

    theme: Theme = Theme.LIGHT
    large: bool = False
    low: bool = False
    voice: bool = False


class Screen(msgspec.Struct, frozen=True, kw_only=True):
    """What every screen has. `focus` is the name on which the buttons stand; `closes_in_s` warns that the screen is about to close."""

    language: str = "uk"
    comfort: Comfort = Comfort()
    focus: str | None = None
    closes_in_s: int | None = None


class Option(msgspec.Struct, frozen=True):
    """One answer in the language of its screen. `voice` is what is spoken for it where that differs from the words."""

    id: str
    words: str
    face: Face | None = None
    voice: str = ""


class Ask(Screen, frozen=True, kw_only=True):
    """A question that is answered by choosing. The first one is also the attract screen.

    `chosen` are the answers taken so far; once `stored` they are being stored and nothing more is taken. `opening` stands before the
    question, `note` under it, `ends` beside the ends of a scale. The first question has `languages` to switch to and offers to `call`
    a person; `desk` is the one that a scanned ticket names. `notice` stands there for some seconds: why a code gave nothing.
    """

    id: str
    kind: Kind
    question: str
    options: tuple[Option, ...]
    first: bool = False
    chosen: tuple[str, ...] = ()
    stored: bool = False
    opening: str = ""
    note: str = ""
    ends: tuple[str, str] | None = None
    languages: tuple[str, ...] = ()
    call: bool = False
    desk: DeskOption | None = None
    notice: str = ""
    voice: str = ""


class Comment(Screen, frozen=True, kw_only=True):
    """Own words on the on-screen keyboard: `text` with the cursor before character `cursor`, of at most `limit` characters."""

    id: str
    question: str
    note: str = ""
    text: str = ""
    cursor: int = 0
    limit: int = keyboard.LIMIT
    layout: keyboard.Layout = keyboard.Layout.UK
    shifted: bool = False
    stored: bool = False
    voice: str = ""


class Contact(Screen, frozen=True, kw_only=True):
    """A phone number or an e-mail address, with what it is for and what the visitor agrees to by giving it.

    `text` is as it is typed, `shown` as it is written for people (+380 67 123 45 67); `mistake` says what is wrong with it after an attempt
    to give it, empty while nothing is.
    """

    id: str
    question: str
    purpose: str
    consent: str
    ways: tuple[ContactWay, ...]
    way: ContactWay
    text: str = ""
    shown: str = ""
    cursor: int = 0
    mistake: str = ""
    stored: bool = False
    voice: str = ""


class Desk(Screen, frozen=True, kw_only=True):
    """Which desk served you? `pressed` is the desk being stored, or `DONT_REMEMBER`. `plan` names the floor plan's picture.

    `notice` stands there for some seconds: what became of a code that was scanned here.
    """

    desks: tuple[DeskOption, ...]
    plan: str | None = None
    pressed: str | None = None
    notice: str = ""


class Thanks(Screen, frozen=True, kw_only=True):
    """Everything that was given is stored. The same for every answer.

    `closing` are the questionnaire's own words; `answered` people gave an answer this month, None where the server has not said; `done` is
    the latest thing done because of answers.
    """

    closing: str = ""
    answered: int | None = None
    done: str = ""


class Called(Screen, frozen=True, kw_only=True):
    """A person was called. `coming` once staff have said that somebody is on the way."""

    coming: bool = False


class Closed(Screen, frozen=True, kw_only=True):
    """Outside opening hours. `opens_day` (0 Monday … 6 Sunday; None where unknown) and `opens_at` ("09:00") say when it opens next."""

    opens_day: int | None = None
    opens_at: str = ""


class Announced(Screen, frozen=True, kw_only=True):
    """A sentence in place of the question: maintenance, an air raid alert with the way to the shelter, or information."""

    kind: AnnouncementKind
    text: str
    shelter: str = ""


class OutOfOrder(Screen, frozen=True, kw_only=True):
    """Nothing can be stored just now."""


class Pin(Screen, frozen=True, kw_only=True):
    """The technician's way in: `typed` digits so far; `wait_s` seconds until the next attempt is taken; `wrong` after a wrong one."""

    typed: int = 0
    wait_s: int = 0
    wrong: bool = False


class EnrolField(StrEnum):
    """What is typed on the page for enrolling."""

    ADDRESS = "address"
    CODE = "code"


class Enrol(Screen, frozen=True, kw_only=True):
    """The technician's page for enrolling. `said` is what became of it, or what is to be done; `well` is None where that is neither."""

    address: str = ""
    code: str = ""
    typing: EnrolField = EnrolField.ADDRESS
    said: str = ""
    well: bool | None = None


class Entry(msgspec.Struct, frozen=True):
    """A line of the technician's menu: what can be done, what is known about it, and whether it is well (None: neither)."""

    name: str
    title: str
    detail: str = ""
    well: bool | None = None


class Menu(Screen, frozen=True, kw_only=True):
    """The technician's menu, or one of its pages; tapping an entry's name does it."""

    title: str
    entries: tuple[Entry, ...]


class BoxResult(StrEnum):
    """What became of the last ticket that staff scanned, or took back."""

    COUNTED = "counted"
    REPEATED = "repeated"
    VOTED = "voted"
    FOREIGN = "foreign"
    FORGED = "forged"
    TOO_OLD = "too_old"
    UNKNOWN = "unknown"
    NOT_STORED = "not_stored"
    UNDONE = "undone"
    NOT_UNDONE = "not_undone"
    STORING = "storing"


class BoxChoice(Screen, frozen=True, kw_only=True):
    """Staff choose which of the two ticket boxes they count (K2)."""

    boxes: tuple[Option, ...]


class BoxScan(Screen, frozen=True, kw_only=True):
    """Staff scan the tickets of `box`: `count` of them count so far, and `other_count` of the other box.

    `repeated` and `foreign` are those of both boxes that do not count. `undoable` is whether there is one to take back.
    """

    box: Option
    other: Option
    count: int = 0
    other_count: int = 0
    repeated: int = 0
    foreign: int = 0
    result: BoxResult | None = None
    undoable: bool = False


class BoxSummary(Screen, frozen=True, kw_only=True):
    """Staff have finished: how many tickets of each box count, in the boxes' order. `stored` is whether the disk has it, None before."""

    boxes: tuple[Option, ...]
    counts: tuple[int, ...]
    repeated: int
    foreign: int
    stored: bool | None = None


AnyScreen = (
    Ask | Comment | Contact | Desk | Thanks | Called | Closed | Announced | OutOfOrder | Pin | Menu | BoxChoice | BoxScan | BoxSummary
)

RESTING: Final = (Closed, Announced, OutOfOrder)
"""Screens that wait for no visitor."""
STAFF: Final = (Pin, Menu, BoxChoice, BoxScan, BoxSummary)
"""Screens that no visitor meets: nothing on them is spoken."""


V = TypeVar("V", bound=msgspec.Struct)
S = TypeVar("S", bound=Screen)


def changed(value: V, **fields: object) -> V:
    """Give the value with some fields changed."""
    return msgspec.structs.replace(value, **fields)


def stops(screen: Screen) -> tuple[str, ...]:
    """Give the names of everything that can be selected on a screen, in the fixed order in which buttons walk through them."""
    match screen:
        case Ask():
            return (*(option.id for option in screen.options), *_after_options(screen))
        case Comment() | Contact():
            return (*_ways_and_keys(screen), DONE, SKIP, LEAVE)
        case Desk():
            return (*(f"desk:{desk.id}" for desk in screen.desks), DONT_REMEMBER, SKIP)
    return _stops_of_staff(screen)


def _stops_of_staff(screen: Screen) -> tuple[str, ...]:
    match screen:
        case Pin():
            return (*_keys(keyboard.PIN_ROWS), LEAVE)
        case Menu():
            return (*(entry.name for entry in screen.entries), LEAVE)
        case BoxChoice():
            return (*(box.id for box in screen.boxes), LEAVE)
        case BoxScan():
            return (UNDO, OTHER_BOX, FINISH)
        case BoxSummary():
            return (LEAVE,)
    return ()


def _after_options(screen: Ask) -> tuple[str, ...]:
    done = (DONE,) if screen.kind is Kind.MULTIPLE else ()
    if not screen.first:
        return (*done, SKIP, LEAVE)
    others = (f"language:{code}" for code in screen.languages if code != screen.language)
    return (*done, *others, *COMFORTS, *((CALL,) if screen.call else ()))


def _ways_and_keys(screen: Comment | Contact) -> tuple[str, ...]:
    if isinstance(screen, Comment):
        return _keys(keyboard.rows(screen.layout, shifted=screen.shifted))
    rows = keyboard.PHONE_ROWS if screen.way is ContactWay.PHONE else keyboard.EMAIL_ROWS
    return (*(f"way:{way}" for way in screen.ways if way is not screen.way), *_keys(rows))


def _keys(rows: keyboard.Rows) -> tuple[str, ...]:
    return tuple(f"key:{key}" for row in rows for key in row)
