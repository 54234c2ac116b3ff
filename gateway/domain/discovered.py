"""A printer that was found in the network, and the best way to it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

_ORDER: Final = ("ipps", "ipp", "socket", "lpd")
"""Encrypted and followed first; RAW and LPD tell nothing of what became of a job."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Discovered:
    """`uris` are the ways to it; `told_by`: "mdns", "snmp", "ipp", "port". `identity`: a serial number or UUID."""

    name: str = ""
    model: str = ""
    location: str = ""
    identity: str = ""
    addresses: tuple[str, ...] = ()
    uris: tuple[str, ...] = ()
    told_by: tuple[str, ...] = ()

    @property
    def best(self) -> str:
        """The device URI to propose; "" without any."""
        return self.ways[0] if self.uris else ""

    @property
    def ways(self) -> tuple[str, ...]:
        """The URIs, best first."""
        return tuple(sorted(self.uris, key=lambda uri: _ORDER.index(uri.partition(":")[0])))

    @property
    def protocols(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(uri.partition(":")[0] for uri in self.ways))


def merged(several: Iterable[Discovered]) -> tuple[Discovered, ...]:
    """Each machine once: what shares an address or an identity is one. By address, then name."""
    found: list[Discovered] = []
    for one in several:
        same = [other for other in found if _same(one, other)]
        found = [other for other in found if other not in same]
        for other in same:
            one = _joined(other, one)  # noqa: PLW2901 - it grows by what it meets
        found.append(one)
    return tuple(sorted(found, key=lambda one: (one.addresses[:1], one.name)))


def _same(one: Discovered, other: Discovered) -> bool:
    shares = bool(set(one.addresses) & set(other.addresses))
    return shares or bool(one.identity and one.identity == other.identity)


def _joined(one: Discovered, other: Discovered) -> Discovered:
    return Discovered(
        name=one.name or other.name,
        model=one.model or other.model,
        location=one.location or other.location,
        identity=one.identity or other.identity,
        addresses=tuple(dict.fromkeys((*one.addresses, *other.addresses))),
        uris=tuple(dict.fromkeys((*one.uris, *other.uris))),
        told_by=tuple(dict.fromkeys((*one.told_by, *other.told_by))),
    )
