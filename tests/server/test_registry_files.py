"""The registry as files: what is written out and loaded again changes nothing, and every mistake is named with its file and line."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.db import schema
from server.db.engine import reading, writing
from server.errors import ConfigError, RegistryError
from server.registry.bundle import export, pack, parse_files, read_files, to_yaml, unpack
from server.registry.export import read_registry
from server.registry.file import AtDesk, Clerk, Desk, RegistryFile, Service, Site, parse_registry
from server.registry.load import load_registry, preview
from server.registry.pictures import Picture, picture_of
from server.registry.settings import number_settings
from server.registry.tables import from_tables, to_tables
from server.reports.cells import as_meant, harmless
from server.web.language import language
from tests.server.kit import CENTRE, KIOSK, MORNING, rows

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Connection, Engine

PNG = b"\x89PNG\r\n\x1a\n"
WORDS = st.text(st.sampled_from("абвїґ ABC019=+-@;,\"':#{}[]|%\n\t’"), min_size=1, max_size=24).map(str.strip).filter(bool)
SPANS = st.sampled_from(["09:00-18:00", "08:30-12:00", "00:00-24:00"])
DAYS = st.dates().map(str)
TERMS = {
    "hours": st.none() | st.dictionaries(st.sampled_from(["mon-tue", "wed", "sat-sun"]), SPANS),
    "days": st.dictionaries(DAYS, st.sampled_from(["closed", "10:00-14:00", "fri"]), max_size=3),
    "shelter": st.just({}) | st.fixed_dictionaries({"uk": WORDS, "en": WORDS}),
    "call_person": st.none() | st.booleans(),
}


@st.composite
def registries(draw: st.DrawFn) -> RegistryFile:
    sites = tuple(
        Site(key=key, name=draw(WORDS), address=draw(WORDS | st.just("")), kind=draw(st.sampled_from(["office", "remote"])), **_terms(draw))
        for key in ("main", "hall", "far")
    )
    numbers = st.text("0123456789А", min_size=1, max_size=4)
    desks = tuple(
        Desk(f"{site}-{number}", site, draw(numbers), draw(WORDS | st.just("")), retired=draw(st.sampled_from(["", "2024-02-29"])))
        for site, number in (("main", 1), ("main", 2), ("hall", 1), ("far", 9))
    )
    periods = st.lists(st.builds(AtDesk, st.sampled_from([desk.key for desk in desks]), DAYS), max_size=3, unique_by=lambda one: one.desk)
    clerks = tuple(Clerk(key, draw(WORDS), tuple(draw(periods))) for key in ("017", "window-2"))
    services = tuple(Service(key, draw(WORDS)) for key in ("passport", "no"))
    return RegistryFile(format=1, centre=draw(WORDS), sites=sites, desks=desks, services=services, clerks=clerks, **_terms(draw))


def _terms(draw: st.DrawFn) -> dict[str, Any]:
    return {name: draw(strategy) for name, strategy in TERMS.items()}


@contextmanager
def undone(engine: Engine) -> Iterator[Connection]:
    with engine.connect() as connection:
        yield connection
        connection.rollback()


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(registry=registries())
def test_what_is_exported_and_loaded_again_changes_nothing(engine: Engine, registry: RegistryFile) -> None:
    with undone(engine) as connection:
        load_registry(connection, registry, now_ms=MORNING)
        number_settings(connection, now_ms=MORNING)
        before = read_registry(connection)
        for format_ in ("yaml", "csv"):
            again, pictures = parse_files(unpack("x.zip", pack(export(connection, format_))))
            loaded = load_registry(connection, again, pictures, now_ms=MORNING + 1000)
            assert (loaded.changes, loaded.absent) == ((), ())
            assert number_settings(connection, now_ms=MORNING + 1000) == []
            assert read_registry(connection) == before


@given(registry=registries())
@settings(max_examples=20, deadline=None)
def test_a_file_says_the_same_in_both_formats(registry: RegistryFile) -> None:
    tables, text = to_tables(registry), to_yaml(registry)
    assert to_tables(from_tables(tables)) == tables
    assert to_yaml(parse_registry(text, source="x")) == text
    assert to_yaml(from_tables(tables)) == text


@given(text=st.text(st.sampled_from("'=+-@\t\r\na "), max_size=6))
def test_no_cell_is_a_formula_and_every_text_comes_back(text: str) -> None:
    assert harmless(text)[:1] not in {"=", "+", "-", "@", "\t", "\r", "\n"}
    assert as_meant(harmless(text)) == text


def test_tables_are_read_as_a_ukrainian_spreadsheet_writes_them(engine: Engine) -> None:
    with reading(engine) as connection:
        files = export(connection, "csv")
    assert files["desks.csv"].startswith(b"\xef\xbb\xbfkey;site;number;name;")
    desks = files["desks.csv"].decode("utf-8-sig")
    named = desks.replace("main-2;main;010;;", 'main-2;main;010;"\'=Довідки; «А», ""Б""";')
    for text in (named.encode("utf-8-sig"), named.replace("\r\n", "\n").encode()):
        registry, _ = parse_files(files | {"desks.csv": text})
        assert registry.desks[1].name == '=Довідки; «А», "Б"'
    commas = desks.replace(";", ",").encode()
    assert parse_files(files | {"desks.csv": commas})[0].desks == from_tables(files).desks
    placed = "key;site;number;place_x;place_y\r\nmain-1;main;1;0,25;1\r\n".encode("utf-8-sig")
    planned = files["sites.csv"].decode("utf-8-sig").replace("main;Головний офіс;office;;", "main;Головний офіс;office;;plan.png")
    registry, _ = parse_files(files | {"desks.csv": placed, "sites.csv": planned.encode(), "plan.png": PNG})
    assert registry.desks[0].place == (0.25, 1.0)


