"""Who may handle whose jobs, for good (row 65)."""

from dataclasses import dataclass
from enum import StrEnum


class Right(StrEnum):
    """What a delegate may do with the jobs of an owner. SEE includes their pages, unless a job is private."""

    SEE = "see"
    RELEASE = "release"
    DELETE = "delete"


@dataclass(frozen=True, kw_only=True, slots=True)
class Delegation:
    """`owner` lets `delegate`, a user or the members of a group, use `rights`; seeing is always among them."""

    id: int = 0
    owner: str
    delegate: str
    group: bool = False
    rights: frozenset[Right] = frozenset({Right.SEE})
    created_at: float = 0.0
