from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

import msgspec
import pytest

from kiosk import folder
from kiosk.config import Config, Display, Sound, parse
from kiosk.errors import ConfigError, DataFolderError
from kiosk.technician.pin import hashed
from tests.kiosk.support import SEALING, SIGNING

if TYPE_CHECKING:
    from collections.abc import Iterator

PIN = "$argon2id$v=19$m=65536,t=2,p=1$841XmcPJuD/MD6BcJym44g$3saCImyINKVXzwPI3RIlICcy85z1ZFQ+ILpaGWNxTHE"
LOW_ORDER = "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"
"""A point of order 8 on Curve25519: whatever it is multiplied by, nothing is secret."""
WHOLE = f"""
format = 1
[kiosk]
id = "exit-sample-1"
data_dir = "/var/lib/vidhuk-kiosk"
language = "uk"          # first language shown: uk | en
hardware = "simulated"
[server]
host = "127.0.0.1"
port = 8883
credential = "hush hush"
signing_key = "{SIGNING}"
sealing_key = "{SEALING}"
ca = ""
[screen]
width = 1024
height = 600
fullscreen = false
diagonal_inch = 7
rotation = 90
[sound]
speaker = "USB Audio"
headphones = ""
volume = 55
[technician]
pin = "{PIN}"
"""


def test_the_whole_file_is_read() -> None:
    config = parse(WHOLE, "kiosk.toml")
    assert config.kiosk.id == "exit-sample-1"
    assert config.data_dir == Path("/var/lib/vidhuk-kiosk")
    assert config.server is not None
    assert config.server.credential.reveal() == "hush hush"
    assert config.screen == Display(1024, 600, fullscreen=False, diagonal_inch=7, rotation=90)
    assert config.sound == Sound("USB Audio", "", 55)
    assert config.technician is not None
    assert config.technician.pin.reveal() == PIN


def test_a_secret_shows_itself_to_nobody() -> None:
    assert "hush" not in repr(parse(WHOLE, "kiosk.toml"))
    assert "argon2id" not in repr(parse(WHOLE, "kiosk.toml"))


def test_everything_but_the_kiosk_itself_may_be_left_out() -> None:
    config = parse(WHOLE[: WHOLE.index("[server]")], "kiosk.toml")
    assert config.server is None
    assert config.technician is None
    assert config.screen == Display(1280, 800, fullscreen=True)
    assert config.sound == Sound()


def test_a_hash_by_the_command_is_taken() -> None:
    assert parse(WHOLE.replace(PIN, hashed("482915")), "kiosk.toml").technician is not None


def tables(struct: Any, table: str = "") -> Iterator[tuple[str, str]]:
    for key, kind in get_type_hints(struct).items():
        inner = next((part for part in (kind, *get_args(kind)) if isinstance(part, type) and issubclass(part, msgspec.Struct)), None)
        if inner is None:
            yield table, key
        else:
            yield from tables(inner, f"[{key}] ")


