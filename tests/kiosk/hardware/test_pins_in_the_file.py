from __future__ import annotations

import pytest

from kiosk.config import parse
from kiosk.config_devices import Buttons, PresencePin, StatusLamp
from kiosk.errors import ConfigError

WHOLE = """
[kiosk]
id = "exit-sample-1"
data_dir = "/var/lib/vidhuk-kiosk"
[buttons]
faces = [17, 27, 22]
face_lamps = [23, 24, 25]
help = 26
debounce_ms = 20
glitch_ms = 3
stuck_s = 30.5
[status_lamp]
working = 9
fault = 11
[presence]
kind = "distance"
trigger = 4
echo = 8
"""


def test_the_tables_are_read() -> None:
    config = parse(WHOLE, "kiosk.toml")
    assert config.buttons == Buttons((17, 27, 22), (23, 24, 25), help=26, debounce_ms=20, glitch_ms=3, stuck_s=30.5)
    assert config.status_lamp == StatusLamp(working=9, fault=11)
    assert config.presence == PresencePin("distance", trigger=4, echo=8)


@pytest.mark.parametrize("buttons", ["faces = [0, 27]", "faces = [1, 2, 3, 5, 6]", "select = 7", "help = 26\nhelp_lamp = 13"])
def test_a_panel_may_be_of_faces_or_of_a_keypad(buttons: str) -> None:
    start, end = WHOLE.index("faces"), WHOLE.index("[status_lamp]")
    assert parse(WHOLE[:start] + buttons + "\n" + WHOLE[end:], "kiosk.toml").buttons is not None


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("faces = [17, 27, 22]", "faces = [17]", "[buttons] faces has 1 pins and must have 2 to 5, or none where there is only a keypad"),
        ("faces = [17, 27, 22]", "faces = [17, 27, 22, 5, 6, 7]", "[buttons] faces has 6 pins and must have 2 to 5"),
        ("faces = [17, 27, 22]", "", "[buttons] face_lamps has 3 pins and must have as many as faces, 0, or none"),
        ("[23, 24, 25]", "[23, 24]", "[buttons] face_lamps has 2 pins and must have as many as faces, 3, or none"),
        ("help = 26", "help = 28", "[buttons] help is pin 28, and the GPIO pins are 0 to 27, by their BCM numbers"),
        ("[17, 27, 22]", "[17, 27, -1]", "[buttons] faces is pin -1"),
        ("[17, 27, 22]", "[17, 27, 17]", "[buttons] faces is pin 17, which [buttons] faces has already"),
        ("fault = 11", "fault = 26", "[status_lamp] fault is pin 26, which [buttons] help has already"),
        ("echo = 8", "echo = 4", "[presence] echo is pin 4, which [presence] trigger has already"),
        ("trigger = 4", "trigger = 23", "[presence] trigger is pin 23, which [buttons] face_lamps has already"),
        ("debounce_ms = 20", "debounce_ms = 51", "[buttons] debounce_ms 51 must be from 5 to 50"),
        ("debounce_ms = 20", "debounce_ms = 4", "[buttons] debounce_ms 4 must be from 5 to 50"),
        ("glitch_ms = 3", "glitch_ms = 21", "[buttons] glitch_ms 21 must be from 0 to 20"),
        ("stuck_s = 30.5", "stuck_s = nan", "[buttons] stuck_s nan must be from 5 to 600"),
        ("working = 9\nfault = 11", "", "[status_lamp] names no pin: give working, offline or fault, or leave the table out"),
        ("echo = 8", "", '[presence] echo is missing: kind "distance" needs trigger and echo'),
        ("echo = 8", "echo = 8\npin = 5", '[presence] pin is not of kind "distance", which has trigger and echo'),
        ('kind = "distance"', 'kind = "pir"', '[presence] pin is missing: kind "pir" needs pin'),
        ('"distance"\ntrigger = 4', '"pir"\npin = 4', '[presence] echo is not of kind "pir", which has pin'),
        ('kind = "distance"', 'kind = "radar"', "$.presence.kind"),
        ("echo = 8", "echo = 8\ndistance_m = 4.5", "[presence] distance_m 4.5 must be from 0.2 to 4"),
        ("echo = 8", "echo = 8\nabsent_s = 0", "[presence] absent_s 0 must be from 1 to 3600"),
        ("glitch_ms", "glitsh_ms", "buttons: unknown key 'glitsh_ms'; did you mean 'glitch_ms'?"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(old: str, new: str, complaint: str) -> None:
    assert old in WHOLE
    with pytest.raises(ConfigError) as caught:
        parse(WHOLE.replace(old, new, 1), "kiosk.toml")
    assert complaint in str(caught.value)
    assert str(caught.value).startswith("kiosk.toml: ")
    assert "\n" not in str(caught.value)


def test_a_table_without_any_button_is_a_mistake() -> None:
    start, end = WHOLE.index("faces"), WHOLE.index("debounce_ms")
    with pytest.raises(ConfigError, match=r"\[buttons\] faces is missing, and there is no other button either"):
        parse(WHOLE[:start] + WHOLE[end:], "kiosk.toml")
