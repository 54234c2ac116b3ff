"""What staff and administrators did, as a chain: each row carries a keyed hash of itself and of the row before it.

Without the key, which is no part of the database, nobody can change, insert or leave out a row unseen (row 158).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

FIRST: Final = ""
"""What the first row of all follows on."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditEntry:
    """`action` is `<thing>.<what>` (user.changed, document.looked-at); `subject` names what it was done to.

    `text` is a sentence for people, `values` what else is known; neither ever holds a secret. `previous` is the
    `digest` of the row before.
    """

    id: int
    at: float
    actor: str
    via: str
    address: str
    action: str
    subject: str
    text: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    previous: str = FIRST
    digest: str = ""

    @property
    def sealed(self) -> bytes:
        """The octets that the digest is made of: everything but itself, in one unambiguous form."""
        fields = (self.actor, self.via, self.address, self.action, self.subject, self.text, self.previous)
        return json.dumps([self.id, repr(self.at), *fields, sorted(self.values.items())], ensure_ascii=True).encode()


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditPoint:
    """A row that the chain has: its head, or the last one that retention took away."""

    id: int
    digest: str


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditQuery:
    """All given conditions hold; newest first, below `before_id`. `contains` looks at subject, actor and text."""

    contains: str = ""
    action: str = ""
    actor: str = ""
    before_id: int | None = None
    limit: int = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """Of a verification: how many rows were read, and the first that is wrong, with a sentence that says how."""

    rows: int
    broken: int | None = None
    text: str = ""

    @property
    def whole(self) -> bool:
        return self.broken is None
