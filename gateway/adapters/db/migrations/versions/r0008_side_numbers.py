"""Numbers on printed sides that run on from job to job."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "side_numbers",
        sa.Column("release_id", sa.Text(), nullable=False),
        sa.Column("printer", sa.Text(), nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("release_id"),
    )
    op.create_index("side_numbers_of_printer", "side_numbers", ["printer", "first"], unique=True)
