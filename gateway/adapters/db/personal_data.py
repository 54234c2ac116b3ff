"""Everything that rows tell of one person: handed over section by section, and forgotten in one transaction."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Integer, Table, and_, delete, false, func, or_, select, update

from gateway.adapters.db.credential_tables import app_passwords, identities, passkeys
from gateway.adapters.db.mail_tables import outbox
from gateway.adapters.db.personal_tables import (
    access_log,
    card_notes,
    mail_addresses,
    notices,
    preferences,
)
from gateway.adapters.db.share_tables import delegations, shares
from gateway.adapters.db.tables import (
    intake_attempts,
    job_records,
    jobs,
    metadata,
    receipts,
    sessions,
    users,
)
from gateway.adapters.db.transactions import Transactions
from gateway.adapters.db.upload_tables import uploads
from gateway.domain.letter import folded
from gateway.domain.user import User

CHUNK = 20_000  # rows looked at in one transaction where no index leads to a person: others write in between
# Hashes tell a person nothing, and a copy of them is one more to guess at; folded columns repeat others.
_NEVER = frozenset({"csrf", "pin_lookup", "lookup", "searched", "public_key", "credential", "key", "idempotency_key"})
_JSON = frozenset(
    {"values", "ticket", "documents", "printable", "thumbnails", "notes", "reasons", "groups", "extra", "facts"}
)

Whose = Callable[[User], ColumnElement[bool]]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Section:
    table: Table
    whose: Whose
    without: frozenset[str] = frozenset()


def _by_uuid(table: Table) -> Whose:
    return lambda user: table.c.user_uuid == str(user.uuid)


def _by_owner(table: Table, column: str = "owner_folded") -> Whose:
    return lambda user: table.c[column] == user.name.casefold()


def _delegated(user: User) -> ColumnElement[bool]:
    to_me = and_(delegations.c.delegate_folded == user.name.casefold(), delegations.c.of_group.is_(False))
    return or_(delegations.c.owner_folded == user.name.casefold(), to_me)


def _records_of(user: User) -> ColumnElement[bool]:
    own = select(jobs.c.id).where(jobs.c.owner_folded == user.name.casefold())
    return job_records.c.job_id.in_(own)


def _letters_to(user: User) -> ColumnElement[bool]:
    mine = select(mail_addresses.c.address_folded).where(mail_addresses.c.user_uuid == str(user.uuid))
    direct = outbox.c.to_folded == folded(user.email) if user.email else false()
    return or_(outbox.c.to_folded.in_(mine), direct)


_SECTIONS: dict[str, _Section] = {
    "account": _Section(table=users, whose=lambda user: users.c.uuid == str(user.uuid)),
    "preferences": _Section(table=preferences, whose=_by_uuid(preferences)),
    "addresses": _Section(table=mail_addresses, whose=_by_uuid(mail_addresses)),
    "cards": _Section(table=card_notes, whose=_by_uuid(card_notes), without=frozenset({"card"})),
    "passkeys": _Section(table=passkeys, whose=_by_uuid(passkeys)),
    "linked-accounts": _Section(table=identities, whose=_by_uuid(identities)),
    "app-passwords": _Section(table=app_passwords, whose=_by_uuid(app_passwords)),
    "sessions": _Section(table=sessions, whose=_by_owner(sessions, "user_folded")),
    "delegations": _Section(table=delegations, whose=_delegated),
    "shared-links": _Section(table=shares, whose=lambda user: shares.c.owner == user.name),
    "jobs": _Section(table=jobs, whose=_by_owner(jobs), without=frozenset({"unlocking"})),
    "job-history": _Section(table=job_records, whose=_records_of),
    "receipts": _Section(table=receipts, whose=_by_owner(receipts)),
    "submissions": _Section(table=intake_attempts, whose=lambda user: intake_attempts.c.owner == user.name),
    "uploads": _Section(table=uploads, whose=lambda user: uploads.c.owner == user.name, without=frozenset({"pieces"})),
    "notices": _Section(table=notices, whose=_by_uuid(notices)),
    "letters": _Section(table=outbox, whose=_letters_to, without=frozenset({"values", "claimed_by", "claimed_until"})),
    "access-log": _Section(table=access_log, whose=_by_owner(access_log)),
}


class SqlPersonalData:
    """gateway.services.ports.PersonalData; its promises are written and tested there."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def sections(self) -> Sequence[str]:
        return tuple(_SECTIONS)

    async def page(
        self, section: str, user: User, *, after: int, limit: int
    ) -> tuple[list[dict[str, Any]], int | None]:
        wanted = _SECTIONS[section]
        key = next(iter(wanted.table.primary_key.columns))
        numbered = key.name == "id" and isinstance(key.type, Integer)
        statement = select(wanted.table).where(wanted.whose(user)).order_by(key).limit(limit)
        statement = statement.where(key > after) if numbered else statement.offset(after)

        def work(connection: Connection) -> list[dict[str, Any]]:
            return [dict(row) for row in connection.execute(statement).mappings()]

        rows = await self._transactions.read(work)
        more = len(rows) == limit
        last = int(rows[-1]["id"]) if rows and numbered else after + len(rows)
        return [_told(row, wanted.without) for row in rows], last if more else None

    async def erase(self, user: User, *, pseudonym: str, keep_name: bool) -> None:
        await self._transactions.write(lambda connection: _erase(connection, user, pseudonym, keep_name=keep_name))
        await self._rename(job_records, "by", user, {"by": pseudonym})
        gone = {"owner": pseudonym, "document_name": "", "requested_name": "", "address": "", "text": "", "extra": "{}"}
        await self._rename(intake_attempts, "owner", user, gone)

    async def _rename(self, table: Table, column: str, user: User, values: dict[str, Any]) -> None:
        """In pieces: no index leads from a name to these rows."""
        last = await self._transactions.read(
            lambda connection: connection.execute(select(func.max(table.c.id))).scalar_one_or_none()
        )
        for begin in range(0, (last or 0) + 1, CHUNK):
            these = and_(table.c.id >= begin, table.c.id < begin + CHUNK, table.c[column] == user.name)
            statement = update(table).where(these).values(values)
            await self._transactions.write(lambda connection, todo=statement: connection.execute(todo).rowcount)  # type: ignore[misc]  # reason: the default binds the loop's value


