"""A kiosk's own era of the database's generation."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0014"
down_revision: Final = "0013"
branch_labels: Final = None
depends_on: Final = None


def upgrade() -> None:
    """Make the step."""
    op.add_column("kiosks", sa.Column("era", sa.String(length=16), server_default="", nullable=False))
    op.add_column("kiosks", sa.Column("era_follows", sa.LargeBinary(length=32), nullable=True))
