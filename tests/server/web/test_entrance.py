from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

import pytest
from argon2 import Type
from sqlalchemy import Engine, func, select

from server.db import schema
from server.web import accounts
from server.web.app import create_web
from server.web.throttle import LONGEST_WAIT_MS, Throttle
from tests.server.web import fill
from tests.server.web.conftest import ON_BOTH, ORIGIN, PASSWORD, sign_up

if TYPE_CHECKING:
    from server.web.enrol import Entry
    from tests.server.web.fill import Clock

Client = "TestClient[Litestar]"
ACCOUNT = {"login": "Olena", "password": PASSWORD, "again": PASSWORD}
WRONG = "Логін або пароль неправильний"


def invite(engine: Engine, role: str = "leader") -> str:
    with engine.begin() as connection:
        return accounts.create_invitation(connection, role=role, now_ms=fill.NOW_MS)


def sign_in(client: Client, login: str = "leader", password: str = PASSWORD, next_page: str = "") -> object:
    return client.post("/sign-in", data={"login": login, "password": password, "next": next_page})


@ON_BOTH
def test_an_invitation_makes_one_account_and_signs_in(visitor: Client, engine: Engine) -> None:
    token = invite(engine)
    assert "Створити обліковий запис" in visitor.get(f"/invitation/{token}").text
    assert visitor.post(f"/invitation/{token}", data=ACCOUNT).headers["location"] == "/"
    assert visitor.get("/").status_code == 200
    assert visitor.get(f"/invitation/{token}").status_code == 410
    assert visitor.post(f"/invitation/{token}", data={**ACCOUNT, "login": "second"}).status_code == 410
    with engine.connect() as connection:
        (user,) = connection.execute(select(schema.users)).all()
        stored = connection.execute(select(schema.invitations.c.digest)).scalar_one()
    assert (user.login, user.role) == ("olena", "leader")
    assert user.password.startswith("$argon2id$")
    assert stored == sha256(token.encode()).digest()


def test_an_invitation_expires_after_a_day(visitor: Client, engine: Engine, clock: Clock) -> None:
    token = invite(engine)
    clock.pass_by(minutes=24 * 60)
    assert visitor.get(f"/invitation/{token}").status_code == 410
    assert visitor.post(f"/invitation/{token}", data=ACCOUNT).status_code == 410


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"login": "ab"}, "від 3 до 64"),
        ({"login": "two words"}, "без пробілів"),
        ({"password": "short", "again": "short"}, "закороткий"),
        ({"again": "another one"}, "не збігаються"),
        ({"password": "olena-and-more", "again": "olena-and-more"}, "містити логін"),
    ],
)
def test_a_wish_that_cannot_be_granted_says_why_and_keeps_the_link(
    visitor: Client, engine: Engine, change: dict[str, str], said: str
) -> None:
    token = invite(engine)
    answer = visitor.post(f"/invitation/{token}", data={**ACCOUNT, **change})
    assert (answer.status_code, said in answer.text) == (422, True)
    assert visitor.get(f"/invitation/{token}").status_code == 200


@ON_BOTH
def test_a_taken_login_keeps_the_link(leader: Client, engine: Engine) -> None:
    token = invite(engine)
    answer = leader.post(f"/invitation/{token}", data={**ACCOUNT, "login": "leader"})
    assert "уже зайнято" in answer.text
    assert leader.post(f"/invitation/{token}", data=ACCOUNT).status_code == 303


def test_roles_that_open_no_page_cannot_be_invited(engine: Engine) -> None:
    with engine.begin() as connection, pytest.raises(ValueError, match="leader"):
        accounts.create_invitation(connection, role="clark", now_ms=0)


def test_wrong_login_and_wrong_password_look_the_same(leader: Client) -> None:
    leader.post("/sign-out")
    answers = [sign_in(leader, "leader", "wrong"), sign_in(leader, "nobody", "wrong")]
    assert [answer.status_code for answer in answers] == [422, 422]
    assert [answer.text.replace("nobody", "leader") for answer in answers] == [answers[0].text] * 2
    assert WRONG in answers[0].text


