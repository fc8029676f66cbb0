"""When each day's key was made, by which a kiosk tells the one that counts."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0016"
down_revision: Final = "0015"
branch_labels: Final = None
depends_on: Final = None


def upgrade() -> None:
    """Make the step."""
    op.add_column("day_keys", sa.Column("made_ms", sa.BigInteger(), server_default="0", nullable=False))
