"""Projects in memory, with the promises of tests/contracts/test_project_store.py, and the services over them."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from uuid import UUID, uuid4

from gateway.domain.account import Receipt
from gateway.domain.project import Habit, Person, Project, Total, words_of
from gateway.errors import Conflict
from tests.fake_time import NOW


def a_project(code: str = "P-2041", **fields: object) -> Project:
    plain = Project(code=code, uuid=uuid4(), title="Harbour Bridge", created_at=NOW)
    return replace(plain, **fields)  # type: ignore[arg-type]  # reason: the caller names fields


class MemoryProjectStore:
    """gateway.services.ports.ProjectStore; `ledger` gives the receipts, besides those that a test puts here."""

    def __init__(self, ledger: Callable[[], Sequence[Receipt]] = tuple) -> None:
        self.rows: dict[str, Project] = {}
        self.habits: dict[UUID, dict[UUID, Habit]] = defaultdict(dict)
        self.receipts: list[Receipt] = []
        self._ledger = ledger

    async def project(self, code: str) -> Project | None:
        await asyncio.sleep(0)
        return self.rows.get(code.casefold())

    async def save_projects(self, projects: Sequence[Project]) -> None:
        await asyncio.sleep(0)
        kept = dict(self.rows)
        for project in projects:
            known = kept.get(project.code.casefold())
            if (known.version if known else 0) != project.version:
                raise Conflict(f"{project.code} was changed by somebody else. Read it again and repeat the change.")
            kept[project.code.casefold()] = _stored(project)
        self.rows = kept

    async def projects(
        self, person: Person, *, text: str = "", now: float | None = None, after: str = "", limit: int = 50
    ) -> list[Project]:
        await asyncio.sleep(0)
        found = [
            self.rows[folded]
            for folded in sorted(self.rows)
            if folded > after.casefold() and person.may_use(self.rows[folded]) and _found(self.rows[folded], text)
        ]
        return [project for project in found if now is None or project.is_open(now)][:limit]

    async def known(self, user: UUID, person: Person, *, now: float) -> list[tuple[Project, Habit]]:
        mine = self.habits[user]
        open_ones = [one for one in await self.projects(person, now=now, limit=10**9) if one.uuid in mine]
        return sorted(((one, mine[one.uuid]) for one in open_ones), key=lambda pair: -(pair[1].used_at or 0.0))

    async def mark_favourite(self, user: UUID, project: Project, *, favourite: bool) -> None:
        self._keep(user, project, replace(self._habit(user, project), favourite=favourite))

    async def mark_preset(self, user: UUID, project: Project | None) -> None:
        for uuid, habit in self.habits[user].items():
            self.habits[user][uuid] = replace(habit, preset=False)
        if project is not None:
            self._keep(user, project, replace(self._habit(user, project), preset=True))

    async def mark_used(self, user: UUID, project: Project, *, at: float) -> None:
        self._keep(user, project, replace(self._habit(user, project), used_at=at))

    async def totals(self, since: float, until: float) -> list[Total]:
        sums: dict[tuple[str, str], list[Receipt]] = defaultdict(list)
        for receipt in [*self._ledger(), *self.receipts]:
            if receipt.project and since <= receipt.at < until:
                sums[receipt.project, receipt.currency].append(receipt)
        return [self._total(code, currency, sums[code, currency]) for code, currency in sorted(sums)]

    def _total(self, code: str, currency: str, receipts: Sequence[Receipt]) -> Total:
        known = self.rows.get(code.casefold())
        return Total(
            code=code,
            title=known.title if known else "",
            jobs=len({receipt.job_id for receipt in receipts}),
            impressions=sum(receipt.impressions for receipt in receipts),
            media_sheets=sum(receipt.media_sheets for receipt in receipts),
            cost=sum((receipt.amount for receipt in receipts), Decimal(0)),
            currency=currency,
        )

    def _habit(self, user: UUID, project: Project) -> Habit:
        return self.habits[user].get(project.uuid, Habit())

    def _keep(self, user: UUID, project: Project, habit: Habit) -> None:
        self.habits[user][project.uuid] = habit


def _stored(project: Project) -> Project:
    return replace(
        project,
        groups=tuple(sorted(project.groups, key=str.casefold)),
        users=tuple(sorted(project.users, key=str.casefold)),
        version=project.version + 1,
    )


def _found(project: Project, text: str) -> bool:
    words = words_of(project.label)
    return all(any(word.startswith(wanted) for word in words) for wanted in text.casefold().split())
