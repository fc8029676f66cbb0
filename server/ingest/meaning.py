"""What new records mean: votes and answers at their desks, sealed words, calls, ends of visits. All in the caller's transaction.

The records of one visit may come in any order and in different batches: a desk or a service that is named later, by the visitor or by their
ticket, moves what had none, and an answer that comes before its vote follows it.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from feedback.records import Answer, Call, Context, DeskChoice, Mode, Sealed, TicketScan, VisitEnd, Vote
from server.db.schema import NO_DESK
from server.fleet.states import record_last_vote
from server.ingest import store, visits
from server.ingest.devices import DEVICE_KINDS, take_devices
from server.ingest.quarantine import Reason
from server.ingest.rows import New, Place, answer_rows, filled, is_offered, is_rated, is_vague, of_kind, vote_row
from server.ingest.tickets import TICKET_KINDS, take_tickets
from server.registry.questionnaires import find_version
from server.remarks.erasing import erased_among

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from uuid import UUID

    from feedback.questionnaire import Questionnaire
    from feedback.records import AnyRecord
    from server.ingest.rows import AnswerRow, Arrival, StoredContext, VoteRow
    from server.ingest.work import Delivery, Work

CALL_MS: Final = 15 * 60_000
"""A call older than this alerts nobody: the visitor has left."""


def draw_out(work: Work, delivery: Delivery, new: New, contexts: Mapping[int, StoredContext], arrival: Arrival) -> None:
    """Fill the tables that give records their meaning; `arrival` says when each was made."""
    _take_answers(work, delivery, _answering(work, delivery, new, contexts), _chosen_desks(work, delivery, new), arrival)
    kinds = {type(record) for record, _ in new}
    if kinds & TICKET_KINDS:
        take_tickets(work, delivery, new, contexts, arrival)
    if kinds & DEVICE_KINDS:
        take_devices(work, delivery, new, arrival)
    _take_sealed(work, delivery, new, contexts, arrival)
    _take_calls(work, delivery, new, contexts, arrival)
    visits.insert_ends(
        work.connection,
        [
            visits.EndRow(end.visit, delivery.kiosk, str(end.outcome), end.extra_presses, arrival.times[end.id].at_ms)
            for end, _ in of_kind(new, VisitEnd)
        ],
    )


def take_contexts(work: Work, delivery: Delivery, new: New, walked: Iterable[AnyRecord]) -> dict[int, StoredContext]:
    """Store new contexts and give every one that the records `walked` name, among them the new ones."""
    said = list(of_kind(new, Context))
    store.insert_contexts(work.connection, delivery.kiosk, [record for record, _ in said])
    numbers = {record.number if isinstance(record, Context) else record.context for record in walked}
    contexts = store.read_contexts(work.connection, delivery.kiosk, numbers)
    for record, body in said:
        if not _means_the_same(contexts[record.number], record):
            work.notes.append(delivery.note(Reason.CONFLICT, f"context {record.number} is taken by {contexts[record.number].id}", body))
    return contexts


def _means_the_same(stored: StoredContext, context: Context) -> bool:
    """Whether a context says what is known by its number: a kiosk says it again where a new epoch begins."""
    questionnaire = (stored.questionnaire, stored.questionnaire_version, stored.mode)
    return stored.boot_id == context.boot_id and questionnaire == (
        context.questionnaire,
        context.questionnaire_version,
        str(context.mode),
    )


def name_desks(work: Work, delivery: Delivery, there: New) -> None:
    """Let votes, choices and scans that are there name their desks and services again: what was not known then may be known now."""
    chosen = _chosen_desks(work, delivery, there)
    first = list(of_kind(there, Vote))
    named = _named_places(work, delivery, first)
    standing = visits.first_places(work.connection, delivery.kiosk, {vote.visit for vote, _ in first})
    firsts = {vote.visit: filled(standing[vote.visit], named[vote.id]) for vote, _ in first if vote.visit in standing}
    rows = visits.votes_by_id(work.connection, [vote.id for vote, _ in first])
    visits.replace_votes(work.connection, [(row, row._replace(**firsts[row.visit]._asdict())) for row in rows], work.deltas)
    _move(work, delivery, chosen, firsts)
    work.touched |= {(delivery.kiosk, visit) for visit in (*chosen, *firsts)}


def _chosen_desks(work: Work, delivery: Delivery, new: New) -> dict[UUID, Place]:
    """Remember what visitors and tickets named beside the answer; give it by visit, as it stands now."""
    said = list(of_kind(new, DeskChoice | TicketScan))  # type: ignore[arg-type] # isinstance takes a union
    desks = store.read_desks(work.connection, {record.desk for record, _ in said if record.desk is not None})
    services = store.read_services(work.connection, {scan.service for scan, _ in said if isinstance(scan, TicketScan) and scan.service})
    chosen: dict[UUID, Place] = {}
    for record, body in said:
        desk = desks.get(record.desk or "")
        if desk is None and record.desk is not None:
            kind = type(record).__name__
            work.notes.append(delivery.note(Reason.UNKNOWN_DESK, f"{kind} {record.id} names desk {record.desk!r}", body))
        service_id = services.get(record.service or "") if isinstance(record, TicketScan) else None
        if desk is not None or service_id is not None:
            nowhere = Place(work.kiosks[delivery.kiosk].site_id, NO_DESK, service_id)
            named = nowhere if desk is None else Place(desk.site_id, desk.id, service_id)
            chosen[record.visit] = filled(chosen.get(record.visit, named), named)
    visits.choose_desks(work.connection, delivery.kiosk, chosen)
    return visits.chosen_desks(work.connection, delivery.kiosk, chosen)


_Answering = list[tuple["Vote | Answer", "StoredContext", bytes]]


def _answering(work: Work, delivery: Delivery, new: New, contexts: Mapping[int, StoredContext]) -> _Answering:
    """Give what can be kept of the votes and answers; the rest goes to the quarantine."""
    kept: _Answering = []
    known: dict[tuple[str, int], Questionnaire | None] = {}
    for record, body in of_kind(new, Vote | Answer):  # type: ignore[arg-type] # isinstance takes a union
        kind = type(record).__name__.lower()
        context = contexts.get(record.context)
        if context is None:
            work.notes.append(delivery.note(Reason.UNKNOWN_CONTEXT, f"{kind} {record.id} names context {record.context}", body))
            continue
        if not (isinstance(record, Vote) and is_rated(record, context)):
            version = (context.questionnaire, context.questionnaire_version)
            if version not in known:
                known[version] = find_version(work.connection, *version)
            if not is_offered(record, known[version]):
                said = record.answer if isinstance(record, Vote) else ",".join(record.choices)
                detail = f"{kind} {record.id} answers {record.question!r} of {version[0]} {version[1]} with {said!r}"
                work.notes.append(delivery.note(Reason.UNKNOWN_ANSWER, detail, body))
                continue
        kept.append((record, context, body))
    return kept


def _take_answers(work: Work, delivery: Delivery, answering: _Answering, chosen: Mapping[UUID, Place], arrival: Arrival) -> None:
    own = _first_places(work, delivery, answering, chosen)
    firsts: dict[UUID, Place] = {}
    for record, _, _ in answering:
        if isinstance(record, Vote):
            firsts.setdefault(record.visit, own[record.id])
    places = _later_places(work, delivery, answering, chosen, firsts)
    votes: list[VoteRow] = []
    answers: list[AnswerRow] = []
    work.touched |= {(delivery.kiosk, record.visit) for record, _, _ in answering}
    for record, context, _ in answering:
        if isinstance(record, Vote) and is_rated(record, context):
            votes.append(vote_row(record, context, own[record.id], arrival))
        else:
            answers += answer_rows(record, context, own.get(record.id, places[record.visit]), arrival)
    _move(work, delivery, chosen, firsts)
    visits.insert_votes(work.connection, votes)
    visits.insert_answers(work.connection, answers)
    for vote in votes:
        work.deltas.add(vote)
    for answer in answers:
        work.deltas.add_answer(answer)
    cast_ms = [row.at_ms for row in votes] + [row.at_ms for row in answers if row.first and row.mode != Mode.TEST]
    if cast_ms:
        record_last_vote(work.connection, delivery.kiosk, max(cast_ms), delivery.received_ms)


def _first_places(work: Work, delivery: Delivery, answering: _Answering, chosen: Mapping[UUID, Place]) -> dict[UUID, Place]:
    """Give where new first answers stand, by their ids: at the desk that they name, else at the one that visitor or ticket named."""
    named = _named_places(work, delivery, [(record, body) for record, _, body in answering if isinstance(record, Vote)])
    visit_of = {record.id: record.visit for record, _, _ in answering}
    lacking = {visit_of[id_] for id_, place in named.items() if place.desk_id == NO_DESK or place.service_id is None} - chosen.keys()
    known = {**visits.chosen_desks(work.connection, delivery.kiosk, lacking), **chosen}
    return {id_: filled(place, known.get(visit_of[id_])) for id_, place in named.items()}


def _named_places(work: Work, delivery: Delivery, votes: Sequence[tuple[Vote, bytes]]) -> dict[UUID, Place]:
    """Give what votes themselves name, by their ids."""
    desks = store.read_desks(work.connection, {vote.desk for vote, _ in votes if vote.desk is not None})
    services = store.read_services(work.connection, {vote.service for vote, _ in votes if vote.service})
    nowhere = Place(work.kiosks[delivery.kiosk].site_id, NO_DESK, None)
    places: dict[UUID, Place] = {}
    for vote, body in votes:
        if vote.desk is not None and vote.desk not in desks:
            work.notes.append(delivery.note(Reason.UNKNOWN_DESK, f"vote {vote.id} names desk {vote.desk!r}", body))
        desk = desks.get(vote.desk or "")
        own = nowhere if desk is None else Place(desk.site_id, desk.id, None)
        places[vote.id] = own._replace(service_id=services.get(vote.service or ""))
    return places


def _later_places(
    work: Work, delivery: Delivery, answering: _Answering, chosen: Mapping[UUID, Place], firsts: Mapping[UUID, Place]
) -> dict[UUID, Place]:
    """Give where every visit of the new answers stands: with its first answer, else where its visitor has chosen."""
    asked = {record.visit for record, _, _ in answering} - firsts.keys()
    stored = visits.first_places(work.connection, delivery.kiosk, asked)
    known = {**visits.chosen_desks(work.connection, delivery.kiosk, asked - chosen.keys()), **chosen}
    nowhere = Place(work.kiosks[delivery.kiosk].site_id, NO_DESK, None)
    return {**firsts, **{visit: filled(stored.get(visit, nowhere), known.get(visit)) for visit in asked}}


def _move(work: Work, delivery: Delivery, chosen: Mapping[UUID, Place], firsts: Mapping[UUID, Place]) -> None:
    """Move what came before the records that say where it belongs."""
    votes = [
        (row, row._replace(**filled(Place(row.site_id, row.desk_id, row.service_id), chosen[row.visit])._asdict()))
        for row in visits.incomplete_votes(work.connection, delivery.kiosk, chosen.keys())
    ]
    answers = []
    for row in visits.answers_of(work.connection, delivery.kiosk, chosen.keys() | firsts.keys()):
        there = Place(row.site_id, row.desk_id, row.service_id)
        place = firsts.get(row.visit) or filled(there, chosen[row.visit])
        answers.append((row, row._replace(**place._asdict())))
    visits.replace_votes(work.connection, votes, work.deltas)
    visits.replace_answers(work.connection, answers, work.deltas)


def _take_sealed(work: Work, delivery: Delivery, new: New, contexts: Mapping[int, StoredContext], arrival: Arrival) -> None:
    """Keep sealed words unopened; a box that is not the one its record names is not kept with it."""
    rows = []
    written = list(of_kind(new, Sealed))
    erased = erased_among(work.connection, delivery.kiosk, {record.visit for record, _ in written})
    for record, body in written:
        context = contexts.get(record.context)
        if context is None:
            work.notes.append(delivery.note(Reason.UNKNOWN_CONTEXT, f"sealed {record.id} names context {record.context}", body))
        rows.append(
            visits.SealedRow(
                record=record.id,
                visit=record.visit,
                kiosk=delivery.kiosk,
                mode=context and context.mode,
                questionnaire=context and context.questionnaire,
                questionnaire_version=context and context.questionnaire_version,
                question=record.question,
                content=str(record.content),
                language=record.language,
                box=None if record.visit in erased else _box_of(work, delivery, record, body),
                at_ms=arrival.times[record.id].at_ms,
                received_ms=delivery.received_ms,
            )
        )
    visits.insert_sealed(work.connection, rows)


def _box_of(work: Work, delivery: Delivery, record: Sealed, body: bytes) -> bytes | None:
    """Give the box that came with a record, if it is the one that the record names."""
    box = delivery.batch.sealed.get(record.id)
    if box is None:
        work.notes.append(delivery.note(Reason.BAD_BOX, f"the box of {record.id} did not come", body))
    elif hashlib.sha256(box).hexdigest() != record.digest:
        work.notes.append(delivery.note(Reason.BAD_BOX, f"the box of {record.id} is not the one that it names", body + b"\n" + box))
        return None
    return box


def _take_calls(work: Work, delivery: Delivery, new: New, contexts: Mapping[int, StoredContext], arrival: Arrival) -> None:
    """Keep calls for a person; one that comes too late, or of a test, alerts nobody."""
    rows = []
    for call, _ in of_kind(new, Call):
        context = contexts.get(call.context)
        mode = context.mode if context else Mode.LIVE
        time = arrival.times[call.id]
        is_dated = not is_vague(time) or not delivery.batch.historical
        is_live = is_dated and delivery.received_ms - time.at_ms < CALL_MS and mode != Mode.TEST
        site_id = work.kiosks[delivery.kiosk].site_id
        rows.append(visits.CallRow(call.id, call.visit, delivery.kiosk, site_id, str(mode), is_live, time.at_ms, delivery.received_ms))
    visits.insert_calls(work.connection, rows)
