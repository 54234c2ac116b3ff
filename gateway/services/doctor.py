"""AirPrint Doctor: what an iPhone, Android, Windows, ChromeOS and Linux see of a printer, step by step (row 164).

It goes the way that they go: look for the printer, find its address, connect, agree on TLS, ask for the attributes that
each of them asks for, compare these with what was announced, and send a job as each would. What is wrong is said in
plain words, with the mend.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from urllib.parse import urlsplit

from gateway.domain.clients import CLIENTS, ClientKind
from gateway.errors import BadRequest, Refusal
from gateway.services.doctor_attributes import agreement, media, missing_of, urf_tokens
from gateway.services.doctor_findings import Finding, Report, Step, bad, good, warn
from gateway.services.doctor_samples import sample
from gateway.services.ports import Clock
from gateway.services.ports.surroundings import Announced, Described, Surroundings, TlsSeen

PORTS = {"ipp": 631, "ipps": 631}
SOON_SECONDS = 14 * 86400.0
LONGEST_URI = 300


class Doctor:
    """`base` of what is looked at is always given: own Printers are looked at from the outside, like others'."""

    def __init__(self, *, surroundings: Surroundings, clock: Clock) -> None:
        self._surroundings = surroundings
        self._clock = clock

    async def examine(self, uri: str, *, jobs: bool = True, prints: bool = False) -> Report:
        """`jobs`: also sends a sample of each kind; `prints`: and lets it print. BadRequest for no printer's address."""
        host, port = check_uri(uri)
        findings = [finding async for finding in self._all(uri, host, port, jobs=jobs, prints=prints)]
        return Report(uri=uri, findings=tuple(findings))

    async def _all(self, uri: str, host: str, port: int, *, jobs: bool, prints: bool) -> AsyncIterator[Finding]:
        addresses = await self._surroundings.addresses(host, port)
        if not addresses:
            yield bad(
                Step.RESOLVE,
                text=f"Nobody here knows the name {host}.",
                mend="Use the address instead, or make the name known: by mDNS (.local) or in the site's DNS.",
            )
            return
        yield good(Step.RESOLVE, text=f"The name {host} leads to {', '.join(addresses[:4])}.")
        described = await self._describe(uri)
        if isinstance(described, Finding):
            yield described
            return
        yield good(Step.CONNECT, text=f"The printer answers ({described.status}).")
        tls = await self._surroundings.tls(host, port)
        for finding in self._tls(tls, host):
            yield finding
        seen, found = await self._browse(described)
        for finding in found:
            yield finding
        for client in CLIENTS:
            yield _attributes(client, described)
        for finding in (*urf_tokens(described), *media(described), *agreement(described, seen, tls=bool(tls.version))):
            yield finding
        if jobs:
            for client in CLIENTS:
                yield await self._job(uri, client, described, prints=prints)

    async def _describe(self, uri: str) -> "Described | Finding":
        try:
            described = await self._surroundings.describe(uri)
        except Refusal as refusal:
            return bad(
                Step.CONNECT,
                text=f"The printer does not answer: {refusal.message}",
                mend="Start it, open its port in the firewall between here and there, and check address and path.",
            )
        if not described.status.startswith("successful"):
            return bad(
                Step.CONNECT,
                text=f"The printer refuses to describe itself: {described.status}.",
                mend="Check the path behind the address: /ipp/print, or /ipp/print/ and the printer's name.",
            )
        return described

    # -- looking around

    async def _browse(self, described: Described) -> tuple[tuple[Announced, ...], list[Finding]]:
        """What is announced of this printer, and what each client finds."""
        types = {type_ for client in CLIENTS for type_ in client.browses}
        try:
            answers = await asyncio.gather(*(self._surroundings.browse(type_) for type_ in sorted(types)))
            seen = {type_: _of(found, described) for type_, found in zip(sorted(types), answers, strict=True)}
        except Refusal as refusal:
            mend = "Switch mdns.enabled on, and let UDP port 5353 pass. Phones can also be given a profile."
            return (), [
                bad(Step.BROWSE, text=f"Nothing can be looked for in this network: {refusal.message}", mend=mend)
            ]
        found = [_browsed(client, seen) for client in CLIENTS]
        own = {(one.type, one.instance): one for each in seen.values() for one in each}
        return tuple(own.values()), found

    def _tls(self, tls: TlsSeen, host: str) -> Iterable[Finding]:
        if not tls.version:
            yield warn(
                Step.TLS,
                text=f"No encrypted connection: {tls.error or 'the port speaks plain IPP only'}.",
                mend="Android sends no password without TLS, and warns. Serve ipps:// on this port.",
            )
            return
        issuer = tls.chain[-1] if tls.chain else "-"
        yield good(Step.TLS, text=f"Encrypted by {tls.version}, with a key of {tls.key}, signed by {issuer}.")
        now = self._clock.now()
        if tls.expires_at < now + SOON_SECONDS:
            over = tls.expires_at < now
            yield bad(
                Step.TLS,
                text="The certificate is over." if over else "The certificate ends within two weeks.",
                mend="Renew it. Papertap renews its own by itself: start it, or give it a new one in https.certificate.",
            )
        if tls.names and not _named(host, tls.names):
            yield bad(
                Step.TLS,
                text=f"The certificate is not for {host}, but for {', '.join(tls.names[:5])}.",
                mend="Add the name to https.names, so that the next certificate has it.",
            )
        if not tls.trusted:
            yield warn(
                Step.TLS,
                text="The certificate comes from an authority that devices do not know by themselves.",
                mend="iPhones and Linux take it for printing. Install the authority (page /ca.pem) for Windows, ChromeOS "
                "and Android, or use a certificate of a public authority.",
            )

    async def _job(self, uri: str, client: ClientKind, described: Described, *, prints: bool) -> Finding:
        """In the first of its formats that the printer takes: what this client would do."""
        taken = described.attributes.get("document-format-supported", ())
        format_ = client.sends if client.sends in taken else next((one for one in client.formats if one in taken), "")
        if not format_:
            return bad(
                Step.JOB,
                text=f"The printer takes none of what this client sends: {', '.join(client.formats)}.",
                mend="Print through Papertap, which makes of these what the printer takes.",
                client=client.name,
            )
        try:
            result = await self._surroundings.sample(
                uri, format_, sample(format_), prints=prints, holds=_holds(described)
            )
        except Refusal as refusal:
            return bad(
                Step.JOB,
                text=f"A sample job ({format_}) broke off: {refusal.message}",
                mend="Try again; if it stays so, look into the printer's own log.",
                client=client.name,
            )
        return _sampled(client, format_, result.taken, result.status, result.canceled or prints)


