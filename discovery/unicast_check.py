"""Would a phone find the Printers? Asks what it will ask, of our own responder and of the site's resolver (row 8).

Each finding is a sentence that says what to do. The resolver is asked as a phone asks it; where its answer is missing
while ours is there, it is the delegation.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from discovery.unicast_client import NoAnswer, Reply, ask
from discovery.unicast_records import BROWSE, Name, PrintZone
from discovery.unicast_text import domain

_KIND = {"_ipps._tcp": "IPPS", "_ipp._tcp": "IPP"}
_NXDOMAIN, _REFUSED = 3, 5
_WORDS: Final = {1: "does not understand the question", 2: "failed to find out", _NXDOMAIN: "knows no such name"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """`asked`: name and type. `text`: what came, and what to do where it is not `ok`."""

    ok: bool
    asked: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Server:
    """`name` is for people; `address` with `port` is asked."""

    name: str
    address: str
    port: int


async def check(zone: PrintZone, own: Server, resolver: Server | None, domains: Sequence[Name]) -> list[Finding]:
    """`domains`: search domains of phones; without any the zone itself is what they must have as one."""
    findings = await _chain(zone, own, (zone.name,), delegation="")
    if not all(finding.ok for finding in findings):
        return findings
    if resolver is not None:
        ns = " and ".join(domain(server) for server in zone.servers)
        delegation = f"In the zone above, delegate {domain(zone.name)} with NS records for {ns} and their addresses."
        findings += await _chain(zone, resolver, domains or (zone.name,), delegation=delegation)
    return findings


async def _chain(zone: PrintZone, server: Server, domains: Sequence[Name], *, delegation: str) -> list[Finding]:
    findings = [await _present(server, zone.name, "SOA", delegation)]
    if not findings[0].ok:
        return findings
    for searched in domains:
        findings += [await _leads(server, (word, *BROWSE, *searched), zone.name) for word in ("b", "lb")]
    for kind, words in _KIND.items():
        findings += await _printers(zone, server, kind, words)
    return findings


async def _printers(zone: PrintZone, server: Server, kind: str, words: str) -> list[Finding]:
    """One list, what iPhones look for below it, and the whole way to the first Printer in it."""
    owner = (*kind.split("."), *zone.name)
    if kind == "_ipps._tcp" and zone.ports.ipps is None:
        return []
    listed, reply = await _list(
        server, owner, f"No printer is shown for {words} here: none is set up for this network."
    )
    findings = [listed]
    if reply is None or not reply.targets:
        return findings
    sub, _ = await _list(server, ("_universal", "_sub", *owner), "iPhones and iPads look here alone.")
    first = reply.targets[0]
    findings += [sub, await _present(server, first, "TXT", "")]
    service = await _ask(server, first, "SRV")
    findings.append(_told(server, first, "SRV", service))
    if isinstance(service, Reply) and service.targets:
        findings.append(await _present(server, service.targets[0], "A", ""))
    return findings


async def _list(server: Server, name: Name, advice: str) -> tuple[Finding, Reply | None]:
    reply = await _ask(server, name, "PTR")
    told = _told(server, name, "PTR", reply)
    if isinstance(reply, Reply) and reply.rcode == 0:
        text = f"{server.name}: {len(reply.targets)} listed." if reply.targets else f"{server.name}: empty. {advice}"
        return Finding(ok=bool(reply.targets), asked=told.asked, text=text), reply
    return told, None


async def _leads(server: Server, name: Name, zone: Name) -> Finding:
    reply = await _ask(server, name, "PTR")
    told = _told(server, name, "PTR", reply)
    if not isinstance(reply, Reply):
        return told
    here = tuple(label.lower() for label in zone)
    if any(tuple(label.lower() for label in target) == here for target in reply.targets):
        return Finding(ok=True, asked=told.asked, text=f"{server.name}: leads to {domain(zone)}")
    advice = f"Add there: {domain(name)} PTR {domain(zone)}, or delegate {domain(name[1:])} to this gateway."
    return Finding(ok=False, asked=told.asked, text=f"{server.name}: does not lead to {domain(zone)} {advice}")


async def _present(server: Server, name: Name, kind: str, advice: str) -> Finding:
    told = _told(server, name, kind, await _ask(server, name, kind))
    return told if told.ok or not advice else Finding(ok=False, asked=told.asked, text=f"{told.text} {advice}")


def _told(server: Server, name: Name, kind: str, reply: Reply | NoAnswer) -> Finding:
    asked = f"{domain(name)} {kind}"
    if isinstance(reply, NoAnswer):
        return Finding(ok=False, asked=asked, text=f"{server.name}: {reply}.")
    if reply.rcode == _REFUSED:
        text = (
            "refuses to answer. It must answer the networks of phones, and send questions for the zone to the gateway."
        )
    elif reply.rcode:
        text = f"{_WORDS.get(reply.rcode, f'answers with error {reply.rcode}')}."
    else:
        text = "answers." if reply.values else f"has no {kind} record there."
    return Finding(ok=not reply.rcode and bool(reply.values), asked=asked, text=f"{server.name}: {text}")


async def _ask(server: Server, name: Name, kind: str) -> Reply | NoAnswer:
    try:
        return await ask(server.address, server.port, name, kind)
    except NoAnswer as error:
        return error
