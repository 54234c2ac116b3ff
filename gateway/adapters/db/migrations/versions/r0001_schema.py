"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "devices",
        sa.Column("uuid", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_folded", sa.Text(), nullable=False),
        sa.Column("settings", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("uuid"),
        sa.UniqueConstraint("name_folded"),
    )
    op.create_table(
        "intake_attempts",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("printer", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("requested_name", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("document_name", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("job_id", ID, nullable=True),
        sa.Column("extra", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("intake_attempts_at", "intake_attempts", ["at", "id"], unique=False)
    op.create_table(
        "jobs",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("uuid", sa.Text(), nullable=False),
        sa.Column("printer", sa.Text(), nullable=False),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_folded", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("owner_folded", sa.Text(), nullable=True),
        sa.Column("requested_name", sa.Text(), nullable=False),
        sa.Column("requested_folded", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("ticket", sa.Text(), nullable=False),
        sa.Column("documents", sa.Text(), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=True),
        sa.Column("idempotency_key", sa.Text(), nullable=True),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("processing_at", sa.Double(), nullable=True),
        sa.Column("ended_at", sa.Double(), nullable=True),
        sa.Column("expires_at", sa.Double(), nullable=True),
        sa.Column("incoming_until", sa.Double(), nullable=True),
        sa.Column("extensions", sa.Integer(), nullable=False),
        sa.Column("expiry_warned", sa.Boolean(), nullable=False),
        sa.Column("favourite", sa.Boolean(), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=True),
        sa.Column("color", sa.Boolean(), nullable=True),
        sa.Column("impressions", sa.Integer(), nullable=True),
        sa.Column("media_sheets", sa.Integer(), nullable=True),
        sa.Column("impressions_completed", sa.Integer(), nullable=False),
        sa.Column("sheets_completed", sa.Integer(), nullable=False),
        sa.Column("printable", sa.Text(), nullable=True),
        sa.Column("unlocking", sa.Text(), nullable=True),
        sa.Column("thumbnails", sa.Text(), nullable=False),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("output_device", sa.Text(), nullable=True),
        sa.Column("release_id", sa.Text(), nullable=True),
        sa.Column("released_by", sa.Text(), nullable=True),
        sa.Column("released_at", sa.Double(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("bytes_sent", sa.BigInteger(), nullable=False),
        sa.Column("device_job", sa.Text(), nullable=True),
        sa.Column("not_before", sa.Double(), nullable=True),
        sa.Column("claimed_by", sa.Text(), nullable=True),
        sa.Column("claimed_until", sa.Double(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "jobs_busy",
        "jobs",
        ["output_device", "state"],
        unique=False,
        sqlite_where=sa.text("state BETWEEN 5 AND 6 AND printable IS NOT NULL"),
        postgresql_where=sa.text("state BETWEEN 5 AND 6 AND printable IS NOT NULL"),
    )
    op.create_index(
        "jobs_claimed",
        "jobs",
        ["claimed_until"],
        unique=False,
        sqlite_where=sa.text("claimed_until IS NOT NULL"),
        postgresql_where=sa.text("claimed_until IS NOT NULL"),
    )
    op.create_index(
        "jobs_ended",
        "jobs",
        ["id", "state"],
        unique=False,
        sqlite_where=sa.text("state >= 7"),
        postgresql_where=sa.text("state >= 7"),
    )
    op.create_index(
        "jobs_ended_of_printer",
        "jobs",
        ["printer", "id", "state"],
        unique=False,
        sqlite_where=sa.text("state >= 7"),
        postgresql_where=sa.text("state >= 7"),
    )
    op.create_index(
        "jobs_expiring",
        "jobs",
        ["expires_at"],
        unique=False,
        sqlite_where=sa.text("state <= 6"),
        postgresql_where=sa.text("state <= 6"),
    )
    op.create_index(
        "jobs_idempotency_key",
        "jobs",
        ["idempotency_key"],
        unique=True,
        sqlite_where=sa.text("idempotency_key IS NOT NULL"),
        postgresql_where=sa.text("idempotency_key IS NOT NULL"),
    )
    op.create_index(
        "jobs_incoming",
        "jobs",
        ["incoming_until"],
        unique=False,
        sqlite_where=sa.text("incoming_until IS NOT NULL"),
        postgresql_where=sa.text("incoming_until IS NOT NULL"),
    )
    op.create_index(
        "jobs_of_device",
        "jobs",
        ["output_device", "id", "state"],
        unique=False,
        sqlite_where=sa.text("state <= 6 AND output_device IS NOT NULL"),
        postgresql_where=sa.text("state <= 6 AND output_device IS NOT NULL"),
    )
    op.create_index("jobs_of_owner", "jobs", ["owner_folded", "id", "state"], unique=False)
    op.create_index(
        "jobs_open",
        "jobs",
        ["id", "state"],
        unique=False,
        sqlite_where=sa.text("state <= 6"),
        postgresql_where=sa.text("state <= 6"),
    )
    op.create_index(
        "jobs_open_of_printer",
        "jobs",
        ["printer", "id", "state"],
        unique=False,
        sqlite_where=sa.text("state <= 6"),
        postgresql_where=sa.text("state <= 6"),
    )
    op.create_index(
        "jobs_postponed",
        "jobs",
        ["not_before"],
        unique=False,
        sqlite_where=sa.text("not_before IS NOT NULL"),
        postgresql_where=sa.text("not_before IS NOT NULL"),
    )
    op.create_index(
        "jobs_purgeable",
        "jobs",
        ["ended_at", "id"],
        unique=False,
        sqlite_where=sa.text("state >= 7 AND key IS NULL"),
        postgresql_where=sa.text("state >= 7 AND key IS NULL"),
    )
    op.create_index(
        "jobs_to_deliver",
        "jobs",
        ["output_device", sa.literal_column("coalesce(released_at, created_at)"), "id"],
        unique=False,
        sqlite_where=sa.text("state = 3 AND printable IS NOT NULL AND output_device IS NOT NULL"),
        postgresql_where=sa.text("state = 3 AND printable IS NOT NULL AND output_device IS NOT NULL"),
    )
    op.create_index(
        "jobs_to_prepare",
        "jobs",
        ["id"],
        unique=False,
        sqlite_where=sa.text("state = 3 AND printable IS NULL AND reasons = '[]'"),
        postgresql_where=sa.text("state = 3 AND printable IS NULL AND reasons = '[]'"),
    )
    op.create_index(
        "jobs_unclaimed",
        "jobs",
        ["requested_folded", "id"],
        unique=False,
        sqlite_where=sa.text("state <= 6 AND owner IS NULL"),
        postgresql_where=sa.text("state <= 6 AND owner IS NULL"),
    )
    op.create_index(
        "jobs_unclaimed_from",
        "jobs",
        ["address", "id"],
        unique=False,
        sqlite_where=sa.text("state <= 6 AND owner IS NULL"),
        postgresql_where=sa.text("state <= 6 AND owner IS NULL"),
    )
    op.create_index(
        "jobs_with_key",
        "jobs",
        ["state", "ended_at"],
        unique=False,
        sqlite_where=sa.text("key IS NOT NULL"),
        postgresql_where=sa.text("key IS NOT NULL"),
    )
    op.create_table(
        "printers",
        sa.Column("uuid", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_folded", sa.Text(), nullable=False),
        sa.Column("settings", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("uuid"),
        sa.UniqueConstraint("name_folded"),
    )
    op.create_table(
        "receipts",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("release_id", sa.Text(), nullable=False),
        sa.Column("job_id", ID, nullable=False),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("owner_folded", sa.Text(), nullable=True),
        sa.Column("printer", sa.Text(), nullable=False),
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("impressions", sa.Integer(), nullable=False),
        sa.Column("media_sheets", sa.Integer(), nullable=False),
        sa.Column("color", sa.Boolean(), nullable=False),
        sa.Column("confirmed", sa.Boolean(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("release_id"),
    )
    op.create_index("receipts_of_owner", "receipts", ["owner_folded", "id"], unique=False)
    op.create_table(
        "sessions",
        sa.Column("id_hash", sa.Text(), nullable=False),
        sa.Column("user", sa.Text(), nullable=False),
        sa.Column("user_folded", sa.Text(), nullable=False),
        sa.Column("csrf", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("seen_at", sa.Double(), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id_hash"),
    )
    op.create_index(op.f("ix_sessions_expires_at"), "sessions", ["expires_at"], unique=False)
    op.create_index(op.f("ix_sessions_user_folded"), "sessions", ["user_folded"], unique=False)
    op.create_table(
        "users",
        sa.Column("uuid", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_folded", sa.Text(), nullable=False),
        sa.Column("searched", sa.Text(), nullable=False),
        sa.Column("full_name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("pin_hash", sa.Text(), nullable=True),
        sa.Column("pin_lookup", sa.Text(), nullable=True),
        sa.Column("groups", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("uuid"),
        sa.UniqueConstraint("name_folded"),
        sa.UniqueConstraint("pin_lookup"),
    )
    op.create_table(
        "cards",
        sa.Column("card", sa.Text(), nullable=False),
        sa.Column("user_uuid", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["user_uuid"], ["users.uuid"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("card"),
    )
    op.create_index(op.f("ix_cards_user_uuid"), "cards", ["user_uuid"], unique=False)
    op.create_table(
        "job_records",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("job_id", ID, nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_job_records_job_id"), "job_records", ["job_id"], unique=False)


def downgrade() -> None:
    op.drop_table("job_records")
    op.drop_table("cards")
    op.drop_table("users")
    op.drop_table("sessions")
    op.drop_table("receipts")
    op.drop_table("printers")
    op.drop_table("jobs")
    op.drop_table("intake_attempts")
    op.drop_table("devices")
