from __future__ import annotations

import subprocess
import sys
import tempfile
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageChops

from kiosk.config_devices import Printer
from kiosk.hardware.paper.pages import CODECS, written
from kiosk.hardware.paper.raster import draw
from kiosk.hardware.paper.sheet import ALPHABET, PECULIAR, SIGNS, Line, Qr, Size, of_card, of_slip, of_test
from kiosk.hardware.paper.writer import printout
from kiosk.hardware.simulated.paper import developed
from tests import escpos
from tests.kiosk.hardware.paper import slip

if TYPE_CHECKING:
    from typing import Literal

WIDTHS = (384, 576)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("language", ["uk", "en"])
def test_a_drawn_slip_arrives_as_it_was_drawn_and_its_qr_is_read(width: int, language: str) -> None:
    one = slip(language=language)
    paper = escpos.read(printout(of_slip(one), Printer(width_px=width)))
    assert (paper.unknown, paper.resets, paper.cuts, paper.rows) == (b"", 1, 1, [])
    assert paper.picture.width == width
    assert not ImageChops.difference(paper.picture.convert("L"), draw(of_slip(one), width).convert("L")).getbbox()
    assert paper.codes == [one.qr]
    assert max(part.height for part in paper.pictures) <= 64


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_drawn_touches_the_edge_or_is_cut(width: int) -> None:
    one = slip(centre="Довгослів" * 20, note="слово " * 40)
    picture = draw(of_slip(one), width).convert("L")
    left, _, right, _ = Image.eval(picture, lambda grey: 255 - grey).getbbox() or (0, 0, 0, 0)
    assert left >= 4
    assert right <= width - 4


@pytest.mark.parametrize("sign", [*"".join(ALPHABET), *"".join(ALPHABET).upper(), *SIGNS.replace(" ", "")])
def test_the_font_has_every_ukrainian_letter_and_sign(sign: str) -> None:
    """A sign that a font lacks is drawn as the same box as every other that it lacks."""
    missing = draw((Line("\ue5e5", Size.LARGE),), 384)
    assert ImageChops.difference(draw((Line(sign, Size.LARGE),), 384).convert("L"), missing.convert("L")).getbbox()


@pytest.mark.parametrize(("text", "page"), [("CP1125", 17), ("CP1251", 46), ("CP1251", 255)])
def test_a_written_slip_selects_its_page_once_and_every_letter_is_on_it(text: Literal["CP1125", "CP1251"], page: int) -> None:
    one = slip()
    octets = printout(of_slip(one), Printer(text=text, page=page))
    paper = escpos.read(octets, {page: CODECS[text]})
    assert (paper.unknown, paper.cuts, paper.is_single_byte) == (b"", 1, True)
    assert octets.count(b"\x1bt") == 1
    assert {row.page for row in paper.rows} == {page}
    assert {row.align for row in paper.rows} == {1}
    assert all(len(row.text) * row.scale <= 32 for row in paper.rows)
    said = " ".join(" ".join(row.text for row in paper.rows).split())
    for part in (one.centre, one.thanks, one.date, one.hot_line, one.note, "Гаряча лінія"):
        assert written(part, text) in said
    assert one.code.replace("-", "") in said.replace(" ", "").replace("-", "")
    assert paper.codes == [one.qr]
    assert "?" not in said


def test_signs_that_a_page_lacks_become_look_alikes() -> None:
    assert written("«Ґанок» — 5 ₴ „їжа“ п’ять…", "CP1125") == '"Ґанок" - 5 грн "їжа" п\'ять...'
    assert written("«Ґанок» — 5 ₴ „їжа“ п’ять…", "CP1251") == "«Ґанок» — 5 грн „їжа“ п’ять…"
    assert written("日\x1b@\n\t", "CP1251") == "? @  "


@given(st.text(max_size=60), st.sampled_from(sorted(CODECS)))
def test_no_text_is_a_command(text: str, page: Literal["CP1125", "CP1251"]) -> None:
    octets = printout((Line(text),), Printer(text=page, page=9))
    paper = escpos.read(octets, {9: CODECS[page]})
    assert (paper.unknown, paper.resets, paper.cuts) == (b"", 1, 1)


