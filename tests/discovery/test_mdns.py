"""Multicast DNS on loopback, seen by a browser of another zeroconf instance."""

import asyncio
from dataclasses import replace

import uvloop
from zeroconf import ServiceInfo
from zeroconf.asyncio import AsyncZeroconf

from discovery.interfaces import Interface
from discovery.mdns import Advertiser
from discovery.records import Ports, Service
from discovery.responder import Announcement
from gateway.domain.capabilities import Capabilities
from gateway.settings import Mdns
from tests.discovery.announcing import LOOPBACK, SECONDS, SomePrinters, a_named_printer, advertising, find
from tests.fakes import FakeClock, MemoryEventBus

TYPES = {
    "_ipp._tcp": 8631,
    "_ipps._tcp": 8632,
    "_universal._sub._ipp._tcp": 8631,
    "_print._sub._ipp._tcp": 8631,
    "_universal._sub._ipps._tcp": 8632,
    "_print._sub._ipps._tcp": 8632,
}


async def test_a_printer_is_found_under_every_type() -> None:
    printer = a_named_printer(location="Floor 2, Küche")
    async with advertising(printer, host="desk-77") as running:
        assert await running.name() == printer.info
        several = await asyncio.gather(*(find(printer.info, type_) for type_ in TYPES))
    for port, found in zip(TYPES.values(), several, strict=True):
        assert found is not None
        assert (found.host, found.port, found.addresses) == ("desk-77.local", port, ("127.0.0.1",))
        assert found.txt["UUID"] == str(printer.uuid)
        assert found.txt["note"] == "Floor 2, Küche"
        assert next(iter(found.txt)) == "txtvers"


async def test_without_tls_there_is_no_ipps() -> None:
    printer = a_named_printer()
    async with advertising(printer, ports=Ports(ipp=8631, ipps=None)) as running:
        await running.name()
        found = await find(printer.info)
        assert found is not None
        assert "TLS" not in found.txt
        assert await find(printer.info, "_ipps._tcp", seconds=1.0) is None


async def test_a_taken_name_is_numbered_for_both_types_and_told() -> None:
    first = a_named_printer()
    second = a_named_printer(info=first.info)
    async with advertising(first, ports=Ports(ipp=None, ipps=8701)) as one:
        assert await one.name() == first.info
        async with advertising(second, ports=Ports(ipp=8710, ipps=8711)) as two:
            assert await two.name() == f"{first.info} (2)"
            for type_, port in (("_ipp._tcp", 8710), ("_ipps._tcp", 8711)):
                found = await find(f"{first.info} (2)", type_)
                assert found is not None
                assert found.port == port


async def test_two_printers_of_one_name_in_one_gateway() -> None:
    first = a_named_printer()
    second = a_named_printer(info=first.info.upper())
    async with advertising(first, second) as running:
        names = {await running.name(), await running.name()}
    assert names == {first.info, f"{second.info} (2)"}


async def test_a_changed_printer_is_announced_anew() -> None:
    printer = a_named_printer()
    async with advertising(printer) as running:
        await running.name()
        running.printers.put(replace(printer, capabilities=replace(Capabilities(), color=False), location="Attic"))
        running.tell()
        found = await until_found(printer.info, note="Attic")
        assert found["Color"] == "F"
        assert "SRGB24" not in found["URF"]


async def test_a_change_without_an_event_is_seen_at_the_next_look() -> None:
    printer = a_named_printer()
    async with advertising(printer) as running:
        await running.name()
        running.printers.put(replace(printer, location="Cellar"))
        await running.clock.advance(3.0)
        await until_found(printer.info, note="Cellar")


async def test_a_renamed_printer_leaves_its_old_name() -> None:
    printer = a_named_printer()
    renamed = replace(printer, info=f"New {printer.info}")
    async with advertising(printer) as running:
        await running.name()
        running.printers.put(renamed)
        running.tell()
        assert await running.name() == renamed.info
        assert await find(renamed.info) is not None
        assert await find(printer.info, seconds=1.0) is None


async def test_a_removed_printer_is_withdrawn_and_a_new_one_found() -> None:
    first, second = a_named_printer(), a_named_printer()
    async with advertising(first) as running:
        await running.name()
        running.printers.remove(first)
        running.printers.put(second)
        running.tell()
        assert await running.name() == second.info
        assert set(running.advertiser.names.values()) == {second.info}
        assert await find(second.info) is not None
        assert await find(first.info, seconds=1.0) is None


async def test_stopping_says_goodbye() -> None:
    printer = a_named_printer()
    async with advertising(printer) as running:
        await running.name()
        assert await find(printer.info) is not None
    assert await find(printer.info, seconds=1.0) is None


async def test_a_name_that_somebody_takes_later_is_given_up() -> None:
    printer = a_named_printer()
    async with advertising(printer, ports=Ports(ipp=8631, ipps=None)) as running, AsyncZeroconf(list(LOOPBACK)) as rude:
        await running.name()
        theirs = ServiceInfo(
            "_ipp._tcp.local.",
            f"{printer.info}._ipp._tcp.local.",
            port=9,
            server="rude.local.",
            addresses=[b"\x7f\0\0\1"],
        )
        await rude.async_register_service(theirs, cooperating_responders=True)
        assert await running.name() == f"{printer.info} (2)"
        found = await find(f"{printer.info} (2)")
        assert found is not None
        assert found.port == 8631


