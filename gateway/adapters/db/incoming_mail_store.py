"""Mails on SQLite and PostgreSQL: each method is one transaction."""

from collections.abc import Callable
from dataclasses import asdict, fields, replace
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, RowMapping, bindparam, delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from gateway.adapters.db.incoming_mail_tables import OPEN, mails
from gateway.adapters.db.json_values import dump, load
from gateway.adapters.db.transactions import Transactions
from gateway.domain.letter import folded
from gateway.domain.mail import Envelope, Mail, MailFile, MailStanding, MailState
from gateway.errors import NotFound

_COLUMNS = ("due_at", "received_at", "replied_at", "object_id", "key", "claimed_by", "claimed_until", "digest")
_IN_DETAILS = tuple(
    f.name for f in fields(Mail) if f.name not in {*_COLUMNS, "id", "uuid", "state", "envelope", "files"}
)
_ENDED = (MailState.DONE.value, MailState.REFUSED.value)
_BY_ID = select(mails).where(mails.c.id == bindparam("wanted"))
_LOCKED = _BY_ID.with_for_update()
_BY_DIGEST = select(mails).where(mails.c.digest == bindparam("wanted"))
_free = or_(mails.c.claimed_until.is_(None), mails.c.claimed_until <= bindparam("now"))
_DUE = (
    select(mails)
    .where(OPEN, mails.c.due_at <= bindparam("now"), _free)
    .order_by(mails.c.due_at, mails.c.id)
    .limit(bindparam("row_limit"))
    .with_for_update(skip_locked=True)
)
_WAITS = select(mails.c.id).where(OPEN, mails.c.due_at <= bindparam("now"), _free).limit(1)
_LAST_REPLY = select(func.max(mails.c.replied_at)).where(mails.c.from_folded == bindparam("wanted"))
_UNANSWERED = select(func.count(), func.min(mails.c.received_at)).where(OPEN, mails.c.replied_at.is_(None))
_RECENT = select(mails.c.state, func.count()).where(mails.c.received_at >= bindparam("since")).group_by(mails.c.state)
_EXPIRED = (
    select(mails)
    .where(mails.c.state == MailState.ASKED.value, mails.c.received_at < bindparam("before"))
    .order_by(mails.c.id)
    .limit(bindparam("row_limit"))
)
_OLD = (
    select(mails.c.id)
    .where(mails.c.received_at < bindparam("before"), mails.c.state.in_(_ENDED))
    .order_by(mails.c.received_at)
    .limit(bindparam("row_limit"))
)


