"""Names that were, what is retired, and who is at which desk when."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from feedback.hours import Day
from server.db import schema
from server.db.engine import reading, writing
from server.errors import RegistryError
from server.ratings.periods import Period
from server.ratings.queries import Scope, desk_table, list_sites
from server.registry.export import read_registry
from server.registry.file import parse_registry
from server.registry.load import Loaded, load_registry
from server.registry.names import Name, history, names_on
from server.registry.settings import build_settings, number_settings
from server.registry.terms import merge, opening
from tests.server.kit import CENTRE, DAY, KIOSK, MORNING, OTHER, rows

if TYPE_CHECKING:
    from sqlalchemy import Engine

DAY_MS = 86_400_000
TODAY = date.fromisoformat(DAY)
FULL = CENTRE.replace("number: 1}", "number: 1, name: Довідки}")


def load(engine: Engine, text: str, *, days: int = 0, remove: int | None = None) -> Loaded:
    with writing(engine) as connection:
        return load_registry(connection, parse_registry(text, source="centre.yaml"), now_ms=MORNING + days * DAY_MS, remove=remove)


def test_a_page_about_a_day_shows_the_names_of_that_day(engine: Engine) -> None:
    load(engine, FULL)
    load(engine, FULL.replace("Довідки", "Витяги").replace("Головний офіс", "Центр"), days=10)
    load(engine, FULL.replace("Довідки", "Архів").replace("Головний офіс", "Центр"), days=20)
    shown = []
    with reading(engine) as connection:
        for days in (9, 10, 19, 20):
            day = date.fromordinal(TODAY.toordinal() + days)
            table = desk_table(connection, Scope(Period(day, day)), MORNING + 30 * DAY_MS)
            desk = table.rows[0].desk
            assert desk is not None
            shown.append((desk.name, desk.site.name))
        assert [site.name for site in list_sites(connection)] == ["Центр", "Старостат"]
        assert [name.name for _, name in history(connection, "desk", "main-1")] == ["Витяги", "Довідки", ""]
    assert shown == [("Довідки", "Головний офіс"), ("Витяги", "Центр"), ("Витяги", "Центр"), ("Архів", "Центр")]


def test_a_name_that_was_wrong_for_some_minutes_leaves_no_trace_in_the_days_before(engine: Engine) -> None:
    for name in ("Довдки", "Довідки", "Видача довідок"):
        load(engine, FULL.replace("Довідки", name), days=1)
    load(engine, FULL.replace("number: 010", "number: 2"), days=1)
    with reading(engine) as connection:
        named = names_on(connection, "desk", TODAY)
    assert named == {"main-1": Name("", "1"), "hall-1": Name("", "1"), "main-2": Name("", "010")}


def test_what_a_file_leaves_out_is_retired_only_if_its_number_is_said(engine: Engine) -> None:
    shorter = CENTRE.replace("  - {key: main-2, site: main, number: 010}\n", "")
    with pytest.raises(RegistryError, match="leaves out 1 entries, and you say 2; they are: desks main-2"):
        load(engine, shorter, remove=2)
    assert load(engine, shorter).absent == (("desks", "main-2"),)
    loaded = load(engine, shorter, remove=1)
    assert (loaded.added, loaded.changed, loaded.removed) == (0, 0, 1)
    assert [row["retired"] for row in rows(engine, schema.desks)] == [None, DAY, None]
    with writing(engine) as connection:
        settings = build_settings(connection, KIOSK)
        assert settings is not None
        assert [desk.id for desk in settings.desks] == ["main-1"]
        assert number_settings(connection, now_ms=MORNING + 1000) == [KIOSK, OTHER]
    assert load(engine, CENTRE).changes == ()  # a file that says nothing about it does not bring it back
    assert load(engine, CENTRE.replace("number: 010", 'number: 010, retired: ""')).changed == 1
    assert [row["retired"] for row in rows(engine, schema.desks)] == [None, None, None]


def test_a_retired_desk_is_shown_for_the_days_when_it_was_in_use(engine: Engine) -> None:
    load(engine, CENTRE.replace("number: 010", f"number: 010, retired: {DAY}"))
    with reading(engine) as connection:
        for day, count in ((date.fromordinal(TODAY.toordinal() - 1), 3), (TODAY, 2)):
            assert len(desk_table(connection, Scope(Period(day, day)), MORNING).rows) == count


@pytest.mark.parametrize(
    ("wrong", "right", "message"),
    [
        ("number: 010", "number: 010, retired: 2035-01-01", "desks 'main-2': retired: this day has not come yet"),
        ("number: 010", "number: 010, retired: soon", "“soon” is no day"),
        ("services:", f"kiosks: [{{id: {KIOSK}, name: Вихід, desk: hall-1}}]\nservices:", "this desk is not in use at the kiosk's site"),
        ("services:", "kiosks: [{id: exit-none-1, name: Вихід}]\nservices:", "there is no such kiosk; invite it first"),
        ("services:", "clerks: [{key: a, name: A, desks: [{desk: main-1, first: 2026-02-30}]}]\nservices:", "“2026-02-30” is no day"),
        ("services:", "clerks: [{key: a, name: A, desks: [{desk: main-9, first: 2026-02-03}]}]\nservices:", "did you mean “main-2”"),
        (
            "services:",
            "clerks: [{key: a, name: A, desks: [{desk: main-1, first: 2026-02-03, last: 2026-02-01}]}]\nservices:",
            "the last day is before the first",
        ),
        (
            "services:",
            "clerks: [{key: a, name: A, desks: [{desk: main-1, first: 2026-01-01}, {desk: main-1, first: 2026-02-01}]}]\nservices:",
            "clerks 'a': desks 2: first: this clerk is at this desk in another period",
        ),
        ("services:", "days: {2026-05-01: shut}\nservices:", "days: 2026-05-01: 2026-05-01: “shut” is neither “closed” nor hours"),
    ],
)
def test_what_cannot_be_is_refused_with_its_place(engine: Engine, wrong: str, right: str, message: str) -> None:
    before = rows(engine, schema.desks)
    with pytest.raises((RegistryError, ValueError)) as caught:
        load(engine, CENTRE.replace(wrong, right))
    assert message in str(caught.value)
    assert rows(engine, schema.desks) == before


def test_periods_of_clerks_stay_where_a_file_says_nothing_of_them(engine: Engine) -> None:
    periods = "[{desk: main-1, first: 2025-01-01, last: 2025-05-31}, {desk: main-2, first: 2025-06-01}]"
    clerk = f"clerks:\n  - {{key: 017, name: Олена, desks: {periods}}}\n"
    load(engine, CENTRE + clerk)
    load(engine, CENTRE + "clerks:\n  - {key: 017, name: Олена Коваль}\n")
    with reading(engine) as connection:
        (found,) = read_registry(connection).clerks
    assert found.desks is not None
    assert [(one.desk, one.first, one.last) for one in found.desks] == [
        ("main-1", "2025-01-01", "2025-05-31"),
        ("main-2", "2025-06-01", None),
    ]
    load(engine, CENTRE + "clerks:\n  - {key: 017, name: Олена Коваль, desks: []}\n")
    assert rows(engine, schema.clerk_desks) == []


def test_a_kiosk_gets_another_name_and_desk_and_its_settings_move_once(engine: Engine) -> None:
    load(engine, f"{CENTRE}kiosks:\n  - {{id: {KIOSK}, name: Вихід до парку, desk: main-2}}\n")
    with writing(engine) as connection:
        assert number_settings(connection, now_ms=MORNING + 1000) == [KIOSK]
        assert number_settings(connection, now_ms=MORNING + 2000) == []
        assert names_on(connection, "kiosk", date.fromordinal(TODAY.toordinal() - 1)) == {KIOSK: Name(KIOSK)}
    with pytest.raises(RegistryError, match=f"kiosk {KIOSK} belongs to this desk"):
        load(engine, CENTRE.replace("number: 010", f"number: 010, retired: {DAY}"))


def test_single_days_are_closed_shortened_or_moved() -> None:
    text = CENTRE.replace("name: Старостат}", 'name: Старостат, days: {2026-05-04: "09:00-12:00"}}')
    registry = parse_registry(
        text + 'hours: {mon-fri: "09:00-18:00"}\ndays: {2026-05-01: closed, 2026-05-04: closed, 2026-05-09: fri}\n', source="x"
    )
    hall = merge(registry, registry.sites[1])
    days = [date(2026, 5, day) for day in (1, 2, 4, 5, 9)]
    whole = Day(9 * 60, 18 * 60)
    assert [opening(registry, day) for day in days] == [None, None, None, whole, whole]
    assert opening(hall, date(2026, 5, 4)) == Day(9 * 60, 12 * 60)
