from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import typer

from kiosk.__main__ import app
from kiosk.config import parse
from kiosk.errors import Fault

PAGE = (Path(__file__).parents[1] / "docs" / "printer.md").read_text(encoding="utf-8")
KIOSK = '[kiosk]\nid = "exit-sample-1"\ndata_dir = "/var/lib/vidhuk-kiosk"\n'
BLOCKS = ["\n".join(line[4:] for line in block.splitlines()) for block in re.findall(r"(?:^    .+\n)+", PAGE, re.MULTILINE)]


@pytest.mark.parametrize("block", [block for block in BLOCKS if block.startswith(("[printer]", "text ="))])
def test_every_configuration_on_the_page_is_one(block: str) -> None:
    table = "" if block.startswith("[printer]") else "[printer]\n"
    assert parse(KIOSK + table + block, "kiosk.toml").printer is not None


@pytest.mark.parametrize("line", [line for block in BLOCKS for line in block.splitlines() if line.startswith("vidhuk-kiosk ")])
def test_every_command_on_the_page_is_one(line: str) -> None:
    name, *arguments = shlex.split(line)[1:]
    typer.main.get_command(app).commands[name].make_context(name, arguments)  # type: ignore[attr-defined]


def test_the_page_has_both() -> None:
    assert sum(block.startswith("[printer]") for block in BLOCKS) == 2
    assert PAGE.count("    vidhuk-kiosk ") == 4


@pytest.mark.parametrize("fault", [Fault.PRINTER_MISSING, Fault.PRINTER_FAILED, Fault.PAPER_END, Fault.COVER_OPEN])
def test_every_fault_is_explained(fault: Fault) -> None:
    assert f"`{fault}`" in PAGE
