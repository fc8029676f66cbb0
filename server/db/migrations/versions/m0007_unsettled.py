"""Visits whose tickets were heard of too late to be compared."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0007"
down_revision: Final = "0006"
branch_labels: Final = None
depends_on: Final = None


def upgrade() -> None:
    """Make the step."""
    op.create_table(
        "unsettled_visits",
        sa.Column("kiosk", sa.String(length=32), nullable=False),
        sa.Column("visit", sa.Uuid(), nullable=False),
        sa.Column("received_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("kiosk", "visit", name=op.f("pk_unsettled_visits")),
    )
