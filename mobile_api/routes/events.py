"""What happens, as a stream."""

from typing import Annotated

from fastapi import Header, Query, Request
from starlette.responses import StreamingResponse

from gateway.domain.events import Event
from gateway.domain.rights import Permission
from gateway.domain.user import Actor
from gateway.errors import NotAuthenticated
from mobile_api.policy import own
from mobile_api.router import Asking, Given, Topic
from mobile_api.security import SIGN_IN, recognise

router = Topic("events")

_STREAM = {
    200: {
        "description": "Server-Sent Events: `id`, `event`, and `data` with type, at, and job, printer or device.",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    }
}


@router.get("/events", response_class=StreamingResponse, responses=_STREAM)  # type: ignore[arg-type]  # reason: an int is a key
@own(Permission.JOBS)
async def events(
    request: Request,
    services: Given,
    caller: Asking,
    kind: Annotated[list[Event] | None, Query(description="These kinds alone.")] = None,
    last_event_id: Annotated[str | None, Header(max_length=60)] = None,
) -> StreamingResponse:
    """What happens to the things that the caller may see. `Last-Event-ID` goes on where it left off, as far as that is
    still in memory; else `reset` says to read lists anew. A comment comes every 15 seconds.
    """

    async def again() -> Actor:
        now = await recognise(request, services)
        if now.key != caller.key:
            raise NotAuthenticated(SIGN_IN)
        return now.actor

    services.events.check(caller.key)
    stream = services.events.stream(
        caller.key, caller.actor, again, since=last_event_id, kinds=frozenset(each.value for each in kind or ())
    )
    return StreamingResponse(stream, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})
