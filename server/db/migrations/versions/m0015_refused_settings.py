"""Why a kiosk did not accept the last settings that it was sent."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0015"
down_revision: Final = "0014"
branch_labels: Final = None
depends_on: Final = None


def upgrade() -> None:
    """Make the step."""
    op.add_column("kiosk_states", sa.Column("refused", sa.Text(), server_default="", nullable=False))
