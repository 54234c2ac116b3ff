"""The network doctor, wired: our own probe in this process for each interface, and as a file for other networks."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from ipaddress import ip_address
from urllib.parse import urlsplit

from discovery import probe
from discovery.interfaces import Interface, interfaces, pick
from discovery.records import Ports, encode_item, services
from gateway.app.announced import Announced as Shown
from gateway.app.build import Gateway
from gateway.app.queues import configured_reach
from gateway.domain import description
from gateway.domain.printer import Printer
from gateway.errors import NotPossible
from gateway.services.network_doctor import NO_HTTPS, NetworkDoctor
from gateway.services.network_view import View, Wanted
from gateway.services.ports.surroundings import Announced
from gateway.services.queues import Queues, Reach
from gateway.settings import Settings

MOST_INTERFACES = 16


def network_doctor(
    gateway: Gateway,
    *,
    queues: Queues,
    reach: Callable[[], Reach],
    hosts: Callable[[], Sequence[str]],
    authority: Callable[[], bytes],
) -> NetworkDoctor:
    """`hosts` are further names or addresses of this gateway; `authority` is PEM, empty where devices know it."""
    settings = gateway.settings

    def program(code: str, asked: str) -> str:
        found = [queues.host(asked).strip("[]"), *hosts()]
        return probe_file(
            {
                "code": code,
                "authority": authority().decode(),
                "at": _report_addresses(settings, found, reach().https),
                "zone": _zone(settings),
                "printers": [str(printer.uuid) for printer in gateway.printers.all()],
                "targets": _targets(gateway, found, reach().ipp),
            }
        )

    return _made(gateway, reach=reach, program=program)


def _made(gateway: Gateway, *, reach: Callable[[], Reach], program: Callable[[str, str], str]) -> NetworkDoctor:
    settings = gateway.settings
    shown = Shown(gateway.printers, gateway.sites, settings.mdns)
    return NetworkDoctor(
        sites=gateway.sites,
        house=gateway.database.house,
        audit=gateway.house.audit,
        clock=gateway.clock,
        zone=_zone(settings),
        announced=lambda: asyncio.to_thread(shown.all),
        wanted=lambda printers: wanted_of(printers, Ports(ipp=reach().ipp, ipps=reach().ipp)),
        views=views_of(settings.mdns.interfaces),
        program=program,
    )


def _zone(settings: Settings) -> str:
    return settings.dns.zone if settings.dns.enabled else ""


def network_doctor_here(gateway: Gateway) -> NetworkDoctor:
    """For a process without listeners, which looks but hands out no probes. The server must run."""
    ports = configured_reach(gateway.settings)
    return _made(gateway, reach=lambda: ports, program=_no_program)


def _no_program(code: str, host: str) -> str:
    del code, host
    raise NotPossible("Load the probe from the page AirPrint Doctor: it carries the address of the server that runs.")


def _report_addresses(settings: Settings, hosts: Sequence[str], port: int | None) -> list[tuple[str, int]]:
    """Where reports are taken, the one that people are told first."""
    base = urlsplit(settings.site.base_url)
    found = [(base.hostname, base.port or 443)] if base.scheme == "https" and base.hostname else []
    found += [(host, port) for host in hosts] if port else []
    if not found:
        raise NotPossible(NO_HTTPS)
    return list(dict.fromkeys(found))


def _targets(gateway: Gateway, hosts: Sequence[str], port: int | None) -> list[tuple[str, int, str]]:
    """The default Printer by the addresses that are known without any looking."""
    if port is None or not gateway.printers.all():
        return []
    path = description.resource_path(gateway.printers.default())
    return [(host, port, path) for host in dict.fromkeys(hosts)]


def wanted_of(printers: Sequence[Printer], ports: Ports) -> tuple[Wanted, ...]:
    """As mDNS and DNS are to tell them: the same records, made anew."""
    return tuple(_wanted(printer, ports) for printer in printers)


def _wanted(printer: Printer, ports: Ports) -> Wanted:
    title = description.dns_sd_name(printer)
    offered = services(printer, instance=title, base_url="", ports=ports)
    items = dict(offered[0].txt) if offered else {}
    # Cut as the record is.
    texts = {key: encode_item(key, items[key]).decode().partition("=")[2] for key in probe.KEYS if key in items}
    return Wanted(title=title, uuid=str(printer.uuid), ports={one.type: one.port for one in offered}, txt=texts)


def views_of(
    wanted: tuple[str, ...],
    *,
    present: Callable[[], tuple[Interface, ...]] = interfaces,
    browse: Callable[[str], list[dict[str, object]]] = probe.browse,
) -> Callable[[], Awaitable[tuple[View, ...]]]:
    """All interfaces at once, each in a thread of its own."""

    async def look() -> tuple[View, ...]:
        several = await asyncio.to_thread(present)
        picked = {interface.name: interface for interface in pick(wanted, several)}
        here = [interface for interface in several if interface.name in picked or not interface.loopback]
        with ThreadPoolExecutor(MOST_INTERFACES, thread_name_prefix="probe") as threads:
            loop = asyncio.get_running_loop()
            looks = [
                loop.run_in_executor(threads, _view, picked.get(one.name), one.name, address, browse)
                for one in here[:MOST_INTERFACES]
                for address in _addresses((picked.get(one.name) or one).addresses)
            ]
            return tuple(await asyncio.gather(*looks))

    return look


def _addresses(several: Sequence[str]) -> list[str]:
    """From which an interface is looked: by IPv4, and by IPv6 where the network has it, which each interface seems to."""
    four = [address for address in several if ":" not in address][:1]
    six = sorted((address for address in several if ":" in address), key=_on_link)[:1]
    return four + [address for address in six if not four or not (_on_link(address) or address == "::1")]


def _on_link(address: str) -> bool:
    return ip_address(address).is_link_local


def _view(picked: Interface | None, name: str, address: str, browse: Callable[[str], list[dict[str, object]]]) -> View:
    place = f"{name} ({address})"
    if picked is None:
        return View(place=place, address=address, left_out=True)
    try:
        heard = heard_of(browse(f"{address}%{name}" if _on_link(address) and ":" in address else address))
        return View(place=place, address=address, heard=heard)
    except OSError as error:
        return View(place=place, address=address, error=error.strerror or str(error))


def heard_of(rows: Sequence[dict[str, object]]) -> tuple[Announced, ...]:
    return tuple(Announced(**row) for row in rows)  # type: ignore[arg-type]  # reason: our own probe's, by these names


def probe_file(order: dict[str, object]) -> str:
    """The program, with its order in it as a literal of Python."""
    text = files("discovery").joinpath("probe.py").read_text("utf-8")
    blank = "ORDER: dict[str, Any] = {}\n"
    if blank not in text:
        raise RuntimeError("the probe has no place for its order")
    return text.replace(blank, f"ORDER: dict[str, Any] = json.loads({json.dumps(order)!r})\n", 1)
