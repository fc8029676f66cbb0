"""What a fault has cost, counted from the kiosks' own logs, the server's records, and its rollups."""

from __future__ import annotations

from contextlib import contextmanager
from random import Random
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from sqlalchemy import select

from demo.house import HouseError
from faults.content import Said, altered, said_on_server
from faults.table import survived
from server.db.engine import reading, writing
from server.db.schema import kiosks, quarantine, votes
from server.ingest.store import read_server
from server.ratings import rollups

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine

    from faults.network.centre import Centre
    from faults.table import Row


class Count(NamedTuple):
    """The columns of the table."""

    acknowledged: int
    lost: int
    doubled: int
    dropped: int

    def row(self, fault: str, rounds: int) -> Row:
        """Give the table's row; it holds where nothing was lost, doubled or dropped."""
        return survived(fault, rounds=rounds, **self._asdict())


def count(centre: Centre, *, flooding: str = "", trusting: bool = False) -> Count:
    """Compare every kiosk's log with what the server has.

    Lost is what the kiosk was told to be durable and is not there, or says something else there: answer, desk, words, any byte.
    Dropped is what it was not told of when the time was over. Doubled is what no kiosk has voted, and every cell of the rollups that
    says something else than the votes. What `trusting` kiosks take for a promise the server never made.

    Raises:
        HouseError: the server found that it had promised more than it has, or something but the messages of the kiosk `flooding` is in
            quarantine. Kiosks make the first good, and constraints of the database the second; both say that something is wrong.
    """
    with reading(centre.engine) as connection:
        began = read_server(connection).generation != centre.generation
        eras = connection.execute(select(kiosks.c.id).where(kiosks.c.era != "", kiosks.c.id != flooding)).all()
        if began or (eras and not trusting):
            raise HouseError("the server has begun a new generation: it had acknowledged what it did not have")
        wrong = connection.execute(select(quarantine.c.reason, quarantine.c.detail).where(quarantine.c.kiosk != flooding)).first()
        if wrong:
            raise HouseError(f"what kiosks said was put into quarantine: {wrong.reason}: {wrong.detail}")
    made, said = dict[UUID, bool](), dict[UUID, Said]()
    for kiosk in centre.kiosks:
        if kiosk.id != flooding:
            made |= kiosk.votes()
            said |= kiosk.said()
    return compare(made, said, centre.engine)


def compare(made: dict[UUID, bool], said: dict[UUID, Said], engine: Engine, *, not_of: str = "") -> Count:
    """Compare votes, whether they are acknowledged and what they said with a server's database; those of `not_of` are nobody's."""
    with reading(engine) as connection:
        there = set(connection.execute(select(votes.c.id).where(votes.c.kiosk != not_of)).scalars())
        other = altered(said, said_on_server(connection.exec_driver_sql))
    with writing(engine) as connection:
        wrong_cells = len(rollups.verify(connection))
    acknowledged = {vote for vote, is_acknowledged in made.items() if is_acknowledged}
    return Count(
        len(acknowledged), len((acknowledged - there) | other), len(there - made.keys()) + wrong_cells, len(made) - len(acknowledged)
    )


@contextmanager
def round_of(fault: str, number: int) -> Iterator[Random]:
    """Give the chance of one round, always the same; whatever goes wrong in it says how to have it again."""
    seed = f"{fault} {number}"
    try:
        yield Random(seed)
    except BaseException as error:
        error.add_note(f"this was round {number}, with Random({seed!r})")
        raise
