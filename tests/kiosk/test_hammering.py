from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.window

TOUCHES = 10_000
SHORT = 2_500
FLAT_MB = 10


@pytest.mark.parametrize("touches", [SHORT, pytest.param(TOUCHES, marks=pytest.mark.full)])
def test_random_touches_and_keys(data_dir: Path, touches: int) -> None:
    """No crash, no escape, memory flat, and every recorded vote is a press on a face that was shown."""
    command = [sys.executable, "-m", "tests.kiosk.hammering", str(data_dir), str(touches), "20261123"]
    found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])
    assert found["alive"]
    assert found["back"]
    assert found["votes"] == found["explained"]
    assert found["voted_visits"] == len(found["votes"]) > touches / 100
    assert found["unended"] == 0
    assert found["kinds"] == ["Answer", "Call", "Context", "DeskChoice", "Sealed", "VisitEnd", "Vote"]
    assert found["screens"] == ["Ask", "Called", "Comment", "Contact", "Desk", "FollowUp", "Thanks"]
    grown_mb = found["late_mb"] - found["early_mb"]
    assert grown_mb < FLAT_MB, f"{grown_mb:.1f} MB more after the first of {touches} touches"
