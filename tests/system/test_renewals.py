"""A new credential reaches a kiosk without a moment in which none that it holds would do, wherever power, network or a process ends."""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from nacl.public import PrivateKey
from nacl.signing import SigningKey
from sqlalchemy import select, update

from feedback import wire
from feedback.enrolment import Renewal, proof_of
from feedback.wire import WireError
from kiosk import folder, identity
from kiosk.identity import Identity, Known
from kiosk.sync.renewals import KEPT, Credentials
from server.db import schema
from server.db.engine import open_engine, reading, writing
from server.errors import RegistryError
from server.fleet.renewals import Renewals, credential_of, settle, unpublished
from server.ingest.core import Ingest
from tests.server.kit import CENTRE, KIOSK, OTHER, load_centre

if TYPE_CHECKING:
    from sqlalchemy import Connection

NOW = 1_790_000_000_000
SERVER = SigningKey(bytes(range(32)))
SESSION = UUID(int=9)


class PowerCutError(Exception):
    """The kiosk goes dark here."""


class Cut:
    """Cuts the power at one of the durable writes."""

    def __init__(self) -> None:
        self.after: int | None = None
        self._write = folder.write_durably

    def write_durably(self, path: Path, content: bytes, **more: Any) -> None:
        if self.after == 0:
            raise PowerCutError
        if self.after is not None:
            self.after -= 1
        self._write(path, content, **more)


def template(path: Path) -> None:
    from server.db.migrate import migrate

    engine = open_engine(f"sqlite:///{path}")
    migrate(engine)
    with writing(engine) as connection:
        load_centre(connection, CENTRE)
    engine.dispose()


