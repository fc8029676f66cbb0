from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import msgspec
import pytest

from feedback.notice import AnnouncementKind
from feedback.records import BoxCount, Channel, Context, Input, Mode, TicketScan, Undo, Vote
from feedback.tickets import TicketToken, card_code
from kiosk.boxes import CLOSE_S, IDLE_S, RETRY_S, SETTLE_S, SLOW_S
from kiosk.scans import Scanned
from kiosk.screens import FINISH, LEAVE, OTHER_BOX, UNDO, Announced, BoxChoice, BoxResult, BoxScan, BoxSummary, Thanks
from kiosk.store import FILE, Store
from tests.kiosk.box_room import RULES, SETTINGS, VISIT, BoxRoom
from tests.kiosk.room import Room
from tests.kiosk.support import counted_ids

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def room() -> BoxRoom:
    return BoxRoom()


# --- what is recorded -------------------------------------------------------------------------------------------------------


def test_each_ticket_is_a_vote_of_its_own_from_the_box(room: BoxRoom) -> None:
    room.open("terrible")
    room.scan("A1@cnap", "A2@cnapdesk-2")
    context, *records = room.stored
    assert isinstance(context, Context)
    assert (context.questionnaire, context.questionnaire_version, context.mode) == ("two-faces", 1, Mode.LIVE)
    assert [type(record) for record in records] == [Vote, TicketScan] * 2
    first, second = room.of(Vote)
    assert (first.channel, first.input, first.question, first.answer) == (Channel.BOX, Input.SCAN, "service", "terrible")
    assert (first.desk, second.desk) == (None, "desk-2")
    assert first.visit != second.visit
    assert {record.context for record in (*room.of(Vote), *room.of(TicketScan))} == {context.number}


def test_the_token_is_sealed_and_its_digest_is_in_the_record(room: BoxRoom) -> None:
    room.open()
    room.scan("A1@cnap")
    scan = room.scan_of(room.of(Vote)[0])
    box = room.sealed[scan.id]
    assert hashlib.sha256(box).hexdigest() == scan.digest
    assert msgspec.json.decode(box.decode()[::-1], type=TicketToken) == room.tokens[scan.id]


def test_a_ticket_counts_on_the_screen_only_once_it_is_stored(room: BoxRoom) -> None:
    room.open()
    room.drop("A1@cnap")
    assert (room.shown.count, room.shown.result) == (0, None)
    room.pass_s(SLOW_S)
    assert (room.shown.count, room.shown.result) == (0, BoxResult.STORING)
    room.disk()
    assert (room.shown.count, room.shown.result) == (1, BoxResult.COUNTED)


def test_what_is_not_stored_is_said_and_does_not_count_and_can_be_scanned_again(room: BoxRoom) -> None:
    room.open()
    room.drop("A1@cnap")
    room.disk(works=False)
    assert (room.shown.count, room.shown.result) == (0, BoxResult.NOT_STORED)
    room.scan("A1@cnap")
    assert (room.shown.count, room.shown.result) == (1, BoxResult.COUNTED)
    assert len(room.of(Context)) == len(room.of(Vote)) == 1


# --- what does not count ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "result"),
    [
        ("A1@elsewhere", BoxResult.FOREIGN),
        ("A1@cnap 1700000000", BoxResult.TOO_OLD),
        ("4820000000000", BoxResult.UNKNOWN),
        ("VT1.x.y", BoxResult.UNKNOWN),
        (card_code("elsewhere", "desk-1"), BoxResult.FOREIGN),
    ],
)
def test_what_is_no_ticket_here_is_told_apart_and_counted_once(room: BoxRoom, code: str, result: BoxResult) -> None:
    room.open()
    room.scan(code, code, "A7@cnap", code)
    assert room.shown.result == result
    assert (room.shown.count, room.shown.foreign, room.shown.repeated) == (1, 1, 0)


@pytest.mark.parametrize("has_keys", [True, False])
def test_the_same_ticket_counts_once_even_before_it_is_stored_and_in_the_other_box(room: BoxRoom, *, has_keys: bool) -> None:
    room.keys.has_any = has_keys
    room.open()
    room.drop("A1@cnap")
    room.drop("]C1A1@cnap\r")
    assert room.shown.result is BoxResult.REPEATED
    room.disk()
    room.tap(OTHER_BOX)
    room.scan("A1@cnap")
    assert (room.shown.count, room.shown.other_count, room.shown.repeated, room.shown.result) == (0, 1, 2, BoxResult.REPEATED)
    assert len(room.of(Vote)) == 1
    assert bool(room.scan_of(room.of(Vote)[0]).digest) is has_keys


def test_a_ticket_that_came_before_its_days_key_is_known_again_after_it(room: BoxRoom) -> None:
    room.keys.has_any = False
    room.open()
    room.scan("A1@cnap")
    room.keys.has_any = True
    room.scan("A1@cnap")
    assert (room.shown.count, room.shown.result) == (1, BoxResult.REPEATED)


