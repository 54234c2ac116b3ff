"""What a client may cost: the deadlines of a connection, and how many connections there may be.

The reserve is what an administrator on the machine itself still gets in by when everybody else has filled the rest.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """Seconds and octets; `min_body_rate` is octets a second, averaged over `body_window` seconds."""

    header_seconds: float = 10.0
    max_header: int = 64 * 1024
    min_body_rate: int = 1024
    body_window: float = 30.0
    keep_alive_seconds: float = 30.0
    write_stall_seconds: float = 60.0  # a client that reads nothing of its answer for this long
    linger_seconds: float = 30.0  # how long the rest of a refused body is read, so that the answer is not lost
    linger_octets: int = 64 * 1024  # a rest up to this size is read without giving the connection up
    max_connections: int = 2000
    max_connections_per_address: int = 200
    reserve: int = 16  # of max_connections, for the machine itself
    # Of WebSockets: octets of a message, messages or pieces of one that wait, seconds of silence (a ping asks at half).
    max_message: int = 64 * 1024
    max_waiting: int = 64
    idle_seconds: float = 60.0


class Slot:
    """One admitted connection; `release` may be called more than once."""

    __slots__ = ("_release", "address")

    def __init__(self, address: str, release: Callable[[str], None]) -> None:
        self.address = address
        self._release: Callable[[str], None] | None = release

    def release(self) -> None:
        if self._release is not None:
            release, self._release = self._release, None
            release(self.address)


class Admission:
    """Counts connections, in all and by address; several listeners may share one."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._by_address: Counter[str] = Counter()
        self.open = 0
        self.refused = 0

    def take(self, address: str) -> Slot | None:
        """None when there are too many. The machine itself has no limit of its own: a reverse proxy speaks for many."""
        local = _is_local(address)
        limits = self._limits
        full = self.open >= limits.max_connections - (0 if local else limits.reserve)
        if full or (not local and self._by_address[address] >= limits.max_connections_per_address):
            self.refused += 1
            return None
        self.open += 1
        self._by_address[address] += 1
        return Slot(address, self._give_back)

    def _give_back(self, address: str) -> None:
        self.open -= 1
        self._by_address[address] -= 1
        if self._by_address[address] <= 0:
            del self._by_address[address]


@lru_cache(4096)
def _is_local(address: str) -> bool:
    return ip_address(address.partition("%")[0]).is_loopback
