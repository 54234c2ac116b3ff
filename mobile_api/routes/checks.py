"""What works and what does not: told at once, or tried by the real thing."""

from typing import Annotated

from fastapi import Path
from pydantic import BaseModel, Field

from gateway.domain.rights import Permission
from gateway.i18n import said
from gateway.services.health import Finding, Kind
from mobile_api.policy import needs
from mobile_api.router import Given, Topic

router = Topic("checks")

Key = Annotated[str, Path(min_length=1, max_length=200, examples=["mail"])]


class FindingOut(BaseModel):
    """`mend`: what to do about it. `needed`: without it Papertap does not do its main job."""

    ok: bool
    text: str
    mend: str
    needed: bool


class CheckOut(BaseModel):
    """`found` is what can be told at once; null for what is tried only when it is asked for."""

    key: str
    kind: Kind = Field(description="state is told at once; the others run the real thing.")
    found: FindingOut | None


@router.get("/checks")
@needs(Permission.SETTINGS)
async def list_checks(services: Given) -> list[CheckOut]:
    """All that can be looked at here: channels, connections, devices, this machine, and how things stand."""
    health = services.administration.health
    quick = await health.quick()
    return [
        CheckOut(key=key, kind=kind, found=_shown(quick[key]) if key in quick else None)
        for kind, key in await health.keys()
    ]


@router.post("/checks/{key}")
@needs(Permission.SETTINGS)
async def run_check(key: Key, services: Given) -> FindingOut:
    """Try it now: connects, signs in, prints nothing. What fails is an answer, not an error."""
    return _shown(await services.administration.health.look(key))


def _shown(found: Finding) -> FindingOut:
    return FindingOut(ok=found.ok, text=said(found.text), mend=said(found.mend), needed=found.needed)
