from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from litestar.routes import HTTPRoute

from tests.server.web import fill
from tests.server.web.conftest import sign_up

if TYPE_CHECKING:
    from collections.abc import Iterator

    from litestar import Litestar
    from litestar.testing import TestClient
    from sqlalchemy import Engine

PUBLIC = {
    ("GET", "/sign-in"),
    ("POST", "/sign-in"),
    ("GET", "/invitation/x"),
    ("POST", "/invitation/x"),
    ("POST", "/language"),
    ("GET", "/static/tokens.css"),
    ("GET", "/static/x"),
    ("GET", "/health"),
    ("GET", "/definitions"),
    ("GET", "/kiosk-assets/x"),
    ("GET", "/public"),
    ("GET", "/public/x"),
    ("GET", "/wall"),
    ("GET", "/v"),
    ("GET", "/v/x"),
    ("GET", "/enrol"),
    ("POST", "/enrol"),
}
STANDING = (
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'self'",
)


def routes(app: Litestar) -> Iterator[tuple[str, str]]:
    for route in app.routes:
        assert isinstance(route, HTTPRoute)
        path = route.path_format
        for part in ("{token}", "{key}", "{kiosk_id}", "{file_path}", "{path}", "{sha256}", "{code}", "{name}", "{what}", "{format_}"):
            path = path.replace(part, "x")
        path = path.replace("{number}", "1").replace("{call}", str(UUID(int=1))).replace("{command}", str(UUID(int=1)))
        assert "{" not in path, path
        yield from ((method, path) for method in route.methods if method not in {"OPTIONS", "HEAD"})


def test_every_route_but_the_entrance_is_closed(visitor: TestClient[Litestar]) -> None:
    seen = set()
    for method, path in routes(visitor.app):
        answer = visitor.request(method, path, headers={"accept": "text/html"})
        is_closed = answer.status_code == 401 or answer.headers.get("location", "").startswith("/sign-in")
        assert is_closed != ((method, path) in PUBLIC), (method, path, answer.status_code)
        seen.add((method, path))
    assert seen >= PUBLIC
    assert len(seen) > 18


@pytest.mark.parametrize("is_signed_in", [False, True])
def test_every_answer_is_protected(visitor: TestClient[Litestar], engine: Engine, is_signed_in: bool) -> None:  # noqa: FBT001
    client = sign_up(visitor, engine, "leader") if is_signed_in else visitor
    paths = [path for method, path in routes(client.app) if method == "GET" and not path.startswith("/live")]
    for path in [*paths, "/no/such/page", "/?period=x", "/static/pages.css", "/desks/c1"]:
        answer = client.get(path)
        headers = answer.headers
        assert all(part in headers["content-security-policy"] for part in STANDING), path
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert headers["x-frame-options"] == "DENY"
        is_file = path.startswith("/static/") and answer.status_code == 200
        assert headers["cache-control"] == ("public, max-age=31536000, immutable" if is_file else headers["cache-control"])
        assert is_file or headers["cache-control"] in {"no-store", "private, no-cache"}, path


def test_no_page_has_inline_script_or_style(leader: TestClient[Litestar], engine: Engine) -> None:
    with engine.begin() as connection:
        fill.kiosks(connection)
        fill.vote(connection, "c1", "good", times=60, service_id=1)
    leader.post("/boxes", data={"site": "center", "day": fill.TODAY.isoformat()})
    for path in (
        "/",
        "/desks/c1",
        "/desks/c2",
        "/briefing",
        "/reasons",
        "/my-desk?desk=c1",
        "/public",
        "/wall",
        "/compare",
        "/definitions",
        "/kiosks",
        "/kiosks/desk-two-a",
        "/kiosks/desk-two-a/quarantine",
        "/quarantine",
        "/calls",
        "/announcements",
        "/done",
        "/pilot",
        "/misuse",
        "/coverage",
        "/queue",
        "/boxes",
        "/boxes/1",
        "/sessions",
        "/v",
        "/nothing",
    ):
        text = leader.get(path, headers={"accept": "text/html"}).text
        assert "style=" not in text, path
        assert "<style" not in text
        assert "onclick" not in text
        assert text.count("<script") == text.count('<script src="/static/')
        assert "http://" not in text.replace("http://testserver.local", "")
        assert "https://" not in text


def test_no_get_changes_anything(leader: TestClient[Litestar]) -> None:
    assert leader.get("/sign-out").status_code in {404, 405}
    assert leader.get("/language").status_code in {404, 405}


def test_unknown_addresses_and_programs_get_plain_answers(visitor: TestClient[Litestar]) -> None:
    assert "Такої сторінки немає" in visitor.get("/nothing", headers={"accept": "text/html"}).text
    answer = visitor.get("/api/v1/desks")
    assert (answer.status_code, answer.headers["content-type"].split(";")[0]) == (401, "application/problem+json")
    assert answer.json()["detail"] == "Sign in first"


def test_faults_of_ours_say_nothing_of_the_inside(leader: TestClient[Litestar], engine: Engine, caplog: pytest.LogCaptureFixture) -> None:
    from server.db import schema

    schema.rollup_day.drop(engine)
    answer = leader.get("/", headers={"accept": "text/html"})
    assert answer.status_code == 500
    assert "Щось пішло не так" in answer.text
    assert "rollup_day" not in answer.text
    assert "rollup_day" in caplog.text


def test_the_api_is_described(leader: TestClient[Litestar]) -> None:
    paths = leader.get("/api/openapi.json").json()["paths"]
    ours = {"/api/v1/desks", "/api/v1/desks/{key}/trend", "/api/v1/desks/{key}/load", "/api/v1/kiosks", "/api/queue/tickets"}
    assert set(paths) == ours
    assert {given["name"] for given in paths["/api/v1/desks"]["get"]["parameters"]} == {
        *("period", "from", "to", "site", "desk"),
        *("service", "channel", "language"),
    }
