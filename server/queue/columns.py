"""Which column of an export says what; those that name visitors are never read. Pure."""

from __future__ import annotations

import hashlib
import re
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import msgspec

from feedback.configuration import suggest
from server.errors import QueueError
from server.queue.problems import N_

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


class Field(StrEnum):
    """What a column can say of a ticket."""

    NUMBER = "number"
    DAY = "day"
    ISSUED = "issued"
    CALLED = "called"
    STARTED = "started"
    ENDED = "ended"
    DESK = "desk"
    SERVICE = "service"
    CLERK = "clerk"
    STATE = "state"


MOMENTS: Final = (Field.ISSUED, Field.CALLED, Field.STARTED, Field.ENDED)
_WORDS: Final[dict[Field, str]] = {
    Field.NUMBER: "талон|номер талона|номер талону|№ талона|№ талону|талон №|номер|ticket|ticket number|number",
    Field.DAY: "дата|день|date|day",
    Field.ISSUED: "видано|видача|час видачі|час видачі талона|дата видачі|дата та час видачі|дата і час видачі|час реєстрації|реєстрація"
    "|час отримання талона|issued|issued at|issue time|created|created at",
    Field.CALLED: "викликано|виклик|час виклику|дата та час виклику|called|called at|call time",
    Field.STARTED: "початок|початок обслуговування|час початку|час початку обслуговування|started|started at|start|service start",
    Field.ENDED: "кінець|завершення|закінчення|кінець обслуговування|завершення обслуговування|закінчення обслуговування|час завершення"
    "|час закінчення|час завершення обслуговування|обслужено|ended|ended at|end|service end|served at",
    Field.DESK: "стіл|вікно|робоче місце|місце|№ столу|№ вікна|номер столу|номер вікна|номер робочого місця|№ робочого місця|desk|window"
    "|counter|workplace",
    Field.SERVICE: "послуга|назва послуги|тип послуги|вид послуги|черга|назва черги|service|service name|queue",
    Field.CLERK: "адміністратор|оператор|спеціаліст|працівник|піб адміністратора|піб оператора|піб працівника|піб спеціаліста|clerk"
    "|operator|employee|clerk name|operator name",
    Field.STATE: "статус|стан|результат|статус талона|status|state|outcome",
}
_KNOWN: Final = {name: field for field, names in _WORDS.items() for name in names.split("|")}
_VISITOR: Final = re.compile(
    r"відвідувач|заявни|клієнт|громадян|споживач|отримувач|телефон|\bтел\b|моб|пошт|e-?mail|phone|mobile|рнокпп|\bіпн\b|\bінн\b|податков"
    r"|паспорт|унзр|народж|адрес|стать|visitor|customer|client|citizen|applicant|\btax|passport|birth|address|contact|контакт"
)
_A_NAME: Final = re.compile(r"\bпіб\b|п\.\s?і\.\s?б|прізвищ|\bім.?я\b|по.батькові|\bname\b|surname|patronymic")
_STAFF: Final = re.compile(r"адміністратор|оператор|працівник|спеціаліст|clerk|operator|employee|staff")


NAMES_VISITORS: Final = N_("the column “%(column)s” names visitors and is never read")
TWO_THINGS: Final = N_("the column “%(column)s” cannot say two things")


class ColumnMap(msgspec.Struct, frozen=True):
    """What is remembered of a site's export: the column of each field, and registry keys by what the queue calls desks and services."""

    columns: dict[Field, str] = {}
    desks: dict[str, str] = {}
    services: dict[str, str] = {}


def normal(name: str) -> str:
    """Write a name as it is compared: small letters, single blanks, none of the marks that people put around words."""
    return " ".join(re.sub(r"[_:*()«»\"]", " ", name.casefold().replace("’", "'")).split())


def header_digest(header: Iterable[str]) -> bytes:
    """Give the SHA-256 by which a heading is known again."""
    return hashlib.sha256("\0".join(map(normal, header)).encode()).digest()


def names_visitors(name: str) -> bool:
    """Tell whether a column names or reaches visitors. A name that does not say whose it is counts as a visitor's."""
    said = normal(name)
    if said in _KNOWN:
        return False
    return bool(_VISITOR.search(said) or (_A_NAME.search(said) and not _STAFF.search(said)))


def guess(header: Sequence[str]) -> dict[Field, str]:
    """Give the columns whose names are known; the first of several."""
    found: dict[Field, str] = {}
    for name in header:
        field = _KNOWN.get(normal(name))
        if field is not None:
            found.setdefault(field, name)
    return found


def choose(header: Sequence[str], wanted: Mapping[Field, str]) -> dict[Field, str]:
    """Check what a person chose; an empty column takes a field away.

    Raises:
        QueueError: there is no such column, it names visitors, or two fields want the same one.
    """
    chosen: dict[Field, str] = {}
    by_name = {normal(name): name for name in header}
    for field, name in wanted.items():
        if not name:
            continue
        column = name if name in header else by_name.get(normal(name))
        if column is None:
            raise QueueError(f"there is no column {name!r}{suggest(name, header)}; the heading has: {', '.join(header)}")
        if names_visitors(column):
            raise QueueError(NAMES_VISITORS, column=column)
        if column in chosen.values():
            raise QueueError(TWO_THINGS, column=column)
        chosen[field] = column
    return chosen


def missing(columns: Mapping[Field, str]) -> str:
    """Say in a sentence what is still needed to count tickets; nothing where the columns suffice."""
    if Field.NUMBER not in columns:
        return N_("no column says the ticket's number")
    if Field.DESK not in columns:
        return N_("no column says the desk")
    if not {Field.DAY, *MOMENTS} & columns.keys():
        return N_("no column says the day or a time")
    if not {Field.STARTED, Field.ENDED, Field.STATE} & columns.keys():
        return N_("no column tells who was served: when service started or ended, or the ticket's state")
    return ""
