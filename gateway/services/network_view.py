"""What can be seen of our Printers from one place in the network, held against what is meant to be seen: pure.

A place is an interface of this machine, where our own probe looks, or another network that a probe reports from. Each
finding is a sentence with its mend; Printers that ail alike share one.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from gateway.services.doctor_findings import Finding, Step, bad, good, warn
from gateway.services.ports.surroundings import Announced

APPLE = ("_universal._sub._ipp._tcp", "_universal._sub._ipps._tcp")
NXDOMAIN, REFUSED = 3, 5
MOST_NAMES = 5  # in one sentence
IPP_ERRORS = 0x0400  # statuses from here on refuse (RFC 8011 section 4.1.6)
OWN_WORDS = (
    "it took too long",
    "no answer over UDP",
)  # of the probe and of views: for catalogues
ANEW = "Wait a minute if that has just changed. If it stays so, another program announces it too: switch that off, or start the gateway anew."


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """A Printer as it is meant to be announced. `ports` by service type; `txt` are the items that devices go by."""

    title: str
    uuid: str
    ports: Mapping[str, int]
    txt: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class View:
    """What was heard at one interface. `place` is for people; `own` tells whether the gateway answers at `address`.

    `left_out`: not announced there by choice. `error`: why nothing could be looked for.
    """

    place: str
    address: str
    own: bool = True
    heard: tuple[Announced, ...] = ()
    left_out: bool = False
    error: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class NameView:
    """What the resolver of a network told of the print zone. `rcode` as in RFC 1035; 0 is fine."""

    resolver: str
    rcode: int = 0
    error: str = ""
    heard: tuple[Announced, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Reached:
    """One connection to a printer. `status` of Get-Printer-Attributes, -1 for none."""

    host: str
    port: int
    address: str
    tls: str = ""
    status: int = -1
    error: str = ""


def by_multicast(view: View, wanted: Sequence[Wanted], *, otherwise: bool = False) -> list[Finding]:
    """`otherwise`: devices find them there by DNS, so that silence is no fault."""
    if view.left_out:
        return [_good(view, text="Nothing is announced here: it leads to no phones, or mdns.interfaces leaves it out.")]
    if view.error:
        text = f"Nothing can be looked for by multicast here: {view.error}."
        mend = "See whether this interface is up and takes multicast, and UDP port 5353 is free for it."
        return [_bad(view, text=text, mend=mend)]
    if not wanted:
        return [_good(view, text="No printer is to be announced.")]
    seen = _seen(view.heard, wanted)
    if not seen:
        return [_silence(view, len(wanted), otherwise=otherwise)]
    found = _missing(view.place, wanted, seen) + _differing(view.place, wanted, seen)
    told = {address for several in seen.values() for one in several for address in one.addresses}
    if view.own and view.address not in told:
        text = f"The address {view.address}, by which this network reaches the gateway, is not among those that are told: {_some(told)}."
        mend = "Wait half a minute if a cable was plugged in. If mdns.interfaces names addresses, add this one."
        found.append(_bad(view, text=text, mend=mend))
    return found or [_good(view, text=f"A phone here sees all printers: {len(wanted)}.")]


def by_dns(view: NameView, wanted: Sequence[Wanted], zone: str, place: str) -> list[Finding]:
    """`wanted` are those that are shown in that network."""
    if view.error:
        return [
            bad(
                Step.BROWSE,
                text=f"The resolver {view.resolver} does not answer: {view.error}.",
                mend="Let the devices of this network ask a resolver, by UDP and TCP, and name it in its DHCP.",
                client=place,
            )
        ]
    if view.rcode == REFUSED or (view.rcode and not view.heard):
        text = f"The resolver {view.resolver} does not find the print zone {zone}."
        if view.rcode == REFUSED:
            text = f"The resolver {view.resolver} refuses to answer for the print zone {zone}."
        mend = (
            "Delegate the zone to this gateway, and let its DNS port pass from the resolver. "
            "papertap dns check asks the resolver as well, and says what is missing."
        )
        return [bad(Step.BROWSE, text=text, mend=mend, client=place)]
    if not wanted:
        return [good(Step.BROWSE, text="No printer is shown in this network.", client=place)]
    seen = _seen(view.heard, wanted)
    return _missing(place, wanted, seen) or [
        good(Step.BROWSE, text=f"By DNS a phone here finds all printers: {len(wanted)}.", client=place)
    ]


def by_connection(reached: Sequence[Reached], place: str) -> list[Finding]:
    if not reached:
        return [
            warn(
                Step.CONNECT,
                text="No printer was connected to: none was found here.",
                mend="Load the probe by a name or address of the gateway that is known in that network.",
                client=place,
            )
        ]
    return [_reached(one, place) for one in reached]


def _reached(one: Reached, place: str) -> Finding:
    where = one.host if one.host == one.address else f"{one.host} ({one.address})"
    if one.error:
        return bad(
            Step.CONNECT,
            text=f"No connection to {where} at port {one.port}: {one.error}.",
            mend="Let this TCP port pass from that network to the gateway. If the address is none of it, set https.names.",
            client=place,
        )
    if one.status >= IPP_ERRORS:
        return bad(
            Step.CONNECT,
            text=f"The printer at {where}, port {one.port}, refuses to describe itself: status {one.status:#06x}.",
            mend="Look into the list of printers whether it is still there, and examine it above.",
            client=place,
        )
    return good(Step.CONNECT, text=f"The printer at {where}, port {one.port}, answers by {one.tls}.", client=place)


def _silence(view: View, count: int, *, otherwise: bool) -> Finding:
    if view.own:
        mend = (
            "Switch mdns.enabled on, let UDP port 5353 pass the firewall of this machine, and add the interface to "
            "mdns.interfaces if that names some."
        )
        return _bad(view, text=f"A phone here sees none of the printers, which are {count}.", mend=mend)
    if otherwise:
        return _good(view, text="By multicast nothing comes here, as behind most routers. DNS does it instead.")
    return warn(
        Step.BROWSE,
        text=f"By multicast none of the printers, which are {count}, is seen here, as behind most routers.",
        mend="Serve the print zone by DNS (dns.enabled), or let devices be set up by the page /setup, which needs neither. "
        "A router that repeats mDNS between the networks helps as well.",
        client=view.place,
    )


Seen = Mapping[str, Sequence[Announced]]
"""By UUID; never an empty list."""


def _seen(heard: Sequence[Announced], wanted: Sequence[Wanted]) -> Seen:
    known = {one.uuid for one in wanted}
    found: dict[str, list[Announced]] = {}
    for one in heard:
        uuid = one.txt.get("UUID", "").lower()
        if uuid in known:
            found.setdefault(uuid, []).append(one)
    return found


def _missing(place: str, wanted: Sequence[Wanted], seen: Seen) -> list[Finding]:
    gone = [one.title for one in wanted if one.uuid not in seen]
    there = [one for one in wanted if one.uuid in seen]
    types = {uuid: {one.type for one in several} for uuid, several in seen.items()}
    plain = [one.title for one in there if set(one.ports) - types[one.uuid]]
    apple = [one.title for one in there if not set(APPLE) & types[one.uuid]]
    found: list[Finding] = []
    if gone:
        found.append(bad(Step.BROWSE, text=f"Not seen here: {_some(gone)}.", mend=ANEW, client=place))
    if plain:
        text = f"Only in part seen here, for a service is missing: {_some(plain)}."
        found.append(bad(Step.BROWSE, text=text, mend=ANEW, client=place))
    if apple:
        text = f"Not seen here by iPhones, iPads and Macs: {_some(apple)}."
        found.append(bad(Step.BROWSE, text=text, mend=ANEW, client=place))
    return found


def _differing(place: str, wanted: Sequence[Wanted], seen: Seen) -> list[Finding]:
    found: list[Finding] = []
    for one in wanted:
        several = seen.get(one.uuid, ())
        ports = {each.port for each in several} - {0, *one.ports.values()}
        if ports:
            text = f"{one.title} is announced at a port where it is not: {_some({str(port) for port in ports})}."
            found.append(bad(Step.AGREEMENT, text=text, mend=ANEW, client=place))
        places = {f"{each.instance} ({each.host.lower()})" for each in several if each.host}
        if len(places) > 1:
            text = f"{one.title} is announced more than once: {_some(places)}."
            mend = "Another gateway runs with a copy of this one's data, or a device repeats it. Stop one of them."
            found.append(warn(Step.AGREEMENT, text=text, mend=mend, client=place))
        wrong = {key for each in several for key, value in one.txt.items() if each.txt.get(key, "") != value}
        if wrong:
            text = f"{one.title} is announced otherwise than it is: {_some(wrong)}."
            found.append(bad(Step.AGREEMENT, text=text, mend=ANEW, client=place))
    return found


def _some(texts: Collection[str]) -> str:
    several = sorted(texts)
    return ", ".join(several[:MOST_NAMES]) + (", …" if len(several) > MOST_NAMES else "")


def _good(view: View, *, text: str) -> Finding:
    return good(Step.BROWSE, text=text, client=view.place)


def _bad(view: View, *, text: str, mend: str) -> Finding:
    return bad(Step.BROWSE, text=text, mend=mend, client=view.place)
