"""Mails on their way in, in memory."""

from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace

from gateway.domain.mail import Envelope, Mail, MailStanding, MailState
from gateway.errors import NotFound, NotPossible
from gateway.services.ports import Listed, MailPart, Take

OPEN = {MailState.RECEIVED, MailState.PRINTING}
ENDED = {MailState.DONE, MailState.REFUSED}


class MemoryMailStore:
    def __init__(self) -> None:
        self.rows: dict[int, Mail] = {}
        self._last = 0

    async def add(self, mail: Mail) -> Mail:
        for row in self.rows.values():
            if row.digest == mail.digest:
                return row
        self._last += 1
        self.rows[self._last] = replace(mail, id=self._last)
        return self.rows[self._last]

    async def mail(self, mail_id: int) -> Mail | None:
        return self.rows.get(mail_id)

    async def claim(self, worker: str, *, now: float, lease: float, limit: int) -> list[Mail]:
        due = [
            row
            for row in self.rows.values()
            if row.state in OPEN and row.due_at <= now and (row.claimed_until is None or row.claimed_until <= now)
        ]
        due.sort(key=lambda row: (row.due_at, row.id))
        claimed = [replace(row, claimed_by=worker, claimed_until=now + lease) for row in due[:limit]]
        self.rows |= {row.id: row for row in claimed}
        return claimed

    async def change(self, mail_id: int, change: Callable[[Mail], Mail | None]) -> Mail:
        before = self.rows.get(mail_id)
        if before is None:
            raise NotFound("This mail is not known any more.")
        after = change(before)
        if after is not None:
            self.rows[mail_id] = replace(after, id=mail_id)
        return self.rows[mail_id]

    async def release_claims(self) -> int:
        held = [row for row in self.rows.values() if row.claimed_by is not None]
        self.rows |= {row.id: replace(row, claimed_by=None, claimed_until=None) for row in held}
        return len(held)

    async def last_reply(self, sender: str) -> float | None:
        found = [
            row.replied_at
            for row in self.rows.values()
            if row.from_address.casefold() == sender.casefold() and row.replied_at is not None
        ]
        return max(found, default=None)

    async def recent(self, *, limit: int = 100) -> list[Mail]:
        return sorted(self.rows.values(), key=lambda row: -row.id)[:limit]

    async def standing(self, *, since: float) -> MailStanding:
        waiting = [row for row in self.rows.values() if row.state in OPEN and row.replied_at is None]
        return MailStanding(
            waiting=len(waiting),
            oldest_at=min((row.received_at for row in waiting), default=None),
            recent=Counter(row.state for row in self.rows.values() if row.received_at >= since),
        )

    async def spool_objects(self) -> frozenset[str]:
        return frozenset(row.object_id for row in self.rows.values() if row.object_id is not None)

    async def expired(self, *, received_before: float, limit: int = 200) -> list[Mail]:
        asked = [row for row in self.rows.values() if row.state is MailState.ASKED]
        return [row for row in asked if row.received_at < received_before][:limit]

    async def purge_mails(self, *, before: float, limit: int = 500) -> int:
        old = [row.id for row in self.rows.values() if row.received_at < before and row.state in ENDED][:limit]
        for mail_id in old:
            del self.rows[mail_id]
        return len(old)


@dataclass(frozen=True, kw_only=True, slots=True)
class BoxStatus:
    ok: bool | None = None
    text: str = ""
    at: float = 0.0
    taken: int = 0


@dataclass(kw_only=True)
class FakeMailbox:
    """A mailbox elsewhere; a `broken` one lets nobody in."""

    name: str = "scans"
    place: str = "u, imap.example"
    status: BoxStatus = field(default_factory=BoxStatus)
    broken: bool = False

    async def try_out(self) -> str:
        if self.broken:
            raise NotPossible(
                "imap.example refuses: Authentication failed. Check user and password, and whether it allows this way in."
            )
        return "IMAP, IDLE: 4 waiting"


class FakeOpener:
    """Takes every mail apart in the same way: `parts`, each with its octets; or raises `error`."""

    def __init__(self, *parts: tuple[MailPart, bytes]) -> None:
        self.parts = list(parts)
        self.error: Exception | None = None
        self.opened = 0

    async def open_mail(
        self, source: AsyncIterator[bytes], listed: Listed, take: Take, *, option_line: str = ""
    ) -> None:
        assert option_line
        async for _ in source:
            """The whole is read, as a jail would."""
        self.opened += 1
        if self.error is not None:
            raise self.error
        wanted = await listed([part for part, _ in self.parts])
        for place, (part, octets) in enumerate(self.parts):
            if place in wanted:
                await take(part, _pieces(octets))


async def _pieces(octets: bytes) -> AsyncIterator[bytes]:
    for at in range(0, len(octets), 7):
        yield octets[at : at + 7]


def an_envelope(*recipients: str, **fields: object) -> Envelope:
    plain = Envelope(
        channel="smtp",
        sender="ada@example.org",
        recipients=recipients or ("find-me@print.example",),
        address="192.0.2.7",
    )
    return replace(plain, **fields)  # type: ignore[arg-type]  # reason: the caller names fields
