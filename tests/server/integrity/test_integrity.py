"""Chains, roots and proofs on real databases: what was changed behind the program's back is named, and what was not is not."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import msgspec
import pytest
from nacl.signing import SigningKey
from sqlalchemy import delete, select, update

from server.db import schema
from server.db.engine import reading, writing
from server.errors import IntegrityError
from server.integrity import proofs
from server.integrity.roots import DayRoot, Roots, all_roots
from server.integrity.verifying import verify
from server.keys import is_signed
from server.ratings import rollups
from tests.server.kit import KIOSK, MORNING, OTHER, Log, deliver, ids, make_ingest, reasons, rows

if TYPE_CHECKING:
    from sqlalchemy import Engine

KEY = SigningKey(bytes(32))
PUBLIC = bytes(KEY.verify_key).hex()
DAY_MS = 24 * 3_600_000


def signed_by_us(data: bytes, signature: bytes) -> bool:
    return is_signed(PUBLIC, data, signature)


def problems(engine: Engine) -> list[str]:
    with reading(engine) as connection:
        return [f"{problem.where}: {problem.what}" for problem in verify(connection, signed_by_us)]


def make_roots(engine: Engine, now_ms: int) -> list[str]:
    return Roots(engine, signer=lambda data: KEY.sign(data).signature).make_due(now_ms)


def log_with(*seeds: str, kiosk: str = KIOSK) -> Log:
    log = Log(kiosk=kiosk)
    log.add_context()
    for seed in seeds:
        log.add(log.vote(seed))
    return log


def id_of(seed: str, kiosk: str = KIOSK) -> object:
    return ids(f"{kiosk} {seed}")


def change_body(engine: Engine, seed: str, *, was: bytes = b'"good"', now: bytes = b'"poor"') -> None:
    with writing(engine) as connection:
        at = schema.records.c.id == id_of(seed)
        body = connection.execute(select(schema.records.c.body).where(at)).scalar_one()
        assert was in body
        connection.execute(update(schema.records).where(at).values(body=body.replace(was, now)))


def test_what_was_taken_in_holds_whatever_way_it_came(engine: Engine) -> None:
    ingest, log = make_ingest(engine), log_with("a", "b")
    log.add(b'["unheard-of",1]')
    log.add(log.vote("c"))
    log.add(log.vote("c", answer="terrible"))  # the same id with another body
    log.add(log.vote("c"))
    deliver(ingest, log, 1, 3)
    deliver(ingest, log, 2, 7)
    again = Log(bodies=list(log.bodies))  # the same records once more, in a new epoch, and one more
    again.add(log.vote("d"))
    deliver(ingest, again)
    foreign = Log(kiosk=OTHER, bodies=[log.bodies[0], log.bodies[1]])
    deliver(ingest, foreign)
    assert len(reasons(engine)) > 2
    assert problems(engine) == []


def test_a_record_that_storing_fails_on_keeps_its_place_in_the_chain(engine: Engine) -> None:
    ingest, log = make_ingest(engine), log_with("a")
    log.add(log.vote("b", question="q\x00"))  # PostgreSQL stores no such text
    log.add(log.vote("c"))
    assert deliver(ingest, log).seq == 4
    assert problems(engine) == []


def test_the_first_record_that_was_changed_is_named(engine: Engine) -> None:
    ingest = make_ingest(engine)
    deliver(ingest, log_with("a", "b", "c"))
    deliver(ingest, log_with("x", kiosk=OTHER))
    change_body(engine, "b")
    first, *others = problems(engine)
    assert first.startswith(f"kiosk {KIOSK}")
    assert f"record {id_of('b')} at 3 is not what the kiosk sent" in first
    assert len(others) == 1
    assert "sent it otherwise: answer" in others[0]


def test_a_record_that_was_deleted_is_missed_also_at_the_end_of_its_chain(engine: Engine) -> None:
    ingest = make_ingest(engine)
    deliver(ingest, log_with("a", "b", "c"))
    with writing(engine) as connection:
        connection.execute(delete(schema.records).where(schema.records.c.id == id_of("b")))
    assert any("1 records before record" in found for found in problems(engine))
    with writing(engine) as connection:
        connection.execute(delete(schema.records).where(schema.records.c.id == id_of("c")))
    assert any("it ends at 2, and the kiosk was told that everything up to 4 is here" in found for found in problems(engine))


@pytest.mark.parametrize("also_the_end", [False, True])
def test_a_chain_of_which_nothing_says_what_its_kiosk_was_told_is_named(engine: Engine, also_the_end: bool) -> None:  # noqa: FBT001
    ingest, log = make_ingest(engine), log_with("a", "b", "c")
    log.add(b'["unheard-of",1]')
    deliver(ingest, log)
    again = Log(bodies=list(log.bodies))  # of this chain all is in `chain_places`
    deliver(ingest, again)
    with writing(engine) as connection:
        connection.execute(delete(schema.chains))
        if also_the_end:
            connection.execute(update(schema.chain_places).where(schema.chain_places.c.seq == 5).values(head=bytes(32)))
    found = problems(engine)
    for epoch in (log.epoch, again.epoch):
        mine = [one for one in found if str(epoch) in one]
        assert any("what the kiosk was told of it is missing, and it goes up to 5" in one for one in mine)
        assert any("what is in quarantine from 5 is not what the kiosk sent" in one for one in mine) == also_the_end


def test_a_kiosk_that_got_another_id_may_mean_a_context_that_it_sent_before(engine: Engine) -> None:
    ingest, log = make_ingest(engine), log_with("a")
    deliver(ingest, log)
    renamed = Log(kiosk=OTHER, bodies=[log.bodies[0]])
    renamed.add(renamed.vote("b"))
    renamed.add(renamed.answer("b", "why", "queue"))
    deliver(ingest, renamed)
    assert reasons(engine) == [("foreign", 1)]
    assert problems(engine) == []
    with writing(engine) as connection:
        connection.execute(update(schema.votes).where(schema.votes.c.id == id_of("b", OTHER)).values(questionnaire="another"))
        rollups.rebuild(connection)
    assert [one.split(": ", 1)[1] for one in problems(engine)] == ["the kiosk sent it otherwise: questionnaire"]


def test_a_context_that_only_another_kiosk_sent_is_not_this_kiosks(engine: Engine) -> None:
    ingest, log, other = make_ingest(engine), log_with("a"), log_with("b", kiosk=OTHER)
    deliver(ingest, log)
    deliver(ingest, other)
    with writing(engine) as connection:
        of_other = connection.execute(select(schema.contexts).where(schema.contexts.c.kiosk == OTHER)).mappings().one()
        connection.execute(update(schema.contexts).where(schema.contexts.c.kiosk == KIOSK).values(id=of_other["id"]))
    assert problems(engine) == [f"context 7 of {KIOSK}: it is not the one that the kiosk sent, or is missing"]


def test_a_vote_that_no_kiosk_sent_or_that_was_changed_in_its_table_is_named(engine: Engine) -> None:
    deliver(make_ingest(engine), log_with("a", "b"))
    with writing(engine) as connection:
        connection.execute(update(schema.votes).where(schema.votes.c.id == id_of("a")).values(answer="excellent"))
        row = dict(connection.execute(select(schema.votes).where(schema.votes.c.id == id_of("b"))).mappings().one())
        connection.execute(schema.votes.insert().values(row | {"id": ids("invented")}))
        rollups.rebuild(connection)
    found = problems(engine)
    assert len(found) == 2
    assert any("the kiosk sent it otherwise: answer" in one for one in found)
    assert any("no kiosk sent it" in one for one in found)


def test_a_sum_that_is_not_that_of_its_votes_is_named(engine: Engine) -> None:
    deliver(make_ingest(engine), log_with("a", "b"))
    with writing(engine) as connection:
        connection.execute(update(schema.rollup_day).values(excellent=7))
    (found,) = problems(engine)
    assert found.startswith("rollup_day 2025-10-09,")
    assert "it counts" in found


def test_each_day_gets_its_root_an_hour_after_it_ended_and_only_once(engine: Engine) -> None:
    ingest = make_ingest(engine)
    log = log_with("a", "b")
    deliver(ingest, log)
    midnight = round(datetime(2025, 10, 10, tzinfo=ZoneInfo("Europe/Kyiv")).timestamp() * 1000)
    assert make_roots(engine, midnight + 3_599_999) == []
    assert make_roots(engine, midnight + 3_600_000) == ["2025-10-09"]
    assert make_roots(engine, midnight + 3_600_000) == []
    log.add(log.vote("c"))
    deliver(ingest, log, 4, received_ms=MORNING + 3 * DAY_MS)  # two days without a record between
    assert make_roots(engine, MORNING + 5 * DAY_MS) == ["2025-10-12"]
    with reading(engine) as connection:
        first, second = all_roots(connection)
    document = msgspec.json.decode(second.signed().document, type=DayRoot)
    assert (first.size, second.size) == (3, 1)
    assert document.previous == first.root.hex()
    assert problems(engine) == []


def test_days_on_which_clocks_are_changed_have_23_or_25_hours(engine: Engine) -> None:
    zone = ZoneInfo("Europe/Kyiv")
    ingest, log = make_ingest(engine), log_with("a")
    for month, day in ((3, 30), (10, 26)):
        log.add(log.vote(f"{month}"))
        deliver(
            ingest,
            log,
            len(log.bodies) if month == 10 else 1,
            received_ms=round(datetime(2025, month, day, 12, tzinfo=zone).timestamp() * 1000),
        )
    make_roots(engine, MORNING + 60 * DAY_MS)
    with reading(engine) as connection:
        assert [(root.until_ms - root.from_ms) // 3_600_000 for root in all_roots(connection)] == [23, 25]


def test_what_comes_after_a_day_has_its_root_belongs_to_the_next_one(engine: Engine) -> None:
    ingest, log = make_ingest(engine), log_with("a")
    deliver(ingest, log)
    make_roots(engine, MORNING + DAY_MS)
    log.add(log.vote("late"))
    deliver(ingest, log, 3, received_ms=MORNING + 1)  # received before midnight, and the database was away until now
    make_roots(engine, MORNING + 3 * DAY_MS)
    with reading(engine) as connection:
        assert [(root.day, root.size) for root in all_roots(connection)] == [("2025-10-09", 2), ("2025-10-10", 1)]
    assert problems(engine) == []


def test_who_changes_a_record_with_its_whole_chain_is_found_by_the_day(engine: Engine) -> None:
    ingest = make_ingest(engine)
    log = log_with("a", "b")
    deliver(ingest, log)
    make_roots(engine, MORNING + DAY_MS)
    change_body(engine, "b")
    forged = Log(
        epoch=log.epoch, bodies=[bytes(row["body"]) for row in sorted(rows(engine, schema.records), key=lambda row: int(str(row["seq"])))]
    )  # type: ignore[call-overload]
    with writing(engine) as connection:
        for seq in (1, 2, 3):
            connection.execute(update(schema.records).where(schema.records.c.seq == seq).values(head=forged.hash_at(seq)))
        connection.execute(update(schema.chains).values(head=forged.hash_at(3)))
        connection.execute(update(schema.votes).where(schema.votes.c.id == id_of("b")).values(answer="poor"))
        rollups.rebuild(connection)
    assert problems(engine) == ["day 2025-10-09: one of its records is not what its root was made of"]


def test_a_chain_that_no_kiosk_began_is_found_on_a_day_that_has_its_root_and_only_there(engine: Engine) -> None:
    ingest = make_ingest(engine)
    deliver(ingest, log_with("a"))
    make_roots(engine, MORNING + DAY_MS)
    invented = Log()
    for seed in "xyz":
        invented.add(invented.vote(seed))
    deliver(ingest, invented, received_ms=MORNING + DAY_MS)  # whoever has the password can write the same rows
    assert problems(engine) == []  # see docs/integrity.md, what is not proved
    with writing(engine) as connection:
        for table in (schema.records, schema.votes):
            values = {"received_ms": MORNING} if table is schema.records else {"received_ms": MORNING, "released_ms": MORNING}
            connection.execute(update(table).where(table.c.id.in_([id_of(seed) for seed in "xyz"])).values(values))
    assert "day 2025-10-09: its root was made of 2 records, and 5 are here" in problems(engine)


def test_a_root_that_was_made_anew_is_not_the_signed_one(engine: Engine) -> None:
    deliver(make_ingest(engine), log_with("a"))
    make_roots(engine, MORNING + DAY_MS)
    with writing(engine) as connection:
        connection.execute(update(schema.day_roots).values(root=bytes(32)))
    assert any("its root is not the one that was signed" in found for found in problems(engine))
    with reading(engine) as connection:
        assert any("not signed by this server's key" in one.what for one in verify(connection, lambda _data, _signature: False))


def test_a_vote_is_proved_to_whoever_has_the_root(engine: Engine) -> None:
    ingest, log = make_ingest(engine), log_with("a", "b", "c")
    deliver(ingest, log)
    with reading(engine) as connection:
        assert proofs.prove(connection, ids(f"{KIOSK} a")) is None
        with pytest.raises(IntegrityError, match="no record with this code"):
            proofs.prove(connection, ids("nobody"))
    make_roots(engine, MORNING + DAY_MS)
    with reading(engine) as connection:
        proof = proofs.prove(connection, ids(f"{KIOSK} a"))
        (root,) = all_roots(connection)
    assert proof is not None
    assert proofs.check(proof, signed_by_us).root == root.root.hex()
    assert b"good" not in msgspec.json.encode(proof)  # it tells nobody what was answered
    for changed in (
        msgspec.structs.replace(proof, id=ids("nobody")),
        msgspec.structs.replace(proof, body_sha256="00" * 32),
        msgspec.structs.replace(proof, path=proof.path[1:]),
    ):
        with pytest.raises(IntegrityError, match="does not lead to the root"):
            proofs.check(changed, signed_by_us)
    for damaged in (
        msgspec.structs.replace(proof, path=["no hash", *proof.path[1:]]),
        msgspec.structs.replace(proof, body_sha256="00"),
        msgspec.structs.replace(proof, day=msgspec.structs.replace(proof.day, signature="no signature")),
        msgspec.structs.replace(proof, day=msgspec.structs.replace(proof.day, document="{}")),
    ):
        with pytest.raises(IntegrityError, match="the proof is damaged"):
            proofs.check(damaged, signed_by_us)
    with pytest.raises(IntegrityError, match="not signed"):
        proofs.check(proof, lambda _data, _signature: False)
    change_body(engine, "c")
    with reading(engine) as connection, pytest.raises(IntegrityError, match="vidhuk-server verify"):
        proofs.prove(connection, ids(f"{KIOSK} a"))


def test_erasing_sealed_words_leaves_every_proof_valid(engine: Engine) -> None:
    ingest, log = make_ingest(engine), log_with("a")
    log.add(log.sealed("a", b"nobody can read this"))
    deliver(ingest, log)
    make_roots(engine, MORNING + DAY_MS)
    with writing(engine) as connection:
        assert connection.execute(delete(schema.sealed)).rowcount == 1
    assert problems(engine) == []
    with reading(engine) as connection:
        proof = proofs.prove(connection, ids(f"{KIOSK} sealed a"))
    assert proof is not None
    proofs.check(proof, signed_by_us)


def test_each_record_falls_under_one_root_whatever_number_workers_gave_it_at_midnight(engine: Engine) -> None:
    ingest, midnight = make_ingest(engine), round(datetime(2025, 10, 10, tzinfo=ZoneInfo("Europe/Kyiv")).timestamp() * 1000)
    deliver(ingest, log_with("a"), received_ms=midnight + 1)
    deliver(ingest, log_with("x", kiosk=OTHER), received_ms=midnight - 1)
    assert make_roots(engine, midnight + 2 * DAY_MS) == ["2025-10-09", "2025-10-10"]
    with reading(engine) as connection:
        assert [root.size for root in all_roots(connection)] == [2, 2]
        assert proofs.prove(connection, ids(f"{KIOSK} a")) is not None
    assert problems(engine) == []
    with writing(engine) as connection:
        connection.execute(update(schema.records).where(schema.records.c.id == id_of("a")).values(received_ms=midnight - 2 * DAY_MS))
    assert any(str(id_of("a")) in found and "no root covers it" in found for found in problems(engine))


def test_a_vote_that_is_not_counted_or_stands_elsewhere_is_named(engine: Engine) -> None:
    deliver(make_ingest(engine), log_with("a", "b"))
    with writing(engine) as connection:
        connection.execute(delete(schema.votes).where(schema.votes.c.id == id_of("a")))
        connection.execute(update(schema.votes).where(schema.votes.c.id == id_of("b")).values(desk_id=2))
        rollups.rebuild(connection)
    assert [found.split(": ", 1)[1] for found in problems(engine)] == [
        "it came and is not counted: its rows are missing",
        "it stands at another desk than its visit names",
    ]
