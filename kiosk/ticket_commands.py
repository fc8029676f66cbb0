"""`vidhuk-kiosk tickets try`: how a code is read here, form by form, for whoever describes a centre's tickets."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - typer reads it
from typing import TYPE_CHECKING, Annotated, Final

import typer

from feedback.configuration import ConfigurationError, convert_strictly
from feedback.tickets import FIELDS, Refusal, Ticket, TicketRules, explain, normal_number, ticket_faults
from feedback.written import WrittenError
from kiosk.accepted import read_current
from kiosk.clock import SystemClock
from kiosk.errors import ConfigError, SettingsRefusedError
from kiosk.signatures import is_signed
from kiosk.written_files import read_config, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from feedback.settings import DeskOption, KioskSettings
    from feedback.tickets import Attempt, Explanation
    from kiosk.config import Config

app = typer.Typer(help="How codes of queue tickets are read.", no_args_is_help=True)

PLACE: Final = {"scope": "site", "centre": "centre", "time_zone": "Europe/Kyiv"}
"""What a rules file may leave out: the registry knows it."""
_WHY: Final = {
    Refusal.UNKNOWN: "no form makes a ticket of it",
    Refusal.FOREIGN: "it is of another centre or site",
    Refusal.FORGED: "it is not genuine",
    Refusal.TOO_OLD: "it is too old",
}


@app.callback()
def _tickets() -> None:
    """How codes of queue tickets are read."""


@app.command(name="try")
def try_(
    code: Annotated[str, typer.Argument(help="What the scanner reads from a ticket.", metavar="CODE")],
    config: Annotated[Path, typer.Option("--config", help="kiosk.toml, as `vidhuk-server kiosk add` printed it.", metavar="FILE")],
    rules: Annotated[
        Path | None, typer.Option("--rules", help="Rules in YAML (docs/tickets.md) instead of those from the server.", metavar="FILE")
    ] = None,
) -> None:
    """Say which form reads a code, what it finds, and why the others do not. Exit code 1 where the code is no ticket here."""
    known = _accepted(read_config(config))
    chosen = read_rules(text_of(rules), str(rules)) if rules else (known.tickets if known else None)
    if chosen is None:
        raise ConfigError("the server has sent this kiosk no rules for tickets yet; try rules of your own with --rules FILE")
    desks = known.desks if known else ()
    moment = SystemClock().moment()
    explanation = explain(code, chosen, desks, moment.wall_ms if moment.trusted else None, is_signed)
    for line in lines(explanation, desks):
        typer.echo(line)
    if not moment.trusted:
        typer.echo("This machine's clock was not set by the network, so nothing was refused for its age.")
    if not isinstance(explanation.outcome, Ticket):
        raise typer.Exit(1)


def read_rules(text: str, source: str) -> TicketRules:
    """Read a rules file: YAML with the keys of `TicketRules`, of which those in `PLACE` may be left out.

    Raises:
        ConfigError: in one sentence, what is wrong and where.
    """
    from feedback.read_yaml import read_yaml  # the kiosk starts without it

    try:
        tree = read_yaml(text).tree
        if not isinstance(tree, dict):
            raise ConfigError(f"{source}: keys with values are needed, such as forms:")
        rules = convert_strictly(PLACE | tree, TicketRules, source=source, strict=False)
    except WrittenError as error:
        raise ConfigError(f"{source}{f', line {error.line}' if error.line else ''}: {error}") from error
    except ConfigurationError as error:
        raise ConfigError(str(error)) from error
    for fault in ticket_faults(rules):
        raise ConfigError(f"{source}: {fault}")
    return rules


def lines(explanation: Explanation, desks: Sequence[DeskOption]) -> Iterator[str]:
    """Give what a person is told about how a code was read, line by line."""
    yield f"The code, without what nobody sees: {explanation.code!r} ({len(explanation.code)} characters)"
    by = next((attempt for attempt in explanation.attempts if attempt.form == explanation.form), None)
    outcome = explanation.outcome
    if isinstance(outcome, Refusal):
        yield f"No ticket: {_WHY[outcome]}" + (f" (form {by.form!r})." if by else ".")
        yield from (f"    {field:8} {by.found[field]}" for field in FIELDS if by and field in by.found)
    elif by:
        yield f"A ticket, read by form {by.form!r}:"
        yield from _fields(outcome, by, desks)
    yield from (f"    {sentence}" for sentence in (by.says if by else ()))
    others = [attempt for attempt in explanation.attempts if attempt is not by]
    if others:
        yield "The other forms:"
        width = max(len(attempt.form) for attempt in others)
        yield from (f"    {attempt.form:{width}}  {_why_not(attempt)}" for attempt in others)


def _fields(ticket: Ticket, by: Attempt, desks: Sequence[DeskOption]) -> Iterator[str]:
    numbers = {desk.id: desk.number for desk in desks}
    for field in FIELDS:
        if field in by.found:
            meant = {
                "number": ticket.number and f"as {normal_number(ticket.number)}",
                "day": ticket.day,
                "desk": ticket.desk and f"{ticket.desk}, number {numbers.get(ticket.desk, '?')}",
                "service": ticket.service,
                "issued": None if ticket.issued_ms is None else f"{ticket.issued_ms} ms since 1970",
                "centre": "this one",
            }[field]
            yield f"    {field:8} {by.found[field]}  →  {meant or 'not used'}"
    if ticket.is_card:
        yield "    It is a desk card: never spent."
    elif ticket.number and not ticket.day:
        yield "    It tells no day, so it is a ticket of today."


def _why_not(attempt: Attempt) -> str:
    if isinstance(attempt.outcome, Ticket):
        return "would read it too, but stands later"
    return "; ".join(attempt.says)


def _accepted(config: Config) -> KioskSettings | None:
    if config.server is None:
        return None
    try:
        return read_current(config.data_dir, config.kiosk.id, config.server.signing_key)
    except SettingsRefusedError as error:
        raise ConfigError(f"the settings that this kiosk has are not usable: {error}") from error