def test_an_unknown_login_costs_a_hash_too(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    verified: list[str] = []
    monkeypatch.setattr(accounts, "_verify", lambda hashed, _password: bool(verified.append(hashed)))
    with engine.connect() as connection:
        assert accounts.check_password(connection, "nobody", "x") is None
    assert verified[0].startswith("$argon2id$")


def test_signing_in_brings_back_to_our_own_pages_only(leader: Client) -> None:
    for wanted, reached in {"/kiosks?a=1": "/kiosks?a=1", "//evil.example": "/", "https://evil.example/": "/", "/\\evil": "/"}.items():
        leader.post("/sign-out")
        assert sign_in(leader, next_page=wanted).headers["location"] == reached


@ON_BOTH
def test_the_session_is_new_at_each_sign_in_and_gone_at_sign_out(leader: Client, engine: Engine) -> None:
    first = leader.cookies["vidhuk"]
    sign_in(leader)
    second = leader.cookies["vidhuk"]
    assert first != second
    with engine.connect() as connection:
        assert connection.execute(select(schema.sessions.c.digest)).scalars().all() == [sha256(second.encode()).digest()]
    leader.post("/sign-out")
    leader.cookies.set("vidhuk", second)
    assert leader.get("/").status_code == 303


def test_a_session_id_from_outside_is_not_taken_over(visitor: Client, engine: Engine) -> None:
    visitor.cookies.set("vidhuk", "planted")
    sign_up(visitor, engine, "leader")
    assert visitor.cookies.jar is not None
    assert all(cookie.value != "planted" for cookie in visitor.cookies.jar if cookie.domain == "testserver.local")


@ON_BOTH
def test_an_idle_session_ends(leader: Client, clock: Clock) -> None:
    for _ in range(3):
        clock.pass_by(minutes=29)
        assert leader.get("/").status_code == 200
    clock.pass_by(minutes=31)
    assert leader.get("/").status_code == 303


def test_a_busy_session_ends_after_twelve_hours(leader: Client, clock: Clock) -> None:
    for _ in range(12 * 3 - 1):
        clock.pass_by(minutes=20)
        assert leader.get("/kiosks").status_code == 200
    clock.pass_by(minutes=20)
    assert leader.get("/kiosks").status_code == 303


@pytest.mark.parametrize(
    ("url", "name", "secure"), [("http://testserver.local", "vidhuk", False), ("https://centre.example", "__Host-vidhuk", True)]
)
def test_the_cookie(engine: Engine, clock: Clock, entry: Entry, url: str, name: str, secure: bool) -> None:  # noqa: FBT001, PLR0913, PLR0917
    from litestar.testing import TestClient

    app = create_web(engine, public_url=url, now_ms=clock, entry=entry)
    with TestClient(app) as client:
        client.headers["origin"] = url
        client.follow_redirects = False
        answer = client.post(f"/invitation/{invite(engine)}", data=ACCOUNT)
        assert ("strict-transport-security" in answer.headers) == secure
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"{name}=")
    assert {"HttpOnly", "Path=/", "SameSite=lax"} <= set(cookie.split("; "))
    assert ("Secure" in cookie) == secure
    assert "Domain" not in cookie


@pytest.mark.parametrize(
    ("headers", "is_ours"),
    [
        ({"origin": "http://testserver.local"}, True),
        ({"sec-fetch-site": "same-origin"}, True),
        ({"sec-fetch-site": "cross-site", "origin": "http://testserver.local"}, False),
        ({"sec-fetch-site": "same-site"}, False),
        ({"origin": "https://evil.example"}, False),
        ({"origin": "null"}, False),
        ({}, False),
    ],
)
def test_only_our_own_forms_change_anything(leader: Client, engine: Engine, headers: dict[str, str], is_ours: bool) -> None:  # noqa: FBT001
    del leader.headers["origin"]
    for path in ("/sign-out", "/language", "/sign-in", "/invitation/x"):
        answer = leader.post(path, data={"language": "en"}, headers=headers)
        assert (answer.status_code != 403) == is_ours, path
        leader.headers["cookie"] = ""
    with engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(schema.sessions)) == (0 if is_ours else 1)


def test_passwords_cost_an_attacker_64_mib_each() -> None:
    ours = fill.OUR_HASHER
    assert (ours.type, ours.memory_cost, ours.time_cost) == (Type.ID, 65_536, 3)


def test_leaving_twice_ends_at_the_entrance(leader: Client) -> None:
    leader.post("/sign-out")
    answer = leader.post("/sign-out", headers={"accept": "text/html"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")


def test_guessing_is_slowed_and_nobody_is_locked_out(leader: Client, clock: Clock) -> None:
    leader.post("/sign-out")
    tried = 0
    for _ in range(200):
        clock.pass_by(minutes=0.05)
        tried += sign_in(leader, password="guess").status_code == 422
    assert tried < 20
    refused = sign_in(leader)
    assert refused.status_code == 429
    assert 0 < int(refused.headers["retry-after"]) <= LONGEST_WAIT_MS / 1000
    clock.pass_by(minutes=1)
    assert sign_in(leader).status_code == 303


def test_one_address_cannot_try_many_logins() -> None:
    throttle = Throttle()
    for number in range(40):
        throttle.failed("10.0.0.9", f"user{number}", 1000)
    assert throttle.wait_ms("10.0.0.9", "fresh", 1000) > 0
    assert throttle.wait_ms("10.0.0.8", "fresh", 1000) == 0


def test_a_technician_sees_kiosks_and_no_ratings(visitor: Client, engine: Engine) -> None:
    sign_up(visitor, engine, "technician")
    visitor.post("/sign-out")
    assert sign_in(visitor, "technician").headers["location"] == "/kiosks"
    assert visitor.get("/kiosks").status_code == 200
    for path in ("/", "/desks/c1", "/desks.csv", "/charts/trend.svg", "/live", "/api/v1/desks"):
        assert visitor.get(path).status_code == 403, path


@ON_BOTH
def test_the_language_is_remembered(visitor: Client, engine: Engine) -> None:
    assert '<html lang="uk">' in visitor.get("/sign-in").text
    assert visitor.post("/language", data={"language": "en", "back": "/sign-in"}).headers["location"] == "/sign-in"
    assert "Password" in visitor.get("/sign-in").text
    sign_up(visitor, engine, "leader")
    assert '<html lang="en">' in visitor.get("/").text
    visitor.post("/language", data={"language": "uk", "back": "//evil.example"})
    visitor.cookies.delete("language")
    assert '<html lang="uk">' in visitor.get("/").text


def test_forms_of_another_shape_are_refused_politely(visitor: Client) -> None:
    assert visitor.post("/sign-in", content=b"\xff" * 10, headers={"content-type": "application/x-www-form-urlencoded"}).status_code < 500
    assert visitor.post("/sign-in", json={"login": ["x"]}).status_code < 500
    assert visitor.post("/sign-in", data={"login": "x" * 100_000}).status_code in {400, 413}
    assert ORIGIN["origin"] == visitor.headers["origin"]
