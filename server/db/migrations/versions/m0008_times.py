"""How sure the time of a vote is, what may still be dated better, and what of the quarantine was taken in after all."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0008"
down_revision: Final = "0007"
branch_labels: Final = None
depends_on: Final = None

_EXACT_MS: Final = 5_000
_CORRECTED_MS: Final = 30_000
_DAY_MS: Final = 90_000_000  # of 25 hours
_EARLIEST_MS: Final = 1_577_836_800_000
_ANSWERS: Final = ("excellent", "good", "acceptable", "poor", "terrible", "hard_to_say")


def upgrade() -> None:
    """Make the step."""
    op.add_column("chains", sa.Column("trail", sa.Text(), server_default="", nullable=False))
    for table in ("votes", "answers"):
        op.add_column(table, sa.Column("time_error_ms", sa.BigInteger(), server_default="0", nullable=False))
        errors = f"""CASE time_quality WHEN 'exact' THEN {_EXACT_MS} WHEN 'corrected' THEN {_CORRECTED_MS}
            WHEN 'interval' THEN {_DAY_MS} ELSE at_ms - {_EARLIEST_MS} END"""
        op.execute(sa.text(f"UPDATE {table} SET time_error_ms = {errors}"))  # noqa: S608 - written above
    is_vague = sa.text("time_error_ms > 3600000")
    op.create_index("ix_votes_vague", "votes", ["day"], unique=False, sqlite_where=is_vague, postgresql_where=is_vague)
    _forget_vague_hours()
    op.create_table(
        "undated",
        sa.Column("record", sa.Uuid(), nullable=False),
        sa.Column("kiosk", sa.String(length=32), nullable=False),
        sa.Column("epoch", sa.Uuid(), nullable=False),
        sa.Column("boot_id", sa.Uuid(), nullable=False),
        sa.Column("boottime_ms", sa.BigInteger(), nullable=False),
        sa.Column("error_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("record", name=op.f("pk_undated")),
    )
    op.create_index("ix_undated_kiosk", "undated", ["kiosk"], unique=False)
    op.add_column("quarantine", sa.Column("replayed_ms", sa.BigInteger(), nullable=True))
    op.add_column("quarantine", sa.Column("replayed_by", sa.BigInteger(), nullable=True))


def _forget_vague_hours() -> None:
    """Take the votes whose hour nobody knows out of the hours in which they were counted."""
    same = """FROM votes AS v WHERE v.time_error_ms > 3600000 AND v.flag = '' AND substr(v.day, 1, 7) = rollup_hour.month
        AND v.site_id = rollup_hour.site_id AND v.desk_id = rollup_hour.desk_id AND v.weekday = rollup_hour.weekday
        AND v.hour = rollup_hour.hour"""
    counts = {answer: f"sum(CASE WHEN v.answer = '{answer}' THEN 1 ELSE 0 END)" for answer in _ANSWERS}
    counts["repeats"] = "sum(CASE WHEN v.repeat THEN 1 ELSE 0 END)"
    less = ", ".join(f"{name} = {name} - (SELECT {count} {same})" for name, count in counts.items())
    op.execute(sa.text(f"UPDATE rollup_hour SET {less} WHERE EXISTS (SELECT 1 {same})"))  # noqa: S608 - written above
