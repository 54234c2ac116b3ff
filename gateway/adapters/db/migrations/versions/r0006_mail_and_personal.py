"""An outbox for letters; addresses, choices and notices of people, and who looked at what of theirs."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
WAITING = sa.text("state = 'waiting'")
ENDED = sa.text("ended_at IS NOT NULL")
UNREAD = sa.text("read_at IS NULL AND kind <> ''")


def upgrade() -> None:
    _outbox()
    _addresses()
    _tokens_and_preferences()
    _notices()
    _access_log()


def _user() -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["user_uuid"], ["users.uuid"], ondelete="CASCADE")


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("uuid", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("to", sa.Text(), nullable=False),
        sa.Column("to_folded", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("values", sa.Text(), nullable=False),
        sa.Column("key", sa.Text()),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("due_at", sa.Double(), nullable=False),
        sa.Column("useful_until", sa.Double(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.Double()),
        sa.Column("claimed_by", sa.Text()),
        sa.Column("claimed_until", sa.Double()),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("uuid"),
        sa.UniqueConstraint("key"),
    )
    op.create_index("outbox_waiting", "outbox", ["id"], sqlite_where=WAITING, postgresql_where=WAITING)
    op.create_index("outbox_ended", "outbox", ["ended_at"], sqlite_where=ENDED, postgresql_where=ENDED)
    op.create_index("ix_outbox_to_folded", "outbox", ["to_folded"])


def _addresses() -> None:
    op.create_table(
        "mail_addresses",
        sa.Column("address_folded", sa.Text(), nullable=False),
        sa.Column("user_uuid", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("added_at", sa.Double(), nullable=False),
        _user(),
        sa.PrimaryKeyConstraint("address_folded"),
    )
    op.create_index("ix_mail_addresses_user_uuid", "mail_addresses", ["user_uuid"])


def _tokens_and_preferences() -> None:
    op.create_table(
        "one_time_tokens",
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("user_uuid", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=False),
        _user(),
        sa.PrimaryKeyConstraint("token_hash"),
    )
    op.create_index("ix_one_time_tokens_user_uuid", "one_time_tokens", ["user_uuid"])
    op.create_index("ix_one_time_tokens_expires_at", "one_time_tokens", ["expires_at"])
    op.create_table(
        "preferences",
        sa.Column("user_uuid", sa.Text(), nullable=False),
        sa.Column("values", sa.Text(), nullable=False),
        _user(),
        sa.PrimaryKeyConstraint("user_uuid"),
    )
    op.create_table(
        "card_notes",
        sa.Column("card", sa.Text(), nullable=False),
        sa.Column("user_uuid", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("ending", sa.Text(), nullable=False),
        sa.Column("added_at", sa.Double(), nullable=False),
        _user(),
        sa.PrimaryKeyConstraint("card"),
    )
    op.create_index("ix_card_notes_user_uuid", "card_notes", ["user_uuid"])


def _notices() -> None:
    op.create_table(
        "notices",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("user_uuid", sa.Text(), nullable=False),
        sa.Column("job_id", ID, nullable=False),
        sa.Column("occasion", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("values", sa.Text(), nullable=False),
        sa.Column("read_at", sa.Double()),
        _user(),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_notices_at", "notices", ["at"])
    op.create_index("notices_once", "notices", ["job_id", "occasion"], unique=True)
    op.create_index("notices_of_user", "notices", ["user_uuid", "id"])
    op.create_index("notices_unread", "notices", ["user_uuid"], sqlite_where=UNREAD, postgresql_where=UNREAD)


def _access_log() -> None:
    op.create_table(
        "access_log",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("owner_folded", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("by_folded", sa.Text(), nullable=False),
        sa.Column("via", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("job_id", ID, nullable=False),
        sa.Column("job_name", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_access_log_at", "access_log", ["at"])
    op.create_index("access_log_of_owner", "access_log", ["owner_folded", "id"])
    op.create_index("access_log_by", "access_log", ["by_folded"])
