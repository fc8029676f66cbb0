from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from nacl.public import PrivateKey, SealedBox

from feedback.records import Moment, TicketScan, Vote
from feedback.tickets import Refusal, Ticket, TicketToken, card_code, ticket_token
from kiosk.chores import FORGET_S, Chores
from kiosk.day_keys import DayKeys
from kiosk.last_lines import LastLines
from kiosk.recorder import Recorder
from kiosk.salvage import open_store
from kiosk.scans import Scanned
from kiosk.sealing import Sealer
from kiosk.signatures import is_signed
from kiosk.store import FILE, Store
from kiosk.sync.day_keys import DayKeyReceiver
from kiosk.ticket_desk import TicketDesk
from kiosk.visit import Means, Visits
from tests.feedback.tickets import DESKS, NOW_MS, PLAIN, rules, signed
from tests.kiosk.support import KIOSK, FakeClock, counted_ids, settings_of, wait_until
from tests.kiosk.test_day_keys import key_of, listed
from tests.kiosk.test_store import in_files
from tests.kiosk.test_sync_settings import PUBLIC, enrolled

if TYPE_CHECKING:
    from pathlib import Path

    from feedback.settings import KioskSettings

TODAY, YESTERDAY = "2026-11-24", "2026-11-23"
KEYS = {TODAY: b"t" * 32, YESTERDAY: b"y" * 32}
H_MS = 3_600_000
NUMBERS = (b"A-017", b"A017", "А-017".encode(), "А017".encode())


class Shelf:
    def key(self, day: str) -> bytes | None:
        return KEYS.get(day)


def moment(wall_ms: int = NOW_MS, *, trusted: bool = True) -> Moment:
    return Moment(1_000_000, wall_ms, trusted)


def settings(**more: Any) -> KioskSettings:
    return msgspec.structs.replace(settings_of(**more), desks=DESKS, tickets=rules(PLAIN))


@pytest.fixture
def desk() -> TicketDesk:
    return TicketDesk(Shelf(), verify=is_signed)


def token_of(reading: Scanned | Refusal | None) -> TicketToken | None:
    assert isinstance(reading, Scanned)
    return reading.token


def test_a_number_gives_the_token_of_its_day(desk: TicketDesk) -> None:
    reading = desk.read(" А-017\r", moment(), settings())
    assert isinstance(reading, Scanned)
    assert reading.ticket.form == "plain"
    assert reading.token == TicketToken(TODAY, ticket_token(KEYS[TODAY], "center", TODAY, "A017"))
    assert token_of(desk.read("A-017", moment(NOW_MS - 12 * H_MS - 1), settings())) == TicketToken(
        YESTERDAY, ticket_token(KEYS[YESTERDAY], "center", YESTERDAY, "A017")
    ), "the day ends at the centre's midnight"


