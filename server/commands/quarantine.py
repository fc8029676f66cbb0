"""What could not be taken as it came: `vidhuk-server quarantine list`, `show` and `replay`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import typer

from server.commands.base import ConfigFile, DataDir, new_app, opened_server, operator, say
from server.errors import RegistryError

if TYPE_CHECKING:
    from server.ingest.replay import Replayed

app: Final = new_app(help="What could not be taken as it came.")


@app.command("list")
def list_(
    after: Annotated[int | None, typer.Option(help="Go on after this number, the last one of the list before.", metavar="NUMBER")] = None,
    data: DataDir = None,
    config: ConfigFile = None,
) -> None:
    """List what is in quarantine, newest first, 200 at a time."""
    from server.db.engine import reading
    from server.ingest.quarantine import PAGE, latest
    from server.tables import show

    with opened_server(data, config) as server, reading(server.engine) as connection:
        kept = latest(connection, after=after)
        has_more = len(kept) == PAGE and bool(latest(connection, after=kept[-1].id))
    rows = [(k.id, k.received_ms, k.kiosk or "", k.reason, k.times, k.replayed_ms, k.detail) for k in kept]
    show(("number", "received", "kiosk", "reason", "times", "replayed", "detail"), rows)
    if has_more:
        say(f"there are older ones: vidhuk-server quarantine list --after {kept[-1].id}")


@app.command("show")
def show_one(number: int, data: DataDir = None, config: ConfigFile = None) -> None:
    """Show one of them whole."""
    from server.db.engine import reading
    from server.ingest.quarantine import find
    from server.tables import printable

    with opened_server(data, config) as server, reading(server.engine) as connection:
        kept = find(connection, number)
    if kept is None:
        raise RegistryError(f"there is no number {number} in quarantine")
    typer.echo(printable(f"{kept.reason}: {kept.detail}\non {kept.topic}, {kept.times} times, {len(kept.payload)} bytes:"))
    typer.echo(printable(kept.payload.decode("utf-8", "backslashreplace")))


@app.command("replay")
def replay(
    numbers: Annotated[list[int] | None, typer.Argument(help="Which ones, by their numbers.", metavar="NUMBER…")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Everything of which something is missing still.")] = False,  # noqa: FBT002
    reason: Annotated[str | None, typer.Option(help="With --all only what is there for this reason.")] = None,
    data: DataDir = None,
    config: ConfigFile = None,
) -> None:
    """Take in once what is kept there, now that the reason is gone; exit 1 where something of it is refused still."""
    from server.app import now_ms
    from server.audit.log import Actor
    from server.ingest.replay import replay_all, waiting

    if bool(numbers) == everything or (reason is not None and not everything):
        raise RegistryError("name numbers of `quarantine list`, or give --all, perhaps with --reason")
    with opened_server(data, config) as server:
        chosen = waiting(server.engine, reason=reason) if everything else numbers or []
        found = replay_all(server.engine, chosen, by=Actor(operator=operator()), now_ms=now_ms())
    for one in found:
        typer.echo(f"{one.number}: {_said(one)}")
    refused = sum(bool(one.refused) for one in found)
    say(f"{len(found) - refused} taken in, {refused} refused")
    raise typer.Exit(1 if refused else 0)


def _said(one: Replayed) -> str:
    from server.tables import printable

    if one.refused:
        return printable(f"{one.refused} {one.detail}".strip())
    parts = [f"{one.records} records are taken in" if one.records else "", f"{one.counted} count anew" if one.counted else ""]
    done = " and ".join(part for part in parts if part) or "everything was here already"
    return f"{done}; {one.left} are in quarantine under new numbers" if one.left else done
