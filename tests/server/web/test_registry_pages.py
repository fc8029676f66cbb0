"""The registry on pages, for administrators: lists, forms with errors beside the fields, and its file with a look before it is loaded."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import update

from server.db import schema
from server.registry.settings import number_settings
from tests.server.kit import rows
from tests.server.web import fill
from tests.server.web.conftest import ON_BOTH, sign_up

if TYPE_CHECKING:
    from litestar import Litestar
    from litestar.testing import TestClient
    from sqlalchemy import Engine

pytestmark = ON_BOTH
HTML = {"accept": "text/html"}


@pytest.fixture
def admin(visitor: TestClient[Litestar], engine: Engine) -> TestClient[Litestar]:
    with engine.begin() as connection:
        fill.kiosks(connection)
        number_settings(connection, now_ms=fill.NOW_MS)
    return sign_up(visitor, engine, "admin")


def versions(engine: Engine) -> dict[object, object]:
    return {row["id"]: row["settings_version"] for row in rows(engine, schema.kiosks)}


def test_only_administrators_come_in(visitor: TestClient[Litestar], engine: Engine) -> None:
    leader = sign_up(visitor, engine, "leader")
    assert leader.get("/registry", headers=HTML).status_code == 403
    assert 'href="/registry"' not in leader.get("/", headers=HTML).text


def test_a_desk_is_added_changed_and_taken_out_of_use(admin: TestClient[Litestar], engine: Engine) -> None:
    added = {"key": "c6", "site": "center", "number": "11", "name": "Земля <й> ліси", "place": ""}
    before = versions(engine)
    assert admin.post("/registry/desks/add", data=added).headers["location"] == "/registry/desks"
    listed = admin.get("/registry/desks", headers=HTML).text
    assert "Земля &lt;й&gt; ліси" in listed
    assert {kiosk for kiosk, version in versions(engine).items() if version != before[kiosk]} == set(before)
    here = versions(engine)
    assert admin.post("/registry/desks/add", data=added | {"key": "p9", "site": "podil"}).status_code == 303
    assert versions(engine) == here  # all these kiosks stand at the other site
    admin.post("/registry/desks/entries/c6", data=added | {"name": "Земля", "act": "save"})
    assert "Земля &lt;й&gt; ліси" in admin.get("/registry/desks/entries/c6", headers=HTML).text  # among the earlier names
    after = versions(engine)
    admin.post("/registry/desks/entries/c6", data=added | {"name": "Земля", "act": "save"})
    assert versions(engine) == after
    admin.post("/registry/desks/entries/c6", data={"act": "retire"})
    assert "не працює з 22 лист. 2026" in admin.get("/registry/desks", headers=HTML).text
    admin.post("/registry/desks/entries/c6", data={"act": "return"})
    assert next(row["retired"] for row in rows(engine, schema.desks) if row["key"] == "c6") is None


@pytest.mark.parametrize(
    ("path", "data", "field", "says"),
    [
        ("/registry/desks/add", {"key": "C 6", "site": "center", "number": "1", "name": ""}, "key", "ключ має від 1 до 32 знаків"),
        ("/registry/desks/add", {"key": "c1", "site": "center", "number": "1", "name": ""}, "key", "цей ключ стоїть там стільки разів: 2"),
        ("/registry/desks/entries/c1", {"number": "", "name": "x"}, "number", "номер має від 1 до 16 знаків"),
        ("/registry/desks/entries/c1", {"number": "1", "place": "here"}, "place", "напишіть два числа від 0 до 1"),
        ("/registry/sites/entries/podil", {"name": "П", "kind": "remote", "hours": "mno 9:00-18:00"}, "hours", "«mno» — не день тижня"),
        ("/registry/centre", {"centre": "ЦНАП", "days": "2026-05-01 shut"}, "days", "ні «closed», ні години"),
        ("/registry/services/add", {"key": "x", "name": ""}, "name", "напишіть назву до 300 знаків"),
    ],
)
def test_an_error_stands_beside_its_field(  # noqa: PLR0913, PLR0917 - one of each
    admin: TestClient[Litestar], engine: Engine, path: str, data: dict[str, str], field: str, says: str
) -> None:
    before = [rows(engine, table) for table in (schema.desks, schema.sites, schema.services, schema.server)]
    answer = admin.post(path, data=data, headers=HTML)
    assert answer.status_code == 422
    found = re.search(rf'id="wrong-{field}">([^<]*)<', answer.text)
    assert found
    assert says in found[1]
    assert [rows(engine, table) for table in (schema.desks, schema.sites, schema.services, schema.server)] == before


def test_a_desk_of_a_kiosk_stays_in_use_and_the_kiosk_moves_first(admin: TestClient[Litestar], engine: Engine) -> None:
    answer = admin.post("/registry/desks/entries/c2", data={"act": "retire"}, headers=HTML)
    assert "до цього столу належить термінал desk-two-a" in answer.text
    admin.post("/registry/kiosks/entries/desk-two-a", data={"name": "Стіл 3", "desk": "c3"})
    assert admin.post("/registry/desks/entries/c2", data={"act": "retire"}).status_code == 303
    ids = {row["id"]: row["key"] for row in rows(engine, schema.desks)}
    assert [(row["name"], ids[row["desk_id"]]) for row in rows(engine, schema.kiosks) if row["desk_id"]] == [("Стіл 3", "c3")]
    refused = admin.post("/registry/kiosks/entries/desk-two-a", data={"name": "Стіл 3", "desk": "p1"}, headers=HTML)
    assert "цей стіл не працює в місці, де стоїть термінал" in refused.text


def test_a_file_is_looked_at_before_it_is_loaded(admin: TestClient[Litestar], engine: Engine) -> None:
    for format_ in ("yaml", "csv"):
        whole = admin.get(f"/registry-file/{format_}").content
        seen = admin.post("/registry-file", files={"file": ("registry.zip", whole)}, headers=HTML).text
        assert "нічого не зміниться" in seen
    with engine.begin() as connection:
        connection.execute(update(schema.desks).where(schema.desks.c.key == "c1").values(name="Інше"))
        number_settings(connection, now_ms=fill.NOW_MS)
    before = versions(engine)
    page = admin.post("/registry-file", files={"file": ("registry.zip", whole)}, headers=HTML).text
    assert "Інше → Реєстрація місця проживання та видача довідок" in page
    assert "exit-center" in page
    assert versions(engine) == before
    looked = re.search(r'name="looked" value="([^"]+)"', page)
    assert looked
    sent = {"name": (None, "registry.zip"), "looked": (None, looked[1])}
    assert admin.post("/registry-file", files=sent).headers["location"] == "/registry"
    assert {kiosk for kiosk, version in versions(engine).items() if version != before[kiosk]} == set(before)
    bad = admin.post("/registry-file", files={"file": ("x.yaml", b"format: 1\ncentre: A\nsites:\n  - {key: a}\n")}, headers=HTML)
    assert bad.status_code == 422
    assert "x.yaml, рядок 4: sites &#39;a&#39;: бракує «name»" in bad.text


@pytest.mark.parametrize(
    "path", ["/registry", "/registry/centre", "/registry/clerks/add", "/registry/kiosks", "/registry/sites/entries/podil"]
)
def test_every_page_opens(admin: TestClient[Litestar], path: str) -> None:
    text = admin.get(path, headers=HTML).text
    assert "style=" not in text
    assert re.search(r'aria-current="(page|true)">Реєстр</a>', text)