def _told(row: dict[str, Any], without: frozenset[str]) -> dict[str, Any]:
    told = {}
    for name, value in row.items():
        if name in _NEVER or name in without or name.endswith(("_hash", "_folded")):
            continue
        told[name] = json.loads(value) if name in _JSON and value else value
    return told


def _erase(connection: Connection, user: User, pseudonym: str, *, keep_name: bool) -> None:
    name = user.name.casefold()
    connection.execute(delete(outbox).where(_letters_to(user)))
    _forget_jobs(connection, user, pseudonym)
    connection.execute(
        update(receipts)
        .where(receipts.c.owner_folded == name)
        .values(owner=pseudonym, owner_folded=pseudonym.casefold())
    )
    connection.execute(delete(sessions).where(sessions.c.user_folded == name))
    connection.execute(delete(delegations).where(_delegated(user)))
    connection.execute(delete(shares).where(shares.c.owner == user.name))
    connection.execute(delete(uploads).where(uploads.c.owner == user.name))
    connection.execute(delete(access_log).where(access_log.c.owner_folded == name))
    connection.execute(
        update(access_log).where(access_log.c.by_folded == name).values(by=pseudonym, by_folded=pseudonym.casefold())
    )
    for table in metadata.tables.values():
        if "user_uuid" in table.c:
            connection.execute(delete(table).where(table.c.user_uuid == str(user.uuid)))
    kept = user.name if keep_name else pseudonym
    connection.execute(update(users).where(users.c.uuid == str(user.uuid)).values(_nobody(kept, users.c.version + 1)))


def _forget_jobs(connection: Connection, user: User, pseudonym: str) -> None:
    """States, times, pages and sheets stay, under a name that is nobody's."""
    mine = jobs.c.owner_folded == user.name.casefold()
    own = select(jobs.c.id).where(mine)
    connection.execute(update(job_records).where(job_records.c.job_id.in_(own)).values(text=""))
    connection.execute(
        update(jobs)
        .where(mine)
        .values(
            owner=pseudonym,
            owner_folded=pseudonym.casefold(),
            name="",
            name_folded="",
            requested_name="",
            requested_folded="",
            address="",
            message="",
            facts="",
            notes="[]",
            idempotency_key=None,
            version=jobs.c.version + 1,
        )
    )
    for column in (jobs.c.released_by, jobs.c.charged_to):
        connection.execute(update(jobs).where(column == user.name).values({column.name: pseudonym}))


def _nobody(name: str, version: Any) -> dict[str, Any]:
    return {
        "name": name,
        "name_folded": name.casefold(),
        "searched": name.casefold(),
        "full_name": "",
        "email": None,
        "email_folded": None,
        "disabled": True,
        "password_hash": None,
        "pin_hash": None,
        "pin_lookup": None,
        "groups": "[]",
        "version": version,
    }
