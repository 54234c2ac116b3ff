"""Sums of what one owner printed come out of an index alone: their rows lie far apart among those of all others."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

COLUMNS = ["owner_folded", "at", "impressions", "media_sheets", "color", "amount"]


def upgrade() -> None:
    op.create_index("receipts_sums", "receipts", COLUMNS)


def downgrade() -> None:
    op.drop_index("receipts_sums", "receipts")
