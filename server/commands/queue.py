"""The queue system: `vidhuk-server queue import`, `imports`, `key add`, `key list`, `key remove`."""

from __future__ import annotations

import sys
from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import TYPE_CHECKING, Annotated, Final

import typer

from server.audit.acts import Act
from server.commands.base import ConfigFile, DataDir, list_since, new_app, note, opened_server, progress_bar, say
from server.errors import ConfigError, QueueError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from server.app import Server
    from server.queue.columns import Field
    from server.queue.importing import File, Plan, Report, Said

app: Final = new_app(help="The queue system: its tickets, by file or by key.")
key_app: Final = new_app(help="The keys by which a queue system pushes its tickets.")
app.add_typer(key_app, name="key")
_SHOWN: Final = 50

Site = Annotated[str, typer.Option(help="Key of the site whose queue this is.")]


@app.command("import")
def import_(  # noqa: PLR0913, PLR0917 - typer reads the command line from the parameters
    file: Annotated[Path, typer.Argument(help="The export: CSV in UTF-8, UTF-16 or CP1251.")],
    site: Site,
    column: Annotated[list[str] | None, typer.Option(metavar="FIELD=COLUMN", help="What a column says; FIELD= for none.")] = None,
    desk: Annotated[list[str] | None, typer.Option(metavar="NAME=KEY", help="A desk that the queue calls NAME.")] = None,
    service: Annotated[list[str] | None, typer.Option(metavar="NAME=KEY", help="A service that the queue calls NAME.")] = None,
    map_: Annotated[bool, typer.Option("--map", help="Ask again what each column says.")] = False,  # noqa: FBT002
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,  # noqa: FBT002
    data: DataDir = None,
    config: ConfigFile = None,
) -> None:
    """Import an export of the queue system, wholly or not at all; importing it again changes nothing."""
    from server.db.engine import reading
    from server.queue.importing import Said, plan_import, read_file

    export = read_file(file.name, _read(file))
    said = Said(columns=_columns(column), desks=_pairs(desk, "--desk"), services=_pairs(service, "--service"))
    with opened_server(data, config) as server:
        with reading(server.engine) as connection:
            plan = plan_import(connection, site, export, said)
        if is_terminal() and (map_ or (not plan.is_known and not column)):
            said = Said(columns=_ask(plan), desks=said.desks, services=said.services)
        _say_columns(server, site, export, said)
        report = _run(server, site, export, said, keep=not dry_run)
    _tell(report)
    raise typer.Exit(1 if report.reading.problems else 0)


@app.command("imports")
def list_imports(data: DataDir = None, config: ConfigFile = None) -> None:
    """List the latest imports, the newest first."""
    from server.db.engine import reading
    from server.queue.importing import latest_imports
    from server.tables import show

    with opened_server(data, config) as server, reading(server.engine) as connection:
        found = latest_imports(connection)
    rows = [(i.at_ms, i.site, i.name, _days(i.first_day, i.last_day), i.tickets, i.added, i.changed, i.problems) for i in found]
    show(("imported", "site", "file", "days", "tickets", "new", "changed", "problems"), rows)


@key_app.command("add")
def add(name: str, site: Site, data: DataDir = None, config: ConfigFile = None) -> None:
    """Make the key of a queue system and print it, for the only time."""
    from server.app import now_ms
    from server.broker.files import hash_password, queue_user
    from server.db.engine import writing
    from server.queue import keys
    from server.queue.push import topic

    with opened_server(data, config) as server:
        with writing(server.engine) as connection:
            key = keys.add_key(connection, name, site, hash_password=hash_password, now_ms=now_ms())
            note(connection, Act.QUEUE_KEY_ADDED, name, site=site)
        typer.echo(key.reveal())
        say(f"HTTP: POST {server.config.public_url}/api/queue/tickets with the header “Authorization: Bearer KEY”")
        broker = f"{server.config.advertised_host}:{server.config.broker.port}"
        over = "MQTT over TLS" if server.config.broker.tls else "MQTT"
        say(f"{over}: {broker}, user and client id {queue_user(name)}, the key as password, topic {topic(name)}")
        if server.config.broker.tls:
            say(f"the broker is known by {server.config.broker.ca or server.config.data_dir / 'keys' / 'authority.crt'}")


@key_app.command("remove")
def remove(name: str, data: DataDir = None, config: ConfigFile = None) -> None:
    """Remove a key: nothing is taken by it any more. What it brought stays."""
    from server.db.engine import writing
    from server.queue.keys import remove_key

    with opened_server(data, config) as server:
        with writing(server.engine) as connection:
            remove_key(connection, name)
            note(connection, Act.QUEUE_KEY_REMOVED, name)
        list_since(server)
    say(f"the key {name} opens nothing any more")


@key_app.command("list")
def list_(data: DataDir = None, config: ConfigFile = None) -> None:
    """List the keys: when each was used, what it brought, and why its last push was refused."""
    from server.db.engine import reading
    from server.queue.keys import list_keys
    from server.tables import show

    with opened_server(data, config) as server, reading(server.engine) as connection:
        found = list_keys(connection)
    rows = [(k.name, k.site, k.created_ms, k.used_ms, k.taken, k.refused, k.problem.placed if k.problem else "") for k in found]
    show(("name", "site", "made", "last used", "tickets", "refused", "the last refusal"), rows)


