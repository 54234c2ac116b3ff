"""Queues: what a computer is to have installed, for scripts that keep it so and for device managements (row 160)."""

from typing import Annotated

from fastapi import Request
from pydantic import BaseModel, Field
from starlette.responses import PlainTextResponse

from gateway.domain.queue import Queue
from gateway.services.queue_scripts import described, queue_list
from mobile_api.policy import anyone
from mobile_api.router import Asking, Given, Topic
from mobile_api.security import Caller
from mobile_api.services import Services

router = Topic("queues")


class QueueOut(BaseModel):
    """`uri` is for CUPS, `http_uri` for Windows. At `host_name`, where there is one, /ipp/print is this Printer."""

    name: str
    info: str
    location: str
    uuid: str
    uri: Annotated[str, Field(examples=["ipps://print.example.org:8631/ipp/print/find-me"])]
    http_uri: str
    host_name: str
    default: bool
    color: bool
    duplex: bool
    authentication: str


class QueuesOut(BaseModel):
    """What is shown to the caller where it is; `site` and `zone` are null outside of all zones."""

    site: str | None
    zone: str | None
    queues: list[QueueOut]


@router.get("/queues")
@anyone()
async def list_queues(request: Request, services: Given, caller: Asking) -> QueuesOut:
    """The queues that the caller's computer should have, by its network and, with a token, by the groups of its maker.

    401 for strangers where the house wants to know who asks.
    """
    place = services.sites.place_of(caller.actor.address)
    return QueuesOut(
        site=place.site.name if place else None,
        zone=place.zone.name if place else None,
        queues=[QueueOut(**described(queue)) for queue in _queues(request, services, caller)],
    )


@router.get("/queues.txt", response_class=PlainTextResponse)
@anyone()
async def list_queues_as_text(request: Request, services: Given, caller: Asking) -> PlainTextResponse:
    """The same for shells: a line a queue (name, address, 1 for the default, place, words), U+001F between fields.

    The first line is `papertap-queues 1`, the last one `end`.
    """
    return PlainTextResponse(queue_list(_queues(request, services, caller)))


def _queues(request: Request, services: Services, caller: Caller) -> tuple[Queue, ...]:
    return services.queues.of(caller.actor, host_of(request))


def host_of(request: Request) -> str:
    """Only compared with our own names; anything else is answered with one of them."""
    host = request.headers.get("host", "")
    return host.rpartition("]")[0] + "]" if host.startswith("[") else host.partition(":")[0]
