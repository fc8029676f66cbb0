"""Every table of the server, once. Migrations create them; `ingest` writes records, the rest is read by many.

Times are milliseconds since 1970 UTC (`…_ms`); `day` is an ISO date in the centre's time zone, decided once at ingest.
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    Uuid,
    text,
)

from feedback.questionnaire import ANSWERS

VAGUE_MS: Final = 3_600_000
"""A vote whose time may be further from the truth than this counts in its day, which is the best guess, and in no hour."""
NO_HOUR: Final = 24
"""The hour under which something is counted whose time of day nobody knows."""
NO_EPOCH: Final = UUID(int=0)
"""The epoch of records that were taken out of quarantine: they stand in no chain, and their `seq` is their number there."""
NO_DESK: Final = 0
"""The desk id under which rollups count votes that name no desk."""
COUNTED_ON_PAGE: Final = "box:"
"""So begins what votes bear as their kiosk that staff counted on the page for ticket boxes: the number of their sitting follows."""
_IS_VAGUE: Final = f"time_error_ms > {VAGUE_MS}"
_STEPS: Final = ("5", "10", "15", "20", "30", "45", "60", "more")
QUEUE_COUNTS: Final = (
    *("tickets", "served"),
    *("wait_s", *(f"wait_{step}" for step in _STEPS)),
    *("service_s", *(f"service_{step}" for step in _STEPS)),
)
"""What `queue_hours` counts: tickets, those served, seconds they waited and were served, and how many by minutes: up to 5, up to 10, …"""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite numbers rows by itself only where the key is an INTEGER.
_Serial = BigInteger().with_variant(Integer, "sqlite")

# --- what the server is -------------------------------------------------------------------------------------------------

server = Table(
    "server",
    metadata,
    Column("id", Integer, primary_key=True),  # one row
    Column("generation", String(36), nullable=False),  # changes when the database is restored from a backup
    Column("time_zone", Text, nullable=False),
    Column("centre", Text, nullable=False),
    Column("terms", Text, nullable=False, server_default="{}"),  # JSON of `server.registry.terms.Terms`: hours, look, …
    Column("public_url", Text, nullable=False, server_default=""),  # where kiosks find pictures
    Column("slug", String(32), nullable=False, server_default=""),  # what desk cards call the centre, from the first name that it had
    Column("answered_month", String(7), nullable=False, server_default=""),  # how many people gave an answer in this month,
    Column("answered", Integer, nullable=False, server_default="0"),  # and when that was counted: all workers tell kiosks the same
    Column("answered_ms", BigInteger, nullable=False, server_default="0"),
)

# --- registry: names may change, ids and keys never do ------------------------------------------------------------------

sites = Table(
    "sites",
    metadata,
    Column("id", _Serial, primary_key=True),
    Column("key", String(32), nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("address", Text, nullable=False, server_default=""),
    Column("terms", Text, nullable=False, server_default="{}"),  # what differs here from the centre's
    Column("kind", String(8), nullable=False, server_default="office"),  # office | remote
    Column("retired", String(10)),  # the day since which it is not in use
)

desks = Table(
    "desks",
    metadata,
    Column("id", _Serial, primary_key=True),
    Column("key", String(32), nullable=False, unique=True),  # what records on the wire call it
    Column("site_id", ForeignKey(sites.c.id), nullable=False),
    Column("number", String(16), nullable=False),
    Column("name", Text, nullable=False, server_default=""),
    Column("photo", String(64)),  # an asset
    Column("place_x", Float),  # on the site's plan, in shares from its upper left
    Column("place_y", Float),
    Column("retired", String(10)),  # the day since which kiosks do not offer it
)

services = Table(
    "services",
    metadata,
    Column("id", _Serial, primary_key=True),
    Column("key", String(32), nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("retired", String(10)),
)

clerks = Table(
    "clerks",
    metadata,
    Column("id", _Serial, primary_key=True),
    Column("key", String(32), nullable=False, unique=True),  # what the queue system calls them
    Column("name", Text, nullable=False),
    Column("retired", String(10)),
)

clerk_desks = Table(  # at which desks a clerk is planned to serve; who did serve a ticket, the queue system says
    "clerk_desks",
    metadata,
    Column("clerk_id", ForeignKey(clerks.c.id), primary_key=True),
    Column("desk_id", ForeignKey(desks.c.id), primary_key=True),
    Column("first", String(10), primary_key=True),
    Column("last", String(10)),  # null: until further notice
)

former_names = Table(  # what something was called until it was renamed: see `server.registry.names`
    "former_names",
    metadata,
    Column("kind", String(8), primary_key=True),  # centre | site | desk | service | clerk | kiosk
    Column("key", String(32), primary_key=True),  # "" for the centre
    Column("until", String(10), primary_key=True),  # the first day on which this name held no more
    Column("name", Text, nullable=False),
    Column("number", String(16), nullable=False, server_default=""),  # of a desk
)

kiosks = Table(
    "kiosks",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("name", Text, nullable=False),
    Column("site_id", ForeignKey(sites.c.id), nullable=False),
    Column("desk_id", ForeignKey(desks.c.id)),  # null: a kiosk at the exit
    Column("password", Text, nullable=False),  # in Mosquitto's format ($7$…)
    Column("settings_version", Integer, nullable=False, server_default="1"),
    Column("settings_digest", LargeBinary(32)),  # SHA-256 of what that version says; null until it was first made
    Column("created_ms", BigInteger, nullable=False),
    Column("public_key", String(64)),  # made on the kiosk when it enrolled; null: a person put its credential into its file
    Column("identity", BigInteger, nullable=False, server_default="0"),  # the number of the credential in force
    Column("next_identity", BigInteger),  # of the one that replaces it as soon as the kiosk has stored it
    Column("next_password", Text),
    Column("next_proof", LargeBinary(32)),  # SHA-256 of the proof that the kiosk has stored it
    Column("renewal", LargeBinary),  # what the kiosk is told of it: signed, and sealed to the kiosk
    Column("era", String(16), nullable=False, server_default=""),  # of this kiosk: begins where it was told of more than is here,
    Column("era_follows", LargeBinary(32)),  # SHA-256 of the generation that the kiosk named then
)

claims = Table(
    "claims",
    metadata,
    Column("number", _Serial, primary_key=True),
    Column("digest", LargeBinary(32), nullable=False, unique=True),  # of the secret in the code, under a key that is not in here
    Column("kiosk", String(32), nullable=False),  # the id that the kiosk has, or will have
    Column("again", Boolean, nullable=False),  # whether the kiosk exists and enrols anew
    Column("kiosk_created_ms", BigInteger),  # when that one was created: another of its name is not meant
    Column("name", Text, nullable=False),
    Column("site_id", ForeignKey(sites.c.id), nullable=False),
    Column("desk_id", ForeignKey(desks.c.id)),
    Column("made_ms", BigInteger, nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
    Column("withdrawn_ms", BigInteger),
    Column("used_ms", BigInteger),
    Column("public_key", String(64)),  # of the kiosk that used it, which may ask for its answer again
    Column("answer", LargeBinary),  # sealed to that kiosk
)

assets = Table(
    "assets",
    metadata,
    Column("sha256", String(64), primary_key=True),  # of the content: an address never means another picture
    Column("media", String(32), nullable=False),
    Column("content", LargeBinary, nullable=False),
)

questionnaires = Table(
    "questionnaires",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("document", Text, nullable=False),  # YAML, as it was published; never changed
    Column("digest", LargeBinary(32), nullable=False),  # SHA-256 of what it says, whatever its comments
    Column("pilot", Boolean, nullable=False),
    Column("published_ms", BigInteger, nullable=False),
)

assignments = Table(
    "assignments",
    metadata,
    Column("id", _Serial, primary_key=True),
    Column("questionnaire", String(32), nullable=False),
    Column("kiosk", String(32)),  # null: every kiosk of the site
    Column("site_id", ForeignKey(sites.c.id)),  # null: of every site
    Column("desks", Text, nullable=False, server_default=""),  # keys, separated by spaces; none: every desk
    Column("services", Text, nullable=False, server_default=""),
    Column("ticket", Boolean),  # null: with and without
)

# --- what kiosks sent ---------------------------------------------------------------------------------------------------

chains = Table(
    "chains",
    metadata,
    Column("kiosk", String(32), primary_key=True),
    Column("epoch", Uuid, primary_key=True),
    Column("seq", BigInteger, nullable=False),  # everything up to here is durable
    Column("head", LargeBinary(32), nullable=False),  # the chain hash there
    Column("changed_ms", BigInteger, nullable=False),
    Column("trail", Text, nullable=False, server_default=""),  # JSON of `server.ingest.trail.Trail` there: its clock so far
)

records = Table(
    "records",
    metadata,
    Column("n", _Serial, primary_key=True),
    Column("id", Uuid, nullable=False, unique=True),
    Column("kiosk", String(32), nullable=False),
    Column("epoch", Uuid, nullable=False),  # where it was first received, or NO_EPOCH
    Column("seq", BigInteger, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("body", LargeBinary, nullable=False),  # byte for byte as the kiosk stored it
    Column("received_ms", BigInteger, nullable=False),
    Column("head", LargeBinary(32)),  # the chain hash here; null in no chain, and where a version took it in that did not keep it
)

chain_places = Table(  # what stands in a chain and is no row of `records` there: again in a newer epoch, or kept in quarantine
    "chain_places",
    metadata,
    Column("kiosk", String(32), primary_key=True),
    Column("epoch", Uuid, primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    Column("record", Uuid),  # the record whose body stands here too; else
    Column("body", LargeBinary),  # the body itself
    Column("head", LargeBinary(32), nullable=False),
)

day_roots = Table(  # see `server.integrity.roots`
    "day_roots",
    metadata,
    Column("day", String(10), primary_key=True),
    Column("from_ms", BigInteger, nullable=False),
    Column("until_ms", BigInteger, nullable=False),
    Column("last_n", BigInteger, nullable=False),  # the newest record under it or under an earlier one
    Column("size", BigInteger, nullable=False),
    Column("root", LargeBinary(32), nullable=False),
    Column("document", Text, nullable=False),  # signed, as it is published
)

contexts = Table(
    "contexts",
    metadata,
    Column("kiosk", String(32), primary_key=True),
    Column("number", BigInteger, primary_key=True),
    Column("id", Uuid, nullable=False),
    Column("boot_id", Uuid, nullable=False),
    Column("software", Text, nullable=False),
    Column("questionnaire", Text, nullable=False),
    Column("questionnaire_version", Integer, nullable=False),
    Column("mode", String(8), nullable=False, server_default="live"),  # live | pilot | test
)

votes = Table(
    "votes",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("visit", Uuid, nullable=False),
    Column("kiosk", String(32), nullable=False),
    Column("site_id", BigInteger, nullable=False),
    Column("desk_id", BigInteger, nullable=False),  # NO_DESK where none was named
    Column("service_id", BigInteger),
    Column("channel", String(16), nullable=False),
    Column("input", String(16), nullable=False),
    Column("language", String(8), nullable=False),
    Column("questionnaire", Text, nullable=False),
    Column("questionnaire_version", Integer, nullable=False),
    Column("question", String(32), nullable=False),
    Column("answer", String(32), nullable=False),
    Column("repeat", Boolean, nullable=False),
    Column("at_ms", BigInteger, nullable=False),  # best time, corrected
    Column("time_quality", String(16), nullable=False),  # exact | corrected | interval | unknown
    Column("day", String(10), nullable=False),
    Column("hour", Integer, nullable=False),  # 0–23, local
    Column("weekday", Integer, nullable=False),  # 1 Monday – 7 Sunday, local
    Column("received_ms", BigInteger, nullable=False),
    Column("released_ms", BigInteger, nullable=False),  # from when its answer may show in shares: design §4, closed windows
    Column("clerk_id", BigInteger),  # who served, where the queue has told
    Column("flag", String(16), nullable=False, server_default=""),  # why it does not count: ticket_used | undone | misuse; "" where it does
    Column("time_error_ms", BigInteger, nullable=False, server_default="0"),  # the truth lies within it of at_ms
    Index("ix_votes_visit", "visit"),
    Index("ix_votes_released_ms", "released_ms"),
    Index("ix_votes_kiosk_at_ms", "kiosk", "at_ms"),
    # The few that do not count, for the pages that show both numbers.
    Index("ix_votes_flagged", "day", sqlite_where=text("flag <> ''"), postgresql_where=text("flag <> ''")),
    # And those whose hour nobody knows.
    Index("ix_votes_vague", "day", sqlite_where=text(_IS_VAGUE), postgresql_where=text(_IS_VAGUE)),
)

answers = Table(
    "answers",
    metadata,
    Column("record", Uuid, primary_key=True),
    Column("place", Integer, primary_key=True),  # of several choices of one answer: 0, 1, …
    Column("visit", Uuid, nullable=False),
    Column("kiosk", String(32), nullable=False),
    Column("site_id", BigInteger, nullable=False),
    Column("desk_id", BigInteger, nullable=False),  # NO_DESK where none was named
    Column("service_id", BigInteger),
    Column("mode", String(8), nullable=False),  # what is not live is never counted
    Column("first", Boolean, nullable=False),  # it began its visit; the rated first answers of live visits are in `votes`
    Column("language", String(8), nullable=False),
    Column("questionnaire", Text, nullable=False),
    Column("questionnaire_version", Integer, nullable=False),
    Column("question", String(32), nullable=False),
    Column("how", String(16), nullable=False),  # answered | skipped | timed_out | left
    Column("choice", String(32), nullable=False),  # "" where nothing was chosen
    Column("repeat", Boolean, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("time_quality", String(16), nullable=False),
    Column("day", String(10), nullable=False),
    Column("received_ms", BigInteger, nullable=False),
    Column("released_ms", BigInteger, nullable=False),
    Column("flag", String(16), nullable=False, server_default=""),  # that of its visit's vote
    Column("time_error_ms", BigInteger, nullable=False, server_default="0"),
    Index("ix_answers_visit", "visit"),
    Index("ix_answers_released_ms", "released_ms"),
    # The few that are kept apart, for the page about pilots.
    Index("ix_answers_apart", "questionnaire", sqlite_where=text("mode <> 'live'"), postgresql_where=text("mode <> 'live'")),
)

undated = Table(  # records whose time may still be found better, while their boots are vague in the trail of their chain
    "undated",
    metadata,
    Column("record", Uuid, primary_key=True),
    Column("kiosk", String(32), nullable=False),
    Column("epoch", Uuid, nullable=False),
    Column("boot_id", Uuid, nullable=False),
    Column("boottime_ms", BigInteger, nullable=False),
    Column("error_ms", BigInteger, nullable=False),  # of the time that it has now
    Index("ix_undated_kiosk", "kiosk"),
)

desk_choices = Table(  # what a visitor named, or their ticket
    "desk_choices",
    metadata,
    Column("kiosk", String(32), primary_key=True),
    Column("visit", Uuid, primary_key=True),
    Column("site_id", BigInteger, nullable=False),
    Column("desk_id", BigInteger, nullable=False),  # NO_DESK where only the service is known
    Column("service_id", BigInteger),
)

undone_visits = Table(
    "undone_visits",
    metadata,
    Column("kiosk", String(32), primary_key=True),
    Column("visit", Uuid, primary_key=True),
    Column("at_ms", BigInteger, nullable=False),
)

unsettled_visits = Table(  # a ticket was scanned there, and nobody can tell any more whether it had voted
    "unsettled_visits",
    metadata,
    Column("kiosk", String(32), primary_key=True),
    Column("visit", Uuid, primary_key=True),
    Column("received_ms", BigInteger, nullable=False),
)

sealed = Table(
    "sealed",
    metadata,
    Column("record", Uuid, primary_key=True),
    Column("visit", Uuid, nullable=False),
    Column("kiosk", String(32), nullable=False),
    Column("mode", String(8)),  # with the questionnaire null where the record names an unknown context
    Column("questionnaire", Text),
    Column("questionnaire_version", Integer),
    Column("question", String(32), nullable=False),
    Column("content", String(16), nullable=False),  # comment | phone | email
    Column("language", String(8), nullable=False),
    Column("box", LargeBinary),  # libsodium's sealed box, opened by nobody yet; null where it did not come whole
    Column("at_ms", BigInteger, nullable=False),
    Column("received_ms", BigInteger, nullable=False),
    Index("ix_sealed_visit", "visit"),
)

erasures = Table(  # visits in which what was written is erased, whatever brings it again: see `server.remarks.erasing`
    "erasures",
    metadata,
    Column("kiosk", String(32), primary_key=True),
    Column("visit", Uuid, primary_key=True),
    Column("erased_ms", BigInteger, nullable=False),
)

calls = Table(
    "calls",
    metadata,
    Column("record", Uuid, primary_key=True),
    Column("visit", Uuid, nullable=False),
    Column("kiosk", String(32), nullable=False),
    Column("site_id", BigInteger, nullable=False),
    Column("mode", String(8), nullable=False),
    Column("live", Boolean, nullable=False),  # it came soon enough for somebody to go
    Column("at_ms", BigInteger, nullable=False),
    Column("received_ms", BigInteger, nullable=False),
    Column("taken_ms", BigInteger),
    Column("taken_by", BigInteger),
    Index("ix_calls_at_ms", "at_ms"),
    Index("ix_calls_taken_ms", "taken_ms"),
)

visit_ends = Table(
    "visit_ends",
    metadata,
    Column("visit", Uuid, primary_key=True),
    Column("kiosk", String(32), nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("extra_presses", Integer, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
)

box_counts = Table(
    "box_counts",
    metadata,
    Column("record", Uuid, primary_key=True),
    Column("kiosk", String(32), nullable=False),
    Column("site_id", BigInteger, nullable=False),
    Column("mode", String(8), nullable=False),
    Column("satisfied", Integer, nullable=False),
    Column("dissatisfied", Integer, nullable=False),
    Column("repeated_tickets", Integer, nullable=False),
    Column("foreign_tickets", Integer, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("received_ms", BigInteger, nullable=False),
    Index("ix_box_counts_at_ms", "at_ms"),
)

box_sessions = Table(  # staff counts a pair of boxes on a page; its votes bear "box:" and its number as their kiosk
    "box_sessions",
    metadata,
    Column("id", _Serial, primary_key=True),
    Column("site_id", BigInteger, nullable=False),
    Column("made_by", BigInteger, nullable=False),
    Column("day", String(10), nullable=False),  # on which the tickets were dropped in
    Column("box", String(16), nullable=False),  # whose tickets are scanned now: satisfied | dissatisfied
    Column("repeated_tickets", Integer, nullable=False, server_default="0"),
    Column("foreign_tickets", Integer, nullable=False, server_default="0"),
    Column("said", String(16), nullable=False, server_default=""),  # what became of the last scan
    Column("began_ms", BigInteger, nullable=False),
    Column("ended_ms", BigInteger),
    Index("ix_box_sessions_began_ms", "began_ms"),
)

device_changes = Table(  # an outage lasts from the change that names its fault to the next one of the device
    "device_changes",
    metadata,
    Column("record", Uuid, primary_key=True),
    Column("kiosk", String(32), nullable=False),
    Column("device", String(16), nullable=False),
    Column("fault", String(32), nullable=False),  # "" where the device is well
    Column("at_ms", BigInteger, nullable=False),
    Column("received_ms", BigInteger, nullable=False),
    Index("ix_device_changes_kiosk_at_ms", "kiosk", "at_ms"),
)

presence = Table(
    "presence",
    metadata,
    Column("kiosk", String(32), primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("hour", Integer, primary_key=True),  # 0–23, local
    Column("site_id", BigInteger, nullable=False),
    Column("count", Integer, nullable=False),
)

selftests = Table(
    "selftests",
    metadata,
    Column("record", Uuid, primary_key=True),
    Column("kiosk", String(32), nullable=False),
    Column("attended", Boolean, nullable=False),
    Column("results", Text, nullable=False),  # JSON: a fault's name by each part, "" where it is well
    Column("at_ms", BigInteger, nullable=False),
    Column("received_ms", BigInteger, nullable=False),
    Index("ix_selftests_kiosk_at_ms", "kiosk", "at_ms"),
)

quarantine = Table(
    "quarantine",
    metadata,
    Column("id", _Serial, primary_key=True),
    Column("received_ms", BigInteger, nullable=False),
    Column("kiosk", String(32)),  # whose topic it came on; null where the topic itself is not one of ours
    Column("topic", Text, nullable=False),
    Column("reason", String(32), nullable=False),  # undecodable | conflict | foreign | unknown_context | unknown_kind …
    Column("detail", Text, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("digest", LargeBinary(32), nullable=False),  # SHA-256 of reason, topic and payload: the same thing is kept once
    Column("times", Integer, nullable=False, server_default="1"),
    Column("replayed_ms", BigInteger),  # since when nothing of it is missing any more
    Column("replayed_by", BigInteger),  # null: by a command
    Index("uq_quarantine_digest", "digest", unique=True),
    Index("ix_quarantine_kiosk", "kiosk"),
)

kiosk_states = Table(
    "kiosk_states",
    metadata,
    Column("kiosk", String(32), primary_key=True),
    Column("online", Boolean, nullable=False),
    Column("session", Uuid, nullable=False),
    Column("outbox", Integer, nullable=False),
    Column("settings", Integer, nullable=False),
    Column("software", Text, nullable=False),
    Column("clock_trusted", Boolean, nullable=False),
    Column("faults", Text, nullable=False),  # names, separated by spaces
    Column("changed_ms", BigInteger, nullable=False),
    Column("last_vote_ms", BigInteger),
    Column("showing", String(16), nullable=False, server_default=""),  # why it asks nothing just now
    Column("refused", Text, nullable=False, server_default=""),  # why it did not accept the last settings
)

kiosk_spans = Table(  # what a kiosk was like, from one change to the next; since when nothing is known, there is no span
    "kiosk_spans",
    metadata,
    Column("kiosk", String(32), primary_key=True),
    Column("from_ms", BigInteger, primary_key=True),
    Column("until_ms", BigInteger),  # null: now
    Column("cause", String(16), nullable=False),  # why it did not work: offline | out_of_order; "" while it did
    Column("voted_ms", BigInteger),  # when it took the latest vote within an outage: until then it worked, unheard
    Index("ix_kiosk_spans_until_ms", "until_ms"),
)

kiosk_signs = Table(
    "kiosk_signs",
    metadata,
    Column("kiosk", String(32), primary_key=True),
    Column("signs", Text, nullable=False),  # JSON of `server.fleet.clones.Signs`
)

# --- misuse: what the rules or people hold for it, and what became of that (`server.misuse`) ------------------------------

misuse_days = Table(  # what each terminal's days were like; its habits are found from them
    "misuse_days",
    metadata,
    Column("day", String(10), primary_key=True),
    Column("kiosk", String(32), primary_key=True),
    Column("summary", Text, nullable=False),  # JSON of `server.misuse.habits.Summary`
)

misuse_runs = Table(
    "misuse_runs",
    metadata,
    Column("until_ms", BigInteger, primary_key=True),  # votes that show from before this moment on were judged, with all of their days
    Column("ran_ms", BigInteger, nullable=False),
)

misuse_findings = Table(
    "misuse_findings",
    metadata,
    Column("id", _Serial, primary_key=True),
    Column("rule", String(16), nullable=False),  # by_hand where a person has judged
    Column("day", String(10), nullable=False),
    Column("kiosk", String(32), nullable=False),  # "" by hand
    Column("site_id", BigInteger, nullable=False),
    Column("desk_id", BigInteger, nullable=False),  # NO_DESK where its votes stand at none or at several
    Column("from_ms", BigInteger, nullable=False),
    Column("until_ms", BigInteger, nullable=False),
    Column("facts", Text, nullable=False),  # JSON: the numbers in its words
    Column("found_ms", BigInteger, nullable=False),
    Column("found_by", Text, nullable=False, server_default=""),  # a login, or who was at the terminal; "" by a rule
    Column("reason", Text, nullable=False, server_default=""),  # in the words of whoever flagged by hand
    Column("undone_ms", BigInteger),
    Column("undone_by", Text),
    Column("undone_reason", Text),
    Index("ix_misuse_findings_day", "day"),
)

misuse_flags = Table(  # the visits of each finding; a visit is flagged as long as one of its findings stands
    "misuse_flags",
    metadata,
    Column("finding", ForeignKey(misuse_findings.c.id), primary_key=True),
    Column("kiosk", String(32), primary_key=True),
    Column("visit", Uuid, primary_key=True),
    Index("ix_misuse_flags_visit", "visit"),
)

# --- rollups: one column an answer, written in the transaction of the votes they count -----------------------------------


def _counts() -> list[Column[int]]:
    names = (*ANSWERS, "repeats")
    return [Column(name, Integer, nullable=False, server_default="0") for name in names]


rollup_day = Table(
    "rollup_day",
    metadata,
    Column("day", String(10), primary_key=True),
    Column("site_id", BigInteger, primary_key=True),
    Column("desk_id", BigInteger, primary_key=True),
    *_counts(),
)

rollup_hour = Table(
    "rollup_hour",
    metadata,
    Column("month", String(7), primary_key=True),
    Column("site_id", BigInteger, primary_key=True),
    Column("desk_id", BigInteger, primary_key=True),
    Column("weekday", Integer, primary_key=True),
    Column("hour", Integer, primary_key=True),
    *_counts(),
)

rollup_dimension = Table(
    "rollup_dimension",
    metadata,
    Column("dimension", String(16), primary_key=True),  # service | channel | language | questionnaire
    Column("value", String(32), primary_key=True),  # its id or code; "" where unknown
    Column("day", String(10), primary_key=True),
    Column("site_id", BigInteger, primary_key=True),
    Column("desk_id", BigInteger, primary_key=True),
    *_counts(),
)

rollup_answer = Table(
    "rollup_answer",
    metadata,
    Column("day", String(10), primary_key=True),
    Column("site_id", BigInteger, primary_key=True),
    Column("desk_id", BigInteger, primary_key=True),
    Column("questionnaire", String(32), primary_key=True),
    Column("question", String(32), primary_key=True),
    Column("choice", String(32), primary_key=True),  # "" for those who were asked and chose nothing
    Column("count", Integer, nullable=False, server_default="0"),  # how often it was chosen
    Column("people", Integer, nullable=False, server_default="0"),  # each with the first choice: the sum is how many were asked
    Column("firsts", Integer, nullable=False, server_default="0"),  # those of them who began their visit with it
)

# --- tickets: whatever names one is erased 72 hours after its day (`server.fleet.forgetting`) -----------------------------

day_keys = Table(
    "day_keys",
    metadata,
    Column("day", String(10), primary_key=True),
    Column("key", LargeBinary(32), nullable=False),
    Column("made_ms", BigInteger, nullable=False, server_default="0"),
)

ticket_tokens = Table(
    "ticket_tokens",
    metadata,
    Column("kiosk", String(32), primary_key=True),
    Column("visit", Uuid, primary_key=True),
    Column("record", Uuid, nullable=False),  # of several scans of a visit the first
    Column("day", String(10), nullable=False),  # the ticket's
    Column("token", String(32), nullable=False),
    Index("ix_ticket_tokens_token", "token"),
)

ticket_facts = Table(  # what the queue has said of a ticket
    "ticket_facts",
    metadata,
    Column("token", String(32), primary_key=True),
    Column("day", String(10), nullable=False),
    Column("desk_id", BigInteger),
    Column("service_id", BigInteger),
    Column("clerk_id", BigInteger),
)

# --- the queue: what it said of tickets, by name for 72 hours, and then only in counts ------------------------------------

queue_tickets = Table(  # erased with the day's key (`server.fleet.forgetting`)
    "queue_tickets",
    metadata,
    Column("token", String(32), primary_key=True),
    Column("day", String(10), nullable=False),
    Column("site_id", BigInteger, nullable=False),
    Column("desk_id", BigInteger, nullable=False),  # NO_DESK where nobody has called it
    Column("service_id", BigInteger, nullable=False),  # 0 where unknown
    Column("clerk", String(32)),  # their key
    Column("issued_ms", BigInteger),
    Column("called_ms", BigInteger),
    Column("started_ms", BigInteger),
    Column("ended_ms", BigInteger),
    Column("state", String(8), nullable=False),  # waiting | called | missed | served
    Index("ix_queue_tickets_day", "day"),
)

queue_hours = Table(
    "queue_hours",
    metadata,
    Column("day", String(10), primary_key=True),
    Column("site_id", BigInteger, primary_key=True),
    Column("desk_id", BigInteger, primary_key=True),
    Column("service_id", BigInteger, primary_key=True),
    Column("hour", Integer, primary_key=True),  # 0–23, local; 24 where no time is known
    *(Column(name, BigInteger, nullable=False, server_default="0") for name in QUEUE_COUNTS),
)

queue_days = Table(
    "queue_days",
    metadata,
    Column("site_id", BigInteger, primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("tickets", Integer, nullable=False),
    Column("pushed", Boolean, nullable=False),  # the queue said it live; else it came in files,
    Column("whole", Boolean, nullable=False),  # one of which was imported after the day was over
    Column("changed_ms", BigInteger, nullable=False),
)

queue_maps = Table(
    "queue_maps",
    metadata,
    Column("site_id", BigInteger, primary_key=True),
    Column("header", LargeBinary(32), primary_key=True),  # SHA-256 of the heading
    Column("columns", Text, nullable=False),  # JSON of `server.queue.columns.ColumnMap`
    Column("used_ms", BigInteger, nullable=False),
)

queue_keys = Table(
    "queue_keys",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("site_id", ForeignKey(sites.c.id), nullable=False),
    Column("digest", LargeBinary(32), nullable=False, unique=True),  # SHA-256 of the key
    Column("password", Text, nullable=False),  # the same key in Mosquitto's format
    Column("created_ms", BigInteger, nullable=False),
    Column("used_ms", BigInteger),
    Column("taken", BigInteger, nullable=False, server_default="0"),  # tickets
    Column("refused", BigInteger, nullable=False, server_default="0"),  # pushes
    Column("problem", Text, nullable=False, server_default=""),  # why the last one was refused
)

queue_imports = Table(
    "queue_imports",
    metadata,
    Column("id", _Serial, primary_key=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("made_by", BigInteger),  # null: by a command
    Column("site_id", BigInteger, nullable=False),
    Column("name", Text, nullable=False),  # the file's
    Column("digest", LargeBinary(32), nullable=False),  # SHA-256 of the file
    Column("first_day", String(10)),
    Column("last_day", String(10)),
    Column("rows", Integer, nullable=False),
    Column("tickets", Integer, nullable=False),
    Column("added", Integer, nullable=False),
    Column("changed", Integer, nullable=False),
    Column("problems", Integer, nullable=False),  # where there are some, nothing was stored
    Index("ix_queue_imports_at_ms", "at_ms"),
)

# --- what visitors are told ---------------------------------------------------------------------------------------------

notices = Table(
    "notices",
    metadata,
    Column("kiosk", String(32), primary_key=True),
    Column("number", BigInteger, nullable=False),  # only grows
    Column("digest", LargeBinary(32), nullable=False),  # SHA-256 of what that number says
)

announcements = Table(
    "announcements",
    metadata,
    Column("id", _Serial, primary_key=True),
    Column("kind", String(16), nullable=False),  # air_raid | maintenance | information
    Column("site_id", ForeignKey(sites.c.id)),  # null: every site
    Column("texts", Text, nullable=False),  # JSON: a text in each language
    Column("made_ms", BigInteger, nullable=False),
    Column("made_by", BigInteger),  # null: by a command
    Column("until_ms", BigInteger),
    Column("withdrawn_ms", BigInteger),
    Index("ix_announcements_withdrawn_ms", "withdrawn_ms"),
)

deeds = Table(
    "deeds",
    metadata,
    Column("id", _Serial, primary_key=True),
    Column("texts", Text, nullable=False),  # JSON: «ви сказали — ми зробили» in each language
    Column("made_ms", BigInteger, nullable=False),
    Column("made_by", BigInteger),
)

# --- what kiosks are asked to do -----------------------------------------------------------------------------------------

commands = Table(
    "commands",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("kiosk", String(32), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("issued_ms", BigInteger, nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
    Column("made_by", BigInteger),  # null: by a command on the server
    Column("sender", Text, nullable=False),  # the login, or who was at the terminal: it stays when the account is gone
    Column("outcome", String(16)),  # done | refused | expired | failed, of a removed kiosk withdrawn | silent; null while it has not said
    Column("reason", Text, nullable=False, server_default=""),  # names, separated by spaces
    Column("done_ms", BigInteger),  # by the kiosk's clock, where it trusts it
    Column("answered_ms", BigInteger),
    Index("ix_commands_expires_ms", "expires_ms"),
    Index("ix_commands_kiosk_issued_ms", "kiosk", "issued_ms"),
)

diagnostics = Table(
    "diagnostics",
    metadata,
    Column("command", Uuid, primary_key=True),
    Column("kiosk", String(32), nullable=False),
    Column("received_ms", BigInteger, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Index("ix_diagnostics_kiosk", "kiosk"),
)

# --- people -------------------------------------------------------------------------------------------------------------

users = Table(
    "users",
    metadata,
    Column("id", _Serial, primary_key=True),
    Column("login", String(64), nullable=False, unique=True),
    Column("password", Text, nullable=False),  # Argon2id
    Column("role", String(16), nullable=False),
    Column("language", String(8), nullable=False, server_default="uk"),
    Column("created_ms", BigInteger, nullable=False),
)

invitations = Table(
    "invitations",
    metadata,
    Column("digest", LargeBinary(32), primary_key=True),  # SHA-256 of the token in the link
    Column("role", String(16), nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
    Column("used_ms", BigInteger),
)

sessions = Table(
    "sessions",
    metadata,
    Column("digest", LargeBinary(32), primary_key=True),  # SHA-256 of the session id in the cookie
    Column("data", LargeBinary, nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
    Index("ix_sessions_expires_ms", "expires_ms"),
)

# --- what people did -----------------------------------------------------------------------------------------------------

audit = Table(  # see `server.audit.log`; triggers let nobody change or delete a line
    "audit",
    metadata,
    Column("n", BigInteger, primary_key=True, autoincrement=False),  # without gaps
    Column("at_ms", BigInteger, nullable=False),
    Column("account", BigInteger),  # its number, which stays when the account is gone
    Column("session", String(16), nullable=False),
    Column("operator", Text, nullable=False),  # who was at the terminal
    Column("act", String(32), nullable=False),
    Column("subject", Text, nullable=False),
    Column("facts", Text, nullable=False),  # JSON
    Column("purpose", Text, nullable=False),
    Column("hash", LargeBinary(32), nullable=False),  # over the line and the hash before it
    Index("ix_audit_at_ms", "at_ms"),
    Index("ix_audit_account_n", "account", "n"),
    Index("ix_audit_act_n", "act", "n"),
)
