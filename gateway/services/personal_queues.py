"""A printer of one's own: an address that prints as its user, with no password to be asked for (rows 10, 14 and 165).

The token in the address is random, kept as a keyed hash, and looked at with each request: a user who is disabled, and a
queue that was taken back, print nothing more.
"""

import re
import secrets
from dataclasses import dataclass
from uuid import UUID, uuid4

from gateway.domain.phone import PersonalQueue
from gateway.domain.rights import Role
from gateway.domain.user import Actor, User
from gateway.errors import LimitReached, NotFound
from gateway.services.ports import Clock, Hasher, QueueStore, UserStore
from gateway.services.printers import Printers
from gateway.services.proofs import check_label

ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"  # nothing that looks like another: somebody may have to type it
LENGTH = 28  # of 32 signs: 140 bits
MOST = 10  # a user
USED_STEP = 60.0  # the last use is written at most this often, seconds
GONE = "This printer address is not known any more. Make a new one in your account."
_SHAPE = re.compile(rf"[{ALPHABET}]{{{LENGTH}}}")


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenedQueue:
    """Whose queue it is, and the Printer behind it."""

    actor: Actor
    printer: str


class PersonalQueues:
    """Raises LimitReached and NotFound."""

    def __init__(
        self, *, store: QueueStore, users: UserStore, printers: Printers, hasher: Hasher, clock: Clock
    ) -> None:
        self._store = store
        self._users = users
        self._printers = printers
        self._hasher = hasher
        self._clock = clock

    async def of(self, user: User) -> list[PersonalQueue]:
        return await self._store.queues_of(user.uuid)

    async def add(self, user: User, name: str, printer: str = "") -> tuple[str, PersonalQueue]:
        """(the token, its row); nobody can tell the token again. `printer` "": the default one."""
        if printer:
            self._printers.get(printer)
        if len(await self.of(user)) >= MOST:
            raise LimitReached(f"There are {MOST} printers of your own already. Remove one that is no longer used.")
        token = _new_token()
        row = PersonalQueue(
            id=uuid4(),
            user=user.uuid,
            name=check_label(name),
            lookup=self._lookup(token),
            printer=printer,
            created_at=self._clock.now(),
        )
        await self._store.add_queue(row)
        return token, row

    async def renew(self, user: User, queue: UUID) -> tuple[str, PersonalQueue]:
        """Another address for the same queue; the old one is void at once."""
        found = await self._own(user, queue)
        token = _new_token()
        if not await self._store.renew_queue(queue, user=user.uuid, lookup=self._lookup(token)):
            raise NotFound("This printer of yours is gone already.")
        return token, found

    async def remove(self, user: User, queue: UUID) -> PersonalQueue:
        found = await self._own(user, queue)
        if not await self._store.remove_queue(queue, user=user.uuid):
            raise NotFound("This printer of yours is gone already.")
        return found

    async def revoke_all(self, user: User) -> None:
        """The user was disabled: what comes back later with the account are no old addresses."""
        for row in await self.of(user):
            await self._store.remove_queue(row.id, user=user.uuid)

    async def open(self, token: str, *, address: str) -> OpenedQueue:
        """NotFound, whatever is wrong with it. The queue prints as its user, without what a role adds to that."""
        row = await self._store.queue(self._lookup(token)) if _SHAPE.fullmatch(token) else None
        user = None if row is None else await self._users.user_by_uuid(row.user)
        if row is None or user is None or user.disabled:
            raise NotFound(GONE)
        now = self._clock.now()
        if row.used_at is None or abs(now - row.used_at) >= USED_STEP:
            await self._store.queue_used(row.id, at=now)
        printer = self._printers.get(row.printer) if row.printer else self._printers.default()
        actor = Actor(
            user=user.name, role=Role.USER, groups=user.groups, address=address, claimed=user.name, via="queue"
        )
        return OpenedQueue(actor=actor, printer=printer.name)

    async def _own(self, user: User, queue: UUID) -> PersonalQueue:
        found = next((row for row in await self.of(user) if row.id == queue), None)
        if found is None:
            raise NotFound("This printer of yours is gone already.")
        return found

    def _lookup(self, token: str) -> str:
        return self._hasher.lookup("personal-queue", token)


def _new_token() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
