"""What a kiosk has beside its screen. The protocols are written by those who use them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from feedback.records import Moment


class ButtonPanel(Protocol):
    """A row of buttons, one an answer."""

    def start(self, on_press: Callable[[str, Moment], None]) -> None:
        """Call `on_press(answer, moment)` for each press from now on, from any thread."""

    def close(self) -> None:
        """Stop calling; MAY be called more than once."""
