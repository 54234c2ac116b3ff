"""Looks for printers: listens to what they announce, and asks the addresses of ranges that somebody named.

Only those addresses are ever contacted. What is announced may be a lie of anybody in the network: it is shown and
nothing follows from it, until a person adds it.
"""

import asyncio
import ipaddress
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from gateway.domain.discovered import Discovered, merged
from gateway.errors import BadRequest, Conflict
from gateway.services.ports import AddressCheck, Announcements, Clock, Prober, SnmpAccess
from gateway.settings import Devices as DeviceSettings

LISTEN_SECONDS = 5.0
MOST_RANGES = 32

log = logging.getLogger(__name__)


@dataclass(kw_only=True, slots=True)
class Search:
    """One search, while it goes on and after: `asked` of `total` addresses were asked."""

    total: int
    started_at: float
    asked: int = 0
    refused: int = 0
    running: bool = True
    cut: bool = False
    pieces: list[Discovered] = field(default_factory=list)

    @property
    def found(self) -> tuple[Discovered, ...]:
        return merged(self.pieces)


class NetworkSearch:
    """At most one search at a time; the last one's results stay until the next."""

    def __init__(
        self,
        *,
        announcements: Announcements,
        prober: Prober,
        addresses: AddressCheck,
        networks: Callable[[], tuple[str, ...]],
        clock: Clock,
        settings: DeviceSettings,
    ) -> None:
        """`networks` gives those that this machine is in, to propose."""
        self._announcements, self._prober, self._check = announcements, prober, addresses
        self._networks, self._clock, self._settings = networks, clock, settings
        self._task: asyncio.Task[None] | None = None
        self.current: Search | None = None

    @property
    def proposed(self) -> tuple[str, ...]:
        return self._networks()

    def start(self, ranges: str, access: SnmpAccess | None = None) -> Search:
        """Begins and returns at once. BadRequest for what is no range, Conflict while another search goes on."""
        addresses = parse_ranges(ranges, self._settings.search_addresses)
        if self.current is not None and self.current.running:
            raise Conflict("A search goes on already. Wait for it, or stop it.")
        permitted = [address for address in addresses if self._check.permits(address)]
        search = Search(total=len(permitted), started_at=self._clock.now(), refused=len(addresses) - len(permitted))
        self.current = search
        self._task = asyncio.create_task(self._run(search, permitted, access), name="network-search")
        return search

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def finished(self) -> None:
        """Waits for the search that goes on."""
        if self._task is not None:
            await asyncio.wait({self._task})

    async def _run(self, search: Search, addresses: list[str], access: SnmpAccess | None) -> None:
        try:
            async with asyncio.timeout(self._settings.search_seconds):
                await asyncio.gather(self._listen(search), self._ask(search, addresses, access))
        except TimeoutError:
            search.cut = True
        finally:
            search.running = False
            self._prober.close()

    async def _listen(self, search: Search) -> None:
        try:
            search.pieces += await self._announcements.heard(LISTEN_SECONDS)
        except OSError as error:  # no network that takes multicast: the ranges are asked all the same
            log.info("announcements are not heard: %s", error)

    async def _ask(self, search: Search, addresses: list[str], access: SnmpAccess | None) -> None:
        waiting = iter(addresses)

        async def some() -> None:
            for address in waiting:
                found = await self._prober.probe(address, access)
                search.asked += 1
                if found is not None:
                    search.pieces.append(found)

        await asyncio.gather(*(some() for _ in range(min(self._settings.search_at_once, max(1, len(addresses))))))


def parse_ranges(text: str, most: int) -> list[str]:
    """Addresses of "10.0.0.0/24, 10.0.1.5, 10.0.2.1-10.0.2.40" in their order, each once."""
    parts = [part for part in text.replace(",", " ").replace(";", " ").split() if part]
    if len(parts) > MOST_RANGES:
        raise BadRequest(f"Name at most {MOST_RANGES} ranges at once.")
    found: dict[str, None] = {}
    for part in parts:
        for address in _addresses(part, most):
            found[address] = None
    _counted(len(found), most)
    return list(found)


def _addresses(part: str, most: int) -> list[str]:
    low, dash, high = part.partition("-")
    try:
        if dash:
            first, last = ipaddress.ip_address(low), ipaddress.ip_address(high)
            count = int(last) - int(first) + 1 if first.version == last.version else 0
            if count > 0:
                return [str(first + step) for step in range(_counted(count, most))]
        network = ipaddress.ip_network(part, strict=False)
    except ValueError as error:
        raise BadRequest(  # also for one that ends before it begins
            f'"{part[:60]}" is no range of addresses. Write for example 192.168.1.0/24 or 192.168.1.10-192.168.1.40.'
        ) from error
    _counted(network.num_addresses - 2, most)
    return [str(address) for address in network.hosts()]


def _counted(count: int, most: int) -> int:
    if count > most:
        raise BadRequest(f"These are more than {most} addresses. Search smaller ranges one after the other.")
    return count