class SqlMailStore:
    """gateway.services.ports.MailStore; its promises are written and tested there."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    async def add(self, mail: Mail) -> Mail:
        return await self._transactions.write(lambda connection: _add(connection, mail))

    async def mail(self, mail_id: int) -> Mail | None:
        return await self._transactions.read(lambda connection: _one(connection, _BY_ID, mail_id))

    async def claim(self, worker: str, *, now: float, lease: float, limit: int) -> list[Mail]:
        def work(connection: Connection) -> list[Mail]:
            rows = connection.execute(_DUE, {"now": now, "row_limit": limit}).mappings().all()
            claimed = [replace(_mail_of(row), claimed_by=worker, claimed_until=now + lease) for row in rows]
            if claimed:
                connection.execute(
                    update(mails)
                    .where(mails.c.id.in_([mail.id for mail in claimed]))
                    .values(claimed_by=worker, claimed_until=now + lease)
                )
            return claimed

        def due(connection: Connection) -> bool:
            return connection.execute(_WAITS, {"now": now}).first() is not None

        if not await self._transactions.read(due):  # looking costs no disk; most looks find nothing
            return []
        return await self._transactions.write(work)

    async def change(self, mail_id: int, change: Callable[[Mail], Mail | None]) -> Mail:
        def work(connection: Connection) -> Mail:
            before = _one(connection, _LOCKED, mail_id)
            if before is None:
                raise NotFound("This mail is not known any more.")
            after = change(before)
            if after is None:
                return before
            after = replace(after, id=before.id)
            connection.execute(update(mails).where(mails.c.id == before.id).values(_row(after)))
            return after

        return await self._transactions.write(work)

    async def release_claims(self) -> int:
        statement = update(mails).where(mails.c.claimed_by.isnot(None)).values(claimed_by=None, claimed_until=None)
        return await self._transactions.write(lambda connection: connection.execute(statement).rowcount)

    async def last_reply(self, sender: str) -> float | None:
        values = {"wanted": folded(sender)}

        def work(connection: Connection) -> float | None:
            found: float | None = connection.execute(_LAST_REPLY, values).scalar_one()
            return found

        return await self._transactions.read(work)

    async def recent(self, *, limit: int = 100) -> list[Mail]:
        statement = select(mails).order_by(mails.c.id.desc()).limit(limit)
        return await self._transactions.read(lambda connection: _many(connection, statement, {}))

    async def standing(self, *, since: float) -> MailStanding:
        def work(connection: Connection) -> MailStanding:
            waiting, oldest = connection.execute(_UNANSWERED).one()
            recent = {MailState(state): count for state, count in connection.execute(_RECENT, {"since": since})}
            return MailStanding(waiting=waiting, oldest_at=oldest, recent=recent)

        return await self._transactions.read(work)

    async def spool_objects(self) -> frozenset[str]:
        statement = select(mails.c.object_id).where(mails.c.object_id.isnot(None))
        return await self._transactions.read(lambda connection: frozenset(connection.execute(statement).scalars()))

    async def expired(self, *, received_before: float, limit: int = 200) -> list[Mail]:
        values = {"before": received_before, "row_limit": limit}
        return await self._transactions.read(lambda connection: _many(connection, _EXPIRED, values))

    async def purge_mails(self, *, before: float, limit: int = 500) -> int:
        def work(connection: Connection) -> int:
            ids = list(connection.execute(_OLD, {"before": before, "row_limit": limit}).scalars())
            if ids:
                connection.execute(delete(mails).where(mails.c.id.in_(ids)))
            return len(ids)

        return await self._transactions.write(work)


def _add(connection: Connection, mail: Mail) -> Mail:
    """Two at once: the constraint decides, in a savepoint, so that the transaction goes on."""
    known = _one(connection, _BY_DIGEST, mail.digest)
    if known is not None:
        return known
    try:
        with connection.begin_nested():
            result = connection.execute(insert(mails).returning(mails.c.id), _row(mail)).scalar_one()
    except IntegrityError:
        known = _one(connection, _BY_DIGEST, mail.digest)
        if known is None:
            raise
        return known
    return replace(mail, id=result)


def _one(connection: Connection, statement: Any, wanted: int | str) -> Mail | None:
    row = connection.execute(statement, {"wanted": wanted}).mappings().one_or_none()
    return None if row is None else _mail_of(row)


def _many(connection: Connection, statement: Any, values: dict[str, Any]) -> list[Mail]:
    return [_mail_of(row) for row in connection.execute(statement, values).mappings()]


def _row(mail: Mail) -> dict[str, Any]:
    details = {name: getattr(mail, name) for name in _IN_DETAILS}
    details["envelope"] = asdict(mail.envelope)
    details["files"] = [asdict(file) for file in mail.files]
    owner = mail.owner or mail.envelope.user  # whoever signed in, before anybody has read it
    return {name: getattr(mail, name) for name in _COLUMNS} | {
        "uuid": str(mail.uuid),
        "state": mail.state.value,
        "from_folded": folded(mail.from_address),
        "owner_folded": owner.casefold() if owner else None,
        "details": dump(details),
    }


def _mail_of(row: RowMapping) -> Mail:
    details = load(row["details"])
    envelope = {name: _tupled(value) for name, value in details.pop("envelope").items()}
    files = tuple(MailFile(**file) for file in details.pop("files"))
    return Mail(
        id=row["id"],
        uuid=UUID(row["uuid"]),
        state=MailState(row["state"]),
        envelope=Envelope(**envelope),
        files=files,
        **{name: row[name] for name in _COLUMNS},
        **{name: _tupled(value) for name, value in details.items()},
    )


def _tupled(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
