"""Projects, who may use them, and what people do with them, on SQLite and PostgreSQL.

A search walks an index for each word that was typed, so that ten thousand projects cost a page of them.
"""

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Connection,
    Double,
    RowMapping,
    Select,
    and_,
    bindparam,
    cast,
    delete,
    func,
    insert,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.exc import IntegrityError

from gateway.adapters.db.planning import count_anew
from gateway.adapters.db.project_tables import project_habits, project_holders, project_words, projects
from gateway.adapters.db.tables import CHARGED, receipts
from gateway.adapters.db.transactions import Transactions
from gateway.domain.project import Habit, Person, Project, Total, words_of
from gateway.errors import Conflict

MOST_KNOWN = 100
PLACES = 6  # of a sum of prices
LAST = "\U0010ffff"  # nothing comes after it

p, h, words, holders = projects.c, project_habits.c, project_words.c, project_holders.c
_ONE = select(projects).where(p.code_folded == bindparam("wanted"))
_HOLDERS = (
    select(project_holders)
    .where(holders.project_uuid.in_(bindparam("uuids", expanding=True)))
    .order_by(holders.project_uuid, holders.holder_folded)
)
_TITLES = select(p.code, p.title).where(p.code.in_(bindparam("codes", expanding=True)))
_MANY = 500  # names in one question
_IMPORT = 500  # projects at once, from which on the database has to count its tables anew


