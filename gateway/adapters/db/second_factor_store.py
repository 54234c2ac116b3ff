"""Second steps of signing in, on SQLite and PostgreSQL."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Connection, delete, func, insert, select, update

from gateway.adapters.db.second_factor_tables import recovery_codes, second_factors
from gateway.adapters.db.transactions import Transactions
from gateway.domain.second_factor import SecondFactor


class SqlSecondFactorStore:
    """gateway.services.ports.SecondFactorStore; its promises are written and tested there."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    async def factor(self, user: UUID) -> SecondFactor | None:
        def work(connection: Connection) -> SecondFactor | None:
            found = select(second_factors).where(second_factors.c.user_uuid == str(user))
            row = connection.execute(found).one_or_none()
            if row is None:
                return None
            return SecondFactor(
                user=user,
                sealed=row.sealed,
                confirmed=row.confirmed,
                created_at=row.created_at,
                last_step=row.last_step,
            )

        return await self._transactions.read(work)

    async def save_factor(self, factor: SecondFactor) -> None:
        row = {
            "user_uuid": str(factor.user),
            "sealed": factor.sealed,
            "confirmed": factor.confirmed,
            "created_at": factor.created_at,
            "last_step": factor.last_step,
        }

        def work(connection: Connection) -> None:
            connection.execute(delete(second_factors).where(second_factors.c.user_uuid == row["user_uuid"]))
            connection.execute(insert(second_factors), row)

        await self._transactions.write(work)

    async def delete_factor(self, user: UUID) -> bool:
        def work(connection: Connection) -> bool:
            connection.execute(delete(recovery_codes).where(recovery_codes.c.user_uuid == str(user)))
            mine = delete(second_factors).where(second_factors.c.user_uuid == str(user))
            return connection.execute(mine).rowcount == 1

        return await self._transactions.write(work)

    async def use_step(self, user: UUID, step: int) -> bool:
        mine = (second_factors.c.user_uuid == str(user), second_factors.c.last_step < step)
        statement = update(second_factors).where(*mine).values(last_step=step)
        return await self._transactions.write(lambda connection: connection.execute(statement).rowcount == 1)

    async def keep_codes(self, user: UUID, hashes: Sequence[str]) -> None:
        rows = [{"code": hashed, "user_uuid": str(user)} for hashed in hashes]

        def work(connection: Connection) -> None:
            connection.execute(delete(recovery_codes).where(recovery_codes.c.user_uuid == str(user)))
            connection.execute(insert(recovery_codes), rows)

        await self._transactions.write(work)

    async def use_code(self, user: UUID, hashed: str) -> bool:
        mine = (recovery_codes.c.user_uuid == str(user), recovery_codes.c.code == hashed)
        statement = delete(recovery_codes).where(*mine)
        return await self._transactions.write(lambda connection: connection.execute(statement).rowcount == 1)

    async def codes_left(self, user: UUID) -> int:
        statement = select(func.count()).where(recovery_codes.c.user_uuid == str(user))
        return await self._transactions.read(lambda connection: int(connection.execute(statement).scalar_one()))