class Renewing(RuleBasedStateMachine):
    """The server's database, the broker with the hashes that it last read, and the kiosk's folder; each may stop at any time."""

    template: Path

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(dir=self.template.parent))
        shutil.copy(self.template, self.folder / "server.db")
        self.engine = open_engine(f"sqlite:///{self.folder / 'server.db'}")
        self.data_dir = self.folder / "kiosk"
        self.data_dir.mkdir()
        private = PrivateKey.generate()
        public = bytes(private.public_key).hex()
        self.renewals = Renewals(lambda data: SERVER.sign(data).signature, lambda text: f"hash of {text}")
        with writing(self.engine) as connection:
            values = {"password": "hash of first", "public_key": public, "identity": NOW}
            connection.execute(update(schema.kiosks).where(schema.kiosks.c.id == KIOSK).values(**values))
        known = Known(KIOSK, "h", 1, bytes(SERVER.verify_key).hex(), "", "")
        identity.write(self.data_dir, Identity(known, bytes(private).hex(), ("first",), NOW))
        self.now = NOW
        self.cut = Cut()
        self.told: list[bytes] = []
        self.backup: Path | None = None
        self.broker = self.hash_in_database()
        self.start_kiosk()

    def teardown(self) -> None:
        self.engine.dispose()
        shutil.rmtree(self.folder)

    def hash_in_database(self) -> str:
        with reading(self.engine) as connection:
            return str(connection.execute(select(schema.kiosks.c.password).where(schema.kiosks.c.id == KIOSK)).scalar_one())

    @rule()
    def start_kiosk(self) -> None:
        """A kiosk that was killed knows what lies on its card."""
        found = identity.read(self.data_dir)
        assert found is not None, "never without an identity"
        self.credentials = Credentials(self.data_dir, found, "")

    @rule(seconds=st.integers(0, 2))
    def renew(self, seconds: int) -> None:
        self.now += seconds * 1000
        with writing(self.engine) as connection:
            self.renewals.renew(connection, KIOSK, self.now)

    @rule()
    def publish(self) -> None:
        self.told += [current.payload for current in unpublished(self.engine, {}) if current.kiosk == KIOSK and current.payload]

    @precondition(lambda self: self.told)
    @rule(data=st.data(), cut=st.sampled_from([None, None, 0, 1]))
    def receive(self, data: st.DataObject, cut: int | None) -> None:
        """What is retained may come late and again; the power may go before the card has it, or right after."""
        self.cut.after = cut
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(identity, "write_durably", self.cut.write_durably)
            try:
                self.credentials.receive(data.draw(st.sampled_from(self.told)))
            except PowerCutError:
                self.start_kiosk()
        self.cut.after = None

    @rule()
    def report(self) -> None:
        """The kiosk's state reaches the server: the number of what lies on its card, and the proof."""
        if self.connects():
            self.says(self.credentials.number, self.credentials.proof)

    @precondition(lambda self: self.told)
    @rule(data=st.data())
    def steal(self, data: st.DataObject) -> None:
        """Who has the credential in force but not the kiosk's key says whatever can be made of what stands on the topic."""
        signed = wire.decode(data.draw(st.sampled_from(self.told)), wire.Signed)
        renewal = msgspec.json.decode(signed.document, type=Renewal)
        guesses = ["", signed.signature, renewal.box.hex(), hashlib.sha256(renewal.box).hexdigest(), self.credentials.proof]
        proof = data.draw(st.sampled_from([*guesses, proof_of("00" * 32, KIOSK, renewal.number)]))
        if renewal.number > self.credentials.number:
            assert not self.says(renewal.number, proof)

    def says(self, number: int, proof: str) -> bool:
        """A state with this number and proof comes to the server; whether the server takes the new credential by it."""
        with reading(self.engine) as connection:
            before = credential_of(connection, KIOSK)
        ingest = Ingest(self.engine, settings=lambda *_: None)
        state = wire.State(online=True, session=SESSION, identity=number, proof=proof)
        ingest.handle(wire.state_topic(KIOSK), wire.encode(state), self.now)
        with reading(self.engine) as connection:
            return credential_of(connection, KIOSK) != before

    @rule()
    def reload_broker(self) -> None:
        self.broker = self.hash_in_database()

    @rule()
    def back_up(self) -> None:
        self.backup = self.folder / "backup.db"
        self.backup.unlink(missing_ok=True)
        with closing(sqlite3.connect(self.folder / "server.db")) as db:
            db.execute("VACUUM INTO ?", (str(self.backup),))

    @precondition(lambda self: self.backup is not None)
    @rule()
    def restore(self) -> None:
        """The server is an older copy of itself; as many renewals back as a kiosk remembers."""
        held = identity.read(self.data_dir)
        assert held is not None
        assert self.backup is not None
        old = open_engine(f"sqlite:///{self.backup}")
        with reading(old) as connection:
            known = str(connection.execute(select(schema.kiosks.c.password).where(schema.kiosks.c.id == KIOSK)).scalar_one())
        old.dispose()
        if known not in {f"hash of {credential}" for credential in held.credentials}:
            assert len(held.credentials) == KEPT, "only what is so long ago is forgotten"
            return
        self.engine.dispose()
        for name in ("server.db-wal", "server.db-shm"):
            (self.folder / name).unlink(missing_ok=True)
        shutil.copy(self.backup, self.folder / "server.db")
        self.engine = open_engine(f"sqlite:///{self.folder / 'server.db'}")
        self.broker = self.hash_in_database()

    def connects(self) -> bool:
        """Sign in as the transport does: by one after another, until all were tried."""
        while f"hash of {self.credentials.current}" != self.broker:
            if not self.credentials.refused():
                return f"hash of {self.credentials.current}" == self.broker
        return True

    @invariant()
    def some_credential_on_the_card_always_works(self) -> None:
        held = identity.read(self.data_dir)
        assert held is not None
        works = {f"hash of {credential}" for credential in held.credentials}
        assert self.broker in works
        assert self.hash_in_database() in works, "also once the broker has read it"
        assert self.connects()


def test_at_every_step_some_credential_works(tmp_path_factory: pytest.TempPathFactory) -> None:
    Renewing.template = tmp_path_factory.mktemp("renewals") / "template.db"
    template(Renewing.template)
    machine = Renewing.TestCase
    machine.settings = settings(max_examples=15, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck))
    machine().runTest()


@pytest.fixture
def renewing(tmp_path: Path) -> Renewing:
    Renewing.template = tmp_path / "template.db"
    template(Renewing.template)
    return Renewing()


def test_in_the_end_only_the_new_one_is_taken(renewing: Renewing) -> None:
    renewing.renew(1)
    renewing.publish()
    renewing.credentials.receive(renewing.told[-1])
    assert renewing.broker == "hash of first", "until the kiosk has said that it has stored it"
    renewing.report()
    renewing.reload_broker()
    assert renewing.broker != "hash of first"
    renewing.some_credential_on_the_card_always_works()
    with reading(renewing.engine) as connection:
        standing = credential_of(connection, KIOSK)
    assert (standing.is_waiting, standing.number) == (False, renewing.credentials.number)
    (back,) = [current for current in unpublished(renewing.engine, {KIOSK: standing.number}) if current.kiosk == KIOSK]
    assert back.payload == b"", "taken back"
    renewing.teardown()


