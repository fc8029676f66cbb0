"""Checks the way to the server, step by step: cable, name, port, credential; then what waits to be sent, and the settings that came."""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING, Final

from kiosk import accepted, identity
from kiosk.check.present import may_look_into
from kiosk.errors import SettingsRefusedError
from kiosk.findings import Finding, Mark
from kiosk.identity import with_secrets
from kiosk.technician.enrol_form import outcome_words
from kiosk.technician.lines import acked, time
from kiosk.tls import Trouble, trouble_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from kiosk.check.present import Present, Words
    from kiosk.config import Server

PATIENCE_S: Final = 5.0
_LINKED: Final = ("up", "unknown")


def look_at_link(present: Present, _: Words) -> Iterator[Finding]:
    """Give what is found on the way to the server."""
    server = present.config.server
    yield _interfaces(present, _)
    if server is None:
        yield _not_enrolled(present, _)
        return
    yield from _way_to(server, present, _)
    if may_look_into(present.config.data_dir):
        yield _outbox(present, _)
        yield from _refused(present, _)
        yield _settings(present, server, _)


def _not_enrolled(present: Present, _: Words) -> Finding:
    attempt, found = present.delivery.enrolment, _("not enrolled")
    if attempt.outcome is not None:
        found = ": ".join((found, outcome_words(attempt.outcome, attempt.kiosk, _)[0]))
    todo = _("Votes are kept. Scan or type an invitation: technician’s menu, Enrol; or write it into [enrolment]")
    return Finding("server", _("Server"), Mark.WRONG, found, todo)


def _interfaces(present: Present, _: Words) -> Finding:
    found = {
        path.name: _said(path / "operstate") for path in sorted(present.path("/sys/class/net").glob("*")) if _said(path / "type") != "772"
    }
    linked = [name for name, state in found.items() if state in _LINKED]
    if linked:
        return Finding("network", _("Network"), Mark.WELL, _("connected: {names}").format(names=", ".join(linked)))
    names = ", ".join(found) or _("none")
    todo = _("Plug the network cable in; its socket has to light up")
    return Finding("network", _("Network"), Mark.WRONG, _("no connection on {names}").format(names=names), todo)


def _way_to(server: Server, present: Present, _: Words) -> Iterator[Finding]:
    """Look as far as the way goes: what comes after the first obstacle is not known."""
    address = f"{server.host}:{server.port}"
    try:
        resolve(server.host, server.port)
    except OSError as error:
        todo = _("Check the name in [server], and that the network gives a name server (DHCP)")
        found = _("the name {host} leads nowhere: {why}").format(host=server.host, why=error.strerror or error)
        yield Finding("server", _("Server"), Mark.WRONG, found, todo)
        return
    try:
        socket.create_connection((server.host, server.port), PATIENCE_S).close()
    except OSError as error:
        todo = _("Is the server on? Does the network let port {port} through?").format(port=server.port)
        found = _("{address} does not answer: {why}").format(address=address, why=error.strerror or error)
        yield Finding("server", _("Server"), Mark.WRONG, found, todo)
        return
    yield Finding("server", _("Server"), Mark.WELL, _("{address} answers").format(address=address))
    known = _identity(server, _)
    if known is not None:
        yield known
    if known is None or known.mark is Mark.WELL:
        yield _broker(server, present, _)


def _identity(server: Server, _: Words) -> Finding | None:
    """See that the one that answers is the server of kiosk.toml; None where that names no authority, for a server on this machine."""
    from kiosk.sync.mqtt import greet

    title = _("Identity of the server")
    if not server.ca:
        return None
    try:
        greet(server, PATIENCE_S)
    except OSError as error:
        found, todo = _stranger(trouble_of(error), server, _)
        return Finding("tls", title, Mark.WRONG, found.format(host=server.host, port=server.port, why=error.strerror or error), todo)
    return Finding("tls", title, Mark.WELL, _("proven; what is sent is encrypted"))


def _stranger(trouble: Trouble | None, server: Server, _: Words) -> tuple[str, str]:
    match trouble:
        case Trouble.AUTHORITY:
            return _("the one that answers is not this kiosk’s server"), _(
                "If the server was set up anew, take a new kiosk.toml from the administrator; else somebody stands in between"
            )
        case Trouble.NAME:
            todo = _("The administrator sets [broker] advertise to {host} and restarts the server, or [server] host is mended")
            return _("the server does not go by the name {host}"), todo.format(host=server.host)
        case Trouble.TIME:
            return _("the server’s certificate is not valid now"), _(
                "Set the clock of this computer, or the administrator renews the certificate"
            )
        case Trouble.NO_TLS:
            return _("nobody speaks TLS on port {port}: {why}"), _("Check the port in [server]: 8883 by default")
    return _("it takes the connection and does not answer: {why}"), _("Is the server busy or standing still? Try again in a minute")


