"""Desk cards to print (K3): a PDF with the desks of a site, or one of them as often as wanted."""

from __future__ import annotations

from typing import Final

from litestar import Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromQuery

from server.db.engine import reading
from server.errors import RegistryError
from server.registry.settings import desk_options, ticket_rules
from server.reports.cards import MOST, cards_pdf
from server.web.access import FOR_EVERYBODY
from server.web.context import TheWeb, read_centre


@get("/desks/cards.pdf", opt=FOR_EVERYBODY, sync_to_thread=True, include_in_schema=False)
def show_cards(web: TheWeb, site: FromQuery[str] = "", desk: FromQuery[str] = "", copies: FromQuery[int] = 1) -> Response[bytes]:
    """Give the sheets, `copies` cards of each desk."""
    try:
        with reading(web.engine) as connection:
            centre, rules, desks = read_centre(connection), ticket_rules(connection, site), desk_options(connection, site)
    except RegistryError as error:
        raise NotFoundException from error
    wanted = [option for option in desks if desk in ("", option.id) for _ in range(min(max(copies, 1), MOST))][:MOST]
    if not wanted:
        raise NotFoundException
    content = cards_pdf(centre.name, rules.centre, wanted, now_ms=web.now_ms())
    return Response(content, media_type="application/pdf", headers={"content-disposition": f'inline; filename="desk-cards-{site}.pdf"'})


ROUTES: Final = [show_cards]
