from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from sqlalchemy import Engine, update

from feedback.looks import THEMES
from feedback.settings import Theme
from kiosk.errors import Fault
from server.db import schema
from server.fleet.clone_signs import keep_heard
from server.fleet.clones import Heard, Kind
from server.ingest.quarantine import Reason
from server.web.desks import CSV_COLUMNS
from server.web.kiosks import FAULTS
from server.web.quarantine import REASONS, as_text
from tests.server.kit import rows
from tests.server.web import fill
from tests.server.web.conftest import ON_BOTH, sign_up
from tests.server.web.fill import NOW, NOW_MS, TODAY, WINDOW_MS, vote

if TYPE_CHECKING:
    from litestar import Litestar
    from litestar.testing import TestClient

    from tests.server.web.fill import Clock

    Client = TestClient[Litestar]


@pytest.fixture
def votes(engine: Engine) -> None:
    with engine.begin() as connection:
        vote(connection, "c1", "excellent", times=1200)
        vote(connection, "c1", "terrible", times=34)
        vote(connection, "c2", "good", times=12)
        vote(connection, "p2", "good", times=3)
        vote(connection, None, "acceptable", times=2)


def words(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)).replace("\N{NO-BREAK SPACE}", " ")


def row(html: str, name: str) -> str:
    (found,) = [part for part in re.findall(r"<tr role=\"row\">.*?</tr>", html, re.DOTALL) if name in part]
    return words(found)


@ON_BOTH
@pytest.mark.usefixtures("votes")
def test_the_table_shows_each_desk_with_its_numbers(leader: Client) -> None:
    html = leader.get("/").text
    assert "1 234 97,2 % 96,2–98,0 %" in row(html, "Реєстрація місця проживання")
    assert "2,8 % 34 2,0–3,8 %" in row(html, "Реєстрація місця проживання")
    assert "мало голосів" in row(html, "Паспорт громадянина")
    assert "замало голосів для висновку" in row(html, "маломобільним")
    assert "за цей період голосів немає" in row(html, "нерухоме майно")
    assert "2" in row(html, "Стіл не вказано")
    assert "1 251" in row(html, "Усі разом")
    assert "Голоси добровільні, це не випадкова вибірка" in words(html)
    assert "завершених 15 хвилин" in words(html)
    assert "ЦНАП Зразкове · 24 жовтня – 22 листопада 2026 р." in words(html)


@pytest.mark.usefixtures("votes")
def test_english_is_whole(leader: Client) -> None:
    leader.post("/language", data={"language": "en"})
    html = leader.get("/").text
    assert "1,234 97.2% 96.2–98.0%" in row(html, "Реєстрація місця проживання")
    assert "24 October – 22 November 2026" in words(html)
    ours = re.sub(
        r'<button class="quiet" name="language".*?</button>', "", re.sub(r"<(th|option|h1|p class=\"about\").*?</\1?p?h?1?>", "", html)
    )
    assert not re.search(
        "[а-яіїєґ]",
        re.sub(r"<(th|option|optgroup|summary|p class=\"about\")[^>]*>.*?</(th|option|optgroup|summary|p)>", "", ours, flags=re.DOTALL),
    )


@pytest.mark.usefixtures("votes")
def test_page_csv_and_api_say_the_same(leader: Client) -> None:
    api = leader.get("/api/v1/desks?period=7").json()
    answer = leader.get("/desks.csv?period=7")
    assert answer.content.startswith(b"\xef\xbb\xbf")
    assert f"desks-{TODAY.replace(day=16)}-{TODAY}.csv" in answer.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert tuple(rows[0]) == CSV_COLUMNS
    assert len(rows) == len(api["rows"]) + 1
    html = leader.get("/?period=7").text
    for line, found in zip(rows, [*api["rows"], {"desk": None, "tally": api["total"]}], strict=True):
        rating = found["tally"]["rating"]
        assert line["votes"] == str(found["tally"]["total"])
        assert line["score"] == ("" if rating["score"]["share"] is None else f"{rating['score']['share']:.4f}")
        assert line["mark"] == rating["mark"]
        if found["desk"] and rating["score"]["share"] is not None:
            assert line["desk"] == found["desk"]["key"]
            assert f"{rating['score']['share'] * 100:.1f}".replace(".", ",") in row(html, found["desk"]["name"])


