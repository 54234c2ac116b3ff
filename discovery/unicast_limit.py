"""How much is answered to one network over UDP, whose senders can be forged: octets by a leaky bucket.

Whoever uses its share up is told every second time to come by TCP, in an answer no longer than its question, and hears
nothing in between (the slip of BIND's response rate limiting). A flood thus gets back less than it sends.
"""

from collections import OrderedDict
from enum import Enum, auto
from ipaddress import ip_address
from typing import Final

_NETWORKS_MAX: Final = 10_000  # remembered; the one that was quiet longest is forgotten first


class Verdict(Enum):
    ANSWER = auto()
    TRUNCATE = auto()
    DROP = auto()


class ResponseLimit:
    """`rate` octets a second and `burst` at once, a network of /24 or /56."""

    def __init__(self, *, rate: float, burst: float) -> None:
        self._rate, self._burst = rate, burst
        self._buckets: OrderedDict[bytes, tuple[float, float, bool]] = OrderedDict()

    def take(self, network: bytes, octets: int, now: float) -> Verdict:
        """`now` is monotonic."""
        left, since, slipped = self._buckets.pop(network, (self._burst, now, True))
        left = min(self._burst, left + (now - since) * self._rate)
        if left >= octets:
            verdict, left = Verdict.ANSWER, left - octets
        else:
            slipped = not slipped
            verdict = Verdict.DROP if slipped else Verdict.TRUNCATE
        self._buckets[network] = (left, now, slipped)
        if len(self._buckets) > _NETWORKS_MAX:
            self._buckets.popitem(last=False)
        return verdict


def network_of(address: str) -> bytes:
    """What counts as one sender."""
    parsed = ip_address(address.partition("%")[0])
    return parsed.packed[:3] if parsed.version == 4 else parsed.packed[:7]
