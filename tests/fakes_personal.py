"""In memory, with the promises of tests/contracts: the outbox, and what is kept about a person."""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any
from uuid import UUID

from gateway.domain.letter import Letter, Post, PostState, check_letter, folded
from gateway.domain.mail import Mail
from gateway.domain.personal import CardNote, Look, MailAddress, Notice, OneTimeToken, Preferences
from gateway.domain.user import User
from gateway.errors import Conflict, NotPossible
from gateway.services.ports import Undelivered
from tests.fake_jobs import MemoryJobStore
from tests.fake_rows import MemoryAttemptStore, MemoryUserStore
from tests.fakes_mail import MemoryMailStore


class FakeMailer:
    """Remembers what was sent; `enabled` can be turned."""

    def __init__(self, *, enabled: bool = True) -> None:
        self.enabled = enabled
        self.letters: list[Letter] = []

    async def send(self, letter: Letter) -> bool:
        await asyncio.sleep(0)
        if not self.enabled:
            raise NotPossible("No mail can be sent from here: no mail server is set up.")
        checked = check_letter(letter)
        if checked.key is not None and any(other.key == checked.key for other in self.letters):
            return False
        self.letters.append(checked)
        return True


class FakeCourier:
    """Takes every letter, unless `refusals` has something to raise for the next one."""

    def __init__(self) -> None:
        self.delivered: list[Post] = []
        self.refusals: list[Exception] = []

    async def deliver(self, post: Post) -> str:
        await asyncio.sleep(0)
        if self.refusals:
            raise self.refusals.pop(0)
        self.delivered.append(post)
        return "250 taken"

    async def check(self) -> str:
        await asyncio.sleep(0)
        if self.refusals:
            raise self.refusals[0]
        return "takes mail"


def away() -> Undelivered:
    return Undelivered("mail.example.org cannot be reached", away=True)


class MemoryOutbox:
    def __init__(self) -> None:
        self._posts: dict[UUID, Post] = {}

    async def put(self, post: Post) -> bool:
        await asyncio.sleep(0)
        if post.key is not None and any(other.key == post.key for other in self._posts.values()):
            return False
        self._posts[post.uuid] = replace(post, id=len(self._posts) + 1)
        return True

    async def claim(self, worker: str, *, now: float, lease: float, limit: int, per_minute: int) -> list[Post]:
        await asyncio.sleep(0)
        posts = sorted(self._posts.values(), key=lambda post: post.id)
        waiting = [post for post in posts if post.state is PostState.WAITING]
        claimed = [post for post in waiting if post.claimed_until is not None and post.claimed_until > now]
        sent = [p for p in posts if p.state is PostState.SENT and p.ended_at is not None and p.ended_at > now - 60]
        free = max(0, min(limit, per_minute - len(claimed) - len(sent)))
        due = [post for post in waiting if post.due_at <= now and post not in claimed][:free]
        taken = [replace(p, tries=p.tries + 1, claimed_by=worker, claimed_until=now + lease) for p in due]
        self._posts |= {post.uuid: post for post in taken}
        return taken

    async def settle(
        self, uuid: UUID, worker: str, *, state: PostState, now: float, answer: str, due_at: float | None = None
    ) -> bool:
        await asyncio.sleep(0)
        post = self._posts.get(uuid)
        if post is None or post.claimed_by != worker:
            return False
        post = replace(post, state=state, answer=answer, claimed_by=None, claimed_until=None)
        if state is PostState.WAITING:
            post = replace(post, due_at=now if due_at is None else due_at)
        else:
            post = replace(post, ended_at=now, values={})
        self._posts[uuid] = post
        return True

    async def release_claims(self) -> int:
        await asyncio.sleep(0)
        held = [post for post in self._posts.values() if post.claimed_by is not None]
        self._posts |= {post.uuid: replace(post, claimed_by=None, claimed_until=None) for post in held}
        return len(held)

    async def posts(self, *, states: Sequence[PostState] = (), limit: int = 100) -> list[Post]:
        await asyncio.sleep(0)
        found = [post for post in self._posts.values() if not states or post.state in states]
        return sorted(found, key=lambda post: post.id, reverse=True)[:limit]

    async def purge_posts(self, *, before: float, limit: int = 500) -> int:
        await asyncio.sleep(0)
        old = [post for post in self._posts.values() if post.ended_at is not None and post.ended_at <= before]
        for post in sorted(old, key=lambda post: post.ended_at or 0.0)[:limit]:
            del self._posts[post.uuid]
        return min(len(old), limit)


