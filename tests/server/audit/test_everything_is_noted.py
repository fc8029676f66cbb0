"""Whatever a page or a command changes is in the audit log: every transaction that writes there notes it, or stands here with a reason."""

from __future__ import annotations

import ast
from pathlib import Path

import server

NOTE = {"note", "note_it", "_change", "bring_back", "replay", "replay_all"}
"""What writes a line, or is handed what does."""
OTHERWISE = {
    ("web/sessions.py", "find_person"): "a session that is used goes on",
    ("commands/registry.py", "check"): "a preview that is taken back",
    ("web/queue_push.py", "_count_refusal"): "a program's pushes are counted with its key",
    ("web/queue_push.py", "push_tickets"): "as above",
}
ROOT = Path(server.__file__).parent


def unnoted(file: Path) -> list[str]:
    found = []
    for function in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(function, ast.FunctionDef):
            called = {name_of(call) for call in ast.walk(function) if isinstance(call, ast.Call)}
            if "writing" in called and not called & NOTE and function.name != "_change":
                found.append(function.name)
    return found


def name_of(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else call.func.attr if isinstance(call.func, ast.Attribute) else ""


def test_every_transaction_of_pages_and_commands_is_noted() -> None:
    files = [*ROOT.glob("web/*.py"), *ROOT.glob("commands/*.py"), ROOT / "__main__.py"]
    found = {(str(file.relative_to(ROOT)), name) for file in files for name in unnoted(file)}
    assert found == set(OTHERWISE)
