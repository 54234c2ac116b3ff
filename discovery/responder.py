"""The thin shell over zeroconf: announces the services of one instance under a free name, changes and withdraws them.

Four things zeroconf does not do by itself:

- Sub-types. A second registration of the same instance stands under the sub-type, with a key of its own.
- One name over several types. `_ipp` and `_ipps` of a Printer must not drift apart when only one of them collides.
- Asking for a free name where another responder runs on the same machine.
- Conflicts that show up later, when two networks are joined. Foreign SRV records of our names are watched for.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from typing import Any

import structlog
from zeroconf import (  # type: ignore[attr-defined]  # DNSService is exported without saying so
    DNSQuestionType,
    DNSService,
    RecordUpdate,
    RecordUpdateListener,
    ServiceInfo,
    Zeroconf,
)
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

from discovery.interfaces import Chosen
from discovery.records import Service, numbered

REGISTER_SECONDS = 15.0  # for a name that is free, or becomes free after some that are not
PROBE_MILLISECONDS = 1750  # three questions, and an answer that has to wait a second after an announcement
_MOST_NAMES = 100

log = structlog.get_logger(__name__)


@dataclass(kw_only=True, slots=True)
class Announcement:
    """What is announced now: the name that was free, and zeroconf's own records of it."""

    instance: str
    services: tuple[Service, ...]
    infos: list[ServiceInfo] = field(default_factory=list)


class Responder:
    """One zeroconf instance on the chosen interfaces: one for each would not keep them apart, only answer twice."""

    def __init__(self, *, host: str, chosen: Chosen, on_conflict: Callable[[str], None]) -> None:
        """`host`: our label in .local. `on_conflict(instance)` is called when somebody else takes that name."""
        self._server = f"{host}.local."
        self._chosen = chosen
        self._zeroconf = AsyncZeroconf(interfaces=list(chosen.listen))
        self._taken: set[str] = set()
        self._watch = _ConflictWatch(on_conflict)
        self._zeroconf.zeroconf.async_add_listener(self._watch, None)

    async def close(self) -> None:
        """Says goodbye for everything, three times, and closes the sockets."""
        await self._zeroconf.async_unregister_all_services()
        await self._zeroconf.async_close()

    async def set_addresses(self, chosen: Chosen) -> None:
        """Follows interfaces that came and went; the records are changed by `change`."""
        self._chosen = chosen
        await self._zeroconf.async_update_interfaces(list(chosen.listen))

    async def announce(self, services: tuple[Service, ...]) -> Announcement:
        """Probes for a free name, numbering up, and announces; TimeoutError when the network never settles."""
        wished = services[0].instance
        async with asyncio.timeout(REGISTER_SECONDS):
            for number in range(1, _MOST_NAMES):
                name = numbered(wished, number)
                if name.casefold() in self._taken:
                    continue
                self._taken.add(name.casefold())
                try:
                    return await self._register(tuple(replace(service, instance=name) for service in services))
                except _NameTaken:
                    log.info("mdns.name-taken", name=name)
                except BaseException:
                    self._taken.discard(name.casefold())
                    raise
        raise TimeoutError(f"No free name like {wished}")

    async def change(self, announcement: Announcement, services: tuple[Service, ...]) -> Announcement:
        """Other TXT, ports or addresses of the same types, under the name that is held."""
        renamed = tuple(replace(service, instance=announcement.instance) for service in services)
        infos = self._infos(renamed)
        async with asyncio.timeout(REGISTER_SECONDS):
            self._watch.expect(infos)
            await _all(self._zeroconf.async_update_service(info) for info in infos)
        return Announcement(instance=announcement.instance, services=renamed, infos=infos)

    async def withdraw(self, announcement: Announcement) -> None:
        """Goodbye: clients drop it at once."""
        self._forget(announcement)
        async with asyncio.timeout(REGISTER_SECONDS):
            await _all(self._zeroconf.async_unregister_service(info) for info in announcement.infos)

    def drop(self, announcement: Announcement) -> None:
        """Without goodbye: the name is somebody else's now, and a goodbye would take his records away."""
        self._forget(announcement)
        self._taken.add(announcement.instance.casefold())
        self._zeroconf.zeroconf.registry.async_remove(announcement.infos)

    async def _register(self, services: tuple[Service, ...]) -> Announcement:
        infos = self._infos(services)
        if any(await asyncio.gather(*(self._is_taken(info) for info in infos if "._sub." not in info.type))):
            raise _NameTaken
        try:
            self._watch.expect(infos)
            await _all(
                self._zeroconf.async_register_service(info, cooperating_responders=True, strict=False) for info in infos
            )
        except BaseException:
            self._watch.forget(infos)
            self._zeroconf.zeroconf.registry.async_remove(infos)
            raise
        return Announcement(instance=services[0].instance, services=services, infos=infos)

    async def _is_taken(self, wanted: ServiceInfo) -> bool:
        """Asks by multicast and wants multicast answers.

        zeroconf's own probe wants them by unicast, as RFC 6762 section 8.1 advises; but where several responders
        share a machine (Avahi and we), the kernel hands a unicast datagram to any one of them.
        """
        asked = AsyncServiceInfo(wanted.type, wanted.name)
        await asked.async_request(self._zeroconf.zeroconf, PROBE_MILLISECONDS, DNSQuestionType.QM)
        theirs = (asked.server or "").lower(), asked.port
        return asked.server is not None and theirs != (self._server.lower(), wanted.port)

    def _forget(self, announcement: Announcement) -> None:
        self._watch.forget(announcement.infos)
        self._taken.discard(announcement.instance.casefold())

    def _infos(self, services: tuple[Service, ...]) -> list[ServiceInfo]:
        return [info for service in services for info in self._infos_of(service)]

    def _infos_of(self, service: Service) -> Iterable[ServiceInfo]:
        base = self._info(service, f"{service.type}.local.")
        yield base
        for subtype in service.subtypes:
            shim = self._info(service, f"{subtype}._sub.{service.type}.local.")
            shim.key = f"{base.key}#{subtype}"
            yield shim

    def _info(self, service: Service, type_: str) -> ServiceInfo:
        return ServiceInfo(
            type_,
            f"{service.instance}.{service.type}.local.",
            port=service.port,
            properties=service.encoded_txt(),
            server=self._server,
            addresses=[ip_address(address).packed for address in self._chosen.tell],
        )


