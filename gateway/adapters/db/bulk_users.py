"""Rows of users by the hundred, on SQLite and PostgreSQL: all that can be is written in one go, the rest one by one."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, and_, bindparam, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from gateway.adapters.db.copier_tables import copier_sessions
from gateway.adapters.db.credit_rows import rename_credit
from gateway.adapters.db.house_tables import memberships, role_grants
from gateway.adapters.db.personal_tables import access_log, mail_addresses
from gateway.adapters.db.role_store import membership_rows, raise_mark
from gateway.adapters.db.share_tables import delegations, shares
from gateway.adapters.db.tables import cards, jobs, receipts, sessions, users
from gateway.adapters.db.transactions import Transactions
from gateway.adapters.db.user_rows import read_users, user_row
from gateway.domain.letter import folded
from gateway.domain.user import User
from gateway.errors import Conflict
from gateway.services.ports import Holder, UserChange

_OF_SOURCE = (
    select(users)
    .where(users.c.source == bindparam("source"), users.c.source != "", users.c.external_id > bindparam("after"))
    .order_by(users.c.external_id)
    .limit(bindparam("row_limit"))
)
_BY_NAMES = select(users).where(users.c.name_folded.in_(bindparam("wanted", expanding=True)))
_BY_UUIDS = select(users).where(users.c.uuid.in_(bindparam("wanted", expanding=True)))
_BY_PINS = select(users.c.pin_lookup, users.c.uuid, users.c.name).where(
    users.c.pin_lookup.in_(bindparam("wanted", expanding=True))
)
_BY_CARDS = (
    select(cards.c.card, users.c.uuid, users.c.name)
    .join(users, users.c.uuid == cards.c.user_uuid)
    .where(cards.c.card.in_(bindparam("wanted", expanding=True)))
)
_WITHOUT_PIN = (
    select(users)
    .where(
        users.c.source == bindparam("source"),
        users.c.source != "",
        users.c.pin_lookup.is_(None),
        users.c.email.is_not(None),
        users.c.disabled.is_(False),
    )
    .order_by(users.c.external_id)
    .limit(bindparam("row_limit"))
)
_CHUNK = 400  # values in one statement: SQLite takes 32,766, and a plan for ever new lengths is none


class SqlUserRows:
    """gateway.services.ports.UserRows; its promises are written and tested there."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    async def of_source(self, source: str, *, after: str = "", limit: int = 2000) -> list[User]:
        values = {"source": source, "after": after, "row_limit": limit}
        return await self._transactions.read(lambda connection: read_users(connection, _OF_SOURCE, values))

    async def by_names(self, names: Sequence[str]) -> list[User]:
        return await self._all(_BY_NAMES, [name.casefold() for name in names])

    async def by_uuids(self, uuids: Sequence[UUID]) -> list[User]:
        return await self._all(_BY_UUIDS, [str(uuid) for uuid in uuids])

    async def holders(self, *, cards: Sequence[str], pins: Sequence[str]) -> dict[str, Holder]:
        def work(connection: Connection) -> dict[str, Holder]:
            found: dict[str, Holder] = {}
            for statement, wanted in ((_BY_CARDS, cards), (_BY_PINS, pins)):
                for part in _parts(list(wanted)):
                    for secret, uuid, name in connection.execute(statement, {"wanted": part}):
                        found[secret] = Holder(uuid=UUID(uuid), name=name)
            return found

        return await self._transactions.read(work)

    async def save_users(self, changes: Sequence[UserChange]) -> list[UserChange]:
        return await self._transactions.write(lambda connection: _save_all(connection, list(changes)))

    async def without_pin(self, source: str, *, limit: int = 100) -> list[User]:
        values = {"source": source, "row_limit": limit}
        return await self._transactions.read(lambda connection: read_users(connection, _WITHOUT_PIN, values))

    async def _all(self, statement: Any, wanted: list[str]) -> list[User]:
        def work(connection: Connection) -> list[User]:
            return [user for part in _parts(wanted) for user in read_users(connection, statement, {"wanted": part})]

        return await self._transactions.read(work)


def _parts(values: list[str]) -> list[list[str]]:
    return [values[begin : begin + _CHUNK] for begin in range(0, len(values), _CHUNK)]


def _save_all(connection: Connection, changes: list[UserChange]) -> list[UserChange]:
    if _saved(connection, changes):
        return []
    return [change for change in changes if not _saved(connection, [change])]


def _saved(connection: Connection, changes: list[UserChange]) -> bool:
    """All of them, or nothing and False."""
    try:
        with connection.begin_nested():
            _write(connection, changes)
    except (IntegrityError, Conflict):
        return False
    return True


