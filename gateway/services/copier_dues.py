"""What copies at a device's own panel cost, and whether somebody has credit for any (rows 88 and 111)."""

from collections.abc import Mapping

from gateway.domain.copier import Counter
from gateway.domain.credit import Due, written
from gateway.domain.device import Device
from gateway.domain.price import Tariff, payable
from gateway.errors import LimitReached
from gateway.services.credit import Credit
from gateway.services.printers import Printers


class CopierDues:
    """By the tariff of the Printers that print on the device; the counters tell no sheets, so that none is charged."""

    def __init__(self, *, printers: Printers, credit: Credit) -> None:
        self._printers = printers
        self._credit = credit

    def of(self, device: str, counts: Mapping[Counter, int]) -> Due | None:
        """The least that one of its Printers asks; None where no credit pays, or nothing there has a price."""
        dues = [_due(tariff, counts) for tariff in self._tariffs(device)] if self._credit.enabled else []
        return min(dues, key=lambda due: due.amount, default=None)

    async def check(self, owner: str, device: Device) -> None:
        """LimitReached for whoever has nothing left, before a device with a price is unlocked."""
        standing = await self._credit.of(owner)
        if standing is not None and not standing.free and self._tariffs(device.name):
            left = written(standing.balance.amount - standing.balance.reserved, standing.balance.currency)
            raise LimitReached(f"Your credit is {left}: ask at the desk to add some before you copy.")

    def _tariffs(self, device: str) -> list[Tariff]:
        leading = (p for p in self._printers.all() if device in {one.name for one in self._printers.targets_of(p)})
        return [printer.tariff for printer in leading if not printer.tariff.free]


def _due(tariff: Tariff, counts: Mapping[Counter, int]) -> Due:
    exact = tariff.grey * counts.get(Counter.COPIES, 0) + tariff.color * counts.get(Counter.COLOR_COPIES, 0)
    return Due(amount=payable(exact, tariff.currency), currency=tariff.currency)
