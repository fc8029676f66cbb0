"""Commands on their way in, and what became of them on its way out.

The server's list holds every command that it has no result of. So a result is sent until the list no longer asks for it, and a command that
comes again is known by its id. What concerns the screen's process is handed to it in delivery.db; the rest is done here, on a thread.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final, Protocol

from feedback import wire
from feedback.commands import MAX_COMMANDS, PURPOSE, Because, Command, CommandKind, Outcome, Result
from feedback.wire import SignedList, WireError
from kiosk import accepted, usable
from kiosk.errors import CommandsRefusedError
from kiosk.facts import COMMANDS_FACT
from kiosk.orders import is_over, reports_in

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from uuid import UUID

    from feedback.records import Moment
    from feedback.wire import Signed
    from kiosk.clock import Clock
    from kiosk.config import Config
    from kiosk.sync.command_book import CommandBook
    from kiosk.sync.deliver import Transport

log = logging.getLogger(__name__)

CLOCK_S: Final = 60.0
"""So long a command waits for the network to set the clock, as after a start; then it is refused."""
SILENT_S: Final = 60.0
"""An order is given up so long after its end when ui, which would have said that it is over, has not taken note of it."""
AGAIN_S: Final = 30.0
_BY_UI: Final = frozenset({CommandKind.RESTART, CommandKind.SELF_TEST, CommandKind.PRINT_TEST})


class Diagnostician(Protocol):
    """Finds out how the kiosk is."""

    def begin(self, command: UUID, done: Callable[[], None]) -> None:
        """Begin, and call `done` on this thread when the bundle is there, or nothing can be found out."""

    def bundle(self, command: UUID) -> bytes | None:
        """Give the bundle that was made for a command, if it was."""


class Commands:
    """Takes commands in and answers them. It does nothing itself but ask a diagnostician."""

    def __init__(
        self,
        config: Config,
        book: CommandBook,
        *,
        clock: Clock,
        fact: Callable[[str], str | None],
        diagnostician: Diagnostician,
    ) -> None:
        """`fact` gives a fact that ui keeps in votes.db."""
        assert config.server is not None  # noqa: S101 - sync does not start without a server
        self._kiosk = config.kiosk.id
        self._signing_key = config.server.signing_key
        self._book = book
        self._clock = clock
        self._fact = fact
        self._diagnostician = diagnostician
        self._waiting: dict[UUID, tuple[Command, int]] = {}
        self._wanted: frozenset[UUID] = frozenset()
        self._sent_ms: dict[UUID, int] = {}
        for order in book.begun(by_ui=False):  # by a process that is no more
            book.answer(Result(order.id, Outcome.FAILED, clock.moment(), Because.INTERRUPTED))

    def receive(self, payload: bytes) -> None:
        """Take the list of commands that the server has no result of.

        Raises:
            CommandsRefusedError: one is not signed by this kiosk's server, another kiosk's, or unusable; the others were taken.
        """
        try:
            documents = wire.decode(payload, SignedList).documents
        except WireError as error:
            raise CommandsRefusedError(str(error)) from error
        commands, complaints = [], []
        for document in documents[:MAX_COMMANDS]:
            try:
                commands.append(self._opened(document))
            except CommandsRefusedError as error:
                complaints.append(error)
        now_ms = self._clock.moment().boottime_ms
        self._wanted = frozenset(command.id for command in commands)
        self._waiting = {command.id: self._waiting.get(command.id, (command, now_ms)) for command in commands}
        self._sent_ms = {command: sent_ms for command, sent_ms in self._sent_ms.items() if command in self._wanted}
        if complaints:
            raise complaints[0]

    def _opened(self, document: Signed) -> Command:
        try:
            command = accepted.open_signed(document, Command, PURPOSE, self._kiosk, self._signing_key)
            usable.check_command(command)
        except (WireError, usable.UnusableError) as error:
            raise CommandsRefusedError(str(error)) from error
        return command

    def connected(self) -> None:
        """A connection has begun: what was sent on the last one may be lost."""
        self._sent_ms.clear()

    def step(self, transport: Transport) -> None:
        """Do what is due."""
        self._hear_ui()
        now = self._clock.moment()
        for command, since_ms in list(self._waiting.values()):
            if not self._book.knows(command.id):
                self._decide(command, now, waited_s=(now.boottime_ms - since_ms) / 1000)
        self._tell(transport, now)
        if now.trusted:
            self._book.forget(now.wall_ms, self._wanted)

    def _decide(self, command: Command, now: Moment, *, waited_s: float) -> None:
        if not now.trusted:
            if waited_s >= CLOCK_S:
                self._turn_down(command, Outcome.REFUSED, Because.CLOCK_UNSET)
        elif is_over(command.expires_ms, now):
            self._turn_down(command, Outcome.EXPIRED)
        elif command.kind in _BY_UI:
            self._book.begin(command, by_ui=True)
        elif command.kind == CommandKind.DIAGNOSTICS:
            self._book.begin(command, by_ui=False)
            self._diagnostician.begin(command.id, lambda: self._found_out(command.id))
        else:
            self._turn_down(command, Outcome.REFUSED, Because.UNKNOWN_KIND)

    def _turn_down(self, command: Command, outcome: Outcome, reason: str = "") -> None:
        log.info("command %s (%s): %s %s", command.id, command.kind, outcome, reason)
        self._book.turn_down(command, Result(command.id, outcome, self._clock.moment(), reason))

    def _found_out(self, command: UUID) -> None:
        is_there = self._diagnostician.bundle(command) is not None
        outcome, reason = (Outcome.DONE, "") if is_there else (Outcome.FAILED, Because.UNREADY)
        self._book.answer(Result(command, outcome, self._clock.moment(), reason))

    def _hear_ui(self) -> None:
        orders = self._book.begun(by_ui=True)
        if not orders:
            return
        reports = {report.id: report for report in reports_in(self._fact(COMMANDS_FACT))}
        now = self._clock.moment()
        for order in orders:
            report = reports.get(order.id)
            if report is not None and report.outcome is not None:
                self._book.answer(Result(order.id, report.outcome, report.at, report.reason[: wire.MAX_REASON]))
            elif report is None and is_over(order.expires_ms + round(SILENT_S * 1000), now):
                self._book.answer(Result(order.id, Outcome.EXPIRED, now, Because.SCREEN_SILENT))

    def _tell(self, transport: Transport, now: Moment) -> None:
        for command in self._wanted:
            known = self._book.result(command)
            again_ms = self._sent_ms.get(command, -round(AGAIN_S * 1000)) + round(AGAIN_S * 1000)
            if known is None or now.boottime_ms < again_ms:
                continue
            kind, result = known
            self._sent_ms[command] = now.boottime_ms
            bundle = self._diagnostician.bundle(command) if (kind, result.outcome) == (CommandKind.DIAGNOSTICS, Outcome.DONE) else None
            if bundle is not None:
                transport.publish(wire.diagnostics_topic(self._kiosk), bundle)
            else:
                transport.publish(wire.result_topic(self._kiosk), wire.encode(result))


def bundle_file(data_dir: Path) -> Path:
    """Give the file of the newest bundle."""
    return data_dir / "diagnostics.json"