class SqlProjectStore:
    """gateway.services.ports.ProjectStore; its promises are written and tested there."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    async def project(self, code: str) -> Project | None:
        found = await self._transactions.read(lambda c: _read(c, _ONE, {"wanted": code.casefold()}))
        return found[0] if found else None

    async def save_projects(self, several: Sequence[Project]) -> None:
        def work(connection: Connection) -> None:
            for project in several:
                if project.version:
                    _change(connection, project)
            # Written together: a file may bring ten thousand.
            _add(connection, [_row(project) | {"version": 1} for project in several if not project.version])
            for table, rows in ((project_words, _words(several)), (project_holders, _holders(several))):
                if rows:
                    connection.execute(insert(table), rows)
            if len(several) >= _IMPORT:
                count_anew(connection, projects, project_words, project_holders)

        await self._transactions.write(work)

    async def projects(
        self, person: Person, *, text: str = "", now: float | None = None, after: str = "", limit: int = 50
    ) -> list[Project]:
        statement = select(projects).where(p.code_folded > after.casefold(), _usable(person), _open(now))
        for word in text.casefold().split():
            found = select(words.project_uuid).where(words.word >= word, words.word < word + LAST)
            statement = statement.where(p.uuid.in_(found))
        statement = statement.order_by(p.code_folded).limit(limit)
        return await self._transactions.read(lambda connection: _read(connection, statement, {}))

    async def known(self, user: UUID, person: Person, *, now: float) -> list[tuple[Project, Habit]]:
        mine = h.user_uuid == str(user)
        order = (func.coalesce(h.used_at, 0.0).desc(), p.code_folded)
        of_them = select(projects).join(project_habits, h.project_uuid == p.uuid).where(mine, _usable(person))
        statement = of_them.where(_open(now)).order_by(*order).limit(MOST_KNOWN)

        def work(connection: Connection) -> list[tuple[Project, Habit]]:
            found = _read(connection, statement, {})
            habits = connection.execute(select(project_habits).where(mine)).mappings()
            known = {UUID(row["project_uuid"]): _habit(row) for row in habits}
            return [(project, known[project.uuid]) for project in found]

        return await self._transactions.read(work)

    async def mark_favourite(self, user: UUID, project: Project, *, favourite: bool) -> None:
        await self._transactions.write(lambda c: _mark(c, user, project, {"favourite": favourite}))

    async def mark_preset(self, user: UUID, project: Project | None) -> None:
        def work(connection: Connection) -> None:
            of_them = update(project_habits).where(h.user_uuid == str(user), h.preset.is_(True))
            connection.execute(of_them.values(preset=False))
            if project is not None:
                _mark(connection, user, project, {"preset": True})

        await self._transactions.write(work)

    async def mark_used(self, user: UUID, project: Project, *, at: float) -> None:
        await self._transactions.write(lambda c: _mark(c, user, project, {"used_at": at}))

    async def totals(self, since: float, until: float) -> list[Total]:
        r = receipts.c
        statement = (
            select(
                r.project,
                r.currency,
                func.count(r.job_id.distinct()).label("jobs"),
                func.sum(r.impressions).label("impressions"),
                func.sum(r.media_sheets).label("media_sheets"),
                # Amounts are kept as exact texts; a sum of some thousand of them is exact enough in a double.
                func.sum(cast(r.amount, Double)).label("cost"),
            )
            .where(CHARGED, r.at >= since, r.at < until)
            .group_by(r.project, r.currency)
        )

        def work(connection: Connection) -> list[Total]:
            rows = connection.execute(statement).mappings().all()
            titles = _titles(connection, [row["project"] for row in rows])
            return [_total(row, titles.get(row["project"], "")) for row in rows]

        found = await self._transactions.read(work)
        return sorted(found, key=lambda total: (total.code.casefold(), total.currency))


def _usable(person: Person) -> ColumnElement[bool]:
    if person.all:
        return true()
    groups = [group.casefold() for group in person.groups]
    mine = or_(
        and_(holders.holder_folded == person.name.casefold(), holders.of_group.is_(False)),
        and_(holders.holder_folded.in_(groups), holders.of_group.is_(True)),
    )
    return or_(p.everyone.is_(True), p.uuid.in_(select(holders.project_uuid).where(mine)))


def _open(now: float | None) -> ColumnElement[bool]:
    return true() if now is None else and_(p.active.is_(True), or_(p.until.is_(None), p.until > now))


def _read(connection: Connection, statement: Select[Any], values: dict[str, Any]) -> list[Project]:
    rows = connection.execute(statement, values).mappings().all()
    named: dict[str, tuple[list[str], list[str]]] = defaultdict(lambda: ([], []))
    uuids = [row["uuid"] for row in rows if not row["everyone"]]
    for begin in range(0, len(uuids), _MANY):
        for row in connection.execute(_HOLDERS, {"uuids": uuids[begin : begin + _MANY]}).mappings():
            named[row["project_uuid"]][0 if row["of_group"] else 1].append(row["holder"])
    return [_project(row, *named[row["uuid"]]) for row in rows]


def _change(connection: Connection, project: Project) -> None:
    mine = (p.uuid == str(project.uuid), p.version == project.version)
    row = _row(project) | {"version": project.version + 1}
    if connection.execute(update(projects).where(*mine).values(row)).rowcount != 1:
        raise Conflict(f"{project.code} was changed by somebody else. Read it again and repeat the change.")
    for column in (words.project_uuid, holders.project_uuid):
        connection.execute(delete(column.table).where(column == str(project.uuid)))


def _add(connection: Connection, rows: list[dict[str, Any]]) -> None:
    try:
        if rows:
            connection.execute(insert(projects), rows)
    except IntegrityError as error:
        raise Conflict("There is a project with this code already. Read them again and repeat the change.") from error


def _words(several: Sequence[Project]) -> list[dict[str, Any]]:
    return [{"word": word, "project_uuid": str(one.uuid)} for one in several for word in words_of(one.label)]


def _holders(several: Sequence[Project]) -> list[dict[str, Any]]:
    named = [
        (one.uuid, group, {name.casefold(): name for name in names})
        for one in several
        for group, names in ((True, one.groups), (False, one.users))
        if not one.everyone
    ]
    return [
        {"holder_folded": folded, "of_group": group, "project_uuid": str(uuid), "holder": name}
        for uuid, group, names in named
        for folded, name in names.items()
    ]


def _mark(connection: Connection, user: UUID, project: Project, values: dict[str, Any]) -> None:
    mine = (h.user_uuid == str(user), h.project_uuid == str(project.uuid))
    change = update(project_habits).where(*mine).values(values)
    if connection.execute(change).rowcount:
        return
    fresh = {"user_uuid": str(user), "project_uuid": str(project.uuid), "code": project.code}
    row = {"favourite": False, "preset": False, "used_at": None} | fresh | values
    try:
        with connection.begin_nested():
            connection.execute(insert(project_habits), row)
    except IntegrityError:  # a second tap at the same moment was first, or the user is gone
        connection.execute(change)


def _titles(connection: Connection, codes: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for begin in range(0, len(codes), _MANY):
        found |= {row[0]: row[1] for row in connection.execute(_TITLES, {"codes": codes[begin : begin + _MANY]})}
    return found


def _row(project: Project) -> dict[str, Any]:
    return {
        "uuid": str(project.uuid),
        "code": project.code,
        "code_folded": project.code.casefold(),
        "title": project.title,
        "active": project.active,
        "everyone": project.everyone,
        "until": project.until,
        "created_at": project.created_at,
        "version": project.version,
    }


def _project(row: RowMapping, groups: list[str], users: list[str]) -> Project:
    return Project(
        code=row["code"],
        uuid=UUID(row["uuid"]),
        title=row["title"],
        active=row["active"],
        everyone=row["everyone"],
        groups=tuple(groups),
        users=tuple(users),
        until=row["until"],
        created_at=row["created_at"],
        version=row["version"],
    )


def _habit(row: RowMapping) -> Habit:
    return Habit(favourite=row["favourite"], preset=row["preset"], used_at=row["used_at"])


def _total(row: RowMapping, title: str) -> Total:
    return Total(
        code=row["project"],
        title=title,
        jobs=int(row["jobs"]),
        impressions=int(row["impressions"]),
        media_sheets=int(row["media_sheets"]),
        cost=Decimal(str(round(row["cost"] or 0.0, PLACES))),
        currency=row["currency"],
    )
