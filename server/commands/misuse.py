"""Votes that look like misuse: `vidhuk-server misuse run`, `list`, `undo`."""

from __future__ import annotations

import getpass
from datetime import date
from typing import TYPE_CHECKING, Annotated, Final

import typer

from server.audit.acts import Act
from server.commands.base import ConfigFile, DataDir, in_own_language, new_app, note, opened_server, say
from server.errors import MisuseError

if TYPE_CHECKING:
    from server.misuse.store import Finding

app: Final = new_app(help="Votes that look like misuse: flagged by open rules, never deleted.")
_LIST_DAYS: Final = 90


@app.command("run")
def run(
    day: Annotated[str, typer.Option(help="Judge this day (as 2026-11-24) once more; without it all that are due.")] = "",
    data: DataDir = None,
    config: ConfigFile = None,
) -> None:
    """Judge closed days; a running server does it by itself every night. Doing it again changes nothing."""
    from server.app import now_ms
    from server.db.centre import zone_of
    from server.db.engine import reading
    from server.ingest.times import local
    from server.misuse.daily import run_day, run_due

    with opened_server(data, config) as server:
        if day:
            with reading(server.engine) as connection:
                today = local(now_ms(), zone_of(connection)).day
            if not _is_day(day) or day >= today:
                raise MisuseError(f"{day!r} is no day that is over; write it as 2026-11-24")
        made = {day: run_day(server.engine, day, now_ms())} if day else run_due(server.engine, now_ms())
    for judged, count in made.items():
        typer.echo(f"{judged}  {count} new findings")
    if not made:
        say("no day is due")


@app.command("list")
def list_(data: DataDir = None, config: ConfigFile = None) -> None:
    """List the findings of the last 90 days: those that stand, then those that were undone."""
    from server.app import now_ms
    from server.db.centre import zone_of
    from server.db.engine import reading
    from server.ingest.times import local
    from server.misuse.store import list_findings
    from server.ratings.periods import Period
    from server.ratings.queries import Scope
    from server.tables import show

    with opened_server(data, config) as server, reading(server.engine) as connection:
        today = date.fromisoformat(local(now_ms(), zone_of(connection)).day)
        found = list_findings(connection, Scope(Period.last_days(_LIST_DAYS, today)))
    show(("number", "day", "desk", "terminal", "votes", "why", "undone"), [_row(one) for one in found])


@app.command("undo")
def undo(
    number: Annotated[int, typer.Argument(help="As `misuse list` names it.", metavar="NUMBER")],
    reason: Annotated[str, typer.Option(help="Why these votes count after all; it stays on record.")],
    data: DataDir = None,
    config: ConfigFile = None,
) -> None:
    """Let the votes of a finding count again."""
    from server.app import now_ms
    from server.db.engine import writing
    from server.misuse.store import Word
    from server.misuse.store import undo as undo_finding

    with opened_server(data, config) as server, writing(server.engine) as connection:
        undo_finding(connection, number, Word(getpass.getuser(), now_ms(), reason))
        note(connection, Act.VOTES_UNFLAGGED, number)
    say(f"finding {number} is undone: its votes count again")


def _row(one: Finding) -> tuple[str | int | None, ...]:
    from server.misuse.words import SAYS

    why = one.reason or in_own_language(SAYS[one.rule], **one.facts)
    return (one.id, one.day, one.desk, one.kiosk, one.votes, why, one.undone_reason or "")


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
