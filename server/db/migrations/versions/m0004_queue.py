"""The queue system: its tickets for 72 hours, what is counted of them, columns of exports, keys, and what was imported."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0004"
down_revision: Final = "0003"
branch_labels: Final = None
depends_on: Final = None

_STEPS: Final = ("5", "10", "15", "20", "30", "45", "60", "more")


def upgrade() -> None:
    """Make the step."""
    _create_tickets()
    _create_counts()
    _create_ways_in()


def _serial() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _create_tickets() -> None:
    """What names a ticket."""
    op.create_table(
        "queue_tickets",
        sa.Column("token", sa.String(length=32), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("site_id", sa.BigInteger(), nullable=False),
        sa.Column("desk_id", sa.BigInteger(), nullable=False),
        sa.Column("service_id", sa.BigInteger(), nullable=False),
        sa.Column("clerk", sa.String(length=32), nullable=True),
        sa.Column("issued_ms", sa.BigInteger(), nullable=True),
        sa.Column("called_ms", sa.BigInteger(), nullable=True),
        sa.Column("started_ms", sa.BigInteger(), nullable=True),
        sa.Column("ended_ms", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.PrimaryKeyConstraint("token", name=op.f("pk_queue_tickets")),
    )
    op.create_index("ix_queue_tickets_day", "queue_tickets", ["day"], unique=False)
    if op.get_bind().dialect.name == "postgresql":
        # ANALYZE would copy tokens into pg_statistic, where nobody erases them.
        op.execute("ALTER TABLE queue_tickets ALTER COLUMN token SET STATISTICS 0")


def _create_counts() -> None:
    """What stays."""
    counts = ("tickets", "served", *(f"{what}_{step}" for what in ("wait", "service") for step in ("s", *_STEPS)))
    op.create_table(
        "queue_hours",
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("site_id", sa.BigInteger(), nullable=False),
        sa.Column("desk_id", sa.BigInteger(), nullable=False),
        sa.Column("service_id", sa.BigInteger(), nullable=False),
        sa.Column("hour", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), server_default="0", nullable=False) for name in counts),
        sa.PrimaryKeyConstraint("day", "site_id", "desk_id", "service_id", "hour", name=op.f("pk_queue_hours")),
    )
    op.create_table(
        "queue_days",
        sa.Column("site_id", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("tickets", sa.Integer(), nullable=False),
        sa.Column("pushed", sa.Boolean(), nullable=False),
        sa.Column("whole", sa.Boolean(), nullable=False),
        sa.Column("changed_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "day", name=op.f("pk_queue_days")),
    )


def _create_ways_in() -> None:
    """Columns of exports, keys, and what was imported."""
    op.create_table(
        "queue_maps",
        sa.Column("site_id", sa.BigInteger(), nullable=False),
        sa.Column("header", sa.LargeBinary(length=32), nullable=False),
        sa.Column("columns", sa.Text(), nullable=False),
        sa.Column("used_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "header", name=op.f("pk_queue_maps")),
    )
    op.create_table(
        "queue_keys",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("site_id", _serial(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("password", sa.Text(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("used_ms", sa.BigInteger(), nullable=True),
        sa.Column("taken", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("refused", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("problem", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_queue_keys_site_id")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_queue_keys")),
        sa.UniqueConstraint("digest", name=op.f("uq_queue_keys_digest")),
    )
    op.create_table(
        "queue_imports",
        sa.Column("id", _serial(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("made_by", sa.BigInteger(), nullable=True),
        sa.Column("site_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("first_day", sa.String(length=10), nullable=True),
        sa.Column("last_day", sa.String(length=10), nullable=True),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("tickets", sa.Integer(), nullable=False),
        sa.Column("added", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("problems", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_queue_imports")),
    )
    op.create_index("ix_queue_imports_at_ms", "queue_imports", ["at_ms"], unique=False)
