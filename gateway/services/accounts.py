"""The users of the gateway: adding and changing them and their proofs."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any
from uuid import uuid4

from gateway.domain.rights import Role
from gateway.domain.user import User
from gateway.errors import BadRequest, Conflict, LimitReached, NotFound
from gateway.services.passwords import NothingLeaked, check_new_password
from gateway.services.ports import Clock, Hasher, LeakedPasswords, UserStore
from gateway.services.proofs import (
    check_email,
    check_name,
    check_pin,
    normal_card,
    random_pin,
    shortest_pin,
)
from gateway.settings import Identity as IdentitySettings

_CHANGEABLE = frozenset({"full_name", "email", "role", "groups", "disabled", "department", "cost_centre", "language"})


class Accounts:
    """Rows of users. No secret is kept: passwords and PINs as argon2id hashes, cards and PINs as keyed hashes."""

    def __init__(
        self,
        *,
        users: UserStore,
        hasher: Hasher,
        clock: Clock,
        settings: IdentitySettings,
        leaked: LeakedPasswords | None = None,
    ) -> None:
        self._leaked = leaked or NothingLeaked()
        self._users = users
        self._hasher = hasher
        self._clock = clock
        self._settings = settings
        self.when_signed_out: list[Callable[[User], Awaitable[None]]] = []  # all sessions of the user have ended
        self.when_disabled: list[Callable[[User], Awaitable[None]]] = []

    async def get(self, name: str) -> User:
        user = await self._users.user(name)
        if user is None:
            raise NotFound(f'There is no user "{name}".')
        return user

    async def users(self, contains: str = "", *, after: str = "", limit: int = 100) -> list[User]:
        return await self._users.users(contains=contains, after=after, limit=limit)

    async def add_user(
        self,
        name: str,
        *,
        full_name: str = "",
        email: str | None = None,
        pin: str | None = None,
        card: str | None = None,
        password: str | None = None,
        role: Role = Role.USER,
    ) -> User:
        """Conflict when the name, the PIN or the card is another's; BadRequest when one breaks a rule."""
        name = check_name(name)
        if await self._users.user(name) is not None:
            raise Conflict(f'There is a user "{name}" already.')
        user = User(
            name=name,
            uuid=uuid4(),
            full_name=full_name.strip(),
            email=check_email(email),
            role=role,
            cards=() if card is None else (await self._free_card(card),),
            created_at=self._clock.now(),
        )
        if password is not None:
            user = replace(user, password_hash=await self._hasher.hash(await self._checked(password, user)))
        if pin is not None:
            user = await self._with_pin(user, pin, users=await self._users.user_count() + 1)
        return await self._users.save_user(user)

    async def change_user(self, name: str, *, version: int | None = None, **changes: Any) -> User:
        """The fields of _CHANGEABLE; Conflict for another `version`. A disabled user is signed out everywhere at once."""
        unknown = sorted(set(changes) - _CHANGEABLE)
        if unknown:
            raise BadRequest(f"A user's {', '.join(unknown)} cannot be changed this way.")
        if "email" in changes:
            changes["email"] = check_email(changes["email"])
        user = await self.get(name)
        seen = user.version if version is None else version
        user = await self._users.save_user(replace(user, **changes, version=seen))
        if user.disabled:
            await self._sign_out(user)
            for hook in self.when_disabled:
                await hook(user)
        return user

    async def disable(self, name: str) -> User:
        return await self.change_user(name, disabled=True)

    async def set_pin(self, name: str, pin: str | None) -> User:
        """None removes it. Other sessions of the user end."""
        user = await self.get(name)
        if pin is None:
            return await self._save_proofs(replace(user, pin_hash=None, pin_lookup=None))
        return await self._save_proofs(await self._with_pin(user, pin, users=await self._users.user_count()))

    async def set_password(self, name: str, password: str | None) -> User:
        """None removes it. Other sessions of the user end."""
        user = await self.get(name)
        hashed = None if password is None else await self._hasher.hash(await self._checked(password, user))
        return await self._save_proofs(replace(user, password_hash=hashed))

    async def add_card(self, name: str, card: str) -> User:
        user = await self.get(name)
        hashed = await self._free_card(card, owner=user.name)
        if hashed in user.cards:
            return user
        return await self._users.save_user(replace(user, cards=(*user.cards, hashed)))

    def card_hash(self, card: str) -> str:
        """The keyed hash under which a card number is kept; BadRequest for what is no card number."""
        return self._card_hash(card)

    async def add_card_hash(self, name: str, hashed: str, *, most: int, replace_oldest: bool = False) -> User:
        """As `add_card`, for a hash of `card_hash`; LimitReached with `most` cards, unless the oldest may go."""
        user, holder = await self.get(name), await self._users.user_by_card(hashed)
        if holder is not None and holder.name != user.name:
            raise Conflict("This card belongs to another user. Remove it there first.")
        if holder is not None:
            return user
        kept = user.cards[max(0, len(user.cards) - most + 1) :] if replace_oldest else user.cards
        if len(kept) >= most:
            raise LimitReached(f"You have {len(kept)} cards already, which is as many as one can have here.")
        return await self._users.save_user(replace(user, cards=(*kept, hashed)))

    async def remove_card(self, name: str, card: str) -> User:
        user, hashed = await self.get(name), self._card_hash(card)
        if hashed not in user.cards:
            raise NotFound(f'"{user.name}" has no such card.')
        return await self._users.save_user(replace(user, cards=tuple(c for c in user.cards if c != hashed)))

    async def delete_user(self, name: str) -> None:
        user = await self.get(name)
        await self._users.delete_sessions_of(user.name)
        await self._users.delete_user(user.name)

    async def new_pin(self) -> str:
        """A random PIN that keeps the rules and is nobody's yet."""
        digits = max(self._settings.pin_digits, shortest_pin(await self._users.user_count() + 1))
        while True:
            pin = random_pin(digits)
            if await self._users.user_by_pin(self._hasher.lookup("pin", pin)) is None:
                return pin

    async def _checked(self, password: str, user: User) -> str:
        return await check_new_password(password, user, self._settings.passwords, self._leaked)

    def _card_hash(self, card: str) -> str:
        return self._hasher.lookup("card", normal_card(card))

    async def _free_card(self, card: str, *, owner: str | None = None) -> str:
        hashed = self._card_hash(card)
        holder = await self._users.user_by_card(hashed)
        if holder is not None and holder.name != owner:
            raise Conflict("This card belongs to another user. Remove it there first.")
        return hashed

    async def _with_pin(self, user: User, pin: str, *, users: int) -> User:
        check_pin(pin, users=users)
        lookup = self._hasher.lookup("pin", pin)
        holder = await self._users.user_by_pin(lookup)
        if holder is not None and holder.name != user.name:
            raise Conflict("This PIN cannot be used. Choose another one.")
        return replace(user, pin_hash=await self._hasher.hash(pin), pin_lookup=lookup)

    async def _save_proofs(self, user: User) -> User:
        saved = await self._users.save_user(user)
        await self._sign_out(saved)
        return saved

    async def _sign_out(self, user: User) -> int:
        """Everywhere, also on phones that stay signed in; how many sessions there were."""
        ended = await self._users.delete_sessions_of(user.name)
        for hook in self.when_signed_out:
            await hook(user)
        return ended
