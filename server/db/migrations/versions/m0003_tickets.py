"""Tickets: one ticket one vote, the keys of days, ticket boxes, and what devices and sensors say."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0003"
down_revision: Final = "0002"
branch_labels: Final = None
depends_on: Final = None


def upgrade() -> None:
    """Make the step."""
    _widen()
    _create_tickets()
    _create_boxes()
    _create_devices()


def _serial() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _widen() -> None:
    """Who served, and what does not count."""
    op.create_table(
        "clerks",
        sa.Column("id", _serial(), nullable=False),
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clerks")),
        sa.UniqueConstraint("key", name=op.f("uq_clerks_key")),
    )
    op.add_column("votes", sa.Column("clerk_id", sa.BigInteger(), nullable=True))
    op.add_column("votes", sa.Column("flag", sa.String(length=16), server_default="", nullable=False))
    op.add_column("answers", sa.Column("flag", sa.String(length=16), server_default="", nullable=False))
    op.add_column("desk_choices", sa.Column("service_id", sa.BigInteger(), nullable=True))
    flagged = sa.text("flag <> ''")
    op.create_index("ix_votes_flagged", "votes", ["day"], unique=False, sqlite_where=flagged, postgresql_where=flagged)


def _create_tickets() -> None:
    """What names a ticket, for 72 hours."""
    op.create_table(
        "day_keys",
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("key", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_day_keys")),
    )
    op.create_table(
        "ticket_tokens",
        sa.Column("kiosk", sa.String(length=32), nullable=False),
        sa.Column("visit", sa.Uuid(), nullable=False),
        sa.Column("record", sa.Uuid(), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("token", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("kiosk", "visit", name=op.f("pk_ticket_tokens")),
    )
    op.create_index("ix_ticket_tokens_token", "ticket_tokens", ["token"], unique=False)
    op.create_table(
        "ticket_facts",
        sa.Column("token", sa.String(length=32), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("desk_id", sa.BigInteger(), nullable=True),
        sa.Column("service_id", sa.BigInteger(), nullable=True),
        sa.Column("clerk_id", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("token", name=op.f("pk_ticket_facts")),
    )
    if op.get_bind().dialect.name == "postgresql":
        # ANALYZE would copy values of these columns into pg_statistic, where nobody erases them.
        for table, column in (("day_keys", "key"), ("ticket_tokens", "token"), ("ticket_facts", "token")):
            op.execute(f"ALTER TABLE {table} ALTER COLUMN {column} SET STATISTICS 0")


def _create_boxes() -> None:
    """The counting of ticket boxes, and what was taken back."""
    op.create_table(
        "undone_visits",
        sa.Column("kiosk", sa.String(length=32), nullable=False),
        sa.Column("visit", sa.Uuid(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("kiosk", "visit", name=op.f("pk_undone_visits")),
    )
    op.create_table(
        "box_counts",
        sa.Column("record", sa.Uuid(), nullable=False),
        sa.Column("kiosk", sa.String(length=32), nullable=False),
        sa.Column("site_id", sa.BigInteger(), nullable=False),
        sa.Column("mode", sa.String(length=8), nullable=False),
        sa.Column("satisfied", sa.Integer(), nullable=False),
        sa.Column("dissatisfied", sa.Integer(), nullable=False),
        sa.Column("repeated_tickets", sa.Integer(), nullable=False),
        sa.Column("foreign_tickets", sa.Integer(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("received_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("record", name=op.f("pk_box_counts")),
    )
    op.create_index("ix_box_counts_at_ms", "box_counts", ["at_ms"], unique=False)


def _create_devices() -> None:
    """What devices and sensors say."""
    op.create_table(
        "device_changes",
        sa.Column("record", sa.Uuid(), nullable=False),
        sa.Column("kiosk", sa.String(length=32), nullable=False),
        sa.Column("device", sa.String(length=16), nullable=False),
        sa.Column("fault", sa.String(length=32), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("received_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("record", name=op.f("pk_device_changes")),
    )
    op.create_index("ix_device_changes_kiosk_at_ms", "device_changes", ["kiosk", "at_ms"], unique=False)
    op.create_table(
        "presence",
        sa.Column("kiosk", sa.String(length=32), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("hour", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("kiosk", "day", "hour", name=op.f("pk_presence")),
    )
    op.create_table(
        "selftests",
        sa.Column("record", sa.Uuid(), nullable=False),
        sa.Column("kiosk", sa.String(length=32), nullable=False),
        sa.Column("attended", sa.Boolean(), nullable=False),
        sa.Column("results", sa.Text(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("received_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("record", name=op.f("pk_selftests")),
    )
    op.create_index("ix_selftests_kiosk_at_ms", "selftests", ["kiosk", "at_ms"], unique=False)
