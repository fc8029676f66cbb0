"""What kiosks are asked to do: `vidhuk-server kiosk command`, `kiosk commands`."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import Annotated

import typer

from feedback.commands import CommandKind  # noqa: TC001 - typer reads the annotations
from server.audit.acts import Act
from server.commands.base import ConfigFile, DataDir, note, opened_server, operator, say
from server.errors import RegistryError


def send(
    kiosk: Annotated[str, typer.Argument(metavar="KIOSK", help="The kiosk's id.")],
    kind: Annotated[CommandKind, typer.Argument(help="What it is asked to do.")],
    within: Annotated[int, typer.Option(metavar="MINUTES", help="So long it may take until the kiosk begins; later it does not.")] = 60,
    data: DataDir = None,
    config: ConfigFile = None,
) -> None:
    """Ask a kiosk to restart, to test itself, to print a test, or to tell how it is; your name is on record."""
    from server.app import now_ms
    from server.db.engine import writing
    from server.fleet.commands import Wish
    from server.fleet.commands import send as send_it

    now = now_ms()
    with opened_server(data, config) as server, writing(server.engine) as connection:
        sent = send_it(connection, Wish(kiosk, kind, operator(), within_min=within), now)
        note(connection, Act.KIOSK_COMMANDED, kiosk, kind=kind)
    said = "is on its way" if sent.issued_ms == now else "was on its way already"
    say(f"{sent.kind} {said}; what becomes of it: vidhuk-server kiosk commands {kiosk}")


def list_commands(
    kiosk: Annotated[str | None, typer.Argument(metavar="[KIOSK]", help="Only those of this kiosk.")] = None,
    data: DataDir = None,
    config: ConfigFile = None,
) -> None:
    """List the latest commands and what became of them, the newest first."""
    from server.app import now_ms
    from server.db.engine import reading
    from server.fleet.command_words import outcome_of, sentences_of
    from server.fleet.commands import latest
    from server.tables import show

    with opened_server(data, config) as server, reading(server.engine) as connection:
        sent = latest(connection, kiosk, most=50)
    now = now_ms()
    rows = [(s.issued_ms, s.kiosk, s.kind, s.sender, outcome_of(s, now), "; ".join(sentences_of(s.reason)), s.answered_ms) for s in sent]
    show(("sent", "kiosk", "command", "by", "outcome", "why", "answered"), rows)


def save_bundle(
    kiosk: Annotated[str, typer.Argument(metavar="KIOSK", help="The kiosk's id.")],
    output: Annotated[Path | None, typer.Option(help="Write it to this new file instead of printing it.")] = None,
    data: DataDir = None,
    config: ConfigFile = None,
) -> None:
    """Print the newest bundle that a kiosk sent when it was asked how it is (`kiosk command KIOSK diagnostics`)."""
    from server.db.engine import reading
    from server.fleet.commands import bundle, latest
    from server.tables import printable

    with opened_server(data, config) as server, reading(server.engine) as connection:
        found = next((bundle(connection, kiosk, sent.id) for sent in latest(connection, kiosk, most=200) if sent.bundle), None)
    if found is None:
        raise RegistryError(f"there is no bundle of {kiosk!r}: ask for one with `vidhuk-server kiosk command {kiosk} diagnostics`")
    if output is None:
        typer.echo(printable(found.decode("utf-8", "backslashreplace")))
        return
    try:
        with output.open("xb") as file:
            file.write(found)
    except OSError as error:
        raise RegistryError(f"{output} cannot be written: {error.strerror}") from error
