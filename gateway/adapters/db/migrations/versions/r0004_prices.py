"""A receipt says what was paid."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("receipts", sa.Column("amount", sa.Text(), nullable=False, server_default="0"))
    op.add_column("receipts", sa.Column("currency", sa.Text(), nullable=False, server_default=""))
