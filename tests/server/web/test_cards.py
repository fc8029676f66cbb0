"""Desk cards: a PDF whose every code decodes to the desk's, as an independent decoder reads the rendered pages."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pypdfium2
import pytest
import zxingcpp
from sqlalchemy import update

from feedback.settings import DeskOption
from feedback.tickets import Ticket, card_code, read
from server.db import schema
from server.registry.settings import desk_options, ticket_rules
from server.reports.cards import cards_pdf
from server.web.accounts import ROLES
from tests.server.web import fill
from tests.server.web.conftest import sign_up

if TYPE_CHECKING:
    from litestar import Litestar
    from litestar.testing import TestClient
    from sqlalchemy import Engine

    Client = TestClient[Litestar]

SLUG = "tsnap-zrazkove"


def codes(pdf: bytes) -> list[list[str]]:
    """Decode every code, page by page in the order of reading."""
    with pypdfium2.PdfDocument(pdf) as document:
        pages = [page.render(scale=150 / 72).to_pil() for page in document]
    found = [zxingcpp.read_barcodes(page) for page in pages]
    return [[code.text for code in sorted(on, key=lambda it: (it.position.top_left.y // 100, it.position.top_left.x))] for on in found]


def words(pdf: bytes) -> str:
    with pypdfium2.PdfDocument(pdf) as document:
        return re.sub(r"\s+", " ", " ".join(page.get_textpage().get_text_bounded() for page in document))


@pytest.mark.parametrize("role", ROLES)
def test_whoever_is_signed_in_prints_the_cards_of_a_site(visitor: Client, engine: Engine, role: str) -> None:
    answer = sign_up(visitor, engine, role).get("/desks/cards.pdf", params={"site": "center"})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    assert codes(answer.content) == [[card_code(SLUG, key) for key in ("c1", "c2", "c3", "c4", "c5")]]


def test_a_kiosk_of_the_site_reads_the_cards(leader: Client, engine: Engine) -> None:
    (page,) = codes(leader.get("/desks/cards.pdf", params={"site": "podil"}).content)
    with engine.connect() as connection:
        rules, desks = ticket_rules(connection, "podil"), desk_options(connection, "podil")
    tickets = [read(code, rules, desks, None, lambda *_: False) for code in page]
    assert tickets == [Ticket(form="card", desk=desk.id, is_card=True) for desk in desks]


@pytest.mark.parametrize("path", ["/boxes", "/kiosks"])
def test_the_cards_are_linked(leader: Client, path: str) -> None:
    assert [f'href="/desks/cards.pdf?site={site}"' in leader.get(path).text for site in ("center", "podil")] == [True, True]


def test_one_desk_is_printed_as_often_as_wanted(leader: Client) -> None:
    pages = codes(leader.get("/desks/cards.pdf", params={"site": "center", "desk": "c5", "copies": 17}).content)
    assert [len(page) for page in pages] == [8, 8, 1]
    assert {code for page in pages for code in page} == {card_code(SLUG, "c5")}


@pytest.mark.parametrize("asked", [{}, {"site": "x"}, {"site": "center", "desk": "p1"}])
def test_what_is_not_there_is_not_printed(leader: Client, asked: dict[str, str]) -> None:
    assert leader.get("/desks/cards.pdf", params=asked, headers={"accept": "text/html"}).status_code == 404


def test_a_site_without_desks_has_no_cards(leader: Client, engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(update(schema.desks).where(schema.desks.c.site_id == 2).values(site_id=1))
    assert leader.get("/desks/cards.pdf", params={"site": "podil"}, headers={"accept": "text/html"}).status_code == 404


def test_the_pdf_is_tagged_and_brings_its_ukrainian_font() -> None:
    names = ["Їжаки, ґанки та єдність", "", "Надання послуг " * 20]
    desks = [DeskOption(f"d{place}", number, name) for place, (number, name) in enumerate(zip(("7", "С-12", "1" * 16), names, strict=True))]
    pdf = cards_pdf("ЦНАП Зразкове", SLUG, desks, now_ms=fill.NOW_MS)
    assert b"/StructTreeRoot" in pdf
    assert b"/Lang(uk)" in pdf
    assert b"pdfuaid:part" in pdf
    assert set(re.findall(rb"/FontName/\w{6}\+([\w-]+)", pdf)) == {b"Inter-Bold", b"Inter-Regular"}
    assert b"/FontFile3" in pdf
    said = words(pdf)
    for text in ("Їжаки, ґанки та єдність", "С-12", "ЦНАП Зразкове", "Збережіть картку й піднесіть її до термінала на виході"):
        assert text in said
    assert codes(pdf) == [[card_code(SLUG, desk.id) for desk in desks]]
    assert cards_pdf("ЦНАП Зразкове", SLUG, desks, now_ms=fill.NOW_MS) == pdf
    assert cards_pdf("ЦНАП Зразкове", SLUG, desks, now_ms=fill.NOW_MS + 123) == pdf, "no clock stands at a whole second"
