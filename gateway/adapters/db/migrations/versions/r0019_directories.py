"""Directories that users come from, and what their runs came to."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "directories",
        sa.Column("uuid", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("settings", sa.Text(), nullable=False),
        sa.Column("secret", sa.LargeBinary()),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("cursor", sa.Text(), nullable=False, server_default=""),
        sa.Column("full_at", sa.Double()),
        sa.Column("run_at", sa.Double()),
        sa.Column("failing_since", sa.Double()),
        sa.Column("leased_by", sa.Text()),
        sa.Column("leased_until", sa.Double(), nullable=False, server_default=sa.text("0")),
        sa.PrimaryKeyConstraint("uuid"),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "directory_runs",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("directory_uuid", sa.Text(), nullable=False),
        sa.Column("started_at", sa.Double(), nullable=False),
        sa.Column("ended_at", sa.Double(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("full", sa.Boolean(), nullable=False),
        sa.Column("end", sa.Text(), nullable=False),
        sa.Column("counts", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("lines", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["directory_uuid"], ["directories.uuid"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("directory_runs_of", "directory_runs", ["directory_uuid", "id"])
    op.create_table(
        "directory_proofs",
        sa.Column("user_uuid", sa.Text(), nullable=False),
        sa.Column("proof_hash", sa.Text(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["user_uuid"], ["users.uuid"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_uuid"),
    )


def downgrade() -> None:
    op.drop_table("directory_proofs")
    op.drop_table("directory_runs")
    op.drop_table("directories")
