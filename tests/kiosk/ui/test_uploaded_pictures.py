"""Photographs, the logo and the floor plan, from files: good ones are shown, any other never breaks a screen."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from feedback.settings import Look
from kiosk.screens import DONT_REMEMBER, SKIP, Desk
from tests.kiosk.ui import samples
from tests.kiosk.ui.test_views import ATTRACT, Shown

if TYPE_CHECKING:
    from pathlib import Path

    from tests.kiosk.support import KivyThing

pytestmark = pytest.mark.window

MAGENTA = (255, 0, 255)
WITH_PHOTOS = Desk(desks=samples.desks(3, name="Оксана", photo=samples.PICTURE))
WITH_PLAN = Desk(desks=samples.desks(3), plan=samples.PICTURE)


def encoded(kind: str, size: tuple[int, int] = (300, 400)) -> bytes:
    stream = BytesIO()
    Image.new("RGB", size, MAGENTA).save(stream, kind)
    return stream.getvalue()


def shares_of_magenta(shown: Shown, file: Path) -> dict[str, float]:
    """How much of each screen the picture covers."""
    return {name: magenta(shown, screen, file) for name, screen in (("photo", WITH_PHOTOS), ("plan", WITH_PLAN), ("logo", ATTRACT))}


def magenta(shown: Shown, screen: object, file: Path) -> float:
    from kivy.graphics.opengl import GL_RGB, GL_UNSIGNED_BYTE, glReadPixels

    width, height = shown.window.size
    seen: list[bytes] = []

    def read(*_: object) -> None:
        seen[:] = [glReadPixels(0, 0, width, height, GL_RGB, GL_UNSIGNED_BYTE)]

    shown.app.dress(samples.CENTRE, Look(logo=samples.PICTURE, quiet=True))
    shown.app.show(screen)
    shown.window.bind(on_flip=read)
    shown.window.canvas.ask_update()
    shown.loop(2)
    shown.window.unbind(on_flip=read)
    near = sum(1 for at in range(0, len(seen[0]), 3) if seen[0][at] > 240 and seen[0][at + 1] < 15 and seen[0][at + 2] > 240)
    if isinstance(screen, Desk):
        assert {"desk:desk-1", "desk:desk-2", "desk:desk-3", DONT_REMEMBER, SKIP} == set(shown.app.targets), file
    return near / (width * height)


def show(window: KivyThing, file: Path) -> dict[str, float]:
    shown = Shown(window, asset=lambda _name: file)
    try:
        return shares_of_magenta(shown, file)
    finally:
        shown.app.close()
        window.unbind(on_flip=shown._count)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_photographs_logo_and_plan_are_shown(window: KivyThing, tmp_path: Path, kind: str) -> None:
    file = tmp_path / "picture"
    file.write_bytes(encoded(kind))
    shares = show(window, file)
    assert shares["photo"] > 0.03
    assert shares["plan"] > 0.1
    assert shares["logo"] > 0.0005


WHOLE = encoded("PNG")
BROKEN = {
    "empty": b"",
    "words": b"no picture",
    "cut short": WHOLE[: len(WHOLE) // 2],
    "only a head": WHOLE[:8],
    "a head and noise": WHOLE[:8] + bytes(range(256)) * 8,
    "a broken JPEG": encoded("JPEG")[:40],
    "a broken WebP": encoded("WEBP")[:20],
    "a GIF": encoded("GIF"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_picture_leaves_the_numbers(window: KivyThing, tmp_path: Path, name: str) -> None:
    file = tmp_path / "picture"
    file.write_bytes(BROKEN[name])
    assert set(show(window, file).values()) == {0.0}


def test_a_missing_picture_and_a_folder_in_its_place_leave_the_numbers(window: KivyThing, tmp_path: Path) -> None:
    for file in (tmp_path / "none", tmp_path):
        assert set(show(window, file).values()) == {0.0}