def test_a_second_renewal_waits_for_the_first(renewing: Renewing) -> None:
    with writing(renewing.engine) as connection:
        assert renewing.renewals.renew(connection, KIOSK, NOW)
        assert not renewing.renewals.renew(connection, KIOSK, NOW)
        with pytest.raises(RegistryError, match="--again"):
            renewing.renewals.renew(connection, OTHER, NOW)
        with pytest.raises(RegistryError, match="no kiosk"):
            renewing.renewals.renew(connection, "nobody-there", NOW)
        number = credential_number(connection)
        for stored, proof in ((0, ""), (NOW, ""), (-1, ""), (1 << 80, ""), (number, ""), (number, "0" * 64), (number, "Ї" * 1000)):
            assert not settle(connection, KIOSK, stored, proof)
    renewing.teardown()


def credential_number(connection: Connection) -> int:
    number = connection.execute(select(schema.kiosks.c.next_identity).where(schema.kiosks.c.id == KIOSK)).scalar_one()
    assert number is not None
    return int(number)


def test_who_stole_the_credential_cannot_finish_its_renewal_and_the_kiosk_can(renewing: Renewing) -> None:
    renewing.renew(1)
    renewing.publish()
    renewal = msgspec.json.decode(wire.decode(renewing.told[-1], wire.Signed).document, type=Renewal)
    assert not renewing.says(renewal.number, ""), "the number stands in clear where the thief reads it"
    assert not renewing.says(renewal.number, "0" * 64)
    renewing.some_credential_on_the_card_always_works()
    renewing.credentials.receive(renewing.told[-1])
    renewing.start_kiosk()
    assert renewing.says(renewing.credentials.number, renewing.credentials.proof), "also after a start between the two"
    renewing.some_credential_on_the_card_always_works()
    renewing.renew(2)
    renewing.publish()
    newer = msgspec.json.decode(wire.decode(renewing.told[-1], wire.Signed).document, type=Renewal)
    assert not renewing.says(newer.number, renewing.credentials.proof), "a proof that was heard is good for nothing else"
    renewing.teardown()


def test_nothing_that_the_server_keeps_or_publishes_holds_credential_or_proof(renewing: Renewing) -> None:
    renewing.renew(1)
    renewing.publish()
    renewing.credentials.receive(renewing.told[-1])
    with reading(renewing.engine) as connection:
        row = connection.execute(select(schema.kiosks).where(schema.kiosks.c.id == KIOSK)).one()
    kept = repr(tuple(row)).replace(f"hash of {renewing.credentials.current}", "")
    for secret in (renewing.credentials.current, renewing.credentials.proof, repr(bytes.fromhex(renewing.credentials.proof))[2:-1]):
        assert secret not in kept
    renewing.teardown()


def test_what_is_not_from_the_server_or_not_for_this_kiosk_changes_nothing(renewing: Renewing) -> None:
    renewing.renew(1)
    renewing.publish()
    (told,) = renewing.told
    before = identity.read(renewing.data_dir)
    stranger = Renewals(lambda data: SigningKey(b"x" * 32).sign(data).signature, str)
    own = PrivateKey.generate()
    with writing(renewing.engine) as connection:
        connection.execute(update(schema.kiosks).where(schema.kiosks.c.id == OTHER).values(public_key=bytes(own.public_key).hex()))
        renewing.renewals.renew(connection, OTHER, NOW)
        connection.execute(update(schema.kiosks).where(schema.kiosks.c.id == KIOSK).values(next_identity=None))
        stranger.renew(connection, KIOSK, NOW + 5000)
    others = [current.payload for current in unpublished(renewing.engine, {})]
    for payload in (*others, told.replace(b"exit", b"exIt", 1), b"{}", b"\xff"):
        with pytest.raises(WireError):
            renewing.credentials.receive(payload)
    assert identity.read(renewing.data_dir) == before
    renewing.teardown()


def test_a_credential_from_a_file_is_never_renewed(tmp_path: Path) -> None:
    written = Credentials(tmp_path, None, "written")
    assert (written.number, written.proof, written.current, written.refused(), written.receive(b"{}")) == (0, "", "written", False, False)
