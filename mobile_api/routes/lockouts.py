"""Who cannot sign in for now after too many failed tries, and forgiving it."""

from typing import Annotated

from pydantic import BaseModel, Field

from gateway.domain.rights import Permission
from mobile_api.models import Body, Text
from mobile_api.policy import needs
from mobile_api.router import Asking, Given, Topic

router = Topic("lockouts")

_STAFF = needs(Permission.USERS)
KindName = Annotated[Text, Field(min_length=1, max_length=60, examples=["SIGN_IN_NAME"])]
Who = Annotated[Text, Field(min_length=1, max_length=320, examples=["ann"])]
Place = Annotated[Text, Field(max_length=320, examples=["192.0.2.7"])]


class LockoutOut(BaseModel):
    """`who` is a name, or an address where `is_name` is false; `place` the address that a name is locked from."""

    kind: str
    who: str
    place: str
    is_name: bool
    seconds: float


class LockoutBody(Body):
    """One of the list, as it stands there."""

    kind: KindName
    who: Who
    place: Place = ""


@router.get("/lockouts")
@_STAFF
async def list_lockouts(services: Given, caller: Asking) -> list[LockoutOut]:
    """Names first, then addresses; those that last longest first. A restart forgives them all."""
    return [
        LockoutOut(kind=one.kind.name, who=one.who, place=one.place, is_name=one.is_name, seconds=one.seconds)
        for one in services.house.lockouts.all(caller.actor)
    ]


@router.post("/lockouts/forgive", status_code=204)
@_STAFF
async def forgive_lockout(body: LockoutBody, services: Given, caller: Asking) -> None:
    """Let them try again at once."""
    await services.house.lockouts.forgive(caller.actor, body.kind, body.who, body.place)
