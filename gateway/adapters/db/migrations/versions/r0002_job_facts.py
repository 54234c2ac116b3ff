"""What preparation found in a job's documents is kept with it."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("jobs", sa.Column("facts", sa.Text(), nullable=False, server_default=""))
