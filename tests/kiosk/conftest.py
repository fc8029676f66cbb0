from __future__ import annotations

import os
from pathlib import Path

import pytest

from kiosk import folder
from kiosk.config import Display
from tests.kiosk.support import FakeClock, KivyThing


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def data_dir(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A folder on a disk; a machine's temporary folder may be in memory, where the kiosk refuses to work."""
    mounts = Path("/proc/self/mounts").read_text()
    for place in (tmp_path, request.config.rootpath / ".pytest_cache" / tmp_path.name, Path.home() / ".cache" / tmp_path.name):
        if folder.file_system_of(place.resolve(), mounts) not in folder.FORGETFUL:
            path = place / "data"
            path.mkdir(parents=True)
            return path
    return pytest.fail("no folder on a disk to test in: the temporary folder, this folder and the home folder are all in memory")


@pytest.fixture(scope="session")
def window(tmp_path_factory: pytest.TempPathFactory) -> KivyThing:
    """The one real Kivy window, off-screen, with its input provider started."""
    os.environ["SDL_VIDEODRIVER"] = "offscreen"
    from kiosk.ui.window import open_window

    opened = open_window(Display(1280, 800, fullscreen=False), tmp_path_factory.mktemp("kivy"))
    from kivy.base import runTouchApp

    runTouchApp(embedded=True)
    return opened
