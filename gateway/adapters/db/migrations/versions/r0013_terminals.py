"""Terminals, codes that were used, and cards that end."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "terminals",
        sa.Column("uuid", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("station", sa.Text(), nullable=False),
        sa.Column("info", sa.Text(), nullable=False),
        sa.Column("on_tap", sa.Text(), nullable=False),
        sa.Column("transform", sa.Text(), nullable=False),
        sa.Column("key_hash", sa.Text()),
        sa.Column("screen_hash", sa.Text()),
        sa.Column("code_hash", sa.Text()),
        sa.Column("code_for", sa.Text(), nullable=False),
        sa.Column("code_expires_at", sa.Double(), nullable=False),
        sa.Column("locked_at", sa.Double()),
        sa.Column("alert", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("seen_at", sa.Double()),
        sa.Column("seen_address", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("uuid"),
        sa.UniqueConstraint("name"),
        sa.UniqueConstraint("key_hash"),
        sa.UniqueConstraint("screen_hash"),
        sa.UniqueConstraint("code_hash"),
    )
    op.create_table(
        "used_codes",
        sa.Column("nonce", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("nonce"),
    )
    op.create_index(op.f("ix_used_codes_expires_at"), "used_codes", ["expires_at"])
    op.add_column("card_notes", sa.Column("expires_at", sa.Double()))
    op.create_index(op.f("ix_card_notes_expires_at"), "card_notes", ["expires_at"])


def downgrade() -> None:
    op.drop_index(op.f("ix_card_notes_expires_at"), "card_notes")
    op.drop_column("card_notes", "expires_at")
    op.drop_table("used_codes")
    op.drop_table("terminals")
