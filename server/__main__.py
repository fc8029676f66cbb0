"""The command line of the server. Everything it does is done elsewhere."""

from __future__ import annotations

import logging
import os
import sys
from enum import StrEnum
from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import TYPE_CHECKING, Annotated, Final

import typer

from server.audit.acts import Act
from server.commands import (
    backup,
    broker_config,
    erasing,
    fleet,
    integrity,
    kiosks,
    misuse,
    quarantine,
    questionnaires,
    queue,
    registry,
    restoring,
    telling,
)
from server.commands.base import ConfigFile, DataDir, list_since, new_app, new_file, note, opened_server, say
from server.config import is_loopback
from server.errors import BrokerError, ConfigError, PartFailedError, RegistryError, ServerError
from server.registry.kiosk_toml import Hardware, KioskFile

if TYPE_CHECKING:
    from server.app import Server

app = new_app(name="vidhuk-server", help="The feedback server: takes votes in and shows what they say.", add_completion=False)
kiosk_app = new_app(help="The kiosks that may connect.")
rollups_app = new_app(help="The counts that pages are made of.")
app.add_typer(registry.app, name="registry")
app.add_typer(kiosk_app, name="kiosk")
kiosk_app.command("command")(fleet.send)
kiosk_app.command("commands")(fleet.list_commands)
kiosk_app.command("diagnostics")(fleet.save_bundle)
kiosk_app.command("invite")(kiosks.invite)
kiosk_app.command("invitations")(kiosks.list_invitations)
kiosk_app.command("withdraw")(kiosks.withdraw)
kiosk_app.command("rotate")(kiosks.rotate)
app.add_typer(questionnaires.app, name="questionnaire")
app.command("announce")(telling.announce)
app.command("announcements")(telling.list_announcements)
app.add_typer(telling.done_app, name="done")
app.add_typer(queue.app, name="queue")
app.command("erase")(erasing.erase)
app.add_typer(broker_config.app, name="broker-config")
app.command("verify")(integrity.verify)
app.command("backup")(backup.backup)
app.command("restore")(restoring.restore)
app.command("check-backup")(backup.check)
app.add_typer(integrity.root_app, name="root")
app.add_typer(integrity.proof_app, name="proof")
app.add_typer(rollups_app, name="rollups")
app.add_typer(quarantine.app, name="quarantine")
app.add_typer(misuse.app, name="misuse")

Shared = Annotated[
    int | None, typer.Option("--shared", min=1, max=9, help="This worker's number, where several share the batches on PostgreSQL.")
]

_CARDS: Final = {
    "copied": "its card seems to have been copied, for two devices take turns under this name; docs/operations.md says what to do",
    "restored": "an older copy of its card was put in; every vote is kept",
}


class Role(StrEnum):
    """What a person may do."""

    CLERK = "clerk"
    LEADER = "leader"
    TECHNICIAN = "technician"
    AUDITOR = "auditor"
    ADMIN = "admin"


@app.command()
def run(data: DataDir = None, config: ConfigFile = None) -> None:
    """Run everything: broker, ingest and pages."""
    from server.app import Pages, broker_parts, make_ingest, make_judging, make_kept_list, make_metrics, make_nightly, run_parts

    with opened_server(data, config, may_begin=True) as server:
        metrics = make_metrics(server, fleet=True)
        ingest = make_ingest(server, metrics=metrics)
        parts = [*broker_parts(server), ingest, make_nightly(server), make_judging(server), make_kept_list(server), Pages(server), *metrics]
        run_parts(parts, on_ready=lambda: _greet(server))


@app.command()
def broker(data: DataDir = None, config: ConfigFile = None) -> None:
    """Run the MQTT broker alone, or only keep the files of one that somebody else runs."""
    from server.app import broker_parts, run_parts

    with opened_server(data, config, may_begin=True) as server:
        parts = broker_parts(server)
        if not parts:
            raise BrokerError("broker.supervised is false: somebody else runs the broker; set it to true to run it here")
        run_parts(parts)