def resolve(host: str, port: int, within_s: float = PATIENCE_S) -> None:
    """See that a name leads somewhere; a resolver may take half a minute to say that it does not.

    Raises:
        OSError: it does not, or not in time.
    """
    failed: list[OSError | None] = []

    def ask() -> None:
        try:
            socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            failed.append(error)
        except UnicodeError:
            failed.append(OSError("it is no name"))
        else:
            failed.append(None)

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(within_s)
    outcome = failed[0] if failed else TimeoutError("the name server does not answer")
    if outcome is not None:
        raise outcome


def _broker(server: Server, present: Present, _: Words) -> Finding:
    title, delivery = _("Sign-in"), present.delivery
    if delivery.connected:  # a second connection would throw the first one out
        return Finding("broker", title, Mark.WELL, _("the running delivery is connected"))
    from kiosk.sync.mqtt import knock

    own = with_secrets(present.config, identity.read(present.config.data_dir)).server or server
    if not own.credential.reveal():
        todo = _("Run it as the user of `vidhuk-kiosk sync`, who alone has the credential")
        return Finding("broker", title, Mark.NOTE, _("not tried"), todo)
    try:
        refusal = knock(own, present.config.kiosk.id)
    except OSError as error:
        found = _("it does not speak MQTT: {why}").format(why=error.strerror or error)
        return Finding("broker", title, Mark.WRONG, found, _("Check the port in [server]"))
    if refusal is not None:
        todo = _("Ask for an invitation and enrol anew: this credential is not known there")
        return Finding("broker", title, Mark.WRONG, _("the broker refuses this kiosk: {why}").format(why=refusal), todo)
    if delivery.running:
        return Finding("broker", title, Mark.NOTE, _("accepted; the running delivery is about to connect"))
    todo = _("Start `vidhuk-kiosk sync`: votes wait for it")
    return Finding("broker", title, Mark.WELL, _("accepted; delivery does not run"), todo if delivery.waiting else "")


def _outbox(present: Present, _: Words) -> Finding:
    delivery = present.delivery
    found = _("Waiting: {count}").format(count=delivery.waiting)
    if delivery.oldest_ms is not None:
        found += ", " + _("the oldest of {time}").format(time=time(delivery.oldest_ms))
    return Finding("outbox", _("Outbox"), Mark.WELL, found + "; " + _("the server has: {acked}").format(acked=acked(delivery, _)))


def _refused(present: Present, _: Words) -> Iterator[Finding]:
    faults = present.delivery.faults
    if "server_refused" in faults:
        todo = _("Nothing is lost. Tell the administrator: vidhuk-server quarantine list")
        yield Finding("refused", _("Refused"), Mark.WRONG, _("the server has put some records into quarantine"), todo)
    if "log_forked" in faults:
        todo = _("It mends itself; if it is still so in an hour, tell the administrator")
        yield Finding("forked", _("Order of the records"), Mark.WRONG, _("differs from the server’s"), todo)
    if "log_unreadable" in faults:
        todo = _("Restart the kiosk, then replace the card and keep the old one")
        yield Finding("unread", _("Log of votes"), Mark.WRONG, _("a part of the log of votes cannot be read and is not sent"), todo)


def _settings(present: Present, server: Server, _: Words) -> Finding:
    title, config = _("Settings"), present.config
    try:
        settings = accepted.read_current(config.data_dir, config.kiosk.id, server.signing_key)
    except SettingsRefusedError as error:
        todo = _("Ask for an invitation and enrol anew: signing_key is not the server’s")
        return Finding("settings", title, Mark.WRONG, _("those that came cannot be used: {why}").format(why=error), todo)
    if settings is None:
        return Finding("settings", title, Mark.NOTE, _("None yet: asks the shipped questionnaire"))
    asked = settings.questionnaire
    found = _("version {version}; asks {name}, version {asked}")
    return Finding("settings", title, Mark.WELL, found.format(version=settings.version, name=asked.id, asked=asked.version))


def _said(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
