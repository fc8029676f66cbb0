"""A printer that is not there: it takes the same bytes as a real one, and its paper is a PNG file for each slip.

In `<data_dir>/slips`, a file named `paper-end`, `cover-open` or `unplugged` makes it so; its content means nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kiosk.hardware.paper import watch

if TYPE_CHECKING:
    from pathlib import Path

    from kiosk.config_devices import Printer

FOLDER: Final = "slips"
PAPER_END: Final = "paper-end"
COVER_OPEN: Final = "cover-open"
UNPLUGGED: Final = "unplugged"
KEPT: Final = 20
_WELL: Final = 0x12


class SimulatedPort:
    """A `Port` to nothing but a folder."""

    def __init__(self, data_dir: Path, printer: Printer) -> None:
        """Open it.

        Raises:
            OSError: it is "unplugged", or its folder cannot be made.
        """
        self.folder = data_dir / FOLDER
        self._printer = printer
        self.folder.mkdir(parents=True, exist_ok=True)
        self.check()

    def write(self, octets: bytes) -> None:
        """Print; nothing that was sent while it had stopped comes out later."""
        from kiosk.hardware.simulated.paper import developed

        self.check()
        picture = developed(octets, self._printer)
        if picture is None or self.ask(watch.OFFLINE_CAUSE, 0) != _WELL:
            return
        numbers = sorted(int(path.stem) for path in self.folder.glob("*.png") if path.stem.isdecimal())
        for number in numbers[: -(KEPT - 1)]:
            self._path(number).unlink(missing_ok=True)
        wet = self.folder / "wet.png"
        picture.save(wet)
        wet.replace(self._path(numbers[-1] + 1 if numbers else 1))

    def ask(self, which: int, within_s: float) -> int | None:
        """Say how it is."""
        del within_s  # it answers at once
        said = _WELL
        if which == watch.OFFLINE_CAUSE and self._is(COVER_OPEN):
            said |= watch.COVER_IS_OPEN
        if self._is(PAPER_END):
            said |= {watch.OFFLINE_CAUSE: watch.STOPPED_BY_PAPER_END, watch.PAPER: watch.NO_PAPER}.get(which, 0)
        return said

    def check(self) -> None:
        """See that it is not "unplugged"."""
        if self._is(UNPLUGGED):
            raise FileNotFoundError(f"the simulated printer is unplugged: {self.folder / UNPLUGGED} is there")

    def close(self) -> None:
        """There is nothing to let go of."""

    def _is(self, state: str) -> bool:
        return (self.folder / state).exists()

    def _path(self, number: int) -> Path:
        return self.folder / f"{number:06}.png"
