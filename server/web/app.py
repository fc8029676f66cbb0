"""The web part, put together. Runs in a process of its own beside ingest, or in one with it."""

from __future__ import annotations

from functools import cache
from threading import Thread
from typing import TYPE_CHECKING, Any, Final

from litestar import Litestar, MediaType, Response, Router, get
from litestar.datastructures import State
from litestar.di import Provide
from litestar.exceptions import HTTPException, NotAuthorizedException
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from sqlalchemy import text

from server.db.engine import reading
from server.web import (
    access,
    api,
    assets,
    audit,
    boxes,
    briefing,
    calls,
    cards,
    charts,
    commands,
    compare,
    coverage,
    definitions,
    desks,
    enrol,
    errors,
    headers,
    invitations,
    kiosks,
    live,
    misuse,
    own_sessions,
    pictures,
    quarantine,
    queue,
    queue_push,
    reasons,
    registry,
    released,
    sign_in,
    slips,
    tables,
    telling,
)
from server.web.access import FILES, FOR_KEEPERS
from server.web.context import TheWeb, Web
from server.web.question import read_question
from server.web.throttle import Throttle
from server.web.uploads import Uploads

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Engine

    from server.web.enrol import Entry

_LARGEST_FORM_BYTES: Final = 64 * 1024


@get("/health", opt=FILES, sync_to_thread=True, media_type=MediaType.TEXT, include_in_schema=False)
def show_health(web: TheWeb) -> Response[str]:
    """Say that the process answers and reaches its database."""
    with reading(web.engine) as connection:
        connection.execute(text("SELECT 1"))
    return Response("ok\n", media_type=MediaType.TEXT)


def create_web(engine: Engine, *, public_url: str, now_ms: Callable[[], int], entry: Entry) -> Litestar:
    """Build the pages and the API over a database whose tables exist; `entry` is how kiosks come in."""
    web, throttle = Web(engine, public_url, now_ms), Throttle()
    totals = live.Live(web)
    given: dict[str, Any] = {"web": web, "throttle": throttle, "live": totals, "uploads": Uploads(), "lookups": slips.Lookups()}
    given |= {"entry": entry, "guesses": enrol.Guesses()}
    routes = [
        route
        for room in (
            sign_in,
            desks,
            compare,
            definitions,
            kiosks,
            commands,
            invitations,
            enrol,
            quarantine,
            misuse,
            coverage,
            calls,
            telling,
            audit,
            own_sessions,
            queue,
            boxes,
            cards,
            slips,
            pictures,
            briefing,
            reasons,
            released,
            charts,
            tables,
            live,
            api,
            queue_push,
            registry,
        )
        for route in room.ROUTES
    ]
    return Litestar(
        # One router, because Litestar wraps a function twice when the methods of one path are registered one after the other.
        route_handlers=[Router("/", route_handlers=[*routes, assets.show_tokens, show_health]), assets.files],
        dependencies={name: _provide(value) for name, value in given.items()} | {"question": Provide(read_question, sync_to_thread=True)},
        middleware=[headers.OwnForms(public_url), access.Recognition(web)],
        guards=[access.guard],
        before_send=[headers.protector(is_secure=web.is_secure)],
        exception_handlers={NotAuthorizedException: errors.send_to_sign_in, HTTPException: errors.refuse, Exception: errors.fail},
        openapi_config=OpenAPIConfig(
            title="Vidhuk",
            version="1",
            components=queue_push.COMPONENTS,
            render_plugins=[JsonRenderPlugin(path="/openapi.json")],
            openapi_router=Router("/api", route_handlers=[], opt=FOR_KEEPERS, include_in_schema=False),
        ),
        on_startup=[_warm_up],
        on_shutdown=[_closer(totals)],
        request_max_body_size=_LARGEST_FORM_BYTES,
        logging_config=None,
        state=State(given),
    )


def _provide(value: object) -> Provide:
    return Provide(lambda: value, sync_to_thread=False, use_cache=True)


@cache
def _warm_up() -> None:
    """Once in a process, beside everything else: whoever comes first shall not wait for the chart."""
    Thread(target=charts.warm_up, name="charts warm up").start()


def _closer(totals: live.Live) -> Callable[[], Any]:
    async def close() -> None:
        totals.close()

    return close