def _holds(described: Described) -> bool:
    return "indefinite" in described.attributes.get("job-hold-until-supported", ())


def check_uri(uri: str) -> tuple[str, int]:
    """(host, port) of ipp:// or ipps://; BadRequest for anything else."""
    try:
        parts = urlsplit(uri)
        port = PORTS.get(parts.scheme, 0) if parts.port is None else parts.port
    except ValueError:
        port, parts = 0, urlsplit("")
    if len(uri) > LONGEST_URI or parts.scheme not in PORTS or not parts.hostname or not 0 < port < 65536:
        raise BadRequest("Write a printer's address as ipp://NAME/ipp/print or ipps://NAME:631/ipp/print.")
    if parts.username is not None or parts.password is not None:
        raise BadRequest("Write the address without a name and password in it.")
    return parts.hostname, port


def _of(found: Sequence[Announced], described: Described) -> tuple[Announced, ...]:
    """Those of the same printer, by its UUID."""
    own = {uuid.removeprefix("urn:uuid:").lower() for uuid in described.attributes.get("printer-uuid", ())}
    return tuple(one for one in found if one.txt.get("UUID", "").lower() in own)


def _browsed(client: ClientKind, seen: dict[str, tuple[Announced, ...]]) -> Finding:
    found = [one for type_ in client.browses for one in seen[type_]]
    if found:
        return good(Step.BROWSE, text=f'Finds it as "{found[0].instance}" at {found[0].host}.', client=client.name)
    return warn(
        Step.BROWSE,
        text=f"Does not find it by itself: nothing answers for {client.browses[0]} from here.",
        mend="Announce the printer in this network (mdns.enabled), print zones by DNS, or give devices a profile.",
        client=client.name,
    )


def _attributes(client: ClientKind, described: Described) -> Finding:
    missing = missing_of(client, described)
    if not missing:
        return good(
            Step.ATTRIBUTES, text=f"Gets all {len(client.asks)} attributes that it asks for.", client=client.name
        )
    return bad(
        Step.ATTRIBUTES,
        text=f"Asks in vain for {', '.join(missing)}.",
        mend="The printer's own software leaves them out: update it, or print through Papertap, which gives them.",
        client=client.name,
    )


def _sampled(client: ClientKind, format_: str, taken: bool, status: str, gone: bool) -> Finding:
    if taken and gone:
        return good(Step.JOB, text=f"Its sample job ({format_}) was taken.", client=client.name)
    if taken:
        return warn(
            Step.JOB,
            text=f"Its sample job ({format_}) was taken, and could not be canceled again.",
            mend="Look whether a white page comes out.",
            client=client.name,
        )
    if "authent" in status:
        return good(Step.JOB, text="Is asked for a name and a password before it may print.", client=client.name)
    return bad(
        Step.JOB,
        text=f"Its sample job ({format_}) was refused: {status}.",
        mend="See why in the list of refused jobs, or in the printer's own log.",
        client=client.name,
    )


def _named(host: str, names: Sequence[str]) -> bool:
    """RFC 6125: a star stands for one label."""
    wanted = host.lower().rstrip(".")
    star = "*." + wanted.partition(".")[2]
    return any(name.lower().rstrip(".") in {wanted, star} for name in names)
