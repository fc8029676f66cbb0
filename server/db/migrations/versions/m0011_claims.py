"""Claims, by which kiosks enrol, and credentials that change."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0011"
down_revision: Final = "0010"
branch_labels: Final = None
depends_on: Final = None


def upgrade() -> None:
    """Make the step."""
    op.create_table(
        "claims",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("kiosk", sa.String(length=32), nullable=False),
        sa.Column("again", sa.Boolean(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("site_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("desk_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("made_ms", sa.BigInteger(), nullable=False),
        sa.Column("expires_ms", sa.BigInteger(), nullable=False),
        sa.Column("withdrawn_ms", sa.BigInteger(), nullable=True),
        sa.Column("used_ms", sa.BigInteger(), nullable=True),
        sa.Column("public_key", sa.String(length=64), nullable=True),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["desk_id"], ["desks.id"], name=op.f("fk_claims_desk_id")),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_claims_site_id")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_claims")),
        sa.UniqueConstraint("digest", name=op.f("uq_claims_digest")),
    )
    op.add_column("kiosks", sa.Column("public_key", sa.String(length=64), nullable=True))
    op.add_column("kiosks", sa.Column("identity", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("kiosks", sa.Column("next_identity", sa.BigInteger(), nullable=True))
    op.add_column("kiosks", sa.Column("next_password", sa.Text(), nullable=True))
    op.add_column("kiosks", sa.Column("renewal", sa.LargeBinary(), nullable=True))
