from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import msgspec
import pytest

from feedback.codes import code_of
from feedback.hours import Hours
from feedback.records import Moment
from feedback.settings import KioskSettings, SlipWords
from feedback.tickets import TicketRules
from kiosk.slip import LONGEST_NOTE, Slip, slip_for
from tests.kiosk.support import settings_of

VOTE = UUID("019ab1b2-c3d4-7e5f-8a6b-7c8d9eafb0c1")
WORDS = SlipWords(hot_line="0 800 500 000", note={"uk": "Дякуємо, що  допомагаєте.", "en": "You help."}, check_url="https://example.org/s/")


def moment(when: str, *, trusted: bool = True) -> Moment:
    return Moment(5_000, round(datetime.fromisoformat(when).replace(tzinfo=UTC).timestamp() * 1000), trusted=trusted)


NOW = moment("2026-11-22T09:30:00")


def settings(slip: SlipWords | None = WORDS, **changes: object) -> KioskSettings:
    return msgspec.structs.replace(settings_of(), slip=slip, **changes)


def made(language: str = "uk", now: Moment = NOW, **changes: object) -> Slip:
    slip = slip_for(settings(**changes), VOTE, language, now)  # type: ignore[arg-type]
    assert slip is not None
    return slip


def test_a_slip_says_what_the_centre_wants() -> None:
    assert made() == Slip(
        language="uk",
        centre="ЦНАП Зразкове",
        thanks="Дякуємо за Ваш відгук.",
        date="22 листопада 2026 року",
        code=code_of(VOTE),
        check_url="https://example.org/s/",
        hot_line="0 800 500 000",
        note="Дякуємо, що допомагаєте.",
        made_ms=5_000,
    )
    assert (made("en").thanks, made("en").date, made("en").note) == ("Thank you for your feedback.", "22 November 2026", "You help.")


def test_a_centre_without_words_for_it_wants_none() -> None:
    assert slip_for(settings(None), VOTE, "uk", NOW) is None


@pytest.mark.parametrize(("month", "uk", "en"), [("01", "січня", "January"), ("05", "травня", "May"), ("12", "грудня", "December")])
def test_months_are_written_out(month: str, uk: str, en: str) -> None:
    now = moment(f"2027-{month}-01T12:00:00")
    assert made("uk", now).date == f"1 {uk} 2027 року"
    assert made("en", now).date == f"1 {en} 2027"


def test_without_a_trusted_clock_there_is_no_date() -> None:
    assert made(now=moment("2026-11-22T09:30:00", trusted=False)).date == ""


def test_the_day_is_the_centres() -> None:
    late = moment("2026-11-22T22:30:00")
    assert made("en", late).date == "23 November 2026"
    assert made("en", late, hours=Hours("America/New_York", (None,) * 7)).date == "22 November 2026"
    rules = TicketRules(scope="center", centre="zrazkove", time_zone="Europe/London")
    assert made("en", late, tickets=rules).date == "22 November 2026"


def test_the_qr_says_where_to_look_the_code_up() -> None:
    assert made().qr == f"https://example.org/s/{code_of(VOTE)}"
    assert made(slip=SlipWords()).qr == code_of(VOTE)


def test_a_long_note_is_cut() -> None:
    note = made(slip=SlipWords(note={"uk": "дуже " * 100})).note
    assert len(note) <= LONGEST_NOTE
    assert note.endswith("дуже…")