def test_without_a_day_or_its_key_there_is_no_token_and_still_a_ticket(desk: TicketDesk) -> None:
    assert token_of(desk.read("A-017", moment(trusted=False), settings())) is None
    assert token_of(desk.read("A-017", moment(NOW_MS - 72 * H_MS), settings())) is None
    assert token_of(TicketDesk(None, verify=is_signed).read("A-017", moment(), settings())) is None
    by_code = desk.read(signed(issued=NOW_MS // 1000), moment(0, trusted=False), settings())
    assert token_of(by_code) == TicketToken(TODAY, ticket_token(KEYS[TODAY], "center", TODAY, "A045"), NOW_MS)


def test_a_card_has_no_token_and_the_kiosks_own_desk_is_known(desk: TicketDesk) -> None:
    card = desk.read(card_code("sample", "center-1"), moment(), settings())
    assert card == Scanned(Ticket(form="card", desk="center-1", is_card=True))
    bound = msgspec.structs.replace(settings(desk="own-1"), desks=())
    assert desk.read(card_code("sample", "own-1"), moment(), bound) == Scanned(Ticket(form="card", desk="own-1", is_card=True))
    assert desk.read(card_code("sample", "center-1"), moment(), bound) is Refusal.FOREIGN


def test_refusals_pass_and_a_kiosk_without_rules_reads_nothing(desk: TicketDesk) -> None:
    assert desk.read("what is this", moment(), settings()) is Refusal.UNKNOWN
    assert desk.read(signed(day="2026-11-22"), moment(), settings()) is Refusal.TOO_OLD
    assert desk.read(signed(centre="other"), moment(), settings()) is Refusal.FOREIGN
    assert desk.read(signed()[:-1] + "A", moment(), settings()) is Refusal.FORGED
    assert desk.read("A-017", moment(), settings_of(desks=2)) is None


def test_what_was_spent_is_known_until_its_day_is_forgotten(desk: TicketDesk) -> None:
    token = token_of(desk.read("A-017", moment(), settings()))
    other = token_of(desk.read("A-018", moment(), settings()))
    assert token is not None
    assert other is not None
    desk.spend(token)
    desk.remember([(other.day, other.token)])
    for code in ("A-017", "A-018"):
        assert msgspec.structs.asdict(desk.read(code, moment(), settings()))["is_spent"]  # type: ignore[arg-type]
    assert token_of(desk.read("A-019", moment(), settings())) not in (token, other)
    desk.forget(lambda day: day == YESTERDAY)
    assert desk.read("A-017", moment(), settings()) == Scanned(Ticket(form="plain", number="A-017"), token, is_spent=True)
    desk.forget(lambda day: day == TODAY)
    assert desk.read("A-017", moment(), settings()) == Scanned(Ticket(form="plain", number="A-017"), token)


class Kiosk:
    """Ui's part of tickets, with a real store and real keys, and no window."""

    def __init__(self, data_dir: Path, clock: FakeClock) -> None:
        self.data_dir, self.clock = data_dir, clock
        self.server = PrivateKey.generate()
        self.opened = self.posted = 0
        self.tickets = TicketDesk(DayKeys(data_dir, KIOSK, PUBLIC), verify=is_signed)
        ids = counted_ids(secrets.randbelow(1 << 40))
        self.recorder = Recorder(lambda: open_store(data_dir, ids), self._post, lambda: None)
        self.recorder.__enter__()
        self.recorder.read_spent(self.tickets.remember)
        seal = Sealer(bytes(self.server.public_key).hex()).seal
        self.visits = Visits(
            settings(),
            language="uk",
            software="test",
            clock=clock,
            means=Means(ids, lambda: 7, seal=seal, spend=self.tickets.spend),
            record=self.recorder.record,
            show=lambda _screen: None,
        )
        self.recorder.listener = self.visits
        self.chores = Chores(enrolled(data_dir), self.recorder, self.tickets, clock=clock, lines=LastLines())
        self.visits.start()
        self.see()
        self.settled()

    def _post(self, call: Any) -> None:
        call()
        self.posted += 1

    def see(self) -> None:
        self.visits.shown(self.visits.screen)

    def settled(self) -> None:
        """Wait until the store thread has nothing more to do."""
        answered: list[bool] = []
        self.recorder.probe(answered.append)
        wait_until(lambda: answered)

    def vote(self, code: str) -> Scanned | Refusal | None:
        self.clock.pass_s(60)
        at = self.clock.moment()
        reading = self.tickets.read(code, at, self.visits.settings)
        assert reading is not None
        self.visits.scan(reading, at)
        self.see()
        self.visits.tap("good", self._touch, self.clock.moment())
        self.see()
        self.settled()
        for _ in range(4):
            self.clock.pass_s(60)
            self.visits.tick()
            self.see()
        self.settled()
        return reading

    @property
    def _touch(self) -> Any:
        from feedback.records import Input

        return Input.TOUCH

    def stop(self) -> None:
        self.recorder.__exit__()


@pytest.fixture
def clock() -> FakeClock:
    clock = FakeClock()
    clock.wall_offset_ms = NOW_MS - clock.now_ms
    return clock


def test_one_ticket_gives_one_vote_also_over_a_restart_and_nothing_of_it_is_left_after_72_hours(data_dir: Path, clock: FakeClock) -> None:
    keys = DayKeyReceiver(enrolled(data_dir), clock=clock, zone=lambda: "Europe/Kyiv")
    keys.receive(listed(key_of(TODAY), key_of("2026-11-25")))
    day_key = bytes.fromhex(key_of(TODAY).key)
    kiosk = Kiosk(data_dir, clock)
    first = kiosk.vote("A-017")
    assert isinstance(first, Scanned)
    assert first.token is not None
    again = kiosk.vote("А017")
    kiosk.stop()
    kiosk = Kiosk(data_dir, clock)
    after_restart = kiosk.vote("А-017")
    assert [reading.is_spent for reading in (again, after_restart) if isinstance(reading, Scanned)] == [True, True]
    other = kiosk.vote("B-001")
    records = [scan for scan in _records(data_dir) if isinstance(scan, TicketScan)]
    assert (len(records), len([vote for vote in _records(data_dir) if isinstance(vote, Vote)])) == (2, 4), "everybody could vote"
    token = first.token.token.encode()
    assert token in in_files(data_dir)
    assert not any(number in in_files(data_dir) for number in NUMBERS), "the number is nowhere"

    clock.wall_offset_ms += 24 * H_MS * 4  # the 24th ended, and 72 hours
    clock.trusted = False
    _let_forget(kiosk)
    assert token in in_files(data_dir), "by a clock that nobody has set nothing is erased"
    clock.trusted = True
    _let_forget(kiosk)
    keys.receive(listed(key_of(TODAY), key_of("2026-11-28")))
    everything = in_files(data_dir)
    for secret in (token, bytes.fromhex(first.token.token), day_key, day_key.hex().encode(), *NUMBERS):
        assert secret not in everything
    assert isinstance(other, Scanned)
    assert other.token is not None
    assert other.token.token.encode() not in everything
    assert [scan for scan in _records(data_dir) if isinstance(scan, TicketScan)] == records, "the records stay"
    kiosk.stop()


def _let_forget(kiosk: Kiosk) -> None:
    kiosk.clock.pass_s(FORGET_S)
    kiosk.chores.forget(kiosk.visits.settings)
    kiosk.settled()


def _records(data_dir: Path) -> list[Any]:
    from feedback.records import decode_body
    from tests.kiosk.test_store import logged

    return [decode_body(body) for _, _, body, _ in logged(data_dir / FILE)]


def test_the_server_can_open_what_travels_beside_a_scan(data_dir: Path, clock: FakeClock) -> None:
    DayKeyReceiver(enrolled(data_dir), clock=clock, zone=lambda: "Europe/Kyiv").receive(listed(key_of(TODAY)))
    kiosk = Kiosk(data_dir, clock)
    reading = kiosk.vote("A-017")
    kiosk.stop()
    with Store(data_dir / FILE, counted_ids()) as store:
        ((box,),) = store._db.execute("SELECT box FROM sealed").fetchall()
    opened = msgspec.json.decode(SealedBox(kiosk.server).decrypt(box), type=TicketToken)
    key = bytes.fromhex(key_of(TODAY).key)
    assert opened == token_of(reading) == TicketToken(TODAY, ticket_token(key, "center", TODAY, "A017"))
