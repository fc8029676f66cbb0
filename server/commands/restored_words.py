"""What `vidhuk-server restore` says of its list: until when it knows what was erased and shut out, and whom the restore lets in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from server.commands.base import in_own_language, say
from server.tables import printable, time
from server.web.language import N_

if TYPE_CHECKING:
    from server.backup.admitted import Names
    from server.backup.restore import Restored


@dataclass(frozen=True, slots=True)
class Done:
    """What was restored, until when it is known what was taken back (ms since 1970 UTC; None: unknown), and who is let in."""

    restored: Restored | None
    made_ms: int
    known_ms: int | None
    let_in: Names


def too_old(known_ms: int | None, made_ms: int) -> str:
    """Say that a list knows nothing of the time after the backup."""
    message = N_(
        "the list knows what was erased and who was shut out until %(known)s, and this backup was made at %(made)s: give a newer list by "
        "--erasures FILE, which is erasures.json from the data folder of the server that was; or, if that is lost, say --older-list, and "
        "then what was erased and whoever was shut out after the backup comes back"
    )
    return in_own_language(message, known=_moment(known_ms), made=_moment(made_ms))


def tell_erased(count: int | None, done: Done) -> None:
    """Say until when what was erased stays erased; `count` visits are in the list, None: there was no list."""
    if count is None:
        say(
            "what was erased after this backup is back: if you find erasures.json of the server that was, `vidhuk-server erase --list FILE`"
        )
        return
    message = N_("erased up to %(known)s: the %(count)d visits that the list names are erased again; what was erased later is back")
    say(in_own_language(message, known=_moment(done.known_ms), count=count))


def tell_admitted(done: Done) -> None:
    """Say who was shut out, and whom the restore lets in."""
    if done.restored is not None:
        out = done.restored.shut_out
        if removed := _named(out.removed):
            message = N_("let in no more, because the list is newer than the backup and does not have them: %(names)s")
            say(in_own_language(message, names=removed))
        if out.renewed:
            message = N_(
                "have another credential since the backup, so the old one opens nothing: %(names)s; invite each again, %(command)s"
            )
            command = "`vidhuk-server kiosk invite --again ID`"
            say(in_own_language(message, names=", ".join(out.renewed), command=command))
    message = N_(
        "let in by this restore: %(names)s. Whoever of them was removed or got another credential after %(since)s comes in with the old "
        "one again: go through them now (docs/operations.md, Restore)"
    )
    say(in_own_language(message, names=_named(done.let_in) or "–", since=_moment(max(done.made_ms, done.known_ms or 0))))


def _named(names: Names) -> str:
    groups = ((N_("kiosks"), names.kiosks), (N_("queue keys"), names.queue_keys), (N_("accounts"), names.logins))
    return "; ".join(f"{in_own_language(what)} {', '.join(map(printable, found))}" for what, found in groups if found)


def _moment(wall_ms: int | None) -> str:
    return in_own_language(N_("an unknown time")) if wall_ms is None else f"{time(wall_ms)} UTC"
