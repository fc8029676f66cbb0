from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from feedback.records import Context, TicketScan, Undo, Vote
from feedback.tickets import card_code
from kiosk.boxes import CLOSE_S, IDLE_S, RETRY_S
from kiosk.screens import FINISH, LEAVE, OTHER_BOX, UNDO, BoxResult, BoxScan, BoxSummary
from tests.kiosk.box_room import VISIT, BoxRoom

if TYPE_CHECKING:
    from uuid import UUID

TICKETS = ("A1@cnap", "A2@cnap", "B1@cnapdesk-1", "B2@cnapdesk-2")
CARD = card_code("cnap", "desk-1")
REFUSED = ("A1@elsewhere", "A1@cnap 1700000000", "4820000000000")


class AnyOrder(RuleBasedStateMachine):
    """Staff, a moody disk and time, in any order. What is expected is told from the taps and scans alone."""

    def __init__(self) -> None:
        super().__init__()
        self.room = BoxRoom()
        self.refused: set[str] = set()
        self.repeated = 0
        self.sitting_begins = 0
        self.is_finishing = False
        self.idle_ms = 0
        self.drops: dict[str, list[tuple[int, UUID]]] = {code: [] for code in TICKETS}
        """By codes the sitting and the visit of each scan that was taken."""

    @property
    def scanning(self) -> bool:
        return isinstance(self.room.screen, BoxScan)

    @precondition(lambda self: not self.room.boxes.is_open)
    @rule(box=st.sampled_from(["good", "terrible"]))
    def begin(self, box: str) -> None:
        if self.room.boxes.begin("uk"):
            self.refused, self.repeated = set(), 0
            self.is_finishing, self.idle_ms = False, 0
            self.sitting_begins = len(self.room.stored)
            self.room.tap(box)

    @precondition(lambda self: self.scanning)
    @rule(code=st.sampled_from([*TICKETS, CARD, *REFUSED]))
    def scan(self, code: str) -> None:
        before, asked = self.room.shown, len(self.room.asked)
        sittings = self.known(code)
        self.idle_ms = 0
        self.room.drop(code)
        after = self.room.shown
        taken = [record.visit for _token, records in self.room.asked[asked:] for record in records if isinstance(record, Vote)]
        if code in TICKETS:
            self.drops[code] += [(self.sitting_begins, visit) for visit in taken]
            if self.is_finishing or self.sitting_begins in sittings:
                assert not taken
            elif not sittings:
                assert taken
        if code in REFUSED and after.foreign > before.foreign:
            self.refused.add(code)
        if after.repeated > before.repeated:
            assert code in TICKETS
            assert after.result in {BoxResult.REPEATED, BoxResult.VOTED}
            self.repeated += 1
        assert len(self.room.asked) - asked <= (code not in REFUSED)

    def known(self, code: str) -> set[int]:
        """The sittings in which this ticket was scanned, is on record or about to be, and was not taken back."""
        waiting = {record.visit for _token, records in self.room.asked for record in records if isinstance(record, Vote)}
        alive = waiting | {vote.visit for vote in self.room.counted()}
        return {sitting for sitting, visit in self.drops.get(code, ()) if visit in alive}

    @precondition(lambda self: self.room.boxes.is_open)
    @rule(name=st.sampled_from([UNDO, OTHER_BOX, FINISH, LEAVE, "good", "nonsense"]))
    def tap(self, name: str) -> None:
        votes = [vote for vote in self.room.counted() if self.room.stored.index(vote) >= self.sitting_begins]
        asked, undoes = len(self.room.asked), name == UNDO and self.scanning
        self.room.tap(name)
        self.idle_ms = 0
        self.is_finishing |= name == FINISH and self.scanning
        for _token, records in self.room.asked[asked:] if undoes else ():
            (undo,) = (record for record in records if isinstance(record, Undo))
            assert undo.visit == votes[-1].visit

    @precondition(lambda self: self.room.asked)
    @rule(works=st.booleans())
    def disk_answers(self, works: bool) -> None:  # noqa: FBT001
        self.room.answer(works=works)

    @rule(seconds=st.sampled_from([0.1, 0.4, 1, RETRY_S, CLOSE_S, IDLE_S]))
    def time_passes(self, seconds: float) -> None:
        self.idle_ms += round(seconds * 1000)
        self.is_finishing |= self.scanning and self.idle_ms >= IDLE_S * 1000
        self.room.pass_s(seconds)

    @rule(has_any=st.booleans())
    def keys_come_and_go(self, has_any: bool) -> None:  # noqa: FBT001
        self.room.keys.has_any = has_any

    @invariant()
    def the_screen_counts_what_is_on_record(self) -> None:
        screen = self.room.screen
        mine = self.room.stored[self.sitting_begins :]
        votes = Counter(vote.answer for vote in self.room.counted() if vote in mine)
        if isinstance(screen, BoxScan):
            assert (screen.count, screen.other_count) == (votes[screen.box.id], votes[screen.other.id])
            assert (screen.repeated, screen.foreign) == (self.repeated, len(self.refused))
        elif isinstance(screen, BoxSummary):
            assert screen.counts == tuple(votes[box.id] for box in screen.boxes)

    @invariant()
    def no_ticket_votes_twice(self) -> None:
        votes = self.room.counted()
        tokens = [self.room.tokens[scan.id].token for scan in map(self.room.scan_of, votes) if scan.id in self.room.tokens]
        assert len(set(tokens)) == len(tokens)
        assert len({vote.visit for vote in self.room.of(Vote)}) == len(self.room.of(Vote)) == len(self.room.of(TicketScan))

    @invariant()
    def contexts_come_before_what_names_them(self) -> None:
        known = set()
        for record in self.room.stored:
            if isinstance(record, Context):
                known.add(record.number)
            else:
                assert record.context in known

    @invariant()
    def each_vote_is_taken_back_once_at_most(self) -> None:
        undone = [undo.visit for undo in self.room.of(Undo)]
        assert len(set(undone)) == len(undone)
        assert set(undone) <= {vote.visit for vote in self.room.of(Vote)}

    def teardown(self) -> None:
        """Left alone with a working disk it comes back to the visit, and the counts on record are the votes on record."""
        for _ in range(3):
            self.room.disk()
            self.room.pass_s(IDLE_S)
        self.room.disk()
        assert self.room.screen == VISIT
        satisfied, dissatisfied = (len(self.room.counted(answer)) for answer in ("good", "terrible"))
        assert sum(count.satisfied for count in self.room.counts) == satisfied
        assert sum(count.dissatisfied for count in self.room.counts) == dissatisfied


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = hypothesis_settings(max_examples=200, stateful_step_count=50, deadline=None)
