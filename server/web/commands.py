"""What a kiosk is asked to do: the buttons on its page, and the bundles that it sent."""

from __future__ import annotations

from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.enums import RequestEncodingType
from litestar.exceptions import NotFoundException
from litestar.params import Body, FromPath
from litestar.response import Redirect

from feedback.commands import CommandKind
from server.audit.acts import Act
from server.db.engine import reading, writing
from server.errors import RegistryError
from server.fleet import commands
from server.fleet.commands import Wish
from server.web.access import FOR_TECHNICIANS, Asked, note
from server.web.context import TheWeb


class Asking(msgspec.Struct, frozen=True):
    """The form of a button."""

    kind: str = ""


_Form = Body(media_type=RequestEncodingType.URL_ENCODED)


@post("/kiosks/{kiosk_id:str}/commands", opt=FOR_TECHNICIANS, sync_to_thread=True, include_in_schema=False)
def send_command(request: Asked, web: TheWeb, kiosk_id: FromPath[str], data: Annotated[Asking, _Form]) -> Response[Any]:
    """Send a command."""
    if data.kind not in set(CommandKind) or request.user is None:
        raise NotFoundException
    wish = Wish(kiosk_id, CommandKind(data.kind), request.user.login, made_by=request.user.id)
    try:
        with writing(web.engine) as connection:
            commands.send(connection, wish, web.now_ms())
            note(connection, request, Act.KIOSK_COMMANDED, kiosk_id, kind=wish.kind)
    except RegistryError as error:
        raise NotFoundException from error
    return Redirect(f"/kiosks/{kiosk_id}#commands", status_code=303)


@get("/kiosks/{kiosk_id:str}/diagnostics/{command:uuid}", opt=FOR_TECHNICIANS, sync_to_thread=True, include_in_schema=False)
def download_bundle(web: TheWeb, kiosk_id: FromPath[str], command: FromPath[UUID]) -> Response[bytes]:
    """Give the bundle that was the result of a command."""
    with reading(web.engine) as connection:
        found = commands.bundle(connection, kiosk_id, command)
    if found is None:
        raise NotFoundException
    disposition = f'attachment; filename="diagnostics-{kiosk_id}.json"'
    return Response(_readable(found), media_type="application/json", headers={"content-disposition": disposition})


def _readable(bundle: bytes) -> bytes:
    """Put the bundle on lines of its own, for whoever opens it in an editor."""
    return msgspec.json.format(bundle, indent=2)


ROUTES: Final = [send_command, download_bundle]
