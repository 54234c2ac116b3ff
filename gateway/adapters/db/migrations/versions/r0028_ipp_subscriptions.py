"""Event subscriptions of IPP clients, which outlive a restart."""

import sqlalchemy as sa
from alembic import op

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "ipp_subscriptions",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("printer", sa.Text(), nullable=False),
        sa.Column("job_id", ID),
        sa.Column("events", sa.Text(), nullable=False),
        sa.Column("lease", sa.Integer(), nullable=False),
        sa.Column("lease_ends", sa.Double()),
        sa.Column("user_data", sa.LargeBinary(), nullable=False),
        sa.Column("charset", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("time_interval", sa.Integer(), nullable=False),
        sa.Column("user", sa.Text()),
        sa.Column("user_folded", sa.Text()),
        sa.Column("claimed", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ipp_subscriptions_of_user", "ipp_subscriptions", ["user_folded"])


def downgrade() -> None:
    op.drop_table("ipp_subscriptions")
