"""The technician's page for enrolling: typed, scanned, and what it says of the outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from feedback.claims import Claim, qr_text
from kiosk import texts
from kiosk.errors import Outcome
from kiosk.requests_to_enrol import Attempt
from kiosk.screens import DONE, LEAVE, Enrol, EnrolField
from kiosk.technician import pages
from kiosk.technician.enrol_form import EnrolForm, outcome_words
from kiosk.technician.readings import About, Delivery
from tests.kiosk.test_technician import Kiosk

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

CLAIM = Claim(4711, 815)
ALONE = About("", "vidhuk 0.1.0")
ENROLLED = About("exit-sample-1", "vidhuk 0.1.0", server="broker.example:8883")
RUNS = Delivery(running=True)


class Page:
    """Somebody at the page; `sent` is what sync was handed."""

    def __init__(self, address: str = "") -> None:
        self.sent: list[tuple[str, str]] = []
        self.takes = True
        self.form = EnrolForm(self.send)
        self.form.open(address)

    def send(self, server: str, code: str) -> str:
        self.sent.append((server, code))
        return f"request {len(self.sent)}" if self.takes else ""

    def type(self, keys: Iterable[str]) -> None:
        for key in keys:
            self.form.tap(f"key:{key}")

    def look(self, about: About = ALONE, delivery: Delivery = RUNS, language: str = "en") -> Enrol:
        return self.form.screen(about, delivery, language)


def after(outcome: Outcome, request: str = "request 1", kiosk: str = "") -> Delivery:
    return msgspec.structs.replace(RUNS, enrolment=Attempt(request, outcome, kiosk))


def test_address_and_code_are_typed_and_sent() -> None:
    page = Page()
    page.type("192.0.2.7:8080x")
    page.type(["backspace"])
    page.form.tap("field:code")
    page.type(CLAIM.code.replace("-", "").lower())
    assert (page.look().address, page.look().code, page.look().typing) == ("192.0.2.7:8080", CLAIM.code, EnrolField.CODE)
    page.form.tap(DONE)
    assert page.sent == [("192.0.2.7:8080", CLAIM.code.replace("-", "").lower())]
    assert page.look().said == "Enrolling…"
    said = page.look(ENROLLED, after(Outcome.ENROLLED, kiosk="exit-sample-1"))
    assert (said.said, said.well) == ("Enrolled as exit-sample-1.", True)
    assert page.look(delivery=after(Outcome.USED, "an earlier one")).said == "Enrolling…"
    page.type("1")
    assert page.look().said.startswith("Not enrolled."), "who types on has not asked yet"


def test_a_scanned_invitation_begins_at_once() -> None:
    page = Page()
    page.form.scan(qr_text(CLAIM, "https://vidhuk.example"))
    assert page.sent == [("https://vidhuk.example", CLAIM.code.replace("-", ""))]
    page = Page("10.0.0.5:8080")
    page.form.scan(CLAIM.code)
    assert page.sent == [("10.0.0.5:8080", CLAIM.code.replace("-", ""))]


@pytest.mark.parametrize("code", ["A-017", "", "https://example.org", "VIDHUK1*ABC*https://x", CLAIM.code[:-1] + "0"])
def test_a_ticket_or_a_damaged_code_is_no_invitation(code: str) -> None:
    page = Page("10.0.0.5")
    page.form.scan(code)
    assert page.sent == []
    assert (page.look().said, page.look().well) == ("This is not quite a code: compare it with the paper.", False)


def test_what_cannot_be_sent_is_said() -> None:
    page = Page()
    page.form.tap(DONE)
    assert page.look().said.startswith("Write the address as")
    page.type("a.example")
    page.form.tap(DONE)
    assert (page.look().typing, page.look().said[:19]) == (EnrolField.CODE, "This is not quite a")
    page.takes = False
    page.form.scan(CLAIM.code)
    assert page.look().said.startswith("The card takes nothing")
    page.takes = True
    page.form.scan(CLAIM.code)
    assert page.look(delivery=Delivery()).said.startswith("Delivery stands still")


def test_before_anything_is_typed_the_page_says_how_it_is() -> None:
    assert Page().look(ENROLLED).said == "Enrolled as exit-sample-1. Another invitation enrols it anew."
    assert Page().look(delivery=after(Outcome.UNREACHABLE, "")).said.startswith("No server answers"), "the one in kiosk.toml is tried"
    assert Page("10.0.0.5").look().typing is EnrolField.CODE


@pytest.mark.parametrize("language", ["uk", "en"])
@pytest.mark.parametrize("outcome", list(Outcome))
def test_every_outcome_is_a_sentence(outcome: Outcome, language: str) -> None:
    words, well = outcome_words(outcome, "exit-sample-1", texts.words_in(language))
    assert 9 < len(words) < 90
    assert well is {Outcome.ENROLLED: True, Outcome.TRYING: None}.get(outcome, False)
    assert outcome.is_final is (outcome not in {Outcome.TRYING, Outcome.UNREACHABLE, Outcome.STRANGER})


def test_the_way_there_and_what_a_scan_does_elsewhere(data_dir: Path) -> None:
    kiosk = Kiosk(data_dir)
    kiosk.about = ALONE
    sent: list[str] = []
    kiosk.technician._form = EnrolForm(lambda server, _code: sent.append(server) or "request")  # type: ignore[func-returns-value]
    invitation = qr_text(CLAIM, "https://vidhuk.example")
    assert not kiosk.technician.scanned(invitation), "closed, it is a ticket like any other"
    kiosk.enter()
    assert kiosk.entry("page:enrol").well is False
    assert kiosk.technician.scanned(invitation)
    assert sent == [], "only its page makes something of it"
    kiosk.go("page:enrol")
    assert isinstance(kiosk.screen, Enrol)
    assert kiosk.technician.scanned(invitation)
    assert sent == ["https://vidhuk.example"]
    kiosk.tap("key:1", 0.0)
    kiosk.about = ENROLLED
    kiosk.tap(LEAVE)
    assert kiosk.entry("page:enrol").detail == "exit-sample-1", "back on the network's page"
    kiosk.tap(LEAVE)
    assert "page:network" in {entry.name for entry in kiosk.menu.entries}
    assert pages.ENROL not in pages.PAGES
