"""The page that explains each number, for whoever reads ratings; its examples are computed by the same functions as the pages."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get

from server.ratings.change import compare
from server.ratings.funnel import make_funnel
from server.ratings.scores import CONCLUSIVE, ENOUGH, Counts, proportion, rate
from server.web.access import FOR_ALL, Asked
from server.web.rendering import page

_EXAMPLE: Final = Counts(excellent=150, good=34, acceptable=10, terrible=6, hard_to_say=5)
_CALM: Final = (proportion(184, 200), proportion(178, 200))
_CHANGED: Final = (proportion(184, 200), proportion(150, 200))
_COMMON: Final = 0.92
_SIZES: Final = (50, 1000)


@get("/definitions", opt=FOR_ALL, sync_to_thread=False, include_in_schema=False)
def show_definitions(request: Asked) -> Response[str]:
    """Explain each number with a worked example."""
    funnel = make_funnel([proportion(round(of * _COMMON), of) for of in _SIZES])
    examples: dict[str, Any] = {
        "counts": _EXAMPLE,
        "rating": rate(_EXAMPLE),
        "surer": proportion(1840, 2000),
        "calm": compare(*_CALM),
        "changed": compare(*_CHANGED),
        "limits": [one.limits for one in funnel.compared] if funnel else [],
        "common": _COMMON,
    }
    return page(request, "definitions.html", **examples, enough=ENOUGH, conclusive=CONCLUSIVE)


ROUTES: Final = [show_definitions]
