"""./run pictures: the README's picture of the dashboard, from the demo; the kiosk's come from ./run gallery --docs."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from playwright.sync_api import sync_playwright

from demo.__main__ import console, fill, open_server, sign_in_data
from demo.house import House

PICTURES: Final = Path(__file__).parents[1] / "docs" / "pictures"
CHROMIUM: Final = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--no-first-run")


def main() -> None:
    """Make the picture anew."""
    PICTURES.mkdir(exist_ok=True)
    with TemporaryDirectory(dir=".", prefix=".pictures-") as folder, ExitStack() as stack:
        house = stack.enter_context(House(Path(folder).resolve()))
        open_server(house)
        fill(house, stack)
        photograph_dashboard(house)
    console.print(f"The picture is in {PICTURES}")


def photograph_dashboard(house: House) -> None:
    """Take the desks as a leader finds them."""
    login, password = sign_in_data(house)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=list(CHROMIUM))
        page = browser.new_page(viewport={"width": 1280, "height": 1480}, bypass_csp=True)  # to look into the page from here
        page.goto(house.url)
        page.fill("[name=login]", login)
        page.fill("[name=password]", password)
        page.press("[name=password]", "Enter")
        page.wait_for_selector("table.ratings")
        page.wait_for_function("[...document.images].every(image => image.complete && image.naturalWidth)")
        page.screenshot(path=PICTURES / "dashboard.png")
        browser.close()


if __name__ == "__main__":
    main()
