"""Who reaches what: every route of the app by every role and by nobody, against `access.txt`. A new route fails until somebody decides."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from server.web.accounts import ROLES
from tests.server.web import fill
from tests.server.web.conftest import sign_up
from tests.server.web.test_routes import routes

if TYPE_CHECKING:
    from litestar import Litestar
    from litestar.testing import TestClient
    from sqlalchemy import Engine

FILE: Final = Path(__file__).parent / "access.txt"
ANYBODY: Final = "anybody"
KEY: Final = "key"
NEVER_ENDS: Final = {("GET", "/live"), ("GET", "/live/calls")}
"""Whoever is let in there hears until they leave; only refusals are tried."""
LEAVES: Final = ("POST", "/sign-out")


def expected() -> dict[tuple[str, str], set[str]]:
    lines = [line.split() for line in FILE.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    return {(method, path): set(roles) for method, path, *roles in lines}


def test_every_route_is_decided_upon(visitor: TestClient[Litestar]) -> None:
    decided = expected()
    assert set(routes(visitor.app)) == set(decided)
    assert set().union(*decided.values()) <= {ANYBODY, KEY, *ROLES}
    assert all(decided.values()), "a route that nobody reaches is no route"


@pytest.mark.parametrize("role", [None, *ROLES])
def test_a_role_reaches_what_is_meant_for_it_and_nothing_else(visitor: TestClient[Litestar], engine: Engine, role: str | None) -> None:
    with engine.begin() as connection:
        fill.kiosks(connection)
    if role is not None:
        sign_up(visitor, engine, role)
    session = visitor.cookies.get("vidhuk")
    wrong = []
    for route, roles in sorted(expected().items(), key=lambda one: one[0] == LEAVES):
        may = bool(roles & {ANYBODY, role})
        if may and route in NEVER_ENDS:
            continue
        answer = visitor.request(*route, headers={"accept": "text/html", "cookie": f"vidhuk={session}" if session else ""})
        is_let_in = answer.status_code not in {401, 403} and (
            ANYBODY in roles or not answer.headers.get("location", "").startswith("/sign-in")
        )
        if route == LEAVES and may:
            is_let_in = answer.headers.get("location") == "/sign-in"
        if is_let_in is not may:
            wrong.append((route, answer.status_code))
    assert wrong == []
