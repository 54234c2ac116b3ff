"""Values of the whole house on SQLite and PostgreSQL."""

from collections.abc import Collection, Mapping

from sqlalchemy import Connection, delete, select, text

from gateway.adapters.db.house_values_table import house_values
from gateway.adapters.db.transactions import Transactions

_CLAIM = text("INSERT INTO house_values (name, value) VALUES (:name, :value) ON CONFLICT (name) DO NOTHING")
_PUT = text(
    "INSERT INTO house_values (name, value) VALUES (:name, :value) "
    "ON CONFLICT (name) DO UPDATE SET value = excluded.value"
)


class SqlHouseStore:
    """gateway.services.ports.HouseStore; its promises are written and tested there."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    async def values(self) -> dict[str, str]:
        def work(connection: Connection) -> dict[str, str]:
            return {row.name: row.value for row in connection.execute(select(house_values))}

        return await self._transactions.read(work)

    async def put(self, values: Mapping[str, str]) -> None:
        rows = [{"name": name, "value": value} for name, value in values.items()]
        if rows:
            await self._transactions.write(lambda connection: connection.execute(_PUT, rows))

    async def claim(self, name: str, value: str) -> bool:
        row = {"name": name, "value": value}
        return await self._transactions.write(lambda connection: connection.execute(_CLAIM, row).rowcount == 1)

    async def remove(self, names: Collection[str]) -> None:
        gone = delete(house_values).where(house_values.c.name.in_(list(names)))
        await self._transactions.write(lambda connection: connection.execute(gone))
