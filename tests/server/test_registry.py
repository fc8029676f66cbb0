from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import msgspec
import pytest
from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey
from sqlalchemy import update

from feedback.settings import PURPOSE, KioskSettings
from feedback.signed import open_signed
from feedback.wire import KIOSK_ID, Signed, State, WireError, decode, encode, state_topic
from server.broker.files import hash_password
from server.db import schema
from server.db.engine import reading, writing
from server.errors import ConfigError, RegistryError
from server.registry.file import parse_registry
from server.registry.kiosks import Wish, add_kiosk, list_kiosks, remove_kiosk
from server.registry.load import Loaded, load_registry
from server.registry.settings import build_settings, number_settings, signed_settings
from tests.server.kit import CENTRE, KIOSK, MORNING, OTHER, make_ingest, rows

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from server.registry.kiosks import NewKiosk


FIRST = (MORNING - 1_577_836_800_000) // 1000
"""The version of settings that are made in the morning: seconds since 2020."""


def load(engine: Engine, text: str) -> Loaded:
    with writing(engine) as connection:
        return load_registry(connection, parse_registry(text, source="centre.yaml"), now_ms=MORNING)


def add(engine: Engine, name: str, site: str = "main", desk: str | None = None) -> NewKiosk:
    with writing(engine) as connection:
        return add_kiosk(connection, Wish(name=name, site=site, desk=desk), hash_password=hash_password, now_ms=MORNING)


def versions(engine: Engine) -> dict[object, object]:
    return {row["id"]: row["settings_version"] for row in rows(engine, schema.kiosks)}


def test_numbers_stay_as_they_are_written() -> None:
    assert [desk.number for desk in parse_registry(CENTRE, source="x").desks] == ["1", "010", "1"]