def test_who_has_voted_with_the_ticket_is_told_apart_from_a_second_scan(room: BoxRoom) -> None:
    room.open()
    room.scan("A1@cnap")
    room.tap(FINISH)
    room.disk()
    room.tap(LEAVE)
    room.open("terrible")
    room.scan("A1@cnap")
    assert (room.shown.count, room.shown.repeated, room.shown.result) == (0, 1, BoxResult.VOTED)


def test_cards_of_one_desk_bear_one_code_and_each_counts(room: BoxRoom) -> None:
    room.open()
    room.scan(*[card_code("cnap", "desk-1")] * 3)
    assert room.shown.count == 3
    assert [vote.desk for vote in room.of(Vote)] == ["desk-1"] * 3


def test_where_the_server_takes_the_rules_away_every_code_is_unknown(room: BoxRoom) -> None:
    room.open()
    room.settings = msgspec.structs.replace(room.settings, tickets=None)
    room.scan("A1@cnap")
    assert room.shown.result is BoxResult.UNKNOWN
    assert RULES.forms


# --- undo -------------------------------------------------------------------------------------------------------------------


def test_undo_takes_back_exactly_the_last_and_it_can_be_scanned_into_the_other_box(room: BoxRoom) -> None:
    room.open()
    room.scan("A1@cnap", "A2@cnap")
    room.tap(OTHER_BOX, UNDO)
    room.disk()
    assert (room.shown.other_count, room.shown.result) == (1, BoxResult.UNDONE)
    room.scan("A2@cnap")
    assert (room.shown.count, room.shown.other_count, room.shown.result) == (1, 1, BoxResult.COUNTED)
    first, second, third = room.of(Vote)
    assert [undo.visit for undo in room.of(Undo)] == [second.visit]
    assert room.counted() == [first, third]


def test_one_undo_after_another_goes_back_further(room: BoxRoom) -> None:
    room.open()
    room.scan("A1@cnap", "A2@cnap")
    for _ in range(3):
        room.tap(UNDO)
        room.disk()
    assert [undo.visit for undo in room.of(Undo)] == [vote.visit for vote in reversed(room.of(Vote))]
    assert (room.shown.count, room.shown.undoable) == (0, False)


def test_a_double_tap_takes_back_one_ticket_only(room: BoxRoom) -> None:
    room.open()
    room.scan("A1@cnap", "A2@cnap")
    room.tap(UNDO)
    room.disk()
    room.clock.pass_s(SETTLE_S / 2)
    room.boxes.tap(UNDO, room.clock.moment())
    room.disk()
    assert room.shown.count == 1


def test_an_undo_that_is_not_stored_is_said_and_the_ticket_still_counts(room: BoxRoom) -> None:
    room.open()
    room.scan("A1@cnap")
    room.tap(UNDO)
    room.disk(works=False)
    assert (room.shown.count, room.shown.result) == (1, BoxResult.NOT_UNDONE)
    room.scan("A1@cnap")
    assert room.shown.result is BoxResult.REPEATED


def test_undo_waits_until_it_is_known_which_ticket_is_the_last(room: BoxRoom) -> None:
    room.open()
    room.scan("A1@cnap")
    room.drop("A2@cnap")
    room.tap(UNDO)
    room.disk()
    assert (room.shown.count, len(room.of(Undo))) == (2, 0)


def test_after_the_undo_a_visitor_votes_with_the_ticket(room: BoxRoom) -> None:
    def read() -> Scanned:
        reading = room.tickets.read("A1@cnap", room.clock.moment(), SETTINGS)
        assert isinstance(reading, Scanned)
        return reading

    room.open()
    room.scan("A1@cnap")
    assert read().is_spent
    room.tap(UNDO)
    assert read().is_spent, "as long as the disk may still refuse"
    room.disk()
    visitor = Room(SETTINGS, room.clock)
    visitor.disk()
    visitor.scan(read())
    visitor.give("good")
    (vote,), (scan,) = visitor.of(Vote), visitor.of(TicketScan)
    assert (scan.visit, bool(scan.digest), visitor.spent) == (vote.visit, True, [read().token])


def test_the_log_forgets_the_token_with_the_undo(data_dir: Path, room: BoxRoom) -> None:
    store = Store(data_dir / FILE, counted_ids(1000))
    room.open()
    room.scan("A1@cnap", "A2@cnap")
    room.tap(UNDO)
    room.disk()
    store.append([record for record in room.stored if not isinstance(record, Undo)], room.sealed, room.tokens_of(TicketScan))
    assert len(store.spent()) == 2
    store.append(room.of(Undo), {}, room.tokens_of(Undo))
    kept = room.tokens[room.scan_of(room.of(Vote)[0]).id]
    assert store.spent() == [(kept.day, kept.token)]
    store.close()


# --- the end ----------------------------------------------------------------------------------------------------------------


def test_a_count_ends_with_a_summary_that_is_recorded(room: BoxRoom) -> None:
    room.open()
    room.scan("A1@cnap", "A2@cnap", "A2@cnap", "A1@elsewhere", "nonsense")
    room.tap(OTHER_BOX)
    room.scan("A3@cnap")
    room.tap(FINISH)
    assert room.shown.stored is None
    room.disk()
    summary = room.shown
    assert isinstance(summary, BoxSummary)
    assert ([box.id for box in summary.boxes], summary.counts) == (["good", "terrible"], (2, 1))
    assert (summary.repeated, summary.foreign, summary.stored) == (1, 2, True)
    (count,) = room.counts
    assert (count.satisfied, count.dissatisfied, count.repeated, count.foreign) == (2, 1, 1, 2)
    room.tap(LEAVE)
    assert (room.screen, room.boxes.is_open) == (VISIT, False)


