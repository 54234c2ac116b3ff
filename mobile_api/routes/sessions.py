"""Where one is signed in, and ending it."""

from datetime import datetime
from typing import Annotated

from fastapi import Path
from pydantic import BaseModel

from gateway.domain.user import Session
from gateway.errors import NotFound
from mobile_api.models import moment
from mobile_api.policy import own
from mobile_api.router import Asking, Given, Topic
from mobile_api.security import Caller

router = Topic("sessions")

Tag = Annotated[str, Path(pattern=r"^[0-9a-f]{16}$")]


class SessionOut(BaseModel):
    """`id` opens nothing. `here` is the session of this very request."""

    id: str
    method: str
    address: str
    browser: str
    begun: datetime | None
    seen: datetime | None
    expires: datetime | None
    here: bool


@router.get("/sessions")
@own()
async def list_sessions(services: Given, caller: Asking) -> list[SessionOut]:
    """The caller's sessions in browsers, the one seen last first."""
    return [_shown(session, caller) for session in await services.identity.sessions_of(caller.actor.user or "")]


@router.delete("/sessions/{id}", status_code=204)
@own()
async def end_session(id: Tag, services: Given, caller: Asking) -> None:  # noqa: A002 - the path's word
    """Sign out there."""
    if not await services.identity.revoke_session(caller.actor.user or "", id):
        raise NotFound("There is no such session, or it has ended already.")


def _shown(session: Session, caller: Caller) -> SessionOut:
    return SessionOut(
        id=session.tag,
        method=session.method,
        address=session.address,
        browser=session.browser,
        begun=moment(session.created_at),
        seen=moment(session.seen_at),
        expires=moment(session.expires_at),
        here=caller.session is not None and caller.session.tag == session.tag,
    )
