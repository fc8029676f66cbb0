"""Visits in which what the visitor wrote is erased."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0012"
down_revision: Final = "0011"
branch_labels: Final = None
depends_on: Final = None


def upgrade() -> None:
    """Make the step."""
    op.create_table(
        "erasures",
        sa.Column("kiosk", sa.String(length=32), nullable=False),
        sa.Column("visit", sa.Uuid(), nullable=False),
        sa.Column("erased_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("kiosk", "visit", name=op.f("pk_erasures")),
    )
