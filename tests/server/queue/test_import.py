from __future__ import annotations

import time
from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text, update

from feedback.records import Channel
from server.db import schema
from server.db.engine import reading, writing
from server.errors import QueueError, RegistryError
from server.fleet.forgetting import erase
from server.queue.columns import Field
from server.queue.importing import Said, latest_imports, plan_import, read_file
from server.ratings.periods import Period
from server.ratings.queries import Scope
from server.ratings.response import responses
from server.registry.terms import Terms, encode_terms
from server.registry.ticket_terms import TicketTerms
from tests.server.kit import MORNING, Log, deliver, make_ingest, rows
from tests.server.queue.exports import DAY_MS, HEADER, TODAY, a_day, at, export, line, lines_of, served, state, take, waiting

if TYPE_CHECKING:
    from sqlalchemy import Engine

DAY = TODAY.isoformat()
OLD = (TODAY - timedelta(days=10)).isoformat()


def test_an_export_is_counted_by_desk_service_and_hour(engine: Engine) -> None:
    report = take(
        engine, export(line("А-1", at(10), wait=20), line("А-2", at(10, 5), desk="010", service="?", serve=31), waiting("А-3", at(11)))
    )
    assert (report.taken.tickets, report.taken.added, report.taken.changed) == (3, 3, 0)
    assert report.is_stored
    assert dict(report.reading.services) == {"?": 1}
    found = [{name: value for name, value in row.items() if value} for row in rows(engine, schema.queue_hours)]
    assert found == [
        {"day": DAY, "site_id": 1, "service_id": 1, "hour": 11, "tickets": 1},
        {"day": DAY, "site_id": 1, "desk_id": 1, "service_id": 1, "hour": 10, "tickets": 1, "served": 1, "wait_s": 1200, "wait_20": 1}
        | {"service_s": 540, "service_10": 1},
        {"day": DAY, "site_id": 1, "desk_id": 2, "hour": 10, "tickets": 1, "served": 1, "wait_s": 420, "wait_10": 1}
        | {"service_s": 1860, "service_45": 1},
    ]


def test_visitors_leave_no_trace_and_are_named_as_dropped(engine: Engine) -> None:
    report = take(engine, export(line("А-777", at(10))))
    assert report.plan.dropped == (["ПІБ відвідувача", "Телефон"], [])
    assert report.plan.file.table.rows[0].cells[7:] == ["Коваль М.", "", ""]
    with reading(engine) as connection:
        for table in schema.metadata.tables.values():
            said = str(connection.execute(table.select()).all())
            assert not any(word in said for word in ("Шевченко", "380501234567", "А-777", "A777")), table.name


def test_the_same_export_twice_and_overlapping_ones_change_nothing(engine: Engine) -> None:
    morning, rest, old = a_day(0, 40), [line(f"Б-{number}", at(11, number)) for number in range(10)], a_day(10, 30)
    everything = export(*morning, *rest, *a_day(1, 30), *old)
    take(engine, everything)
    before = state(engine)
    for content in (everything, export(*morning[:20]), export(*rest), export(*old[5:])):
        report = take(engine, content, now_ms=MORNING + 60_000)
        assert (report.taken.added, report.taken.changed, report.taken.replaced) == (0, 0, [])
        assert state(engine) == before
    assert report.taken.kept == [OLD]


def test_tickets_that_went_on_are_updated_and_moved(engine: Engine) -> None:
    take(engine, export(waiting("А-1", at(10)), waiting("А-2", at(10))))
    assert served(engine) == {}
    report = take(engine, export(line("А-1", at(10), desk="010")))
    assert (report.taken.added, report.taken.changed) == (0, 1)
    assert served(engine) == {(DAY, 2): 1}
    take(engine, export(waiting("А-1", at(10)), waiting("А-2", at(10))))  # an older export comes late
    assert served(engine) == {(DAY, 2): 1}
    take(engine, export(line("А-2", at(10), desk="010")))
    assert [row["tickets"] for row in rows(engine, schema.queue_hours)] == [2], "the cell that both have left is gone"


