"""A kiosk on a desk whose visitors are simulated: its store and its delivery are the real ones, only nobody stands before it."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Final, Self
from uuid import UUID, uuid4

from feedback import settings as told
from feedback.records import AnyRecord, Call, Channel, Context, Input, Moment, Outcome, VisitEnd, Vote, new_id
from feedback.signed import sign
from feedback.wire import encode
from kiosk import accepted, facts, folder
from kiosk.clock import SystemClock
from kiosk.config import parse
from kiosk.facts import SETTINGS_FACT
from kiosk.store import FILE, Store
from kiosk.sync import delivery
from kiosk.sync.delivery import requested_fork
from server.config import parse_config as parse_server_config
from server.keys import load_keys

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from demo.history import Visit
    from demo.house import House

STAY_S: Final = 6


class DeskKiosk:
    """Writes visits into one kiosk's vote store, as its ui would."""

    def __init__(self, toml: Path, software: str) -> None:
        self._config = parse(toml.read_text(encoding="utf-8"), toml.name)
        self.data_dir = data_dir = self._config.data_dir
        assert self._config.server, "kiosk add prints a whole file"
        self._signing_key = self._config.server.signing_key
        self._software = software
        self._settings = 0
        self._asked = accepted.before_any(self._config.kiosk.id).questionnaire
        self._store = Store(data_dir / FILE, uuid4)
        self._wake = folder.wake_sender()
        self._clock = SystemClock()
        now = self._clock.moment()
        self._this_boot = datetime.fromtimestamp((now.wall_ms - now.boottime_ms) / 1000, UTC)
        self._day: date | None = None
        self._boot = datetime.now(UTC)
        self._context = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._wake.close()
        self._store.close()

    def use_settings(self) -> None:
        """Take the settings that delivery has accepted into use, as the ui would between visits."""
        settings = accepted.read_current(self.data_dir, self._config.kiosk.id, self._signing_key)
        if settings and settings.version != self._settings:
            self._settings = settings.version
            self._store.note(SETTINGS_FACT, str(settings.version))

    def obey(self) -> None:
        """Open the new epoch that delivery asks for, as the ui would."""
        fork = requested_fork(self.data_dir / delivery.FILE)
        if fork is not None:
            self._store.rechain(fork.epoch, fork.after_seq, fork.into)

    def add(self, visits: Iterable[Visit]) -> int:
        """Store visits in one go and wake delivery; say how many there were."""
        records: list[AnyRecord] = []
        count = 0
        for visit in visits:
            if self._is_switched_on(visit.at):
                records.append(self._switched_on(visit.at))
            records.extend(self._records(visit))
            count += 1
        self._store.append(records)
        folder.wake(self.data_dir, self._wake)
        return count

    def call(self, at: datetime) -> None:
        """Have a visitor ask for a person to come."""
        records: list[AnyRecord] = [self._switched_on(at)] if self._is_switched_on(at) else []
        self._store.append([*records, Call(_id(at), self._moment(at), _id(at), self._context, Input.TOUCH)])
        folder.wake(self.data_dir, self._wake)

    def _is_switched_on(self, at: datetime) -> bool:
        return at.date() != self._day or self._boot < self._this_boot <= at

    def _switched_on(self, at: datetime) -> Context:
        self._day = at.date()
        if at >= self._this_boot:  # delivery says which boot this is
            boot, self._boot = self._clock.boot_id, self._this_boot
        else:
            boot, self._boot = UUID(bytes=os.urandom(16), version=4), at - timedelta(minutes=20)
        self._context = int.from_bytes(os.urandom(6), "big")
        return Context(_id(at), self._moment(at), self._context, boot, self._software, self._asked.id, self._asked.version)

    def _records(self, visit: Visit) -> tuple[AnyRecord, AnyRecord]:
        number = _id(visit.at)
        end = visit.at + timedelta(seconds=STAY_S)
        vote = Vote(
            id=_id(visit.at),
            at=self._moment(visit.at),
            visit=number,
            context=self._context,
            question=self._asked.questions[0].id,
            answer=visit.answer,
            desk=visit.habit.desk,
            service=visit.service,
            channel=Channel.KIOSK,
            input=Input.TOUCH,
            language=visit.language,
            repeat=visit.repeat,
        )
        return vote, VisitEnd(_id(end), self._moment(end), number, self._context, Outcome.COMPLETED, 0)

    def _moment(self, at: datetime) -> Moment:
        return Moment(round((at - self._boot).total_seconds() * 1000), round(at.timestamp() * 1000), trusted=True)


def accept(house: House, settings: told.KioskSettings) -> None:
    """Put settings into a kiosk's folder, signed by its server, as its delivery would have accepted them."""
    config = parse_server_config(house.server_toml.read_text(encoding="utf-8"), source="server.toml")
    folder = house.kiosk_folder(settings.kiosk) / accepted.FOLDER
    folder.mkdir()
    name = f"settings-{settings.version}.json"
    (folder / name).write_bytes(encode(sign(settings, told.PURPOSE, load_keys(config.data_dir).sign)))
    (folder / accepted.CURRENT).symlink_to(name)


def undelivered(data_dir: Path) -> int:
    """Give how many records of a store the server has not acknowledged yet."""
    total = _number(data_dir / FILE, "SELECT count(*) FROM records")
    return total - _number(data_dir / "delivery.db", "SELECT coalesce(sum(seq), 0) FROM marks")


def settings_in_use(data_dir: Path) -> int:
    """Give the version of the settings that a kiosk's window says it uses: the server's are accepted a moment before that."""
    return _number(data_dir / FILE, f"SELECT value FROM facts WHERE name = '{facts.SETTINGS_FACT}' UNION ALL SELECT 0")


def _number(path: Path, query: str) -> int:
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=2)) as db:
            return int(db.execute(query).fetchone()[0])
    except sqlite3.OperationalError:  # delivery has not begun
        return 0


def _id(at: datetime) -> UUID:
    return new_id(round(at.timestamp() * 1000), os.urandom(10))
