"""Every screen worth a look, as values: each kind, each question, empty, long and full, pressed, focused, about to close."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING, Final

from feedback.notice import AnnouncementKind
from feedback.questionnaire import ContactWay, Face, Kind
from feedback.questionnaire_file import parse
from feedback.records import Moment
from feedback.settings import DeskOption, KioskSettings
from feedback.tickets import Refusal, Ticket
from gallery.assets import CLERKS, PHOTO, PLAN, places_on_plan
from gallery.words import WORDS
from kiosk import asking, keyboard, scans, texts
from kiosk.errors import Outcome
from kiosk.filling import checked, cleared, typed
from kiosk.screens import (
    CALL,
    DONE,
    Announced,
    Ask,
    BoxChoice,
    BoxResult,
    BoxScan,
    BoxSummary,
    Called,
    Closed,
    Comfort,
    Comment,
    Contact,
    Desk,
    Enrol,
    EnrolField,
    Entry,
    Menu,
    Option,
    OutOfOrder,
    Pin,
    Screen,
    Thanks,
    changed,
)
from kiosk.technician.enrol_form import outcome_words
from kiosk.technician.lines import Known
from kiosk.technician.pages import OUTBOX, draw
from kiosk.technician.readings import About, Delivery, Readings

if TYPE_CHECKING:
    from collections.abc import Callable

    from feedback.questionnaire import Question, Questionnaire

LANGUAGES: Final = ("uk", "en")


def every_screen(language: str, comfort: Comfort) -> dict[str, Screen]:
    """Give all of them by name, in the order of a visit."""
    first = _first(_shipped()[0], language, comfort)
    made: dict[str, Screen] = {f"first-{questionnaire.id}": _first(questionnaire, language, comfort) for questionnaire in _shipped()}
    made |= {f"{question.id}-default": _asked(question, language, comfort) for question in _shipped()[0].questions[1:3]}
    made |= {
        "first-logo": first,
        "first-pressed": changed(first, chosen=(first.options[1].id,), stored=True),
        "first-focus": changed(first, focus=first.options[0].id),
        "first-focus-call": changed(first, focus=CALL),
    }
    made |= _scanned(first, language) | _boxes(language, comfort)
    for make in (_choices, _writing, _contacts, _desks, _endings, _technician):
        made |= make(lambda key: WORDS[key][language], language, comfort)
    return made


def _scanned(first: Ask, language: str) -> dict[str, Screen]:
    """Give the first question after a scan: of a ticket, of one without a desk, of a card, and of what gave nothing."""
    ticket, card = Ticket(form="signed", number="A017"), Ticket(form="card", is_card=True)
    desk = DeskOption("desk-12", "12")
    told = {f"ticket-{why}": changed(first, notice=scans.refused(why, language)) for why in Refusal}
    return {
        "ticket": changed(first, desk=desk, note=scans.told_by(ticket, language)),
        "ticket-no-desk": changed(first, note=scans.told_by(ticket, language)),
        "ticket-card": changed(first, desk=desk, note=scans.told_by(card, language)),
        "ticket-forgotten": changed(first, notice=scans.forgotten(ticket, language)),
        **told,
    }


def _shipped() -> list[Questionnaire]:
    folder = resources.files("feedback") / "questionnaires"
    files = sorted(
        (file for file in folder.iterdir() if file.name.endswith(".yaml")), key=lambda file: (file.name != "default.yaml", file.name)
    )
    return [parse(file.read_text(encoding="utf-8"), file.name) for file in files]


def _first(questionnaire: Questionnaire, language: str, comfort: Comfort) -> Ask:
    settings = KioskSettings(1, "kyiv-obolon-1", WORDS["centre"]["uk"], questionnaire)
    shown = language if language in questionnaire.languages else questionnaire.languages[0]
    return asking.first_screen(settings, questionnaire, shown, comfort)


def _asked(question: Question, language: str, comfort: Comfort) -> Screen:
    return asking.screen_of(question, language, comfort, writable=asking.Writable())


Say = "Callable[[str], str]"


def _choices(say: Callable[[str], str], language: str, comfort: Comfort) -> dict[str, Screen]:
    def ask(kind: Kind, question: str, options: tuple[Option, ...], **more: object) -> Ask:
        return changed(Ask(language=language, comfort=comfort, id="question", kind=kind, question=say(question), options=options), **more)

    reasons = tuple(Option(f"reason-{number}", words) for number, words in enumerate(say("reasons").split("; "), 1))
    faces = tuple(Option(face.value, say(face.value), face) for face in Face)
    ends = (say("end-low"), say("end-high"))
    long = tuple(Option(f"long-{number}", say("long-answer")) for number in range(1, 7))
    multiple = ask(Kind.MULTIPLE, "why-bad", reasons, note=say("several"), chosen=(reasons[1].id, reasons[3].id))
    return {
        "faces-2": ask(Kind.FACES, "how-served", (faces[1], faces[4])),
        "faces-3": ask(Kind.FACES, "how-served", (faces[1], faces[2], faces[4])),
        "faces-5": ask(Kind.FACES, "how-served", faces),
        "faces-5-pressed": ask(Kind.FACES, "how-served", faces, chosen=("poor",), stored=True),
        "single": ask(Kind.SINGLE, "why-bad", reasons),
        "single-focus": ask(Kind.SINGLE, "why-bad", reasons, focus=reasons[2].id),
        "single-pressed": ask(Kind.SINGLE, "why-bad", reasons, chosen=(reasons[2].id,), stored=True),
        "single-closing": ask(Kind.SINGLE, "why-bad", reasons, closes_in_s=9),
        "single-long": ask(Kind.SINGLE, "long-question", long, note=say("long-note")),
        "single-many": ask(Kind.SINGLE, "why-bad", tuple(Option(f"many-{n}", reasons[n % len(reasons)].words) for n in range(14))),
        "multiple": multiple,
        "multiple-focus": changed(multiple, focus=DONE),
        "yes-no": ask(Kind.YES_NO, "solved", (Option("yes", say("yes")), Option("no", say("no")))),
        "scale-5": ask(Kind.SCALE, "easy", _numbers(1, 5), ends=ends),
        "scale-10": ask(Kind.SCALE, "recommend", _numbers(0, 10), ends=ends),
        "scale-10-long": ask(Kind.SCALE, "long-question", _numbers(0, 10), ends=ends, note=say("long-note")),
        "scale-10-pressed": ask(Kind.SCALE, "recommend", _numbers(0, 10), ends=ends, chosen=("7",), stored=True),
    }


def _numbers(first: int, last: int) -> tuple[Option, ...]:
    return tuple(Option(str(number), str(number)) for number in range(first, last + 1))


def _writing(say: Callable[[str], str], language: str, comfort: Comfort) -> dict[str, Screen]:
    layout = keyboard.Layout.EN if language == "en" else keyboard.Layout.UK
    empty = Comment(
        language=language, comfort=comfort, id="words", question=say("what-else"), note=say("no-names"), layout=layout, shifted=True
    )
    text = say("comment")
    written = changed(empty, text=text, cursor=len(text), shifted=False)
    full = (" ".join([text] * 10))[: keyboard.LIMIT]
    return {
        "comment-empty": empty,
        "comment": written,
        "comment-cursor": changed(written, cursor=len(text) // 3),
        "comment-full": changed(empty, text=full, cursor=len(full), shifted=False, question=say("long-question")),
        "comment-signs": changed(written, layout=keyboard.Layout.SIGNS),
        "comment-other": changed(written, layout=keyboard.Layout.UK if language == "en" else keyboard.Layout.EN),
        "comment-focus": changed(written, focus="key:р" if language == "uk" else "key:h"),
        "comment-closing": changed(written, closes_in_s=10),
        "comment-stored": changed(written, stored=True),
    }


def _contacts(say: Callable[[str], str], language: str, comfort: Comfort) -> dict[str, Screen]:
    def contact(way: ContactWay, keys: str = "", **more: object) -> Contact:
        screen: Comment | Contact = cleared(
            Contact(
                language=language,
                comfort=comfort,
                id="contact",
                question=say("call-back"),
                purpose=say("purpose"),
                consent=say("consent"),
                ways=(ContactWay.PHONE, ContactWay.EMAIL),
                way=way,
            )
        )
        for key in keys:
            screen = typed(screen, f"key:{key}")
        assert isinstance(screen, Contact)
        return changed(screen, **more)

    phone, email = ContactWay.PHONE, ContactWay.EMAIL
    return {
        "contact-phone-empty": contact(phone),
        "contact-phone": contact(phone, "671234567"),
        "contact-phone-mistake": checked(contact(phone, "6712")),
        "contact-phone-only": contact(phone, "671234567", ways=(phone,)),
        "contact-phone-stored": contact(phone, "671234567", stored=True),
        "contact-email": contact(email, "o.kovalenko@gmail.com"),
        "contact-email-mistake": checked(contact(email, "o.kovalenko")),
        "contact-email-long": contact(email, "oleksandra.kovalenko-shevchenko@administration.example.gov.ua", consent=say("long-consent")),
        "contact-email-focus": contact(email, focus=DONE),
        "contact-closing": contact(phone, "6712", closes_in_s=8),
    }


def _desks(say: Callable[[str], str], language: str, comfort: Comfort) -> dict[str, Screen]:
    def desks(count: int, *, name: str = "", photo: bool = False, **more: object) -> Desk:
        names = say(name).split("; ") if name else [""]
        photos = [PHOTO.format(number=number % len(CLERKS)) if photo else None for number in range(count)]
        options = tuple(
            DeskOption(f"desk-{number}", str(number), names[(number - 1) % len(names)], photos[number - 1], place)
            for number, place in enumerate(places_on_plan(count), 1)
        )
        return changed(Desk(language=language, comfort=comfort, desks=options), **more)

    return {
        "desk-2": desks(2),
        "desk-8": desks(8, name="service"),
        "desk-8-pressed": desks(8, name="service", pressed="desk-3"),
        "desk-8-photos": desks(8, name="clerk", photo=True),
        "desk-8-ticket": desks(8, name="service", notice=scans.read_without_desk(language)),
        "desk-24": desks(24),
        "desk-24-long": desks(24, name="long-service"),
        "desk-3-photos": desks(3, name="clerk", photo=True),
        "desk-plan-3": desks(3, plan=PLAN),
        "desk-plan": desks(8, plan=PLAN),
        "desk-plan-focus": desks(8, plan=PLAN, focus="desk:desk-3"),
        "desk-plan-pressed": desks(8, plan=PLAN, pressed="desk-3"),
        "desk-plan-14": desks(14, plan=PLAN),
        "desk-plan-24": desks(24, plan=PLAN),
    }


def _endings(say: Callable[[str], str], language: str, comfort: Comfort) -> dict[str, Screen]:
    base = {"language": language, "comfort": comfort}
    air_raid = Announced(language=language, comfort=comfort, kind=AnnouncementKind.AIR_RAID, text=say("air-raid"), shelter=say("shelter"))
    return {
        "thanks": changed(Thanks(), **base),
        "thanks-done": changed(Thanks(answered=1284, done=say("done")), **base),
        "thanks-closing": changed(Thanks(closing=say("closing"), answered=21, done=say("long-done")), **base),
        "called": changed(Called(), **base),
        "called-coming": changed(Called(coming=True), **base),
        "closed": changed(Closed(opens_day=0, opens_at="09:00"), **base),
        "closed-unknown": changed(Closed(), **base),
        "air-raid": air_raid,
        "air-raid-long": changed(air_raid, shelter=say("long-shelter")),
        "maintenance": changed(air_raid, kind=AnnouncementKind.MAINTENANCE, text=say("maintenance"), shelter=""),
        "information": changed(air_raid, kind=AnnouncementKind.INFORMATION, text=say("information"), shelter=""),
        "out-of-order": changed(OutOfOrder(), **base),
    }


def _technician(say: Callable[[str], str], language: str, comfort: Comfort) -> dict[str, Screen]:
    well = (None, True, True, False, None, None, None, None, True, None)
    lines = [line.split(" | ") for line in say("menu").split("; ")]
    entries = tuple(Entry(f"entry-{number}", line[0], line[1], well[number]) for number, line in enumerate(lines))
    base = {"language": language, "comfort": comfort}
    return {
        "pin": changed(Pin(typed=3), **base),
        "pin-wrong": changed(Pin(wrong=True), **base),
        "pin-wait": changed(Pin(wrong=True, wait_s=30), **base),
        **_enrolling(say, language, comfort),
        "menu": changed(Menu(title=say("menu-title"), entries=entries), **base),
        "menu-short": changed(Menu(title=say("menu-title"), entries=entries[:3]), **base),
        "menu-focus": changed(Menu(title=say("menu-title"), entries=entries, focus="entry-9"), **base),
        "menu-outbox": changed(draw(OUTBOX, _unwell(), language), **base),
    }


def _unwell() -> Known:
    """A kiosk with everything wrong that can be wrong with its delivery."""
    delivery = Delivery(
        running=True, connected=True, waiting=1_204, oldest_ms=1_790_000_000_000, faults=("server_refused", "log_forked", "log_unreadable")
    )
    return Known(About("exit-sample-1", "vidhuk"), Readings(delivery=delivery), Moment(0, 0, trusted=True), 50, 50)


def _enrolling(say: Callable[[str], str], language: str, comfort: Comfort) -> dict[str, Screen]:
    _ = texts.words_in(language)
    base = {"language": language, "comfort": comfort}
    asked = say("enrol-ask")
    empty = changed(Enrol(said=asked), **base)
    typed = changed(empty, address="vidhuk.cnap.example:8443", code="7KQ2-MX4D-09", typing=EnrolField.CODE, said="")
    whole = changed(typed, address="https://vidhuk.cnap-zrazkove.example", code="7KQ2-MX4D-0934-VN8T-BZ5E-WQ1H")
    said = {outcome: outcome_words(outcome, "exit-sample-1", _) for outcome in (Outcome.ENROLLED, Outcome.STRANGER, Outcome.UNREACHABLE)}
    told = {f"enrol-{outcome}": changed(whole, said=words, well=well) for outcome, (words, well) in said.items()}
    return {"enrol": empty, "enrol-typing": typed, **told}


def _boxes(language: str, comfort: Comfort) -> dict[str, Screen]:
    options = _first(next(shipped for shipped in _shipped() if shipped.id == "two-faces"), language, comfort).options
    base = {"language": language, "comfort": comfort}
    empty = changed(BoxScan(box=options[0], other=options[1]), **base)
    scan = changed(empty, count=47, other_count=12, repeated=2, foreign=1, undoable=True)
    summary = changed(BoxSummary(boxes=options, counts=(148, 12), repeated=2, foreign=1, stored=True), **base)
    return {
        "boxes-choice": changed(BoxChoice(boxes=options), **base),
        "boxes-empty": empty,
        "boxes-many": changed(scan, box=options[1], other=options[0], count=1047, other_count=1312, repeated=102, foreign=31),
        **{f"boxes-{result}": changed(scan, result=result) for result in BoxResult},
        "boxes-summary": summary,
        "boxes-summary-not-stored": changed(summary, stored=False),
    }