def test_rows_that_contradict_are_named_and_nothing_is_half_imported(engine: Engine) -> None:
    take(engine, export(line("А-1", at(10))))
    before = state(engine)
    report = take(
        engine,
        export(
            line("А-5", at(10)),
            line("А-1", at(10), desk="010"),
            line("А-6", at(10)),
            line("А-6", at(10), wait=9),
            line("А-7", at(10), desk="77"),
            line("А-8", at(10), serve=-3),
            ";" + line("", at(10))[1:],
            "А-9;вчора;;;;1;;;;",
            line("А-10", at(13)),
            line("А-11", at(10)) + ";зайве",
        ),
    )
    assert sorted(lines_of(report)) == [
        (3, "desk contradicts what was said before about the same ticket"),
        (5, "started contradicts line 4 about the same ticket"),
        (6, "desk “77” is not one of this site's"),
        (7, "Завершення is before Початок обслуговування"),
        (8, "the ticket's number is missing"),
        (9, "Час видачі: not a time such as 22.11.2026 09:15 or 2026-11-22T09:15:00"),
        (10, "Час видачі lies in the future"),
        (11, "the line has more cells than the heading"),
    ]
    assert not report.is_stored
    assert state(engine) == before
    with reading(engine) as connection:
        log = latest_imports(connection)
    assert [(entry.rows, entry.added, entry.problems, entry.site) for entry in log] == [(10, 0, 8, "main"), (1, 1, 0, "main")]


def test_a_dry_run_says_the_same_and_stores_nothing(engine: Engine) -> None:
    before = state(engine)
    report = take(engine, export(*a_day(0, 5), *a_day(10, 7)), keep=False)
    assert (report.taken.added, report.taken.replaced, report.is_stored) == (12, [OLD], False)
    assert state(engine) == before
    assert rows(engine, schema.queue_imports) == rows(engine, schema.queue_maps) == []


def test_a_day_whose_tickets_are_forgotten_is_replaced_whole_and_never_added_to(engine: Engine) -> None:
    take(engine, export(*a_day(0, 30)))
    with writing(engine) as connection:
        erase(connection, [])
    later = MORNING + 5 * DAY_MS
    kept = served(engine)
    assert take(engine, export(*a_day(0, 30)), now_ms=later).taken.replaced == []
    assert served(engine) == kept
    assert take(engine, export(*a_day(0, 30)[1:]), now_ms=later).taken.kept == [DAY]
    assert served(engine) == kept
    fuller = take(engine, export(*a_day(0, 30), line("Я-1", at(12))), now_ms=later)
    assert (fuller.taken.replaced, fuller.taken.added) == ([DAY], 1)
    assert served(engine) == kept | {(DAY, 1): kept[DAY, 1] + 1}
    assert rows(engine, schema.queue_tickets) == []


def test_a_day_counts_as_whole_only_once_it_was_imported_after_its_end(engine: Engine) -> None:
    take(engine, export(*a_day(0, 5), *a_day(1, 5)))
    days = {row["day"]: (row["whole"], row["pushed"], row["tickets"]) for row in rows(engine, schema.queue_days)}
    assert days == {DAY: (False, False, 5), (TODAY - timedelta(days=1)).isoformat(): (True, False, 5)}
    take(engine, export(*a_day(0, 5)), now_ms=MORNING + DAY_MS)
    assert {row["whole"] for row in rows(engine, schema.queue_days)} == {True}


def test_columns_are_said_once_and_remembered_for_this_heading_and_site(engine: Engine) -> None:
    content = "№;Хто;Куди;Коли;Що\nА1;Коваль М.;Каса;09.10.2025 10:00;обслужено\n".encode()
    said = Said(columns={Field.NUMBER: "№", Field.DESK: "Куди", Field.STARTED: "Коли", Field.STATE: "Що"}, desks={"Каса": "main-2"})
    with pytest.raises(RegistryError, match="there is none"):
        take(engine, content, Said(columns=said.columns, desks={"Каса": "hall-1"}))
    take(engine, content, said)
    with reading(engine) as connection:
        plan = plan_import(connection, "main", read_file("x", content), Said())
        other = plan_import(connection, "hall", read_file("x", content), Said())
    assert (plan.is_known, plan.map.columns, plan.map.desks) == (True, said.columns, said.desks)
    assert (other.is_known, other.map.desks) == (False, {})
    again = take(engine, content.replace(b"10:00", b"10:00:00"))
    assert (again.taken.added, again.taken.changed) == (0, 0)


