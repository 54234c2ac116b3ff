"""What a row of the policy may ask of a visitor, and whether a visitor has it.

Whoever runs part of the house is asked for a permission, never for a role: new roles then need no change of a page.
"""

from dataclasses import dataclass
from enum import Enum, auto

from gateway.domain.rights import Permission
from gateway.domain.user import RECENT_SECONDS, Actor, Session, is_guest

__all__ = ["RECENT_SECONDS", "Access", "Needs", "Row", "allows", "is_recent", "wants_proof"]


class Access(Enum):
    """ANYONE: also strangers. SIGNED_IN: a live session; which jobs it reaches is the release service's to say.

    RECENT: a live session whose user proved itself within the last minutes; else the guard asks for that first.
    VISITOR: somebody who is signed in, or a guest; GUEST: a guest alone.
    STAFF: a live session of somebody with any permission anywhere. Below /kiosk a session is one of the station's.
    """

    ANYONE = auto()
    SIGNED_IN = auto()
    RECENT = auto()
    STAFF = auto()
    VISITOR = auto()
    GUEST = auto()


@dataclass(frozen=True, slots=True)
class Needs:
    """A live session of somebody with `permission` at one site at least, or with `otherwise`.

    What is in reach at which site is the service's to say. `recent`: as RECENT besides.
    """

    permission: Permission
    otherwise: Permission | None = None
    recent: bool = False


Row = Access | Needs


def allows(access: Row, actor: Actor) -> bool:
    if isinstance(access, Needs):
        return any(actor.may_somewhere(p) for p in (access.permission, access.otherwise) if p is not None)
    if is_guest(actor.user):
        return access in {Access.ANYONE, Access.VISITOR, Access.GUEST}
    return {
        Access.ANYONE: True,
        Access.GUEST: False,
        Access.STAFF: actor.is_staff,
    }.get(access, actor.user is not None)


def wants_proof(access: Row) -> bool:
    """Whether the visitor must have proved itself just now."""
    return access.recent if isinstance(access, Needs) else access is Access.RECENT


def is_recent(session: Session | None, now: float) -> bool:
    return session is not None and session.is_recent(now)
