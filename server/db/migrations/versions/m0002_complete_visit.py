"""The complete visit: later answers, sealed words, calls, questionnaires, and what visitors are told."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0002"
down_revision: Final = "0001"
branch_labels: Final = None
depends_on: Final = None


def upgrade() -> None:
    """Make the step."""
    _widen()
    _create_registry()
    _create_answers()
    _create_words()
    _create_notices()
    _count_questionnaires()


def _serial() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _widen() -> None:
    """New columns of tables that are there."""
    op.add_column("server", sa.Column("terms", sa.Text(), server_default="{}", nullable=False))
    op.add_column("server", sa.Column("public_url", sa.Text(), server_default="", nullable=False))
    op.add_column("server", sa.Column("answered_month", sa.String(length=7), server_default="", nullable=False))
    op.add_column("server", sa.Column("answered", sa.Integer(), server_default="0", nullable=False))
    op.add_column("server", sa.Column("answered_ms", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("sites", sa.Column("terms", sa.Text(), server_default="{}", nullable=False))
    op.add_column("desks", sa.Column("photo", sa.String(length=64), nullable=True))
    op.add_column("desks", sa.Column("place_x", sa.Float(), nullable=True))
    op.add_column("desks", sa.Column("place_y", sa.Float(), nullable=True))
    op.add_column("contexts", sa.Column("mode", sa.String(length=8), server_default="live", nullable=False))
    op.add_column("kiosk_states", sa.Column("showing", sa.String(length=16), server_default="", nullable=False))
    for rollup in ("rollup_day", "rollup_hour", "rollup_dimension"):
        op.add_column(rollup, sa.Column("poor", sa.Integer(), server_default="0", nullable=False))


def _create_registry() -> None:
    """Pictures and questionnaires."""
    op.create_table(
        "assets",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("media", sa.String(length=32), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_assets")),
    )
    op.create_table(
        "questionnaires",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("pilot", sa.Boolean(), nullable=False),
        sa.Column("published_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", "version", name=op.f("pk_questionnaires")),
    )
    op.create_table(
        "assignments",
        sa.Column("id", _serial(), nullable=False),
        sa.Column("questionnaire", sa.String(length=32), nullable=False),
        sa.Column("kiosk", sa.String(length=32), nullable=True),
        sa.Column("site_id", _serial(), nullable=True),
        sa.Column("desks", sa.Text(), server_default="", nullable=False),
        sa.Column("services", sa.Text(), server_default="", nullable=False),
        sa.Column("ticket", sa.Boolean(), nullable=True),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_assignments_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assignments")),
    )


def _create_answers() -> None:
    """What was answered after the rating, or instead of one, and its counts."""
    op.create_table(
        "answers",
        sa.Column("record", sa.Uuid(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("visit", sa.Uuid(), nullable=False),
        sa.Column("kiosk", sa.String(length=32), nullable=False),
        sa.Column("site_id", sa.BigInteger(), nullable=False),
        sa.Column("desk_id", sa.BigInteger(), nullable=False),
        sa.Column("service_id", sa.BigInteger(), nullable=True),
        sa.Column("mode", sa.String(length=8), nullable=False),
        sa.Column("first", sa.Boolean(), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("questionnaire", sa.Text(), nullable=False),
        sa.Column("questionnaire_version", sa.Integer(), nullable=False),
        sa.Column("question", sa.String(length=32), nullable=False),
        sa.Column("how", sa.String(length=16), nullable=False),
        sa.Column("choice", sa.String(length=32), nullable=False),
        sa.Column("repeat", sa.Boolean(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("time_quality", sa.String(length=16), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("received_ms", sa.BigInteger(), nullable=False),
        sa.Column("released_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("record", "place", name=op.f("pk_answers")),
    )
    op.create_index("ix_answers_visit", "answers", ["visit"], unique=False)
    op.create_index("ix_answers_released_ms", "answers", ["released_ms"], unique=False)
    apart = sa.text("mode <> 'live'")
    op.create_index("ix_answers_apart", "answers", ["questionnaire"], unique=False, sqlite_where=apart, postgresql_where=apart)
    op.create_table(
        "desk_choices",
        sa.Column("kiosk", sa.String(length=32), nullable=False),
        sa.Column("visit", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.BigInteger(), nullable=False),
        sa.Column("desk_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("kiosk", "visit", name=op.f("pk_desk_choices")),
    )
    op.create_table(
        "rollup_answer",
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("site_id", sa.BigInteger(), nullable=False),
        sa.Column("desk_id", sa.BigInteger(), nullable=False),
        sa.Column("questionnaire", sa.String(length=32), nullable=False),
        sa.Column("question", sa.String(length=32), nullable=False),
        sa.Column("choice", sa.String(length=32), nullable=False),
        sa.Column("count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("people", sa.Integer(), server_default="0", nullable=False),
        sa.Column("firsts", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("day", "site_id", "desk_id", "questionnaire", "question", "choice", name=op.f("pk_rollup_answer")),
    )


def _create_words() -> None:
    """Sealed words and contacts, and calls for a person."""
    op.create_table(
        "sealed",
        sa.Column("record", sa.Uuid(), nullable=False),
        sa.Column("visit", sa.Uuid(), nullable=False),
        sa.Column("kiosk", sa.String(length=32), nullable=False),
        sa.Column("mode", sa.String(length=8), nullable=True),
        sa.Column("questionnaire", sa.Text(), nullable=True),
        sa.Column("questionnaire_version", sa.Integer(), nullable=True),
        sa.Column("question", sa.String(length=32), nullable=False),
        sa.Column("content", sa.String(length=16), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("box", sa.LargeBinary(), nullable=True),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("received_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("record", name=op.f("pk_sealed")),
    )
    op.create_index("ix_sealed_visit", "sealed", ["visit"], unique=False)
    op.create_table(
        "calls",
        sa.Column("record", sa.Uuid(), nullable=False),
        sa.Column("visit", sa.Uuid(), nullable=False),
        sa.Column("kiosk", sa.String(length=32), nullable=False),
        sa.Column("site_id", sa.BigInteger(), nullable=False),
        sa.Column("mode", sa.String(length=8), nullable=False),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("received_ms", sa.BigInteger(), nullable=False),
        sa.Column("taken_ms", sa.BigInteger(), nullable=True),
        sa.Column("taken_by", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("record", name=op.f("pk_calls")),
    )
    op.create_index("ix_calls_at_ms", "calls", ["at_ms"], unique=False)
    op.create_index("ix_calls_taken_ms", "calls", ["taken_ms"], unique=False)


def _create_notices() -> None:
    """What visitors are told."""
    op.create_table(
        "notices",
        sa.Column("kiosk", sa.String(length=32), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("kiosk", name=op.f("pk_notices")),
    )
    op.create_table(
        "announcements",
        sa.Column("id", _serial(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("site_id", _serial(), nullable=True),
        sa.Column("texts", sa.Text(), nullable=False),
        sa.Column("made_ms", sa.BigInteger(), nullable=False),
        sa.Column("made_by", sa.BigInteger(), nullable=True),
        sa.Column("until_ms", sa.BigInteger(), nullable=True),
        sa.Column("withdrawn_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_announcements_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_announcements")),
    )
    op.create_index("ix_announcements_withdrawn_ms", "announcements", ["withdrawn_ms"], unique=False)
    op.create_table(
        "deeds",
        sa.Column("id", _serial(), nullable=False),
        sa.Column("texts", sa.Text(), nullable=False),
        sa.Column("made_ms", sa.BigInteger(), nullable=False),
        sa.Column("made_by", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deeds")),
    )


def _count_questionnaires() -> None:
    """Count the votes that are there by questionnaire too, as from now on every vote is."""
    op.execute("""
        INSERT INTO rollup_dimension
            (dimension, value, day, site_id, desk_id, excellent, good, acceptable, terrible, hard_to_say, repeats)
        SELECT 'questionnaire', substr(questionnaire, 1, 32), day, site_id, desk_id,
            sum(CASE WHEN answer = 'excellent' THEN 1 ELSE 0 END),
            sum(CASE WHEN answer = 'good' THEN 1 ELSE 0 END),
            sum(CASE WHEN answer = 'acceptable' THEN 1 ELSE 0 END),
            sum(CASE WHEN answer = 'terrible' THEN 1 ELSE 0 END),
            sum(CASE WHEN answer = 'hard_to_say' THEN 1 ELSE 0 END),
            sum(CASE WHEN repeat THEN 1 ELSE 0 END)
        FROM votes
        GROUP BY substr(questionnaire, 1, 32), day, site_id, desk_id
    """)
