"""Rows of projects, and of what people do with them."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from gateway.domain.project import Habit, Person, Project, Total


class ProjectStore(Protocol):
    """Codes and names compare without case. `now`: only what is open then; None: also what was ended."""

    async def project(self, code: str) -> Project | None: ...
    async def save_projects(self, projects: Sequence[Project]) -> None:
        """All or none, in one transaction: version 0 is new. Conflict for an old version, or a code that is taken."""

    async def projects(
        self, person: Person, *, text: str = "", now: float | None = None, after: str = "", limit: int = 50
    ) -> list[Project]:
        """Those that the person may use, in the order of their folded codes; `after` is the last code of the page before.

        Each word of `text` begins a code, or a word of code or title.
        """

    async def known(self, user: UUID, person: Person, *, now: float) -> list[tuple[Project, Habit]]:
        """What the user has a habit of and may still use: last used first, then those never used by code; at most 100."""

    async def mark_favourite(self, user: UUID, project: Project, *, favourite: bool) -> None: ...
    async def mark_preset(self, user: UUID, project: Project | None) -> None:
        """The one default of the user, or none."""

    async def mark_used(self, user: UUID, project: Project, *, at: float) -> None: ...
    async def totals(self, since: float, until: float) -> list[Total]:
        """Of the receipts from `since` up to, not with, `until`; by code, and by currency where there are several."""
