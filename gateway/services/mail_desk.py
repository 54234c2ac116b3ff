"""What the people who run the house see of mail: its addresses, its mailboxes, and what became of each mail."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from gateway.domain.printer import Printer
from gateway.services.mail_watch import MailWatch
from gateway.services.ports import MailStore


class MailboxState(Protocol):
    """`ok` None: not looked at yet; `text` in a few words; `at` when that was; `taken` mails since the start."""

    @property
    def ok(self) -> bool | None: ...
    @property
    def text(self) -> str: ...
    @property
    def at(self) -> float: ...
    @property
    def taken(self) -> int: ...


class WatchedMailbox(Protocol):
    """A mailbox elsewhere whose mails are fetched."""

    @property
    def name(self) -> str: ...
    @property
    def place(self) -> str:
        """User and host, for people."""

    @property
    def status(self) -> MailboxState: ...

    async def try_out(self) -> str:
        """Signs in and takes nothing: what it answered. NotPossible says why it does not work."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MailDesk:
    """`addresses` gives those of a Printer; `listening`: whether mail shall be taken by SMTP or LMTP; `ports` that it is.

    `refused` counts, by its reply, what was turned away in sessions since the start. `write` sends a letter to an address
    now, in a language, and tells what the mail server answered; NotPossible says why it did not. None: no mail is sent.
    """

    mails: MailStore
    watch: MailWatch
    addresses: Callable[[Printer], tuple[str, ...]]
    mailboxes: Sequence[WatchedMailbox] = ()
    listening: bool = True
    ports: Callable[[], Mapping[str, int]] = dict
    refused: Callable[[], Mapping[str, float]] = dict
    write: Callable[[str, str], Awaitable[str]] | None = None
