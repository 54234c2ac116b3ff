"""The tree of groups and who is in them, on SQLite and PostgreSQL."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, RowMapping, bindparam, delete, func, insert, select, update

from gateway.adapters.db.house_tables import memberships, role_grants, user_groups
from gateway.adapters.db.job_queries import like_pattern
from gateway.adapters.db.json_values import dump_texts, load_texts
from gateway.adapters.db.role_store import ABOVE, raise_mark
from gateway.adapters.db.saving import save
from gateway.adapters.db.tables import users
from gateway.adapters.db.transactions import Transactions
from gateway.adapters.db.user_rows import read_users
from gateway.domain.group import Group, GroupKind
from gateway.domain.user import User

_AFTER = user_groups.c.name_folded > bindparam("after")
_ONE = select(user_groups).where(user_groups.c.name_folded == bindparam("wanted"))
_ALL = select(user_groups).where(_AFTER).order_by(user_groups.c.name_folded).limit(bindparam("row_limit"))
_CONTAINING = _ALL.where(user_groups.c.searched.like(bindparam("contains"), escape="\\"))
_BELOW = _ALL.where(user_groups.c.parent_folded == bindparam("parent"))
_MEMBERS = (
    select(users)
    .join(memberships, memberships.c.user_uuid == users.c.uuid)
    .where(memberships.c.group_folded == bindparam("wanted"), memberships.c.name_folded > bindparam("after"))
    .order_by(memberships.c.name_folded)
    .limit(bindparam("row_limit"))
)
_COUNTS = (
    select(memberships.c.group_folded, func.count())
    .where(memberships.c.group_folded.in_(bindparam("names", expanding=True)))
    .group_by(memberships.c.group_folded)
)
_MOVE = (
    update(user_groups)
    .where(user_groups.c.name_folded == bindparam("moved"))
    .values(parent=bindparam("to"), parent_folded=bindparam("to_folded"), version=user_groups.c.version + 1)
)
_MANY = 500  # members whose rows are written together when their group goes


class SqlGroupStore:
    """gateway.services.ports.GroupStore; its promises are written and tested there."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    async def group(self, name: str) -> Group | None:
        found = await self._groups(_ONE, {"wanted": name.casefold()})
        return found[0] if found else None

    async def save_group(self, group: Group) -> Group:
        def work(connection: Connection) -> Group:
            version = save(connection, user_groups, _row(group))
            raise_mark(connection)
            return _group(connection.execute(_ONE, {"wanted": group.name.casefold()}).mappings().one(), version)

        return await self._transactions.write(work)

    async def add_groups(self, groups: Sequence[Group]) -> int:
        new = {group.name.casefold(): group for group in reversed(groups)}

        def work(connection: Connection) -> int:
            wanted = user_groups.c.name_folded.in_(bindparam("names", expanding=True))
            known = connection.execute(select(user_groups.c.name_folded).where(wanted), {"names": list(new)}).scalars()
            rows = [_row(new[name]) | {"version": 1} for name in new.keys() - set(known)]
            if rows:
                connection.execute(insert(user_groups), rows)
                raise_mark(connection)
            return len(rows)

        return await self._transactions.write(work) if new else 0

    async def move_groups(self, parents: Mapping[str, str]) -> int:
        moves = [
            {"moved": name.casefold(), "to": parent, "to_folded": parent.casefold()} for name, parent in parents.items()
        ]

        def work(connection: Connection) -> int:
            count = connection.execute(_MOVE, moves).rowcount
            raise_mark(connection)
            return count

        return await self._transactions.write(work) if moves else 0

    async def delete_group(self, name: str) -> None:
        def work(connection: Connection) -> None:
            found = connection.execute(_ONE, {"wanted": name.casefold()}).mappings().one_or_none()
            if found is None:
                return
            upwards = {"parent": found["parent"], "parent_folded": found["parent_folded"]}
            below = update(user_groups).where(user_groups.c.parent_folded == found["name_folded"])
            connection.execute(below.values(upwards | {"version": user_groups.c.version + 1}))
            _dismiss(connection, found["name_folded"])
            of_it = (role_grants.c.holder_folded == found["name_folded"], role_grants.c.of_group.is_(True))
            connection.execute(delete(role_grants).where(*of_it))
            connection.execute(delete(user_groups).where(user_groups.c.uuid == found["uuid"]))
            raise_mark(connection)

        await self._transactions.write(work)

    async def groups(self, *, contains: str = "", after: str = "", limit: int = 100) -> list[Group]:
        values = {"after": after.casefold(), "row_limit": limit}
        if not contains:
            return await self._groups(_ALL, values)
        return await self._groups(_CONTAINING, values | {"contains": like_pattern(contains)})

    async def children(self, parent: str, *, after: str = "", limit: int = 100) -> list[Group]:
        values = {"parent": parent.casefold(), "after": after.casefold(), "row_limit": limit}
        return await self._groups(_BELOW, values)

    async def above(self, names: Sequence[str]) -> list[Group]:
        return await self._groups(ABOVE, {"own": [name.casefold() for name in names]}) if names else []

    async def group_count(self) -> int:
        statement = select(func.count()).select_from(user_groups)
        return await self._transactions.read(lambda connection: int(connection.execute(statement).scalar_one()))

    async def members(self, name: str, *, after: str = "", limit: int = 100) -> list[User]:
        values = {"wanted": name.casefold(), "after": after.casefold(), "row_limit": limit}
        return await self._transactions.read(lambda connection: read_users(connection, _MEMBERS, values))

    async def member_counts(self, names: Sequence[str]) -> dict[str, int]:
        folded = [name.casefold() for name in names]

        def work(connection: Connection) -> dict[str, int]:
            return {row[0]: int(row[1]) for row in connection.execute(_COUNTS, {"names": folded})}

        return await self._transactions.read(work) if folded else {}

    async def _groups(self, statement: Any, values: dict[str, Any]) -> list[Group]:
        def work(connection: Connection) -> list[Group]:
            return [_group(row, row["version"]) for row in connection.execute(statement, values).mappings()]

        return await self._transactions.read(work)


