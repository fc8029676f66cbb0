"""What visitors wrote is not copied into PostgreSQL's statistics, where nobody erases it."""

from __future__ import annotations

from typing import Final

from alembic import op

revision: Final = "0013"
down_revision: Final = "0012"
branch_labels: Final = None
depends_on: Final = None


def upgrade() -> None:
    """Make the step."""
    if op.get_bind().dialect.name == "postgresql":
        for table, column in (("sealed", "box"), ("quarantine", "payload")):
            op.execute(f"ALTER TABLE {table} ALTER COLUMN {column} SET STATISTICS 0")
