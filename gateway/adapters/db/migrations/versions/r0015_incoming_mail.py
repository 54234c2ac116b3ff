"""Mails that come in to be printed."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
OPEN = sa.text("state IN ('received', 'printing')")


def upgrade() -> None:
    op.create_table(
        "mails",
        sa.Column("id", ID, primary_key=True, autoincrement=True),
        sa.Column("uuid", sa.Text, nullable=False, unique=True),
        sa.Column("digest", sa.Text, nullable=False, unique=True),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("due_at", sa.Double, nullable=False),
        sa.Column("received_at", sa.Double, nullable=False),
        sa.Column("from_folded", sa.Text, nullable=False),
        sa.Column("replied_at", sa.Double),
        sa.Column("object_id", sa.Text),
        sa.Column("key", sa.LargeBinary),
        sa.Column("claimed_by", sa.Text),
        sa.Column("claimed_until", sa.Double),
        sa.Column("details", sa.Text, nullable=False),
    )
    op.create_index("ix_mails_received_at", "mails", ["received_at"])
    op.create_index("mails_due", "mails", ["due_at"], sqlite_where=OPEN, postgresql_where=OPEN)
    op.create_index("mails_replied", "mails", ["from_folded", "replied_at"])


def downgrade() -> None:
    op.drop_table("mails")
