"""Calls for a person, announcements, «ви сказали — ми зробили», pilots and pictures, as people use them."""

from __future__ import annotations

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select, update

from server.db import schema
from server.fleet import announcements
from server.web import live
from server.web.accounts import Person
from server.web.context import Web
from server.web.kiosks import SHOWING
from server.web.language import language
from server.web.sessions import Place, open_session
from tests.server.web import fill
from tests.server.web.conftest import ON_BOTH, sign_up
from tests.server.web.fill import NOW_MS, vote

if TYPE_CHECKING:
    from litestar import Litestar
    from litestar.testing import TestClient
    from sqlalchemy import Engine

    from tests.server.web.fill import Clock

    Client = TestClient[Litestar]

BANNER = "Відвідувач просить підійти"
MAY_TAKE = {"clerk": True, "leader": True, "technician": True, "auditor": False, "admin": True}
FIRST_PAGE = {"clerk": "/calls", "leader": "/", "technician": "/kiosks", "auditor": "/", "admin": "/"}


@pytest.fixture(autouse=True)
def centre(engine: Engine) -> None:
    with engine.begin() as connection:
        fill.kiosks(connection)


def calls(engine: Engine) -> list[tuple[object, object]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(select(schema.calls.c.taken_ms, schema.calls.c.taken_by))]  # type: ignore[misc]


@pytest.mark.parametrize("role", MAY_TAKE)
def test_everybody_sees_who_calls_and_some_may_go(visitor: Client, engine: Engine, role: str) -> None:
    with engine.begin() as connection:
        record = fill.call(connection)
    client = sign_up(visitor, engine, role)
    page = client.get(FIRST_PAGE[role]).text
    assert BANNER in page
    assert "2 хвилини тому" in page
    assert (f'action="/calls/{record}/take"' in page) == MAY_TAKE[role]
    answer = client.post(f"/calls/{record}/take", headers={"accept": "text/html"})
    assert answer.status_code == (303 if MAY_TAKE[role] else 403)
    assert (calls(engine)[0][0] == NOW_MS) == MAY_TAKE[role]


def test_a_call_is_taken_once_and_the_list_says_by_whom(leader: Client, engine: Engine) -> None:
    with engine.begin() as connection:
        record = fill.call(connection)
        fill.call(connection, at_ms=NOW_MS - 20 * 60_000)
    assert leader.post(f"/calls/{record}/take").headers["location"] == "/calls"
    assert leader.post(f"/calls/{record}/take").headers["location"] == "/calls?late=1"
    page = leader.get("/calls?late=1").text
    assert BANNER not in page
    assert "пішов: leader" in page
    assert "прострочено" in page
    assert "Хтось уже пішов" in page


def test_a_visitor_who_is_not_signed_in_sees_no_call(visitor: Client, engine: Engine) -> None:
    with engine.begin() as connection:
        fill.call(connection)
    assert BANNER not in visitor.get("/sign-in").text


def test_an_open_page_hears_of_a_call_and_of_its_end(engine: Engine, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "POLL_S", 0.01)
    web = Web(engine, "http://testserver.local", clock)
    with engine.begin() as connection:
        connection.execute(schema.users.insert().values(id=7, login="x", password="x", role="clerk", created_ms=0))
        session = open_session(connection, Person(7, "x", "clerk", "uk"), NOW_MS, Place())

    async def story() -> None:
        totals = live.Live(web)
        messages = live._messages(totals, None, language("uk"), web, session, may_take=True)
        with engine.begin() as connection:
            record = fill.call(connection)
        heard = await anext(messages)
        assert heard.event == "calls"
        assert BANNER in str(heard.data)
        assert f"/calls/{record}/take" in str(heard.data)
        with engine.begin() as connection:
            connection.execute(update(schema.calls).values(taken_ms=NOW_MS))
        async for message in messages:
            if message.event == "calls":
                assert message.data == "<!-- nobody calls -->"
                break
        await messages.aclose()
        totals.close()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, asyncio.wait_for(story(), 20)).result()


@ON_BOTH
def test_an_air_raid_is_begun_and_ended_for_one_site(leader: Client, engine: Engine) -> None:
    assert leader.post("/announcements", data={"kind": "air_raid", "site": "podil"}).status_code == 303
    with engine.connect() as connection:
        (alert,) = announcements.active(connection, NOW_MS)
    assert (alert.site, alert.texts["uk"][:17]) == ("podil", "Повітряна тривога")
    page = leader.get("/announcements").text
    assert page.count("тривогу показано") == 1
    assert leader.post(f"/announcements/{alert.id}/withdraw").status_code == 303
    with engine.connect() as connection:
        assert announcements.active(connection, NOW_MS) == []
    assert "тривогу показано" not in leader.get("/announcements").text