@pytest.mark.parametrize(("table", "key"), list(tables(Config)))
def test_every_key_is_in_the_documents(table: str, key: str) -> None:
    page = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text(encoding="utf-8")
    rows = [line for line in page.split("\n## ")[1].splitlines() if line.startswith(f"| `{table}")]
    assert any(f"`{table}{key}`" in row or f"`{key}`" in row.split("|")[1] for row in rows), f"{table}{key} is not in docs/configuration.md"


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("data_dir", "data_folder", "kiosk.toml: kiosk: unknown key 'data_folder'; did you mean 'data_dir'?"),
        ("signing_key", "signing_kye", "server: unknown key 'signing_kye'; did you mean 'signing_key'?"),
        ("[screen]", "[sceen]", "unknown key 'sceen'; did you mean 'screen'?"),
        ("width", "x", "screen: unknown key 'x'; the keys are width, height, fullscreen, diagonal_inch, rotation"),
        ("format = 1", "format = 2", "format 2 is not known"),
        ("exit-sample-1", "Exit 1", "must be 8 to 32 small Latin letters"),
        ('"uk"', '"fr"', "$.kiosk.language"),
        ('"simulated"', '"gpio"', "$.kiosk.hardware"),
        ("8883", "70000", "port 70000 must be from 1 to 65535"),
        (SIGNING, "00" * 32, "signing_key is no key by which anything can be signed; copy both keys"),
        (SIGNING, "0b" * 32, "signing_key is no key by which anything can be signed; copy both keys"),
        (SEALING, "00" * 32, "sealing_key is no key to which visitors' words can be sealed; copy both keys"),
        (SEALING, LOW_ORDER, "sealing_key is no key to which visitors' words can be sealed; copy both keys"),
        (SIGNING[:4], "zz0a", "signing_key must be 64 hexadecimal digits"),
        ('ca = ""', 'ca = "no certificate"', "[server] ca is no certificate; copy it from what `vidhuk-server kiosk add` printed"),
        ('ca = ""', 'ca = "-----BEGIN CERTIFICATE-----\\nAAAA\\n-----END CERTIFICATE-----"', "[server] ca is no certificate; copy it"),
        (
            '"127.0.0.1"',
            '"vidhuk.example"',
            "[server] ca is missing: without the server's authority nobody on the way to vidhuk.example is known",
        ),
        ('"hush hush"', "5", "$.server.credential"),
        ("width = 1024", "width = 0", "[screen] width and height must be from 200 to 16384 pixels"),
        ("height = 600", "height = 60000", "[screen] width and height must be from 200 to 16384 pixels"),
        ("diagonal_inch = 7", "diagonal_inch = 2.5", "[screen] diagonal_inch 2.5 must be from 3 to 100"),
        ("diagonal_inch = 7", "diagonal_inch = nan", "[screen] diagonal_inch nan must be from 3 to 100"),
        ("diagonal_inch = 7", "diagonal_inch = 254", "[screen] diagonal_inch 254 must be from 3 to 100"),
        ("rotation = 90", "rotation = 45", "$.screen.rotation"),
        ("volume = 55", "volume = 101", "[sound] volume 101 must be from 0 to 100"),
        ("volume = 55", "volume = -1", "[sound] volume -1 must be from 0 to 100"),
        (PIN, "482915", "pin must be the whole line that `vidhuk-kiosk pin` printed, not the PIN itself"),
        (PIN, PIN[:60], "pin must be the whole line"),
        ("pin =", "pim =", "technician: unknown key 'pim'; did you mean 'pin'?"),
        ("[screen]", "[screen", "this is not TOML"),
        ('id = "exit-sample-1"', "", "[server] needs the kiosk's name there, [kiosk] id"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(old: str, new: str, complaint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(WHOLE.replace(old, new, 1), "kiosk.toml")
    assert complaint in str(caught.value)
    assert str(caught.value).startswith("kiosk.toml: ")


MOUNTS = """\
/dev/mmcblk0p2 / ext4 rw 0 0
tmpfs /run tmpfs rw 0 0
overlay /srv/with\\040space overlay rw 0 0
/dev/mmcblk0p3 /run/keep ext4 rw 0 0
"""


def test_the_file_system_is_the_nearest_one_above() -> None:
    assert folder.file_system_of(Path("/var/lib"), MOUNTS) == "ext4"
    assert folder.file_system_of(Path("/run/x"), MOUNTS) == "tmpfs"
    assert folder.file_system_of(Path("/run/keep/x"), MOUNTS) == "ext4"
    assert folder.file_system_of(Path("/srv/with space/x"), MOUNTS) == "overlay"


def test_a_folder_that_forgets_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataFolderError, match="is on tmpfs, which forgets at power-off"):
        folder.prepare(tmp_path / "new", f"tmpfs {tmp_path} tmpfs rw 0 0")
    folder.prepare(tmp_path / "new", f"/dev/sda {tmp_path} ext4 rw 0 0")


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataFolderError, match="cannot be made"):
        folder.prepare(tmp_path / "file" / "data")


def test_waking_nobody_does_not_hurt_and_waking_somebody_does_not_block(data_dir: Path) -> None:
    deep = data_dir / ("x" * 100) / ("y" * 100)  # longer than a socket's address may be
    deep.mkdir(parents=True)
    with folder.wake_sender() as sender:
        folder.wake(deep, sender)
        with folder.wake_receiver(deep) as receiver:
            for _ in range(2000):
                folder.wake(deep, sender)
            assert receiver.recv(10) == b"\0"
        folder.wake(deep, sender)
