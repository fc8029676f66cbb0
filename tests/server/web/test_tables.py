from __future__ import annotations

import csv
import io
import re
import zipfile
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import update

from server.db import schema
from server.web.tables import TABLES, TYPES
from tests.server.web import fill
from tests.server.web.conftest import ON_BOTH
from tests.server.web.fill import vote

if TYPE_CHECKING:
    from litestar import Litestar
    from litestar.testing import TestClient
    from sqlalchemy import Engine

    Client = TestClient[Litestar]


@pytest.fixture
def votes(engine: Engine) -> None:
    with engine.begin() as connection:
        vote(connection, "c1", "good", times=90, service_id=1)
        vote(connection, "c1", "terrible", times=10, service_id=1)
        vote(connection, "c2", "good", times=5, service_id=2, channel="box")
        vote(connection, "c1", "terrible", times=9, service_id=1, released_ms=fill.NOW_MS + 1)
        fill.queue(connection, "c1")
        fill.reasons(connection)


def parts(content: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        return {name: book.read(name).decode() for name in book.namelist()}


def lines(client: Client, address: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(client.get(address).content.decode("utf-8-sig"))))


@ON_BOTH
@pytest.mark.usefixtures("votes")
@pytest.mark.parametrize("name", TABLES)
def test_every_table_is_the_same_in_all_forms(leader: Client, name: str) -> None:
    answers = {form: leader.get(f"/tables/{name}.{form}?desk=c1") for form in TYPES}
    for form, answer in answers.items():
        assert answer.status_code == 200
        assert answer.headers["content-type"].split(";")[0] == TYPES[form]
        assert f"{name}-c1-2026-10-24-2026-11-22.{form}" in answer.headers["content-disposition"]
    rows = answers["json"].json()["rows"]
    in_csv = list(csv.DictReader(io.StringIO(answers["csv"].content.decode("utf-8-sig"))))
    assert rows
    assert [[*row] for row in rows] == [[*row] for row in in_csv]
    sheet = parts(answers["xlsx"].content)["xl/worksheets/sheet1.xml"]
    assert len(re.findall("<row ", sheet)) == len(rows) + 1


@ON_BOTH
@pytest.mark.usefixtures("votes")
def test_a_table_holds_open_windows_back_and_follows_the_question(leader: Client) -> None:
    (row,) = lines(leader, "/tables/services.csv?desk=c1")
    assert (row["service"], row["votes"], row["score"], row["problem"]) == ("Закордонний паспорт", "109", "0.9000", "0.1000")
    assert float(row["score_low"]) < 0.9 < float(row["score_high"])
    assert [line["votes"] for line in lines(leader, "/tables/desks.csv?channel=box&desk=c2")] == ["5", "5"]


def test_nothing_in_a_file_is_a_formula(leader: Client, engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(update(schema.desks).where(schema.desks.c.key == "c1").values(name='=HYPERLINK("x")'))
    assert '"\'=HYPERLINK(""x"")"' in leader.get("/tables/desks.csv").content.decode()
    book = parts(leader.get("/tables/desks.xlsx").content)
    assert "=HYPERLINK" in book["xl/sharedStrings.xml"]
    assert not [name for name, xml in book.items() if "<f>" in xml or "<hyperlink" in xml]


def test_the_workbook_says_what_it_is_about(leader: Client) -> None:
    strings = parts(leader.get("/tables/desks.xlsx?period=7").content)["xl/sharedStrings.xml"]
    assert "16–22 листопада 2026" in strings
    assert "Голоси добровільні" in strings
    assert "(Вілсон)" in strings


@pytest.mark.parametrize("key", ["desks", "desks.pdf", "moon.csv", ".csv", "desks.csv.xlsx"])
def test_no_other_files_are_there(leader: Client, key: str) -> None:
    assert leader.get(f"/tables/{key}").status_code == 404


@pytest.mark.usefixtures("votes")
def test_every_table_of_the_pages_has_its_files(leader: Client) -> None:
    for path in ("/?period=7", "/desks/c1?period=7"):
        html = leader.get(path).text
        found = re.findall(r'href="(/(?:tables/\w+|desks)\.\w+\?[^"]*)"', html)
        assert len(found) >= 3
        for address in found:
            assert leader.get(address.replace("&amp;", "&")).status_code == 200, address
