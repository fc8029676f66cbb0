"""The command line of the terminal."""

from __future__ import annotations

import logging
import signal
import sys
from pathlib import Path
from typing import Annotated

import typer

from feedback import questionnaire_file
from feedback.questionnaire import QuestionnaireError
from kiosk.config import Display
from kiosk.errors import ConfigError, DataFolderError, NoScreenError, PrintError, VoiceError
from kiosk.technician import pin as technician_pin
from kiosk.ticket_commands import app as tickets
from kiosk.voice.commands import app as voice
from kiosk.written_files import read_config, text_of, written_config

app = typer.Typer(help="Vidhuk: the feedback terminal.", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
app.add_typer(voice, name="voice")
app.add_typer(tickets, name="tickets")

ConfigFile = Annotated[Path, typer.Option("--config", help="kiosk.toml, as `vidhuk-server kiosk add` printed it.", metavar="FILE")]


@app.command()
def ui(
    config: ConfigFile,
    mirror: Annotated[Path | None, typer.Option(help="Offer the simulated touch screen on this Unix socket.", metavar="SOCKET")] = None,
) -> None:
    """Show the screen, take votes and store them. It has no network."""
    from kiosk.compose import run_ui

    run_ui(written_config(config), mirror)


@app.command()
def sync(config: ConfigFile) -> None:
    """Deliver stored votes to the server and take in its settings. It has no screen."""
    from kiosk.compose_sync import run_sync

    run_sync(written_config(config), config)


@app.command()
def preview(
    file: Annotated[Path, typer.Argument(help="A questionnaire, as docs/questionnaires.md describes it.", metavar="FILE")],
    language: Annotated[str | None, typer.Option(help="The language to begin in; without it Ukrainian, where it is there.")] = None,
    size: Annotated[str, typer.Option(help="The window's width and height in pixels.", metavar="WxH")] = "1280x800",
    diagonal: Annotated[float, typer.Option(help="The kiosk's diagonal in inches, from which sizes follow.", min=3, max=100)] = 10.1,
) -> None:
    """Show a questionnaire as visitors will meet it, on this screen. Nothing is stored or sent."""
    width, cross, height = size.partition("x")
    if not (cross and width.isdecimal() and height.isdecimal() and int(width) and int(height)):
        raise ConfigError(f"--size {size!r} is no size: write width and height as in 1280x800")
    questionnaire = questionnaire_file.parse(text_of(file), str(file))
    if language is not None and language not in questionnaire.languages:
        raise ConfigError(f"--language {language!r}: the languages of {file} are {', '.join(questionnaire.languages)}")
    from kiosk.preview import show

    show(questionnaire, Display(int(width), int(height), fullscreen=False, diagonal_inch=diagonal), language or "uk")


@app.command()
def scan(code: Annotated[str, typer.Argument(help="What is on the ticket.", metavar="CODE")], config: ConfigFile) -> None:
    """Let the simulated scanner of the running kiosk read a code."""
    known = read_config(config)
    if known.kiosk.hardware != "simulated":
        raise ConfigError(f'{config}: this kiosk has a real scanner; only one with hardware = "simulated" reads codes by command')
    from kiosk.hardware.simulated.scanner import scan as scan_there

    scan_there(known.data_dir, code)


@app.command()
def pin() -> None:
    """Ask for a technician's PIN and print its line for [technician] in kiosk.toml."""
    while True:
        chosen = str(typer.prompt("PIN, 6 to 10 digits", hide_input=True, confirmation_prompt="The same once more", err=True))
        objection = technician_pin.objection(chosen)
        if objection is None:
            break
        typer.echo(objection, err=True)
    typer.echo(f'pin = "{technician_pin.hashed(chosen)}"')


@app.command()
def card(
    config: ConfigFile,
    desk: Annotated[str, typer.Argument(help="The desk's number, as on the wall, or its key.", metavar="DESK")],
) -> None:
    """Print the card of a desk: its number, and the code that the scanner reads like a ticket's."""
    from kiosk.print_commands import print_card

    typer.echo(print_card(read_config(config), desk))


@app.command()
def print_test(
    config: ConfigFile,
    page: Annotated[list[int] | None, typer.Option(help="A number to try for the code page; may be repeated.", metavar="N")] = None,
    text: Annotated[str | None, typer.Option(help="raster, CP1125 or CP1251 instead of what kiosk.toml says.", metavar="MODE")] = None,
) -> None:
    """Print a strip with every Ukrainian letter, a line as wide as the printer reaches, and a QR code."""
    from kiosk.print_commands import print_test

    typer.echo(print_test(read_config(config), page or (), text))


@app.command()
def check(
    config: ConfigFile,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Write it for a program, in English.")] = False,
) -> None:
    """Say what this kiosk is made of, how each part is, and what to mend. It changes nothing. Exit code 1 where there is something."""
    from kiosk.check.command import run_check

    raise typer.Exit(run_check(config, as_json=as_json))


@app.command()
def selftest(
    config: ConfigFile,
    timeout: Annotated[float, typer.Option(help="So long each part is waited for.", metavar="SECONDS", min=1, max=3600)] = 60,
    mirror: Annotated[Path | None, typer.Option(help="Offer the simulated touch screen on this Unix socket.", metavar="SOCKET")] = None,
) -> None:
    """Lead a technician through every device, the voice and the screen, while the kiosk is stopped. Exit code 1 where one is wrong."""
    from kiosk.selftest.command import run_selftest

    raise typer.Exit(run_selftest(read_config(config), timeout_s=timeout, mirror=mirror))


def main() -> None:
    """Run a command; 2 is for what a person has to mend, in one sentence."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))  # until the command has a gentler way
    try:
        app()
    except (ConfigError, DataFolderError, NoScreenError, PrintError, QuestionnaireError, VoiceError) as error:
        sys.stderr.write(f"vidhuk-kiosk: {error}\n")
        sys.exit(2)


if __name__ == "__main__":
    main()
