"""The same numbers as on the pages, for programs."""

from __future__ import annotations

from typing import Final

from litestar import get
from litestar.params import FromPath

from server.db.engine import reading
from server.ratings import queries, waiting
from server.ratings.kiosks import Kiosk, list_kiosks
from server.ratings.queries import DeskTable, TrendPoint
from server.ratings.waiting import LoadTable
from server.web.access import FOR_KEEPERS, FOR_READERS
from server.web.context import TheWeb
from server.web.desks import find_desk
from server.web.question import TheQuestion


@get("/api/v1/desks", opt=FOR_READERS, sync_to_thread=True, tags=["ratings"])
def list_desks(web: TheWeb, question: TheQuestion) -> DeskTable:
    """Every desk's numbers for a period, and all of them together."""
    with reading(web.engine) as connection:
        return queries.desk_table(connection, question.scope(), web.now_ms())


@get("/api/v1/desks/{key:str}/trend", opt=FOR_READERS, sync_to_thread=True, tags=["ratings"])
def show_trend(web: TheWeb, question: TheQuestion, key: FromPath[str]) -> list[TrendPoint]:
    """One desk's numbers day by day, or week by week for periods longer than 45 days."""
    desk = find_desk(question, key)
    with reading(web.engine) as connection:
        return queries.trend(connection, question.at(desk).scope(), web.now_ms())


@get("/api/v1/desks/{key:str}/load", opt=FOR_READERS, sync_to_thread=True, tags=["ratings"])
def show_load(web: TheWeb, question: TheQuestion, key: FromPath[str]) -> LoadTable:
    """One desk's tickets by hour, as the queue system tells: how many were served, how long they waited and service took."""
    desk = find_desk(question, key)
    with reading(web.engine) as connection:
        return waiting.load(connection, question.at(desk).scope())


@get("/api/v1/kiosks", opt=FOR_KEEPERS, sync_to_thread=True, tags=["kiosks"])
def show_kiosks(web: TheWeb) -> list[Kiosk]:
    """Every kiosk and what it last said of itself."""
    with reading(web.engine) as connection:
        return list_kiosks(connection)


ROUTES: Final = [list_desks, show_trend, show_load, show_kiosks]
