"""What a queue system pushes, by HTTP or MQTT: a JSON list of words about tickets, taken wholly or refused with every reason."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import msgspec

from feedback.wire import ROOT
from server.queue import keys
from server.queue import problems as says
from server.queue.columns import Field
from server.queue.importing import place_of
from server.queue.keys import NAME
from server.queue.problems import WHOLE, Problem, RefusedError
from server.queue.reading import read_words
from server.queue.take import take

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy import Connection

MAX_TICKETS: Final = 1000
MAX_BYTES: Final = 1024 * 1024
_MAX_CHARS: Final = 200
_PLACE: Final = re.compile(r"\$[\w.\[\]]*", re.ASCII)
_TOPIC: Final = re.compile(rf"{ROOT}/queue/({NAME.pattern})/tickets")


class PushedTicket(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the queue system says of one ticket so far.

    Times are ISO 8601 or DD.MM.YYYY HH:MM:SS, without an offset by the centre's clock. `day` is that of the ticket, else that of its first
    time. `desk` and `service` are keys of the registry, their numbers or names; `clerk` is a clerk's name; `state` is waiting, called,
    missed or served, else the times decide. Anything else is neither read nor kept.
    """

    number: str
    day: str | None = None
    issued: str | None = None
    called: str | None = None
    started: str | None = None
    ended: str | None = None
    desk: str | None = None
    service: str | None = None
    clerk: str | None = None
    state: str | None = None


class Wrong(msgspec.Struct, frozen=True):
    """What is wrong with the ticket at a place of the list, counted from 0."""

    at: int
    detail: str


class Accepted(msgspec.Struct, frozen=True):
    """What a push changed: tickets that are new, and such as were known and have gone on."""

    tickets: int
    added: int
    changed: int


def topic(name: str) -> str:
    """Topic on which the queue system with the key `name` pushes its tickets."""
    return f"{ROOT}/queue/{name}/tickets"


def is_push(topic: str) -> bool:
    """Tell whether a topic is of queue systems."""
    return topic.startswith(f"{ROOT}/queue/")


def name_in(topic: str) -> str:
    """Give the name of the key whose topic this is; one that can be no key's where it is none."""
    found = _TOPIC.fullmatch(topic)
    return found[1] if found else ""


def decode(payload: bytes) -> list[PushedTicket]:
    """Read a push.

    Raises:
        RefusedError: it is no list of tickets.
    """
    if len(payload) > MAX_BYTES:
        raise RefusedError(Problem(WHOLE, says.TOO_MANY_BYTES, {"count": str(len(payload)), "most": str(MAX_BYTES)}))
    try:
        tickets = msgspec.json.decode(payload, type=list[PushedTicket])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RefusedError(no_list(str(error)), detail=str(error)) from error
    return tickets


def push(connection: Connection, name: str, tickets: list[PushedTicket], now_ms: int) -> Accepted:
    """Take tickets in by the key called `name`, in the caller's transaction.

    Raises:
        RefusedError: something is wrong, they are too many, or there is no such key; nothing was stored.
    """
    if len(tickets) > MAX_TICKETS:
        raise RefusedError(Problem(WHOLE, says.TOO_MANY_TICKETS, {"count": str(len(tickets)), "most": str(MAX_TICKETS)}))
    site = keys.site_of(connection, name)
    if site is None:
        raise RefusedError(Problem(WHOLE, says.NO_SUCH_KEY))
    place = place_of(connection, site)
    reading = read_words([_values(ticket) for ticket in tickets], place, now_ms)
    taken = take(connection, place, reading, now_ms=now_ms, pushed=True)
    if reading.problems:
        raise RefusedError(*sorted(reading.problems, key=lambda problem: problem.line))
    return Accepted(taken.tickets, taken.added, taken.changed)


def take_push(connection: Connection, name: str, payload: bytes, now_ms: int) -> Accepted | RefusedError:
    """Take a push in and count it with its key; what is refused is counted too, and said to whoever lists the keys."""
    return count(connection, name, lambda: push(connection, name, decode(payload), now_ms), now_ms)


def count(connection: Connection, name: str, take_in: Callable[[], Accepted], now_ms: int) -> Accepted | RefusedError:
    """Count a push with its key, and what was wrong with one that is refused."""
    try:
        accepted = take_in()
    except RefusedError as refused:
        keys.count_push(connection, name, tickets=0, problem=refused.problems[0].kept, now_ms=now_ms)
        return refused
    keys.count_push(connection, name, tickets=accepted.tickets, problem=None, now_ms=now_ms)
    return accepted


def no_list(said: str) -> Problem:
    """Give the problem of a push that is no list of tickets; of what a decoder `said` only the place is kept."""
    found = _PLACE.search(said)
    return Problem(WHOLE, says.NOT_A_LIST_AT, {"place": found[0]}) if found else Problem(WHOLE, says.NOT_A_LIST)


def _values(ticket: PushedTicket) -> Mapping[Field, str]:
    said = {what: getattr(ticket, what) for what in Field}
    return {what: text.strip()[:_MAX_CHARS] for what, text in said.items() if text and text.strip()}
