"""./run demo: the whole product on this machine, with a sample centre and 90 days of history."""

from __future__ import annotations

import argparse
import json
import os
import secrets
import shutil
import signal
import sys
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from time import monotonic, sleep
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from demo import devices, queue_export
from demo.desk_kiosk import DeskKiosk, undelivered
from demo.history import HABITS, ZONE, a_visit, visits
from demo.house import CENTRE, House, HouseError, free_port
from demo.screen import serve_screen
from demo.sign_in import make_account
from feedback import VERSION
from kiosk.hardware.simulated.printer import FOLDER as SLIPS

if TYPE_CHECKING:
    from types import FrameType

EXIT_KIOSK: Final = "exit-sample-1"
DAYS: Final = 90
VISITOR_EVERY_S: Final = 4.0
MARK: Final = "this-folder-is-a-vidhuk-demo"

console = Console()


def main() -> None:
    """Show the product until Ctrl-C."""
    arguments = parse_arguments()
    folder: Path = arguments.data.resolve()
    if arguments.reset:
        forget(folder)
    for ending in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, _interrupt)
    began = monotonic()
    try:
        with ExitStack() as stack:
            house = stack.enter_context(House(folder, web_port=8080, broker_port=8883))
            open_server(house)
            kiosks = fill(house, stack)
            bring_queue(house)
            show(house, stack, window=has_desktop() and not arguments.browser)
            console.print(
                f"[dim]Ready in {monotonic() - began:.0f} s. All data is in {folder}. Ctrl-C ends everything; --reset starts afresh.[/]\n",
                soft_wrap=True,
            )
            receive_visitors(house, kiosks, arguments.seconds)
    except KeyboardInterrupt:
        console.print("\nEnded. Everything that was voted is kept.")
    except (HouseError, OSError) as error:
        console.print(f"\n[red]The demo cannot go on:[/] {error}")
        sys.exit(1)


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="./run demo", description=__doc__)
    parser.add_argument("--reset", action="store_true", help="forget the demo's data first")
    parser.add_argument("--data", type=Path, default=Path("demo-data"), metavar="FOLDER", help="where all data goes (demo-data)")
    parser.add_argument("--browser", action="store_true", help="show the kiosk in the browser even where there is a desktop")
    parser.add_argument("--seconds", type=float, default=float("inf"), metavar="N", help="end by itself after N seconds")
    return parser.parse_args()


def forget(folder: Path) -> None:
    """Remove an earlier demo's folder, and nothing that is not one."""
    if (folder / MARK).exists():
        shutil.rmtree(folder)


def open_server(house: House) -> None:
    """Mark the folder, load the sample centre and start the server."""
    (house.folder / MARK).touch()
    with console.status("Starting the server: Mosquitto, ingest and pages"):
        house.server("registry", "load", str(CENTRE))
        house.start_server()


def fill(house: House, stack: ExitStack) -> dict[str, DeskKiosk]:
    """Add the kiosks and send their history through broker and ingest, at the first start only."""
    kiosks: dict[str, DeskKiosk] = {}
    with console.status("Adding nine kiosks"):
        house.invite_kiosk(EXIT_KIOSK, "center")
        for habit in HABITS:
            toml = house.add_kiosk(f"tablet-{habit.desk}", habit.site, habit.desk)
            kiosks[habit.desk] = stack.enter_context(DeskKiosk(toml, f"vidhuk {VERSION}"))
    done = house.folder / "history-is-there"
    if not done.exists():
        with console.status(f"Imagining the visitors of {DAYS} days"):
            done.write_text(str(imagine(kiosks)), encoding="utf-8")
    for name in kiosks:
        house.start_sync(f"tablet-{name}")
    deliver(house, kiosks, int(done.read_text(encoding="utf-8")))
    return kiosks


def imagine(kiosks: dict[str, DeskKiosk]) -> int:
    """Write the history into the kiosks' own stores; say how many votes it has."""
    now = datetime.now(ZONE)
    made = list(visits(now.date(), DAYS, now - timedelta(minutes=20)))
    return sum(kiosk.add(visit for visit in made if visit.habit.desk == desk) for desk, kiosk in kiosks.items())


def deliver(house: House, kiosks: dict[str, DeskKiosk], votes: int) -> None:
    """Wait until the server has acknowledged everything, showing how far it is."""
    left = total = sum(undelivered(kiosk.data_dir) for kiosk in kiosks.values())
    if not left:
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task(f"{votes:,} votes of {DAYS} days through broker and ingest, records", total=total)
        while left:
            house.check()
            sleep(0.2)
            left = sum(undelivered(kiosk.data_dir) for kiosk in kiosks.values())
            progress.update(task, completed=total - left)


def bring_queue(house: House) -> None:
    """Import what the queue system would export, at the first start only, so that pages know how many of those served have voted."""
    done = house.folder / "queue-is-there"
    if done.exists():
        return
    now = datetime.now(ZONE) - timedelta(minutes=20)
    with console.status(f"Importing {queue_export.DAYS} days of the queue system"):
        for site in sorted({habit.site for habit in HABITS}):
            file = house.folder / f"queue-{site}.csv"
            file.write_bytes(queue_export.export(site, queue_export.DAYS, DAYS, now))
            house.server("queue", "import", str(file), "--site", site)
    done.touch()


def show(house: House, stack: ExitStack, *, window: bool) -> None:
    """Open the kiosk's window and say where everything is."""
    with console.status("Opening the kiosk"):
        house.start_kiosk(EXIT_KIOSK, window=window)
    login, password = sign_in_data(house)
    console.print(f"\n  Dashboard  [bold]{house.url}/[/]   login [bold]{login}[/]   password [bold]{password}[/]")
    if window:
        console.print("  Kiosk      the window on this desktop")
    else:
        screen = stack.enter_context(serve_screen(house.kiosk_folder(EXIT_KIOSK), house.mirror(EXIT_KIOSK), free_port(8081)))
        console.print(f"  Kiosk      [bold]{screen}[/]   (its real window, mirrored)")
    console.print("  Tap a face on the kiosk and watch that desk's total. Simulated visitors vote meanwhile.\n", soft_wrap=True)
    command, slips = devices.write_command(house, EXIT_KIOSK), house.kiosk_folder(EXIT_KIOSK) / SLIPS
    console.print(devices.told(command, slips, datetime.now(ZONE)) + "\n", soft_wrap=True, highlight=False, markup=False)


def sign_in_data(house: House) -> tuple[str, str]:
    """Make the administrator's account once, and remember it."""
    kept = house.folder / "sign-in.json"
    if not kept.exists():
        login, password = "demo", secrets.token_urlsafe(9)
        make_account(house.server("invite").strip(), login, password)
        kept.write_text(json.dumps([login, password]), encoding="utf-8")
        kept.chmod(0o600)
    login, password = json.loads(kept.read_text(encoding="utf-8"))
    return login, password


def receive_visitors(house: House, kiosks: dict[str, DeskKiosk], seconds: float) -> None:
    """Let simulated visitors vote at the desks until `seconds` have passed or Ctrl-C."""
    random = Random()
    until = monotonic() + seconds
    while monotonic() < until:
        for kiosk in kiosks.values():
            kiosk.use_settings()
        sleep(min(random.expovariate(1 / VISITOR_EVERY_S), max(until - monotonic(), 0)))
        house.check()
        visit = a_visit(random, datetime.now(ZONE))
        kiosks[visit.habit.desk].add([visit])


def has_desktop() -> bool:
    """Tell whether a window can be shown here."""
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
