"""What a registry file may say about kiosks, and what they are told of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from feedback.settings import Look, SlipWords, Theme, Timing
from feedback.tickets import Delimited, Refusal, Ticket, TicketRules, card_code, read
from server.db import schema
from server.db.engine import reading, writing
from server.errors import ConfigError
from server.registry.file import parse_registry
from server.registry.load import load_registry
from server.registry.pictures import MAX_BYTES, read_pictures
from server.registry.settings import build_settings, number_settings, remember_address
from server.registry.ticket_terms import slug_of
from tests.server.kit import CENTRE, KIOSK, MORNING, OTHER, rows

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Engine

    from feedback.settings import KioskSettings

PNG, JPEG = b"\x89PNG\r\n\x1a\n rest", b"\xff\xd8\xff rest"
TERMS = """
hours: {mon-fri: "09:00-18:00", sat: "9:00 – 14:00"}
shelter: {uk: "Укриття — у підвалі", en: The shelter is in the basement}
look: {theme: dark, accent: "#0B5FA5", logo: logo.png, large: true}
timing: {thanks_s: 6, repeat_s: 0}
call_person: false
tickets:
  forms: [{kind: delimited, name: e-queue, separator: ";", fields: [number, day, desk]}]
  services: {ID-17: passport}
slip: {hot_line: 0 800 500 500, note: {uk: Дякуємо, en: Thanks}}
"""
FULL = CENTRE.replace(
    "{key: main, name: Головний офіс}", "{key: main, name: Головний офіс, plan: plan.jpg, look: {theme: light, low: true}}"
).replace("site: main, number: 1}", "site: main, number: 1, photo: one.png, place: [0.25, 1]}")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, content in (("logo.png", PNG), ("plan.jpg", JPEG), ("one.png", PNG + b"1")):
        (tmp_path / name).write_bytes(content)
    return tmp_path


def load(engine: Engine, text: str, folder: Path) -> None:
    registry = parse_registry(text, source="centre.yaml")
    with writing(engine) as connection:
        remember_address(connection, "https://pages.example", is_set=True)
        load_registry(connection, registry, read_pictures(registry.pictures("centre.yaml"), folder), now_ms=MORNING)


def settings(engine: Engine, kiosk: str = KIOSK) -> KioskSettings:
    with reading(engine) as connection:
        found = build_settings(connection, kiosk)
    assert found is not None
    return found


def test_a_kiosk_is_told_what_holds_at_its_site(engine: Engine, folder: Path) -> None:
    load(engine, FULL + TERMS, folder)
    told = settings(engine)
    assert told.hours is not None
    assert [(day.opens_min, day.closes_min) if day else None for day in told.hours.week] == [(540, 1080)] * 5 + [(540, 840), None]
    assert told.hours.zone == "Europe/Kyiv"
    assert told.timing == Timing(thanks_s=6, repeat_s=0)
    assert (told.shelter["en"], told.call_person) == ("The shelter is in the basement", False)
    stored = {row["sha256"]: row["content"] for row in rows(engine, schema.assets)}
    assert told.look == Look(theme=Theme.LIGHT, accent="#0B5FA5", logo=told.look.logo, large=True, low=True)
    assert (stored[told.look.logo], stored[told.plan]) == (PNG, JPEG)
    assert stored[told.desks[0].photo] == PNG + b"1"
    assert told.desks[0].place == (0.25, 1.0)
    assert told.assets_url == "https://pages.example/kiosk-assets"


def test_without_terms_a_kiosk_is_told_nothing_of_them(engine: Engine) -> None:
    told = settings(engine)
    assert (told.hours, told.look, told.timing, told.shelter, told.call_person, told.assets_url) == (None, Look(), Timing(), {}, True, None)
    assert told.tickets == TicketRules(scope="main", centre="tsnap-zrazkove", time_zone="Europe/Kyiv")
    assert told.slip == SlipWords()


def test_a_kiosk_is_told_how_tickets_are_read_and_what_slips_say(engine: Engine, folder: Path) -> None:
    site = "tickets: {desks: {W1: main-1}, max_age_h: 48}, slip: {hot_line: '102'}, look: {theme: light,"
    load(engine, FULL.replace("look: {theme: light,", site) + TERMS, folder)
    told = settings(engine)
    form = Delimited(name="e-queue", separator=";", fields=("number", "day", "desk"))
    assert told.tickets == TicketRules(
        scope="main",
        centre="tsnap-zrazkove",
        time_zone="Europe/Kyiv",
        forms=(form,),
        desks={"W1": "main-1"},
        services={"ID-17": "passport"},
        max_age_h=48,
    )
    assert told.slip == SlipWords(hot_line="102", note={"uk": "Дякуємо", "en": "Thanks"}, check_url="https://pages.example/v")
    assert told.tickets is not None
    read_here = read("A045;2026-11-24;W1", told.tickets, told.desks, None, lambda *_: False)
    assert read_here == Ticket(form="e-queue", number="A045", day="2026-11-24", desk="main-1")


def test_desk_cards_stay_good_when_the_centre_is_given_a_new_name(engine: Engine, folder: Path) -> None:
    card = card_code("tsnap-zrazkove", "main-1")
    for text in (CENTRE.replace("ЦНАП Зразкове", "Дія.Центр Зразкове"), CENTRE.replace("ЦНАП Зразкове", "Ще інша назва")):
        load(engine, text, folder)
        told = settings(engine)
        assert told.tickets is not None
        assert isinstance(read(card, told.tickets, told.desks, None, lambda *_: False), Ticket)
    load(engine, CENTRE + "tickets: {centre: own-word}", folder)
    told = settings(engine)
    assert told.tickets is not None
    assert read(card, told.tickets, told.desks, None, lambda *_: False) is Refusal.FOREIGN


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("ЦНАП Зразкове", "tsnap-zrazkove"),
        ("Дія.Центр м. Щаслив’є — їжак Ґудзь", "diia-tsentr-m-shchaslyvie-izhak"),
        ("Centre № 5", "centre-no-5"),
        ("«»", "centre"),
        ("", "centre"),
    ],
)
def test_a_centre_is_named_in_latin_letters(name: str, slug: str) -> None:
    assert slug_of(name) == slug
    assert len(slug) <= 32


def test_a_site_may_differ_and_what_is_taken_out_is_gone(engine: Engine, folder: Path) -> None:
    load(engine, FULL + TERMS, folder)
    with writing(engine) as connection:
        number_settings(connection, now_ms=MORNING)
    load(
        engine,
        FULL.replace("plan: plan.jpg,", 'plan: plan.jpg, hours: {sun: "00:00-24:00"},') + TERMS.replace("call_person: false", ""),
        folder,
    )
    told = settings(engine)
    assert told.hours is not None
    assert [bool(day) for day in told.hours.week] == [False] * 6 + [True]
    assert told.call_person
    with writing(engine) as connection:
        assert number_settings(connection, now_ms=MORNING) == [KIOSK, OTHER]


def test_an_address_that_is_only_guessed_changes_none_that_is_known(engine: Engine) -> None:
    with writing(engine) as connection:
        for url, is_set in (("http://127.0.0.1:8080", False), ("https://a.example", True), ("http://127.0.0.1:8080", False)):
            remember_address(connection, url, is_set=is_set)
    assert rows(engine, schema.server)[0]["public_url"] == "https://a.example"


@pytest.mark.parametrize(
    ("wrong", "right", "message"),
    [
        (
            "mon-fri",
            "fri-mon",
            "centre.yaml, line 14: hours: fri-mon: “fri-mon” is no day of the week",
        ),
        (
            "mon-fri",
            "mno",
            "centre.yaml, line 14: hours: mno: “mno” is no day of the week",
        ),
        ("sat:", "fri:", "centre.yaml, line 14: hours: fri: fri stands there twice: each day opens once"),
        (
            "09:00-18:00",
            "18:00-09:00",
            "centre.yaml, line 14: hours: mon-fri: “18:00-09:00” is no opening time; write it as 09:00-18:00, and leave closed days out",
        ),
        (
            "09:00-18:00",
            "09:00-25:00",
            "centre.yaml, line 14: hours: mon-fri: “09:00-25:00” is no opening time; write it as 09:00-18:00, and leave closed days out",
        ),
        ("#0B5FA5", "blue", "centre.yaml, line 16: look: accent: “blue” is no colour; write one such as #0B5FA5"),
        ("theme: dark", "theme: drak", "centre.yaml, line 16: look: theme: something else is needed here: Invalid enum value 'drak'"),
        ("theme: dark", "thema: dark", "centre.yaml, line 16: look: thema: there is no such key; did you mean “theme”?"),
        ('uk: "Укриття — у підвалі", ', "", "centre.yaml, line 15: shelter: the Ukrainian text is missing: write it under uk"),
        ("thanks_s: 6", "thanks_s: -1", "centre.yaml, line 17: timing: thanks_s: write more than 0 and at most 3600 seconds"),
        (
            "call_person: false",
            "call_person: maybe",
            "centre.yaml, line 18: call_person: something else is needed here: Expected `bool | null`, got `str`",
        ),
        ("call_person: false", "plan: x.png", "centre.yaml, line 18: plan: a floor plan is a site's: write it there"),
        ("[0.25, 1]", "[0.25, 1.5]", "centre.yaml, line 8: desks 'main-1': place: this is outside the plan; write two numbers from 0 to 1"),
        ("plan: plan.jpg, ", "", "centre.yaml, line 8: desks 'main-1': place: site “main” has no plan: give it one first"),
        (
            "kind: delimited",
            "kind: delimitted",
            "centre.yaml, line 20: tickets: forms 1: kind: something else is needed here: Invalid value 'delimitted'",
        ),
        ("kind: delimited", "knd: delimited", "centre.yaml, line 20: tickets: forms 1: “kind” is missing"),
        ("[number, day, desk]", "[numbr]", "centre.yaml, line 19: tickets: form 'e-queue': 'numbr' is no field; did you mean 'number'?"),
        ("  services: {", "  servises: {", "centre.yaml, line 21: tickets: servises: there is no such key; did you mean “services”?"),
        (
            "ID-17: passport",
            "ID-17: pasport",
            "centre.yaml, line 19: tickets: services: 'ID-17' stands for 'pasport', which is no key of services; did you mean 'passport'?",
        ),
        (
            "  services:",
            "  centre: Зразкове\n  services:",
            "centre.yaml, line 19: tickets: centre 'Зразкове' must be small Latin letters",
        ),
        (
            "look: {theme: light,",
            "tickets: {max_age_h: 100}, look: {theme: light,",
            "centre.yaml, line 5: sites 'main': tickets: max_age_h 100 must be",
        ),
        (
            "look: {theme: light,",
            "tickets: {public_key: x}, look: {theme: light,",
            "centre.yaml, line 5: sites 'main': tickets: public_key must be 64",
        ),
        ("uk: Дякуємо, ", "", "centre.yaml, line 22: slip: note: the Ukrainian text is missing: write it under uk"),
        ("0 800 500 500", "0" * 41, "centre.yaml, line 22: slip: hot_line has 41 characters; 40 are the most"),
        ("call_person: false", "", ""),
    ],
)
def test_a_mistake_is_named_with_its_place(wrong: str, right: str, message: str) -> None:
    text = (FULL + TERMS).replace(wrong, right)
    if not message:
        assert parse_registry(text, source="centre.yaml").call_person is None
        return
    with pytest.raises(ConfigError) as caught:
        parse_registry(text, source="centre.yaml")
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "centre.yaml: desk 'main-1': photo: the picture one.png cannot be read: No such file"),
        (b"GIF89a", "centre.yaml: desk 'main-1': photo: the picture one.png is neither PNG nor JPEG"),
        (PNG + bytes(MAX_BYTES), "centre.yaml: desk 'main-1': photo: the picture one.png is larger than 1 MB"),
    ],
)
def test_a_bad_picture_is_named_with_its_place(folder: Path, content: bytes | None, message: str) -> None:
    (folder / "one.png").unlink()
    if content is not None:
        (folder / "one.png").write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        read_pictures(parse_registry(FULL, source="x").pictures("centre.yaml"), folder)
    assert str(caught.value).startswith(message)
