"""What proves that nothing was changed: `vidhuk-server verify`, `root list`, `root show`, `root make`, `proof make`, `proof check`."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import TYPE_CHECKING, Annotated, Final

import typer

from server.commands.base import ConfigFile, DataDir, new_app, opened_server, progress_bar, read_text, say
from server.errors import IntegrityError

if TYPE_CHECKING:
    from server.app import Server
    from server.integrity.chains import Problem

root_app: Final = new_app(help="The signed root of each day, for publishing.")
proof_app: Final = new_app(help="Proofs that one vote is under the root of its day.")
_SHOWN: Final = 50


def verify(data: DataDir = None, config: ConfigFile = None) -> None:
    """Verify the whole database: chains, the roots of days, votes against records; exit 1 where something does not hold."""
    with opened_server(data, config) as server:
        problems = _verify(server)
    for problem in problems[:_SHOWN]:
        typer.echo(f"{problem.where}: {problem.what}")
    if len(problems) > _SHOWN:
        say(f"and {len(problems) - _SHOWN} more")
    say(
        "everything holds"
        if not problems
        else "something was changed, added or deleted after it had been taken in; the first lines come first"
    )
    raise typer.Exit(1 if problems else 0)


@root_app.command("make")
def make(data: DataDir = None, config: ConfigFile = None) -> None:
    """Make the roots of days that are over and have none; a running server does it by itself every night."""
    from server.app import make_roots, now_ms

    with opened_server(data, config) as server:
        made = make_roots(server).make_due(now_ms())
    say(f"made: {', '.join(made)}" if made else "no day is due")


@root_app.command("list")
def list_(data: DataDir = None, config: ConfigFile = None) -> None:
    """List the days and their roots."""
    from server.db.engine import reading
    from server.integrity.roots import all_roots
    from server.tables import show

    with opened_server(data, config) as server, reading(server.engine) as connection:
        roots = all_roots(connection)
    show(("day", "records", "root"), [(root.day, root.size, root.root.hex()) for root in roots])


@root_app.command("show")
def show_root(
    day: Annotated[str, typer.Argument(help="As 2026-11-24; without one the newest.", metavar="DAY")] = "",
    data: DataDir = None,
    config: ConfigFile = None,
) -> None:
    """Print the signed root of a day, to be mailed or published."""
    from server.db.engine import reading
    from server.integrity.roots import find_root

    with opened_server(data, config) as server, reading(server.engine) as connection:
        root = find_root(connection, day)
    if root is None:
        raise IntegrityError(f"day {day} has no root: `vidhuk-server root list` names those that have" if day else "no day has a root yet")
    typer.echo(root.document)


@proof_app.command("make")
def prove(
    code: Annotated[str, typer.Argument(help="The code on the visitor's slip.", metavar="CODE")],
    data: DataDir = None,
    config: ConfigFile = None,
) -> None:
    """Print the proof that the vote with this code is under the root of its day."""
    import msgspec

    from feedback.codes import CodeError, id_of
    from server.db.engine import reading
    from server.integrity import proofs

    try:
        id_ = id_of(code)
    except CodeError as error:
        raise IntegrityError(f"{code!r} is not quite a code: it has seven groups of four letters and digits") from error
    with opened_server(data, config) as server, reading(server.engine) as connection:
        proof = proofs.prove(connection, id_)
    if proof is None:
        raise IntegrityError("the vote is here; its day gets its root in the night after, and then there is a proof")
    typer.echo(msgspec.json.encode(proof).decode())


@proof_app.command("check")
def check(
    file: Annotated[Path, typer.Argument(help="A proof, as `proof make` prints it.", metavar="FILE")],
    key: Annotated[str, typer.Option(help="The server's signing key in hexadecimal, as in any kiosk.toml.")],
) -> None:
    """Check a proof, on any computer; then compare the root that it prints with the published one."""
    import msgspec

    from server.integrity import proofs
    from server.keys import is_signed

    try:
        proof = msgspec.json.decode(read_text(file), type=proofs.Proof)
    except msgspec.DecodeError as error:
        raise IntegrityError(f"{file} is no proof: {error}") from error
    day = proofs.check(proof, lambda data, signature: is_signed(key, data, signature))
    typer.echo(f"{day.root}  {day.day}")
    say(f"the vote {proof.id} is record {proof.index + 1} of {day.size} under this root of {day.centre}; compare it with the published one")


def _verify(server: Server) -> list[Problem]:
    from server.db.engine import snapshot
    from server.integrity.verifying import count_steps
    from server.integrity.verifying import verify as verify_all
    from server.keys import is_signed

    def is_ours(data: bytes, signature: bytes) -> bool:
        return is_signed(server.keys.signing_public, data, signature)

    with progress_bar() as progress, snapshot(server.engine) as connection:
        task = progress.add_task("records", total=count_steps(connection))
        return verify_all(connection, is_ours, lambda count: progress.advance(task, count))