@app.command()
def ingest(data: DataDir = None, config: ConfigFile = None, shared: Shared = None) -> None:
    """Take votes in, alone."""
    from server.app import make_ingest, make_judging, make_metrics, make_nightly, run_parts

    with opened_server(data, config, may_begin=True) as server:
        if shared is not None and server.engine.dialect.name != "postgresql":
            raise ConfigError("several workers need PostgreSQL: set `database`, or leave out --shared")
        metrics = make_metrics(server, fleet=False, number=shared or 1)
        run_parts([make_ingest(server, worker=shared, metrics=metrics), make_nightly(server), make_judging(server), *metrics])


@app.command()
def web(data: DataDir = None, config: ConfigFile = None) -> None:
    """Serve the pages alone."""
    from server.app import Pages, make_kept_list, make_metrics, run_parts

    with opened_server(data, config, may_begin=True) as server:
        run_parts([make_kept_list(server), Pages(server), *make_metrics(server, fleet=True)], on_ready=lambda: _greet(server))


@app.command()
def migrate(data: DataDir = None, config: ConfigFile = None) -> None:
    """Bring the database to this version's schema."""
    with opened_server(data, config, may_begin=True):
        say("the database is up to date")


@app.command()
def invite(
    role: Annotated[Role, typer.Option(help="What the new person may do.")] = Role.ADMIN,
    data: DataDir = None,
    config: ConfigFile = None,
) -> None:
    """Print a link with which one new person can make an account; without --role an administrator."""
    with opened_server(data, config) as server:
        typer.echo(_invitation(server, str(role)))


@kiosk_app.command("add")
def add(  # noqa: PLR0913, PLR0917 - typer reads the command line from the parameters
    name: str,
    site: Annotated[str, typer.Option(help="Key of the site where it stands.")],
    desk: Annotated[str | None, typer.Option(help="Key of the desk that it belongs to; without one, visitors pick theirs.")] = None,
    hardware: Annotated[Hardware, typer.Option(help="What it has besides its screen.")] = Hardware.REAL,
    output: Annotated[Path | None, typer.Option(help="Write the kiosk.toml to this new file, for you alone to read.")] = None,
    data: DataDir = None,
    config: ConfigFile = None,
) -> None:
    """Add a kiosk and print its kiosk.toml, which holds the only copy of its credential."""
    from server.app import now_ms
    from server.broker.files import hash_password
    from server.db.engine import writing
    from server.registry.kiosks import Wish, add_kiosk

    with opened_server(data, config) as server, new_file(output) as write:
        with writing(server.engine) as connection:
            kiosk = add_kiosk(connection, Wish(name=name, site=site, desk=desk), hash_password=hash_password, now_ms=now_ms())
            note(connection, Act.KIOSK_ADDED, kiosk.id)
        file = KioskFile(
            id=kiosk.id,
            hardware=str(hardware),
            host=server.config.advertised_host,
            port=server.config.broker.port,
            credential=kiosk.credential,
            signing_key=server.keys.signing_public,
            sealing_key=server.keys.sealing_public,
            ca=server.broker_ca,
        )
        write(file.toml())
    if is_loopback(file.host):
        say(f"it names {file.host} and serves on this machine only; for other machines set [broker] host in the file given with --config")


@kiosk_app.command("remove")
def remove(kiosk: Annotated[str, typer.Argument(metavar="ID")], data: DataDir = None, config: ConfigFile = None) -> None:
    """Remove a kiosk: the broker cuts it off. What it has sent stays."""
    from server.app import now_ms
    from server.db.engine import writing
    from server.registry.kiosks import remove_kiosk

    with opened_server(data, config) as server:
        with writing(server.engine) as connection:
            remove_kiosk(connection, kiosk, now_ms=now_ms())
            note(connection, Act.KIOSK_REMOVED, kiosk)
        list_since(server)
    say(f"{kiosk} is removed")