def test_finishing_waits_for_what_is_still_being_stored(room: BoxRoom) -> None:
    room.open()
    room.scan("A1@cnap")
    room.drop("A2@cnap")
    room.tap(FINISH)
    room.drop("A3@cnap")
    room.disk(works=False)
    assert isinstance(room.screen, BoxSummary)
    room.pass_s(RETRY_S)
    room.disk()
    assert [(count.satisfied, len(room.of(Vote))) for count in room.counts] == [(1, 1)]


def test_a_summary_that_is_not_stored_is_said_and_tried_again_even_after_leaving(room: BoxRoom) -> None:
    room.open()
    room.scan("A1@cnap")
    room.tap(FINISH)
    room.disk(works=False)
    assert room.shown.stored is False
    room.tap(LEAVE)
    assert not room.boxes.begin("uk")
    room.pass_s(RETRY_S)
    room.disk(works=False)
    room.pass_s(RETRY_S)
    room.disk()
    assert len(room.counts) == 1
    assert room.boxes.begin("uk")


def test_nothing_scanned_is_nothing_recorded(room: BoxRoom) -> None:
    room.open()
    room.tap(FINISH)
    assert (room.screen, room.asked) == (VISIT, [])
    assert room.boxes.begin("uk")
    room.tap(LEAVE)
    assert (room.screen, room.asked) == (VISIT, [])


def test_left_alone_it_finishes_and_closes_by_itself(room: BoxRoom) -> None:
    room.open()
    room.scan("A1@cnap")
    room.pass_s(IDLE_S - 1)
    room.scan("A2@cnap")
    room.pass_s(IDLE_S - 1)
    assert isinstance(room.screen, BoxScan)
    room.pass_s(1)
    room.disk()
    assert isinstance(room.screen, BoxSummary)
    assert [count.satisfied for count in room.counts] == [2]
    room.pass_s(CLOSE_S)
    assert room.screen == VISIT


def test_left_alone_before_a_box_is_chosen_it_closes(room: BoxRoom) -> None:
    assert room.boxes.begin("uk")
    assert isinstance(room.screen, BoxChoice)
    room.pass_s(CLOSE_S)
    assert (room.screen, room.asked) == (VISIT, [])


def test_an_air_raid_alert_ends_it_at_once_and_what_was_counted_is_recorded(room: BoxRoom) -> None:
    room.open()
    room.scan("A1@cnap")
    room.boxes.visit_shows(Thanks())
    assert isinstance(room.screen, BoxScan)
    alert = Announced(kind=AnnouncementKind.AIR_RAID, text="")
    room.boxes.visit_shows(alert)
    assert room.screen == alert
    room.disk()
    assert [count.satisfied for count in room.counts] == [1]


# --- before the visit -------------------------------------------------------------------------------------------------------


def test_taps_buttons_and_scans_reach_the_visit_only_while_nobody_counts(room: BoxRoom) -> None:
    def taken() -> list[bool]:
        at = room.clock.moment()
        return [room.boxes.tap("good", at), room.boxes.button(), room.boxes.scan("A1@cnap", at)]

    assert taken() == [False] * 3
    assert room.boxes.begin("uk")
    assert taken() == [True] * 3
    assert not room.boxes.begin("uk")
    room.tap(LEAVE)
    assert taken() == [True, False, False]  # the second tap of a double tap
    room.clock.pass_s(SETTLE_S)
    assert taken() == [False] * 3
    assert room.stored == []


def test_a_tap_before_the_screen_is_seen_does_nothing(room: BoxRoom) -> None:
    assert room.boxes.begin("uk")
    room.boxes.tap("good", room.clock.moment())
    room.clock.pass_s(10)
    room.boxes.tap("good", room.clock.moment())
    assert isinstance(room.screen, BoxChoice)
    room.see()
    room.boxes.tap("good", room.clock.moment())
    assert isinstance(room.screen, BoxChoice)
    room.tap("good")
    assert isinstance(room.screen, BoxScan)


def test_it_speaks_the_language_of_the_menu_or_one_that_the_boxes_have(room: BoxRoom) -> None:
    assert room.boxes.begin("en")
    assert [box.words for box in room.shown.boxes] == ["satisfied", "dissatisfied"]
    room.tap(LEAVE)
    assert room.boxes.begin("pl")
    assert room.shown.language == "uk"


def test_a_finished_count_outlives_a_disk_that_took_nothing(room: BoxRoom) -> None:
    room.open()
    room.scan("A1@cnap")
    room.tap(FINISH)
    ((_token, records),) = room.asked
    room.disk(works=False)
    room.pass_s(RETRY_S)
    assert any(isinstance(record, BoxCount) and record in records for record in room.asked[0][1])
