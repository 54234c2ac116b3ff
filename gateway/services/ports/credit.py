"""What users have to print with, and the entries that made it."""

from decimal import Decimal
from typing import Protocol

from gateway.domain.credit import Balance, Entry


class CreditStore(Protocol):
    """Owners compare without case. A balance is the sum of its entries, in each currency apart.

    Charges of releases and copies come in the transactions of JobStore and CopierStore, as entries all the same.
    """

    async def balance(self, owner: str, currency: str) -> Balance:
        """With what open releases reserve; nothing of somebody who never had any."""

    async def post(self, entry: Entry) -> Entry:
        """In one transaction with the balance. The entry of that key if there is one; KeyReused if it is another."""

    async def entry(self, entry_id: int) -> Entry | None: ...

    async def entries(self, owner: str, *, before_id: int | None = None, limit: int = 100) -> list[Entry]:
        """Newest first."""

    async def set_overdraft(self, owner: str, currency: str, overdraft: Decimal | None) -> Balance:
        """None: the site's."""

    async def low(self, *, limit: int = 100) -> list[Balance]:
        """Those that a charge brought below the site's threshold, and whose owners were not told yet."""

    async def low_told(self, owner: str, currency: str) -> bool:
        """Not again until it was above the threshold; False when somebody else has told it."""
