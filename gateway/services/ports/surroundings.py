"""The network as a client would look at it: what AirPrint Doctor asks of the outside."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, kw_only=True, slots=True)
class Announced:
    """One resolved instance of DNS-SD."""

    instance: str
    type: str
    host: str
    port: int
    addresses: tuple[str, ...] = ()
    txt: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class TlsSeen:
    """`version` of what was agreed, "" where nothing was; `chain` are subjects, the server's first."""

    version: str = ""
    names: tuple[str, ...] = ()
    chain: tuple[str, ...] = ()
    expires_at: float = 0.0
    key: str = ""
    trusted: bool = False
    error: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Described:
    """A printer's answer: its attributes as texts, collections as their members' texts by name."""

    status: str
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    collections: Mapping[str, tuple[Mapping[str, str], ...]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Sampled:
    """What became of a sample job: whether it was taken, what the printer said, and whether it is gone again."""

    taken: bool
    status: str
    canceled: bool = False


class Surroundings(Protocol):
    """Raises Refusal with a sentence where a printer cannot be reached."""

    async def browse(self, type_: str) -> tuple[Announced, ...]:
        """As in _ipp._tcp or _universal._sub._ipp._tcp; NotPossible without a network to look in."""

    async def addresses(self, host: str, port: int) -> tuple[str, ...]:
        """Those that may be connected to; empty for a name that nobody knows."""

    async def tls(self, host: str, port: int) -> TlsSeen: ...
    async def describe(self, uri: str) -> Described: ...
    async def sample(self, uri: str, format_: str, document: bytes, *, prints: bool, holds: bool) -> Sampled:
        """Held and canceled, unless it `prints`; a printer that `holds` nothing is only asked whether it would take it."""
