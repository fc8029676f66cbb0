"""docs/scanner.md says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kiosk.config import parse
from kiosk.config_devices import Scanner
from kiosk.errors import Fault
from kiosk.hardware.code_reader import UNREADABLE_AFTER
from kiosk.hardware.scan_codes import REPEAT_MS, Unreadable
from tests.kiosk.support import KIOSK

PAGE = (Path(__file__).parents[3] / "docs" / "scanner.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("block", BLOCKS)
def test_the_tables_are_read(block: str) -> None:
    scanner = parse(f'format = 1\n[kiosk]\nid = "{KIOSK}"\ndata_dir = "/x"\n{block}', "kiosk.toml").scanner
    assert scanner is not None
    assert scanner == Scanner() or scanner.kind == "keyboard"


def test_the_rule_gives_the_name_that_the_kiosk_looks_for() -> None:
    (name,) = re.findall(r'SYMLINK\+="(.*?)"', PAGE)
    assert f"/dev/{name}" == Scanner().port


def test_what_the_log_says_is_on_the_page() -> None:
    for said in re.findall(r'log: "(.*?)"', PAGE):
        assert any(said in why for why in Unreadable), said
    assert Fault.SCANNER_UNREADABLE in PAGE
    assert Fault.SCANNER_MISSING in PAGE


def test_the_numbers_are_those_of_the_code() -> None:
    assert UNREADABLE_AFTER == 2
    assert "Two codes that cannot be read" in PAGE
    assert f"once in {REPEAT_MS // 1000} s" in PAGE
    assert f"| {Scanner().baud}, 8 data bits" in PAGE
