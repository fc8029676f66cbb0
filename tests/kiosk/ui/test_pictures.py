from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from gallery import accepted

pytestmark = pytest.mark.window

ROOT = Path(__file__).parents[3]
FAILED = ROOT / ".pytest_cache" / "pictures"
SCREENS = [(size, name) for size, names in accepted.CHOSEN.items() for name in names]


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The chosen screens as the real window draws them now; one process for each size, because Kivy opens one window a process."""
    folder = tmp_path_factory.mktemp("pictures")
    for size, names in accepted.CHOSEN.items():
        subprocess.run([sys.executable, "-m", "gallery.pictures", size, folder, *names], cwd=ROOT, check=True, capture_output=True)
    return folder


@pytest.mark.parametrize(("size", "name"), SCREENS)
def test_a_screen_looks_as_it_was_accepted(taken: Path, size: str, name: str) -> None:
    got = Image.open(taken / size / f"{name}.png")
    file = accepted.path_of(size, name)
    assert file.exists(), f"nobody has accepted {size} {name} yet: look at it and run ./run gallery --accept"
    known = Image.open(file)
    apart = accepted.difference(got, known)
    if not apart.is_small:
        FAILED.mkdir(parents=True, exist_ok=True)
        accepted.side_by_side(got, known).save(FAILED / file.name)
    assert apart.is_small, (
        f"{size} {name} looks different ({apart.mean:.1f} on the whole, {apart.most:.0f} at most): look at new, accepted and difference "
        f"in {FAILED / file.name}; if the new look is meant, run ./run gallery --accept and commit what it writes"
    )


def test_no_accepted_picture_is_left_over_and_all_are_small() -> None:
    files = list(accepted.FOLDER.glob("*.png"))
    assert set(files) == {accepted.path_of(size, name) for size, name in SCREENS}
    assert sum(file.stat().st_size for file in files) < 1_500_000


def test_a_changed_colour_and_a_moved_thing_are_seen_and_noise_is_not() -> None:
    plain = Image.new("RGB", (1280, 800), "#F7F8FA")
    face = plain.copy()
    face.paste("#0B6E4F", (200, 300, 400, 500))
    changed, moved, noisy = plain.copy(), plain.copy(), face.copy()
    changed.paste("#4C8C1F", (200, 300, 400, 500))
    moved.paste("#0B6E4F", (240, 300, 440, 500))
    noisy.paste("#0C7050", (200, 300, 400, 500))
    kept = accepted.small(face)
    assert not accepted.difference(changed, kept).is_small
    assert not accepted.difference(moved, kept).is_small
    assert not accepted.difference(plain.resize((800, 480)), kept).is_small
    assert accepted.difference(noisy, kept).is_small
    assert accepted.difference(face, kept) == (0.0, 0.0)
