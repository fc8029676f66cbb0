"""Enrols this kiosk on a thread of its own: by what a technician typed or scanned, else by the claim in kiosk.toml, until it is decided."""

from __future__ import annotations

import logging
import threading
from functools import partial
from typing import TYPE_CHECKING, Final, Self

import msgspec

from feedback.claims import Invitation, address_in, claim_of
from feedback.codes import CodeError
from feedback.enrolment import MAX_BYTES
from kiosk import identity, requests_to_enrol
from kiosk.errors import EnrolmentError, Outcome
from kiosk.requests_to_enrol import Attempt, attempt_in
from kiosk.sync.claiming import enrol, forget_key
from kiosk.sync.http import exchange

if TYPE_CHECKING:
    from collections.abc import Callable

    from kiosk.config import Config
    from kiosk.requests_to_enrol import Request
    from kiosk.sync.claiming import Ask

log = logging.getLogger(__name__)

WHOLE_S: Final = 20.0
FIRST_PAUSE_S: Final = 2.0
LONGEST_PAUSE_S: Final = 60.0
FAREWELL_S: Final = 1.0


class _Wanted(msgspec.Struct, frozen=True):
    request: str
    invitation: Invitation


class Enroller:
    """Tries until the server has decided. `look` is called once a round of sync's loop, on whose thread everybody is told."""

    def __init__(  # noqa: PLR0913 - its whole world is injected
        self,
        config: Config,
        *,
        post: Callable[[Callable[[], None]], None],
        note: Callable[[str, str], None],
        enrolled: Callable[[], None],
        spread: Callable[[float], float],
        noted: str | None = None,
    ) -> None:
        """`note` keeps the outcome for ui, and has kept `noted` before the start; `enrolled` is called once the new identity is kept."""
        self._config = config
        self._post = post
        self._note = note
        self._enrolled = enrolled
        self._spread = spread
        self._attempt = attempt_in(noted)
        self._given_up: set[str] = set()
        self._is_said = False
        self._wanted: _Wanted | None = None
        self._stopped = False
        self._woken = threading.Event()
        self._thread = threading.Thread(target=self._run, name="enrolment", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped = True
        self._woken.set()
        self._thread.join(timeout=FAREWELL_S)

    def look(self) -> None:
        """See whether there is an invitation to use that is not decided yet."""
        wanted = self._find()
        if wanted != self._wanted:
            self._wanted = wanted
            if wanted is not None:
                self._tell(Attempt(wanted.request, Outcome.TRYING, server=wanted.invitation.server or ""))
            self._woken.set()

    def _find(self) -> _Wanted | None:
        request = requests_to_enrol.read(self._config.data_dir)
        if request is not None and not self._is_decided(request):
            try:
                return _Wanted(request.id, Invitation(claim_of(request.code), address_in(request.server)))
            except CodeError as error:
                log.warning("the request to enrol cannot be used: %s", error)
                self._tell(Attempt(request.id, Outcome.UNKNOWN))
        return self._of_file()

    def _is_decided(self, request: Request) -> bool:
        return request.id == self._attempt.request and self._attempt.outcome is not None and self._attempt.outcome.is_final

    def _of_file(self) -> _Wanted | None:
        """Give the invitation in kiosk.toml, unless it has been used or refused."""
        written = self._config.enrolment
        if written is None or written.claim is None:
            return None
        invitation = Invitation(claim_of(written.claim.reveal()), address_in(written.server))
        if self._is_said or invitation.claim.digest in self._given_up:
            return None
        if self._wanted is not None and not self._wanted.request:
            return self._wanted  # being tried
        own = identity.read(self._config.data_dir)
        if own is not None and invitation.claim.digest in own.claims:
            log.info("this kiosk is enrolled as %s: the claim in [enrolment] has been used and is of no use any more", own.known.kiosk)
            self._is_said = True
            return None
        return _Wanted("", invitation)

    def _run(self) -> None:
        tries = 0
        while not self._stopped:
            self._woken.clear()
            wanted, pause_s = self._wanted, None
            if wanted is not None:
                outcome = self._try(wanted)
                tries = 0 if outcome.is_final else min(tries + 1, 16)
                pause_s = None if outcome.is_final else min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2 ** (tries - 1))
            if self._woken.wait(pause_s if pause_s is None else self._spread(pause_s)):
                tries = 0

    def _try(self, wanted: _Wanted) -> Outcome:
        kiosk = ""
        try:
            kiosk = self._enrol(wanted.invitation)
            outcome = Outcome.ENROLLED
        except EnrolmentError as error:
            log.warning("not enrolled: %s", error)
            outcome = error.outcome
        except OSError as error:
            log.warning("not enrolled, the card takes nothing: %s", error)
            outcome = Outcome.TRYING
        except Exception:  # the thread's outermost frame: whatever a server sends, the next invitation is tried
            log.exception("enrolment stumbled")
            outcome = Outcome.UNREACHABLE
        self._post(partial(self._finish, wanted, outcome, kiosk))
        return outcome

    def _enrol(self, invitation: Invitation) -> str:
        data_dir = self._config.data_dir
        found = enrol(data_dir, invitation, identity.read(data_dir), self._ask)
        identity.write(data_dir, found)
        forget_key(data_dir)
        return found.known.kiosk

    @property
    def _ask(self) -> Ask:
        def ask(url: str, send: bytes | None = None) -> tuple[int, bytes]:
            return exchange(url, send=send, most=MAX_BYTES, whole_s=WHOLE_S, is_over=lambda: self._stopped)

        return ask

    def _finish(self, wanted: _Wanted, outcome: Outcome, kiosk: str) -> None:
        """Tell how it went, on the loop's thread."""
        if outcome is Outcome.ENROLLED:
            log.info("enrolled as %s", kiosk)
            self._is_said = self._is_said or not wanted.request
        elif outcome.is_final and not wanted.request:
            self._given_up.add(wanted.invitation.claim.digest)
        if outcome.is_final or wanted == self._wanted:
            self._tell(Attempt(wanted.request, outcome, kiosk, wanted.invitation.server or ""))
        if outcome is Outcome.ENROLLED:
            self._enrolled()

    def _tell(self, attempt: Attempt) -> None:
        self._attempt = attempt
        self._note(requests_to_enrol.FACT, msgspec.json.encode(attempt).decode())
