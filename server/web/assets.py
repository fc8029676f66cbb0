"""Static files: their addresses, and what is drawn from the shared looks: colour tokens and faces."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec
from litestar import Response, get
from litestar.static_files import create_static_files_router

from feedback import looks
from feedback.questionnaire import Face
from feedback.settings import Theme
from server.web.access import FILES

if TYPE_CHECKING:
    from feedback.looks import Drawing, Point

FOLDER: Final = Path(__file__).parent / "static"
_KEPT: Final = "public, max-age=31536000, immutable"  # addresses change with what is in them


def tokens() -> str:
    """Write the colours as CSS custom properties: the light theme's, and the dark one's where the reader wants it; paper is light."""
    light, dark = (_properties(looks.THEMES[theme]) for theme in (Theme.LIGHT, Theme.DARK))
    return f":root{{{light}}}\n@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}\n"


def _properties(colours: looks.Tokens) -> str:
    """`well` is the ground of code and of what can be filled in within a card."""
    named = msgspec.structs.asdict(colours)
    answers = named.pop("answers")
    named |= {"well": f"color-mix(in srgb, {colours.line} 45%, {colours.paper})"} | {f"answer-{name}": one for name, one in answers.items()}
    return "".join(f"--{name.replace('_', '-')}:{value};" for name, value in named.items())


def drawings() -> dict[str, dict[str, Any]]:
    """Give each face as SVG paths in a unit square."""
    return {str(face): _as_paths(looks.FACES[face]) for face in Face}


@cache
def address(name: str) -> str:
    """Give a static file's address, which changes when the file does."""
    content = tokens().encode() if name == "tokens.css" else (FOLDER / name).read_bytes()
    return f"/static/{name}?{sha256(content).hexdigest()[:12]}"


@get("/static/tokens.css", media_type="text/css", sync_to_thread=False, include_in_schema=False, opt=FILES)
def show_tokens() -> Response[str]:
    """Show the colour tokens."""
    return Response(tokens(), media_type="text/css", headers={"cache-control": _KEPT})


def _keep(response: Response[Any]) -> Response[Any]:
    response.headers["cache-control"] = _KEPT
    return response


files = create_static_files_router(
    path="/static", directories=[FOLDER], opt=FILES, include_in_schema=False, after_request=_keep, send_as_attachment=False
)


def _as_paths(drawing: Drawing) -> dict[str, Any]:
    strokes = [_curve(curve) for curve in (drawing.mouth, *drawing.brows)]
    return {"eyes": drawing.eyes, "eye_radius": drawing.eye_radius, "strokes": strokes, "stroke": drawing.stroke}


def _curve(points: tuple[Point, Point, Point, Point]) -> str:
    start, *rest = (f"{x:g} {y:g}" for x, y in points)
    return f"M{start}C{','.join(rest)}"
