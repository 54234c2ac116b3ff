"""Self-registration (row 102): a name and an address, a link to confirm it, a yes of staff where asked for, a PIN by mail.

One service for the page and for registration by mail: `begin`, `confirm`, then `approve` or `refuse`. Whoever begins
hears the same whether an address has an account or not: the mail says the rest to whoever reads it there.
"""

import hashlib
import logging
import secrets
import unicodedata
from collections.abc import Awaitable, Callable
from dataclasses import replace
from uuid import UUID, uuid4

from gateway.domain.letter import Letter, folded, mail_address, one_line
from gateway.domain.registration import Registration, RegistrationState
from gateway.domain.rights import Permission
from gateway.domain.user import Actor, User
from gateway.errors import BadRequest, Conflict, Forbidden, NotFound, NotPossible, Refusal
from gateway.services.accounts import Accounts
from gateway.services.limits import Kind, Limit, Limits, subscriber
from gateway.services.pins import Pins
from gateway.services.ports import Clock, Mailer, RegistrationStore
from gateway.settings import Registration as Settings

OVER = "This link was used already, is too old, or is not whole. Register again to get a new one."
GONE = "Somebody else has decided on this registration already."
KEPT_SECONDS = 30 * 24 * 3600.0  # what was decided can be looked up that long
LONGEST_NAME = 100
LONGEST_TOKEN = 100

IsTaken = Callable[[str], Awaitable[bool]]
Staff = Callable[[Permission], Awaitable[list[User]]]

log = logging.getLogger(__name__)


