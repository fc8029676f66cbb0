"""What the screen shows, as values. A screen says what it means; how it looks is the ui's business."""

from __future__ import annotations

import msgspec

from feedback.questionnaire import Face
from feedback.settings import DeskOption


class Option(msgspec.Struct, frozen=True):
    """One answer in the language of its screen; without a face it is the quiet one."""

    id: str
    words: str
    face: Face | None


class Ask(msgspec.Struct, frozen=True):
    """The question, which is also the attract screen. `pressed` is the answer that is being stored."""

    language: str
    languages: tuple[str, ...]
    question: str
    options: tuple[Option, ...]
    pressed: str | None = None


class Desk(msgspec.Struct, frozen=True):
    """Which desk served you? `pressed` is the desk being stored, or `DONT_REMEMBER`."""

    language: str
    desks: tuple[DeskOption, ...]
    pressed: str | None = None


class Thanks(msgspec.Struct, frozen=True):
    """The vote is stored. The same for every answer."""

    language: str


class OutOfOrder(msgspec.Struct, frozen=True):
    """Nothing can be stored just now."""

    language: str


Screen = Ask | Desk | Thanks | OutOfOrder

DONT_REMEMBER = "dont_remember"