class _NameTaken(Exception):
    """Somebody else answers to it."""


class _ConflictWatch(RecordUpdateListener):
    """Looks at every SRV record that comes by. Ours come by, too: they are equal to what is expected."""

    def __init__(self, on_conflict: Callable[[str], None]) -> None:
        self._on_conflict = on_conflict
        self._expected: dict[str, tuple[str, int | None, str]] = {}

    def expect(self, infos: Iterable[ServiceInfo]) -> None:
        for info in infos:
            self._expected[info.name.lower()] = (str(info.server).lower(), info.port, info.name)

    def forget(self, infos: Iterable[ServiceInfo]) -> None:
        for info in infos:
            self._expected.pop(info.name.lower(), None)

    def async_update_records(self, zc: Zeroconf, now: float, records: list[RecordUpdate]) -> None:  # noqa: ARG002 - the base class's signature
        for update in records:
            record = update.new
            if isinstance(record, DNSService) and not record.is_expired(now) and record.ttl:
                ours = self._expected.get(record.name.lower())
                if ours is not None and ours[:2] != (record.server.lower(), record.port):
                    self._on_conflict(ours[2].partition("._ipp")[0])

    def async_update_records_complete(self) -> None: ...


async def _all(works: Iterable[Coroutine[Any, Any, Awaitable[object]]]) -> None:
    """Both steps of zeroconf for all at once: what may fail, then what is sent meanwhile.

    Every first step is waited for, also after one has failed: none may go on behind our back.
    """
    second = await asyncio.gather(*works, return_exceptions=True)
    for result in second:
        if isinstance(result, BaseException):
            raise result
    await asyncio.gather(*(result for result in second if not isinstance(result, BaseException)))