def test_other_announcements_have_words_and_a_time(leader: Client, engine: Engine) -> None:
    form = {"kind": "information", "minutes": "30", "uk": " Обід з 13:00 ", "en": "Lunch at 13:00"}
    assert leader.post("/announcements", data=form).status_code == 303
    with engine.connect() as connection:
        (one,) = announcements.active(connection, NOW_MS)
    assert (one.texts, one.until_ms) == ({"uk": "Обід з 13:00", "en": "Lunch at 13:00"}, NOW_MS + 30 * 60_000)
    assert "Обід з 13:00" in leader.get("/announcements").text


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"kind": "information"}, "Напишіть текст українською"),
        ({"kind": "maintenance", "en": "Back soon"}, "Напишіть текст українською"),
        ({"kind": "information", "uk": "x" * 501}, "не більше ніж 250 символів"),
        ({"kind": "maintenance", "minutes": "пів години"}, "у цілих хвилинах"),
        ({"kind": "maintenance", "minutes": "0"}, "у цілих хвилинах"),
        ({"kind": "fire"}, "Оберіть вид"),
    ],
)
def test_what_cannot_be_announced_is_said_and_kept_in_the_form(leader: Client, form: dict[str, str], said: str) -> None:
    answer = leader.post("/announcements", data=form)
    assert answer.status_code == 422
    assert said in answer.text
    assert form.get("en", "") in answer.text


def test_what_does_not_exist_is_not_found(leader: Client) -> None:
    assert leader.post("/announcements", data={"kind": "air_raid", "site": "mars"}).status_code == 404
    assert leader.post("/announcements/77/withdraw").status_code == 404


def test_an_auditor_and_a_clerk_announce_nothing(visitor: Client, engine: Engine) -> None:
    client = sign_up(visitor, engine, "auditor")
    for path in ("/announcements", "/done"):
        assert client.get(path, headers={"accept": "text/html"}).status_code == 403
        assert client.post(path, data={"kind": "air_raid", "uk": "x"}, headers={"accept": "text/html"}).status_code == 403


def test_the_latest_sentence_is_the_one_shown(leader: Client) -> None:
    for text in ("Додали лавки", "Відчинили вікно"):
        assert leader.post("/done", data={"uk": text}).status_code == 303
    page = leader.get("/done").text
    assert page.index("Відчинили вікно") < page.index("показують термінали") < page.index("Додали лавки")
    assert leader.post("/done", data={"uk": " "}).status_code == 422


def test_pilot_answers_are_counted_apart(leader: Client, engine: Engine) -> None:
    with engine.begin() as connection:
        fill.pilot(connection, "service", "good", times=3)
        fill.pilot(connection, "reasons", "queue", "unkind", times=2)
        fill.pilot(connection, "service", "terrible", mode="test")
        fill.pilot(connection, "service", "terrible", mode="live")
    page = " ".join(re.sub(r"<[^>]+>", " ", leader.get("/pilot").text).split())
    assert "two-faces 1 5 візитів" in page
    assert "запитали 3 людей" in page
    assert "запитали 2 людей" in page
    assert "two-faces" not in leader.get("/").text


def test_why_a_kiosk_asks_nothing_is_said_in_words(leader: Client, engine: Engine) -> None:
    for shown in SHOWING:
        with engine.begin() as connection:
            connection.execute(update(schema.kiosk_states).where(schema.kiosk_states.c.online).values(showing=shown))
        page = leader.get("/kiosks").text
        assert language("uk").words.gettext(SHOWING[shown]) in page
        assert ('<small class="state bad">' in page) == (shown == "out_of_order")


def test_a_picture_is_public_and_kept_for_ever(visitor: Client, engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(schema.assets.insert().values(sha256="a" * 64, media="image/png", content=b"\x89PNG"))
    answer = visitor.get(f"/kiosk-assets/{'a' * 64}")
    assert (answer.status_code, answer.content, answer.headers["content-type"]) == (200, b"\x89PNG", "image/png")
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert visitor.get("/kiosk-assets/nothing").status_code == 404


def test_only_answers_that_are_offered_or_were_given_have_a_column(leader: Client, engine: Engine) -> None:
    with engine.begin() as connection:
        vote(connection, "c1", "good", times=60)
    for path in ("/", "/desks/c1"):
        assert "погано" not in leader.get(path).text
    with engine.begin() as connection:
        vote(connection, "c1", "poor", questionnaire="five-faces")
    for path in ("/", "/desks/c1", "/charts/trend.svg?period=7"):
        assert "погано" in leader.get(path).text.lower() or path.startswith("/charts")
    assert "five-faces" in leader.get("/desks/c1").text
    heading, line, *_ = (one.split(",") for one in leader.get("/desks.csv").text.splitlines())
    assert (line[heading.index("poor")], line[heading.index("mark")]) == ("1", "enough")
