"""Projects that jobs are charged to, and the project of each receipt."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

ORDERED = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "projects",
        sa.Column("uuid", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("code_folded", ORDERED, nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("everyone", sa.Boolean(), nullable=False),
        sa.Column("until", sa.Double()),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("uuid"),
        sa.UniqueConstraint("code_folded"),
    )
    op.create_table(
        "project_words",
        sa.Column("word", ORDERED, nullable=False),
        sa.Column("project_uuid", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["project_uuid"], ["projects.uuid"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("word", "project_uuid"),
    )
    op.create_table(
        "project_holders",
        sa.Column("holder_folded", ORDERED, nullable=False),
        sa.Column("of_group", sa.Boolean(), nullable=False),
        sa.Column("project_uuid", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["project_uuid"], ["projects.uuid"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("holder_folded", "of_group", "project_uuid"),
    )
    op.create_table(
        "project_habits",
        sa.Column("project_uuid", sa.Text(), nullable=False),
        sa.Column("user_uuid", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("favourite", sa.Boolean(), nullable=False),
        sa.Column("preset", sa.Boolean(), nullable=False),
        sa.Column("used_at", sa.Double()),
        sa.ForeignKeyConstraint(["project_uuid"], ["projects.uuid"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_uuid"], ["users.uuid"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("project_uuid", "user_uuid"),
    )
    op.create_index("project_words_of_project", "project_words", ["project_uuid"])
    op.create_index("project_holders_of_project", "project_holders", ["project_uuid"])
    op.create_index("ix_project_habits_user_uuid", "project_habits", ["user_uuid"])
    op.add_column("receipts", sa.Column("project", sa.Text(), nullable=False, server_default=""))
    op.add_column("receipts", sa.Column("comment", sa.Text(), nullable=False, server_default=""))
    charged = sa.text("project <> ''")
    op.create_index("receipts_of_project", "receipts", ["at"], sqlite_where=charged, postgresql_where=charged)


def downgrade() -> None:
    op.drop_index("receipts_of_project", "receipts")
    op.drop_column("receipts", "comment")
    op.drop_column("receipts", "project")
    for table in ("project_habits", "project_holders", "project_words", "projects"):
        op.drop_table(table)
