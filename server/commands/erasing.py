"""`vidhuk-server erase`: what the visitor of a visit wrote goes for good."""

from __future__ import annotations

from typing import Annotated

import typer

from server.commands.base import ConfigFile, DataDir, opened_server, say
from server.errors import ErasureError


def erase(
    code: Annotated[str, typer.Argument(help="The code on the slip of the visit's vote.")],
    data: DataDir = None,
    config: ConfigFile = None,
) -> None:
    """Erase the comment, phone number and address that were left with a vote; the vote itself stays counted."""
    from feedback.codes import CodeError, id_of
    from server.app import now_ms
    from server.db.engine import reading, writing
    from server.remarks import erasing

    try:
        vote = id_of(code)
    except CodeError as error:
        raise ErasureError(str(error)) from error
    with opened_server(data, config) as server:
        with writing(server.engine) as connection:
            count = erasing.erase(connection, vote, now_ms())
        with reading(server.engine) as connection:
            erasing.write_list(connection, server.config.data_dir)
    say(f"{count} texts of this visit are erased; what may still come of it will not be kept")
