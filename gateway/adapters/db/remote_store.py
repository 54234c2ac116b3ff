"""Browsers that may print from outside, on SQLite and PostgreSQL."""

from uuid import UUID

from sqlalchemy import RowMapping, bindparam, delete, insert, select, update

from gateway.adapters.db.remote_tables import remote_browsers
from gateway.adapters.db.transactions import Transactions
from gateway.domain.remote import RemoteBrowser

_ONE = select(remote_browsers).where(remote_browsers.c.id == bindparam("wanted"))
_OF_USER = (
    select(remote_browsers)
    .where(remote_browsers.c.user_uuid == bindparam("wanted"))
    .order_by(remote_browsers.c.created_at.desc(), remote_browsers.c.id)
)
_DELETE = delete(remote_browsers).where(
    remote_browsers.c.id == bindparam("wanted"), remote_browsers.c.user_uuid == bindparam("owner")
)
_SEEN = update(remote_browsers).where(remote_browsers.c.id == bindparam("wanted")).values(seen_at=bindparam("at"))


class SqlRemoteBrowserStore:
    """gateway.services.ports.RemoteBrowserStore; its promises are written and tested there."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    async def add_browser(self, browser: RemoteBrowser) -> None:
        row = {
            "id": browser.id,
            "user_uuid": str(browser.user),
            "name": browser.name,
            "public_key": browser.public_key,
            "created_at": browser.created_at,
            "seen_at": browser.seen_at,
        }
        await self._transactions.write(lambda connection: connection.execute(insert(remote_browsers), row))

    async def browser(self, browser_id: str) -> RemoteBrowser | None:
        row = await self._transactions.read(
            lambda connection: connection.execute(_ONE, {"wanted": browser_id}).mappings().one_or_none()
        )
        return None if row is None else _browser_of(row)

    async def browsers_of(self, user: UUID) -> list[RemoteBrowser]:
        rows = await self._transactions.read(
            lambda connection: connection.execute(_OF_USER, {"wanted": str(user)}).mappings().all()
        )
        return [_browser_of(row) for row in rows]

    async def note_browser_seen(self, browser_id: str, at: float) -> None:
        await self._transactions.write(lambda connection: connection.execute(_SEEN, {"wanted": browser_id, "at": at}))

    async def delete_browser(self, browser_id: str, user: UUID) -> bool:
        values = {"wanted": browser_id, "owner": str(user)}
        return bool(await self._transactions.write(lambda connection: connection.execute(_DELETE, values).rowcount))


def _browser_of(row: RowMapping) -> RemoteBrowser:
    return RemoteBrowser(
        id=row["id"],
        user=UUID(row["user_uuid"]),
        name=row["name"],
        public_key=bytes(row["public_key"]),
        created_at=row["created_at"],
        seen_at=row["seen_at"],
    )
