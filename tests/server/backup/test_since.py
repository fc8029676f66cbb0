"""A restore lets nobody in who was shut out since the backup, as far as any list knows; and it says how far that is."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
import pytest
from sqlalchemy import delete, insert, update
from typer.testing import CliRunner

from server.__main__ import app
from server.app import now_ms, opened
from server.backup.admitted import Admitted, Names, ShutOut, admitted_at, names_of, shut_out
from server.backup.frames import About
from server.backup.kept_list import ANEW_MS, KeptList
from server.backup.restore import Restored
from server.backup.since import FILE, Listed, listed_in, read_list, write_list
from server.commands.restored_words import Done, tell_admitted
from server.config import parse_config
from server.db import schema
from server.db.engine import open_engine, reading, writing
from server.errors import BackupError, ErasureError
from server.fleet.renewals import settle_as_known
from server.queue.keys import add_key, list_keys
from server.registry.kiosks import list_kiosks, password_hashes, remove_kiosk
from tests.server.kit import CENTRE, KIOSK, MORNING, OTHER, load_centre
from tests.services import eventually

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result
    from sqlalchemy import Connection, Engine


@dataclass(frozen=True, slots=True)
class House:
    """A server in a folder, with a kiosk more than its centre has, the key of a queue and an account; its backup x stands in `medium`."""

    folder: Path

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def medium(self) -> Path:
        return self.folder / "medium"

    def run(self, *words: str, data: str = "data", language: str = "C.UTF-8") -> Result:
        variables = {"COLUMNS": "200", "LC_ALL": language}
        return CliRunner(env=variables).invoke(app, [*words, "--data", str(self.folder / data)])

    def back_up(self, name: str = "x") -> None:
        made = self.run("backup", str(self.medium / name), "--passphrase", str(self.folder / "phrase"))
        assert made.exit_code == 0, made.output

    def restore(self, *words: str, name: str = "x", language: str = "C.UTF-8") -> Result:
        phrase = ("--passphrase", str(self.folder / "phrase"))
        return self.run("restore", str(self.medium / name), *phrase, *words, data="back", language=language)

    def back(self) -> tuple[list[str], list[str], list[str]]:
        """Give the kiosks, keys and accounts that the restored server lets in."""
        engine = open_engine(f"sqlite:///{self.folder}/back/vidhuk.db")
        with reading(engine) as connection:
            kiosks, keys = [kiosk.id for kiosk in list_kiosks(connection)], [key.name for key in list_keys(connection)]
            logins = [str(login) for login in connection.execute(schema.users.select()).scalars(1)]
        engine.dispose()
        return kiosks, keys, logins


@pytest.fixture(scope="module")
def backed_up(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("house")
    (folder / "phrase").write_text("вишня кінь батарея скоба\n")
    (folder / "medium").mkdir()
    house = House(folder)
    with opened(parse_config("", source="server.toml", data_dir=house.data)) as server, writing(server.engine) as connection:
        load_centre(connection, CENTRE)
        person = {"login": "olena", "password": "x", "role": "leader", "created_ms": MORNING}
        connection.execute(insert(schema.users).values(person))
    for words in (("kiosk", "add", "stolen-1", "--site", "main"), ("queue", "key", "add", "hall", "--site", "main")):
        done = house.run(*words)
        assert done.exit_code == 0, done.output
    house.back_up()
    return folder


@pytest.fixture
def house(backed_up: Path, tmp_path: Path) -> House:
    shutil.copytree(backed_up, tmp_path, dirs_exist_ok=True)
    return House(tmp_path)


def test_who_was_removed_since_the_backup_is_not_let_in(house: House) -> None:
    engine = open_engine(f"sqlite:///{house.data}/vidhuk.db")
    with writing(engine) as connection:
        connection.execute(delete(schema.users))
    engine.dispose()
    house.run("kiosk", "remove", "stolen-1")
    house.run("queue", "key", "remove", "hall")
    done = house.restore("--erasures", str(house.data / FILE))
    assert done.exit_code == 0, done.output
    assert house.back() == ([KIOSK, OTHER], [], [])
    assert "does not have them: kiosks stolen-1; queue keys hall; accounts olena" in done.output
    assert f"let in by this restore: kiosks {KIOSK}, {OTHER}. " in done.output


def test_an_older_backup_takes_the_list_of_a_newer_one(house: House) -> None:
    house.run("kiosk", "remove", "stolen-1")
    house.run("kiosk", "add", "stolen-1", "--site", "main")
    house.run("queue", "key", "remove", "hall")
    house.back_up("y")
    done = house.restore()
    assert done.exit_code == 0, done.output
    assert house.back() == ([KIOSK, OTHER], [], ["olena"]), "another kiosk got the name since"
    assert "erased up to 20" in done.output


def test_of_last_nights_backup_alone_the_restore_is_asked_for_and_names_whom_it_lets_in(house: House) -> None:
    house.run("kiosk", "remove", "stolen-1")
    refused = house.restore(language="uk_UA.UTF-8").exception
    assert isinstance(refused, BackupError)
    assert "скажіть --older-list" in str(refused)
    assert "--erasures FILE" in str(refused)
    assert not (house.folder / "back").exists()
    done = house.restore("--older-list")
    assert done.exit_code == 0, done.output
    assert house.back() == ([KIOSK, OTHER, "stolen-1"], ["hall"], ["olena"])
    assert f"let in by this restore: kiosks {KIOSK}, {OTHER}, stolen-1; queue keys hall; accounts olena. Whoever" in done.output


def test_a_list_without_a_time_is_of_unknown_age(house: House) -> None:
    (house.medium / FILE).write_text("[]")
    done = house.restore("--older-list")
    assert done.exit_code == 0, done.output
    assert "erased up to an unknown time" in done.output
    assert "stolen-1" in house.back()[0]


def test_without_any_list_it_is_said_whom_the_restore_lets_in(house: House) -> None:
    done = house.restore("--without-erasures")
    assert done.exit_code == 0, done.output
    assert f"kiosks {KIOSK}, {OTHER}, stolen-1; queue keys hall; accounts olena" in done.output


def test_whoever_is_in_no_newer_list_is_removed(engine: Engine) -> None:
    with writing(engine) as connection:
        person = {"login": "olena", "password": "x", "role": "leader", "created_ms": MORNING}
        connection.execute(insert(schema.users).values(person))
        add_key(connection, "hall", "main", hash_password=str, now_ms=MORNING)
        everybody = Names([KIOSK, OTHER], ["hall"], ["olena"])
        assert names_of(connection) == everybody
        assert shut_out(connection, admitted_at(connection, MORNING)) == ShutOut()
        assert shut_out(connection, Admitted(MORNING, {}, {}, {})) == ShutOut(everybody)
        assert names_of(connection) == Names()


def renew(connection: Connection) -> None:
    """Have a new credential on its way to a kiosk."""
    values = {"next_identity": 7, "next_password": "the new one", "renewal": b"x"}
    connection.execute(update(schema.kiosks).where(schema.kiosks.c.id == KIOSK).values(values))


def listed_after(engine: Engine, *changes: Callable[[Connection], object]) -> Admitted:
    """Give who is let in after some changes, which do not stay."""
    with engine.connect() as connection:
        for change in changes:
            change(connection)
        return admitted_at(connection, MORNING)


def test_an_old_credential_opens_nothing_any_more(engine: Engine) -> None:
    admitted = listed_after(engine, renew, lambda connection: settle_as_known(connection, KIOSK, 7))
    with writing(engine) as connection:
        before = password_hashes(connection)
        assert shut_out(connection, admitted) == ShutOut(renewed=[KIOSK])
        after = password_hashes(connection)
        assert after[KIOSK] not in {before[KIOSK], "the new one"}
        assert after[OTHER] == before[OTHER]


def test_a_credential_that_was_on_its_way_is_the_one_in_force(engine: Engine) -> None:
    admitted = listed_after(engine, renew, lambda connection: settle_as_known(connection, KIOSK, 7))
    with writing(engine) as connection:
        renew(connection)
        assert shut_out(connection, admitted) == ShutOut()
        assert password_hashes(connection)[KIOSK] == "the new one"


def test_a_kiosk_that_has_to_be_invited_again_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    restored = Restored(About(MORNING, "", ""))
    restored.shut_out = ShutOut(renewed=[KIOSK])
    tell_admitted(Done(restored, MORNING, MORNING + 1, Names([KIOSK])))
    assert f"opens nothing: {KIOSK}; invite each again, `vidhuk-server kiosk invite --again ID`" in capsys.readouterr().err


def test_servers_whose_backups_share_a_folder_do_not_shut_each_others_kiosks_out(house: House) -> None:
    with opened(parse_config("", source="server.toml", data_dir=house.folder / "other")) as server:
        with writing(server.engine) as connection:
            load_centre(connection, CENTRE)
        with reading(server.engine) as connection:
            write_list(connection, house.medium, server.keys.signing_public, now_ms(), beside=listed_in(house.medium))
    assert len(listed_in(house.medium).servers) == 2
    assert "--older-list" in str(house.restore().exception), "the list is newer for the other server only"


def test_a_list_is_read_back_and_nothing_else_is_taken_for_one() -> None:
    with pytest.raises(ErasureError, match="is no list"):
        read_list('{"erasures": 1}', "x")
    listed = Listed([], {"k": Admitted(1, {}, {"hall": 2}, {3: 4})})
    assert read_list(msgspec.json.encode(listed).decode(), "x") == listed


def test_while_the_server_runs_the_list_follows_who_comes_and_goes(engine: Engine, tmp_path: Path) -> None:
    clock = [MORNING]
    part = KeptList(engine, tmp_path, "k", now_ms=lambda: clock[0], look_s=0.01)

    def listed() -> Admitted | None:
        return listed_in(tmp_path).servers.get("k")

    part.start()
    try:
        eventually(lambda: (now := listed()) is not None and KIOSK in now.kiosks)
        with writing(engine) as connection:
            remove_kiosk(connection, KIOSK, now_ms=MORNING)
        eventually(lambda: (now := listed()) is not None and KIOSK not in now.kiosks)
        clock[0] += ANEW_MS
        eventually(lambda: (now := listed()) is not None and now.as_of_ms == MORNING + ANEW_MS)
    finally:
        part.stop()
    assert not part.is_alive()
