"""The questionnaires that the server knows: those that come with the program, and the versions that a centre has published.

A published version never changes: the same id and version with another content is refused, so that old votes stay readable.
"""

from __future__ import annotations

import hashlib
from functools import cache, lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec
from sqlalchemy import func, insert, select

from feedback.configuration import suggest
from feedback.questionnaire_file import parse
from server.db.schema import questionnaires
from server.errors import RegistryError

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from feedback.questionnaire import Questionnaire

DEFAULT: Final = "default"
"""What a kiosk asks to which nothing is assigned."""


class Known(NamedTuple):
    """A version that the server knows; `published_ms` is None for one that comes with the program."""

    questionnaire: Questionnaire
    document: str
    published_ms: int | None


def find_version(connection: Connection, id_: str, version: int) -> Questionnaire | None:
    """Give a version of a questionnaire, or None where this server has never seen it."""
    shipped = _shipped().get((id_, version))
    if shipped is not None:
        return shipped.questionnaire
    here = (questionnaires.c.id == id_) & (questionnaires.c.version == version)
    document = connection.execute(select(questionnaires.c.document).where(here)).scalar()
    return None if document is None else _read(document)


def newest(connection: Connection, id_: str, *, pilot: bool = True) -> Questionnaire | None:
    """Give the newest version of a questionnaire, or of those whose answers count."""
    known = [known.questionnaire for known in list_known(connection, id_)]
    return max((one for one in known if pilot or not one.pilot), key=lambda one: one.version, default=None)


def list_known(connection: Connection, id_: str | None = None) -> list[Known]:
    """Give every version of every questionnaire, or of one, the newest of each last."""
    query = select(questionnaires.c.document, questionnaires.c.published_ms)
    if id_ is not None:
        query = query.where(questionnaires.c.id == id_)
    found = [Known(_read(row.document), row.document, row.published_ms) for row in connection.execute(query)]
    found += [known for (shipped_id, _), known in _shipped().items() if id_ in (None, shipped_id)]
    return sorted(found, key=lambda known: (known.questionnaire.id, known.questionnaire.version))


def require_newest(connection: Connection, id_: str) -> Questionnaire:
    """Give the newest version of a questionnaire.

    Raises:
        RegistryError: there is none.
    """
    found = newest(connection, id_)
    if found is None:
        known = {known.questionnaire.id for known in list_known(connection)}
        raise RegistryError(f"there is no questionnaire {id_!r}{suggest(id_, known)}; publish it first")
    return found


def publish(connection: Connection, questionnaire: Questionnaire, document: str, *, now_ms: int) -> bool:
    """Keep a version for ever; tell whether it is new.

    Raises:
        RegistryError: this version says something else already, or a newer one is there.
    """
    id_, version = questionnaire.id, questionnaire.version
    there = find_version(connection, id_, version)
    if there is not None:
        if there == questionnaire:
            return False
        raise RegistryError(f"{id_} {version} is published with another content and stays so: write version: {version + 1} into the file")
    last = newest(connection, id_)
    if last is not None and last.version > version:
        raise RegistryError(f"{id_} {last.version} is newer than this one: write version: {last.version + 1} into the file")
    digest = hashlib.sha256(msgspec.json.encode(questionnaire, order="sorted")).digest()
    values = {"id": id_, "version": version, "document": document, "digest": digest, "pilot": questionnaire.pilot}
    connection.execute(insert(questionnaires).values(**values, published_ms=now_ms))
    return True


def count_published(connection: Connection) -> int:
    """Count the published versions."""
    return connection.execute(select(func.count()).select_from(questionnaires)).scalar_one()


@cache
def _shipped() -> dict[tuple[str, int], Known]:
    """Give the questionnaires that come with the program."""
    found = {}
    for file in resources.files("feedback").joinpath("questionnaires").iterdir():
        if file.name.endswith(".yaml"):
            document = file.read_text(encoding="utf-8")
            questionnaire = parse(document, file.name)
            found[questionnaire.id, questionnaire.version] = Known(questionnaire, document, None)
    return found


@lru_cache(maxsize=256)
def _read(document: str) -> Questionnaire:
    return parse(document, "published questionnaire")
