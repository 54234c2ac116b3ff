"""Pictures of a job's pages, for its owner and who acts for the owner; each look at another's is written down first."""

from typing import Annotated

from fastapi import Path, Query
from starlette.responses import Response, StreamingResponse

from gateway.domain.rights import Permission
from gateway.errors import NotFound, NotPossible
from mobile_api.policy import own
from mobile_api.router import Asking, Given, Topic
from mobile_api.routes.jobs import JobId

router = Topic("jobs")

Number = Annotated[int, Path(ge=1, le=10_000)]
PNG = {200: {"content": {"image/png": {"schema": {"type": "string", "format": "binary"}}}, "description": "A picture."}}


@router.get("/jobs/{id}/pages/{number}.png", response_class=Response, responses=PNG)  # type: ignore[arg-type]  # reason: an int is a key
@own(Permission.JOBS)
async def page_picture(id: JobId, number: Number, services: Given, caller: Asking) -> Response:  # noqa: A002 - the path's word
    """A small picture of a page of the document."""
    await services.access.note(await services.release.visible(id, caller.actor), caller.actor, "thumbnail")
    octets = await services.release.thumbnail(id, caller.actor, number)
    return StreamingResponse(octets, media_type="image/png")


@router.get(
    "/jobs/{id}/sides/{number}.png",
    response_class=Response,
    responses=PNG,  # type: ignore[arg-type]  # reason: an int is a key
    openapi_extra={"responses": {"409": {"$ref": "#/components/responses/409"}}},
)
@own(Permission.JOBS)
async def side_picture(  # noqa: PLR0917 - FastAPI reads them from the signature
    id: JobId,  # noqa: A002 - the path's word
    number: Number,
    services: Given,
    caller: Asking,
    device: Annotated[str | None, Query(max_length=63)] = None,
    width: Annotated[int, Query(ge=200, le=1200)] = 480,
) -> Response:
    """A printed side as it comes out at a device, with the job's options."""
    job = await services.release.visible(id, caller.actor)
    if services.preview is None:
        raise NotPossible("Previews are not made on this server.")
    await services.access.note(job, caller.actor, "preview")
    shown = await services.preview.sides(id, caller.actor, {}, device=device, sides=[number], width=width)
    if not shown.pictures:
        raise NotFound("There is no picture of that page.")
    return Response(shown.pictures[0][1], media_type="image/png")
