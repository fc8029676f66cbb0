"""The simulated devices of the demo's kiosk: what there is to scan, a command that scans it, and where slips come out."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Final

from feedback.tickets import card_code
from kiosk.hardware.simulated.printer import FOLDER

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from demo.house import House

CARD: Final = card_code("zrazkove", "center-2")
"""What stands on the card of desk 2, as demo/centre.yaml knows it."""
COMMAND: Final = "scan"
_SCRIPT: Final = """\
#!/bin/sh
# Lets the simulated scanner of the demo's kiosk read a code: the one that is given, or else a ticket of desk 1 that nobody has voted with.
exec {program} scan "${{1-Д-$(date +%H%M%S);$(TZ=Europe/Kyiv date +%F);1}}" --config {toml}
"""


def fresh_ticket(now: datetime) -> str:
    """Give the code of a ticket of desk 1 that nobody has voted with."""
    return f"Д-{now:%H%M%S};{now:%Y-%m-%d};1"


def ticket_of_desk_3(now: datetime) -> str:
    """Give the code of a ticket that stays the same all day, so that it can be scanned a second time."""
    return f"А-901;{now:%Y-%m-%d};3"


def newest_slip(kiosk_folder: Path) -> Path | None:
    """Give the picture of the slip that was printed last."""
    return max((kiosk_folder / FOLDER).glob("[0-9]*.png"), default=None, key=lambda path: path.name)


def write_command(house: House, kiosk: str) -> Path:
    """Write the command that scans, so that it is short and works from any folder."""
    command = house.folder / COMMAND
    program, toml = (shlex.quote(str(path)) for path in (house.scripts / "vidhuk-kiosk", house.kiosk_folder(kiosk) / "kiosk.toml"))
    command.write_text(_SCRIPT.format(program=program, toml=toml), encoding="utf-8")
    command.chmod(0o755)
    return command


def told(command: Path, slips: Path, now: datetime) -> str:
    """Say how to use the devices, line by line."""
    scan = shlex.quote(str(command))
    codes = (
        ("", "a new ticket of desk 1"),
        (f" '{ticket_of_desk_3(now)}'", "a ticket of desk 3; it votes once: scan it again after the vote"),
        (f" {CARD}", "the card on desk 2; it votes any number of times"),
        (" hello", "what is no ticket"),
    )
    width = max(len(code) for code, _ in codes)
    lines = [
        "The kiosk's hardware is simulated, as the note on its screen says.",
        "Buttons    keys in its window: 1 to 5 under the faces; a back, d forward, s select, r say again, x skip, h call a person",
        "Scanner    these commands, in another terminal:",
        *(f"             {scan}{code:{width}}   # {meaning}" for code, meaning in codes),
        f"Printer    the slip of each vote is a picture in {slips}",
    ]
    return "\n".join(f"  {line}" for line in lines)