def _dismiss(connection: Connection, folded: str) -> None:
    """Nobody is in that group any more, by either way of looking at it."""
    members = select(memberships.c.user_uuid).where(memberships.c.group_folded == folded).limit(_MANY)
    while uuids := list(connection.execute(members).scalars()):
        of_them = users.c.uuid.in_(uuids)
        for uuid, groups in connection.execute(select(users.c.uuid, users.c.groups).where(of_them)).all():
            left = tuple(group for group in load_texts(groups) if group.casefold() != folded)
            changed = update(users).where(users.c.uuid == uuid)
            connection.execute(changed.values(groups=dump_texts(left), version=users.c.version + 1))
        gone = (memberships.c.group_folded == folded, memberships.c.user_uuid.in_(uuids))
        connection.execute(delete(memberships).where(*gone))


def _row(group: Group) -> dict[str, Any]:
    return {
        "uuid": str(group.uuid),
        "name": group.name,
        "name_folded": group.name.casefold(),
        "kind": group.kind.value,
        "label": group.label,
        "searched": f"{group.name}\n{group.label}\n{group.cost_centre}".casefold(),
        "parent": group.parent,
        "parent_folded": group.parent.casefold(),
        "cost_centre": group.cost_centre,
        "source": group.source,
        "created_at": group.created_at,
        "version": group.version,
    }


def _group(row: RowMapping, version: int) -> Group:
    return Group(
        name=row["name"],
        uuid=UUID(row["uuid"]),
        kind=GroupKind(row["kind"]),
        label=row["label"],
        parent=row["parent"],
        cost_centre=row["cost_centre"],
        source=row["source"],
        created_at=row["created_at"],
        version=version,
    )
