"""Everything that rows tell of one person: handed over section by section, and forgotten in one transaction."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Connection, Integer, Table, and_, delete, false, func, or_, select, update

from gateway.adapters.db.copier_tables import copier_sessions
from gateway.adapters.db.credential_tables import app_passwords, identities, passkeys
from gateway.adapters.db.credit_tables import balances, credit_entries
from gateway.adapters.db.incoming_mail_tables import mails
from gateway.adapters.db.mail_tables import outbox
from gateway.adapters.db.personal_tables import (
    access_log,
    card_notes,
    mail_addresses,
    notices,
    preferences,
)
from gateway.adapters.db.phone_tables import personal_queues, phones, push_subscriptions
from gateway.adapters.db.project_tables import project_habits, project_holders
from gateway.adapters.db.registration_tables import registrations
from gateway.adapters.db.role_store import forget_roles
from gateway.adapters.db.share_tables import delegations, shares
from gateway.adapters.db.subscription_tables import ipp_subscriptions
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
from gateway.adapters.db.webhook_tables import webhook_deliveries
from gateway.domain.letter import folded
from gateway.domain.user import User
from gateway.domain.webhook import without_person

BODIES = 1000  # of webhooks, which are read to find whom they tell of
CHUNK = 20_000  # rows looked at in one transaction where no index leads to a person: others write in between
# Hashes tell a person nothing, and a copy of them is one more to guess at; folded columns repeat others.
_NEVER = frozenset(
    {"csrf", "pin_lookup", "lookup", "searched", "public_key", "credential", "key", "idempotency_key", "given"}
)
_JSON = frozenset(
    {
        "values",
        "began",
        "counts",
        "ticket",
        "documents",
        "printable",
        "thumbnails",
        "notes",
        "reasons",
        "groups",
        "extra",
        "facts",
        "details",
        "events",
    }
)

_SUMS = frozenset({"amount", "balance", "overdraft", "reserved"})  # of money, where they are whole numbers

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


def _addressed(user: User, column: ColumnElement[str]) -> ColumnElement[bool]:
    """Rows of any address of theirs."""
    mine = select(mail_addresses.c.address_folded).where(mail_addresses.c.user_uuid == str(user.uuid))
    direct = column == folded(user.email) if user.email else false()
    return or_(column.in_(mine), direct)


def _letters_to(user: User) -> ColumnElement[bool]:
    return _addressed(user, outbox.c.to_folded)


def _mails_of(user: User) -> ColumnElement[bool]:
    """From an address of theirs, or signed in for; also one that nobody was asked about yet."""
    return or_(_addressed(user, mails.c.from_folded), mails.c.owner_folded == user.name.casefold())


def _registered(user: User) -> ColumnElement[bool]:
    return registrations.c.email_folded == folded(user.email) if user.email else false()


_SECTIONS: dict[str, _Section] = {
    "account": _Section(table=users, whose=lambda user: users.c.uuid == str(user.uuid)),
    "preferences": _Section(table=preferences, whose=_by_uuid(preferences)),
    "addresses": _Section(table=mail_addresses, whose=_by_uuid(mail_addresses)),
    "cards": _Section(table=card_notes, whose=_by_uuid(card_notes), without=frozenset({"card"})),
    "passkeys": _Section(table=passkeys, whose=_by_uuid(passkeys)),
    "linked-accounts": _Section(table=identities, whose=_by_uuid(identities)),
    "app-passwords": _Section(table=app_passwords, whose=_by_uuid(app_passwords)),
    "registration": _Section(table=registrations, whose=_registered),
    "sessions": _Section(table=sessions, whose=_by_owner(sessions, "user_folded")),
    "phones": _Section(table=phones, whose=_by_uuid(phones), without=frozenset({"token", "previous"})),
    "personal-queues": _Section(table=personal_queues, whose=_by_uuid(personal_queues)),
    "push": _Section(
        table=push_subscriptions, whose=_by_uuid(push_subscriptions), without=frozenset({"auth", "p256dh"})
    ),
    "event-subscriptions": _Section(
        table=ipp_subscriptions, whose=_by_owner(ipp_subscriptions, "user_folded"), without=frozenset({"user_data"})
    ),
    "delegations": _Section(table=delegations, whose=_delegated),
    "shared-links": _Section(table=shares, whose=lambda user: shares.c.owner == user.name),
    "jobs": _Section(table=jobs, whose=_by_owner(jobs), without=frozenset({"unlocking"})),
    "job-history": _Section(table=job_records, whose=_records_of),
    "copier": _Section(table=copier_sessions, whose=_by_owner(copier_sessions)),
    "receipts": _Section(table=receipts, whose=_by_owner(receipts)),
    "credit": _Section(table=balances, whose=_by_owner(balances), without=frozenset({"low"})),
    "credit-entries": _Section(table=credit_entries, whose=_by_owner(credit_entries)),
    "submissions": _Section(table=intake_attempts, whose=lambda user: intake_attempts.c.owner == user.name),
    "uploads": _Section(table=uploads, whose=lambda user: uploads.c.owner == user.name, without=frozenset({"pieces"})),
    "notices": _Section(table=notices, whose=_by_uuid(notices)),
    "letters": _Section(table=outbox, whose=_letters_to, without=frozenset({"values", "claimed_by", "claimed_until"})),
    "mails": _Section(
        table=mails,
        whose=_mails_of,
        without=frozenset({"digest", "object_id", "due_at", "claimed_by", "claimed_until"}),
    ),
    "projects": _Section(table=project_habits, whose=_by_uuid(project_habits)),
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
        await self._rename(credit_entries, "by", user, {"by": pseudonym})
        gone = {"owner": pseudonym, "document_name": "", "requested_name": "", "address": "", "text": "", "extra": "{}"}
        await self._rename(intake_attempts, "owner", user, gone)
        await self._forget_deliveries(user, pseudonym)

    async def _forget_deliveries(self, user: User, pseudonym: str) -> None:
        """What webhooks still wait to be told, and what they were told and is kept, says nothing of the person."""
        newest = select(func.max(webhook_deliveries.c.id))
        last = await self._transactions.read(lambda connection: connection.execute(newest).scalar_one_or_none())
        for begin in range(0, (last or 0) + 1, BODIES):
            await self._transactions.write(
                lambda connection, first=begin: _forget_bodies(connection, user.name, pseudonym, first)  # type: ignore[misc]  # reason: the default binds the loop's value
            )

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
        if name in _SUMS and isinstance(value, int):
            told[name] = f"{Decimal(value) / 1000}"
        else:
            told[name] = json.loads(value) if name in _JSON and value else value
    return told


def _erase(connection: Connection, user: User, pseudonym: str, *, keep_name: bool) -> None:
    name = user.name.casefold()
    connection.execute(delete(outbox).where(_letters_to(user)))
    connection.execute(delete(mails).where(_mails_of(user)))  # a message whose key went with its row is unreadable
    connection.execute(delete(registrations).where(_registered(user)))
    _forget_jobs(connection, user, pseudonym)
    connection.execute(update(credit_entries).where(credit_entries.c.owner_folded == name).values(text=""))
    connection.execute(update(jobs).where(jobs.c.reserved_for == name).values(reserved_for=pseudonym.casefold()))
    for table in (receipts, copier_sessions, balances, credit_entries):
        connection.execute(
            update(table).where(table.c.owner_folded == name).values(owner=pseudonym, owner_folded=pseudonym.casefold())
        )
    # What a project comes to stays; what the person wrote for its bill does not.
    connection.execute(update(receipts).where(receipts.c.owner_folded == pseudonym.casefold()).values(comment=""))
    named = (project_holders.c.holder_folded == name, project_holders.c.of_group.is_(False))
    connection.execute(delete(project_holders).where(*named))
    for table in (sessions, ipp_subscriptions):
        connection.execute(delete(table).where(table.c.user_folded == name))
    connection.execute(delete(delegations).where(_delegated(user)))
    forget_roles(connection, user.name)
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
            ticket="{}",  # stamps and comments are the person's words
            idempotency_key=None,
            version=jobs.c.version + 1,
        )
    )
    for column in (jobs.c.released_by, jobs.c.charged_to):
        connection.execute(update(jobs).where(column == user.name).values({column.name: pseudonym}))


def _forget_bodies(connection: Connection, name: str, pseudonym: str, first: int) -> None:
    rows = webhook_deliveries.c
    these = select(rows.id, rows.body).where(rows.id >= first, rows.id < first + BODIES)
    for number, body in connection.execute(these).all():
        left = without_person(body, name, pseudonym)
        if left is not None:
            changed = update(webhook_deliveries).where(rows.id == number)
            connection.execute(changed.values(body=left, answer=""))


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
        "department": "",
        "cost_centre": "",
        "language": "",
        "source": "",
        "external_id": "",
        "given": "{}",
        "version": version,
    }
