"""What became of a command, in words that the pages translate. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from feedback.commands import Because, CommandKind, Outcome

if TYPE_CHECKING:
    from server.fleet.commands import Sent


def N_(message: str) -> str:  # noqa: N802 - the name by which catalogues are extracted
    """Mark a message for translation; it is translated where it is shown."""
    return message


TITLES: Final = {
    CommandKind.RESTART: N_("Restart"),
    CommandKind.SELF_TEST: N_("Self-test"),
    CommandKind.PRINT_TEST: N_("Test print"),
    CommandKind.DIAGNOSTICS: N_("Diagnostics"),
}
BUTTONS: Final = {
    CommandKind.RESTART: N_("Restart it"),
    CommandKind.SELF_TEST: N_("Have it test itself"),
    CommandKind.PRINT_TEST: N_("Print a test strip"),
    CommandKind.DIAGNOSTICS: N_("Ask for diagnostics"),
}
EXPLAINED: Final = {
    CommandKind.SELF_TEST: N_("The kiosk looks at its card, clock, devices and sound. Visitors see and hear nothing."),
    CommandKind.PRINT_TEST: N_("The slip printer prints a strip with every letter. Somebody should stand there and look at it."),
    CommandKind.DIAGNOSTICS: N_(
        "The kiosk sends what a technician needs to know of it: findings, versions, logs. No votes and no passwords."
    ),
    CommandKind.RESTART: N_("The program ends and is started again; the screen is dark for some seconds. No vote is lost."),
}
"""What each command does, in the order in which they are offered: the gravest last."""
WAITING: Final = "waiting"
SILENT: Final = "silent"
WITHDRAWN: Final = "withdrawn"
"""Its kiosk was removed: nobody is asked any more."""
OUTCOMES: Final = {
    Outcome.DONE: N_("done"),
    Outcome.REFUSED: N_("refused"),
    Outcome.EXPIRED: N_("too late, not done"),
    Outcome.FAILED: N_("failed"),
    WAITING: N_("on its way"),
    SILENT: N_("no answer"),
    WITHDRAWN: N_("withdrawn"),
}
SENTENCES: Final = {
    Because.UNKNOWN_KIND: N_("Its program is too old to know this command"),
    Because.CLOCK_UNSET: N_("The network has not set its clock, so it cannot tell whether the command is still good"),
    Because.NO_PRINTER: N_("It has no slip printer"),
    Because.UNWATCHED: N_("It was started by hand: nobody would start it again"),
    Because.SCREEN_SILENT: N_("The program of its screen does not run"),
    Because.INTERRUPTED: N_("It was restarted while it was at it"),
    Because.UNREADY: N_("It could not find out how it is; its log says why"),
}


def outcome_of(sent: Sent, now_ms: int) -> str:
    """Name what became of a command: an outcome, WAITING, or SILENT where it was not heard of in time."""
    return sent.outcome or (WAITING if sent.is_waiting(now_ms) else SILENT)


def sentences_of(reason: str) -> list[str]:
    """Give why, in English; what has no words here, such as faults, by its name."""
    return [SENTENCES.get(Because(name), name) if name in set(Because) else name for name in reason.split()]
