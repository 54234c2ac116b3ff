"""Prepaid credit: balances, their entries, and what released jobs reserve of them."""

import sqlalchemy as sa
from alembic import op

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "balances",
        sa.Column("owner_folded", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("overdraft", sa.BigInteger()),
        sa.Column("low", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("owner_folded", "currency"),
    )
    low = sa.text("low = 1")
    op.create_index("balances_low", "balances", ["low"], sqlite_where=low, postgresql_where=low)
    op.create_table(
        "credit_entries",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("owner_folded", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("balance", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("job_id", ID),
        sa.Column("release_id", sa.Text()),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key"),
    )
    op.create_index("credit_entries_of_owner", "credit_entries", ["owner_folded", "id"])
    op.add_column("jobs", sa.Column("reserved", sa.BigInteger(), nullable=True))
    op.add_column("jobs", sa.Column("reserved_in", sa.Text(), nullable=False, server_default=""))
    op.add_column("jobs", sa.Column("reserved_for", sa.Text(), nullable=True))
    reserving = sa.text("reserved_for IS NOT NULL")
    op.create_index(
        "jobs_reserving",
        "jobs",
        ["reserved_for", "reserved_in", "reserved"],
        sqlite_where=reserving,
        postgresql_where=reserving,
    )
    short = sa.text("""state = 4 AND reasons = '["account-limit-reached"]'""")
    op.create_index("jobs_short", "jobs", ["id"], sqlite_where=short, postgresql_where=short)


def downgrade() -> None:
    op.drop_index("jobs_short", "jobs")
    op.drop_index("jobs_reserving", "jobs")
    for name in ("reserved_for", "reserved_in", "reserved"):
        op.drop_column("jobs", name)
    op.drop_table("credit_entries")
    op.drop_table("balances")
