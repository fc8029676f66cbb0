"""The units in `systemd/`: each starts a command that there is, with options that it has, and systemd understands every line."""

from __future__ import annotations

import configparser
import re
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from server.__main__ import app

UNITS = Path(__file__).parents[2] / "systemd"
SERVICES = sorted(path for path in UNITS.glob("vidhuk-*.service") if "/opt/vidhuk" in path.read_text(encoding="utf-8"))
PROGRAM = "/opt/vidhuk/bin/vidhuk-server"


def read(path: Path) -> configparser.ConfigParser:
    unit = configparser.ConfigParser(interpolation=None, strict=True)
    unit.optionxform = str  # type: ignore[assignment,method-assign] # systemd tells large letters from small ones
    unit.read(path, encoding="utf-8")
    return unit


def test_the_units_are_there() -> None:
    names = {path.name.removeprefix("vidhuk-").removesuffix(".service") for path in SERVICES}
    assert names == {"server", "web", "broker", "ingest@", "backup"}


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.stem)
def test_a_unit_starts_a_command_that_there_is(path: Path) -> None:
    said = read(path)["Service"]["ExecStart"].replace("%i", "1")
    _, found, rest = said.partition(PROGRAM)
    assert found
    command, *_ = rest.split()
    shown = CliRunner().invoke(app, [command, "--help"], env={"COLUMNS": "200"})
    assert shown.exit_code == 0, shown.output
    for option in re.findall(r"--[a-z-]+", rest):
        assert option in shown.output


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.stem)
def test_a_unit_may_write_nowhere_but_where_the_server_keeps_things(path: Path) -> None:
    service = read(path)["Service"]
    assert (service["User"], service["ProtectSystem"], service["NoNewPrivileges"]) == ("vidhuk-server", "strict", "yes")
    assert service["CapabilityBoundingSet"] == ""
    assert service["Type"] == ("oneshot" if "backup" in path.name else "notify")


def test_systemd_understands_every_unit(tmp_path: Path) -> None:
    (tmp_path / "vidhuk-server").write_text("#!/bin/sh\n", encoding="utf-8")
    (tmp_path / "vidhuk-server").chmod(0o755)
    copies = [tmp_path / path.name for path in UNITS.iterdir() if path.suffix in {".service", ".timer", ".path"}]
    for copy in copies:
        copy.write_text((UNITS / copy.name).read_text(encoding="utf-8").replace("/opt/vidhuk/bin", str(tmp_path)), encoding="utf-8")
    analyze = ["systemd-analyze", "verify", "--man=no", *map(str, copies)]
    done = subprocess.run(analyze, capture_output=True, text=True, timeout=60, check=False)
    ours = [line for line in done.stderr.splitlines() if "vidhuk" in line]
    assert (done.returncode, ours) == (0, [])


def test_the_page_names_every_unit() -> None:
    page = (UNITS.parent / "docs" / "operations.md").read_text(encoding="utf-8")
    for unit in [path.stem.rstrip("@") for path in SERVICES]:
        assert unit in page
