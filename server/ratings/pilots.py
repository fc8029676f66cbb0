"""What people answered to questionnaires that are tried out (H3): counts only, and never among the others."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import func, select, text

from feedback.records import Mode
from server.db.schema import answers

if TYPE_CHECKING:
    from sqlalchemy import Connection


class Counted(msgspec.Struct, frozen=True):
    """How often a choice was taken; an empty one stands for those who were asked and chose nothing."""

    choice: str
    count: int


class Asked(msgspec.Struct, frozen=True):
    """One question of a pilot: how many people it was put to, and what they chose."""

    question: str
    people: int
    choices: list[Counted]


class Pilot(msgspec.Struct, frozen=True):
    """One version of a questionnaire that is, or was, tried out."""

    questionnaire: str
    version: int
    visits: int
    questions: list[Asked]


def pilot_counts(connection: Connection) -> list[Pilot]:
    """Give every pilot, the newest version of each questionnaire first."""
    a = answers.c
    pilot = text("answers.mode <> 'live'") & (a.mode == str(Mode.PILOT)) & (a.flag == "")  # said as the index of the few says it
    keys = (a.questionnaire, a.questionnaire_version)
    visits = {row[:2]: row[2] for row in connection.execute(select(*keys, func.count(a.visit.distinct())).where(pilot).group_by(*keys))}
    people = {
        row[:3]: row[3]
        for row in connection.execute(select(*keys, a.question, func.count(a.record.distinct())).where(pilot).group_by(*keys, a.question))
    }
    chosen = connection.execute(
        select(*keys, a.question, a.choice, func.count())
        .where(pilot)
        .group_by(*keys, a.question, a.choice)
        .order_by(*keys, a.question, func.count().desc())
    ).all()
    pilots = []
    for (id_, version), rows in groupby(chosen, key=lambda row: (row[0], row[1])):
        asked = [
            Asked(question, people[id_, version, question], [Counted(row[3], row[4]) for row in counted])
            for question, counted in groupby(rows, key=lambda row: row[2])
        ]
        pilots.append(Pilot(id_, version, visits[id_, version], asked))
    return sorted(pilots, key=lambda pilot: (pilot.questionnaire, -pilot.version))
