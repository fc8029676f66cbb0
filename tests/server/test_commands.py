"""Commands on the server: who sent them, what is signed, and what kiosks say became of them."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import msgspec
import pytest
from nacl.signing import SigningKey

from feedback.commands import LONGEST_MIN, MAX_BUNDLE_BYTES, PURPOSE, Command, CommandKind, Diagnostics, Outcome, Result
from feedback.records import Moment
from feedback.signed import open_signed
from feedback.wire import SignedList, command_topic, decode, diagnostics_topic, encode, hello_topic, result_topic
from server.db import schema
from server.db.engine import reading, writing
from server.errors import RegistryError
from server.fleet.command_words import outcome_of, sentences_of
from server.fleet.commands import KEPT_BUNDLES, Commands, Sent, Wish, bundle, latest, send
from server.ingest.core import Ingest
from server.registry.kiosks import Wish as Wanted
from server.registry.kiosks import add_kiosk, remove_kiosk
from tests.server.kit import KIOSK, MORNING, OTHER, Log, reasons, rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Engine

    from server.ingest.messages import Reply

KEY = SigningKey(b"c" * 32)
AT = Moment(5, MORNING - 1000, trusted=True)
MINUTE = 60_000


def sign(content: bytes) -> bytes:
    return KEY.sign(content).signature


@pytest.fixture
def ingest(engine: Engine) -> Ingest:
    return Ingest(engine, settings=lambda *_: None, commands=Commands(engine, signer=sign))


def ask(
    engine: Engine, kind: CommandKind = CommandKind.PRINT_TEST, *, kiosk: str = KIOSK, now_ms: int = MORNING, within_min: int = 60
) -> Sent:
    with writing(engine) as connection:
        return send(connection, Wish(kiosk, kind, "olena", made_by=7, within_min=within_min), now_ms)


def known(engine: Engine, kiosk: str | None = KIOSK) -> list[Sent]:
    with reading(engine) as connection:
        return latest(connection, kiosk)


def opened(payload: bytes, kiosk: str = KIOSK) -> list[Command]:
    def check(content: bytes, signature: bytes) -> bool:
        return KEY.verify_key.verify(content, signature) == content

    return [open_signed(one, Command, PURPOSE, kiosk=kiosk, check=check) for one in decode(payload, SignedList).documents]


def listed(replies: Sequence[Reply]) -> list[Command]:
    (reply,) = (reply for reply in replies if reply.topic == command_topic(KIOSK))
    assert reply.retain
    return opened(reply.payload)


def say(ingest: Ingest, result: Result, *, kiosk: str = KIOSK, at_ms: int = MORNING) -> list[Reply]:
    return ingest.handle(result_topic(kiosk), encode(result), at_ms)


def test_a_command_is_on_record_with_its_sender_and_signed_for_its_kiosk(engine: Engine, ingest: Ingest) -> None:
    sent = ask(engine, within_min=5)
    assert (sent.sender, sent.made_by, sent.kind, sent.expires_ms - sent.issued_ms) == ("olena", 7, "printtest", 5 * MINUTE)
    found = {kiosk: opened(payload, kiosk) for kiosk, _, payload in ingest.commands(MORNING, {})}
    assert found == {KIOSK: [Command(sent.id, KIOSK, "printtest", MORNING, MORNING + 5 * MINUTE)], OTHER: []}
    assert listed(ingest.handle(hello_topic(KIOSK), Log().hello(), MORNING)) == found[KIOSK]


def test_what_is_published_is_published_once(engine: Engine, ingest: Ingest) -> None:
    published = {kiosk: digest for kiosk, digest, _ in ingest.commands(MORNING, {})}
    assert ingest.commands(MORNING, published) == []
    ask(engine)
    ((kiosk, digest, _),) = ingest.commands(MORNING, published)
    assert kiosk == KIOSK
    assert ingest.commands(MORNING, published | {kiosk: digest}) == []


def test_the_same_twice_means_it_once(engine: Engine) -> None:
    first = ask(engine)
    assert ask(engine, now_ms=MORNING + 1).id == first.id
    assert ask(engine, CommandKind.SELF_TEST).id != first.id
    assert ask(engine, kiosk=OTHER).id != first.id
    assert ask(engine, now_ms=first.expires_ms).id != first.id, "the first one is over"
    assert len(known(engine, None)) == 4


@pytest.mark.parametrize(
    "wish", [Wish("nobody-here", CommandKind.RESTART, "x"), *(Wish(KIOSK, CommandKind.RESTART, "x", None, m) for m in (0, LONGEST_MIN + 1))]
)
def test_what_cannot_be_asked_is_refused(engine: Engine, wish: Wish) -> None:
    with pytest.raises(RegistryError), writing(engine) as connection:
        send(connection, wish, MORNING)
    assert known(engine, None) == []


def test_a_result_is_kept_once_and_the_list_asks_no_more(engine: Engine, ingest: Ingest) -> None:
    sent = ask(engine)
    assert listed(say(ingest, Result(sent.id, Outcome.FAILED, AT, "paper_end"), at_ms=MORNING + 1)) == []
    assert listed(say(ingest, Result(sent.id, Outcome.DONE, AT), at_ms=MORNING + 2)) == []
    (one,) = known(engine)
    assert (one.outcome, one.reason, one.done_ms, one.answered_ms) == ("failed", "paper_end", AT.wall_ms, MORNING + 1)


def test_the_time_of_a_clock_that_is_not_trusted_is_not_believed(engine: Engine, ingest: Ingest) -> None:
    sent = ask(engine)
    say(ingest, Result(sent.id, Outcome.REFUSED, Moment(5, 6, trusted=False), "clock_unset"))
    assert (known(engine)[0].done_ms, known(engine)[0].answered_ms) == (None, MORNING)


def test_nobody_answers_for_another_kiosk(engine: Engine, ingest: Ingest) -> None:
    sent = ask(engine)
    say(ingest, Result(sent.id, Outcome.DONE, AT), kiosk=OTHER)
    say(ingest, Result(uuid4(), Outcome.DONE, AT))
    assert known(engine)[0].outcome is None
    assert reasons(engine) == []


@pytest.mark.parametrize(
    "payload", [b"?", encode(Result(UUID(int=1), Outcome.DONE, AT, "r" * 201)), encode(Result(UUID(int=1), Outcome.DONE, AT, "\0"))]
)
def test_what_is_no_result_is_quarantined(engine: Engine, ingest: Ingest, payload: bytes) -> None:
    assert ingest.handle(result_topic(KIOSK), payload, MORNING) == []
    assert reasons(engine) == [("undecodable", 1)]


def test_an_answer_is_asked_for_long_after_the_end_and_no_longer(engine: Engine, ingest: Ingest) -> None:
    sent = ask(engine)
    week_ms = LONGEST_MIN * MINUTE
    for at_ms, asks in ((sent.expires_ms + MINUTE, True), (sent.expires_ms + week_ms, False)):
        assert bool(listed(ingest.handle(hello_topic(KIOSK), Log().hello(), at_ms))) == asks
    say(ingest, Result(sent.id, Outcome.EXPIRED, AT), at_ms=sent.expires_ms + 2 * week_ms)
    assert known(engine)[0].outcome == "expired"


def test_a_bundle_is_the_result_and_the_newest_few_are_kept(engine: Engine, ingest: Ingest) -> None:
    contents = []
    for number in range(KEPT_BUNDLES + 2):
        sent = ask(engine, CommandKind.DIAGNOSTICS, now_ms=MORNING + number)
        contents.append(encode(Diagnostics(sent.id, AT, f"vidhuk {number}")))
        for _ in range(2):
            assert listed(ingest.handle(diagnostics_topic(KIOSK), contents[-1], MORNING + number)) == []
    assert [row["content"] for row in sorted(rows(engine, schema.diagnostics), key=lambda row: str(row["received_ms"]))] == contents[2:]
    assert [one.bundle for one in known(engine)] == [True] * KEPT_BUNDLES + [False] * 2
    assert {one.outcome for one in known(engine)} == {"done"}
    with reading(engine) as connection:
        newest = known(engine)[0].id
        assert bundle(connection, KIOSK, newest) == contents[-1]
        assert bundle(connection, OTHER, newest) is None


def test_a_bundle_that_nobody_asked_for_or_that_is_too_large_is_not_kept(engine: Engine, ingest: Ingest) -> None:
    printing = ask(engine)
    for id_ in (uuid4(), printing.id):
        ingest.handle(diagnostics_topic(KIOSK), encode(Diagnostics(id_, AT, "vidhuk")), MORNING)
    asked = ask(engine, CommandKind.DIAGNOSTICS)
    ingest.handle(diagnostics_topic(KIOSK), encode(Diagnostics(asked.id, AT, "x" * MAX_BUNDLE_BYTES)), MORNING)
    ingest.handle(diagnostics_topic(OTHER), encode(Diagnostics(asked.id, AT, "vidhuk")), MORNING)
    assert rows(engine, schema.diagnostics) == []
    assert {one.outcome for one in known(engine)} == {None}
    assert reasons(engine) == [("undecodable", 1)]


def test_a_removed_kiosks_commands_are_for_no_other_of_its_name(engine: Engine, ingest: Ingest) -> None:
    done, late = ask(engine, CommandKind.RESTART), ask(engine, CommandKind.PRINT_TEST, within_min=1)
    say(ingest, Result(done.id, Outcome.DONE, AT))
    removed_ms = MORNING + 2 * MINUTE
    waiting, others = ask(engine, CommandKind.SELF_TEST, now_ms=removed_ms), ask(engine, kiosk=OTHER)
    with writing(engine) as connection:
        remove_kiosk(connection, KIOSK, now_ms=removed_ms)
        add_kiosk(connection, Wanted(name=KIOSK, site="main", desk=None), hash_password=str, now_ms=removed_ms)
    found = {kiosk: opened(payload, kiosk) for kiosk, _, payload in ingest.commands(removed_ms, {})}
    assert {kiosk: [command.id for command in listed] for kiosk, listed in found.items()} == {KIOSK: [], OTHER: [others.id]}
    assert listed(say(ingest, Result(waiting.id, Outcome.DONE, AT))) == [], "nor does the next one answer for it"
    outcomes = {sent.id: outcome_of(sent, removed_ms) for sent in known(engine)}
    assert outcomes == {done.id: "done", late.id: "silent", waiting.id: "withdrawn"}
    assert not {one.id for one in known(engine) if one.is_waiting(removed_ms)}
    again = ask(engine, CommandKind.SELF_TEST, now_ms=removed_ms)
    assert again.id != waiting.id
    assert [command.id for command in listed(say(ingest, Result(waiting.id, Outcome.DONE, AT), at_ms=removed_ms))] == [again.id]


def test_what_people_read_of_a_command() -> None:
    sent = Sent(UUID(int=1), KIOSK, "printtest", 0, 10, None, "root", None, "", None, None, bundle=False)
    assert [outcome_of(sent, now_ms) for now_ms in (9, 10)] == ["waiting", "silent"]
    assert outcome_of(msgspec.structs.replace(sent, outcome="refused"), 99) == "refused"
    assert sentences_of("no_printer paper_end") == ["It has no slip printer", "paper_end"]
