"""QR codes: as a picture for pages and paper, and in characters for a terminal."""

from __future__ import annotations

import io
from typing import Final

import segno

_QUIET: Final = 4  # modules of white around, as the standard wants


def svg(text: str) -> str:
    """Give it as a picture that takes the size of its place."""
    drawn = io.BytesIO()
    segno.make_qr(text, error="m").save(drawn, kind="svg", border=_QUIET, xmldecl=False, svgns=True, omitsize=True, svgclass="qr")
    return drawn.getvalue().decode()


def characters(text: str) -> str:
    """Give it in half blocks, each two modules high, light on dark as most terminals are."""
    drawn = io.StringIO()
    segno.make_qr(text, error="m").terminal(out=drawn, border=2, compact=True)
    return drawn.getvalue()
