"""Who has which role, and what somebody is by all groups, on SQLite and PostgreSQL."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, delete, insert, select, text

from gateway.adapters.db.house_tables import memberships, rights_mark, role_grants, user_groups
from gateway.adapters.db.job_queries import Plain
from gateway.adapters.db.tables import STAFF, users
from gateway.adapters.db.transactions import Transactions
from gateway.adapters.db.user_rows import read_users
from gateway.domain.rights import EVERYWHERE, GivenRole, Role, Standing
from gateway.domain.user import User

_KNOWN = frozenset(role.value for role in Role)
_MARK = select(rights_mark.c.value)
_RAISE = text(
    "INSERT INTO rights_mark (id, value) VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET value = rights_mark.value + 1"
)
_BY_ID = select(role_grants).where(role_grants.c.id == bindparam("wanted"))
_OF_HOLDER = (
    select(role_grants)
    .where(role_grants.c.holder_folded == bindparam("holder"), role_grants.c.of_group == bindparam("group"))
    .order_by(role_grants.c.id)
)
_OF_GROUPS = select(role_grants).where(
    role_grants.c.holder_folded.in_(bindparam("holders", expanding=True)), role_grants.c.of_group.is_(True)
)
_PAGE = (
    select(role_grants)
    .where(role_grants.c.id > bindparam("after"))
    .order_by(role_grants.c.id)
    .limit(bindparam("row_limit"))
)
# Few of all users are staff: not by the index of names, which holds everybody.
_STAFF = (
    select(users)
    .where(STAFF, Plain(users.c.name_folded) > bindparam("after"))
    .order_by(Plain(users.c.name_folded))
    .limit(bindparam("row_limit"))
)
_BY_ROW = select(users.c.name).where(STAFF, users.c.role == Role.ADMINISTRATOR.value, users.c.disabled.is_(False))
_BY_GRANT = (
    select(users.c.name)
    .join(role_grants, role_grants.c.holder_folded == users.c.name_folded)
    .where(
        role_grants.c.of_group.is_(False),
        role_grants.c.role == Role.ADMINISTRATOR.value,
        role_grants.c.site == EVERYWHERE,
        users.c.disabled.is_(False),
    )
)


def _above() -> Any:
    """Groups and all above them; UNION, not UNION ALL, so that a loop of groups ends."""
    names = (user_groups.c.name_folded, user_groups.c.parent_folded)
    own = select(*names).where(user_groups.c.name_folded.in_(bindparam("own", expanding=True)))
    above = own.cte("above", recursive=True)
    above = above.union(select(*names).where(user_groups.c.name_folded == above.c.parent_folded))
    return select(user_groups).where(user_groups.c.name_folded.in_(select(above.c.name_folded)))


ABOVE = _above()


class SqlRoleStore:
    """gateway.services.ports.RoleStore; its promises are written and tested there."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    async def mark(self) -> int:
        return await self._transactions.read(lambda connection: connection.execute(_MARK).scalar() or 0)

    async def standing(self, user: str, groups: Sequence[str]) -> Standing:
        def work(connection: Connection) -> Standing:
            known = {group.casefold(): group for group in reversed(groups)}
            if known:
                rows = connection.execute(ABOVE, {"own": list(known)})
                known |= {row.name_folded: row.name for row in rows if row.name_folded not in known}
            given = connection.execute(_OF_HOLDER, {"holder": user.casefold(), "group": False}).mappings().all()
            if known:
                given = [*given, *connection.execute(_OF_GROUPS, {"holders": list(known)}).mappings()]
            grants = dict.fromkeys(role.grant for role in _readable(given))
            return Standing(groups=tuple(sorted(known.values())), grants=tuple(grants))

        return await self._transactions.read(work)

    async def add_role(self, given: GivenRole) -> GivenRole:
        row = {
            "holder": given.holder,
            "holder_folded": given.holder.casefold(),
            "of_group": given.group,
            "role": given.role.value,
            "site": given.site,
            "given_by": given.given_by,
            "given_at": given.given_at,
        }
        same = [role_grants.c[name] == row[name] for name in ("holder_folded", "of_group", "role", "site")]

        def work(connection: Connection) -> GivenRole:
            known = connection.execute(select(role_grants).where(*same)).mappings().one_or_none()
            if known is not None:
                return _given(known)
            key = connection.execute(insert(role_grants).values(row)).inserted_primary_key
            assert key is not None
            raise_mark(connection)
            return replace(given, id=int(key[0]))

        return await self._transactions.write(work)

    async def take_role(self, role_id: int) -> bool:
        def work(connection: Connection) -> bool:
            raise_mark(connection)
            return connection.execute(delete(role_grants).where(role_grants.c.id == role_id)).rowcount == 1

        return await self._transactions.write(work)

    async def role(self, role_id: int) -> GivenRole | None:
        found = await self._roles(_BY_ID, {"wanted": role_id})
        return found[0] if found else None

    async def roles_of(self, holder: str, *, group: bool = False) -> list[GivenRole]:
        return await self._roles(_OF_HOLDER, {"holder": holder.casefold(), "group": group})

    async def roles(self, *, after: int = 0, limit: int = 100) -> list[GivenRole]:
        return await self._roles(_PAGE, {"after": after, "row_limit": limit})

    async def staff(self, *, after: str = "", limit: int = 100) -> list[User]:
        values = {"after": after.casefold(), "row_limit": limit}
        return await self._transactions.read(lambda connection: read_users(connection, _STAFF, values))

    async def administrators(self) -> list[str]:
        def work(connection: Connection) -> list[str]:
            found = [*connection.execute(_BY_ROW).scalars(), *connection.execute(_BY_GRANT).scalars()]
            return sorted(set(found))

        return await self._transactions.read(work)

    async def _roles(self, statement: Any, values: dict[str, Any]) -> list[GivenRole]:
        return await self._transactions.read(
            lambda connection: _readable(connection.execute(statement, values).mappings())
        )


def raise_mark(connection: Connection) -> None:
    connection.execute(_RAISE)


def keep_memberships(connection: Connection, user: User) -> None:
    """The other way round of what the user's row says of its groups."""
    connection.execute(delete(memberships).where(memberships.c.user_uuid == str(user.uuid)))
    rows = membership_rows(user)
    if rows:
        connection.execute(insert(memberships), rows)


def membership_rows(user: User) -> list[dict[str, str]]:
    name, uuid = user.name.casefold(), str(user.uuid)
    return [
        {"group_folded": group, "name_folded": name, "user_uuid": uuid}
        for group in dict.fromkeys(group.casefold() for group in user.groups)
    ]


def forget_roles(connection: Connection, user: str) -> None:
    """Whoever gets this name next inherits nobody's rights."""
    mine = (role_grants.c.holder_folded == user.casefold(), role_grants.c.of_group.is_(False))
    if connection.execute(delete(role_grants).where(*mine)).rowcount:
        raise_mark(connection)


def _readable(rows: Iterable[RowMapping]) -> list[GivenRole]:
    """Without roles that only a newer Papertap knows: they give nothing here."""
    return [_given(row) for row in rows if row["role"] in _KNOWN]


def _given(row: RowMapping) -> GivenRole:
    return GivenRole(
        id=row["id"],
        holder=row["holder"],
        group=row["of_group"],
        role=Role(row["role"]),
        site=row["site"],
        given_by=row["given_by"],
        given_at=row["given_at"],
    )
