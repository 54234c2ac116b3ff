"""The faults that the virtual printer can be told to have, so that whoever prints on it can be tested against them."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, Self

from ipp.virtual.clock import Clock


class Lie(StrEnum):
    """COMPLETED: says done at once and makes no paper. ABORTED: makes all the paper and says that it failed."""

    COMPLETED = "completed"
    ABORTED = "aborted"


@dataclass(frozen=True, kw_only=True, slots=True)
class Misbehaviour:
    """What goes wrong. The default is a printer that works.

    `refuse` connections; `stall` or `reset` after so many octets of a document; `slow`: octets a second at most;
    `paper_out`, `jam`, `door` (it stands open) and `reboot` after so many impressions of a job, once; `lie` about the
    end of jobs; `busy`: so many requests for a job are answered with server-error-busy.
    """

    refuse: bool = False
    stall: int | None = None
    reset: int | None = None
    slow: int | None = None
    paper_out: int | None = None
    jam: int | None = None
    door: int | None = None
    reboot: int | None = None
    lie: Lie | None = None
    busy: int = 0

    @classmethod
    def parse(cls, *orders: str) -> Self:
        """Read orders such as "refuse", "paper-out:2" or "lie:completed"; ValueError says what is known."""
        given: dict[str, Any] = dict(_parse_order(order) for order in orders)
        return cls(**given)


def _parse_order(order: str) -> tuple[str, bool | int | Lie]:
    name, _, argument = order.partition(":")
    field = name.replace("-", "_")
    if field == "refuse" and not argument:
        return field, True
    if field == "lie" and argument in list(Lie):
        return field, Lie(argument)
    numbers = {f.name for f in fields(Misbehaviour)} - {"refuse", "lie"}
    if field in numbers and argument.isascii() and argument.isdigit():
        return field, int(argument)
    known = ", ".join(f"{number.replace('_', '-')}:N" for number in sorted(numbers))
    raise ValueError(f'"{order}" is no misbehaviour. Known are: refuse, lie:completed, lie:aborted, {known}.')


async def hindered(
    chunks: AsyncIterator[bytes], current: Callable[[], Misbehaviour], clock: Clock, cut: Callable[[], None]
) -> AsyncIterator[bytes]:
    """The same octets, but slowed, stalled or cut off as ordered.

    `current` gives the orders of the moment: a stall ends when its order is withdrawn. `cut` resets the connection;
    ConnectionResetError follows it.
    """
    taken = 0
    async for chunk in chunks:
        orders = current()
        if orders.reset is not None and taken + len(chunk) > orders.reset:
            yield chunk[: max(0, orders.reset - taken)]
            cut()
            raise ConnectionResetError("reset as ordered")
        if orders.stall is not None and taken + len(chunk) > orders.stall:
            while current().stall is not None:
                await clock.sleep(0.05)
        if orders.slow:
            await clock.sleep(len(chunk) / orders.slow)
        taken += len(chunk)
        yield chunk
