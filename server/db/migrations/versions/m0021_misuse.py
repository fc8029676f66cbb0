"""What is held for misuse and what became of it, and what kiosks were like from one change to the next."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0021"
down_revision: Final = "0020"
branch_labels: Final = None
depends_on: Final = None


def upgrade() -> None:
    """Make the step. Of outages before it nothing is known but how each kiosk is now."""
    _make_spans()
    op.create_table(
        "misuse_days",
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("kiosk", sa.String(length=32), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("day", "kiosk", name=op.f("pk_misuse_days")),
    )
    op.create_table(
        "misuse_runs",
        sa.Column("until_ms", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("ran_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("until_ms", name=op.f("pk_misuse_runs")),
    )
    op.create_table(
        "misuse_findings",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("rule", sa.String(length=16), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("kiosk", sa.String(length=32), nullable=False),
        sa.Column("site_id", sa.BigInteger(), nullable=False),
        sa.Column("desk_id", sa.BigInteger(), nullable=False),
        sa.Column("from_ms", sa.BigInteger(), nullable=False),
        sa.Column("until_ms", sa.BigInteger(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("found_ms", sa.BigInteger(), nullable=False),
        sa.Column("found_by", sa.Text(), server_default="", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("undone_ms", sa.BigInteger(), nullable=True),
        sa.Column("undone_by", sa.Text(), nullable=True),
        sa.Column("undone_reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_misuse_findings")),
    )
    op.create_index("ix_misuse_findings_day", "misuse_findings", ["day"])
    op.create_table(
        "misuse_flags",
        sa.Column("finding", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kiosk", sa.String(length=32), nullable=False),
        sa.Column("visit", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["finding"], ["misuse_findings.id"], name=op.f("fk_misuse_flags_finding_misuse_findings")),
        sa.PrimaryKeyConstraint("finding", "kiosk", "visit", name=op.f("pk_misuse_flags")),
    )
    op.create_index("ix_misuse_flags_visit", "misuse_flags", ["visit"])


def _make_spans() -> None:
    op.create_table(
        "kiosk_spans",
        sa.Column("kiosk", sa.String(length=32), nullable=False),
        sa.Column("from_ms", sa.BigInteger(), nullable=False),
        sa.Column("until_ms", sa.BigInteger(), nullable=True),
        sa.Column("cause", sa.String(length=16), nullable=False),
        sa.Column("voted_ms", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("kiosk", "from_ms", name=op.f("pk_kiosk_spans")),
    )
    op.create_index("ix_kiosk_spans_until_ms", "kiosk_spans", ["until_ms"])
    op.execute(
        "INSERT INTO kiosk_spans (kiosk, from_ms, cause) SELECT kiosk, changed_ms,"
        " CASE WHEN NOT online THEN 'offline' WHEN showing = 'out_of_order' THEN 'out_of_order' ELSE '' END FROM kiosk_states"
    )
