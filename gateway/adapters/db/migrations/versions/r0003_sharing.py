"""Jobs are shared by one-time links, handled by delegates, kept private and charged to whoever prints them."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
PRIVATE = sa.text("private AND length(key) > 0")


def upgrade() -> None:
    op.add_column("jobs", sa.Column("private", sa.Boolean(), nullable=False, server_default=sa.text("false")))
    op.add_column("jobs", sa.Column("charged_to", sa.Text()))
    op.create_index("jobs_private", "jobs", ["id", "state"], sqlite_where=PRIVATE, postgresql_where=PRIVATE)
    op.create_table(
        "shares",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("job_id", ID, nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("payer", sa.Text(), nullable=False),
        sa.Column("shows_page", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("expires_at", sa.Double()),
        sa.Column("used_at", sa.Double()),
        sa.Column("used_by", sa.Text(), nullable=False),
        sa.Column("revoked_at", sa.Double()),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("token_hash"),
    )
    op.create_index(op.f("ix_shares_job_id"), "shares", ["job_id"])
    op.create_index(op.f("ix_shares_created_at"), "shares", ["created_at"])
    op.create_table(
        "delegations",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("owner_folded", sa.Text(), nullable=False),
        sa.Column("delegate", sa.Text(), nullable=False),
        sa.Column("delegate_folded", sa.Text(), nullable=False),
        sa.Column("of_group", sa.Boolean(), nullable=False),
        sa.Column("rights", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("owner_folded", "of_group", "delegate_folded"),
    )
    op.create_index("delegations_to", "delegations", ["delegate_folded", "of_group"])


def downgrade() -> None:
    op.drop_table("delegations")
    op.drop_table("shares")
    op.drop_index("jobs_private", "jobs")
    op.drop_column("jobs", "charged_to")
    op.drop_column("jobs", "private")
