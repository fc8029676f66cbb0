"""Each program installs and runs without the other's libraries."""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

import pytest

from demo.house import CENTRE, House
from tests.visitor import Visitor

ROOT = Path(__file__).parents[2]
WITHOUT = {
    "kiosk": ("sqlalchemy", "alembic", "litestar", "uvicorn", "jinja2", "altair", "vl_convert", "argon2", "psycopg"),
    "server": ("kivy", "sqlite_utils"),
}
MODULES = {
    "kiosk": "kiosk.__main__, kiosk.compose, kiosk.sync.mqtt, kiosk.ui.window",
    "server": "server.__main__, server.app, server.ingest.mqtt, server.web.app, server.web.charts, server.db.migrate",
}


@pytest.mark.parametrize("program", WITHOUT)
def test_a_program_imports_nothing_of_the_other_ones(program: str) -> None:
    code = f"import sys\nfor name in {WITHOUT[program]!r}: sys.modules[name] = None\nimport {MODULES[program]}"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


@pytest.mark.full
@pytest.mark.parametrize("program", WITHOUT)
def test_a_clean_environment_with_one_extra_runs_its_program(program: str, tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / "bin" / "python"
    source = tmp_path / "source"
    subprocess.run(["git", "clone", "-q", str(ROOT), str(source)], check=True)
    subprocess.run([str(python), "-m", "pip", "install", "-q", f"{source}[{program}]"], check=True, timeout=600)
    for absent in WITHOUT[program]:
        assert subprocess.run([str(python), "-c", f"import {absent}"], capture_output=True, check=False).returncode == 1, absent
    with House(tmp_path / "house", scripts=python.parent) as house:
        if program == "server":
            house.server("registry", "load", str(CENTRE))
            house.start_server()
        else:
            house.kiosk_folder("exit-sample-1").mkdir(parents=True)
            toml = house.kiosk_folder("exit-sample-1") / "kiosk.toml"
            table = f'id = "exit-sample-1"\ndata_dir = "{toml.parent}"\nhardware = "simulated"'
            toml.write_text(f"format = 1\n[kiosk]\n{table}\n[screen]\nfullscreen = false\n", encoding="utf-8")
            house.start_ui("exit-sample-1")
            visitor = Visitor(house, "exit-sample-1")
            visitor.sees("Ask")
            visitor.taps_until("excellent", "FollowUp")
            visitor.taps_until("leave", "Thanks")
        house.check()