class Registrations:
    """`is_taken` tells whether anybody has an address; `staff` who may decide; `base` what links in letters begin with.

    Raises NotPossible where nobody may register, BadRequest for what is no address or name, Throttled.
    """

    def __init__(
        self,
        *,
        store: RegistrationStore,
        accounts: Accounts,
        pins: Pins,
        mailer: Mailer,
        limits: Limits,
        clock: Clock,
        settings: Settings,
        is_taken: IsTaken,
        staff: Staff,
        base: Callable[[], str],
        language: str = "en",
    ) -> None:
        self._store = store
        self._accounts = accounts
        self._pins = pins
        self._mailer = mailer
        self._limits = limits
        self._clock = clock
        self._settings = settings
        self._is_taken = is_taken
        self._staff = staff
        self._base = base
        self._language = language

    @property
    def enabled(self) -> bool:
        return self._settings.enabled and self._mailer.enabled

    async def begin(
        self, mail: str, name: str, via: str, *, origin: str = "", language: str = "", base: str = ""
    ) -> None:
        """Sends the mail that asks whether the address is theirs. `origin`: the network address that asks, if known."""
        if not self.enabled:
            raise NotPossible("Nobody can register here. Ask the people who run the printers for an account.")
        address, full_name = mail_address(mail), checked_name(name)
        self._check_domain(address)
        self._count(address, origin)
        language, base = language or self._language, base or self._base()
        taken, secret, now = await self._is_taken(address), secrets.token_urlsafe(32), self._clock.now()
        registration = Registration(
            uuid=uuid4(),
            email=address,
            full_name=full_name,
            via=via,
            token_hash=_digest(secret),
            language=language,
            origin=origin,
            created_at=now,
            expires_at=now + self._settings.confirm_seconds,
        )
        if taken:
            values = {"link": f"{base}/signin"}
            await self._mailer.send(Letter(kind="registration-known", to=address, language=language, values=values))
            return
        if not await self._store.ask(registration):
            return  # it waits for staff already, and a letter will tell
        values = {
            "name": full_name,
            "link": f"{base}/register/confirm?token={secret}",
            "hours": str(max(1, round(self._settings.confirm_seconds / 3600))),
        }
        letter = Letter(kind="registration", to=address, language=language, values=values)
        await self._mailer.send(replace(letter, useful_seconds=self._settings.confirm_seconds))

    async def look(self, token: str) -> Registration:
        """What a link is about, without using it; NotFound unless it is live."""
        found = await self._store.by_token(_digest(token)) if 0 < len(token) <= LONGEST_TOKEN else None
        live = found is not None and found.state is RegistrationState.ASKED and found.expires_at > self._clock.now()
        if found is None or not live:
            raise NotFound(OVER)
        return found

    async def confirm(self, token: str, *, base: str = "") -> Registration:
        """The address is theirs: WAITING for staff, or APPROVED, with the PIN on its way. NotFound: see `look`."""
        found, now = await self.look(token), self._clock.now()
        if await self._is_taken(found.email):
            raise Conflict("This address has an account by now. Sign in with it.")
        confirmed = replace(found, confirmed_at=now, expires_at=now + self._settings.wait_seconds)
        if self._settings.approval:
            waiting = replace(confirmed, state=RegistrationState.WAITING)
            await self._move(waiting, RegistrationState.ASKED, OVER)
            await self._tell_staff(waiting, base or self._base())
            return waiting
        approved = replace(confirmed, state=RegistrationState.APPROVED, decided_at=now)
        await self._move(approved, RegistrationState.ASKED, OVER)
        return await self._admit(approved, back=found, base=base)

    async def deny(self, token: str) -> None:
        """Whoever reads the mailbox says "not me", and the link is void."""
        found, now = await self.look(token), self._clock.now()
        gone = replace(found, state=RegistrationState.REFUSED, decided_at=now)
        await self._move(gone, RegistrationState.ASKED, OVER)

    async def waiting(self, actor: Actor, *, limit: int = 100) -> list[Registration]:
        """Oldest first. Forbidden without Permission.USERS, as with the two below."""
        self._check(actor)
        return await self._store.waiting(limit=limit)

    async def waiting_count(self) -> int:
        return await self._store.waiting_count()

    async def approve(self, uuid: UUID, actor: Actor, *, base: str = "") -> Registration:
        """The account is made, and its PIN goes out. NotFound, or Conflict when somebody was faster."""
        found = await self._waiting(uuid, actor)
        now = self._clock.now()
        approved = replace(
            found, state=RegistrationState.APPROVED, decided_at=now, decided_by=actor.user or actor.claimed
        )
        await self._move(approved, RegistrationState.WAITING, GONE)
        return await self._admit(approved, back=found, base=base)

    async def refuse(self, uuid: UUID, actor: Actor) -> Registration:
        found = await self._waiting(uuid, actor)
        now = self._clock.now()
        refused = replace(
            found, state=RegistrationState.REFUSED, decided_at=now, decided_by=actor.user or actor.claimed
        )
        await self._move(refused, RegistrationState.WAITING, GONE)
        await self._mailer.send(Letter(kind="registration-refused", to=found.email, language=found.language))
        return refused

    async def purge(self) -> None:
        await self._store.purge(before=self._clock.now() - KEPT_SECONDS)

    # -- within

    def _check(self, actor: Actor) -> None:
        if not actor.may(Permission.USERS):
            raise Forbidden("Only people who look after users decide on registrations.")

    async def _waiting(self, uuid: UUID, actor: Actor) -> Registration:
        self._check(actor)
        found = await self._store.registration(uuid)
        if found is None:
            raise NotFound("There is no such registration.")
        if found.state is not RegistrationState.WAITING:
            raise Conflict(GONE)
        return found

    async def _move(self, registration: Registration, was: RegistrationState, otherwise: str) -> None:
        if not await self._store.move(registration, was=was):
            raise Conflict(otherwise)

    async def _admit(self, approved: Registration, *, back: Registration, base: str) -> Registration:
        """What cannot be finished is put back, so that it can be tried again."""
        name = approved.email
        try:
            await self._accounts.add_user(name, full_name=approved.full_name, email=approved.email)
            try:
                await self._accounts.change_user(name, groups=(self._settings.group,), language=approved.language)
                await self._pins.mail(name, base=base)
            except Refusal:
                await self._accounts.delete_user(name)
                raise
        except Refusal:
            await self._store.move(back, was=approved.state)
            raise
        return approved

    async def _tell_staff(self, waiting: Registration, base: str) -> None:
        values = {"name": waiting.full_name, "address": waiting.email, "url": f"{base}/admin/registrations"}
        for user in await self._staff(Permission.USERS):
            letter = Letter(
                kind="registration-waiting",
                to=user.email or "",
                language=user.language or self._language,
                values=values,
                key=f"registration:{waiting.uuid}:{user.uuid}",
            )
            try:
                await self._mailer.send(letter)
            except Refusal as refusal:
                log.warning("a registration is not told to %s: %s", user.name, refusal)

    def _check_domain(self, address: str) -> None:
        domain = address.rpartition("@")[2]
        if self._settings.domains and domain not in {one.casefold().lstrip("@") for one in self._settings.domains}:
            raise BadRequest("Addresses of this domain cannot register here. Use the one that your house gave you.")

    def _count(self, address: str, origin: str) -> None:
        limits = [Limit(kind=Kind.MAILBOX, key=(folded(address),))]
        if origin:
            limits.append(Limit(kind=Kind.REGISTRATION, key=(subscriber(origin),)))
        self._limits.take(*limits)


def checked_name(name: str) -> str:
    """A person's name on one line; BadRequest for none."""
    found = one_line(unicodedata.normalize("NFC", name[: 4 * LONGEST_NAME]), LONGEST_NAME)
    if not found:
        raise BadRequest("Type your name, as people here know you.")
    return found


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
