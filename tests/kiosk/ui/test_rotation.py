"""A panel that is mounted turned, by the real program and its mirror."""

from __future__ import annotations

from pathlib import Path
from tempfile import mkdtemp

import pytest

from feedback import looks
from feedback.records import Vote, decode_body
from kiosk.store import FILE
from tests.kiosk.support import MirrorClient, kiosk_toml, running, wait_until
from tests.kiosk.test_store import logged

pytestmark = pytest.mark.window

PANEL = (640, 400)


@pytest.mark.parametrize(("rotation", "along", "forwards"), [(90, 1, True), (180, 0, False), (270, 1, False)])
def test_a_turned_picture_is_drawn_and_touched_where_it_is_seen(data_dir: Path, rotation: int, along: int, forwards: bool) -> None:  # noqa: FBT001
    config, path = data_dir.parent / "kiosk.toml", Path(mkdtemp()) / "m"
    config.write_text(kiosk_toml(data_dir) + f"rotation = {rotation}\n")
    with running("ui", config, "--mirror", str(path)):
        wait_until(path.exists)
        with MirrorClient(path) as mirror:
            wait_until(lambda: mirror.ask(frame=0)[0]["frame"])
            header, pixels = mirror.ask(frame=0)
            assert (header["width"], header["height"]) == PANEL, "the panel's own pixels"
            best, worst = header["targets"]["excellent"], header["targets"]["terrible"]
            assert (best[along] < worst[along]) is forwards, "turned clockwise, the row of faces runs so on the panel"
            assert abs(best[1 - along] - worst[1 - along]) < 0.01
            for answer in ("excellent", "terrible"):
                x, y = middle_of(looks.ANSWER_COLOURS[answer], pixels)
                assert abs(x - header["targets"][answer][0]) < 0.1
                assert abs(y - header["targets"][answer][1]) < 0.1
            mirror.tap("terrible")
            wait_until(lambda: [record.answer for record in records(data_dir) if isinstance(record, Vote)] == ["terrible"])


def middle_of(token: str, pixels: bytes) -> tuple[float, float]:
    """The middle of everything in this colour, as shares of the panel from the upper left."""
    colour, width = bytes.fromhex(token[1:]), PANEL[0]
    found = [at // 3 for at in range(0, len(pixels), 3) if pixels[at : at + 3] == colour]
    assert found
    return sum(at % width for at in found) / len(found) / width, sum(at // width for at in found) / len(found) / PANEL[1]


def records(data_dir: Path) -> list[object]:
    return [decode_body(body) for _, _, body, _ in logged(data_dir / FILE)]
