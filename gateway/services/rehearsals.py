"""How the gateway's own test of uploads is known at the door: by a signed pass that is good for a minute.

Whoever has one can send a document that is taken in like any other and then destroyed, and nothing else. The test may
come from another process with the same data directory, so that the pass is signed rather than remembered.
"""

import hmac
import secrets

from gateway.domain.user import Actor
from gateway.services.ports import Clock, Hasher

_REHEARSER = "gateway:rehearsal"  # no user's name has a colon
_PREFIX = "rehearsal"
_SECONDS = 60.0
_PURPOSE = "upload-rehearsal"


class Rehearsals:
    def __init__(self, *, hasher: Hasher, clock: Clock) -> None:
        self._hasher = hasher
        self._clock = clock

    def new_pass(self) -> str:
        """Letters, digits and dots. Locked without the pepper."""
        body = f"{_PREFIX}.{int(self._clock.now())}.{secrets.token_hex(8)}"
        return f"{body}.{self._hasher.lookup(_PURPOSE, body)}"

    def actor_of(self, text: str, *, address: str) -> Actor | None:
        """Who comes with it; None unless it is ours and of this minute."""
        body, _, mac = text.rpartition(".")
        prefix, _, rest = body.partition(".")
        issued = rest.partition(".")[0]
        if prefix != _PREFIX or not issued.isascii() or not issued.isdigit():
            return None
        if not hmac.compare_digest(mac.encode(), self._hasher.lookup(_PURPOSE, body).encode()):
            return None
        if abs(self._clock.now() - int(issued)) > _SECONDS:
            return None
        return Actor(user=_REHEARSER, address=address, via=_PREFIX)


def is_rehearsing(actor: Actor) -> bool:
    return actor.user == _REHEARSER
