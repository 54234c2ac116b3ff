"""The rows of who has which role, of the groups people are in, and of what staff did."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from gateway.domain.audit import AuditEntry, AuditPoint, AuditQuery
from gateway.domain.group import Group
from gateway.domain.rights import GivenRole, Standing
from gateway.domain.user import User


class RoleStore(Protocol):
    """Grants of roles. Names compare without case."""

    async def mark(self) -> int:
        """Changes with every write of a grant or of the tree of groups, whichever process made it."""

    async def standing(self, user: str, groups: Sequence[str]) -> Standing:
        """`groups` and all above them, and what was given to the user or to one of these."""

    async def add_role(self, given: GivenRole) -> GivenRole:
        """Harmless when that holder has that role there: the row that is there comes back."""

    async def take_role(self, role_id: int) -> bool: ...
    async def role(self, role_id: int) -> GivenRole | None: ...
    async def roles_of(self, holder: str, *, group: bool = False) -> list[GivenRole]:
        """What was given to exactly this holder."""

    async def roles(self, *, after: int = 0, limit: int = 100) -> list[GivenRole]:
        """In the order in which they were given."""

    async def staff(self, *, after: str = "", limit: int = 100) -> list[User]:
        """Users whose own row has a role, by name."""

    async def administrators(self) -> list[str]:
        """Names of enabled users who are administrators everywhere by their own row or by a grant to them."""


class GroupStore(Protocol):
    """The tree. Names compare without case; `after` is the name of the last row of the page before."""

    async def group(self, name: str) -> Group | None: ...
    async def save_group(self, group: Group) -> Group:
        """Conflict for an old version, or a name that is taken."""

    async def add_groups(self, groups: Sequence[Group]) -> int:
        """Those that are not there yet, in one transaction; how many."""

    async def move_groups(self, parents: Mapping[str, str]) -> int:
        """Puts each below another ("" is the top), in one transaction; how many there were. Loops are the caller's."""

    async def delete_group(self, name: str) -> None:
        """Its children move to the group above it; nobody is a member any more; roles given to it are gone."""

    async def groups(self, *, contains: str = "", after: str = "", limit: int = 100) -> list[Group]: ...
    async def children(self, parent: str, *, after: str = "", limit: int = 100) -> list[Group]: ...
    async def above(self, names: Sequence[str]) -> list[Group]:
        """Those with these names and all above them."""

    async def group_count(self) -> int: ...
    async def members(self, name: str, *, after: str = "", limit: int = 100) -> list[User]:
        """Users who name exactly this group, by name."""

    async def member_counts(self, names: Sequence[str]) -> dict[str, int]:
        """Of each of these groups by its folded name; those without members are left out."""


class AuditStore(Protocol):
    """Rows that are added and never changed. One at a time, whichever processes write."""

    async def append(self, make: Callable[[AuditPoint | None], AuditEntry]) -> AuditEntry:
        """Adds what `make` returns for the last row (None: there is none), both under one lock."""

    async def entries(self, *, after_id: int = 0, limit: int = 1000) -> list[AuditEntry]:
        """Oldest first."""

    async def find_entries(self, query: AuditQuery) -> list[AuditEntry]: ...
    async def anchor(self) -> tuple[AuditPoint, str] | None:
        """The last row that retention took away, and its seal."""

    async def purge_entries(self, *, before: float, limit: int, seal: Callable[[AuditPoint], str]) -> int:
        """Takes away the oldest rows that were written by then, never the last one, and keeps where they ended."""


class AuditSeal(Protocol):
    """The key of the chain, and the place of its head, both outside of the database. Locked without the key."""

    def digest(self, octets: bytes) -> str: ...
    def head(self) -> AuditPoint | None:
        """The last row that was told to `keep_head`. ValueError when what stands there is forged or damaged."""

    def keep_head(self, point: AuditPoint) -> None:
        """Durably, unless a later one is kept already."""
