"""Who the API takes the caller for."""

from pydantic import BaseModel

from gateway.domain.rights import Permission
from mobile_api.policy import own
from mobile_api.router import Asking, Topic

router = Topic("me")


class Me(BaseModel):
    """`permissions` hold everywhere, `somewhere` at one site at least; `scopes` are the token's, null for a session."""

    name: str
    role: str
    groups: list[str]
    permissions: list[str]
    somewhere: list[str]
    scopes: list[str] | None


@router.get("/me")
@own(any_scope=True)
async def me(caller: Asking) -> Me:
    """The caller's name and what it may do."""
    actor = caller.actor
    return Me(
        name=actor.user or "",
        role=actor.role.value,
        groups=list(actor.groups),
        permissions=[p.value for p in Permission if actor.may(p)],
        somewhere=[p.value for p in Permission if actor.may_somewhere(p)],
        scopes=None if caller.token is None else list(caller.token.scopes),
    )