@pytest.mark.parametrize(
    ("wrong", "right", "message"),
    [
        ("centre:", "center:", "centre.yaml, line 3: center: there is no such key; did you mean “centre”?"),
        ("site: hall,", "side: hall,", "centre.yaml, line 10: desks 'hall-1': side: there is no such key; did you mean “site”?"),
        ("site: hall,", "site: hal,", "centre.yaml, line 10: desks 'hall-1': site: there is no site “hal”; did you mean “hall”?"),
        ("key: main-2", "key: main-1", "centre.yaml, line 8: desks 'main-1': key: this key stands there 2 times"),
        (
            "key: passport",
            "key: Паспорт",
            "centre.yaml, line 12: services 'Паспорт': key: a key has 1 to 32 of a-z, 0-9 and hyphen, and begins with a letter or digit",
        ),
        ("format: 1", "format: 2", "centre.yaml, line 2: format: something else is needed here"),
        ("number: 010", "number: ''", "centre.yaml, line 9: desks 'main-2': number: a number has 1 to 16 characters"),
        (
            "sites:",
            "sites: [",
            "centre.yaml, line 5: this cannot be read as YAML: this is no valid YAML (did not find expected node content)",
        ),
        ("centre: ЦНАП Зразкове", "", "centre.yaml, line 2: “centre” is missing"),
    ],
)
def test_a_mistake_in_the_file_is_named_with_its_place(wrong: str, right: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_registry(CENTRE.replace(wrong, right), source="centre.yaml")
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize("text", ["", "[]", "just words", "- 1"])
def test_a_file_of_another_shape_is_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        parse_registry(text, source="centre.yaml")


def test_clerks_are_known_by_what_the_queue_calls_them(engine: Engine) -> None:
    said = CENTRE + "clerks:\n  - {key: 017, name: Олена Коваль}\n  - {key: window-2, name: Ігор Мельник}\n"
    assert load(engine, said).added == 2
    assert [(row["key"], row["name"]) for row in rows(engine, schema.clerks)] == [("017", "Олена Коваль"), ("window-2", "Ігор Мельник")]
    assert load(engine, said.replace("Олена Коваль", "Олена Бондар")).changed == 1
    assert sorted(load(engine, CENTRE).absent) == [("clerks", "017"), ("clerks", "window-2")]
    with pytest.raises(ConfigError, match="clerks '017': key: this key stands there 2 times"):
        parse_registry(said.replace("window-2", "017"), source="centre.yaml")


def test_loading_again_changes_nothing(engine: Engine) -> None:
    before = [rows(engine, table) for table in (schema.sites, schema.desks, schema.services)]
    assert load(engine, CENTRE) == Loaded(changes=(), absent=())
    assert [rows(engine, table) for table in (schema.sites, schema.desks, schema.services)] == before


def test_names_may_change_and_what_is_left_out_stays(engine: Engine) -> None:
    text = CENTRE.replace("Старостат", "Старостинський округ").replace("  - {key: main-2, site: main, number: 010}\n", "")
    loaded = load(engine, text)
    assert (loaded.added, loaded.changed, loaded.absent) == (0, 1, (("desks", "main-2"),))
    assert [row["name"] for row in rows(engine, schema.sites)] == ["Головний офіс", "Старостинський округ"]
    assert len(rows(engine, schema.desks)) == 3


def test_a_desk_never_moves_to_another_site(engine: Engine) -> None:
    with pytest.raises(RegistryError, match="give the desk there a new key"):
        load(engine, CENTRE.replace("{key: hall-1, site: hall", "{key: hall-1, site: main"))


def test_a_kiosks_id_is_its_name_where_it_can_be(engine: Engine) -> None:
    assert add(engine, "entrance-1").id == "entrance-1"
    made = add(engine, "Вхід").id
    assert KIOSK_ID.fullmatch(made)
    assert made.startswith("kiosk-")


def test_a_credential_is_kept_only_as_its_hash(engine: Engine) -> None:
    kiosk = add(engine, "entrance-1")
    stored = next(row["password"] for row in rows(engine, schema.kiosks) if row["id"] == kiosk.id)
    assert str(stored).startswith("$7$101$")
    assert kiosk.credential.reveal() not in str(stored)
    assert len(kiosk.credential.reveal()) == 43


def test_what_does_not_exist_or_exists_already_is_named(engine: Engine) -> None:
    for attempt, message in [
        (lambda: add(engine, KIOSK), "is a kiosk 'exit-sample-1' already"),
        (lambda: add(engine, "entrance-1", "mian"), "no site 'mian'; did you mean 'main'"),
        (lambda: add(engine, "entrance-1", "main", "hall-1"), "no desk 'hall-1' at site 'main'"),
    ]:
        with pytest.raises(RegistryError, match=message):
            attempt()
    with writing(engine) as connection, pytest.raises(RegistryError, match="did you mean 'exit-sample-"):
        remove_kiosk(connection, "exit-sample-l", now_ms=MORNING)


def test_a_removed_kiosk_is_gone(engine: Engine) -> None:
    with writing(engine) as connection:
        remove_kiosk(connection, KIOSK, now_ms=MORNING)
        assert [kiosk.id for kiosk in list_kiosks(connection)] == [OTHER]


def test_settings_name_the_desks_of_the_kiosks_site_and_its_own(engine: Engine) -> None:
    add(engine, "desk-kiosk-1", "main", "main-2")
    with reading(engine) as connection:
        free, bound = build_settings(connection, KIOSK), build_settings(connection, "desk-kiosk-1")
        assert build_settings(connection, "stranger-1") is None
    assert free is not None
    assert bound is not None
    assert (free.centre, free.version, free.desk) == ("ЦНАП Зразкове", FIRST, None)
    assert [(desk.id, desk.number) for desk in free.desks] == [("main-1", "1"), ("main-2", "010")]
    assert bound.desk is not None
    assert bound.desk.id == "main-2"
    assert free.questionnaire.id == "default"


def test_a_version_rises_only_when_the_content_changes(engine: Engine) -> None:
    with writing(engine) as connection:
        assert number_settings(connection, now_ms=MORNING) == []
    load(engine, CENTRE.replace("number: 010", "number: 2"))
    with writing(engine) as connection:
        assert number_settings(connection, now_ms=MORNING) == [KIOSK, OTHER]
        assert number_settings(connection, now_ms=MORNING) == []
    assert versions(engine) == {KIOSK: FIRST + 1, OTHER: FIRST + 1}
    load(engine, CENTRE.replace("number: 010", "number: 3"))
    with writing(engine) as connection:
        assert number_settings(connection, now_ms=MORNING + 60_000) == [KIOSK, OTHER]
    assert versions(engine) == {KIOSK: FIRST + 60, OTHER: FIRST + 60}


def test_a_kiosk_that_is_added_again_is_told_more_than_it_knew(engine: Engine) -> None:
    with writing(engine) as connection:
        connection.execute(update(schema.kiosks).values(settings_version=FIRST + 7))
        remove_kiosk(connection, KIOSK, now_ms=MORNING)
        again = Wish(name=KIOSK, site="main", desk=None)
        add_kiosk(connection, again, hash_password=hash_password, now_ms=MORNING + 8_000)
    assert versions(engine)[KIOSK] == FIRST + 8


@pytest.mark.parametrize(
    ("applied", "refused", "version"),
    [
        (FIRST, "", FIRST),
        (FIRST - 5, "these are unusable", FIRST),
        (FIRST + 90, "settings are older", FIRST + 91),
        (FIRST + 2, "", FIRST + 60),
        (FIRST, "these are different", FIRST + 60),
        (2**31 - 1, "settings are older", FIRST),
        (2**31 - 1, "", FIRST),
    ],
)
def test_a_kiosk_that_has_newer_settings_than_the_database_is_told_them_anew(
    engine: Engine, applied: int, refused: str, version: int
) -> None:
    state = State(online=True, session=UUID(int=1), settings=applied, refused=refused)
    make_ingest(engine).handle(state_topic(KIOSK), encode(state), MORNING + 60_000)
    assert versions(engine) == {KIOSK: version, OTHER: FIRST}
    assert [row["refused"] for row in rows(engine, schema.kiosk_states)] == [refused]


def test_a_kiosk_accepts_settings_that_this_server_signed_for_it(engine: Engine) -> None:
    key = SigningKey.generate()

    def check(data: bytes, signature: bytes) -> bool:
        try:
            key.verify_key.verify(data, signature)
        except BadSignatureError:
            return False
        return True

    with reading(engine) as connection:
        payload = signed_settings(connection, KIOSK, signer=lambda data: key.sign(data).signature)
    assert payload is not None
    message = decode(payload, Signed)
    assert open_signed(message, KioskSettings, PURPOSE, kiosk=KIOSK, check=check).kiosk == KIOSK
    forged = msgspec.structs.replace(message, document=message.document.replace("main-1", "main-9"))
    with pytest.raises(WireError):
        open_signed(forged, KioskSettings, PURPOSE, kiosk=KIOSK, check=check)