def test_every_cyrillic_page_has_the_whole_alphabet() -> None:
    for codec in CODECS.values():
        assert "".join((*ALPHABET, PECULIAR)).encode(codec)
    with pytest.raises(UnicodeEncodeError):
        PECULIAR.encode("cp866")


def test_without_a_cutter_the_paper_is_fed() -> None:
    paper = escpos.read(printout(of_slip(slip()), Printer(cut=False)))
    assert (paper.cuts, paper.fed) == (0, 4)


@pytest.mark.parametrize("number", ["7", "12", "104а", "Каса № 3"])
def test_a_card_shows_the_number_large_and_its_code_is_read(number: str) -> None:
    sheet = of_card("ЦНАП Зразкове", number, "Реєстрація місця проживання", "VD1:zrazkove:center-1", "uk")
    drawn = escpos.read(printout(sheet, Printer()))
    assert drawn.codes == ["VD1:zrazkove:center-1"]
    letters = escpos.read(printout(sheet, Printer(text="CP1251", page=46)), {46: "cp1251"})
    assert letters.codes == ["VD1:zrazkove:center-1"]
    row = next(row for row in letters.rows if row.text == number)
    assert row.scale == min(8, 32 // len(number))


def test_a_test_strip_shows_each_page_that_is_tried() -> None:
    paper = escpos.read(
        printout(of_test(Printer(text="CP1251"), (6, 46), "uk"), Printer(text="CP1251")), {0: "ascii", 6: "cp1251", 46: "cp1251"}
    )
    alphabet = [part for half in (ALPHABET, tuple(part.upper() for part in ALPHABET)) for part in half]
    for page in (6, 46):
        assert [row.text for row in paper.rows if row.page == page and row.text in alphabet] == alphabet
        assert f"CP1251 = {page}" in [row.text for row in paper.rows if row.page == page]
    assert paper.codes == ["VIDHUK"]
    assert paper.unknown == b""


def test_a_drawn_test_strip_reaches_both_edges() -> None:
    picture = escpos.read(printout(of_test(Printer(), (0,), "en"), Printer())).picture.convert("L")
    left, _, right, _ = Image.eval(picture, lambda grey: 255 - grey).getbbox() or (0, 0, 0, 0)
    assert (left, right) == (0, 384)


def test_the_simulated_paper_shows_what_was_drawn() -> None:
    one = slip()
    paper = developed(printout(of_slip(one), Printer()), Printer())
    assert paper is not None
    drawn = draw(of_slip(one), 384)
    inside = paper.crop((16, 16, 16 + 384, 16 + drawn.height))
    assert not ImageChops.difference(inside.convert("L"), drawn.convert("L")).getbbox()
    assert developed(b"\x1b@", Printer()) is None


def test_the_simulated_paper_shows_written_letters_too() -> None:
    config = Printer(text="CP1125", page=17)
    with_letter, without = (developed(printout((Line(text),), config), config) for text in ("ґ", "г"))
    assert with_letter is not None
    assert without is not None
    assert ImageChops.difference(with_letter.convert("L"), without.convert("L")).getbbox()


def test_a_qr_that_says_much_still_fits_and_is_read() -> None:
    text = "https://vidguk.example.org/" + "довго/" * 12
    assert escpos.read(printout((Qr(text),), Printer())).codes == [text]


def test_drawing_libraries_are_imported_when_something_is_printed_and_leave_nothing_behind() -> None:
    program = """if True:
        import os, sys, tempfile
        import kiosk.hardware.printer, kiosk.print_commands
        heavy = {"PIL", "segno", "escpos", "usb", "serial", "qrcode"}
        assert not heavy & set(sys.modules), heavy & set(sys.modules)
        from kiosk.config_devices import Printer
        from kiosk.hardware.paper.sheet import Qr
        from kiosk.hardware.paper.writer import printout
        printout((Qr("x"),), Printer())
        assert "ESCPOS_CAPABILITIES_FILE" not in os.environ
        assert not os.listdir(tempfile.gettempdir())
    """
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-W", "error", "-c", program], check=True, env={"TMPDIR": folder, "PYTHONPATH": "."}, timeout=60)
