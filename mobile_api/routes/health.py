"""Whether work is accepted, and what this API can do."""

import asyncio
import json
from typing import Any

from fastapi import Request, Response
from pydantic import BaseModel

from mobile_api.policy import anyone
from mobile_api.router import Given, Topic

router = Topic("health")


class Health(BaseModel):
    """`reasons` why no work is accepted now."""

    accepting: bool
    reasons: list[str]


@router.get("/health", responses={503: {"model": Health, "description": "No work is accepted now."}})
@anyone()
async def health(services: Given, response: Response) -> Health:
    """Answers 503 while no work is accepted, with the reasons."""
    reasons = await services.health()
    if reasons:
        response.status_code = 503
    return Health(accepting=not reasons, reasons=list(reasons))


@router.get("/openapi.json", response_model=dict[str, Any])
@anyone()
async def openapi(request: Request) -> Response:
    """The description of this API that you are reading."""
    state = request.app.state
    if not hasattr(state, "document"):
        state.document = await asyncio.to_thread(lambda: json.dumps(request.app.openapi()).encode())
    return Response(state.document, media_type="application/json")
