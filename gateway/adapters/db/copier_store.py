"""Copier sessions on SQLite and PostgreSQL."""

from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, func, insert, select, text, update
from sqlalchemy.exc import IntegrityError

from gateway.adapters.db.copier_tables import copier_sessions
from gateway.adapters.db.credit_rows import post
from gateway.adapters.db.json_values import dump, load
from gateway.adapters.db.tables import receipts
from gateway.adapters.db.transactions import Transactions
from gateway.domain.copier import CopierSession, CopierState, CountedBy, Counter
from gateway.domain.credit import Entry, Rules

c = copier_sessions.c
_ONE = select(copier_sessions).where(c.terminal == bindparam("at"), c.session_key == bindparam("named"))
# Word for word the condition of the index, so that SQLite takes it.
_OPEN = select(copier_sessions).where(text("state = 'open'")).order_by(c.id)
_OWNED = (
    select(copier_sessions)
    .where(c.owner_folded == bindparam("whose"))
    .order_by(c.id.desc())
    .limit(bindparam("row_limit"))
)
_NEWEST_RECEIPT = select(func.coalesce(func.max(receipts.c.id), 0))
_PRINTED = select(func.coalesce(func.sum(receipts.c.impressions), 0)).where(
    receipts.c.id > bindparam("after"), receipts.c.device == bindparam("on_device")
)
_SETTLE = (
    update(copier_sessions)
    .where(c.id == bindparam("this"), c.state == CopierState.OPEN.value)
    .values(state=bindparam("new_state"), counts=bindparam("new_counts"), ended_at=bindparam("at"))
)


class SqlCopierStore:
    """gateway.services.ports.CopierStore; its promises are written and tested there."""

    def __init__(self, transactions: Transactions, rules: Rules) -> None:
        self._transactions = transactions
        self._rules = rules

    async def begin(self, session: CopierSession) -> CopierSession:
        def work(connection: Connection) -> CopierSession:
            row = _row(session) | {"after_receipt": int(connection.execute(_NEWEST_RECEIPT).scalar_one())}
            try:
                with connection.begin_nested():
                    connection.execute(insert(copier_sessions), row)
            except IntegrityError:  # sent twice at once: the first one stands
                pass
            known = {"at": session.terminal, "named": session.key}
            return _session(connection.execute(_ONE, known).mappings().one())

        return await self._transactions.write(work)

    async def session(self, terminal: str, key: str) -> CopierSession | None:
        def work(connection: Connection) -> CopierSession | None:
            row = connection.execute(_ONE, {"at": terminal, "named": key}).mappings().one_or_none()
            return None if row is None else _session(row)

        return await self._transactions.read(work)

    async def open_sessions(self) -> list[CopierSession]:
        return await self._transactions.read(lambda one: [_session(row) for row in one.execute(_OPEN).mappings()])

    async def printed(self, session: CopierSession) -> int:
        values = {"after": session.after_receipt, "on_device": session.device}
        return await self._transactions.read(lambda one: int(one.execute(_PRINTED, values).scalar_one()))

    async def settle(self, session: CopierSession, charge: Entry | None = None) -> bool:
        values = {
            "this": session.id,
            "new_state": session.state.value,
            "new_counts": dump({counter.value: count for counter, count in session.counts.items()}),
            "at": session.ended_at,
        }

        def work(connection: Connection) -> bool:
            settled = connection.execute(_SETTLE, values).rowcount == 1
            if settled and charge is not None:
                post(connection, charge, self._rules)
            return settled

        return await self._transactions.write(work)

    async def sessions_of(self, owner: str, *, limit: int) -> list[CopierSession]:
        values = {"whose": owner.casefold(), "row_limit": limit}
        return await self._transactions.read(
            lambda one: [_session(row) for row in one.execute(_OWNED, values).mappings()]
        )


def _row(session: CopierSession) -> dict[str, Any]:
    return {
        "terminal": session.terminal,
        "session_key": session.key,
        "device": session.device,
        "owner": session.owner,
        "owner_folded": session.owner.casefold(),
        "started_at": session.started_at,
        "ended_at": session.ended_at,
        "counted_by": session.counted_by.value,
        "began": dump({counter.value: count for counter, count in session.began.items()}),
        "state": session.state.value,
        "counts": dump({counter.value: count for counter, count in session.counts.items()}),
    }


def _session(row: RowMapping) -> CopierSession:
    return CopierSession(
        id=row["id"],
        key=row["session_key"],
        terminal=row["terminal"],
        device=row["device"],
        owner=row["owner"],
        started_at=row["started_at"],
        counted_by=CountedBy(row["counted_by"]),
        began=_counters(row["began"]),
        after_receipt=row["after_receipt"],
        state=CopierState(row["state"]),
        counts=_counters(row["counts"]),
        ended_at=row["ended_at"],
    )


def _counters(text_: str) -> dict[Counter, int]:
    return {Counter(name): int(count) for name, count in load(text_).items()}
