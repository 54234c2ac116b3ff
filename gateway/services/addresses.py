"""Whose mail address it is: added by their owners, believed once a mail to them was read (row 38).

Whether an address is another's is not told on a page: the same is answered, and the mail says the rest to whoever
reads it there.
"""

from dataclasses import dataclass
from uuid import UUID

from gateway.domain.letter import folded, mail_address
from gateway.domain.personal import MailAddress, OneTimeToken
from gateway.domain.user import User
from gateway.errors import BadRequest, Conflict, LimitReached, NotFound
from gateway.services.identity import Identity
from gateway.services.limits import Kind, Limit
from gateway.services.ports import Clock, Letter, Mailer, PersonalStore, UserStore
from gateway.services.tokens import Tokens

MOST = 10  # addresses of one user, those that wait to be confirmed counted
VERIFY = "verify-address"
VERIFY_SECONDS = 24 * 3600.0
USED = "This link was used already, is too old, or is not whole. Add the address again to get a new one."


@dataclass(frozen=True, kw_only=True, slots=True)
class Pending:
    """An address that its mail was not answered for yet."""

    address: str
    expires_at: float


class Addresses:
    """`base` of links is given with each call: it is the address under which a visitor knows these pages."""

    def __init__(
        self,
        *,
        store: PersonalStore,
        users: UserStore,
        identity: Identity,
        mailer: Mailer,
        tokens: Tokens,
        clock: Clock,
    ) -> None:
        self._store = store
        self._users = users
        self._identity = identity
        self._mailer = mailer
        self._tokens = tokens
        self._clock = clock

    async def owner_of(self, address: str) -> User | None:
        """Whose verified address it is; None for nobody's, for a disabled user's, and for one that several have."""
        try:
            wanted = mail_address(address)
        except BadRequest:
            return None
        found = {user.uuid: user for user in await self._holders(wanted)}
        user = next(iter(found.values())) if len(found) == 1 else None
        return None if user is None or user.disabled else user

    async def is_taken(self, address: str) -> bool:
        """Whether anybody has it, also somebody who is disabled."""
        return bool(await self._holders(mail_address(address)))

    async def of(self, user: User) -> list[MailAddress]:
        """The primary one first, then the others, oldest first."""
        others = [one for one in await self._store.addresses(user.uuid) if not _same(one.address, user.email)]
        own = [MailAddress(address=user.email, added_at=user.created_at, primary=True)] if user.email else []
        return own + others

    async def pending(self, user: User) -> list[Pending]:
        waiting = await self._store.tokens(user.uuid, VERIFY, self._clock.now())
        return [Pending(address=one.subject, expires_at=one.expires_at) for one in waiting]

    async def ask(self, user: User, address: str, *, base: str, language: str) -> str:
        """Sends the mail that asks whether the address is theirs; its normal form.

        BadRequest for what is no address, LimitReached with ten of them, Throttled after many mails.
        """
        wanted = mail_address(address)
        mine, waiting = await self.of(user), await self.pending(user)
        if any(_same(one.address, wanted) for one in mine):
            raise Conflict("This address is yours already.")
        if len(mine) + sum(not _same(one.address, wanted) for one in waiting) >= MOST:
            raise LimitReached(f"You have {MOST} addresses already. Remove one first.")
        self._identity.limits.take(
            Limit(kind=Kind.REGISTRATION, key=("address", user.name.casefold())),
            Limit(kind=Kind.MAILBOX, key=(folded(wanted),)),
        )
        token = await self._tokens.make(user.uuid, VERIFY, wanted, seconds=VERIFY_SECONDS)
        if any(holder.uuid != user.uuid for holder in await self._holders(wanted)):
            await self._mailer.send(Letter(kind="address-in-use", to=wanted, language=language))
            return wanted
        values = {
            "url": f"{base}/account/addresses/confirm?token={token}",
            "hours": "24",
            "user": user.full_name or user.name,
        }
        letter = Letter(
            kind="verify-address", to=wanted, language=language, values=values, useful_seconds=VERIFY_SECONDS
        )
        await self._mailer.send(letter)
        return wanted

    async def asked(self, token: str) -> tuple[OneTimeToken, User]:
        """What a link is about, without using it; NotFound unless it is live."""
        found = await self._tokens.look(token, VERIFY)
        user = None if found is None else await self._users.user_by_uuid(found.user)
        if found is None or user is None:
            raise NotFound(USED)
        return found, user

    async def confirm(self, token: str, user: User, *, base: str, language: str) -> str:
        """The address is theirs from now on. NotFound unless the link is live and was made for this user."""
        found, asker = await self.asked(token)
        if asker.uuid != user.uuid or await self._tokens.use(token, VERIFY) is None:
            raise NotFound(USED)
        if any(holder.uuid != user.uuid for holder in await self._holders(found.subject)):
            raise Conflict("This address cannot be used here.")
        await self._store.add_address(user.uuid, found.subject, self._clock.now())
        if user.email is None:
            await self._identity.change_user(user.name, email=found.subject)
        await self._tell(user, "address-added", found.subject, base=base, language=language)
        return found.subject

    async def deny(self, token: str) -> None:
        """Whoever reads the mailbox says "not me", and the link is void."""
        if await self._tokens.use(token, VERIFY) is None:
            raise NotFound(USED)

    async def make_primary(self, user: User, address: str) -> None:
        """Letters go there. The one before stays one of theirs."""
        wanted = next((one.address for one in await self.of(user) if _same(one.address, address)), None)
        if wanted is None:
            raise NotFound("This is none of your addresses.")
        if user.email and not _same(user.email, wanted):
            await self._keep(user.uuid, user.email)
        await self._identity.change_user(user.name, email=wanted)

    async def remove(self, user: User, address: str, *, base: str, language: str) -> None:
        """Also one that was not confirmed yet. With the primary one gone, the next one takes its place."""
        mine = await self.of(user)
        wanted = next((one for one in mine if _same(one.address, address)), None)
        if wanted is None:
            await self._forget_pending(user, address)
            return
        await self._store.remove_address(user.uuid, wanted.address)
        if wanted.primary:
            left = [one.address for one in mine if one is not wanted]
            await self._identity.change_user(user.name, email=left[0] if left else None)
        await self._tell(user, "address-removed", wanted.address, base=base, language=language)

    # -- within

    async def _forget_pending(self, user: User, address: str) -> None:
        for waiting in await self.pending(user):
            if _same(waiting.address, address):
                await self._store.drop_tokens(user.uuid, VERIFY, waiting.address)
                return
        raise NotFound("This is none of your addresses.")

    async def _holders(self, address: str) -> list[User]:
        holder = await self._store.address_holder(address)
        verified = None if holder is None else await self._users.user_by_uuid(holder)
        return [user for user in (verified, await self._users.user_by_email(address)) if user is not None]

    async def _keep(self, user: UUID, address: str) -> None:
        """One that an administrator gave becomes one of the user's own before another takes its place."""
        await self._store.add_address(user, mail_address(address), self._clock.now())

    async def _tell(self, user: User, kind: str, address: str, *, base: str, language: str) -> None:
        """To the address that was theirs before, so that whoever took over an account is seen."""
        if self._mailer.enabled and user.email:
            values = {"address": address, "url": f"{base}/account/addresses"}
            await self._mailer.send(Letter(kind=kind, to=user.email, language=language, values=values))


def _same(one: str, other: str | None) -> bool:
    return other is not None and folded(one) == folded(other)
