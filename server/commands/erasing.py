"""`vidhuk-server erase`: what the visitor of a visit wrote goes for good."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import TYPE_CHECKING, Annotated

import typer

from server.audit.acts import Act
from server.commands.base import ConfigFile, DataDir, list_since, note, opened_server, read_text, say
from server.errors import ErasureError

if TYPE_CHECKING:
    from uuid import UUID

    from server.app import Server
    from server.remarks.erasing import Erasure


def erase(
    code: Annotated[str | None, typer.Argument(help="The code on the slip of the visit's vote.")] = None,
    list_: Annotated[
        Path | None, typer.Option("--list", help="Instead: erase again what erasures.json of this server lists.", metavar="FILE")
    ] = None,
    data: DataDir = None,
    config: ConfigFile = None,
) -> None:
    """Erase the comment, phone number and address that were left with a vote; the vote itself stays counted."""
    from server.backup.since import read_list

    if (code is None) == (list_ is None):
        raise ErasureError("name the code on a slip, or a list with --list FILE")
    vote = None if code is None else _vote_of(code)
    wanted = [] if list_ is None else read_list(read_text(list_), str(list_)).erasures
    with opened_server(data, config) as server:
        count, is_swept = _erase(server, vote, wanted)
    say(f"{count} texts of {'this visit' if list_ is None else f'{len(wanted)} visits'} are erased; what may still come will not be kept")
    if not is_swept:
        say("what was erased still stands in the database's log, because somebody reads the database all the time: give this command again")
        raise typer.Exit(1)


def _erase(server: Server, vote: UUID | None, wanted: list[Erasure]) -> tuple[int, bool]:
    """Give how many texts there were, and whether the database's files have nothing of them any more."""
    from server.app import now_ms
    from server.db.engine import writing
    from server.remarks import erasing

    with writing(server.engine) as connection:
        count = erasing.erase_visits(connection, wanted) if vote is None else erasing.erase(connection, vote, now_ms())
        note(connection, Act.WORDS_ERASED, visits=len(wanted) if vote is None else 1, texts=count)
    list_since(server)
    return count, erasing.sweep_within(server.engine)


def _vote_of(code: str) -> UUID:
    from feedback.codes import CodeError, id_of

    try:
        return id_of(code)
    except CodeError as error:
        raise ErasureError(str(error)) from error
