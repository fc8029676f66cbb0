from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import msgspec
import pytest
from nacl.signing import SigningKey
from typer.testing import CliRunner

from feedback.settings import PURPOSE
from feedback.signed import sign
from feedback.wire import encode
from kiosk import accepted
from kiosk.__main__ import app
from kiosk.errors import ConfigError
from kiosk.ticket_commands import read_rules
from kiosk.usable import UnusableError, check_settings
from tests.feedback.tickets import PLAIN, rules, signed
from tests.kiosk.support import KIOSK, settings_of

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

RULES = """
centre: sample
forms:
  - {kind: regex, name: plain, pattern: '(?P<number>[A-Z][0-9]{3})'}
  - {kind: delimited, name: parts, separator: ";", fields: [number, desk]}
  - {kind: regex, name: any, pattern: '(?P<number>.+)'}
"""
SERVER = SigningKey(bytes(32))


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "kiosk.toml"
    key = SERVER.verify_key.encode().hex()
    file.write_text(
        f'format = 1\n[kiosk]\nid = "{KIOSK}"\ndata_dir = "{tmp_path}"\n[server]\nhost = "127.0.0.1"\nport = 1\n'
        f'credential = "x"\nsigning_key = "{key}"\nsealing_key = "{key}"\n'
    )
    return file


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["tickets", "try", *map(str, arguments)])


def accept(config: Path, **more: object) -> None:
    settings = msgspec.structs.replace(settings_of(desks=12), tickets=rules(PLAIN), **more)
    folder = config.parent / accepted.FOLDER
    folder.mkdir()
    (folder / accepted.CURRENT).write_bytes(encode(sign(settings, PURPOSE, lambda content: SERVER.sign(content).signature)))


def test_a_code_is_tried_by_a_file(config: Path) -> None:
    file = config.with_name("tickets.yaml")
    file.write_text(RULES, encoding="utf-8")
    said = run("]C0А045", "--config", config, "--rules", file)
    assert said.exit_code == 0
    assert "A ticket, read by form 'plain':\n    number   A045  →  as A045\n" in said.output
    assert "    signed  the code does not begin with VT1.\n" in said.output
    assert "    parts   the code has 1 part between ';' and not 2\n" in said.output
    assert "    any     would read it too, but stands later\n" in said.output


def test_a_code_is_tried_by_what_the_server_sent(config: Path) -> None:
    accept(config)
    today = datetime.now(ZoneInfo("Europe/Kyiv")).date().isoformat()
    said = run(signed(day=today, desk="12", service="permits"), "--config", config)
    assert said.exit_code == 0
    assert "A ticket, read by form 'signed':" in said.output
    assert "desk     12  →  desk-12, number 12" in said.output
    assert "service  permits  →  permits" in said.output


def test_what_is_no_ticket_is_said_and_known_by_the_exit_code(config: Path) -> None:
    accept(config)
    said = run("VD1:elsewhere:desk-1", "--config", config)
    assert said.exit_code == 1
    assert "No ticket: it is of another centre or site (form 'card')." in said.output
    assert "centre 'elsewhere' is neither 'sample' nor its site 'center'" in said.output


def test_a_code_cannot_play_with_the_terminal(config: Path) -> None:
    accept(config)
    said = run("\x1b[2J\x07A\u202e045", "--config", config)
    assert "\x1b" not in said.output
    assert "\x07" not in said.output
    assert "\u202e" not in said.output


def test_without_rules_it_is_said_what_to_do(config: Path) -> None:
    said = run("A045", "--config", config)
    assert isinstance(said.exception, ConfigError)
    assert "--rules FILE" in str(said.exception)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("forms: [", "tickets.yaml, line 2: "),
        ("- a", "tickets.yaml: keys with values are needed"),
        (RULES.replace("pattern", "patern"), "forms: entry 1: unknown key 'patern'; did you mean 'pattern'?"),
        (RULES.replace("separator:", "seperator:"), "forms: entry 2: unknown key 'seperator'; did you mean 'separator'?"),
        (RULES.replace("kind: regex", "kind: rgx"), "Invalid value 'rgx'"),
        (RULES.replace(".+", "(.+)+"), "form 'any': some codes would keep it busy"),
        (RULES + "max_age_h: 100\n", "max_age_h 100"),
    ],
)
def test_rules_that_cannot_work_are_refused(text: str, complaint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_rules(text, "tickets.yaml")
    assert complaint in str(caught.value)


def test_a_kiosk_does_not_accept_rules_that_cannot_work() -> None:
    check_settings(msgspec.structs.replace(settings_of(), tickets=rules(PLAIN)))
    with pytest.raises(UnusableError, match="max_age_h"):
        check_settings(msgspec.structs.replace(settings_of(), tickets=rules(PLAIN, max_age_h=0)))
