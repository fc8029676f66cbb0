"""The page on which a kiosk is enrolled: address and code typed or scanned in, what becomes of them out. Pure but for `send`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from feedback.claims import LONGEST_ADDRESS, address_in, invitation_in
from feedback.codes import CodeError
from kiosk import texts
from kiosk.errors import Outcome
from kiosk.keyboard import BACKSPACE
from kiosk.screens import DONE, Enrol, EnrolField

if TYPE_CHECKING:
    from collections.abc import Callable

    from kiosk.technician.readings import About, Delivery

    Words = Callable[[str], str]

_SIGNS: Final = 24
_GROUP: Final = 4


class EnrolForm:
    """What has been typed on the page since it was opened."""

    def __init__(self, send: Callable[[str, str], str]) -> None:
        """`send` hands address and code to sync and gives the name of the request, empty where the card did not take it."""
        self._send = send
        self.open("")

    def open(self, address: str) -> None:
        """Begin anew; `address` is the server's, where it is known."""
        self._texts = {EnrolField.ADDRESS: address, EnrolField.CODE: ""}
        self._field = EnrolField.CODE if address else EnrolField.ADDRESS
        self._request: str | None = None
        self._wrong: EnrolField | None = None

    def tap(self, name: str) -> None:
        """Take a tap: a key, a field, or that it is to begin."""
        kind, _, what = name.partition(":")
        if kind == "key":
            self._type(what)
        elif kind == "field" and what in set(EnrolField):
            self._field = EnrolField(what)
        elif name == DONE:
            self._submit()

    def scan(self, code: str) -> None:
        """Take a scan: what an invitation's QR says begins at once."""
        try:
            found = invitation_in(code)
        except CodeError:
            self._wrong, self._request = EnrolField.CODE, None
            return
        self._texts[EnrolField.CODE] = found.claim.code.replace("-", "")
        if found.server is not None:
            self._texts[EnrolField.ADDRESS] = found.server
        self._submit()

    def screen(self, about: About, delivery: Delivery, language: str) -> Enrol:
        """Give the page as the screen shows it."""
        _ = texts.words_in(language)
        said, well = self._said(about, delivery, _)
        code = self._texts[EnrolField.CODE].upper()
        return Enrol(
            language=language,
            address=self._texts[EnrolField.ADDRESS],
            code="-".join(code[at : at + _GROUP] for at in range(0, len(code), _GROUP)),
            typing=self._field,
            said=said,
            well=well,
        )

    def _type(self, key: str) -> None:
        text, longest = self._texts[self._field], _SIGNS if self._field is EnrolField.CODE else LONGEST_ADDRESS
        if key == BACKSPACE:
            self._texts[self._field] = text[:-1]
        elif len(key) == 1 and len(text) < longest:
            self._texts[self._field] = text + key
        self._wrong = self._request = None

    def _submit(self) -> None:
        self._wrong = self._request = None
        for field, read in ((EnrolField.ADDRESS, address_in), (EnrolField.CODE, invitation_in)):
            try:
                read(self._texts[field])
            except CodeError:
                self._wrong = self._field = field
                return
        self._request = self._send(address_in(self._texts[EnrolField.ADDRESS]), self._texts[EnrolField.CODE])

    def _said(self, about: About, delivery: Delivery, _: Words) -> tuple[str, bool | None]:
        """Give the sentence under the fields, and whether what it says is well."""
        attempt, complaint = delivery.enrolment, self._complaint(delivery, _)
        if complaint:
            return complaint, False
        if self._request is not None:
            outcome = attempt.outcome if attempt.request == self._request else Outcome.TRYING
            return outcome_words(outcome or Outcome.TRYING, attempt.kiosk, _)
        if about.server:
            return _("Enrolled as {kiosk}. Another invitation enrols it anew.").format(kiosk=about.kiosk), True
        if attempt.outcome is not None and not attempt.outcome.is_final:
            return outcome_words(attempt.outcome, attempt.kiosk, _)
        return _("Not enrolled. Scan the invitation, or type its address and its code."), None

    def _complaint(self, delivery: Delivery, _: Words) -> str:
        """Say why nothing can be sent, where that is so."""
        if self._wrong is EnrolField.ADDRESS:
            return _("Write the address as 192.0.2.7:8080 or vidhuk.example.")
        if self._wrong is EnrolField.CODE:
            return _("This is not quite a code: compare it with the paper.")
        if self._request == "":
            return _("The card takes nothing: replace it, keep the old one")
        stands_still = self._request is not None and not delivery.running
        return _("Delivery stands still: switch the kiosk off and on") if stands_still else ""


def outcome_words(outcome: Outcome, kiosk: str, _: Words) -> tuple[str, bool | None]:
    """Say how it stands with an invitation, and whether that is well."""
    if outcome is Outcome.TRYING:
        return _("Enrolling…"), None
    if outcome is Outcome.ENROLLED:
        return _("Enrolled as {kiosk}.").format(kiosk=kiosk), True
    return {
        Outcome.UNREACHABLE: _("No server answers at this address. It is tried again and again."),
        Outcome.STRANGER: _("Another server answers there than the one of this code. Check the address."),
        Outcome.UNKNOWN: _("The server does not know this code. Compare it with the paper."),
        Outcome.USED: _("This code has been used. Ask for a new invitation."),
        Outcome.EXPIRED: _("The invitation is too old. Ask for a new one."),
        Outcome.WITHDRAWN: _("The invitation was withdrawn. Ask for a new one."),
        Outcome.TAKEN: _("The place of this invitation is gone. Ask for a new one."),
    }[outcome], False