def is_terminal() -> bool:
    """Tell whether somebody is there who can be asked."""
    return sys.stdin.isatty()


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {error.strerror or error}") from error


def _pairs(options: Iterable[str] | None, name: str) -> dict[str, str]:
    pairs = {}
    for option in options or ():
        said, is_pair, means = option.rpartition("=")
        if not is_pair or not said or not means:
            raise ConfigError(f"{name} {option!r}: write what the queue says, an equals sign, and the key")
        pairs[said] = means
    return pairs


def _columns(options: Iterable[str] | None) -> dict[Field, str]:
    from feedback.configuration import suggest
    from server.queue.columns import Field

    columns = {}
    for option in options or ():
        field, is_pair, column = option.partition("=")
        if not is_pair or field not in set(Field):
            raise ConfigError(
                f"--column {option!r}: write one of {', '.join(Field)}, an equals sign, and the column{suggest(field, Field)}"
            )
        columns[Field(field)] = column
    return columns


def _ask(plan: Plan) -> Mapping[Field, str]:
    """Let a person say what each field's column is; those that name visitors are not even offered."""
    from server.queue.columns import Field, names_visitors
    from server.tables import show

    header, columns = plan.file.table.header, plan.map.columns
    offered = [name for name in header if not names_visitors(name)]
    first = plan.file.table.rows[0].cells
    show(
        ("", "column", "first row"),
        [(n, name, first[header.index(name)] if header.index(name) < len(first) else "") for n, name in enumerate(offered, 1)],
    )
    said: dict[Field, str] = {}
    for field in Field:
        guessed = columns.get(field)
        default = str(offered.index(guessed) + 1) if guessed in offered else "-"
        choices = [*(str(number) for number in range(1, len(offered) + 1)), "-"]
        chosen = ""
        while chosen not in choices:
            chosen = typer.prompt(f"{field}: number of its column, - for none", default=default, err=True).strip()
        said[field] = "" if chosen == "-" else offered[int(chosen) - 1]
    return said


def _say_columns(server: Server, site: str, export: File, said: Said) -> None:
    from server.db.engine import reading
    from server.queue.columns import missing
    from server.queue.importing import plan_import
    from server.tables import printable

    with reading(server.engine) as connection:
        plan = plan_import(connection, site, export, said)
    table = plan.file.table
    separator = {"\t": "tab", ";": "semicolon", ",": "comma"}[table.separator]
    known = " as last time" if plan.is_known else ""
    say(f"{len(table.rows)} rows, {table.encoding}, separated by {separator}; columns{known}:")
    for field, name in plan.map.columns.items():
        say(printable(f"  {field} = {name}"))
    visitors, others = plan.dropped
    if visitors:
        say(printable(f"dropped, because they name visitors: {', '.join(visitors)}"))
    if others:
        say(printable(f"dropped, because nothing needs them: {', '.join(others)}"))
    if lacks := missing(plan.map.columns):
        example = f"--column 'number={table.header[0]}'"
        raise QueueError(f"{lacks}: say it with --column FIELD=COLUMN, for instance {example}")


def _run(server: Server, site: str, export: File, said: Said, *, keep: bool) -> Report:
    from server.app import now_ms
    from server.db.engine import writing
    from server.queue.importing import plan_import, run

    with progress_bar() as progress, writing(server.engine) as connection:
        plan = plan_import(connection, site, export, said)
        task = progress.add_task("rows read and tickets compared", total=2 * len(plan.file.table.rows))
        report = run(connection, plan, now_ms=now_ms(), keep=keep, tick=lambda count: progress.advance(task, count))
        if report.is_stored:
            note(connection, Act.QUEUE_IMPORTED, site, file=export.name, tickets=report.taken.tickets)
        progress.update(task, description="stored" if report.is_stored else "nothing stored", completed=2 * len(plan.file.table.rows))
    return report


def _tell(report: Report) -> None:
    from server.tables import printable

    reading, taken = report.reading, report.taken
    for problem in sorted(reading.problems, key=lambda one: one.line)[:_SHOWN]:
        say(printable(f"line {problem.line}: {problem.text}"))
    if reading.problems:
        more = len(reading.problems) - _SHOWN
        say(f"{_more(more)}{len(reading.problems)} problems: nothing was imported; mend the lines above and import the file again")
        return
    for name, count in reading.services.most_common():
        say(printable(f"service “{name}” is not in the registry; its {count} tickets count without one (--service 'NAME=KEY')"))
    days = _days(min(taken.days, default=None), max(taken.days, default=None))
    would = "" if report.is_stored else "would be "
    say(f"{taken.tickets} tickets, {days}: {taken.added} {would}new, {taken.changed} {would}changed")
    if taken.replaced:
        say(f"counted anew as a whole, for their tickets can no longer be told apart: {_list(taken.replaced)}")
    if taken.kept:
        say(f"left as they are, for more of their tickets is known than this file has: {_list(taken.kept)}")


def _days(first: str | None, last: str | None) -> str:
    return "" if first is None or last is None else first if first == last else f"{first} to {last}"


def _more(count: int) -> str:
    return f"… and {count} more; " if count > 0 else ""


def _list(days: Sequence[str]) -> str:
    return ", ".join(days) if len(days) <= 10 else f"{len(days)} days, {days[0]} to {days[-1]}"  # noqa: PLR2004 - a line's length
