"""The pictures that kiosks fetch: public, and kept for ever by whoever asks, because an address never means another picture."""

from __future__ import annotations

from typing import Final

from litestar import Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from sqlalchemy import select

from server.db.engine import reading
from server.db.schema import assets
from server.registry.settings import ASSETS_PATH
from server.web.access import FILES
from server.web.context import TheWeb

_KEPT: Final = "public, max-age=31536000, immutable"


@get(f"{ASSETS_PATH}/{{sha256:str}}", opt=FILES, sync_to_thread=True, include_in_schema=False)
def show_picture(web: TheWeb, sha256: FromPath[str]) -> Response[bytes]:
    """Give a picture."""
    with reading(web.engine) as connection:
        row = connection.execute(select(assets.c.media, assets.c.content).where(assets.c.sha256 == sha256)).first()
    if row is None:
        raise NotFoundException
    return Response(bytes(row.content), media_type=row.media, headers={"cache-control": _KEPT})


ROUTES: Final = [show_picture]
