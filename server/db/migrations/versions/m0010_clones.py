"""Signs that a kiosk was copied."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0010"
down_revision: Final = "0009"
branch_labels: Final = None
depends_on: Final = None


def upgrade() -> None:
    """Make the step."""
    op.create_table(
        "kiosk_signs",
        sa.Column("kiosk", sa.String(length=32), nullable=False),
        sa.Column("signs", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("kiosk", name=op.f("pk_kiosk_signs")),
    )
