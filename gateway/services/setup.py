"""The first run: one link, printed on the machine, lets one person become the first administrator; then never again.

Who has that link owns the gateway, so it is random, lasts a day, and is void as soon as there is an administrator. Two
marks close it for good, one in the database and one beside it: a restored backup brings no open door with it, and
neither does a user table that was emptied. Only the machine's own shell opens it anew.
"""

import hashlib
import hmac
import secrets
from enum import StrEnum

from gateway.domain.rights import Role
from gateway.domain.user import User
from gateway.errors import BadRequest, NotFound, NotPossible, Refusal
from gateway.services.accounts import Accounts
from gateway.services.ports import Clock, HouseStore, SetupFiles, SetupLink, UserStore

SHORTEST_PASSWORD = 10
LINK_SECONDS = 24 * 3600.0
CLOSED = "setup.closed"
STEP = "setup.step"
DEVICE = "setup.device"
PRINTER = "setup.printer"
VOID = (
    "This link opens nothing: set-up was done, or the link has ended. "
    "On the machine itself, papertap setup link prints a new one."
)


class Step(StrEnum):
    """What follows the administrator, in this order. A step is done once; people may leave and come back."""

    SITE = "site"
    PRINTERS = "printers"
    TEST = "test"
    PRINTER = "printer"
    DONE = "done"


class Setup:
    def __init__(
        self, *, users: UserStore, accounts: Accounts, house: HouseStore, files: SetupFiles, clock: Clock
    ) -> None:
        self._users, self._accounts, self._house = users, accounts, house
        self._files, self._clock = files, clock

    # -- the link

    async def new_link(self, *, by_shell: bool = False) -> str | None:
        """The token of a new link, which voids an earlier one; None where set-up is closed.

        A gateway that has users was set up another way: it is closed then and there. `by_shell` opens it in any case.
        """
        if by_shell:
            await self._house.remove([CLOSED, STEP, DEVICE, PRINTER])
            self._files.reopen()
        elif await self._closed() or await self._users.user_count():
            await self._close()
            return None
        token = secrets.token_urlsafe(32)
        expires_at = self._clock.now() + LINK_SECONDS
        self._files.keep_link(SetupLink(token_hash=_hash(token), expires_at=expires_at, by_shell=by_shell))
        return token

    async def check(self, token: str) -> None:
        """NotFound, always in the same words, unless the link opens set-up now."""
        link = self._files.link()
        fits = link is not None and hmac.compare_digest(link.token_hash, _hash(token))
        live = link is not None and 0 <= link.expires_at - self._clock.now() <= LINK_SECONDS
        if not fits or not live or link is None or await self._closed():
            raise NotFound(VOID)
        if not link.by_shell and await self._users.user_count():
            raise NotFound(VOID)

    async def create_administrator(self, token: str, name: str, password: str, *, full_name: str = "") -> User:
        """The first administrator; of several at once, one is made. The rules of names and passwords hold."""
        await self.check(token)
        if len(password) < SHORTEST_PASSWORD:
            raise BadRequest(f"The password of an administrator has at least {SHORTEST_PASSWORD} characters.")
        if not await self._house.claim(CLOSED, str(self._clock.now())):
            raise NotFound(VOID)
        try:
            user = await self._accounts.add_user(name, full_name=full_name, password=password, role=Role.ADMINISTRATOR)
        except Refusal:
            await self._house.remove([CLOSED])  # nobody was made: the link is still good
            raise
        self._files.close()
        self._files.drop_link()
        await self._house.put({STEP: Step.SITE})
        return user

    async def _closed(self) -> bool:
        return self._files.closed or CLOSED in await self._house.values()

    async def _close(self) -> None:
        await self._house.claim(CLOSED, str(self._clock.now()))
        if not self._files.closed:
            self._files.close()
        self._files.drop_link()

    # -- the steps after it

    async def step(self) -> Step | None:
        """Where the guide goes on; None when it is done, or never began."""
        kept = (await self._house.values()).get(STEP)
        return Step(kept) if kept in set(Step) else None

    async def require(self) -> Step:
        step = await self.step()
        if step is None:
            raise NotPossible("Set-up is done. Everything it asked can be changed in these pages.")
        return step

    async def reach(self, step: Step, **chosen: str) -> None:
        """Never back: a page that was left open does not undo a later one. `chosen`: device, printer."""
        order, now = list(Step), await self.require()
        values = {f"setup.{name}": value for name, value in chosen.items()}
        if order.index(step) > order.index(now):
            values[STEP] = step
        await self._house.put(values)

    async def chosen(self) -> tuple[str, str]:
        """The names of the device and of the Printer that were made on the way; "" for none."""
        values = await self._house.values()
        return values.get(DEVICE, ""), values.get(PRINTER, "")

    async def finish(self) -> None:
        await self._house.remove([STEP, DEVICE, PRINTER])


def _hash(token: str) -> str:
    return hashlib.sha256(b"setup\0" + token.encode()).hexdigest()
