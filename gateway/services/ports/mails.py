"""Mails on their way to becoming jobs: their rows, and the only way to look inside one."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from gateway.domain.mail import Mail, MailStanding


class MailStore(Protocol):
    """The rows of mails. Every write is one durable transaction."""

    async def add(self, mail: Mail) -> Mail:
        """The row with its id. One with the same digest is not inserted: that row is returned in its place."""

    async def mail(self, mail_id: int) -> Mail | None: ...

    async def claim(self, worker: str, *, now: float, lease: float, limit: int) -> list[Mail]:
        """RECEIVED and PRINTING ones that are due, the longest due first, claimed for `worker` until now + lease."""

    async def change(self, mail_id: int, change: Callable[[Mail], Mail | None]) -> Mail:
        """Reads the row under its lock, applies `change` (pure) and commits; None leaves it. NotFound if absent."""

    async def release_claims(self) -> int:
        """Claims of a process that died, when it is certain that no other one runs."""

    async def last_reply(self, sender: str) -> float | None:
        """When a mail to that address was last answered; addresses compare without case."""

    async def recent(self, *, limit: int = 100) -> list[Mail]:
        """Newest first."""

    async def standing(self, *, since: float) -> MailStanding:
        """What waits for its first answer, RECEIVED or PRINTING; `recent` are those that came at `since` or later."""

    async def spool_objects(self) -> frozenset[str]:
        """Ids of the messages that some row still needs."""

    async def expired(self, *, received_before: float, limit: int = 200) -> list[Mail]:
        """ASKED ones that came before that time."""

    async def purge_mails(self, *, before: float, limit: int = 500) -> int:
        """Deletes rows that came before that time and have ended; how many."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MailPart:
    """What stands in a mail, as the sandbox found it.

    `kind`: "body" for the text as it is meant to be read, a page of its own; "file" for anything attached. `inline`: it
    is shown inside of the text. `depth` counts the mails around it: 0 stands in the mail itself. `size` octets.
    `options`: the words of the lines of options that were taken off the text.
    """

    kind: str
    name: str
    format: str
    size: int
    inline: bool = False
    depth: int = 0
    options: str = ""


Listed = Callable[[list[MailPart]], Awaitable[frozenset[int]]]
Take = Callable[[MailPart, AsyncIterator[bytes]], Awaitable[None]]


class MailOpener(Protocol):
    """Takes a mail apart, in the sandbox."""

    async def open_mail(
        self, source: AsyncIterator[bytes], listed: Listed, take: Take, *, option_line: str = ""
    ) -> None:
        """`listed` is told all parts and says which ones are wanted, by their place; `take` gets each of them in order.

        `option_line` is a regular expression for the lines that say how the mail is printed: of the first lines that its
        writer wrote, those that match as a whole are told as `options`, and are no part of the text.

        Raises what the sandbox refuses: FormatError for what is no mail, TooLarge for a bomb, Unavailable for the
        machine, ConverterCrashed; and whatever `listed` or `take` raise.
        """
