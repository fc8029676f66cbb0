"""What kiosks tell their visitors, and that it is told soon."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from nacl.signing import SigningKey
from sqlalchemy import event

from feedback.notice import PURPOSE, AnnouncementKind, Notice
from feedback.signed import open_signed
from feedback.wire import Signed, decode, hello_topic, notice_topic
from server.db import schema
from server.db.engine import writing
from server.errors import RegistryError
from server.fleet import announcements, calls
from server.fleet.announcements import Wish
from server.fleet.notices import Notices
from server.ingest.core import Ingest
from server.registry.kiosks import Wish as KioskWish
from server.registry.kiosks import add_kiosk
from tests.server.kit import KIOSK, MORNING, OTHER, Log, deliver, ids, make_ingest, rows

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy import Engine

HALL = "hall-kiosk-1"
MINUTE = 60_000
KEY = SigningKey(bytes(32))


@pytest.fixture
def notices(engine: Engine) -> Notices:
    return Notices(engine, signer=lambda data: KEY.sign(data).signature)


def say(engine: Engine, kind: AnnouncementKind = AnnouncementKind.AIR_RAID, now_ms: int = MORNING, **wish: object) -> int:
    with writing(engine) as connection:
        return announcements.announce(connection, Wish(kind=kind, **wish), now_ms)  # type: ignore[arg-type]


def add_hall(engine: Engine) -> None:
    with writing(engine) as connection:
        add_kiosk(connection, KioskWish(name=HALL, site="hall", desk=None), hash_password=lambda _: "x", now_ms=MORNING)


def test_a_number_grows_with_every_change_and_never_else(engine: Engine, notices: Notices) -> None:
    first = notices.current(MORNING)
    assert {kiosk: notice.number for kiosk, notice in first.items()} == {KIOSK: MORNING, OTHER: MORNING}
    assert notices.current(MORNING + 1000) == first
    say(engine, now_ms=MORNING + 2000)
    second = notices.current(MORNING + 2000)[KIOSK]
    assert (second.number, second.announcements[0].kind) == (MORNING + 2000, AnnouncementKind.AIR_RAID)
    number = say(engine, AnnouncementKind.INFORMATION, now_ms=MORNING, texts={"uk": "Після обіду зачинено"})
    third = notices.current(MORNING)[KIOSK]
    assert third.number == second.number + 1, "the clock was put back"
    with writing(engine) as connection:
        announcements.withdraw(connection, number, MORNING)
    assert notices.current(MORNING)[KIOSK] == Notice(**{**_plain(second), "number": third.number + 1})


def _plain(notice: Notice) -> dict[str, object]:
    return {name: getattr(notice, name) for name in Notice.__struct_fields__}


def test_a_look_writes_nothing_while_nothing_changes(engine: Engine, notices: Notices) -> None:
    notices.current(MORNING)
    said: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *given: said.append(given[2]))
    notices.current(MORNING + 59_000)
    assert {sentence.split()[0] for sentence in said} <= {"BEGIN", "SELECT"}
    assert "BEGIN IMMEDIATE" not in said
    assert not any("rollup" in sentence or "FROM votes" in sentence for sentence in said)
    assert len(said) <= 10


def test_people_are_counted_from_rollups_once_a_minute(engine: Engine, notices: Notices) -> None:
    log = Log()
    log.add_context()
    for number in range(3):
        log.add(log.vote(str(number), answer="poor"))
    log.add(log.vote("first", question="result", answer="yes,no"))
    log.add(log.answer("first", "reasons", "queue", "unkind"))
    log.add(log.vote("old", at=log.moment(MORNING - 30 * 24 * 60 * MINUTE)))
    assert notices.current(MORNING)[KIOSK].answered == 0
    deliver(make_ingest(engine), log)
    assert notices.current(MORNING + MINUTE - 1)[KIOSK].answered == 0
    told = notices.current(MORNING + MINUTE)
    assert {(notice.month, notice.answered) for notice in told.values()} == {("2025-10", 4)}


def test_announcements_are_for_their_site_in_their_order_and_time(engine: Engine, notices: Notices) -> None:
    add_hall(engine)
    say(engine, AnnouncementKind.INFORMATION, texts={"uk": "Увага"}, site="hall")
    say(engine, AnnouncementKind.MAINTENANCE, minutes=5)
    say(engine, site="hall")
    told = notices.current(MORNING)
    assert [one.kind for one in told[HALL].announcements] == ["air_raid", "maintenance", "information"]
    assert [(one.kind, one.until_ms) for one in told[KIOSK].announcements] == [("maintenance", MORNING + 5 * MINUTE)]
    assert told[HALL].announcements[0].text["uk"] == "Повітряна тривога. Будь ласка, пройдіть до укриття."
    assert [one.kind for one in notices.current(MORNING + 5 * MINUTE)[HALL].announcements] == ["air_raid", "information"]


def test_an_announcement_replaces_one_of_its_kind_for_the_same_place(engine: Engine, notices: Notices) -> None:
    for text in ("перше", "друге"):
        say(engine, AnnouncementKind.INFORMATION, texts={"uk": text})
    (one,) = notices.current(MORNING)[KIOSK].announcements
    assert one.text == {"uk": "друге"}


@pytest.mark.parametrize(
    ("wish", "message"),
    [
        ({"kind": AnnouncementKind.INFORMATION}, "information: the Ukrainian text is missing"),
        ({"texts": {"en": "Alert"}}, "air_raid: the Ukrainian text is missing"),
        ({"texts": {"uk": "x" * 501}}, "has 501 characters"),
        ({"site": "nowhere"}, "there is no site 'nowhere'"),
        ({"minutes": 0}, "one minute at least"),
    ],
)
def test_what_cannot_be_announced_is_said(engine: Engine, wish: dict[str, object], message: str) -> None:
    with pytest.raises(RegistryError, match=message):
        say(engine, **wish)  # type: ignore[arg-type]
    with writing(engine) as connection, pytest.raises(RegistryError, match="there is no announcement 77"):
        announcements.withdraw(connection, 77, MORNING)


def test_the_latest_deed_is_told(engine: Engine, notices: Notices) -> None:
    for text in ("Додали лавки", "Відчинили друге вікно"):
        with writing(engine) as connection:
            announcements.add_deed(connection, {"uk": text}, MORNING)
    assert notices.current(MORNING)[KIOSK].done == {"uk": "Відчинили друге вікно"}


def call(engine: Engine, seed: str, **changes: object) -> UUID:
    log = Log()
    log.add_context(f"context {seed}")
    log.add(log.call(seed, **changes))
    deliver(make_ingest(engine), log)
    return ids(f"{KIOSK} call {seed}")


def test_a_call_is_taken_once_and_its_kiosk_is_told_for_ten_minutes(engine: Engine, notices: Notices) -> None:
    record = call(engine, "a")
    with writing(engine) as connection:
        assert [one.id for one in calls.open_calls(connection, MORNING)] == [record]
        assert calls.take(connection, record, 5, MORNING + MINUTE)
        assert not calls.take(connection, record, 6, MORNING + MINUTE)
        assert calls.open_calls(connection, MORNING) == []
    told = notices.current(MORNING + 2 * MINUTE)
    assert (told[KIOSK].answered_calls, told[OTHER].answered_calls) == ((record,), ())
    assert notices.current(MORNING + 11 * MINUTE)[KIOSK].answered_calls == ()
    (kept,) = rows(engine, schema.calls)
    assert (kept["taken_ms"], kept["taken_by"]) == (MORNING + MINUTE, 5)


def test_an_old_call_expires_and_is_kept(engine: Engine) -> None:
    record = call(engine, "a")
    late = MORNING + calls.OPEN_MS
    with writing(engine) as connection:
        assert calls.open_calls(connection, late) == []
        assert not calls.take(connection, record, 5, late)
        (seen,) = calls.recent_calls(connection, late)
    assert (seen.id, seen.taken_ms, seen.is_open(late)) == (record, None, False)


def test_hello_is_answered_with_the_signed_notice(engine: Engine, notices: Notices) -> None:
    ingest = Ingest(engine, settings=lambda _connection, _kiosk: None, notices=notices)
    log = Log()
    _ack, reply = ingest.handle(hello_topic(KIOSK), log.hello(), MORNING)
    assert (reply.topic, reply.retain) == (notice_topic(KIOSK), True)

    def check(data: bytes, signature: bytes) -> bool:
        return KEY.sign(data).signature == signature

    told = open_signed(decode(reply.payload, Signed), Notice, PURPOSE, kiosk=KIOSK, check=check)
    assert told == notices.current(MORNING)[KIOSK]


def test_only_what_has_changed_is_published(engine: Engine, notices: Notices) -> None:
    add_hall(engine)
    ingest = Ingest(engine, settings=lambda _connection, _kiosk: None, notices=notices)
    published = {kiosk: number for kiosk, number, _ in ingest.notices(MORNING, {})}
    assert set(published) == {KIOSK, OTHER, HALL}
    assert ingest.notices(MORNING, published) == []
    say(engine, site="hall")
    assert [kiosk for kiosk, _, _ in ingest.notices(MORNING, published)] == [HALL]
