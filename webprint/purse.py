"""What a visitor has to print with, as pages tell it before a release (rows 26 and 91)."""

from dataclasses import dataclass
from decimal import Decimal

from gateway.i18n import gettext as _
from gateway.i18n import money
from gateway.services.credit import Standing
from webprint.site import Site


@dataclass(frozen=True, kw_only=True, slots=True)
class Purse:
    """`left`: beside what jobs on their way reserve. `free`: what may be spent of it now, the overdraft included."""

    owner: str
    left: Decimal
    free: Decimal
    currency: str

    @property
    def text(self) -> str:
        return money(self.left, self.currency)

    def is_of(self, name: str | None) -> bool:
        return (name or "").casefold() == self.owner.casefold()

    def lacks(self, amount: Decimal, currency: str) -> bool:
        return currency == self.currency and amount > self.free

    def after(self, amount: Decimal, currency: str) -> str:
        """What is left after that price, or what is missing; empty where nothing of it changes."""
        if currency != self.currency or not amount:
            return ""
        if amount > self.free:
            return _("%(amount)s of credit are missing", amount=money(amount - self.free, currency))
        return _("Credit after it: %(amount)s", amount=money(self.left - amount, currency))


async def purse_of(site: Site, owner: str | None) -> Purse | None:
    """None where nothing is paid by credit, or not by this visitor."""
    standing = await site.personal.credit.of(owner) if site.personal is not None else None
    return None if standing is None else view_purse(standing)


def view_purse(standing: Standing) -> Purse:
    balance = standing.balance
    left = balance.amount - balance.reserved
    return Purse(owner=balance.owner, left=left, free=standing.free, currency=balance.currency)
