"""Directories and their runs, on SQLite and PostgreSQL."""

from dataclasses import asdict, fields
from enum import Enum
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, RowMapping, delete, insert, or_, select, update

from gateway.adapters.db.directory_tables import directories, directory_proofs, directory_runs
from gateway.adapters.db.json_values import dump, load
from gateway.adapters.db.saving import save
from gateway.adapters.db.transactions import Transactions
from gateway.domain.directory import (
    Directory,
    FieldMap,
    GraphSettings,
    Kind,
    LdapSettings,
    Membership,
    RunEnd,
    RunRecord,
    RunState,
    UserName,
)

_PLAIN = ("uuid", "name", "kind", "secret", "version")
_STATE = tuple(field.name for field in fields(RunState))


class SqlDirectoryStore:
    """gateway.services.ports.DirectoryStore; its promises are written and tested there."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    async def directories(self) -> list[Directory]:
        statement = select(directories).order_by(directories.c.name)

        def work(connection: Connection) -> list[Directory]:
            return [_directory_of(row) for row in connection.execute(statement).mappings()]

        return await self._transactions.read(work)

    async def save_directory(self, directory: Directory) -> Directory:
        def work(connection: Connection) -> int:
            return save(connection, directories, _row(directory))

        version = await self._transactions.write(work)
        return Directory(**{f.name: getattr(directory, f.name) for f in fields(Directory)} | {"version": version})

    async def delete_directory(self, name: str) -> None:
        statement = delete(directories).where(directories.c.name == name)
        await self._transactions.write(lambda connection: connection.execute(statement))

    # -- where runs stand

    async def state(self, directory: UUID) -> RunState:
        statement = select(*(directories.c[name] for name in _STATE)).where(directories.c.uuid == str(directory))

        def work(connection: Connection) -> RunState:
            row = connection.execute(statement).mappings().one_or_none()
            return RunState() if row is None else RunState(**row)

        return await self._transactions.read(work)

    async def save_state(self, directory: UUID, state: RunState) -> None:
        statement = update(directories).where(directories.c.uuid == str(directory)).values(asdict(state))
        await self._transactions.write(lambda connection: connection.execute(statement))

    async def lease(self, directory: UUID, worker: str, *, now: float, seconds: float) -> bool:
        free = or_(
            directories.c.leased_by.is_(None), directories.c.leased_by == worker, directories.c.leased_until <= now
        )
        statement = (
            update(directories)
            .where(directories.c.uuid == str(directory), free)
            .values(leased_by=worker, leased_until=now + seconds)
        )
        return await self._transactions.write(lambda connection: connection.execute(statement).rowcount == 1)

    async def end_lease(self, directory: UUID, worker: str) -> None:
        mine = (directories.c.uuid == str(directory), directories.c.leased_by == worker)
        statement = update(directories).where(*mine).values(leased_by=None, leased_until=0.0)
        await self._transactions.write(lambda connection: connection.execute(statement))

    # -- what they came to

    async def record_run(self, run: RunRecord, *, keep: int = 50) -> int:
        return await self._transactions.write(lambda connection: _record(connection, run, keep))

    async def runs(self, directory: UUID, *, limit: int = 20) -> list[RunRecord]:
        mine = directory_runs.c.directory_uuid == str(directory)
        statement = select(directory_runs).where(mine).order_by(directory_runs.c.id.desc()).limit(limit)

        def work(connection: Connection) -> list[RunRecord]:
            return [_run_of(row) for row in connection.execute(statement).mappings()]

        return await self._transactions.read(work)

    # -- passwords that were right

    async def remember_proof(self, user: UUID, proof: str, at: float) -> None:
        def work(connection: Connection) -> None:
            connection.execute(delete(directory_proofs).where(directory_proofs.c.user_uuid == str(user)))
            connection.execute(insert(directory_proofs), {"user_uuid": str(user), "proof_hash": proof, "at": at})

        await self._transactions.write(work)

    async def proof(self, user: UUID) -> tuple[str, float] | None:
        statement = select(directory_proofs).where(directory_proofs.c.user_uuid == str(user))

        def work(connection: Connection) -> tuple[str, float] | None:
            row = connection.execute(statement).mappings().one_or_none()
            return None if row is None else (row["proof_hash"], row["at"])

        return await self._transactions.read(work)

    async def forget_proof(self, user: UUID) -> None:
        statement = delete(directory_proofs).where(directory_proofs.c.user_uuid == str(user))
        await self._transactions.write(lambda connection: connection.execute(statement))


def _record(connection: Connection, run: RunRecord, keep: int) -> int:
    row = {
        "directory_uuid": str(run.directory),
        "started_at": run.started_at,
        "ended_at": run.ended_at,
        "by": run.by,
        "full": run.full,
        "end": run.end.value,
        "counts": dump(dict(run.counts)),
        "message": run.message,
        "lines": dump([list(line) for line in run.lines]),
    }
    number = int(connection.execute(insert(directory_runs).returning(directory_runs.c.id), row).scalar_one())
    mine = directory_runs.c.directory_uuid == str(run.directory)
    kept = select(directory_runs.c.id).where(mine).order_by(directory_runs.c.id.desc()).limit(keep)
    connection.execute(delete(directory_runs).where(mine, directory_runs.c.id.not_in(kept)))
    return number


def _run_of(row: RowMapping) -> RunRecord:
    return RunRecord(
        id=row["id"],
        directory=UUID(row["directory_uuid"]),
        started_at=row["started_at"],
        ended_at=row["ended_at"],
        by=row["by"],
        full=row["full"],
        end=RunEnd(row["end"]),
        counts=load(row["counts"]),
        message=row["message"],
        lines=tuple((outcome, name, what) for outcome, name, what in load(row["lines"])),
    )


def _row(directory: Directory) -> dict[str, Any]:
    settings = {f.name: getattr(directory, f.name) for f in fields(Directory) if f.name not in _PLAIN}
    settings |= {"settings": asdict(directory.settings), "fields": asdict(directory.fields)}
    return {
        "uuid": str(directory.uuid),
        "name": directory.name,
        "kind": directory.kind.value,
        "secret": directory.secret,
        "version": directory.version,
        "settings": dump(_plain(settings)),
    }


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    return value.value if isinstance(value, Enum) else value


def _directory_of(row: RowMapping) -> Directory:
    told: dict[str, Any] = load(row["settings"])
    kind, given = Kind(row["kind"]), told.pop("settings")
    fields_given = FieldMap(**told.pop("fields"))
    settings = _ldap_of(given) if kind is Kind.LDAP else _graph_of(given)
    return Directory(
        uuid=UUID(row["uuid"]),
        name=row["name"],
        kind=kind,
        secret=row["secret"],
        version=row["version"],
        settings=settings,
        fields=fields_given,
        **told,
    )


def _ldap_of(given: dict[str, Any]) -> LdapSettings:
    return LdapSettings(**given | {"urls": tuple(given["urls"]), "membership": Membership(given["membership"])})


def _graph_of(given: dict[str, Any]) -> GraphSettings:
    return GraphSettings(**given | {"user_name": UserName(given["user_name"])})