def _write(connection: Connection, changes: list[UserChange]) -> None:
    added = [user_row(change.after) | {"version": 1} for change in changes if change.before is None]
    if added:
        connection.execute(insert(users), added)
    changed = [(change.before, change.after) for change in changes if change.before is not None]
    for before, after in changed:
        _update(connection, before, after)
    _write_cards(connection, changes)
    _write_memberships(connection, changes)
    _write_addresses(connection, changes)
    gone = [change.after.name.casefold() for change in changes if change.after.disabled]
    for part in _parts(gone):
        connection.execute(delete(sessions).where(sessions.c.user_folded.in_(part)))


def _update(connection: Connection, before: User, after: User) -> None:
    mine = and_(users.c.uuid == str(after.uuid), users.c.version == before.version)
    row = user_row(after) | {"version": before.version + 1}
    if connection.execute(update(users).where(mine).values(row)).rowcount != 1:
        raise Conflict(f"{before.name} was changed by somebody else.")
    if before.name != after.name:
        _rename(connection, before.name, after.name)


def _write_cards(connection: Connection, changes: list[UserChange]) -> None:
    """Only where they differ: most runs change none."""
    differing = [one for one in changes if one.after.cards != (one.before.cards if one.before else ())]
    had = [str(change.after.uuid) for change in differing if change.before is not None]
    for part in _parts(had):
        connection.execute(delete(cards).where(cards.c.user_uuid.in_(part)))
    rows = [
        {"card": card, "user_uuid": str(change.after.uuid), "number": number}
        for change in differing
        for number, card in enumerate(dict.fromkeys(change.after.cards))
    ]
    if rows:
        connection.execute(insert(cards), rows)


def _write_memberships(connection: Connection, changes: list[UserChange]) -> None:
    """Only where groups or the name differ; nobody has any yet who is new."""
    differing = [one for one in changes if one.before is None or _groups(one.before) != _groups(one.after)]
    had = [str(change.after.uuid) for change in differing if change.before is not None]
    for part in _parts(had):
        connection.execute(delete(memberships).where(memberships.c.user_uuid.in_(part)))
    rows = [row for change in differing for row in membership_rows(change.after)]
    if rows:
        connection.execute(insert(memberships), rows)


def _groups(user: User) -> tuple[str, tuple[str, ...]]:
    return user.name, user.groups


def _write_addresses(connection: Connection, changes: list[UserChange]) -> None:
    rows = []
    for change in changes:
        had = change.before.given.addresses if change.before else ()
        gone = [folded(one) for one in had if one not in change.after.given.addresses]
        if gone:
            mine = (mail_addresses.c.user_uuid == str(change.after.uuid), mail_addresses.c.address_folded.in_(gone))
            connection.execute(delete(mail_addresses).where(*mine))
        rows += [
            {
                "address_folded": folded(one),
                "user_uuid": str(change.after.uuid),
                "address": one,
                "added_at": change.after.created_at,
            }
            for one in change.after.given.addresses
            if one not in had
        ]
    if rows:
        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        connection.execute(dialect.insert(mail_addresses).on_conflict_do_nothing(), rows)


def _rename(connection: Connection, old: str, new: str) -> None:
    """What belongs to a person goes with the person: whoever gets the old name next inherits nothing."""
    folded_names = {"old": old.casefold(), "new": new.casefold()}
    owned = jobs.c.owner_folded == folded_names["old"]
    values: dict[str, Any] = {"owner": new, "owner_folded": folded_names["new"]}
    connection.execute(update(jobs).where(owned).values(**values, version=jobs.c.version + 1))
    connection.execute(update(jobs).where(jobs.c.charged_to == old).values(charged_to=new, version=jobs.c.version + 1))
    for table in (receipts, copier_sessions, access_log):
        connection.execute(update(table).where(table.c.owner_folded == folded_names["old"]).values(values))
    rename_credit(connection, old, new)
    connection.execute(update(shares).where(shares.c.owner == old).values(owner=new))
    given = (delegations.c.delegate_folded == folded_names["old"]) & delegations.c.of_group.is_(False)
    connection.execute(update(delegations).where(given).values(delegate=new, delegate_folded=folded_names["new"]))
    connection.execute(update(delegations).where(delegations.c.owner_folded == folded_names["old"]).values(values))
    mine = (role_grants.c.holder_folded == folded_names["old"], role_grants.c.of_group.is_(False))
    connection.execute(update(role_grants).where(*mine).values(holder=new, holder_folded=folded_names["new"]))
    raise_mark(connection)
    connection.execute(delete(sessions).where(sessions.c.user_folded == folded_names["old"]))
