from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from litestar.testing import TestClient

from server.web.sessions import device_of
from tests.server.web.conftest import ON_BOTH, ORIGIN, PASSWORD, sign_up

if TYPE_CHECKING:
    from litestar import Litestar
    from sqlalchemy import Engine

    from tests.server.web.fill import Clock

Client = TestClient
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture
def other(visitor: TestClient[Litestar]) -> TestClient[Litestar]:
    """Another browser of the same server."""
    client = TestClient(visitor.app)
    client.headers.update(ORIGIN)
    client.follow_redirects = False
    return client


def sign_in(client: Client, login: str) -> None:
    answer = client.post("/sign-in", data={"login": login, "password": PASSWORD}, headers={"user-agent": FIREFOX})
    assert answer.status_code == 303


def names(client: Client) -> list[str]:
    return re.findall(r"/sessions/([0-9a-f]{16})/end", client.get("/sessions").text)


def is_in(client: Client) -> bool:
    return bool(client.get("/calls").status_code == 200)


@ON_BOTH
def test_somebody_sees_and_ends_their_other_session(visitor: Client, other: Client, engine: Engine, clock: Clock) -> None:
    sign_up(visitor, engine, "leader")
    sign_in(other, "leader")
    clock.pass_by(minutes=5)
    assert is_in(other)
    text = visitor.get("/sessions").text
    assert "Firefox, Linux" in text
    assert "цей сеанс" in text
    (name,) = names(visitor)
    clock.pass_by(minutes=7)
    assert "7 хвилин тому" in visitor.get("/sessions").text
    assert visitor.post(f"/sessions/{name}/end").status_code == 303
    assert (is_in(visitor), is_in(other)) == (True, False)
    assert "Завершити" not in visitor.get("/sessions").text


@ON_BOTH
def test_all_others_end_at_once(visitor: Client, other: Client, engine: Engine) -> None:
    sign_up(visitor, engine, "leader")
    sign_in(other, "leader")
    visitor.post("/sessions/end-others")
    assert (is_in(visitor), is_in(other)) == (True, False)


@pytest.mark.parametrize(("role", "may"), [("leader", False), ("auditor", False), ("admin", True)])
def test_only_administrators_see_and_end_those_of_others(visitor: Client, other: Client, engine: Engine, *, role: str, may: bool) -> None:
    sign_up(other, engine, "clerk")
    sign_in(other, "clerk")
    sign_up(visitor, engine, "technician")
    own = [line for line in other.get("/sessions").text.splitlines() if "цей сеанс" in line]
    assert len(own) == 1
    sign_up(visitor, engine, role)
    found = names(visitor)
    assert ("Сеанси інших" in visitor.get("/sessions").text) is may
    if not may:
        assert found == []
        found = [_name(other)]
    assert [visitor.post(f"/sessions/{name}/end").status_code for name in found] == [303 if may else 404]
    assert is_in(other) is not may


def test_a_name_that_is_none_ends_nothing(visitor: Client, engine: Engine) -> None:
    sign_up(visitor, engine, "admin")
    assert visitor.post("/sessions/0000000000000000/end").status_code == 404
    assert is_in(visitor)


@pytest.mark.parametrize(
    ("agent", "said"),
    [
        (FIREFOX, "Firefox, Linux"),
        (
            "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36 Edg/140.0",
            "Edge, Windows",
        ),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1 Version/18.0 Mobile Safari/604.1", "Safari, iPhone"),
        ("<script>", ""),
    ],
)
def test_the_device_is_named_by_what_its_browser_says(agent: str, said: str) -> None:
    assert device_of(agent) == said


def _name(client: Client) -> str:
    from server.web.sessions import name_of

    return name_of(client.cookies["vidhuk"])
