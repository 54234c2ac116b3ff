"""One-time links and delegations on SQLite and PostgreSQL."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, delete, insert, or_, select, update

from gateway.adapters.db.job_rows import fold
from gateway.adapters.db.json_values import as_object, dump_texts, load_texts
from gateway.adapters.db.share_tables import delegations, of_user, shares
from gateway.adapters.db.transactions import Transactions
from gateway.domain.delegation import Delegation, Right
from gateway.domain.share import Payer, Share

_PLAIN = ("token_hash", "job_id", "owner", "shows_page", "created_at", "expires_at", "used_at", "used_by", "revoked_at")
_BY_TOKEN = select(shares).where(shares.c.token_hash == bindparam("wanted"))
_OF_JOB = select(shares).where(shares.c.job_id == bindparam("wanted")).order_by(shares.c.id.desc())
_OPEN = (shares.c.used_at.is_(None), shares.c.revoked_at.is_(None))
_GRANTED = (
    select(delegations)
    .where(delegations.c.owner_folded == bindparam("wanted"))
    .order_by(delegations.c.of_group, delegations.c.delegate_folded)
)
_TO_USER = (delegations.c.delegate_folded == bindparam("user")) & delegations.c.of_group.is_(False)
_TO_GROUPS = delegations.c.delegate_folded.in_(bindparam("groups", expanding=True)) & delegations.c.of_group.is_(True)
_RECEIVED = select(delegations).where(or_(_TO_USER, _TO_GROUPS)).order_by(delegations.c.owner_folded, delegations.c.id)
_RECEIVED_ALONE = select(delegations).where(_TO_USER).order_by(delegations.c.owner_folded, delegations.c.id)


class SqlShareStore:
    """gateway.services.ports.ShareStore and DelegationStore; their promises are written and tested there."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    # -- links

    async def add_share(self, share: Share) -> Share:
        row = as_object(share, _PLAIN) | {"payer": share.payer.value}
        statement = insert(shares).values(row)

        def work(connection: Connection) -> int:
            return _new_id(connection.execute(statement).inserted_primary_key)

        return replace(share, id=await self._transactions.write(work))

    async def share_by_token(self, token_hash: str) -> Share | None:
        found = await self._shares(_BY_TOKEN, token_hash)
        return found[0] if found else None

    async def shares_of(self, job_id: int) -> list[Share]:
        return await self._shares(_OF_JOB, job_id)

    async def use_share(self, share_id: int, *, by: str, at: float) -> bool:
        live = or_(shares.c.expires_at.is_(None), shares.c.expires_at > at)
        return await self._changed(update(shares).where(shares.c.id == share_id, *_OPEN, live), used_at=at, used_by=by)

    async def give_share_back(self, share_id: int) -> None:
        await self._changed(update(shares).where(shares.c.id == share_id), used_at=None, used_by="")

    async def revoke_share(self, share_id: int, *, job_id: int, at: float) -> bool:
        mine = update(shares).where(shares.c.id == share_id, shares.c.job_id == job_id, *_OPEN)
        return await self._changed(mine, revoked_at=at)

    async def purge_shares(self, *, before: float, limit: int = 500) -> int:
        old = select(shares.c.id).where(shares.c.created_at <= before).order_by(shares.c.created_at).limit(limit)
        statement = delete(shares).where(shares.c.id.in_(old))
        return await self._transactions.write(lambda connection: connection.execute(statement).rowcount)

    # -- delegations

    async def save_delegation(self, delegation: Delegation) -> Delegation:
        row = _delegation_row(delegation)
        same = [delegations.c[name] == row[name] for name in ("owner_folded", "of_group", "delegate_folded")]

        def work(connection: Connection) -> int:
            known = connection.execute(select(delegations.c.id).where(*same)).scalar_one_or_none()
            if known is None:
                return _new_id(connection.execute(insert(delegations).values(row)).inserted_primary_key)
            connection.execute(update(delegations).where(delegations.c.id == known).values(row))
            return int(known)

        return replace(delegation, id=await self._transactions.write(work))

    async def delegations_of(self, owner: str) -> list[Delegation]:
        return await self._delegations(_GRANTED, {"wanted": fold(owner)})

    async def delegations_to(self, user: str, groups: tuple[str, ...]) -> list[Delegation]:
        if not groups:
            return await self._delegations(_RECEIVED_ALONE, {"user": fold(user)})
        return await self._delegations(_RECEIVED, {"user": fold(user), "groups": [fold(group) for group in groups]})

    async def delete_delegation(self, delegation_id: int, owner: str) -> bool:
        mine = (delegations.c.id == delegation_id, delegations.c.owner_folded == fold(owner))
        statement = delete(delegations).where(*mine)
        return await self._transactions.write(lambda connection: connection.execute(statement).rowcount == 1)

    async def delete_delegations_of(self, user: str) -> int:
        statement = delete(delegations).where(of_user(user))
        return await self._transactions.write(lambda connection: connection.execute(statement).rowcount)

    # -- within

    async def _shares(self, statement: Any, wanted: object) -> list[Share]:
        def work(connection: Connection) -> list[Share]:
            return [_share_of(row) for row in connection.execute(statement, {"wanted": wanted}).mappings()]

        return await self._transactions.read(work)

    async def _delegations(self, statement: Any, values: dict[str, Any]) -> list[Delegation]:
        def work(connection: Connection) -> list[Delegation]:
            return [_delegation_of(row) for row in connection.execute(statement, values).mappings()]

        return await self._transactions.read(work)

    async def _changed(self, statement: Any, **values: Any) -> bool:
        changing = statement.values(values)
        return await self._transactions.write(lambda connection: bool(connection.execute(changing).rowcount == 1))


def _new_id(key: Sequence[Any] | None) -> int:
    assert key is not None
    return int(key[0])


def _share_of(row: RowMapping) -> Share:
    return Share(**{name: row[name] for name in _PLAIN}, id=row["id"], payer=Payer(row["payer"]))


def _delegation_row(delegation: Delegation) -> dict[str, Any]:
    return {
        "owner": delegation.owner,
        "owner_folded": fold(delegation.owner),
        "delegate": delegation.delegate,
        "delegate_folded": fold(delegation.delegate),
        "of_group": delegation.group,
        "rights": dump_texts(tuple(sorted(right.value for right in delegation.rights))),
        "created_at": delegation.created_at,
    }


def _delegation_of(row: RowMapping) -> Delegation:
    return Delegation(
        id=row["id"],
        owner=row["owner"],
        delegate=row["delegate"],
        group=row["of_group"],
        rights=frozenset(Right(text) for text in load_texts(row["rights"])),
        created_at=row["created_at"],
    )
