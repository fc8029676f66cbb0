"""What proves that a kiosk has stored its new credential, and which kiosk an invitation to enrol again is for."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0017"
down_revision: Final = "0016"
branch_labels: Final = None
depends_on: Final = None


def upgrade() -> None:
    """Make the step. A renewal that is under way has no proof: it ends, and the credential in force stays."""
    op.add_column("kiosks", sa.Column("next_proof", sa.LargeBinary(length=32), nullable=True))
    op.add_column("claims", sa.Column("kiosk_created_ms", sa.BigInteger(), nullable=True))
    op.execute("UPDATE kiosks SET next_identity = NULL, next_password = NULL, renewal = NULL")
    op.execute(
        "UPDATE claims SET kiosk_created_ms ="
        " (SELECT created_ms FROM kiosks WHERE kiosks.id = claims.kiosk AND created_ms <= made_ms) WHERE again"
    )
