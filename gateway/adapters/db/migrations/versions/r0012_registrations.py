"""Where users come from, and people who register by themselves."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

TEXTS = {"department": "", "cost_centre": "", "language": "", "source": "", "external_id": "", "given": "{}"}
OPEN = sa.text("state IN ('asked', 'waiting')")
STAFF = sa.text("role <> 'user'")
OF_SOURCE = sa.text("source <> ''")


def upgrade() -> None:
    for name, default in TEXTS.items():
        op.add_column("users", sa.Column(name, sa.Text(), nullable=False, server_default=default))
    op.create_index("users_staff", "users", ["role"], sqlite_where=STAFF, postgresql_where=STAFF)
    op.create_index(
        "users_of_source",
        "users",
        ["source", "external_id"],
        unique=True,
        sqlite_where=OF_SOURCE,
        postgresql_where=OF_SOURCE,
    )
    op.create_table(
        "registrations",
        sa.Column("uuid", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("email_folded", sa.Text(), nullable=False),
        sa.Column("full_name", sa.Text(), nullable=False),
        sa.Column("via", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=False),
        sa.Column("confirmed_at", sa.Double()),
        sa.Column("decided_at", sa.Double()),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("uuid"),
        sa.UniqueConstraint("token_hash"),
    )
    op.create_index(op.f("ix_registrations_expires_at"), "registrations", ["expires_at"])
    op.create_index(
        "registrations_open",
        "registrations",
        ["email_folded"],
        unique=True,
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )


def downgrade() -> None:
    op.drop_table("registrations")
    op.drop_index("users_of_source", "users")
    op.drop_index("users_staff", "users")
    for name in reversed(TEXTS):
        op.drop_column("users", name)
