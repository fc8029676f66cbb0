from __future__ import annotations

import pytest

from kiosk.config import parse
from kiosk.config_devices import Printer
from kiosk.errors import ConfigError

KIOSK = '[kiosk]\nid = "exit-sample-1"\ndata_dir = "/var/lib/vidhuk-kiosk"\n[printer]\n'


@pytest.mark.parametrize(
    ("keys", "printer"),
    [
        ("", Printer()),
        ('vendor = "04b8"\nproduct = "0x0E15"', Printer(vendor="04b8", product="0x0E15")),
        ('kind = "serial"\nport = "/dev/ttyUSB0"\nbaud = 115200', Printer(kind="serial", port="/dev/ttyUSB0", baud=115200)),
        ('width_px = 576\ntext = "CP1251"\npage = 46\ncut = false', Printer(width_px=576, text="CP1251", page=46, cut=False)),
    ],
)
def test_a_printer_is_read(keys: str, printer: Printer) -> None:
    assert parse(KIOSK + keys, "kiosk.toml").printer == printer


@pytest.mark.parametrize(
    ("keys", "complaint"),
    [
        ('vendor = "04b8"', "vendor and product must both be hexadecimal"),
        ('vendor = "Epson"\nproduct = "0e15"', "vendor and product must both be hexadecimal"),
        ('kind = "serial"\nport = "COM3"', "port 'COM3' must be a file in /dev"),
        ("baud = 12345", "baud 12345 must be one of 2400, 4800"),
        ("width_px = 380", "width_px 380 must be a multiple of 8 from 192 to 832"),
        ("width_px = 8", "width_px 8 must be"),
        ("page = 256", "page 256 must be from 0 to 255"),
        ('text = "CP866"', "$.printer.text"),
        ('kind = "network"', "$.printer.kind"),
        ("widht_px = 384", "unknown key 'widht_px'; did you mean 'width_px'?"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(keys: str, complaint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(KIOSK + keys, "kiosk.toml")
    assert complaint in str(caught.value)
    assert str(caught.value).startswith("kiosk.toml: ")
