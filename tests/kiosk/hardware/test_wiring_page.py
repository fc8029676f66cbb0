"""docs/wiring.md names pins that are there, and its examples are configurations that work."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from gpiozero.pins.mock import MockFactory

from kiosk.config import Config, parse
from kiosk.errors import Fault
from kiosk.hardware.debounce import QUIET_S
from kiosk.hardware.kept import RETRY_S
from kiosk.hardware.lamps import pins_of as lamp_pins_of
from kiosk.hardware.lighting import BLINK_S, CONFIRM_DARK_S, CONFIRM_S, HOLD_S
from kiosk.hardware.panel import LOOK_S
from kiosk.hardware.presence import SILENT_S

PAGE = (Path(__file__).parents[3] / "docs" / "wiring.md").read_text(encoding="utf-8")
KIOSK = '[kiosk]\nid = "exit-sample-1"\ndata_dir = "/var/lib/vidhuk-kiosk"\n'
HEADER = MockFactory().board_info.headers["J8"].pins


def examples() -> list[Config]:
    return [parse(f"{KIOSK}{toml}", "wiring.md") for toml in re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)]


def table() -> list[tuple[str, str, int, int, str]]:
    rows = re.findall(r"^\| [^|]+ \| `\[(\w+)\] (\w+)` \| (\d+) \| (\d+) \| ([^|]+) \|$", PAGE, re.MULTILINE)
    return [(name, key, int(gpio), int(header), how) for name, key, gpio, header, how in rows]


def test_the_table_is_the_example() -> None:
    config, _distance = examples()
    written = dict[tuple[str, str], list[int]]()
    for name, key, gpio, _header, _how in table():
        written.setdefault((name, key), []).append(gpio)
    named = {}
    for name in ("buttons", "status_lamp", "presence"):
        struct = getattr(config, name)
        for key in struct.__struct_fields__:
            value = getattr(struct, key)
            pins = list(value) if isinstance(value, tuple) else [value]
            if (key not in {"debounce_ms", "glitch_ms", "stuck_s", "kind", "distance_m", "absent_s"}) and pins != [None]:
                named[name, key] = pins
    assert written == named


def test_the_header_pins_are_those_of_the_board() -> None:
    assert len(table()) == 21
    for _name, _key, gpio, header, _how in table():
        assert HEADER[header].name == f"GPIO{gpio}"
    for gpio, header in re.findall(r"GPIO(\d+)(?:, | \()header pin (\d+)", PAGE):
        assert HEADER[int(header)].name == f"GPIO{gpio}"


@pytest.mark.parametrize(
    ("said", "name"),
    [(r"Ground is at header pins ([\d, and]+)", "GND"), (r"3\.3 V at ([\d, and]+)", "3V3"), (r"; 5 V at ([\d, and]+)", "5V")],
)
def test_the_supply_pins_are_those_of_the_board(said: str, name: str) -> None:
    found = re.search(said, PAGE)
    assert found
    assert {int(number) for number in re.findall(r"\d+", found[1])} == {number for number, pin in HEADER.items() if pin.name == name}


def test_lamps_are_dark_until_the_program_starts_and_special_pins_stay_free() -> None:
    config, distance = examples()
    assert all(pin >= 9 for pin in lamp_pins_of(config).values())
    assert {gpio for _name, _key, gpio, _header, _how in table()}.isdisjoint({0, 1, 2, 3, 14, 15})
    assert distance.presence is not None
    others = {gpio for name, _key, gpio, _header, _how in table() if name != "presence"}
    assert others.isdisjoint({distance.presence.trigger, distance.presence.echo})


def test_buttons_go_to_ground_and_lamps_to_a_driver() -> None:
    for name, key, _gpio, _header, how in table():
        expected = "driver" if "lamp" in key or name == "status_lamp" else "its output, 3.3 V" if name == "presence" else "button to ground"
        assert how == expected, key


def test_the_figures_are_those_of_the_program() -> None:
    flowing = " ".join(PAGE.split())
    for figure in (
        f"looked at every {LOOK_S * 1000:g} ms",
        f"dark for {CONFIRM_DARK_S:g} s, then lit for {CONFIRM_S - CONFIRM_DARK_S:g} s",
        f"offline | {BLINK_S['offline']:g} s lit, {BLINK_S['offline']:g} s dark",
        f"fault | {BLINK_S['fault']:g} s lit, {BLINK_S['fault']:g} s dark",
        f"more than {1 / (2 * HOLD_S):g} times a second",
        f"quiet for {QUIET_S:g} s",
        f"has not answered for {SILENT_S:g} s",
    ):
        assert figure in flowing
    assert RETRY_S == 2, "the page says every two seconds"


def test_its_faults_are_those_of_the_devices() -> None:
    said = set(re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE))
    assert said == {Fault.BUTTONS_MISSING, Fault.BUTTON_STUCK, Fault.LAMPS_MISSING, Fault.PRESENCE_MISSING}
