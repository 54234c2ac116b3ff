"""Passwords for programs (row 13): a phone's print dialog knows HTTP Basic alone, its owner signs in some other way.

Each is made for one program, is random, is shown once, and opens nothing but printing by IPP. One that was removed
is void at once, since nothing remembers a verification.
"""

import re
import secrets
from uuid import UUID, uuid4

from gateway.domain.credential import AppPassword
from gateway.domain.user import User
from gateway.errors import LimitReached, NotFound
from gateway.services.ports import Clock, CredentialStore, Hasher, UserStore
from gateway.services.proofs import check_label

ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that looks like another when it is copied by hand
GROUPS, LETTERS = 4, 5  # 20 of 31 signs: 99 bits
MOST = 20  # a user
USED_STEP = 60.0  # the last use is written at most this often, seconds
_SHAPE = re.compile(rf"[{ALPHABET}]{{{GROUPS * LETTERS}}}")
_SEPARATORS = re.compile(r"[\s-]+")


class AppPasswords:
    """Raises LimitReached and NotFound."""

    def __init__(self, *, store: CredentialStore, users: UserStore, hasher: Hasher, clock: Clock) -> None:
        self._store = store
        self._users = users
        self._hasher = hasher
        self._clock = clock

    async def of(self, user: User) -> list[AppPassword]:
        return await self._store.app_passwords_of(user.uuid)

    async def add(self, user: User, name: str) -> tuple[str, AppPassword]:
        """(the password as people read it, its row); nobody can show it again."""
        if len(await self.of(user)) >= MOST:
            raise LimitReached(f"There are {MOST} app passwords already. Remove one that is no longer used.")
        signs = "".join(secrets.choice(ALPHABET) for _ in range(GROUPS * LETTERS))
        row = AppPassword(
            id=uuid4(),
            user=user.uuid,
            name=check_label(name),
            lookup=self._lookup(signs),
            created_at=self._clock.now(),
        )
        await self._store.add_app_password(row)
        return "-".join(signs[at : at + LETTERS] for at in range(0, len(signs), LETTERS)), row

    async def remove(self, user: User, password: UUID) -> AppPassword:
        found = next((row for row in await self.of(user) if row.id == password), None)
        if found is None or not await self._store.remove_app_password(password, user=user.uuid):
            raise NotFound("This app password is gone already.")
        return found

    async def user_of(self, name: str, password: str) -> User | None:
        """The enabled user `name` if `password` is one of theirs; guesses are hopeless, so that none is counted here."""
        signs = _SEPARATORS.sub("", password).lower()
        if not _SHAPE.fullmatch(signs):
            return None
        row = await self._store.app_password(self._lookup(signs))
        user = await self._users.user_by_uuid(row.user) if row else None
        if row is None or user is None or user.disabled or user.name.casefold() != name.strip().casefold():
            return None
        now = self._clock.now()
        if row.used_at is None or abs(now - row.used_at) >= USED_STEP:
            await self._store.app_password_used(row.id, at=now)
        return user

    def _lookup(self, signs: str) -> str:
        return self._hasher.lookup("app-password", signs)
