"""Whether a permission holds at a thing's site; what belongs to no site needs it everywhere."""

from gateway.domain.rights import EVERYWHERE, Permission
from gateway.errors import Forbidden
from mobile_api.security import Caller


def reaches(caller: Caller, permission: Permission, site: str) -> bool:
    return caller.actor.may(permission, site or EVERYWHERE)


def demand(caller: Caller, permission: Permission, *sites: str) -> None:
    """Forbidden unless it holds at each of the sites; "" is everywhere."""
    missing = next((site for site in sites if not reaches(caller, permission, site)), None)
    if missing:
        raise Forbidden(f'Your permission does not reach the site "{missing}".')
    if missing is not None:
        raise Forbidden("This belongs to no site, and your permission holds at some sites only.")
