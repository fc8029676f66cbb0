"""Which questionnaire is asked where, and that a published version stays what it is."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import pytest

from feedback.questionnaire_file import parse
from feedback.settings import Route
from server.db.engine import reading, writing
from server.errors import RegistryError
from server.registry import assignments, questionnaires
from server.registry.assignments import Where
from server.registry.settings import build_settings, check_sizes
from tests.server.kit import KIOSK, MORNING, OTHER

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from feedback.settings import KioskSettings

TEXT = """
format: 1
id: card
version: 1
languages: [uk]
questions:
  - id: result
    kind: yes_no
    text: {uk: "Чи отримали Ви послугу?"}
"""


def publish(engine: Engine, text: str) -> bool:
    with writing(engine) as connection:
        return questionnaires.publish(connection, parse(text, "card.yaml"), text, now_ms=MORNING)


def assign(engine: Engine, questionnaire: str, **where: object) -> None:
    with writing(engine) as connection:
        assignments.assign(connection, questionnaire, Where(**where))  # type: ignore[arg-type]


def settings(engine: Engine, kiosk: str = KIOSK) -> KioskSettings:
    with reading(engine) as connection:
        found = build_settings(connection, kiosk)
    assert found is not None
    return found


def test_a_version_that_is_published_never_changes(engine: Engine) -> None:
    assert publish(engine, TEXT)
    assert not publish(engine, "# a remark of no consequence" + TEXT)
    with pytest.raises(RegistryError, match="card 1 is published with another content and stays so: write version: 2"):
        publish(engine, TEXT.replace("послугу", "довідку"))
    assert publish(engine, TEXT.replace("version: 1", "version: 3"))
    with pytest.raises(RegistryError, match="card 3 is newer than this one: write version: 4"):
        publish(engine, TEXT.replace("version: 1", "version: 2"))


def test_what_comes_with_the_program_is_known_and_never_changes_either(engine: Engine) -> None:
    with reading(engine) as connection:
        shipped = {known.questionnaire.id for known in questionnaires.list_known(connection)}
        default = questionnaires.require_newest(connection, "default")
    assert shipped >= {"default", "two-faces", "order-208"}
    with pytest.raises(RegistryError, match=f"default {default.version} is published with another content"):
        publish(engine, TEXT.replace("id: card", "id: default").replace("version: 1", f"version: {default.version}"))


def test_the_nearest_assignment_wins_and_the_newest_version_is_asked(engine: Engine) -> None:
    publish(engine, TEXT)
    assert settings(engine).questionnaire.id == "default"
    assign(engine, "two-faces")
    assign(engine, "card", site="main")
    assign(engine, "three-faces", kiosk=OTHER)
    assert [settings(engine, kiosk).questionnaire.id for kiosk in (KIOSK, OTHER)] == ["card", "three-faces"]
    publish(engine, TEXT.replace("version: 1", "version: 2"))
    assert settings(engine).questionnaire.version == 2
    assign(engine, "five-faces", site="main")
    assert settings(engine).questionnaire.id == "five-faces", "one place, one questionnaire"
    with writing(engine) as connection:
        assignments.unassign(connection, "five-faces", Where(site="main"))
    assert settings(engine).questionnaire.id == "two-faces"


def test_a_pilot_of_the_default_is_asked_only_where_it_is_assigned(engine: Engine) -> None:
    publish(engine, TEXT.replace("id: card", "id: default\npilot: true").replace("version: 1", "version: 900"))
    assert settings(engine).questionnaire.version < 900
    assign(engine, "default", kiosk=KIOSK)
    assert (settings(engine).questionnaire.version, settings(engine).questionnaire.pilot) == (900, True)
    assert settings(engine, OTHER).questionnaire.version < 900


def test_routes_lead_by_desk_service_and_ticket(engine: Engine) -> None:
    publish(engine, TEXT)
    assign(engine, "card", desks=("main-2", "hall-1"))
    assign(engine, "two-faces", services=("passport",), ticket=True)
    assign(engine, "three-faces", desks=("hall-1",))
    assign(engine, "card", kiosk=KIOSK, ticket=False)
    told = settings(engine)
    assert told.routes == (
        Route("card", ticket=False),
        Route("two-faces", services=("passport",), ticket=True),
        Route("card", desks=("main-2",)),
    )
    assert [one.id for one in told.questionnaires] == ["card", "two-faces"]
    assert told.questionnaire_for("main-2", None, ticket=True).id == "card"
    assert told.questionnaire_for("main-1", "passport", ticket=True).id == "two-faces"
    assert told.questionnaire_for("main-1", None, ticket=True).id == "default"


@pytest.mark.parametrize(
    ("questionnaire", "where", "message"),
    [
        ("defualt", {}, "there is no questionnaire 'defualt'; did you mean 'default'"),
        ("default", {"kiosk": "exit-sample-9"}, "there is no kiosk 'exit-sample-9'; did you mean"),
        ("default", {"site": "mian"}, "there is no site 'mian'; did you mean 'main'"),
        ("default", {"desks": ("main-9",)}, "there is no desk 'main-9'"),
        ("default", {"services": ("pasport",)}, "there is no service 'pasport'; did you mean 'passport'"),
        ("default", {"site": "main", "kiosk": KIOSK}, "name the kiosk or the site, not both"),
    ],
)
def test_what_does_not_exist_is_named(engine: Engine, questionnaire: str, where: dict[str, object], message: str) -> None:
    with pytest.raises(RegistryError, match=message):
        assign(engine, questionnaire, **where)


def test_only_what_was_assigned_can_be_taken_back(engine: Engine) -> None:
    assign(engine, "two-faces", desks=("main-2", "main-1"))
    with writing(engine) as connection, pytest.raises(RegistryError, match="not assigned to exactly this place"):
        assignments.unassign(connection, "two-faces", Where(desks=("main-2",)))
    with writing(engine) as connection:
        assignments.unassign(connection, "two-faces", Where(desks=("main-1", "main-2")))
        assert assignments.list_assignments(connection) == []


def test_settings_that_no_packet_can_carry_are_refused(engine: Engine) -> None:
    long = "".join(f'\n  - {{id: q{n}, kind: yes_no, text: {{uk: "{"ї" * 150}?"}}, note: {{uk: "{"є" * 190}"}}}}' for n in range(29))
    places = product((("main-1",), ("main-2",)), (True, False, None), ((), ("passport",)))
    for number, (desks, ticket, services) in enumerate(places):
        publish(engine, TEXT.replace("id: card", f"id: card-{number}") + long.removeprefix("\n"))
        assign(engine, f"card-{number}", desks=desks, ticket=ticket, services=services)
    with reading(engine) as connection, pytest.raises(RegistryError, match="assign it fewer or shorter questionnaires"):
        check_sizes(connection)
