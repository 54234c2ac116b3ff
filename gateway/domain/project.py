"""Projects: what a job is charged to beside its owner, and whether a Printer asks for one (rows 94 and 117).

A job's project is its `job-account-id` (PWG 5100.7 section 6.8.3): the code of a project that its owner may use.
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final
from uuid import UUID

from gateway.errors import BadRequest

LONGEST_CODE: Final = 40
LONGEST_TITLE: Final = 120
LONGEST_COMMENT: Final = 200
NO_PROJECT: Final = ""
"""Chosen instead of a code: outright none, also where the owner has a default."""
NEEDED: Final = "This printer charges each job to a project. Choose one, then it is printed."

_CODE = re.compile(r"[^\W_][\w.:-]{0,39}")
_WORD = re.compile(r"\w+")


class ProjectPolicy(StrEnum):
    """What a Printer asks: NONE takes no projects, REQUIRED prints nothing without one."""

    NONE = "none"
    OPTIONAL = "optional"
    REQUIRED = "required"


@dataclass(frozen=True, kw_only=True, slots=True)
class Project:
    """`code` is its key, compared without case, and never changes; `title` is what people read.

    Without `everyone` it is for the people of `groups`, also below them, and for `users`. It is open from the start
    until it is ended (`active`), and not from `until` on (seconds since the epoch).
    """

    code: str
    uuid: UUID
    title: str = ""
    active: bool = True
    everyone: bool = True
    groups: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    until: float | None = None
    created_at: float = 0.0
    version: int = 0

    def is_open(self, now: float) -> bool:
        return self.active and (self.until is None or now < self.until)

    @property
    def label(self) -> str:
        return f"{self.code} {self.title}".strip()


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """Who looks for projects: a user's name and all groups, also those above the own ones. `all`: sees every project."""

    name: str
    groups: tuple[str, ...] = ()
    all: bool = False

    def may_use(self, project: Project) -> bool:
        named = {name.casefold() for name in project.users}
        grouped = {group.casefold() for group in project.groups} & {group.casefold() for group in self.groups}
        return self.all or project.everyone or self.name.casefold() in named or bool(grouped)


@dataclass(frozen=True, kw_only=True, slots=True)
class Habit:
    """What a user does with a project: a favourite, the default (`preset`), and when it was last charged."""

    favourite: bool = False
    preset: bool = False
    used_at: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Total:
    """What the receipts of one project come to in a span; `title` is "" where there is no such project any more."""

    code: str
    title: str = ""
    jobs: int = 0
    impressions: int = 0
    media_sheets: int = 0
    cost: Decimal = Decimal(0)
    currency: str = ""


def check_code(text: str) -> str:
    """As it is kept; BadRequest says what a code looks like."""
    code = text.strip()
    if not _CODE.fullmatch(code):
        raise BadRequest(
            f"A project's code has 1 to {LONGEST_CODE} letters, digits, dots, dashes, colons and underscores,"
            " such as P-2041, and begins with a letter or a digit."
        )
    return code


def words_of(text: str) -> list[str]:
    """What a search finds a code or a title by: its parts between blanks, and its words; folded, each once."""
    folded = text.casefold()
    return list(dict.fromkeys([*folded.split(), *_WORD.findall(folded)]))
