"""`vidhuk-kiosk voice …`: which voices are there, a complete pack to be recorded over, and whether recordings can be used."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from feedback.questionnaire import QuestionnaireError
from feedback.questionnaire_file import parse
from feedback.settings import KioskSettings
from kiosk import texts
from kiosk.config import Sound
from kiosk.errors import VoiceError
from kiosk.hardware.sound import Sdl
from kiosk.voice import espeak, wav
from kiosk.voice.inspection import complaint
from kiosk.voice.packs import Origin, Pack, file_of, sha256, tidy
from kiosk.voice.vocabulary import of_questionnaires

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from rich.console import Console

    from feedback.questionnaire import Questionnaire

app = typer.Typer(help="Recorded and generated voices.", no_args_is_help=True)

Files = Annotated[list[Path] | None, typer.Argument(help="Questionnaire files; without any, those that ship.", metavar="[FILE]…")]
Language = Annotated[str | None, typer.Option(help="Only this language.", metavar="CODE")]
Voices = Annotated[Path, typer.Option("--voices", help="The folder of voices.", metavar="FOLDER")]
_DEFAULT: Final = Path(Sound().voices)
_ONE: Final = "FOLDER"


@app.command(name="list")
def list_(
    files: Files = None,
    voices: Voices = _DEFAULT,
    language: Language = None,
    *,
    missing: Annotated[bool, typer.Option("--missing", help="Only what nobody has recorded yet.")] = False,
) -> None:
    """List everything that is spoken: recorded, generated, or missing (then generated when it is needed)."""
    console = _console()
    for code, wanted in _wanted(files, language):
        pack = Pack(voices, code)
        counts = {"recorded": 0, "generated": 0, "missing": 0}
        for text in wanted:
            origin = pack.origin(text)
            state = "missing" if origin is None else str(origin)
            counts[state] += 1
            if not (missing and origin is Origin.RECORDED):
                console.print(f"{state:9}  {code}/{pack.path(text).name}  {text}", markup=False)
        console.print(f"{code}: " + ", ".join(f"{number} {state}" for state, number in counts.items()), style="bold")


@app.command()
def make(folder: Annotated[Path, typer.Argument(metavar=_ONE)], files: Files = None, language: Language = None) -> None:
    """Write a complete pack of generated voices to be recorded over, file by file. What is there already stays."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    every = [(code, text) for code, wanted in _wanted(files, language) for text in wanted]
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("files"))
    with Progress(*columns, console=_console(stderr=True)) as progress:
        task = progress.add_task("Speaking", total=len(every))
        for code in dict.fromkeys(code for code, _ in every):
            wanted = tuple(text for spoken_in, text in every if spoken_in == code)
            _make(Pack(folder, code), wanted, lambda: progress.advance(task))
    _console().print(f"{len(every)} texts in {folder}. Record over the files, then: vidhuk-kiosk voice check {folder}")


@app.command()
def check(folder: Annotated[Path, typer.Argument(metavar=_ONE)]) -> None:
    """Name every file of a pack that is silent, clipped, too quiet, too long, in another format, or belongs to no text."""
    packs = [Pack(folder, path.name) for path in sorted(folder.iterdir()) if path.is_dir()] if folder.is_dir() else []
    if not packs:
        raise VoiceError(f"{folder} has no folder for a language in it, such as {folder}/uk")
    console, found, looked = _console(), 0, 0
    for pack in packs:
        known = {pack.path(text).name for text in (*pack.texts, *_texts(pack.language))}
        for path in sorted(pack.folder.glob("*.[wW][aA][vV]")):
            looked += 1
            wrong = complaint(path) if path.name in known else "no text has this name; is it misspelt?"
            if wrong is not None:
                found += 1
                console.print(f"{pack.language}/{path.name}: {wrong}", markup=False)
        for text in pack.texts:
            if not pack.path(text).is_file():
                found += 1
                console.print(f"{pack.language}/{pack.path(text).name}: there is no such file; it is to say «{text}»", markup=False)
        if pack.texts:
            pack.write(pack.texts, {})  # what has been recorded since is now called so
    console.print(f"{looked} files looked at, {found} to mend", style="bold")
    if found:
        raise typer.Exit(1)


@app.command()
def outputs() -> None:
    """List the names of this machine's sound outputs, for `speaker` and `headphones` in kiosk.toml."""
    try:
        names = Sdl().names()
    except OSError as error:
        raise VoiceError(f"this machine has no sound output: {error}") from error
    if not names:
        raise VoiceError("this machine has no sound output: connect one, and see that its user is in the group audio")
    for name in names:
        _console().print(name, markup=False)


def _make(pack: Pack, wanted: Sequence[str], done: Callable[[], object]) -> None:
    pack.folder.mkdir(parents=True, exist_ok=True)
    generated: dict[str, str] = {}
    for text in wanted:
        path = pack.folder / file_of(text)
        if not path.exists():
            wav.write(path, espeak.speak(text, pack.language))
            generated[text] = sha256(path.read_bytes())
        done()
    pack.write(dict.fromkeys((*wanted, *pack.texts)), generated)


def _console(*, stderr: bool = False) -> Console:
    from rich.console import Console

    return Console(soft_wrap=True, highlight=False, stderr=stderr)


def _texts(language: str) -> tuple[str, ...]:
    """Give everything that is spoken with the questionnaires that ship."""
    return dict(_wanted(None, None)).get(language, ())


def _wanted(files: Iterable[Path] | None, language: str | None) -> list[tuple[str, tuple[str, ...]]]:
    """Give every language with all its texts, once each."""
    settings = [KioskSettings(0, "", "", questionnaire) for questionnaire in _questionnaires(files)]
    codes = dict.fromkeys((*texts.OWN_NAMES, *(code for one in settings for code in one.questionnaire.languages)))
    if language is not None and language not in codes:
        raise VoiceError(f"nothing is spoken in {language!r}; the languages are {', '.join(codes)}")
    chosen = (language,) if language is not None else tuple(codes)
    return [(code, tuple(dict.fromkeys(tidy(prompt.text) for prompt in of_questionnaires(settings, code)))) for code in chosen]


def _questionnaires(files: Iterable[Path] | None) -> list[Questionnaire]:
    with resources.as_file(resources.files("feedback") / "questionnaires") as folder:
        chosen = tuple(files or sorted(folder.glob("*.yaml")))
    found = []
    for path in chosen:
        try:
            found.append(parse(path.read_text(encoding="utf-8"), path.name))
        except (OSError, UnicodeDecodeError) as error:
            raise VoiceError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from error
        except QuestionnaireError as error:
            raise VoiceError(str(error)) from error
    return found
