"""The commands by which kiosks are invited to enrol, and get new credentials."""

from __future__ import annotations

import re
from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import TYPE_CHECKING, Annotated, Final
from urllib.parse import urlsplit

import typer

from server.audit.acts import Act
from server.commands.base import ConfigFile, DataDir, new_file, note, opened_server, say
from server.config import is_loopback
from server.errors import ConfigError, RegistryError
from server.registry.kiosk_toml import Hardware, InvitedFile

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from server.app import Server
    from server.fleet.claims import NewClaim

_UNITS_MS: Final = {"h": 3_600_000, "d": 86_400_000}
_SPAN: Final = re.compile(r"(\d{1,4})([hd])")

Within = Annotated[str, typer.Option(help="How long it is valid, in hours or days.", metavar="7d|12h")]


def invite(  # noqa: PLR0913, PLR0917 - typer reads the command line from the parameters
    name: Annotated[str | None, typer.Argument(help="What lists call the new kiosk; its id too, where it can be one.")] = None,
    site: Annotated[str | None, typer.Option(help="Key of the site where it will stand.")] = None,
    desk: Annotated[str | None, typer.Option(help="Key of the desk that it belongs to; without one, visitors pick theirs.")] = None,
    again: Annotated[str | None, typer.Option(help="Instead: this kiosk enrols anew, or is replaced.", metavar="ID")] = None,
    within: Within = "7d",
    hardware: Annotated[Hardware, typer.Option(help="For --output: what it has besides its screen.")] = Hardware.REAL,
    output: Annotated[Path | None, typer.Option(help="Write a kiosk.toml that enrols by itself to this new file.")] = None,
    data: DataDir = None,
    config: ConfigFile = None,
) -> None:
    """Invite one kiosk to enrol: print its code, once, as text and as a QR to scan or type at the kiosk."""
    from server.db.engine import writing

    if (name is None) == (again is None) or (site is None) != (name is None):
        raise ConfigError("name the new kiosk and its --site, or say which kiosk enrols --again ID")
    within_ms = _span_ms(within)
    with opened_server(data, config) as server, new_file(output) as write:
        with writing(server.engine) as connection:
            made = _make(connection, server, (name, site, desk, again), within_ms)
            note(connection, Act.KIOSK_INVITED, made.kiosk)
        if output is not None:
            write(InvitedFile(hardware=hardware, server=server.config.public_url, claim=made.claim.code).toml())
        _print(server, made)


def withdraw(number: int, data: DataDir = None, config: ConfigFile = None) -> None:
    """Take an open invitation back."""
    from server.app import now_ms
    from server.db.engine import writing
    from server.fleet import claims

    with opened_server(data, config) as server, writing(server.engine) as connection:
        claims.withdraw(connection, number, now_ms())
        note(connection, Act.KIOSK_INVITATION_WITHDRAWN, number)
    say(f"invitation {number} is withdrawn")


def list_invitations(data: DataDir = None, config: ConfigFile = None) -> None:
    """List the invitations, newest first: open, used and by which kiosk, expired, withdrawn."""
    from server.app import now_ms
    from server.db.engine import reading
    from server.fleet.claims import list_claims
    from server.tables import show

    with opened_server(data, config) as server, reading(server.engine) as connection:
        found = list_claims(connection, now_ms())
    rows = [(c.number, c.kiosk, c.name, c.site, c.desk or "", c.standing, c.expires_ms, c.used_ms) for c in found]
    show(("number", "kiosk", "name", "site", "desk", "state", "until", "used"), rows)


def rotate(kiosk: Annotated[str, typer.Argument(metavar="ID")], data: DataDir = None, config: ConfigFile = None) -> None:
    """Give an enrolled kiosk a new credential; the old one works until the kiosk has stored the new one."""
    from server.app import make_renewals, now_ms
    from server.db.engine import writing

    with opened_server(data, config) as server, writing(server.engine) as connection:
        is_new = make_renewals(server).renew(connection, kiosk, now_ms())
        note(connection, Act.CREDENTIAL_RENEWED, kiosk)
    say(f"{kiosk} gets a new credential as soon as it is connected" if is_new else f"a new credential for {kiosk} is under way already")


def _make(connection: Connection, server: Server, wished: tuple[str | None, ...], within_ms: int) -> NewClaim:
    from server.app import make_enrolment, now_ms
    from server.registry.kiosks import Wish

    name, site, desk, again = wished
    inviter = make_enrolment(server).inviter
    if again is not None:
        if desk is not None:
            raise RegistryError("a kiosk that enrols again keeps its desk: leave out --desk")
        return inviter.invite_again(connection, again, within_ms=within_ms, now_ms=now_ms())
    return inviter.invite(connection, Wish(name=str(name), site=str(site), desk=desk), within_ms=within_ms, now_ms=now_ms())


def _print(server: Server, made: NewClaim) -> None:
    from feedback.claims import qr_text
    from server.reports.qr import characters
    from server.tables import time

    url = server.config.public_url
    typer.echo(characters(qr_text(made.claim, url)))
    typer.echo(f"server  {url}\ncode    {made.claim.code}")
    say(f"for {made.kiosk}, once, until {time(made.expires_ms)} UTC; it is shown only now. At the kiosk: technician's menu, Enrol")
    near = {"[web] host and public_url": urlsplit(url).hostname or "", "[broker] host": server.config.advertised_host}
    for setting, host in near.items():
        if is_loopback(host):
            say(f"{host} is reached from this machine only; for other machines set {setting} in the file given with --config")


def _span_ms(text: str) -> int:
    match = _SPAN.fullmatch(text)
    if match is None:
        raise ConfigError(f"--within {text!r} is no time: write hours or days, such as 12h or 7d")
    return int(match[1]) * _UNITS_MS[match[2]]
