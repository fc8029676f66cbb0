"""docs/hardware.md names keys, pins, commands and pages that are there, and its heights follow from the screens that the kiosk draws."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import typer
from gpiozero.pins.mock import MockFactory

from kiosk.__main__ import app
from kiosk.config import Config, Display, Server, Sound, parse
from kiosk.config_devices import FACES, PRINTER_BAUDS, Buttons, PresencePin, Printer, Scanner, StatusLamp
from kiosk.ui.arrange import Page

DOCS = Path(__file__).parents[1] / "docs"
PAGE = (DOCS / "hardware.md").read_text(encoding="utf-8")
KIOSK = '[kiosk]\nid = "exit-sample-1"\ndata_dir = "/var/lib/vidhuk-kiosk"\n'
HEADER = MockFactory().board_info.headers["J8"].pins
TABLES = {
    "buttons": Buttons,
    "status_lamp": StatusLamp,
    "presence": PresencePin,
    "scanner": Scanner,
    "printer": Printer,
    "screen": Display,
    "sound": Sound,
    "server": Server,
}
LOW_MM, HIGH_MM = 800, 1100
SCREENS = {
    "7″": (800, 480, 7.0),
    "10.1″": (1280, 800, 10.1),
    "15.6″": (1920, 1080, 15.6),
    "21.5″": (1920, 1080, 21.5),
    "15.6″ upright": (1080, 1920, 15.6),
    "21.5″ upright": (1080, 1920, 21.5),
}


def screens() -> list[list[str]]:
    return [re.split(r"\s*\|\s*", line)[1:-1] for line in PAGE.splitlines() if re.match(r"\| [\d.]+″[^|]*\| \d+ mm", line)]


def number(cell: str) -> int:
    return int(cell.removesuffix(" mm").replace(",", ""))


def test_the_example_is_a_configuration() -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    config = parse(KIOSK + example, "hardware.md")
    assert (config.screen.rotation, config.screen.diagonal_inch) == (90, 21.5)
    assert config.scanner is not None
    assert config.printer is not None


def test_every_key_of_the_parts_is_one() -> None:
    named = re.findall(r"`\[(\w+)\] ?(\w*)`((?:, `\w+`)*)", PAGE)
    assert len(named) > 8
    for table, first, others in named:
        assert table in Config.__struct_fields__
        keys = {first, *re.findall(r"`(\w+)`", others)} - {""}
        assert keys <= set(TABLES[table].__struct_fields__), table


@pytest.mark.parametrize("line", re.findall(r"^    (vidhuk-kiosk .+)$", PAGE, re.MULTILINE))
def test_every_command_is_one(line: str) -> None:
    command, names = typer.main.get_command(app), shlex.split(line)[1:]
    while names and names[0] in getattr(command, "commands", {}):
        command = command.commands[names.pop(0)]  # type: ignore[attr-defined]
    command.make_context(line, names)


def test_pins_and_numbers_are_those_of_board_and_program() -> None:
    pins = re.findall(r"GPIO(\d+)\s\(header\spin\s(\d+)\)", PAGE)
    assert len(pins) == 2
    for gpio, header in pins:
        assert HEADER[int(header)].name == f"GPIO{gpio}"
    assert "face buttons, {} to {}".format(*FACES) in PAGE
    assert int(re.findall(r"serial at (\d+) baud", PAGE)[0]) in PRINTER_BAUDS


def test_heights_follow_from_the_screens() -> None:
    rows = {row[0]: row[1:] for row in screens()}
    assert rows.keys() == SCREENS.keys()
    for name, (width, height, diagonal) in SCREENS.items():
        usual, low = (Page(width, height, diagonal, low=low) for low in (False, True))
        high, lower, upper, touch = map(number, rows[name][:4])
        assert high == round(height / usual.mm(1))
        assert upper == lower + high
        assert touch == lower + round(low.reach / low.mm(1))
        assert lower >= LOW_MM
        assert touch <= HIGH_MM
        assert (upper <= HIGH_MM) == ("look.low" not in rows[name][4])
        assert (lower - 60 >= 820) == (rows[name][4] == "buttons under it")


def test_a_larger_screen_is_too_high_as_it_says() -> None:
    page = Page(1080, 1920, 32.0, low=True)
    assert "A 32″ upright screen is too high" in PAGE
    assert LOW_MM + page.reach / page.mm(1) > HIGH_MM


def test_every_link_leads_somewhere() -> None:
    links = re.findall(r"\]\(([\w-]*\.md)?(?:#([\w-]+))?\)", PAGE)
    assert {"wiring.md", "scanner.md", "printer.md"} <= {page for page, _ in links}
    for page, anchor in links:
        text = (DOCS / page).read_text(encoding="utf-8") if page else PAGE
        lines = [line.lstrip("# ").lower() for line in text.splitlines() if line.startswith("#")]
        headings = {re.sub(r"[^\w -]", "", line).replace(" ", "-") for line in lines}
        assert not anchor or anchor in headings, anchor


def test_the_requirements_and_the_readme_are_named() -> None:
    assert {"K1", "K6", "K7", "H4", "H13"} <= set(re.findall(r"\b[KH]\d+\b", PAGE))
    assert "docs/hardware.md" in (DOCS.parent / "README.md").read_text(encoding="utf-8")
