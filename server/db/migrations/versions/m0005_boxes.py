"""Counts of ticket boxes on a page, and the name by which desk cards call the centre."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0005"
down_revision: Final = "0004"
branch_labels: Final = None
depends_on: Final = None


def upgrade() -> None:
    """Make the step."""
    op.add_column("server", sa.Column("slug", sa.String(length=32), server_default="", nullable=False))
    op.create_table(
        "box_sessions",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("site_id", sa.BigInteger(), nullable=False),
        sa.Column("made_by", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("box", sa.String(length=16), nullable=False),
        sa.Column("repeated_tickets", sa.Integer(), server_default="0", nullable=False),
        sa.Column("foreign_tickets", sa.Integer(), server_default="0", nullable=False),
        sa.Column("said", sa.String(length=16), server_default="", nullable=False),
        sa.Column("began_ms", sa.BigInteger(), nullable=False),
        sa.Column("ended_ms", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_box_sessions")),
    )
    op.create_index("ix_box_sessions_began_ms", "box_sessions", ["began_ms"], unique=False)
