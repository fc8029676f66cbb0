"""Every table of the server, once. Migrations create them; `ingest` writes records, the rest is read by many.

Times are milliseconds since 1970 UTC (`…_ms`); `day` is an ISO date in the centre's time zone, decided once at ingest.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, LargeBinary, MetaData, String, Table, Text, Uuid

from feedback.questionnaire import ANSWERS

NO_DESK: Final = 0
"""The desk id under which rollups count votes that name no desk."""

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
)

# --- registry: names may change, ids and keys never do ------------------------------------------------------------------

sites = Table(
    "sites",
    metadata,
    Column("id", _Serial, primary_key=True),
    Column("key", String(32), nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("address", Text, nullable=False, server_default=""),
)

desks = Table(
    "desks",
    metadata,
    Column("id", _Serial, primary_key=True),
    Column("key", String(32), nullable=False, unique=True),  # what records on the wire call it
    Column("site_id", ForeignKey(sites.c.id), nullable=False),
    Column("number", String(16), nullable=False),
    Column("name", Text, nullable=False, server_default=""),
)

services = Table(
    "services",
    metadata,
    Column("id", _Serial, primary_key=True),
    Column("key", String(32), nullable=False, unique=True),
    Column("name", Text, nullable=False),
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
)

records = Table(
    "records",
    metadata,
    Column("n", _Serial, primary_key=True),
    Column("id", Uuid, nullable=False, unique=True),
    Column("kiosk", String(32), nullable=False),
    Column("epoch", Uuid, nullable=False),  # where it was first received
    Column("seq", BigInteger, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("body", LargeBinary, nullable=False),  # byte for byte as the kiosk stored it
    Column("received_ms", BigInteger, nullable=False),
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
    Index("ix_votes_visit", "visit"),
    Index("ix_votes_released_ms", "released_ms"),
    Index("ix_votes_kiosk_at_ms", "kiosk", "at_ms"),
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
    Column("dimension", String(16), primary_key=True),  # service | channel | language
    Column("value", String(32), primary_key=True),  # its id or code; "" where unknown
    Column("day", String(10), primary_key=True),
    Column("site_id", BigInteger, primary_key=True),
    Column("desk_id", BigInteger, primary_key=True),
    *_counts(),
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
