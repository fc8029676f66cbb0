from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import update

from feedback.tickets import Delimited
from server.db import schema
from server.registry.terms import Terms, encode_terms
from server.registry.ticket_terms import TicketTerms
from tests.browser.conftest import sign_up, wait_until
from tests.server.web import fill

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser.conftest import Centre, Reader

pytestmark = pytest.mark.browser


def begin(page: Page, centre: Centre, login: str) -> None:
    form = Delimited(name="e-queue", separator=";", fields=("number", "day"))
    with centre.engine.begin() as connection:
        connection.execute(update(schema.server).values(terms=encode_terms(Terms(tickets=TicketTerms(forms=(form,))), lambda _: None)))
    sign_up(page, centre, login)
    page.goto(f"{centre.address}/boxes")
    page.click("form.words button")
    page.wait_for_url("**/boxes/*")


def sums(page: Page) -> list[int]:
    return [int(number) for number in page.locator(".sums dd").all_inner_texts()]


def code(number: int) -> str:
    return f"B{number:03};{fill.TODAY.isoformat()}"


def test_a_scanner_that_never_waits_loses_no_ticket(reader: Reader, centre: Centre) -> None:
    page = reader.page
    begin(page, centre, "counter1")
    for number in range(40):
        page.keyboard.type(f"{code(number)}\n")
    page.get_by_role("button", name="Незадоволені").click()
    for number in range(40, 60):
        page.keyboard.type(f"{code(number)}\n")
    page.keyboard.type("nonsense\n")
    wait_until(lambda: sums(page) == [40, 20, 0, 1])
    page.get_by_role("button", name="Скасувати останній талон").click()
    wait_until(lambda: sums(page) == [40, 19, 0, 1])
    assert page.locator("[aria-pressed=true]").inner_text().split() == ["Скринька:", "Незадоволені"]
    assert page.evaluate("document.activeElement.id") == "code"
    page.keyboard.type(f"{code(77)}\n")
    page.get_by_role("button", name="Завершити").click()
    page.get_by_role("heading", name="Скриньки пораховано").wait_for()
    assert sums(page) == [40, 20, 0, 1]


@pytest.mark.parametrize("reader", [False], indirect=True)
def test_boxes_are_counted_without_scripts(reader: Reader, centre: Centre) -> None:
    page = reader.page
    begin(page, centre, "counter2")
    for number in (701, 702, 702):
        page.locator("#code:focus").wait_for()
        page.keyboard.type(code(number))
        with page.expect_navigation():
            page.keyboard.press("Enter")
    assert page.locator(".said").inner_text().startswith("Цей талон уже пораховано")
    with page.expect_navigation():
        page.get_by_role("button", name="Скасувати останній талон").click()
    assert sums(page) == [1, 0, 1, 0]
    with page.expect_navigation():
        page.get_by_role("button", name="Завершити").click()
    assert page.locator("h1").inner_text() == "Скриньки пораховано"


def test_a_ticket_that_did_not_get_through_is_said(reader: Reader, centre: Centre) -> None:
    page = reader.page
    begin(page, centre, "counter3")
    page.route("**/scan", lambda route: route.abort())
    page.keyboard.type(f"{code(500)}\n")
    page.get_by_text("Останній талон не надійшов: скануйте його ще раз").wait_for()
    page.unroute("**/scan")
    page.keyboard.type(f"{code(500)}\n")
    wait_until(lambda: sums(page) == [1, 0, 0, 0])
    reader.complaints.clear()  # the browser says that a request failed, as it did
