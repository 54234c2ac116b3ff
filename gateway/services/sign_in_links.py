"""Signing in by a link in a mail (row 96): once, for ten minutes, in the browser that asked.

Whoever asks hears the same at once, whether somebody here has that address or not: it is looked up and written to
afterwards. A mail scanner that opens the link burns nothing, since in any other browser the link only asks whether
to go on.
"""

import asyncio
import logging
import secrets
from collections.abc import Callable, Coroutine
from dataclasses import dataclass

from gateway.domain.credential import PendingKind, PendingSignIn, Purpose
from gateway.domain.user import User
from gateway.errors import BadRequest, Busy, NotAuthenticated, NotPossible, Refusal
from gateway.services.limits import Familiar, Kind, Limit, Limits, subscriber
from gateway.services.ports import Letter, Mailer, UserStore
from gateway.services.proofs import check_email
from gateway.services.sign_in_begun import OVER, Begun
from gateway.services.signin_oidc import OwnerOf

MOST_WAITING = 200  # letters that are being looked up and handed over at one time

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class LinkRequest:
    """Who asks from where, in a browser of which `agent` is the name; `url` makes the link of its random part."""

    address: str
    browser: str
    origin: str
    language: str
    url: Callable[[str], str]
    agent: str = ""
    to: str = ""
    stay: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class LinkSeen:
    """What a link would do; nothing has happened yet. `here`: it was asked for in this browser."""

    user: User
    pending: PendingSignIn
    here: bool


class SignInLinks:
    """Raises Throttled, BadRequest for what is no address, NotPossible without a mail server."""

    def __init__(
        self, *, users: UserStore, mailer: Mailer, begun: Begun, limits: Limits, familiar: Familiar, owner_of: OwnerOf
    ) -> None:
        self._users = users
        self._mailer = mailer
        self._begun = begun
        self._limits = limits
        self._familiar = familiar
        self._owner_of = owner_of
        self._sending: set[asyncio.Task[None]] = set()

    @property
    def enabled(self) -> bool:
        return self._mailer.enabled

    async def ask(self, request: LinkRequest) -> None:
        """Returns before anybody was looked up: its time tells nothing."""
        address = check_email(request.address)
        if address is None:
            raise BadRequest("Type the mail address that is known here.")
        self._count(address, request.origin)
        self._start(self._send_to_owner(address, request))

    async def ask_again(self, user: User, request: LinkRequest) -> None:
        """A link for who is signed in, to confirm that it is that one; it goes to the address that is known here."""
        if not user.email:
            raise NotPossible("No mail address of yours is known here.")
        self._count(user.email, request.origin)
        await self._send(user, user.email, request, Purpose.CONFIRM)

    async def look(self, secret: str, *, browser: str) -> LinkSeen:
        """NotAuthenticated when the link is over or was used."""
        pending = await self._begun.look(PendingKind.MAIL_LINK, secret)
        user = await self._users.user_by_uuid(pending.user) if pending and pending.user else None
        if pending is None or user is None or user.disabled:
            raise NotAuthenticated(OVER)
        here = secrets.compare_digest(pending.browser, browser)
        if pending.purpose is Purpose.CONFIRM and not here:
            raise NotAuthenticated("Open this link in the browser that asked for it.")
        return LinkSeen(user=user, pending=pending, here=here)

    async def use(self, secret: str, *, browser: str, origin: str) -> LinkSeen:
        """Who signs in; the link is void. NotAuthenticated, and counted, when it was before."""
        limit = Limit(kind=Kind.ANSWER_ADDRESS, key=(subscriber(origin),))
        self._limits.take(limit)
        seen = await self.look(secret, browser=browser)
        await self._begun.finish(PendingKind.MAIL_LINK, secret, browser=None)
        self._limits.give_back(limit)
        for known in (seen.user.name, seen.pending.values.get("address", "")):
            self._familiar.note(known, origin)
        return seen

    async def settle(self) -> None:
        """Until all that was asked for is handed over or failed."""
        while self._sending:
            await asyncio.gather(*self._sending, return_exceptions=True)

    # --- within ------------------------------------------------------------------------------------------------

    def _count(self, address: str, origin: str) -> None:
        """The same for every address: whose it is was not looked at."""
        folded, party = address.casefold(), subscriber(origin)
        limits = [
            Limit(kind=Kind.MAIL_LINK_ADDRESS, key=(party,)),
            Limit(kind=Kind.MAIL_LINK_RECIPIENT, key=(folded, party)),
        ]
        if not self._familiar.knows(folded, origin):
            limits.append(Limit(kind=Kind.MAILBOX, key=(folded,)))
        if not self._mailer.enabled:
            raise NotPossible("This gateway sends no mail. Sign in another way.")
        if len(self._sending) >= MOST_WAITING:
            raise Busy("Too many links are asked for at this moment. Try again in a minute.")
        self._limits.take(*limits)

    def _start(self, sending: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(sending, name="sign-in-link")
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def _send_to_owner(self, address: str, request: LinkRequest) -> None:
        try:
            user = await self._owner_of(address)
            if user is None or user.disabled:
                return
            await self._send(user, address, request, Purpose.SIGN_IN)
        except Refusal as refusal:
            log.warning("a sign-in link was not sent: %s", refusal.message)
        except Exception:
            log.exception("a sign-in link was not sent")

    async def _send(self, user: User, address: str, request: LinkRequest, purpose: Purpose) -> None:
        secret = secrets.token_urlsafe(32)
        await self._begun.begin(
            PendingKind.MAIL_LINK,
            secret,
            browser=request.browser,
            address=request.origin,
            purpose=purpose,
            user=user.uuid,
            next=request.to,
            stay=request.stay,
            values={"address": address},
        )
        minutes = str(round(self._begun.seconds / 60))
        asker = f"{request.agent} ({request.origin})" if request.agent and request.origin else request.agent
        values = {"link": request.url(secret), "minutes": minutes, "browser": asker}
        await self._mailer.send(
            Letter(
                kind="sign-in-link",
                to=address,
                language=request.language,
                values=values,
                useful_seconds=self._begun.seconds,
            )
        )
