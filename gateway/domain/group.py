"""Groups of people as a tree: teams, departments and cost centres (row 104).

A user names the groups it is in; whoever is in a group is also in all groups above it. What is given to a group, or
allowed to it on a Printer, therefore reaches everybody below.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

DEEPEST: Final = 16
"""So many groups may lie above each other."""


class GroupKind(StrEnum):
    """What it is to people; rights do not depend on it."""

    GROUP = "group"
    DEPARTMENT = "department"
    COST_CENTRE = "cost-centre"


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """`name` is its key, compared without case, and never changes; `label` is what people read.

    `parent` is the name of the group above, "" at the top. `cost_centre` is what its people are charged to; "" is that
    of the group above. `source` is the directory that it comes from, whose runs place it in the tree; "" is one's own.
    """

    name: str
    uuid: UUID
    kind: GroupKind = GroupKind.GROUP
    label: str = ""
    parent: str = ""
    cost_centre: str = ""
    source: str = ""
    created_at: float = 0.0
    version: int = 0

    @property
    def title(self) -> str:
        return self.label or self.name