async def test_a_missing_network_is_tried_again() -> None:
    clock, printer = FakeClock(), a_named_printer()
    machine: list[Interface] = []
    names: asyncio.Queue[str] = asyncio.Queue()
    advertiser = Advertiser(
        printers=SomePrinters(printer),
        events=MemoryEventBus(),
        settings=Mdns(interfaces=LOOPBACK),
        ports=Ports(ipp=8631, ipps=None),
        base_url="http://x",
        clock=clock,
        on_name=lambda _, name: names.put_nowait(name),
        machine=lambda: tuple(machine),
    )
    task = asyncio.create_task(advertiser.run())
    await clock.until_sleeping()
    machine.append(Interface(name="lo", addresses=LOOPBACK))
    await clock.advance(31.0)
    assert await asyncio.wait_for(names.get(), SECONDS) == printer.info
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_new_address_of_the_machine_is_told() -> None:
    clock, printer = FakeClock(), a_named_printer()
    machine = [Interface(name="lo", addresses=LOOPBACK)]
    names: asyncio.Queue[str] = asyncio.Queue()
    advertiser = Advertiser(
        printers=SomePrinters(printer),
        events=MemoryEventBus(),
        settings=Mdns(interfaces=("lo",), host_name=printer.name),
        ports=Ports(ipp=8631, ipps=None),
        base_url="http://x",
        clock=clock,
        on_name=lambda _, name: names.put_nowait(name),
        machine=lambda: tuple(machine),
    )
    task = asyncio.create_task(advertiser.run())
    await asyncio.wait_for(names.get(), SECONDS)
    machine[:] = [Interface(name="lo", addresses=("127.0.0.1", "127.0.0.9"))]
    await clock.advance(31.0)
    async with asyncio.timeout(SECONDS):
        while True:
            found = await find(printer.info)
            if found is not None and set(found.addresses) == {"127.0.0.1", "127.0.0.9"}:
                break
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


class FailingResponder:
    """Fails the first time, and remembers what it was asked."""

    def __init__(self, **_: object) -> None:
        self.asked: list[str] = []
        self.closed = False

    async def announce(self, services: tuple[Service, ...]) -> Announcement:
        self.asked.append(services[0].instance)
        if len(self.asked) == 1:
            raise TimeoutError
        return Announcement(instance=services[0].instance, services=services)

    async def close(self) -> None:
        self.closed = True


async def test_what_failed_is_tried_at_the_next_look() -> None:
    clock, printer, responder = FakeClock(), a_named_printer(), FailingResponder()
    advertiser = Advertiser(
        printers=SomePrinters(printer),
        events=MemoryEventBus(),
        settings=Mdns(interfaces=LOOPBACK),
        ports=Ports(ipp=8631, ipps=None),
        base_url="http://x",
        clock=clock,
        open_responder=lambda **_: responder,  # type: ignore[arg-type]  # all that is called here
    )
    task = asyncio.create_task(advertiser.run())
    await clock.until_sleeping()
    await clock.settle()
    assert (responder.asked, advertiser.names) == ([printer.info], {})
    await clock.advance(2.1)
    assert advertiser.names == {printer.uuid: printer.info}
    await clock.advance(10.0)
    assert len(responder.asked) == 2
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert responder.closed


def test_it_works_on_uvloop() -> None:
    async def main() -> None:
        printer = a_named_printer()
        async with advertising(printer) as running:
            await running.name()
            assert await find(printer.info) is not None

    uvloop.run(main())


async def until_found(instance: str, **wanted: str) -> dict[str, str]:
    """The TXT once it holds `wanted`; each look starts with an empty cache."""
    async with asyncio.timeout(SECONDS):
        while True:
            found = await find(instance)
            if found is not None and wanted.items() <= found.txt.items():
                return found.txt


async def test_announcements_of_others_add_nothing_and_change_nothing() -> None:
    """Whoever is in the network can announce anything: no Printer, no device and no name of ours comes from it."""
    printer = a_named_printer()
    async with advertising(printer) as running:
        name = await running.name()
        async with AsyncZeroconf(interfaces=list(LOOPBACK)) as others:
            lies = [
                ServiceInfo(
                    "_ipp._tcp.local.",
                    f"{instance}._ipp._tcp.local.",
                    port=80,
                    properties={
                        "rp": "latest/meta-data",
                        "UUID": str(printer.uuid),
                        "adminurl": "http://169.254.169.254/",
                    },
                    server="evil.local.",
                    addresses=[bytes((169, 254, 169, 254))],
                )
                for instance in (f"{printer.info} $(reboot)", f"{printer.info} '; --", printer.info + "\u202e")
            ]
            for lie in lies:
                await others.async_register_service(lie, cooperating_responders=True, strict=False)
            assert await find(f"{printer.info} $(reboot)") is not None, "it is there for all to hear"
            found = await find(name)
        assert found is not None
        assert (found.port, found.addresses) == (8631, ("127.0.0.1",))
        assert [one.name for one in running.printers.all()] == [printer.name]
        assert running.advertiser.names == {printer.uuid: name}
        assert running.names.empty()
