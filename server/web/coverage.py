"""Coverage: in which share of the open hours each desk and exit had a working terminal, as a page and as CSV."""

from __future__ import annotations

import csv
from io import StringIO
from typing import Final

from litestar import Response, get

from server.db.engine import reading
from server.ratings.coverage import coverage, totals
from server.reports.cells import harmless
from server.web.access import FOR_KEEPERS, Asked
from server.web.context import TheWeb
from server.web.desks import choices
from server.web.question import TheQuestion
from server.web.rendering import page

_HEADER: Final = ("day", "site", "desk", "known_minutes", "worked_minutes", "share")


@get("/coverage", opt=FOR_KEEPERS, sync_to_thread=True, include_in_schema=False)
def show_coverage(request: Asked, web: TheWeb, question: TheQuestion) -> Response[str]:
    """Show each place's share over the period, and each site's day by day."""
    with reading(web.engine) as connection:
        covers = coverage(connection, question.scope(), web.now_ms())
    days = sorted(totals(covers, "day", "site").values(), key=lambda cover: (cover.day, cover.site), reverse=True)
    places = sorted(totals(covers, "site", "desk").values(), key=lambda cover: cover.share or 0.0)
    return page(request, "coverage.html", places=places, days=days, **choices(question))


@get("/coverage.csv", opt=FOR_KEEPERS, sync_to_thread=True, include_in_schema=False)
def export_coverage(web: TheWeb, question: TheQuestion) -> Response[str]:
    """Give every place's days as CSV; a site's name never becomes a formula."""
    with reading(web.engine) as connection:
        covers = coverage(connection, question.scope(), web.now_ms())
    text = StringIO()
    lines = csv.writer(text)
    lines.writerow(_HEADER)
    for one in covers:
        share = "" if one.share is None else f"{one.share:.4f}"
        lines.writerow(
            (one.day.isoformat(), harmless(one.site), harmless(one.desk), one.known_ms // 60_000, one.worked_ms // 60_000, share)
        )
    file = {"content-disposition": 'attachment; filename="coverage.csv"'}
    return Response("\ufeff" + text.getvalue(), media_type="text/csv; charset=utf-8", headers=file)


ROUTES: Final = [show_coverage, export_coverage]
