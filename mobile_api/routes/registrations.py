"""People who asked for an account by themselves and wait for a yes."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Path
from pydantic import BaseModel

from gateway.domain.registration import Registration, RegistrationState
from gateway.domain.rights import Permission
from mobile_api.models import moment
from mobile_api.policy import needs
from mobile_api.router import Asking, Given, Topic

router = Topic("registrations")

Id = Annotated[UUID, Path()]
MOST = 200


class RegistrationOut(BaseModel):
    id: UUID
    email: str
    full_name: str
    via: str
    state: RegistrationState
    asked: datetime | None
    confirmed: datetime | None


@router.get("/registrations")
@needs(Permission.USERS)
async def list_registrations(services: Given, caller: Asking) -> list[RegistrationOut]:
    """Those that wait for a decision, oldest first; at most 200."""
    return [_shown(one) for one in await services.registrations.waiting(caller.actor, limit=MOST)]


@router.post("/registrations/{id}/approve")
@needs(Permission.USERS)
async def approve_registration(id: Id, services: Given, caller: Asking) -> RegistrationOut:  # noqa: A002 - the path's word
    """The account is made, and its PIN goes out by mail."""
    approved = await services.registrations.approve(id, caller.actor)
    await services.house.audit.note(caller.actor, "registration.approved", f"mail {approved.email}")
    return _shown(approved)


@router.post("/registrations/{id}/refuse")
@needs(Permission.USERS)
async def refuse_registration(id: Id, services: Given, caller: Asking) -> RegistrationOut:  # noqa: A002 - the path's word
    """No account is made; who asked is told."""
    refused = await services.registrations.refuse(id, caller.actor)
    await services.house.audit.note(caller.actor, "registration.refused", f"mail {refused.email}")
    return _shown(refused)


def _shown(one: Registration) -> RegistrationOut:
    return RegistrationOut(
        id=one.uuid,
        email=one.email,
        full_name=one.full_name,
        via=one.via,
        state=one.state,
        asked=moment(one.created_at),
        confirmed=moment(one.confirmed_at),
    )