def test_desks_and_services_are_called_as_on_tickets_where_nobody_said_otherwise(engine: Engine) -> None:
    tickets = TicketTerms(desks={"W7": "main-2"}, services={"ID-17": "passport"})
    with writing(engine) as connection:
        connection.execute(update(schema.server).values(terms=encode_terms(Terms(tickets=tickets), lambda _: None)))
    report = take(engine, export(line("А-1", at(10), desk="w7", service="ID-17")))
    assert (lines_of(report), dict(report.reading.services)) == ([], {})
    assert [(row["desk_id"], row["service_id"]) for row in rows(engine, schema.queue_hours)] == [(2, 1)]
    said = Said(desks={"W7": "main-1"})
    take(engine, export(line("А-2", at(11), desk="W7")), said)
    assert served(engine) == {(DAY, 2): 1, (DAY, 1): 1}


def test_a_column_of_visitors_under_another_name_is_noticed(engine: Engine) -> None:
    strangers = [line(f"А-{number}", at(10), clerk=f"Відвідувач {chr(1040 + number % 30) * (number // 30 + 1)}") for number in range(60)]
    report = take(engine, export(*strangers))
    assert lines_of(report) == [(2, "Адміністратор names 60 people on 60 tickets: those are visitors, not clerks; leave it out")]
    phone = take(engine, export(line("А-1", at(10), clerk="+380501234567")))
    assert lines_of(phone) == [(2, "Адміністратор holds a number or an address where a clerk's name belongs")]
    assert rows(engine, schema.clerks) == []


def test_numbers_repeat_at_other_sites_and_on_other_days(engine: Engine) -> None:
    take(engine, export(line("А-1", at(10)), line("А-1", at(10, back=1))))
    take(engine, export(line("А-1", at(10), wait=3)), site="hall")
    assert served(engine) == {(DAY, 1): 1, ((TODAY - timedelta(days=1)).isoformat(), 1): 1, (DAY, 3): 1}


@pytest.mark.parametrize(("words", "error"), [("empty", QueueError), ("a;b\n", QueueError), (HEADER + "\n", QueueError)])
def test_files_without_tickets_are_refused(words: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        read_file("x", words.encode())


def test_fifty_thousand_tickets_twice(engine: Engine) -> None:
    tickets = 50_000 if engine.dialect.name == "sqlite" else 5_000
    lines = [one for back in range(25) for one in a_day(back, tickets // 25)]
    content = export(*lines)
    began = time.perf_counter()
    report = take(engine, content)
    seconds = time.perf_counter() - began
    assert report.reading.problems == []
    before = state(engine)
    again = take(engine, content, now_ms=MORNING + 1)
    print(f"{len(lines):,} tickets on {engine.dialect.name} in {seconds:.1f} s, {len(before[0]):,} of them by name")  # type: ignore[arg-type]
    assert state(engine) == before
    assert (again.taken.added, again.taken.changed, again.taken.replaced, again.taken.kept) == (0, 0, [], [])
    assert sum(served(engine).values()) == len(lines)
    cast_votes(engine)
    with reading(engine) as connection:
        said = responses(connection, Scope(Period(TODAY - timedelta(days=40), TODAY)), MORNING)
        votes: dict[int, int] = {row[0]: row[1] for row in connection.execute(text(VOTES_AGAIN), {"today": DAY})}
    for desk, window in ((1, "1"), (2, "010")):
        # Tickets counted again from the rows of the file, votes from the table of votes.
        tickets_of_desk = sum(one.split(";")[5] == window and not one.split(";")[1].startswith(f"{TODAY:%d.%m.%Y}") for one in lines)
        assert votes[desk] > 100
        response = said.of(desk, 1)
        assert (response.votes, response.served) == (votes[desk], tickets_of_desk)
        assert response.share == votes[desk] / tickets_of_desk
    assert said.total.served == len(lines) - len(a_day(0, tickets // 25))


VOTES_AGAIN = "SELECT desk_id, count(*) FROM votes WHERE day < :today AND channel = 'kiosk' AND flag = '' GROUP BY desk_id"


def cast_votes(engine: Engine) -> None:
    """Let 600 people vote on the days of the export, some of them by the box and some today."""
    log, chance = Log(), Random(4)
    log.add_context()
    for number in range(600):
        wall_ms = MORNING - chance.randrange(25) * DAY_MS - chance.randrange(7_200_000)
        desk, channel = chance.choice(("main-1", "main-2", None)), chance.choice((Channel.KIOSK, Channel.KIOSK, Channel.BOX))
        log.add(log.vote(str(number), at=log.moment(wall_ms), desk=desk, channel=channel, repeat=chance.random() < 0.1))
    for first in range(1, 602, 200):
        deliver(make_ingest(engine), log, first, first + 199)
