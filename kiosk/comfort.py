"""What a visitor changes for themselves: larger, higher in contrast, lower, spoken. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from feedback.settings import Look, Theme
from kiosk.screens import CONTRAST, LARGE, LOW, VOICE, Comfort, changed

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Final


def usual(look: Look) -> Comfort:
    """Give the comfort with which every visit begins."""
    return Comfort(theme=look.theme, large=look.large, low=look.low)


def toggled(comfort: Comfort, name: str, look: Look) -> Comfort:
    """Give the comfort after a tap on one of `COMFORTS`; a second tap takes it back. Any other name changes nothing."""
    toggle = _TOGGLES.get(name)
    return comfort if toggle is None else toggle(comfort, look)


def _contrast(comfort: Comfort, look: Look) -> Comfort:
    usual_theme = look.theme if look.theme is not Theme.CONTRAST else Theme.LIGHT
    return changed(comfort, theme=usual_theme if comfort.theme is Theme.CONTRAST else Theme.CONTRAST)


_TOGGLES: Final[dict[str, Callable[[Comfort, Look], Comfort]]] = {
    LARGE: lambda comfort, _look: changed(comfort, large=not comfort.large),
    LOW: lambda comfort, _look: changed(comfort, low=not comfort.low),
    VOICE: lambda comfort, _look: changed(comfort, voice=not comfort.voice),
    CONTRAST: _contrast,
}
