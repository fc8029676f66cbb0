from __future__ import annotations

import time
from io import BytesIO
from typing import TYPE_CHECKING

import pytest
import zxingcpp
from axe_playwright_python.sync_playwright import Axe
from PIL import Image

from feedback.claims import invitation_in
from tests.browser.conftest import PASSWORD, sign_up, wait_until
from tests.server.web import fill

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser.conftest import Centre, Reader

pytestmark = pytest.mark.browser

PAGES = ("/", "/?period=today&site=podil", "/?period=own&from=2026-11-01&to=2026-11-22", "/?period=own&from=2020-01-01&to=2020-01-02")
MORE = (
    "/desks/c3",
    "/desks/p2?period=90",
    "/desks/p3",
    "/briefing",
    "/reasons",
    "/my-desk",
    "/my-desk?desk=c1",
    "/public",
    "/wall",
    "/reasons?desk=c3&language=uk",
    "/kiosks",
    "/kiosks/desk-two-a",
    "/kiosks/podil-hall",
    "/kiosks/desk-two-a/quarantine",
    "/kiosks/podil-hall/quarantine",
    "/quarantine",
    "/calls",
    "/announcements",
    "/done",
    "/pilot",
    "/boxes",
    "/v",
    "/queue",
)
PHONE, DESKTOP, WIDE = 390, 1280, 1920


def total_of(page: Page, desk: str) -> int:
    text = page.locator("tr", has=page.locator(f"a[href^='/desks/{desk}?']")).locator(".total span").inner_text()
    return int("".join(letter for letter in text if letter.isdigit()))


def test_a_leader_comes_in_by_invitation_and_filters(reader: Reader, centre: Centre) -> None:
    page = reader.page
    sign_up(page, centre, "leader1")
    assert page.locator("h1").inner_text() == "Як обслуговують відвідувачів"
    assert page.locator("table.ratings tbody tr").count() == len(fill.DESKS) + 1
    page.select_option("[name=site]", "podil")
    page.get_by_text("90 днів").click()
    page.get_by_role("button", name="Показати").click()
    page.wait_for_url("**/?period=90&from=*&to=*&site=podil&*")
    assert page.locator("table.ratings tbody tr").count() == 3
    page.locator("table.ratings").get_by_text("Усі послуги").click()
    assert page.locator("h1").inner_text() == "Стіл 1. Усі послуги"
    page.get_by_role("button", name="Вийти").click()
    page.fill("[name=login]", "Leader1")
    page.fill("[name=password]", PASSWORD)
    page.click("main button")
    page.wait_for_url(f"{centre.address}/")


@pytest.mark.parametrize("width", [PHONE, DESKTOP])
def test_an_invitation_is_scanned_from_the_page(reader: Reader, centre: Centre, width: int) -> None:
    page = reader.page
    sign_up(page, centre, f"technician{width}", "technician")
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{centre.address}/kiosk-invitations")
    page.fill("[name=name]", f"Вихід {width}")
    page.get_by_role("button", name="Створити запрошення").first.click()
    shown = page.locator("dd.code").inner_text()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    (read,) = zxingcpp.read_barcodes(Image.open(BytesIO(page.screenshot(full_page=True))))
    found = invitation_in(read.text)
    assert (found.claim.code.replace("-", ""), found.server) == ("".join(shown.replace("-", "").split()), centre.address)
    assert not Axe().run(page).response["violations"]
    assert reader.complaints == []


def test_a_total_changes_on_the_open_page(reader: Reader, centre: Centre, record_property: pytest.RecordProperty) -> None:
    page = reader.page
    sign_up(page, centre, "leader2")
    shown = page.locator("tr", has=page.locator("a[href^='/desks/c1?']")).locator(".score")
    before, score = total_of(page, "c1"), shown.inner_text()
    page.evaluate("window.still = true")
    with centre.engine.begin() as connection:
        fill.vote(connection, "c1", "terrible", released_ms=fill.NOW_MS + fill.WINDOW_MS, times=2)
    started = time.monotonic()
    wait_until(lambda: total_of(page, "c1") == before + 2)
    record_property("total_visible_s", round(time.monotonic() - started, 2))
    assert page.evaluate("window.still")
    assert shown.inner_text() == score
    page.reload()
    assert total_of(page, "c1") == before + 2
    assert shown.inner_text() == score


@pytest.mark.parametrize("reader", [False], indirect=True)
def test_everything_works_without_scripts(reader: Reader, centre: Centre) -> None:
    page = reader.page
    sign_up(page, centre, "leader3")
    page.locator("label", has_text="Свої дати").click()
    page.fill("[name=from]", "2026-11-20")
    page.fill("[name=to]", "2026-11-21")
    page.get_by_role("button", name="Показати").click()
    page.wait_for_url("**/?period=own&from=2026-11-20&to=2026-11-21&site=&*")
    assert "20–21 листопада 2026 р." in page.locator(".filter > summary").inner_text()
    page.get_by_text("Числа цього графіка").click()
    assert page.locator("details table tbody tr").count() == 2
    page.get_by_role("link", name="Термінали").click()
    assert "немає зв’язку" in page.locator("table.kiosks").inner_text()
    page.get_by_role("button", name="English").click()
    assert page.locator("h1").inner_text() == "Kiosks"
    page.get_by_role("button", name="Sign out").click()
    assert page.locator("h1").inner_text() == "Sign in"


@pytest.mark.parametrize("language", ["uk", "en"])
def test_nothing_bars_anybody(reader: Reader, centre: Centre, language: str) -> None:
    page, axe, found = reader.page, Axe(), []

    def look(path: str) -> None:
        """Both languages at a desk's width; a phone shows the same words in another order, so once is enough. No width scrolls sideways."""
        page.goto(path)
        for width in (PHONE, WIDE, DESKTOP):
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (path, width)
            if width == DESKTOP or (width == PHONE and language == "uk"):
                found.extend(
                    (path, width, violation["id"], violation["nodes"][0]["html"]) for violation in axe.run(page).response["violations"]
                )

    page.goto(f"{centre.address}/sign-in")
    if language == "en":
        page.get_by_role("button", name="English").click()
    look(f"{centre.address}/sign-in")
    look(centre.invite())
    sign_up(page, centre, f"leader-{language}")
    page.goto(f"{centre.address}/boxes")
    page.click("form.words button")
    page.wait_for_url("**/boxes/*")
    look(page.url)
    page.click("form.finish button")
    page.locator(".figures").wait_for()
    look(page.url)
    page.goto(centre.address + "/queue")
    page.set_input_files("[type=file]", {"name": "черга.csv", "mimeType": "text/csv", "buffer": fill.EXPORT.encode()})
    page.click("main button")
    page.wait_for_url("**/queue/files/*")
    for path in (*PAGES, *MORE, page.url.removeprefix(centre.address)):
        look(centre.address + path)
        assert page.locator("html").get_attribute("lang") == language
    assert found == []


def test_the_keyboard_is_enough(reader: Reader, centre: Centre) -> None:
    page = reader.page
    sign_up(page, centre, "leader4")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"  # what is shown; on a phone it unfolds the filter
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.name") == "period"
    assert page.evaluate("document.activeElement.checked")
