"""The documents keep what they promise. `PYTHONPATH=. python tests/test_docs.py` writes the tree of docs/architecture.md anew."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import typer

from kiosk.__main__ import app as kiosk_app
from server.__main__ import app as server_app

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
ARCHITECTURE = ROOT / "docs" / "architecture.md"
MARKED = re.compile(r"(?<=<!-- tree -->\n).*?(?=<!-- /tree -->)", re.DOTALL)
PACKAGES = ("feedback", "kiosk", "server", "demo", "bench", "faults", "gallery")


def tree() -> str:
    lines = []
    for package in PACKAGES:
        lines.append("")
        for module in sorted((ROOT / package).rglob("*.py"), key=lambda path: (path.parent, path.name != "__init__.py", path.name)):
            says = (ast.get_docstring(ast.parse(module.read_text(encoding="utf-8"))) or "").split("\n")[0]
            path = module.relative_to(ROOT)
            name = f"{path.parent.name}/" if path.name == "__init__.py" else path.name
            indent = "    " * (len(path.parts) - (2 if path.name == "__init__.py" else 1))
            lines.append(f"    {indent}{name:<{max(28 - len(indent), len(name))}}  {says}")
    return "\n".join(lines[1:]) + "\n"


def test_the_tree_is_that_of_the_code() -> None:
    written = MARKED.search(ARCHITECTURE.read_text(encoding="utf-8"))
    assert written
    assert written[0].strip("\n") == tree().strip("\n"), "run: PYTHONPATH=. .venv/bin/python tests/test_docs.py"


def test_every_file_that_a_document_links_to_is_there() -> None:
    for document in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)", document.read_text(encoding="utf-8")):
            assert target.startswith("https://") or (document.parent / target).exists(), f"{document.name} links to {target}"


@pytest.mark.parametrize(("program", "app"), [("vidhuk-kiosk", kiosk_app), ("vidhuk-server", server_app)])
def test_every_command_is_in_the_documents(program: str, app: typer.Typer) -> None:
    said = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    for command in commands(typer.main.get_command(app)):
        assert f"`{program} {command}" in said, f"{program} {command} is not in docs/commands.md"


def commands(group: Any, before: str = "") -> Iterator[str]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, f"{before}{name} ")
        else:
            yield before + name


def test_the_repository_names_no_host_of_its_makers() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    for name in listed:
        if name.endswith((".txt", ".toml", ".md", ".py", ".yaml")):
            text = (ROOT / name).read_text(encoding="utf-8")
            assert not re.search(r"--index-url|--extra-index|--find-links", text) or name == "tests/test_docs.py", name


if __name__ == "__main__":
    text = ARCHITECTURE.read_text(encoding="utf-8")
    ARCHITECTURE.write_text(MARKED.sub(lambda _: tree(), text), encoding="utf-8")
