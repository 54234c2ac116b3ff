"""Avahi, ippfind and driverless see our Printers as they see any AirPrint printer."""

import asyncio
from collections.abc import Iterator

import pytest

from discovery.records import Ports, txt
from tests.acceptance.avahi import SECONDS, Avahi, avahi, missing, unescape
from tests.discovery.announcing import a_named_printer, advertising

pytestmark = pytest.mark.acceptance


@pytest.fixture(scope="module")
def desktop() -> Iterator[Avahi]:
    assert not missing(), f"Install avahi-daemon, avahi-utils, dbus, cups-ipp-utils, cups-filters: {missing()}"
    with avahi() as running:
        yield running


async def test_avahi_resolves_every_type_with_the_right_txt(desktop: Avahi) -> None:
    printer = a_named_printer(location="Küche; Floor 2")
    async with advertising(printer, ports=Ports(ipp=8631, ipps=8443), host="counter-7") as running:
        assert await running.name() == printer.info
        for type_, port in (
            ("_ipp._tcp", 8631),
            ("_ipps._tcp", 8443),
            ("_universal._sub._ipp._tcp", 8631),
            ("_universal._sub._ipps._tcp", 8443),
            ("_print._sub._ipp._tcp", 8631),
            ("_print._sub._ipps._tcp", 8443),
        ):
            found = await desktop.resolve(printer.info, type_)
            assert (found.host, found.address, found.port) == ("counter-7.local", "127.0.0.1", port)
            told = {key: unescape(value) for key, value in found.txt.items()}
            assert told == dict(txt(printer, base_url="https://print.example:8443", tls=True))
            assert next(iter(told)) == "txtvers"


async def test_ippfind_and_driverless_find_it(desktop: Avahi) -> None:
    printer = a_named_printer()
    async with advertising(printer, ports=Ports(ipp=8631, ipps=8443), host="counter-8") as running:
        await running.name()
        uri = f"ipp://counter-8.local:8631/ipp/print/{printer.name}"
        assert uri in await desktop.until_output(uri, "ippfind", "-T", "3", "_ipp._tcp,_universal")
        secure = uri.replace("ipp://", "ipps://").replace("8631", "8443")
        assert secure in await desktop.until_output(secure, "ippfind", "-T", "3", "_ipps._tcp,_print")
        listed = await desktop.until_output(printer.info.replace(" ", "%20"), "driverless")
        assert "_ipps._tcp.local/" in listed


async def test_a_stop_is_seen_at_once(desktop: Avahi) -> None:
    printer = a_named_printer()
    async with desktop.running("avahi-browse", "-p", "_ipp._tcp") as browser:
        async with advertising(printer) as running:
            await running.name()
            await line_with(browser, "+", printer.info)
        # Without a goodbye it would stay for 75 minutes.
        await line_with(browser, "-", printer.info)


async def test_a_name_that_avahi_holds_is_left_to_it(desktop: Avahi) -> None:
    printer = a_named_printer()
    async with desktop.running("avahi-publish", "-s", printer.info, "_ipps._tcp", "9999") as publisher:
        assert publisher.stdout is not None
        established = await asyncio.wait_for(publisher.stdout.readline(), SECONDS)
        assert b"Established" in established
        async with advertising(printer, ports=Ports(ipp=8631, ipps=8443)) as running:
            assert await running.name() == f"{printer.info} (2)"
            assert (await desktop.resolve(f"{printer.info} (2)", "_ipp._tcp")).port == 8631
            assert {printer.info, f"{printer.info} (2)"} <= await desktop.instances("_ipps._tcp")


async def test_avahi_leaves_our_name_to_us(desktop: Avahi) -> None:
    printer = a_named_printer()
    async with advertising(printer, ports=Ports(ipp=8631, ipps=8443)) as running:
        await running.name()
        await desktop.resolve(printer.info, "_ipp._tcp")
        async with desktop.running("avahi-publish", "-s", printer.info, "_ipp._tcp", "9999") as publisher:
            assert publisher.stdout is not None
            said = await asyncio.wait_for(publisher.stdout.readline(), SECONDS)
            assert b"collision" in said
            assert (await desktop.resolve(printer.info, "_ipp._tcp")).port == 8631


async def line_with(browser: asyncio.subprocess.Process, sign: str, instance: str) -> None:
    """Reads the browser's output up to the line that the instance came (+) or went (-)."""
    assert browser.stdout is not None
    async with asyncio.timeout(SECONDS):
        while True:
            line = (await browser.stdout.readline()).decode()
            assert line, "avahi-browse ended"
            if line.startswith(sign) and unescape(line.split(";")[3]) == instance:
                return
