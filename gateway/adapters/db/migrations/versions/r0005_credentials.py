"""Linked accounts, passkeys, app passwords and sign-ins that were begun; sessions tell when they were proved."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("sessions", sa.Column("proved_at", sa.Double(), nullable=False, server_default=sa.text("0")))
    op.add_column("sessions", sa.Column("browser", sa.Text(), nullable=False, server_default=""))
    op.add_column("sessions", sa.Column("stay", sa.Boolean(), nullable=False, server_default=sa.text("false")))
    op.add_column("users", sa.Column("email_folded", sa.Text()))
    op.create_index(op.f("ix_users_email_folded"), "users", ["email_folded"])
    _fold_addresses()
    _of_user(
        "identities",
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("used_at", sa.Double()),
        sa.UniqueConstraint("issuer", "subject"),
    )
    _of_user(
        "passkeys",
        sa.Column("credential", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("rp_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("backed_up", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("used_at", sa.Double()),
        unique="credential",
    )
    _of_user(
        "app_passwords",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("lookup", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("used_at", sa.Double()),
        unique="lookup",
    )
    op.create_table(
        "pending_sign_ins",
        sa.Column("id_hash", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("browser", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("user_uuid", sa.Text()),
        sa.Column("next", sa.Text(), nullable=False),
        sa.Column("stay", sa.Boolean(), nullable=False),
        sa.Column("values", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id_hash"),
    )
    op.create_index(op.f("ix_pending_sign_ins_expires_at"), "pending_sign_ins", ["expires_at"])


def _of_user(table: str, *columns: sa.Column[object] | sa.UniqueConstraint, unique: str = "") -> None:
    """The constraints in the order in which the metadata makes them: SQLite keeps the text of a table."""
    op.create_table(
        table,
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("user_uuid", sa.Text(), nullable=False),
        *columns,
        sa.ForeignKeyConstraint(["user_uuid"], ["users.uuid"], ondelete="CASCADE"),
        *([sa.UniqueConstraint(unique)] if unique else []),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f(f"ix_{table}_user_uuid"), table, ["user_uuid"])


def _fold_addresses() -> None:
    """Here and not in SQL: what lower() does differs between databases."""
    users = sa.table("users", sa.column("uuid"), sa.column("email"), sa.column("email_folded"))
    connection = op.get_bind()
    known = connection.execute(sa.select(users.c.uuid, users.c.email).where(users.c.email.is_not(None))).all()
    for uuid, email in known:
        folded = {"email_folded": email.strip().casefold() or None}
        connection.execute(sa.update(users).where(users.c.uuid == uuid).values(folded))


def downgrade() -> None:
    for table in ("pending_sign_ins", "app_passwords", "passkeys", "identities"):
        op.drop_table(table)
    op.drop_index(op.f("ix_users_email_folded"), "users")
    op.drop_column("users", "email_folded")
    for column in ("stay", "browser", "proved_at"):
        op.drop_column("sessions", column)
