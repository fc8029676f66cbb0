"""`vidhuk-kiosk check`, put together: everything is looked at, then written for a person or as JSON for a program."""

from __future__ import annotations

import os
import stat
import sys
from typing import TYPE_CHECKING, Final

import msgspec

from kiosk import texts
from kiosk.access import user_name
from kiosk.check.cables import look_at_printer, look_at_scanner
from kiosk.check.effective import Tables, effective
from kiosk.check.link import look_at_link
from kiosk.check.machine import look_at_machine
from kiosk.check.pins import look_at_pins
from kiosk.check.present import Present, look
from kiosk.config import parse
from kiosk.findings import TOGETHER, Finding, Mark, hanging, lines
from kiosk.identity import in_effect
from kiosk.process import SOFTWARE
from kiosk.terminal import own_language, paper_of, without_log, write
from kiosk.written_files import text_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from kiosk.check.effective import Key
    from kiosk.check.present import Words
from kiosk.findings import Paper

FORMAT: Final = 1


class Report(msgspec.Struct, frozen=True):
    """Everything that was found; as JSON this is format 1."""

    format: int
    kiosk: str
    software: str
    user: str
    wrong: int
    findings: tuple[Finding, ...]
    configuration: Tables


def run_check(path: Path, *, as_json: bool) -> int:
    """Look at everything and write it; give the exit code: 0 where all is well, 1 where there is something to mend.

    Raises:
        ConfigError: the configuration cannot be read.
    """
    text = text_of(path)
    written = parse(text, str(path))
    config = in_effect(written)
    language = "en" if as_json else own_language(config.kiosk.language)
    paper, _ = paper_of(sys.stdout), texts.words_in(language)
    with without_log():
        present = look(config)
        findings = tuple(everything(path, present, _))
    wrong = sum(finding.mark is Mark.WRONG for finding in findings)
    report = Report(FORMAT, config.kiosk.id, SOFTWARE, user_name(), wrong, findings, effective(text, written))
    shown = _as_json(report) if as_json else "\n".join(_as_text(report, paper, _))
    write(f"{shown}\n")
    return 1 if wrong else 0


def everything(path: Path, present: Present, _: Words) -> Iterator[Finding]:
    """Give what is found, part by part."""
    yield _file(path, present, _)
    yield _user(present, _)
    yield from _processes(present, _)
    yield from _hardware(present, _)
    yield from look_at_pins(present, _)
    yield look_at_scanner(present, _)
    yield look_at_printer(present, _)
    yield from look_at_machine(present, _)
    yield from look_at_link(present, _)


def _file(path: Path, present: Present, _: Words) -> Finding:
    title, there = _("Configuration"), path.stat()
    if _holds_a_secret(present) and there.st_mode & (stat.S_IROTH | stat.S_IWOTH):
        todo = _("Everybody may read the secret in it: sudo chmod o-rw {file}").format(file=path)
        return Finding("configuration", title, Mark.WRONG, str(path), todo)
    return Finding("configuration", title, Mark.WELL, str(path))


def _holds_a_secret(present: Present) -> bool:
    written = present.config.enrolment is not None and present.config.enrolment.claim is not None
    return written or (present.config.server is not None and bool(present.config.server.credential.reveal()))


def _user(present: Present, _: Words) -> Finding:
    data_dir, title = present.config.data_dir, _("User")
    owner = data_dir.stat().st_uid if os.geteuid() == 0 and data_dir.exists() else 0
    if owner != 0:
        todo = _("What the kiosk’s own user may do is not seen so: sudo -u {user} vidhuk-kiosk check …").format(user=user_name(owner))
        return Finding("user", title, Mark.NOTE, user_name(), todo)
    return Finding("user", title, Mark.WELL, user_name())


def _processes(present: Present, _: Words) -> Iterator[Finding]:
    runs, stands = _("runs"), _("does not run")
    yield Finding("ui", "vidhuk-kiosk ui", Mark.WELL if present.runs else Mark.NOTE, runs if present.runs else stands)
    yield Finding("sync", "vidhuk-kiosk sync", *((Mark.WELL, runs) if present.delivery.running else (Mark.NOTE, stands)))


def _hardware(present: Present, _: Words) -> Iterator[Finding]:
    """Say of a kiosk whose devices are simulated that this is one, and how to change it: its devices alone would all seem well."""
    if present.is_simulated:
        todo = _('For real ones write hardware = "real" into [kiosk] and restart the kiosk').replace(" = ", f"{TOGETHER}={TOGETHER}")
        yield Finding("hardware", _("Devices"), Mark.NOTE, _("all simulated, for trying and for demonstrations"), todo)


def _as_json(report: Report) -> str:
    return msgspec.json.format(msgspec.json.encode(report), indent=2).decode().replace(TOGETHER, " ")


def _as_text(report: Report, paper: Paper, _: Words) -> Iterator[str]:
    yield (" · " if paper.has_signs else " - ").join(filter(None, (report.kiosk, report.software)))
    yield ""
    yield from _configuration(report.configuration, paper, _)
    yield ""
    yield from lines(report.findings, paper)
    yield ""
    to_mend = _("To mend: {count}. Do what the arrows say, then run this again.").format(count=report.wrong)
    yield from hanging("", 0, to_mend if report.wrong else _("All is well."), paper)


def _configuration(tables: Tables, paper: Paper, _: Words) -> Iterator[str]:
    """Give each table with what was written, and what holds by default."""
    column = max(len(name) for name in tables) + 2
    for name, keys in tables.items():
        head, indent = f"[{name}]".ljust(column) + "  ", " " * (column + 2)
        written = ", ".join(_pair(key) for key in keys if key.written)
        default = ", ".join(_pair(key) for key in keys if not key.written and key.value is not None)
        for text in (written, default and _("default: {keys}").format(keys=default)):
            if text:
                yield from hanging(head, column + 2, text, paper)
                head = indent


def _pair(key: Key) -> str:
    value = key.value or ""
    if key.name.endswith("_key"):
        value = f"{value[:9]}…{value[-5:]}"  # so much tells one key from another
    return f"{key.name} = {value}".replace(" ", TOGETHER)
