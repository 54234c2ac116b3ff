"""Roles are given at sites, groups are a tree, and what staff does is written down as a chain."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
BATCH = 500


def upgrade() -> None:
    op.create_index("users_searched", "users", ["name_folded", "searched", "uuid"])
    op.create_table(
        "role_grants",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("holder_folded", sa.Text(), nullable=False),
        sa.Column("of_group", sa.Boolean(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("given_by", sa.Text(), nullable=False),
        sa.Column("given_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("holder_folded", "of_group", "role", "site"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "user_groups",
        sa.Column("uuid", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_folded", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("searched", sa.Text(), nullable=False),
        sa.Column("parent", sa.Text(), nullable=False),
        sa.Column("parent_folded", sa.Text(), nullable=False),
        sa.Column("cost_centre", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("uuid"),
        sa.UniqueConstraint("name_folded"),
    )
    op.create_index("user_groups_below", "user_groups", ["parent_folded", "name_folded"])
    memberships = op.create_table(
        "memberships",
        sa.Column("group_folded", sa.Text(), nullable=False),
        sa.Column("name_folded", sa.Text(), nullable=False),
        sa.Column("user_uuid", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["user_uuid"], ["users.uuid"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("group_folded", "name_folded"),
    )
    op.create_index(op.f("ix_memberships_user_uuid"), "memberships", ["user_uuid"])
    op.create_table(
        "rights_mark",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("value", ID, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    _create_audit()
    _know_members(memberships)


def _create_audit() -> None:
    texts = ("via", "address", "action", "subject", "text", "values", "searched", "previous", "digest")
    op.create_table(
        "audit_log",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("actor_folded", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in texts),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("audit_log_actor", "audit_log", ["actor_folded", "id"])
    op.create_index("audit_log_action", "audit_log", ["action", "id"])
    op.create_table(
        "audit_anchor",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("entry", ID, nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("seal", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )


def _know_members(memberships: sa.Table) -> None:
    """What users' own rows say, the other way round."""
    connection, users = (
        op.get_bind(),
        sa.table("users", sa.column("uuid"), sa.column("name_folded"), sa.column("groups")),
    )
    rows: list[dict[str, str]] = []
    for uuid, name, groups in connection.execute(sa.select(users).where(users.c.groups != "[]")).all():
        folded = dict.fromkeys(group.casefold() for group in json.loads(groups))
        rows += [{"group_folded": group, "name_folded": name, "user_uuid": uuid} for group in folded]
    for begin in range(0, len(rows), BATCH):
        connection.execute(sa.insert(memberships), rows[begin : begin + BATCH])


def downgrade() -> None:
    for table in ("audit_anchor", "audit_log", "rights_mark", "memberships", "user_groups", "role_grants"):
        op.drop_table(table)
    op.drop_index("users_searched", "users")
