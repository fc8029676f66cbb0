"""What changes on open pages: totals, and who calls for a person. One task in the process asks while somebody listens.

Only totals travel here, never answers: they may be live (design §4), shares may not.
"""

from __future__ import annotations

import asyncio
import logging
from time import monotonic
from typing import TYPE_CHECKING, Final

from litestar import get
from litestar.concurrency import sync_to_thread
from litestar.di import NamedDependency
from litestar.response import ServerSentEvent, ServerSentEventMessage

from server.db.engine import reading
from server.errors import DatabaseUnavailableError
from server.fleet.calls import Call, open_calls
from server.ratings.queries import live_totals
from server.web.access import FOR_EVERYBODY, FOR_READERS, Asked
from server.web.accounts import TAKERS
from server.web.context import TheWeb, Web
from server.web.question import Question, TheQuestion
from server.web.rendering import calls_now, language_of
from server.web.sessions import find_person

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from server.web.language import Language

logger = logging.getLogger(__name__)

POLL_S: Final = 0.6
HEARTBEAT_S: Final = 15.0
ENDED: Final = "ended"
"""The last message: the page then says that its totals stand still."""
Totals = dict[int, int]


class Live:
    """The listeners of one process, and the task that serves them all."""

    def __init__(self, web: Web) -> None:
        self._web = web
        self._listeners: dict[asyncio.Event, Question | None] = {}
        self._latest: dict[str, Totals] = {}
        self._new: set[asyncio.Event] = set()
        self.calls: list[Call] = []
        self.polls = 0
        self._poller: asyncio.Task[None] | None = None
        self._is_closed = False

    def close(self) -> None:
        """Let every listener go; to be called in the loop's thread when the server stops."""
        self._is_closed = True
        for changed in self._listeners:
            changed.set()
        if self._poller is not None:
            self._poller.cancel()

    async def listen(self, question: Question | None) -> AsyncIterator[Totals]:
        """Give all totals once, then those that change; nothing at all when the calls change, and now and then to look around."""
        changed, heard, polls = asyncio.Event(), Totals(), self.polls
        calls: list[Call] | None = None
        self._new.add(changed)
        self._listeners[changed] = question
        if self._poller is None or self._poller.done():
            self._poller = asyncio.create_task(self._poll())
        try:
            while not self._is_closed:
                latest = self._latest.get(question.query(), heard) if question else heard
                news = {desk: latest.get(desk, 0) for desk in heard | latest if heard.get(desk) != latest.get(desk)}
                heard = latest
                if news or (self.polls > polls and calls != self.calls):
                    calls = self.calls
                    yield news
                changed.clear()
                try:
                    await asyncio.wait_for(changed.wait(), HEARTBEAT_S)
                except TimeoutError:
                    yield {}
        finally:
            del self._listeners[changed]

    async def _poll(self) -> None:
        while self._listeners:
            try:
                asked = {question.query(): question for question in self._listeners.values() if question}
                latest, calls = await sync_to_thread(self._ask, asked)
            except DatabaseUnavailableError:
                logger.warning("live totals cannot be read now", exc_info=True)
            else:
                if latest != self._latest or calls != self.calls:
                    self._latest, self.calls = latest, calls
                    self._new |= self._listeners.keys()
                self.polls += 1
                for changed in self._new:
                    changed.set()
                self._new = set()
            await asyncio.sleep(POLL_S)
        self._latest, self.calls = {}, []

    def _ask(self, questions: dict[str, Question]) -> tuple[dict[str, Totals], list[Call]]:
        with reading(self._web.engine) as connection:
            answers = {}
            for query, question in questions.items():
                totals = live_totals(connection, question.on(self._web.today(question.centre)).scope())
                answers[query] = totals | {_ALL: sum(totals.values())}
            return answers, open_calls(connection, self._web.now_ms())


_ALL: Final = -1
_NOBODY: Final = "<!-- nobody calls -->"  # browsers pass over a message without data


@get("/live", opt=FOR_READERS | {"keeps_no_session_alive": True}, sync_to_thread=False, include_in_schema=False)
def show_live(request: Asked, web: TheWeb, live: NamedDependency[Live], question: TheQuestion) -> ServerSentEvent:
    """Send the totals of a question as they change, for as long as the session lasts."""
    return ServerSentEvent(_messages(live, question, language_of(request), web, request.auth or "", may_take=_may_take(request)))


@get("/live/calls", opt=FOR_EVERYBODY | {"keeps_no_session_alive": True}, sync_to_thread=False, include_in_schema=False)
def show_live_calls(request: Asked, web: TheWeb, live: NamedDependency[Live]) -> ServerSentEvent:
    """Send who calls for a person, for as long as the session lasts."""
    return ServerSentEvent(_messages(live, None, language_of(request), web, request.auth or "", may_take=_may_take(request)))


def _ask_calls(web: Web) -> list[Call]:
    with reading(web.engine) as connection:
        return open_calls(connection, web.now_ms())


def _may_take(request: Asked) -> bool:
    return request.user is not None and request.user.role in TAKERS


async def _messages(  # noqa: PLR0913 - what a listener is
    live: Live, question: Question | None, language: Language, web: Web, session_id: str, *, may_take: bool = False
) -> AsyncIterator[ServerSentEventMessage]:
    # Asked anew: what the poller saw last may be older than the page, and would bring a call back that was just taken.
    checked_s, polls, calling = monotonic(), live.polls, await sync_to_thread(_ask_calls, web)
    said = calls_now(language, calling, web.now_ms(), may_take=may_take)
    if said:
        yield ServerSentEventMessage(event="calls", data=said)
    async for news in live.listen(question):
        for desk, total in news.items():
            yield ServerSentEventMessage(event="total" if desk == _ALL else f"total-{desk}", data=language.number(total))
        if live.polls > polls:
            calling = live.calls
        calls = calls_now(language, calling, web.now_ms(), may_take=may_take)
        if calls != said:
            said = calls
            yield ServerSentEventMessage(event="calls", data=calls or _NOBODY)
        if monotonic() - checked_s >= HEARTBEAT_S or not news:
            checked_s = monotonic()
            yield ServerSentEventMessage(comment="still here", data=None)
            if await sync_to_thread(find_person, web.engine, session_id, web.now_ms(), renew=False) is None:
                yield ServerSentEventMessage(
                    event=ENDED, data=language.words.gettext("Your session has ended. Reload the page to sign in.")
                )
                return


ROUTES: Final = [show_live, show_live_calls]
