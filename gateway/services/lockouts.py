"""Who cannot sign in for now after too many failed tries, and forgiving it (rows 84 and 156).

Counts live in the memory of the process that serves the pages, which there is one of: a restart forgives, and the
command line, which is another process, can neither see nor forgive them.
"""

from dataclasses import dataclass

from gateway.domain.rights import Permission
from gateway.domain.user import Actor
from gateway.errors import Forbidden, NotFound
from gateway.services.audit import Audit
from gateway.services.limits import Kind, Limit, Limits

NAMES = frozenset({Kind.SIGN_IN_NAME, Kind.SIGN_IN_ACCOUNT, Kind.SECOND_STEP})
SHOWN = NAMES | {
    Kind.SIGN_IN_ADDRESS,
    Kind.PIN_ALONE_ADDRESS,
    Kind.SIGN_IN_TERMINAL,
    Kind.PASSKEY_ADDRESS,
    Kind.ANSWER_ADDRESS,
    Kind.GUEST_CODE_ADDRESS,
    Kind.REGISTRATION,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Lockout:
    """`who` is a name or an address, `place` the address a name is locked from; `seconds` are left."""

    kind: Kind
    who: str
    place: str
    seconds: float

    @property
    def is_name(self) -> bool:
        return self.kind in NAMES


class Lockouts:
    def __init__(self, *, limits: Limits, audit: Audit) -> None:
        self._limits = limits
        self._audit = audit

    def all(self, actor: Actor) -> list[Lockout]:
        """Names first, then addresses; those that last longest first."""
        _check(actor)
        found = [
            Lockout(kind=limit.kind, who=limit.key[0], place=limit.key[1] if len(limit.key) > 1 else "", seconds=wait)
            for limit, wait in self._limits.used_up()
            if limit.kind in SHOWN
        ]
        return sorted(found, key=lambda lockout: (not lockout.is_name, -lockout.seconds, lockout.who))

    async def forgive(self, actor: Actor, kind: str, who: str, place: str = "") -> None:
        """NotFound when it is over already."""
        _check(actor)
        for lockout in self.all(actor):
            if (lockout.kind.name, lockout.who, lockout.place) == (kind, who, place):
                self._limits.forget(Limit(kind=lockout.kind, key=(who, place) if place else (who,)))
                await self._audit.note(actor, "lockout.forgiven", who, kind=kind, place=place)
                return
        raise NotFound("This lock is over already.")


def _check(actor: Actor) -> None:
    if not actor.may(Permission.USERS):
        raise Forbidden("Only who manages users of the whole house sees who is locked out.")