class MemoryPersonalStore:
    def __init__(self) -> None:
        self.chosen: dict[UUID, Preferences] = {}
        self.verified: dict[str, tuple[UUID, MailAddress]] = {}
        self.kept: dict[str, OneTimeToken] = {}
        self.notes: dict[str, tuple[UUID, CardNote]] = {}

    async def preferences(self, user: UUID) -> Preferences | None:
        await asyncio.sleep(0)
        return self.chosen.get(user)

    async def save_preferences(self, user: UUID, preferences: Preferences) -> None:
        await asyncio.sleep(0)
        self.chosen[user] = preferences

    async def addresses(self, user: UUID) -> list[MailAddress]:
        await asyncio.sleep(0)
        mine = [address for holder, address in self.verified.values() if holder == user]
        return sorted(mine, key=lambda address: (address.added_at, folded(address.address)))

    async def address_holder(self, address: str) -> UUID | None:
        await asyncio.sleep(0)
        found = self.verified.get(folded(address))
        return None if found is None else found[0]

    async def add_address(self, user: UUID, address: str, at: float) -> None:
        await asyncio.sleep(0)
        holder, _ = self.verified.setdefault(folded(address), (user, MailAddress(address=address, added_at=at)))
        if holder != user:
            raise Conflict("This address cannot be used here.")

    async def remove_address(self, user: UUID, address: str) -> bool:
        await asyncio.sleep(0)
        found = self.verified.get(folded(address))
        if found is None or found[0] != user:
            return False
        del self.verified[folded(address)]
        return True

    async def put_token(self, token_hash: str, token: OneTimeToken) -> None:
        await self.drop_tokens(token.user, token.purpose, token.subject)
        self.kept = {key: one for key, one in self.kept.items() if one.expires_at > token.created_at}
        self.kept[token_hash] = token

    async def token(self, token_hash: str) -> OneTimeToken | None:
        await asyncio.sleep(0)
        return self.kept.get(token_hash)

    async def use_token(self, token_hash: str, purpose: str, now: float) -> OneTimeToken | None:
        await asyncio.sleep(0)
        found = self.kept.get(token_hash)
        if found is None or found.purpose != purpose or found.expires_at <= now:
            return None
        return self.kept.pop(token_hash)

    async def drop_tokens(self, user: UUID, purpose: str, subject: str) -> None:
        await asyncio.sleep(0)
        same = (user, purpose, subject)
        self.kept = {key: one for key, one in self.kept.items() if (one.user, one.purpose, one.subject) != same}

    async def tokens(self, user: UUID, purpose: str, now: float) -> list[OneTimeToken]:
        await asyncio.sleep(0)
        live = [t for t in self.kept.values() if (t.user, t.purpose) == (user, purpose) and t.expires_at > now]
        return sorted(live, key=lambda token: token.created_at)

    async def card_notes(self, user: UUID) -> list[CardNote]:
        await asyncio.sleep(0)
        return sorted((n for holder, n in self.notes.values() if holder == user), key=lambda note: note.added_at)

    async def save_card_note(self, user: UUID, note: CardNote) -> None:
        await asyncio.sleep(0)
        self.notes[note.card] = (user, note)

    async def expired_cards(self, now: float) -> list[tuple[UUID, CardNote]]:
        await asyncio.sleep(0)
        return [(holder, n) for holder, n in self.notes.values() if n.expires_at is not None and n.expires_at <= now]

    async def forget_card(self, card: str) -> None:
        await asyncio.sleep(0)
        self.notes.pop(card, None)


class MemoryNoticeStore:
    def __init__(self) -> None:
        self.rows: list[Notice] = []
        self._last = 0

    async def told(self, job_id: int, occasion: str) -> bool:
        await asyncio.sleep(0)
        return any((row.job_id, row.occasion) == (job_id, occasion) for row in self.rows)

    async def add_notice(self, notice: Notice) -> bool:
        if await self.told(notice.job_id, notice.occasion):
            return False
        self._last += 1
        self.rows.append(replace(notice, id=self._last))
        return True

    async def notices(self, user: UUID, *, limit: int = 100) -> list[Notice]:
        await asyncio.sleep(0)
        mine = [row for row in self.rows if row.user == user and row.kind is not None]
        return sorted(mine, key=lambda row: row.id, reverse=True)[:limit]

    async def unread(self, user: UUID) -> int:
        return sum(row.read_at is None for row in await self.notices(user, limit=10**9))

    async def mark_read(self, user: UUID, *, up_to: int, now: float) -> None:
        await asyncio.sleep(0)
        self.rows = [
            replace(row, read_at=now) if row.user == user and row.id <= up_to and row.read_at is None else row
            for row in self.rows
        ]

    async def purge_notices(self, *, before: float, limit: int = 500) -> int:
        await asyncio.sleep(0)
        old = sorted((row for row in self.rows if row.at <= before), key=lambda row: (row.at, row.id))[:limit]
        self.rows = [row for row in self.rows if row not in old]
        return len(old)


class MemoryAccessLog:
    def __init__(self) -> None:
        self.rows: list[Look] = []

    async def record_look(self, look: Look) -> None:
        await asyncio.sleep(0)
        self.rows.append(look)

    async def looks_at(self, owner: str, *, limit: int = 100) -> list[Look]:
        await asyncio.sleep(0)
        return [row for row in reversed(self.rows) if row.owner.casefold() == owner.casefold()][:limit]

    async def purge_looks(self, *, before: float, limit: int = 500) -> int:
        await asyncio.sleep(0)
        old = sorted((row.at, number) for number, row in enumerate(self.rows) if row.at <= before)[:limit]
        self.rows = [row for number, row in enumerate(self.rows) if number not in {n for _, n in old}]
        return len(old)