def test_an_open_window_is_in_the_total_and_in_no_share(leader: Client, engine: Engine, clock: Clock) -> None:
    with engine.begin() as connection:
        vote(connection, "c1", "excellent", times=60)
    quiet = {path: leader.get(path).content for path in ("/charts/trend.svg", "/api/v1/desks/c1/trend")}
    with engine.begin() as connection:
        vote(connection, "c1", "terrible", released_ms=NOW_MS + WINDOW_MS)
    shown = row(leader.get("/").text, "Реєстрація місця проживання")
    assert "61 100,0 %" in shown
    assert leader.get("/charts/trend.svg").content == quiet["/charts/trend.svg"]
    (point,) = leader.get("/api/v1/desks/c1/trend").json()
    assert (point["tally"]["total"], point["tally"]["held_back"], point["tally"]["rating"]["counts"]["terrible"]) == (61, 1, 0)
    clock.pass_by(minutes=15)
    assert "61 98,4 %" in row(leader.get("/").text, "Реєстрація місця проживання")


@ON_BOTH
@pytest.mark.usefixtures("votes")
def test_one_desk(leader: Client) -> None:
    html = words(leader.get("/desks/c1?period=today").text)
    assert "Стіл 1. Реєстрація місця проживання" in html
    assert "97,2 %" in html
    assert "Години й дні тижня" in html
    assert "97 % 96–98 % 1 234 голоси" in html
    assert "1 200 голосів 96,2–98,0 %" in html
    assert leader.get("/desks/none").status_code == 404
    assert "ніхто не голосував" in words(leader.get("/desks/c3").text)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("period=13", "Період може бути"),
        ("period=own", "обидві дати"),
        ("period=own&from=2026-11-22&to=yesterday", "обидві дати"),
        ("period=own&from=2026-11-22&to=2026-11-21", "пізніший за останній"),
        ("period=own&from=1990-01-01&to=2026-11-21", "п’ять років"),
        ("site=moon", "Такого підрозділу немає"),
    ],
)
def test_a_bad_question_gets_one_clear_answer(leader: Client, query: str, said: str) -> None:
    answer = leader.get(f"/?{query}")
    assert (answer.status_code, said in words(answer.text)) == (400, True)
    for path in ("/desks/c1", "/desks.csv", "/charts/trend.svg", "/live", "/api/v1/desks", "/api/v1/desks/c1/trend"):
        assert leader.get(f"{path}?{query}").status_code == 400, path


@pytest.mark.parametrize(
    "query",
    [
        "period=own&from=0001-01-01&to=0001-01-02",
        "period=own&from=9999-12-01&to=9999-12-31",
        "period=own&from=9999-01-01&to=9999-12-31",
        "period=7&period=30",
        "site=%00",
        "from=%ff&to=",
        "x=%22%3E",
    ],
)
def test_strange_questions_never_break_anything(leader: Client, query: str) -> None:
    for path in ("/", "/desks/c1", "/desks.csv", "/charts/trend.svg", "/api/v1/desks"):
        assert leader.get(f"{path}?{query}").status_code in {200, 400}, path


@pytest.mark.usefixtures("votes")
def test_site_and_own_dates_filter(leader: Client) -> None:
    html = leader.get(f"/?period=own&from={TODAY}&to={TODAY}&site=podil").text
    assert "Реєстрація місця проживання" not in html[html.index("<table") :]
    assert "3" in row(html, "Усі разом")
    assert "22 листопада 2026 р." in words(html)
    assert f"/desks.csv?period=own&amp;from={TODAY}&amp;to={TODAY}&amp;site=podil" in html


