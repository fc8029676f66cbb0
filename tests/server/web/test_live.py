from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import event, select

from server.db import schema
from server.web import live
from server.web.accounts import Person
from server.web.context import Web
from server.web.language import language
from server.web.question import Question, read_question
from server.web.sessions import Place, open_session
from tests.server.web import fill
from tests.server.web.fill import vote

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from sqlalchemy import Engine

    from tests.server.web.fill import Clock

PATIENCE_S = 20.0


@pytest.fixture
def web(engine: Engine, clock: Clock) -> Web:
    return Web(engine, "http://testserver.local", clock)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "POLL_S", 0.01)


def run(story: Callable[[], Awaitable[None]]) -> None:
    """Play a story in a loop of its own on a thread of its own: on the main thread playwright's may be alive."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, asyncio.wait_for(story(), PATIENCE_S)).result()


def desk_id(engine: Engine, key: str) -> int:
    with engine.connect() as connection:
        return connection.execute(select(schema.desks.c.id).where(schema.desks.c.key == key)).scalar_one()


def add(engine: Engine, desk: str, answer: str = "good", times: int = 1) -> None:
    with engine.begin() as connection:
        vote(connection, desk, answer, times=times, released_ms=fill.NOW_MS + fill.WINDOW_MS)


def month(web: Web, site: str = "") -> Question:
    return read_question(web, "30", "", "", site)


def test_all_totals_come_once_then_those_that_change(web: Web, engine: Engine) -> None:
    c1, p1 = desk_id(engine, "c1"), desk_id(engine, "p1")
    add(engine, "c1", times=3)
    add(engine, "p1", times=2)

    async def story() -> None:
        totals = live.Live(web)
        hearing = totals.listen(month(web))
        assert await anext(hearing) == {c1: 3, p1: 2, -1: 5}
        add(engine, "c1", "terrible")
        assert await anext(hearing) == {c1: 4, -1: 6}
        await hearing.aclose()
        totals.close()

    run(story)


def test_a_total_that_falls_to_nothing_is_heard(web: Web, engine: Engine, clock: Clock) -> None:
    add(engine, "c1", times=3)
    c1 = desk_id(engine, "c1")

    async def story() -> None:
        totals = live.Live(web)
        hearing = totals.listen(read_question(web, "today", "", "", ""))
        assert await anext(hearing) == {c1: 3, -1: 3}
        clock.pass_by(minutes=24 * 60)
        assert await anext(hearing) == {c1: 0, -1: 0}
        await hearing.aclose()
        totals.close()

    run(story)


def test_listeners_of_different_questions_share_one_poller(web: Web, engine: Engine) -> None:
    add(engine, "c1", times=3)
    add(engine, "p1", times=2)

    async def story() -> None:
        totals = live.Live(web)
        everywhere, podil, again = totals.listen(month(web)), totals.listen(month(web, "podil")), totals.listen(month(web))
        heard = [(await anext(listener))[-1] for listener in (everywhere, podil, again)]
        assert heard == [5, 2, 5]
        assert sum("Live._poll" in repr(task.get_coro()) for task in asyncio.all_tasks()) == 1
        totals.close()
        for listener in (everywhere, podil, again):
            await listener.aclose()

    run(story)


def test_nobody_is_asked_while_nobody_listens(web: Web, engine: Engine) -> None:
    statements: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *given: statements.append(given[2]))

    async def story() -> None:
        totals = live.Live(web)
        hearing = totals.listen(month(web))
        await anext(hearing)
        await hearing.aclose()
        poller = totals._poller
        await poller
        statements.clear()
        await asyncio.sleep(0.1)
        assert statements == []
        hearing = totals.listen(month(web))
        assert await anext(hearing) == {-1: 0}
        totals.close()
        await hearing.aclose()

    run(story)


def test_messages_carry_totals_and_never_answers(web: Web, engine: Engine) -> None:
    c1 = desk_id(engine, "c1")
    add(engine, "c1", "terrible", times=1234)
    with engine.begin() as connection:
        connection.execute(schema.users.insert().values(id=7, login="x", password="x", role="leader", created_ms=0))
        session = open_session(connection, live_person(), fill.NOW_MS, Place())

    async def story() -> None:
        totals = live.Live(web)
        messages = live._messages(totals, month(web), language("uk"), web, session)
        heard = {(message := await anext(messages)).event: message.data for _ in range(2)}
        assert heard == {f"total-{c1}": "1\N{NO-BREAK SPACE}234", "total": "1\N{NO-BREAK SPACE}234"}
        await messages.aclose()
        totals.close()

    run(story)


def test_the_stream_ends_with_its_session(web: Web, engine: Engine, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "HEARTBEAT_S", 0.02)
    with engine.begin() as connection:
        connection.execute(schema.users.insert().values(id=7, login="x", password="x", role="leader", created_ms=0))
        session = open_session(connection, live_person(), fill.NOW_MS, Place())

    async def story() -> None:
        totals = live.Live(web)
        messages = live._messages(totals, month(web), language("uk"), web, session)
        assert (await until_comment(messages)) == "still here"
        clock.pass_by(minutes=31)
        rest = [message async for message in messages]
        assert [message.event for message in rest if message.event] == [live.ENDED]
        assert "Сеанс завершено" in rest[-1].data
        totals.close()

    run(story)


def test_closing_lets_listeners_go(web: Web) -> None:
    async def story() -> None:
        totals = live.Live(web)
        hearing = totals.listen(month(web))
        await anext(hearing)
        waiting = asyncio.ensure_future(anext(hearing, None))
        await asyncio.sleep(0)
        totals.close()
        assert await waiting is None

    run(story)


async def until_comment(messages: AsyncIterator[live.ServerSentEventMessage]) -> str:
    async for message in messages:
        if message.comment:
            return message.comment
    raise AssertionError("the stream ended")


def live_person() -> Person:
    return Person(7, "x", "leader", "uk")
