"""Whose a mail was found to be, so that it is told to them and forgotten with them."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

MAILS = sa.table(
    "mails", sa.column("id", sa.BigInteger), sa.column("owner_folded", sa.Text), sa.column("details", sa.Text)
)


def upgrade() -> None:
    op.add_column("mails", sa.Column("owner_folded", sa.Text(), nullable=True))
    connection = op.get_bind()
    for mail_id, details in connection.execute(sa.select(MAILS.c.id, MAILS.c.details)).all():  # of one week
        known = json.loads(details)
        owner = known.get("owner") or known.get("envelope", {}).get("user")
        if owner:
            connection.execute(sa.update(MAILS).where(MAILS.c.id == mail_id).values(owner_folded=owner.casefold()))
    op.create_index("mails_owner", "mails", ["owner_folded"])


def downgrade() -> None:
    op.drop_index("mails_owner", "mails")
    op.drop_column("mails", "owner_folded")
