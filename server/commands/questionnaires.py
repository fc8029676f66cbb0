"""`vidhuk-server questionnaire …`: lint, publish, list, show, assign, unassign."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import TYPE_CHECKING, Annotated, Final

import typer

from feedback.questionnaire import QuestionnaireError
from feedback.questionnaire_file import parse
from feedback.questionnaire_lint import examine
from server.audit.acts import Act
from server.commands.base import ConfigFile, DataDir, new_app, note, opened_server, read_text, say
from server.errors import ConfigError, RegistryError

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from feedback.questionnaire import Questionnaire
    from feedback.questionnaire_findings import Finding
    from server.registry.assignments import Where

app: Final = new_app(help="What visitors are asked, and where.")

Kiosk = Annotated[str | None, typer.Option(help="Only at this kiosk.")]
Site = Annotated[str | None, typer.Option(help="Only at the kiosks of this site.")]
Desks = Annotated[list[str] | None, typer.Option("--desk", help="Only about this desk; may be repeated.")]
Services = Annotated[list[str] | None, typer.Option("--service", help="Only about this service; may be repeated.")]
Ticket = Annotated[bool | None, typer.Option("--ticket/--no-ticket", help="Only with, or only without a scanned ticket.")]


@app.command("lint")
def lint_(file: Path) -> None:
    """Look for what a survey expert would mend, one line each; exit 1 where there is something."""
    questionnaire, _ = _read(file)
    if _print_findings(questionnaire):
        raise typer.Exit(1)
    say(f"{questionnaire.id} {questionnaire.version}: nothing to mend")


@app.command()
def publish(file: Path, data: DataDir = None, config: ConfigFile = None) -> None:
    """Publish a questionnaire: this version never changes again. Kiosks to which it is assigned ask it from now on."""
    from server.app import now_ms
    from server.db.engine import writing
    from server.registry import questionnaires

    questionnaire, document = _read(file)
    if _print_findings(questionnaire):
        raise RegistryError(f"{file} is not published: mend what stands above, or say under `waivers` why it stays")
    with opened_server(data, config) as server, writing(server.engine) as connection:
        is_new = questionnaires.publish(connection, questionnaire, document, now_ms=now_ms())
        kiosks = _settle(connection)
        note(connection, Act.QUESTIONNAIRE_PUBLISHED, questionnaire.id, version=questionnaire.version)
    kept_apart = "; it is a pilot: its answers are kept apart and never counted" if questionnaire.pilot else ""
    was_there = "" if is_new else " already"
    say(f"{questionnaire.id} {questionnaire.version} is published{was_there}; new settings for {len(kiosks)} kiosks{kept_apart}")


@app.command("list")
def list_(data: DataDir = None, config: ConfigFile = None) -> None:
    """List every version of every questionnaire, and where the newest is asked."""
    from server.db.engine import reading
    from server.registry.assignments import list_assignments
    from server.registry.questionnaires import list_known
    from server.tables import show

    with opened_server(data, config) as server, reading(server.engine) as connection:
        known, assigned = list_known(connection), list_assignments(connection)
    rows = [
        (one.questionnaire.id, one.questionnaire.version, "pilot" if one.questionnaire.pilot else "", one.published_ms or "shipped")
        for one in known
    ]
    show(("id", "version", "kept apart", "published"), rows)
    show(("questionnaire", "asked"), [(one.questionnaire, _place(one.where)) for one in assigned])


@app.command("show")
def show_(
    id_: Annotated[str, typer.Argument(metavar="ID")],
    version: Annotated[int | None, typer.Argument(help="Without it, the newest.")] = None,
    data: DataDir = None,
    config: ConfigFile = None,
) -> None:
    """Print a version of a questionnaire as it was published."""
    from server.db.engine import reading
    from server.registry.questionnaires import list_known
    from server.tables import printable

    with opened_server(data, config) as server, reading(server.engine) as connection:
        found = [one for one in list_known(connection, id_) if version in (None, one.questionnaire.version)]
    if not found:
        raise RegistryError(f"there is no questionnaire {id_!r}{f' of version {version}' if version else ''}: `questionnaire list` has all")
    typer.echo(printable(found[-1].document), nl=False)


@app.command()
def assign(  # noqa: PLR0913, PLR0917 - typer reads the command line from the parameters
    id_: Annotated[str, typer.Argument(metavar="ID")],
    kiosk: Kiosk = None,
    site: Site = None,
    desk: Desks = None,
    service: Services = None,
    ticket: Ticket = None,
    data: DataDir = None,
    config: ConfigFile = None,
) -> None:
    """Ask a questionnaire somewhere; without an option, everywhere. The nearer assignment wins: kiosk, site, centre."""
    from server.db.engine import writing
    from server.registry import assignments

    where = _where(kiosk, site, desk, service, ticket)
    with opened_server(data, config) as server, writing(server.engine) as connection:
        assignments.assign(connection, id_, where)
        kiosks = _settle(connection)
        note(connection, Act.QUESTIONNAIRE_ASSIGNED, id_, where=_place(where))
    say(f"{id_} is asked {_place(where)}; new settings for {len(kiosks)} kiosks")


@app.command()
def unassign(  # noqa: PLR0913, PLR0917 - as above
    id_: Annotated[str, typer.Argument(metavar="ID")],
    kiosk: Kiosk = None,
    site: Site = None,
    desk: Desks = None,
    service: Services = None,
    ticket: Ticket = None,
    data: DataDir = None,
    config: ConfigFile = None,
) -> None:
    """Take an assignment back; the options are those with which it was made."""
    from server.db.engine import writing
    from server.registry import assignments

    where = _where(kiosk, site, desk, service, ticket)
    with opened_server(data, config) as server, writing(server.engine) as connection:
        assignments.unassign(connection, id_, where)
        kiosks = _settle(connection)
        note(connection, Act.QUESTIONNAIRE_UNASSIGNED, id_, where=_place(where))
    say(f"{id_} is no longer asked {_place(where)}; new settings for {len(kiosks)} kiosks")


def _read(file: Path) -> tuple[Questionnaire, str]:
    document = read_text(file)
    try:
        return parse(document, str(file)), document
    except QuestionnaireError as error:
        raise ConfigError(str(error)) from error


def _print_findings(questionnaire: Questionnaire) -> int:
    """Print what was found and what is waived, one line each; give how much is to mend."""
    examined = examine(questionnaire)
    for finding in examined.findings:
        quoted = f" «{finding.quote}»" if finding.quote else ""
        typer.echo(_line(finding, f"{finding.sentence}{quoted}"))
    for waived in examined.waived:
        typer.echo(_line(waived.finding, f"waived: {waived.reason}"))
    return len(examined.findings)


def _line(finding: Finding, words: str) -> str:
    place = f"question {finding.question}" if finding.question else "questionnaire"
    language = f" ({finding.language})" if finding.language else ""
    return f"{place}{language}: {finding.rule}: {' '.join(words.split())}"


def _settle(connection: Connection) -> list[str]:
    from server.app import now_ms
    from server.registry.settings import check_sizes, number_settings

    check_sizes(connection)
    return number_settings(connection, now_ms=now_ms())


def _where(kiosk: str | None, site: str | None, desk: list[str] | None, service: list[str] | None, ticket: bool | None) -> Where:  # noqa: FBT001
    from server.registry.assignments import Where

    return Where(kiosk, site, tuple(desk or ()), tuple(service or ()), ticket)


def _place(where: Where) -> str:
    place = f"at kiosk {where.kiosk}" if where.kiosk else f"at site {where.site}" if where.site else "everywhere"
    parts = [place]
    parts += [f"about desk {' or '.join(where.desks)}"] if where.desks else []
    parts += [f"about service {' or '.join(where.services)}"] if where.services else []
    parts += [] if where.ticket is None else ["with a ticket" if where.ticket else "without a ticket"]
    return ", ".join(parts)
