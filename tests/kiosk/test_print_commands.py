from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest
import zxingcpp
from PIL import Image
from typer.testing import CliRunner

from feedback.settings import DeskOption
from feedback.tickets import TicketRules
from kiosk import accepted
from kiosk.__main__ import app
from kiosk.errors import ConfigError, PrintError
from tests.kiosk.support import kiosk_toml, settings_of
from tests.kiosk.test_sync_settings import KEY, signed

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

RULES = TicketRules(scope="center", centre="zrazkove", time_zone="Europe/Kyiv")


@pytest.fixture
def config(data_dir: Path) -> Path:
    path = data_dir / "kiosk.toml"
    path.write_text(kiosk_toml(data_dir, port=1883, signing_key=KEY.verify_key.encode().hex()))
    return path


def accept(data_dir: Path, rules: TicketRules | None = RULES, desk: str | None = None) -> None:
    """Put settings where sync puts those that it has accepted."""
    found = msgspec.structs.replace(settings_of(desks=3, name="Реєстрація"), tickets=rules)
    if desk is not None:
        found = msgspec.structs.replace(found, desks=(DeskOption(desk, "1"),))
    folder = data_dir / accepted.FOLDER
    folder.mkdir()
    (folder / "1.json").write_bytes(signed(found))
    (folder / accepted.CURRENT).symlink_to("1.json")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def picture(data_dir: Path) -> Image.Image:
    """The newest slip of the simulated printer."""
    with Image.open(max((data_dir / "slips").glob("0*.png"))) as opened:
        return opened.convert("L")


@pytest.mark.parametrize("desk", ["2", "desk-2"])
def test_a_card_is_printed_by_the_desks_number_or_key(desk: str, config: Path, data_dir: Path) -> None:
    accept(data_dir)
    result = run("card", desk, "--config", str(config))
    assert result.exit_code == 0, result.output
    assert "It says VD1:zrazkove:desk-2." in result.output
    assert [found.text for found in zxingcpp.read_barcodes(picture(data_dir))] == ["VD1:zrazkove:desk-2"]


def test_a_test_strip_is_printed_in_every_mode(config: Path, data_dir: Path) -> None:
    for more in ((), ("--text", "CP1251"), ("--text", "CP1125", "--page", "17", "--page", "44")):
        result = run("print-test", "--config", str(config), *more)
        assert result.exit_code == 0, result.output
        assert str(data_dir / "slips") in result.output
        assert [found.text for found in zxingcpp.read_barcodes(picture(data_dir))] == ["VIDHUK"]
    assert len(list((data_dir / "slips").glob("0*.png"))) == 3


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        (("--text", "CP866"), "--text 'CP866' must be raster, CP1125 or CP1251"),
        (("--page", "17"), "add --text CP1251 or --text CP1125"),
        (("--text", "CP1251", "--page", "256"), "from 0 to 255"),
        (("--text", "CP1251", *("--page", "1") * 17), "16 of them are the most"),
    ],
)
def test_what_cannot_be_tried_is_said(more: tuple[str, ...], complaint: str, config: Path) -> None:
    result = run("print-test", "--config", str(config), *more)
    assert isinstance(result.exception, ConfigError)
    assert complaint in str(result.exception)


@pytest.mark.parametrize(
    ("switch", "complaint"), [("paper-end", "no paper"), ("cover-open", "cover is open"), ("unplugged", "cannot be opened")]
)
def test_a_printer_that_does_not_print_is_said(switch: str, complaint: str, config: Path, data_dir: Path) -> None:
    (data_dir / "slips").mkdir()
    (data_dir / "slips" / switch).touch()
    result = run("print-test", "--config", str(config))
    assert isinstance(result.exception, PrintError)
    assert complaint in str(result.exception)
    assert not list((data_dir / "slips").glob("0*.png"))


def complaint_of(*arguments: str) -> str:
    result = run(*arguments)
    assert isinstance(result.exception, PrintError), result.output
    return str(result.exception)


def test_a_card_that_cannot_be_made_is_said(config: Path, data_dir: Path) -> None:
    assert "has not heard from its server yet" in complaint_of("card", "2", "--config", str(config))
    accept(data_dir)
    assert "no desk '9' here; the desks are 1, 2, 3" in complaint_of("card", "9", "--config", str(config))
    (data_dir / accepted.FOLDER / "1.json").write_bytes(b"{}")
    assert "cannot be used" in complaint_of("card", "2", "--config", str(config))


def test_a_card_needs_a_name_for_the_centre(config: Path, data_dir: Path) -> None:
    accept(data_dir, rules=None)
    assert "short name for tickets" in complaint_of("card", "2", "--config", str(config))


def test_a_card_needs_a_key_that_codes_can_hold(config: Path, data_dir: Path) -> None:
    accept(data_dir, desk="Стіл 1")
    assert "small Latin letters" in complaint_of("card", "1", "--config", str(config))


def test_a_kiosk_without_a_server_knows_no_desks(data_dir: Path) -> None:
    path = data_dir / "kiosk.toml"
    path.write_text(kiosk_toml(data_dir))
    assert "add [server]" in complaint_of("card", "1", "--config", str(path))


def test_a_real_kiosk_without_a_printer_prints_nothing(data_dir: Path) -> None:
    path = data_dir / "kiosk.toml"
    path.write_text(kiosk_toml(data_dir, hardware="real"))
    assert "has no printer" in complaint_of("print-test", "--config", str(path))
    path.write_text(kiosk_toml(data_dir, hardware="real") + f'\n[printer]\nkind = "serial"\nport = "/dev/{data_dir.name}-none"\n')
    assert "cannot be opened" in complaint_of("print-test", "--config", str(path))
    assert not (data_dir / "slips").exists()