class MemoryPersonalData:
    """Over the other stores in memory: what they hold of a person, told and forgotten as the database does."""

    def __init__(
        self,
        *,
        jobs: MemoryJobStore,
        users: MemoryUserStore,
        attempts: MemoryAttemptStore,
        personal: MemoryPersonalStore,
        notices: MemoryNoticeStore,
        access_log: MemoryAccessLog,
        mails: MemoryMailStore,
    ) -> None:
        self._mails = mails
        self._jobs = jobs
        self._users = users
        self._attempts = attempts
        self._personal = personal
        self._notices = notices
        self._access_log = access_log

    def sections(self) -> Sequence[str]:
        return (
            "account",
            "addresses",
            "jobs",
            "job-history",
            "receipts",
            "credit-entries",
            "submissions",
            "notices",
            "mails",
            "access-log",
        )

    async def page(
        self, section: str, user: User, *, after: int, limit: int
    ) -> tuple[list[dict[str, Any]], int | None]:
        await asyncio.sleep(0)
        rows = self._rows(section, user)[after : after + limit]
        return rows, after + limit if len(rows) == limit else None

    async def erase(self, user: User, *, pseudonym: str, keep_name: bool) -> None:
        known = await self._users.user(user.name)
        assert known is not None
        mine = {job.id for job in self._jobs.rows.values() if _same(job.owner, user)}
        for job_id in mine:
            job = self._jobs.rows[job_id]
            self._jobs.rows[job_id] = replace(
                job, owner=pseudonym, name="", requested_name="", address="", message="", notes=()
            )
        self._jobs._records = [
            replace(
                record,
                text="" if record.job_id in mine else record.text,
                by=pseudonym if record.by == user.name else record.by,
            )
            for record in self._jobs._records
        ]
        self._jobs.ledger = [replace(r, owner=pseudonym) if _same(r.owner, user) else r for r in self._jobs.ledger]
        self._jobs.credit.forget(user.name, pseudonym)
        gone = {"owner": pseudonym, "document_name": "", "requested_name": "", "address": "", "text": "", "extra": {}}
        self._attempts.rows = [
            replace(row, **gone) if row.owner == user.name else row  # type: ignore[arg-type]
            for row in self._attempts.rows
        ]
        self._forget_personal(user, pseudonym)
        await self._users.delete_user(user.name)
        await self._users.save_user(
            User(
                name=user.name if keep_name else pseudonym,
                uuid=user.uuid,
                role=known.role,
                disabled=True,
                created_at=known.created_at,
            )
        )

    def _forget_personal(self, user: User, pseudonym: str) -> None:
        for mail in self._mails_of(user):
            del self._mails.rows[mail.id]
        personal = self._personal
        personal.chosen.pop(user.uuid, None)
        personal.verified = {key: one for key, one in personal.verified.items() if one[0] != user.uuid}
        personal.kept = {key: one for key, one in personal.kept.items() if one.user != user.uuid}
        personal.notes = {key: one for key, one in personal.notes.items() if one[0] != user.uuid}
        self._notices.rows = [row for row in self._notices.rows if row.user != user.uuid]
        others = [look for look in self._access_log.rows if not _same(look.owner, user)]
        self._access_log.rows = [replace(o, by=pseudonym) if _same(o.by, user) else o for o in others]

    def _mails_of(self, user: User) -> list[Mail]:
        own = {folded(one.address) for holder, one in self._personal.verified.values() if holder == user.uuid}
        own |= {user.email.casefold()} if user.email else set()
        rows = self._mails.rows.values()
        return [
            row for row in rows if row.from_address.casefold() in own or _same(row.owner or row.envelope.user, user)
        ]

    def _rows(self, section: str, user: User) -> list[dict[str, Any]]:
        mine = {job.id: job for job in self._jobs.rows.values() if _same(job.owner, user)}
        found: dict[str, list[Any]] = {
            "account": [{"name": user.name, "full_name": user.full_name, "email": user.email}],
            "addresses": [address for holder, address in self._personal.verified.values() if holder == user.uuid],
            "jobs": [{"id": job.id, "name": job.name, "state": int(job.state)} for job in mine.values()],
            "job-history": [record for record in self._jobs._records if record.job_id in mine],
            "receipts": [receipt for receipt in self._jobs.ledger if _same(receipt.owner, user)],
            "credit-entries": [
                asdict(row) | {"key": "", "amount": str(row.amount)}
                for row in self._jobs.credit.rows
                if _same(row.owner, user)
            ],
            "submissions": [row for row in self._attempts.rows if row.owner == user.name],
            "notices": [row for row in self._notices.rows if row.user == user.uuid],
            "mails": [replace(row, key=None) for row in self._mails_of(user)],
            "access-log": [row for row in self._access_log.rows if _same(row.owner, user)],
        }
        return [row if isinstance(row, dict) else asdict(row) for row in found[section]]


def _same(name: str | None, user: User) -> bool:
    return name is not None and name.casefold() == user.name.casefold()
