"""An ESC/POS printer's reading of what it is sent, independent of the code that writes it: texts, pictures, cuts, and what is unknown."""

from __future__ import annotations

from dataclasses import dataclass, field

import zxingcpp
from PIL import Image, ImageOps

ESC, FS, GS, DLE = b"\x1b", b"\x1c", b"\x1d", b"\x10"


@dataclass
class Text:
    """A row of letters, by the page that was selected then."""

    text: str
    page: int
    scale: int
    bold: bool
    align: int


@dataclass
class Paper:
    """What a printer has made of its bytes; a picture that has not arrived whole is in `lacking`."""

    pages: dict[int, str]
    rows: list[Text] = field(default_factory=list)
    pictures: list[Image.Image] = field(default_factory=list)
    unknown: bytes = b""
    cuts: int = 0
    fed: int = 0
    resets: int = 0
    forgotten: int = 0
    zeros: int = 0
    lacking: int = 0
    is_single_byte: bool = False

    @property
    def picture(self) -> Image.Image:
        """All pictures, one under another."""
        whole = Image.new("1", (max(part.width for part in self.pictures), sum(part.height for part in self.pictures)), 1)
        top = 0
        for part in self.pictures:
            whole.paste(part, (0, top))
            top += part.height
        return whole

    @property
    def codes(self) -> list[str]:
        """What the QR codes say."""
        if not self.pictures:
            return []
        return [found.text for found in zxingcpp.read_barcodes(ImageOps.expand(self.picture.convert("L"), 40, 255))]


def read(octets: bytes, pages: dict[int, str] | None = None) -> Paper:
    """Read everything that a printer was sent. `pages` are its code pages by their numbers."""
    reader = _Reader(octets, Paper(pages or {}))
    while reader.at < len(octets):
        reader.step()
    reader.paper.unknown += reader.row
    return reader.paper


class _Reader:
    def __init__(self, octets: bytes, paper: Paper) -> None:
        self.octets = octets
        self.at = 0
        self.paper = paper
        self.reset()

    def reset(self) -> None:
        self.page, self.scale, self.bold, self.align, self.row = 0, 1, False, 0, b""

    def take(self, count: int) -> bytes:
        taken = self.octets[self.at : self.at + count]
        self.at += count
        return taken

    def number(self) -> int:
        return int.from_bytes(self.take(2), "little")

    def step(self) -> None:
        octet = self.take(1)
        commands = {ESC: self.escape, FS: self.file_separator, GS: self.group_separator, DLE: self.real_time}
        if octet in commands:
            command = self.take(1)
            if not commands[octet](command):
                self.paper.unknown += octet + command
        elif octet == b"\n":
            self.end_row()
        elif octet == b"\0":
            self.paper.zeros += 1
        elif octet[0] >= 0x20:
            self.row += octet
        else:
            self.paper.unknown += octet

    def escape(self, command: bytes) -> bool:
        if command == b"@":
            self.reset()
            self.paper.resets += 1
            return True
        if command not in {b"t", b"E", b"a", b"d"}:
            return False
        value = self.take(1)[0]
        if command == b"t":
            self.page = value
        elif command == b"E":
            self.bold = bool(value & 1)
        elif command == b"a":
            self.align = value
        else:
            self.paper.fed += value
        return True

    def file_separator(self, command: bytes) -> bool:
        self.paper.is_single_byte |= command == b"."
        return command == b"."

    def group_separator(self, command: bytes) -> bool:
        if command == b"!":
            size = self.take(1)[0]
            assert size >> 4 == size & 7, "as wide as high"
            self.scale = (size & 7) + 1
        elif command == b"V":
            assert self.take(1) in {b"\0", b"\1"}
            self.paper.cuts += 1
        elif command == b"v":
            self.picture()
        else:
            return False
        return True

    def real_time(self, command: bytes) -> bool:
        if command == b"\x04":
            self.take(1)
            return True
        self.paper.forgotten += 1
        return command == b"\x14" and self.take(8) == b"\x08\x01\x03\x14\x01\x06\x02\x08"

    def picture(self) -> None:
        assert self.take(2) == b"0\0", "one dot is one dot"
        across, height = self.number(), self.number()
        rows = self.take(across * height)
        self.paper.lacking = across * height - len(rows)
        if not self.paper.lacking:
            drawn = ImageOps.invert(Image.frombytes("1", (across * 8, height), rows).convert("L")).convert("1")
            self.paper.pictures.append(drawn)

    def end_row(self) -> None:
        if self.page in self.paper.pages or self.row.isascii():
            text = self.row.decode(self.paper.pages.get(self.page, "ascii"))
            self.paper.rows.append(Text(text, self.page, self.scale, self.bold, self.align))
        else:
            self.paper.unknown += self.row
        self.row = b""