@pytest.mark.parametrize(
    ("file", "wrong", "right", "message"),
    [
        ("desks.csv", "hall-1;hall", "hall-1;hal", "desks.csv, line 4: desks 'hall-1': site: there is no site “hal”; did you mean “hall”?"),
        ("desks.csv", "key;site", "key;side", "desks.csv, line 2: desks 'main-1': side: there is no such key; did you mean “site”?"),
        ("sites.csv", "office", "ofice", "sites.csv, line 2: sites 'main': kind: something else is needed here"),
        ("days.csv", "hours", "hours\r\nmain;2026-05-01;shut", "days.csv, line 2: sites 'main': days: 2026-05-01"),
        ("days.csv", "hours", "hours\r\nmian;2026-05-01;closed", "days.csv, line 2: there is no such site in sites.csv"),
        ("settings.csv", "value", "value\r\n;tickets.forms;[{", "settings.csv, line 2: this begins as JSON and is none"),
        ("clerk-desks.csv", "last", "last\r\n017;main-1;2026-01-01;", "clerk-desks.csv, line 2: there is no such clerk"),
        ("services.csv", "Паспорт", "Паспорт;;;", "services.csv, line 2: this row has more cells than the heading"),
    ],
)
def test_a_mistake_in_a_table_is_named_with_its_line(engine: Engine, file: str, wrong: str, right: str, message: str) -> None:
    with reading(engine) as connection:
        files = export(connection, "csv")
    text = files[file].decode("utf-8-sig").replace(wrong, right)
    with pytest.raises(ConfigError) as caught:
        parse_files(files | {file: text.encode()})
    assert message in str(caught.value)


def test_a_mistake_is_said_in_the_readers_language() -> None:
    with pytest.raises(ConfigError) as caught:
        parse_registry(CENTRE.replace("site: hall,", "site: hal,"), source="центр.yaml")
    said = caught.value.text(language("uk").words.gettext)  # type: ignore[attr-defined]
    assert said == "центр.yaml, рядок 10: desks 'hall-1': site: немає місця «hal»; можливо, «hall»?"


def test_pictures_travel_with_the_registry_and_are_needed_only_where_they_are_not(engine: Engine, tmp_path: Path) -> None:
    with writing(engine) as connection:
        text = CENTRE.replace("name: Головний офіс", "name: Головний офіс, plan: plan.png")
        plan = picture_of(PNG + b"plan", "", "plan.png")
        load_registry(connection, parse_registry(text, source="x"), {"plan.png": plan}, now_ms=MORNING)
        files = export(connection, "yaml")
        (name,) = (name for name in files if name.startswith("pictures/"))
        assert files[name] == PNG + b"plan"
        alone = {"registry.yaml": files["registry.yaml"]}
        assert load_registry(connection, *parse_files(alone), now_ms=MORNING).changes == ()
    for path, content in files.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_bytes(content)
    assert parse_files(read_files(tmp_path))[1] == {name: Picture(plan.sha256, "image/png", plan.content)}
    with pytest.raises(RegistryError, match="is not here: bring its file too"), writing(engine) as connection:
        load_registry(
            connection, parse_registry(files["registry.yaml"].decode().replace(plan.sha256, "0" * 64), source="x"), now_ms=MORNING
        )
    with pytest.raises(ConfigError, match=r"the picture plan\.png is not there"):
        parse_files({"a.yaml": text.encode()})


def test_a_preview_says_what_would_be_and_changes_nothing(engine: Engine) -> None:
    before = [rows(engine, table) for table in (schema.desks, schema.kiosks, schema.former_names)]
    with writing(engine) as connection:
        seen = preview(connection, parse_registry(CENTRE.replace("number: 010", "number: 7"), source="x"), now_ms=MORNING)
    assert [(one.what, one.key, one.fields) for one in seen.loaded.changes] == [("desks", "main-2", ("number",))]
    assert KIOSK in seen.kiosks
    assert [rows(engine, table) for table in (schema.desks, schema.kiosks, schema.former_names)] == before


@pytest.mark.parametrize("content", [b"PK\x03\x04 damaged", b"\xff\xfe", b""])
def test_a_file_that_is_no_registry_is_refused(content: bytes) -> None:
    with pytest.raises(ConfigError):
        parse_files(unpack("a.yaml", content))
