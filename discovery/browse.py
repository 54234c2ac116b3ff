"""Looks for services on the network as a client would: for the self-test and for `papertap check`."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from zeroconf import DNSQuestionType, ServiceStateChange, Zeroconf
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

from discovery.interfaces import choose, interfaces

_RESOLVE_MILLISECONDS = 3000


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """One resolved instance."""

    instance: str
    type: str
    host: str
    port: int
    addresses: tuple[str, ...] = ()
    txt: dict[str, str] = field(default_factory=dict)


async def browse(
    *types: str,
    seconds: float = 3.0,
    wanted: tuple[str, ...] = (),
    enough: Callable[[tuple[Found, ...]], bool] = lambda _: False,
) -> tuple[Found, ...]:
    """All instances of `types` (also `_universal._sub._ipp._tcp`) that answer within `seconds`, by name.

    `wanted` are interfaces as in the settings; it ends early once `enough` says so. OSError without a network.
    """
    chosen = choose(wanted, await asyncio.to_thread(interfaces))
    async with AsyncZeroconf(interfaces=list(chosen.listen)) as zeroconf:
        search = _Search(zeroconf.zeroconf, types or ("_ipp._tcp",), enough)
        try:
            async with asyncio.timeout(seconds):
                await search.run()
        except TimeoutError:
            pass
        return search.found


class _Search:
    def __init__(self, zeroconf: Zeroconf, types: tuple[str, ...], enough: Callable[[tuple[Found, ...]], bool]) -> None:
        self._zeroconf, self._types, self._enough = zeroconf, types, enough
        self._progress = asyncio.Event()
        self._found: dict[str, Found] = {}
        self._resolving: set[asyncio.Task[None]] = set()

    @property
    def found(self) -> tuple[Found, ...]:
        return tuple(self._found[name] for name in sorted(self._found))

    async def run(self) -> None:
        # Answers by multicast: a unicast one may go to another responder on this machine.
        browser = AsyncServiceBrowser(
            self._zeroconf,
            [f"{each}.local." for each in self._types],
            handlers=[self._on_change],
            question_type=DNSQuestionType.QM,
        )
        try:
            while not self._enough(self.found):
                self._progress.clear()
                await self._progress.wait()
        finally:
            for task in self._resolving:
                task.cancel()
            await asyncio.gather(*self._resolving, return_exceptions=True)
            await browser.async_cancel()

    def _on_change(self, *, zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange) -> None:  # noqa: ARG002 - zeroconf calls by these names
        if state_change is ServiceStateChange.Removed:
            self._found.pop(name, None)
            self._progress.set()
            return
        task = asyncio.get_running_loop().create_task(self._resolve(service_type, name))
        self._resolving.add(task)
        task.add_done_callback(self._resolving.discard)

    async def _resolve(self, service_type: str, name: str) -> None:
        asked = service_type.removesuffix(".local.")
        base = asked.partition("._sub.")[2] or asked
        info = AsyncServiceInfo(f"{base}.local.", name)
        if not await info.async_request(self._zeroconf, _RESOLVE_MILLISECONDS, DNSQuestionType.QM):
            return
        self._found[name] = Found(
            instance=info.get_name(),
            type=base,
            host=(info.server or "").removesuffix("."),
            port=info.port or 0,
            addresses=tuple(info.parsed_addresses()),
            txt={key: value or "" for key, value in info.decoded_properties.items()},
        )
        self._progress.set()