@kiosk_app.command("list")
def list_(data: DataDir = None, config: ConfigFile = None) -> None:
    """List the kiosks, and those whose card seems to have been copied or put back."""
    from server.app import now_ms
    from server.db.engine import reading
    from server.fleet.clone_signs import verdicts
    from server.registry.kiosks import list_kiosks
    from server.tables import show

    with opened_server(data, config) as server, reading(server.engine) as connection:
        found, copies = list_kiosks(connection), verdicts(connection, now_ms())
    rows = [(k.id, k.name, k.site, k.desk or "", "yes" if k.online else "no", k.outbox, k.last_vote_ms) for k in found]
    show(("id", "name", "site", "desk", "online", "outbox", "last vote"), rows)
    for kiosk in found:
        if kiosk.id in copies:
            say(f"{kiosk.id}: {_CARDS[copies[kiosk.id]]}")


@kiosk_app.command("seen-to")
def see_to(kiosk: Annotated[str, typer.Argument(metavar="ID")], data: DataDir = None, config: ConfigFile = None) -> None:
    """Say that a kiosk whose card was copied or put back has been seen to."""
    from server.db.engine import writing
    from server.fleet.clone_signs import acknowledge
    from server.registry.kiosks import list_kiosks

    with opened_server(data, config) as server, writing(server.engine) as connection:
        if kiosk not in {known.id for known in list_kiosks(connection)}:
            raise RegistryError(f"there is no kiosk {kiosk!r}")
        acknowledge(connection, kiosk)
        note(connection, Act.KIOSK_SEEN_TO, kiosk)
    say(f"{kiosk} has been seen to; new signs count from now on")


@rollups_app.command("rebuild")
def rebuild(data: DataDir = None, config: ConfigFile = None) -> None:
    """Count everything again from the votes."""
    from server.db.engine import writing
    from server.ratings import rollups

    with opened_server(data, config) as server, writing(server.engine) as connection:
        rollups.rebuild(connection)
        note(connection, Act.COUNTS_REBUILT)
    say("rebuilt")


@rollups_app.command("verify")
def verify(data: DataDir = None, config: ConfigFile = None) -> None:
    """Compare the counts with the votes; exit 1 where they differ."""
    from server.db.engine import reading
    from server.ratings import rollups

    with opened_server(data, config) as server, reading(server.engine) as connection:
        differences = rollups.verify(connection)
    for difference in differences:
        typer.echo(f"{difference.table} {difference.key}: says {difference.stored}, the votes say {difference.counted}")
    say(f"{len(differences)} differences")
    raise typer.Exit(1 if differences else 0)


def main() -> None:
    """Run a command; an error that somebody can mend is one sentence and exit code 2."""
    os.umask(0o077)
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for loud in ("alembic", "uvicorn", "httpx"):
        logging.getLogger(loud).setLevel(logging.WARNING)
    try:
        app()
    except PartFailedError as error:
        sys.exit(_complain(error, 1))
    except ServerError as error:
        sys.exit(_complain(error, 2))


def _complain(error: ServerError, code: int) -> int:
    say(f"vidhuk-server: {error}")
    return code


def _greet(server: Server) -> None:
    from server.app import is_new

    say(f"pages: {server.config.public_url}")
    if server.config.is_open:
        say('other machines read the pages unencrypted: put TLS before them, or set [web] tls = "own" (docs/operations.md)')
    if is_new(server):
        say(f"first administrator, one time only: {_invitation(server)}")


def _invitation(server: Server, role: str = "admin") -> str:
    from server.app import now_ms
    from server.db.engine import writing
    from server.web.accounts import create_invitation

    with writing(server.engine) as connection:
        token = create_invitation(connection, role=role, now_ms=now_ms())
        note(connection, Act.PERSON_INVITED, role=role)
    return f"{server.config.public_url}/invitation/{token}"


if __name__ == "__main__":
    main()
