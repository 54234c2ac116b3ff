"""What phones see of our Printers from each interface of this machine, and, by probes, from other networks (row 8).

A probe is one small program that somebody loads here and runs in another network. It carries a code that is good for one
report within an hour; of the code the hash alone is kept. A report is facts from a machine that nobody vouches for: it is
bounded and checked where it comes in, judged at once, and only the sentences are kept, the newest for each network.
"""

import hashlib
import json
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from ipaddress import ip_address, ip_network

from gateway.domain.printer import Printer
from gateway.domain.user import Actor
from gateway.errors import NotFound
from gateway.services.audit import Audit
from gateway.services.doctor_findings import Finding, Report, Step, Tone
from gateway.services.network_view import (
    NameView,
    Reached,
    View,
    Wanted,
    by_connection,
    by_dns,
    by_multicast,
)
from gateway.services.ports import Clock, HouseStore
from gateway.services.sites import Sites

CODE_SECONDS = 3600.0
KEPT_SECONDS = 90 * 86400.0
MOST_CODES = 50
MOST_REPORTS = 40  # networks, the longest ago forgotten first
MOST_FINDINGS = 40
_CODE, _USED, _REPORT = "probe.code.", "probe.used.", "probe.report."
NO_HTTPS = "A probe reports by HTTPS: switch https.enabled on first."
OVER = "This probe has reported already, or is older than an hour. Load a new one from the page AirPrint Doctor."


@dataclass(frozen=True, kw_only=True, slots=True)
class ProbeReport:
    """As it came, bounded. `address` is the machine's own word; `names` is None where there is no print zone to ask for."""

    machine: str
    system: str
    address: str
    multicast: View
    names: NameView | None = None
    reached: tuple[Reached, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Probed:
    """What the newest probe of one network saw. `place` is SITE/ZONE, "" outside of all; `at` in seconds since 1970."""

    network: str
    place: str
    machine: str
    system: str
    address: str
    at: float
    findings: tuple[Finding, ...]

    @property
    def tone(self) -> Tone:
        return Report(uri="", findings=self.findings).tone


class NetworkDoctor:
    """`views` looks from each interface; `announced` are the Printers that mDNS tells, `wanted` what is told of some.

    `program` makes the probe's file out of a code and the host by which somebody asked for it.
    """

    def __init__(
        self,
        *,
        sites: Sites,
        house: HouseStore,
        audit: Audit,
        clock: Clock,
        zone: str,
        announced: Callable[[], Awaitable[tuple[Printer, ...]]],
        wanted: Callable[[Sequence[Printer]], tuple[Wanted, ...]],
        views: Callable[[], Awaitable[tuple[View, ...]]],
        program: Callable[[str, str], str],
    ) -> None:
        self._sites, self._house, self._audit, self._clock, self._zone = sites, house, audit, clock, zone
        self._announced, self._wanted, self._views, self._program = announced, wanted, views, program

    async def look_around(self) -> Report:
        """Takes some seconds. `client` of each finding is the place that it was seen from."""
        views, printers = await self._views(), await self._announced()
        wanted = self._wanted(printers)
        return Report(uri="", findings=tuple(finding for view in views for finding in by_multicast(view, wanted)))

    # -- probes

    async def new_probe(self, actor: Actor, host: str) -> str:
        """The program, good for one report within an hour. NotPossible where nothing takes it."""
        code, now = secrets.token_urlsafe(24), self._clock.now()
        program = self._program(code, host)
        await self._purge(now)
        await self._house.put({_CODE + _hash(code): repr(now)})
        await self._audit.note(actor, "probe.made", "network probe")
        return program

    async def take(self, code: str, report: ProbeReport, address: str) -> Probed:
        """`address` is where the report came from. NotFound, always in the same words, for a code that is not good."""
        name, now = _hash(code), self._clock.now()
        made = (await self._house.values()).get(_CODE + name)
        if made is None or not 0 <= now - float(made) <= CODE_SECONDS:
            raise NotFound(OVER)
        if not await self._house.claim(_USED + name, repr(now)):
            raise NotFound(OVER)
        probed = self._judge(report, address, now)
        await self._house.put({_REPORT + probed.network: json.dumps(asdict(probed))})
        await self._house.remove(
            [_CODE + name]
        )  # the mark stays until it is purged: somebody may have read the code before
        return probed

    async def probed(self) -> list[Probed]:
        """The newest first."""
        values = await self._house.values()
        found = [_probed(text) for name, text in values.items() if name.startswith(_REPORT)]
        return sorted(found, key=lambda one: one.at, reverse=True)

    async def forget(self, network: str) -> None:
        await self._house.remove([_REPORT + network])

    def _judge(self, report: ProbeReport, address: str, now: float) -> Probed:
        wanted = self._wanted(self._sites.printers_at(address))
        names = [] if report.names is None else by_dns(report.names, wanted, self._zone, "")
        well = report.names is not None and all(finding.tone is Tone.GOOD for finding in names)
        found = [*by_multicast(report.multicast, wanted, otherwise=well), *names, *by_connection(report.reached, "")]
        place = self._sites.place_of(address)
        return Probed(
            network=_network(address, self._sites),
            place="" if place is None else f"{place.site.name}/{place.zone.name}",
            machine=report.machine,
            system=report.system,
            address=address,
            at=now,
            findings=tuple(found[:MOST_FINDINGS]),
        )

    async def _purge(self, now: float) -> None:
        """Codes that are over, and reports that are old or too many."""
        values = await self._house.values()
        codes = sorted((float(at), name) for name, at in values.items() if name.startswith((_CODE, _USED)))
        gone = [name for at, name in codes if not 0 <= now - at <= CODE_SECONDS]
        gone += [name for _, name in codes[: max(0, len(codes) - MOST_CODES)]]
        for number, one in enumerate(await self.probed()):
            if number >= MOST_REPORTS or now - one.at > KEPT_SECONDS:
                gone.append(_REPORT + one.network)
        if gone:
            await self._house.remove(gone)


def _network(address: str, sites: Sites) -> str:
    """The network of the zone, else what usually is one: 256 addresses, or an IPv6 /64."""
    parsed, place = ip_address(address), sites.place_of(address)
    within = [] if place is None else [network for network in place.zone.networks if parsed in network]
    if within:
        return str(max(within, key=lambda network: network.prefixlen))
    return str(ip_network(f"{address}/{24 if parsed.version == 4 else 64}", strict=False))


def _probed(text: str) -> Probed:
    values = json.loads(text)
    findings = tuple(
        Finding(**{**one, "step": Step(one["step"]), "tone": Tone(one["tone"])}) for one in values.pop("findings")
    )
    return Probed(findings=findings, **values)


def _hash(code: str) -> str:
    return hashlib.sha256(b"probe\0" + code.encode()).hexdigest()
