"""In memory, with the promises of tests/contracts: the outbox, and what is kept about a person."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from gateway.domain.letter import Letter, Post, PostState, check_letter
from gateway.errors import NotPossible
from gateway.services.ports import Undelivered


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
