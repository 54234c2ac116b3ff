"""Visitors without an account: each owns the own uploads alone, by the browser's cookie or by a six-digit code.

The code stands on the visitor's screen and is typed at a release station. It is kept as a keyed hash; a guess costs a
try of the address and of all addresses together, since many could guess at once. Stations count for themselves: what
strangers try elsewhere keeps nobody from printing in front of the printer.
"""

import secrets

from gateway.domain.guest import CODE_DIGITS, GIVEN_OUT, Guest, cookie_digest, masked, unmasked
from gateway.domain.printer import Printer
from gateway.domain.user import GUEST, Actor, is_guest
from gateway.errors import BadRequest, Conflict, Forbidden, LimitReached, NotAuthenticated, NotFound, Unavailable
from gateway.services.limits import Kind, Limit, Limits, guest_policies, subscriber
from gateway.services.ports import Clock, GuestStore, Hasher
from gateway.services.submission import clean_text
from gateway.settings import Guests as GuestSettings

LABEL_SIZE = 60  # characters
TRIES = 20  # of finding a code that nobody has
GRACE = 3600.0  # seconds that a guest is known longer than the longest job may wait
PURGE_SECONDS = 60.0  # between two looks for guests whose time is over
WRONG = "No document waits under this code. Check it and try again."


class Guests:
    """Raises NotAuthenticated for a wrong code, Throttled (with retry_after) after too many of them."""

    def __init__(
        self, *, guests: GuestStore, hasher: Hasher, clock: Clock, limits: Limits, settings: GuestSettings
    ) -> None:
        self._guests = guests
        self._hasher = hasher
        self._clock = clock
        self._limits = limits
        self._settings = settings
        self._purged_at = -PURGE_SECONDS
        limits.table |= guest_policies(settings)

    def check_allowed(self, printer: Printer) -> None:
        """Forbidden unless the Printer takes documents of guests."""
        if not printer.guests:
            raise Forbidden(f"{printer.info} takes documents of known users only. Sign in to upload.")

    async def open(self, printer: Printer, *, address: str, label: str = "", place: str = "") -> tuple[str, Guest]:
        """(the cookie's value, the new guest). Throttled after too many of one address; see `check_allowed`."""
        self.check_allowed(printer)
        self._limits.take(Limit(kind=Kind.GUEST, key=(subscriber(address),)))
        cookie = secrets.token_urlsafe(32)
        return cookie, await self._new(cookie, address=address, label=label, place=place)

    async def admit(self, cookie: str, *, address: str, label: str) -> Guest:
        """The guest of a secret that the caller makes, and makes again: the same one each time. See rows 36 and 37."""
        known = await self._guests.by_cookie(cookie_digest(cookie))
        return known or await self._new(cookie, address=address, label=label, place="")

    async def _new(self, cookie: str, *, address: str, label: str, place: str) -> Guest:
        now = self._clock.now()
        for _ in range(TRIES):
            code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"
            guest = Guest(
                name=GUEST + secrets.token_hex(8),
                code_lookup=self._hasher.lookup("guest-code", code),
                code_masked=masked(code, cookie),
                cookie_hash=cookie_digest(cookie),
                csrf=secrets.token_urlsafe(32),
                label=clean_text(label)[:LABEL_SIZE],
                place=clean_text(place)[:LABEL_SIZE],
                address=address,
                created_at=now,
                expires_at=now + self._settings.hold_seconds + GRACE,
            )
            try:
                await self._guests.add(guest)
            except Conflict:
                continue  # somebody has that code now
            return guest
        raise Unavailable("Too many guests have documents here at the moment. Try again in some minutes.")

    async def session(self, cookie: str, *, address: str) -> tuple[Guest, Actor] | None:
        """The guest of a cookie, while the row lives."""
        found = await self._guests.by_cookie(cookie_digest(cookie))
        if found is None or found.expires_at <= self._clock.now():
            return None
        return found, self.actor_of(found, address=address, via="guest")

    def code(self, guest: Guest, cookie: str) -> str:
        """The six digits again, for the browser that holds the cookie; "" once others were given out at the desk."""
        if guest.code_masked == GIVEN_OUT:
            return ""
        return unmasked(guest.code_masked, cookie)

    async def by_code(self, code: str, *, address: str, terminal: str | None = None) -> Actor:
        """Who reaches exactly the jobs under `code`. `terminal` is a release station of the house."""
        limits = self._limits_of(address, terminal)
        self._limits.take(*limits)
        digits = "".join(code.split())
        fit = digits.isascii() and digits.isdigit() and len(digits) == CODE_DIGITS
        guest = await self._guests.by_code(self._hasher.lookup("guest-code", digits)) if fit else None
        if guest is None or guest.expires_at <= self._clock.now():
            raise NotAuthenticated(WRONG)
        self._limits.give_back(*limits)
        return self.actor_of(guest, address=address, via="code")

    async def named(self, owner: str | None) -> Guest | None:
        """For people at the desk: who the owner of a job is."""
        return await self._guests.guest(owner) if owner is not None and is_guest(owner) else None

    async def renew_code(self, owner: str) -> str:
        """Six new digits for a guest who lost the old ones, which are void from now on. NotFound for no guest.

        Whoever gives them out sees them once; the browser with the cookie cannot tell them again.
        """
        for _ in range(TRIES):
            guest = await self.named(owner)
            if guest is None or guest.expires_at <= self._clock.now():
                raise NotFound("This guest is not known any more.")
            code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"
            try:
                await self._guests.recode(guest.name, self._hasher.lookup("guest-code", code), GIVEN_OUT)
            except Conflict:
                continue  # somebody has that code now
            return code
        raise Unavailable("Too many guests have documents here at the moment. Try again in some minutes.")

    async def keep(self, owner: str) -> None:
        """There is a new job: the code holds as long as it may wait."""
        if not is_guest(owner):
            raise BadRequest("Only guests have codes.")
        await self._guests.prolong(owner, self._clock.now() + self._settings.hold_seconds + GRACE)

    async def purge(self) -> int:
        """Forgets guests whose documents are gone; the codes are free again."""
        if self._clock.monotonic() - self._purged_at < PURGE_SECONDS:
            return 0
        self._purged_at = self._clock.monotonic()
        return await self._guests.purge(self._clock.now())

    def actor_of(self, guest: Guest, *, address: str, via: str) -> Actor:
        return Actor(user=guest.name, address=address, claimed=guest.label or "Guest", via=via)

    def _limits_of(self, address: str, terminal: str | None) -> tuple[Limit, ...]:
        if terminal is not None:
            return (Limit(kind=Kind.SIGN_IN_TERMINAL, key=(terminal,)),)
        party = subscriber(address)
        return (Limit(kind=Kind.GUEST_CODE_ADDRESS, key=(party,)), Limit(kind=Kind.GUEST_CODE_ANYWHERE, key=()))


def check_amount(owner: str | None, impressions: int, most: int) -> None:
    """LimitReached when a guest asks for more paper than guests get at once."""
    if is_guest(owner) and impressions > most:
        raise LimitReached(
            f"These are {impressions} pages, and guests print at most {most} at once. Choose fewer pages or copies."
        )
