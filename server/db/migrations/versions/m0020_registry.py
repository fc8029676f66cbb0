"""Names that were, what is retired, remote workplaces, and clerks' periods at desks."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0020"
down_revision: Final = "0018"
branch_labels: Final = None
depends_on: Final = None


def upgrade() -> None:
    """Make the step."""
    op.add_column("sites", sa.Column("kind", sa.String(length=8), server_default="office", nullable=False))
    for table in ("sites", "desks", "services", "clerks"):
        op.add_column(table, sa.Column("retired", sa.String(length=10), nullable=True))
    op.create_table(
        "clerk_desks",
        sa.Column("clerk_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("desk_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("first", sa.String(length=10), nullable=False),
        sa.Column("last", sa.String(length=10), nullable=True),
        sa.ForeignKeyConstraint(["clerk_id"], ["clerks.id"], name=op.f("fk_clerk_desks_clerk_id")),
        sa.ForeignKeyConstraint(["desk_id"], ["desks.id"], name=op.f("fk_clerk_desks_desk_id")),
        sa.PrimaryKeyConstraint("clerk_id", "desk_id", "first", name=op.f("pk_clerk_desks")),
    )
    op.create_table(
        "former_names",
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("until", sa.String(length=10), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("number", sa.String(length=16), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("kind", "key", "until", name=op.f("pk_former_names")),
    )
