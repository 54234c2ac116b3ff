"""How a letter leaves for somebody's mail address."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, kw_only=True, slots=True)
class Letter:
    """What is to be told, not how: `kind` names the template, `values` fill it, `language` is one of gateway.i18n.

    `values` are data; the templates escape them.
    """

    kind: str
    to: str
    language: str
    values: Mapping[str, str] = field(default_factory=dict)


class Mailer(Protocol):
    """Takes letters over. A letter that was taken is sent in the end, also after a restart."""

    async def send(self, letter: Letter) -> None:
        """Durably taken when this returns; Unavailable when it cannot be taken now."""
