"""From a sheet to the bytes of ESC/POS; python-escpos's only home.

python-escpos reads its whole database of printers when it is imported, for a second on a fast machine, and leaves a folder behind. Vidhuk
knows its printer by its configuration, so it is handed the little that it needs instead, and the folder is taken away.
"""

from __future__ import annotations

import os
import shutil
import textwrap
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

from kiosk.hardware.paper.pages import written
from kiosk.hardware.paper.raster import draw, draw_qr
from kiosk.hardware.paper.sheet import Gap, Line, Page, Qr, Rule, Sheet, Size

if TYPE_CHECKING:
    from collections.abc import Iterable

    from PIL import Image

    from kiosk.config_devices import Printer
    from kiosk.hardware.paper.sheet import Piece

STRIP_DOTS: Final = 64
"""So many rows go as one picture: what is left of one that was cut short is soon over."""
_NO_PAIRS: Final = b"\x1c."
"""FS . : one byte is one letter. Many printers wake up taking two bytes above 127 for a Chinese sign."""
_SELECT_PAGE: Final = b"\x1bt"
_COLUMN_DOTS: Final = 12
_FEED_LINES: Final = 4
_SCALE: Final = {Size.SMALL: 1, Size.NORMAL: 1, Size.LARGE: 2, Size.HUGE: 8}
_CAPABILITIES: Final = "ESCPOS_CAPABILITIES_FILE"
_CACHE: Final = "ESCPOS_CAPABILITIES_PICKLE_DIR"


def printout(sheet: Sheet, printer: Printer) -> bytes:
    """Give everything that has to be sent for a sheet, from a printer in whatever state to paper that can be torn off."""
    out = _recorder(printer.text)
    out.hw("INIT")
    if printer.text == "raster":
        _send_picture(out, draw(sheet, printer.width_px))
    else:
        out._raw(_NO_PAIRS + _SELECT_PAGE + bytes([printer.page]))  # noqa: SLF001 - the library's documented way for what it lacks
        _write(out, sheet, printer)
    if printer.cut:
        out.cut(mode="PART")  # a slip that hangs by a corner does not fall to the floor
    else:
        out.print_and_feed(_FEED_LINES)
    return bytes(out.output)


def drain(printer: Printer) -> bytes:
    """Give what ends a picture that was cut short; a printer that waits for none passes over zeros."""
    return bytes(STRIP_DOTS * printer.width_px // 8)


def _write(out: Any, sheet: Iterable[Piece], printer: Printer) -> None:  # noqa: ANN401 - the library has no types
    columns = printer.width_px // _COLUMN_DOTS
    out.set(align="center")
    for piece in sheet:
        match piece:
            case Line():
                _write_line(out, piece, columns, printer.text)
            case Qr():
                _send_picture(out, draw_qr(piece.text, printer.width_px))
            case Rule():
                out.textln("-" * (columns if piece.full else columns * 3 // 4))
            case Gap():
                out.ln()
            case Page():
                out._raw(_SELECT_PAGE + bytes([piece.number]))  # noqa: SLF001 - as above


def _write_line(out: Any, line: Line, columns: int, page: str) -> None:  # noqa: ANN401 - as above
    text = written(line.text, page)
    scale = min(_SCALE[line.size], max(1, columns // max(1, len(text)))) if line.size is Size.HUGE else _SCALE[line.size]
    out.set(bold=line.bold, custom_size=True, width=scale, height=scale)
    for row in textwrap.wrap(text, columns // scale) or [""]:
        out.textln(row)
    out.set(bold=False, custom_size=True, width=1, height=1)


def _send_picture(out: Any, picture: Image.Image) -> None:  # noqa: ANN401 - as above
    out.image(picture, impl="bitImageRaster", fragment_height=STRIP_DOTS)


def _recorder(text: str) -> Any:  # noqa: ANN401 - as above
    """Give what python-escpos writes into, with one code page for good: left to itself it changes pages within a word."""
    encoding = "CP1125" if text == "raster" else text
    return _recorder_class()(magic_encode_args={"disabled": True, "encoding": encoding})


@cache
def _recorder_class() -> Any:  # noqa: ANN401 - as above
    """Import python-escpos, when the first sheet is printed."""
    before = {name: os.environ.pop(name, None) for name in (_CAPABILITIES, _CACHE)}
    with resources.as_file(resources.files("kiosk") / "hardware" / "paper" / "escpos.json") as capabilities:
        os.environ[_CAPABILITIES] = str(capabilities)
        try:
            from escpos.capabilities import pickle_dir
            from escpos.escpos import Escpos
        finally:
            del os.environ[_CAPABILITIES]
            os.environ.update({name: value for name, value in before.items() if value is not None})
    shutil.rmtree(pickle_dir, ignore_errors=True)

    class Recorder(Escpos):  # type: ignore[misc,no-any-unimported,unused-ignore]
        def __init__(self, **arguments: Any) -> None:  # noqa: ANN401 - the library's
            super().__init__(**arguments)
            self.output = bytearray()

        def _raw(self, msg: bytes) -> None:
            self.output += msg

        def close(self) -> None:
            """There is nothing to close."""

    return Recorder
