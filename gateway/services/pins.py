"""PINs that the gateway makes: shown once, or mailed to their users and shown to nobody (row 101)."""

from collections.abc import Callable

from gateway.domain.letter import Letter
from gateway.domain.user import User
from gateway.errors import NotPossible
from gateway.services.accounts import Accounts
from gateway.services.ports import Mailer
from gateway.services.preferences import PreferenceBook


class Pins:
    """`base` gives the address under which people reach the pages; `language` is the house's."""

    def __init__(
        self,
        *,
        accounts: Accounts,
        mailer: Mailer,
        preferences: PreferenceBook,
        base: Callable[[], str],
        language: str,
    ) -> None:
        self._accounts = accounts
        self._mailer = mailer
        self._preferences = preferences
        self._base = base
        self._language = language

    def can_mail(self, user: User) -> bool:
        return self._mailer.enabled and bool(user.email)

    async def make(self, name: str, pin: str | None = None) -> str:
        """A new PIN, a random one if none is given, for whoever asked to show it once."""
        chosen = await self._accounts.new_pin() if pin is None else pin
        await self._accounts.set_pin(name, chosen)
        return chosen

    async def mail(self, name: str, pin: str | None = None, *, base: str = "") -> User:
        """A new PIN by mail. NotPossible without a mail server, or an address of theirs: then nothing changes.

        The letter with a random PIN goes first: after a crash in between the next try sends another one that counts.
        """
        user = await self._accounts.get(name)
        if not self.can_mail(user):
            raise NotPossible(f"No PIN can be mailed to {user.name}: there is no mail server, or no address of theirs.")
        if pin is not None:
            user = await self._accounts.set_pin(user.name, pin)
        chosen = await self._accounts.new_pin() if pin is None else pin
        language = (await self._preferences.of(user)).language or self._language
        values = {"pin": chosen, "user": user.name, "url": f"{base or self._base()}/account/pin"}
        await self._mailer.send(Letter(kind="new-pin", to=user.email or "", language=language, values=values))
        return user if pin is not None else await self._accounts.set_pin(user.name, chosen)