@pytest.mark.usefixtures("votes")
def test_the_chart_is_drawn_once_and_known_by_its_mark(leader: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    first = leader.get("/charts/trend.svg?period=90")
    assert first.headers["content-type"].startswith("image/svg+xml")
    assert "чудово або добре" in first.text
    assert "відповідей були добрі" in first.text
    monkeypatch.setattr("server.web.charts.draw", lambda *_given: pytest.fail("drawn again"))
    assert leader.get("/charts/trend.svg?period=90").content == first.content
    again = leader.get("/charts/trend.svg?period=90", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert leader.get("/charts/trend.svg?width=huge").status_code == 400
    assert leader.get("/charts/trend.svg?theme=pink").status_code == 400
    assert leader.get("/charts/moon.svg").status_code == 404
    assert leader.get("/charts/trend.svg?desk=none").status_code == 400


@pytest.mark.usefixtures("votes")
def test_a_chart_is_kept_as_png_and_has_a_dark_twin(leader: Client) -> None:
    png = leader.get("/charts/trend.png?period=7")
    assert (png.headers["content-type"], png.content[:8]) == ("image/png", b"\x89PNG\r\n\x1a\n")
    dark = THEMES[Theme.DARK].card
    assert dark in leader.get("/charts/trend.svg?period=7&theme=dark").text
    assert dark not in leader.get("/charts/trend.svg?period=7").text


def test_a_chart_needs_two_points_that_may_be_shown(leader: Client, engine: Engine) -> None:
    with engine.begin() as connection:
        vote(connection, "c1", "good", at=NOW - timedelta(days=2))
        vote(connection, "c1", "good", released_ms=NOW_MS + WINDOW_MS)
    for path in ("/", "/desks/c1"):
        html = leader.get(path).text
        assert "trend.svg" not in html
        assert "замало голосів для висновку" in words(html)
    with engine.begin() as connection:
        vote(connection, "c1", "good", at=NOW - timedelta(days=1))
    assert leader.get("/").text.count("/charts/trend.svg?") == 5


def test_a_name_is_never_a_formula_nor_markup(leader: Client, engine: Engine) -> None:
    with engine.begin() as connection:
        for key, name in {"c1": "=HYPERLINK(1)", "c2": "+1", "c3": "-1", "c4": "@SUM", "c5": "\t=1", "p1": "<b>x</b>"}.items():
            connection.execute(update(schema.desks).where(schema.desks.c.key == key).values(name=name))
    names = [line["name"] for line in csv.DictReader(io.StringIO(leader.get("/desks.csv").content.decode("utf-8-sig")))]
    assert {"'=HYPERLINK(1)", "'+1", "'-1", "'@SUM", "'\t=1", "<b>x</b>"} <= set(names)
    assert "<b>x</b>" not in leader.get("/").text


def test_empty_pages_teach(leader: Client, engine: Engine) -> None:
    assert "запрошує технік або адміністратор" in leader.get("/").text
    assert "запрошує технік або адміністратор" in leader.get("/kiosks").text
    with engine.begin() as connection:
        connection.execute(schema.desks.delete())
    assert "vidhuk-server registry load" in leader.get("/").text


@ON_BOTH
def test_kiosks_and_their_quarantine(leader: Client, engine: Engine) -> None:
    with engine.begin() as connection:
        fill.kiosks(connection)
    html = leader.get("/kiosks").text
    assert "немає зв’язку" in row(html, "desk-two-a")
    assert "42 застарілі settings 3 are unusable сервер не приймає надісланого: див. неприйняті повідомлення printer 1" in row(
        html, "desk-two-a"
    )
    assert "ще не виходив на зв’язок" in row(html, "podil-hall")
    assert html.index("exit-center") < html.index("podil-hall") < html.index("desk-two-a")
    assert "2 хвилини тому 22 листопада, 12:05" in row(html, "exit-center")
    assert "1 повідомлення надійшло не від наших терміналів" in words(html)
    found = leader.get("/kiosks/desk-two-a/quarantine").text
    assert "&lt;script&gt;alert(1)" in found
    assert "Повідомлення не вдалося прочитати × 3" in words(found)
    assert "Expected `int`" in words(found).replace("&#39;", "'")
    assert "vidhuk/v2/elsewhere" in leader.get("/quarantine").text
    assert leader.get("/kiosks/nobody/quarantine").status_code == 404
    states = {kiosk["id"]: kiosk for kiosk in leader.get("/api/v1/kiosks").json()}
    assert states["desk-two-a"]["state"]["outbox"] == 42
    assert states["podil-hall"]["state"] is None


def test_a_copied_kiosk_is_told_with_what_to_do_until_it_has_been_seen_to(leader: Client, engine: Engine) -> None:
    with engine.begin() as connection:
        fill.kiosks(connection)
        spoken = [Heard("desk-two-a", Kind.PROCESS, UUID(int=number % 2), fill.NOW_MS - (9 - number) * 120_000) for number in range(8)]
        keep_heard(connection, [*spoken, Heard("podil-hall", Kind.FORK, UUID(int=1), fill.NOW_MS - 1)])
    listed = words(leader.get("/kiosks").text)
    assert "схоже, картку скопійовано" in listed
    assert "вставлено давнішу копію картки" in listed
    told = words(leader.get("/kiosks/desk-two-a").text)
    assert "Схоже, картку цього термінала скопійовано" in told
    assert "Запросіть цей термінал наново й під’єднайте той, що залишається" in told
    assert "У цей термінал вставлено давнішу копію картки" in words(leader.get("/kiosks/podil-hall").text)
    assert leader.post("/kiosks/desk-two-a/seen-to").status_code == 303
    assert "скопійовано" not in words(leader.get("/kiosks/desk-two-a").text)
    assert leader.post("/kiosks/nobody/seen-to").status_code == 404


def test_a_clock_not_set_is_a_caution_and_no_fault(leader: Client, engine: Engine) -> None:
    with engine.begin() as connection:
        fill.kiosks(connection)
        connection.execute(update(schema.kiosk_states).values(clock_trusted=False, faults=""))
    html = leader.get("/kiosks").text
    assert html.count('<span class="state warn">годинник не виставлено</span>') == 2
    leader.post("/language", data={"language": "en"})
    assert "clock not set" in leader.get("/kiosks").text


@pytest.mark.usefixtures("votes")
def test_votes_that_do_not_count_are_told_beside_those_that_do(leader: Client, engine: Engine) -> None:
    assert "не враховано" not in words(leader.get("/desks/c1").text)
    with engine.begin() as connection:
        fill.flagged(connection, "c1", "ticket_used", times=3)
        fill.flagged(connection, "c1", "undone", times=1)
        fill.flagged(connection, "c2", "undone", times=5)
    html = words(leader.get("/desks/c1").text)
    assert "1 234" in html
    assert "Ще 3 голоси за вже використаними талонами не враховано. 1 голос, скасований працівниками, не враховано." in html
    assert "5 голосів, скасованих працівниками, не враховано." in words(leader.get("/desks/c2").text)
    assert "не враховано" not in words(leader.get("/desks/c1?period=own&from=2026-10-01&to=2026-10-02").text)


@pytest.mark.usefixtures("votes")
def test_votes_whose_tickets_came_late_are_told(leader: Client, engine: Engine) -> None:
    assert "не встановити" not in words(leader.get("/desks/c1").text)
    with engine.begin() as connection:
        fill.unsettled(connection, "c1", times=3)
    html = words(leader.get("/desks/c1").text)
    assert "3 із цих голосів — за талонами, про які стало відомо пізніше ніж через 72 години" in html
    assert "не встановити" not in words(leader.get("/desks/c2").text)


@pytest.mark.usefixtures("votes")
def test_votes_of_a_kiosk_that_did_not_know_the_time_count_in_days_and_in_no_hour(leader: Client, engine: Engine) -> None:
    assert "не знав часу" not in words(leader.get("/desks/c1").text)
    with engine.begin() as connection:
        fill.vote(connection, "c1", "good", times=2, time_error_ms=schema.VAGUE_MS + 1)
    html = words(leader.get("/desks/c1").text)
    assert "2 із цих голосів подано, коли термінал не знав часу: їх враховано в найімовірніших днях і не враховано за годинами." in html
    assert "2 голосів за ці місяці тут немає, бо їхні години невідомі." in html
    assert "2 із цих голосів подано, коли термінал не знав часу" in words(leader.get("/").text)
    assert "не знав часу" not in words(leader.get("/desks/c2").text)


@ON_BOTH
def test_what_was_not_taken_is_taken_in_by_a_button_or_refused_in_words(visitor: Client, engine: Engine) -> None:
    with engine.begin() as connection:
        fill.kiosks(connection)
        context = (
            b'["context","019aa8e2-6280-7000-8000-000000000002",[5,1763770000000,true],9,"6c1d6a3e-5f0e-4b0e-9c50-0a3f2f6d8e11","1","d",1]'
        )
        fill.quarantined(connection, "desk-two-a", context, reason="refused")
    client = sign_up(visitor, engine, "technician")
    first, second = re.findall(r'action="(/kiosks/desk-two-a/quarantine/\d+/replay)"', client.get("/kiosks/desk-two-a/quarantine").text)
    assert "Прийнято." in words(client.post(first).text)
    assert "Прочитати досі не вдається: JSON is malformed" in words(client.post(second).text)
    html = words(client.get("/kiosks/desk-two-a/quarantine").text)
    assert "Згодом прийнято" in html
    assert html.index("Повідомлення не вдалося прочитати") < html.index("База даних не прийняла повідомлення")
    assert len(rows(engine, schema.contexts)) == 1
    assert "Такого номера серед неприйнятих" in words(client.post("/kiosks/exit-center/quarantine/1/replay").text)
    assert "Прочитати досі не вдається" in words(client.post("/kiosks/desk-two-a/quarantine/replay").text)


@pytest.mark.parametrize("role", ["leader", "auditor", "clerk"])
def test_who_does_not_mend_kiosks_replays_nothing(visitor: Client, engine: Engine, role: str) -> None:
    with engine.begin() as connection:
        fill.kiosks(connection)
    client = sign_up(visitor, engine, role)
    assert client.post("/kiosks/desk-two-a/quarantine/replay").status_code == 403
    assert client.post("/kiosks/desk-two-a/quarantine/1/replay").status_code == 403
    assert "/replay" not in client.get("/kiosks/desk-two-a/quarantine").text


def test_a_kiosk_tells_its_outages_tests_and_who_came_up(leader: Client, engine: Engine) -> None:
    with engine.begin() as connection:
        fill.kiosks(connection)
        fill.devices(connection, "desk-two-a")
    assert '<a href="/kiosks/desk-two-a">' in leader.get("/kiosks").text
    html = words(leader.get("/kiosks/desk-two-a").text)
    assert "Принтер квитанцій кришку принтера квитанцій відкрито 22 листопада, 10:49 триває 78 хвилин" in html
    assert "Сканер талонів сканер талонів не під’єднано 22 листопада, 09:07 22 листопада, 09:07 3 секунди" in html
    assert "Кнопки одну з кнопок заклинило" in html
    assert "Автоматична, 6 годин тому" in html
    assert "Сканер талонів: справно" in html
    assert "Лампи: справно кришку принтера квитанцій відкрито Сканер талонів: справно" in html
    assert "compass: справно" in html, "what has no words yet is shown by its name"
    assert "Голос: не перевірено" in html
    assert "22 листопада 153 0" in html
    assert leader.get("/kiosks/nobody").status_code == 404
    quiet = words(leader.get("/kiosks/podil-hall").text)
    assert "Усі пристрої працювали без перебоїв." in quiet
    assert "Самоперевірки ще не було." in quiet
    leader.post("/language", data={"language": "en"})
    assert "the cover of the slip printer is open" in leader.get("/kiosks/desk-two-a").text


def test_every_fault_and_reason_known_today_has_words() -> None:
    assert set(Fault) == set(FAULTS)
    assert set(Reason) == set(REASONS)


def test_payloads_are_shown_as_harmless_text() -> None:
    assert as_text("ї\x00\n\u202e".encode() + b"\xff") == "ї\\x00\\n\\u202e\\xff"


def test_before_the_registry_is_loaded_pages_work(tmp_path_factory: pytest.TempPathFactory, leader: Client, engine: Engine) -> None:
    with engine.begin() as connection:
        for table in (schema.desks, schema.sites, schema.server):
            connection.execute(table.delete())
    assert leader.get("/").status_code == 200
