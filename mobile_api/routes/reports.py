"""What was printed, month by month: sums of the ledger."""

from dataclasses import asdict
from decimal import Decimal
from typing import Annotated

from fastapi import Query
from pydantic import BaseModel

from gateway.domain.rights import Permission
from gateway.domain.statistics import Month
from gateway.errors import Forbidden
from mobile_api.policy import needs, own
from mobile_api.router import Asking, Given, Topic

router = Topic("reports")


class MonthOut(BaseModel):
    """`saved` are impressions of jobs that were deleted, or expired, unprinted."""

    month: str
    jobs: int
    impressions: int
    media_sheets: int
    color_impressions: int
    two_sided_sheets: int
    cost: Decimal
    currency: str
    saved: int


@router.get("/reports/months")
@own(Permission.REPORTS)
async def months(
    services: Given,
    caller: Asking,
    user: Annotated[
        str | None, Query(max_length=100, description="Somebody else: needs the permission reports.")
    ] = None,
    count: Annotated[int, Query(ge=1, le=24)] = 12,
) -> list[MonthOut]:
    """The last calendar months of the house's time zone, this one last; the caller's own unless said otherwise."""
    actor = caller.actor
    own_name = (actor.user or "").casefold()
    if user is not None and user.casefold() != own_name and not actor.may(Permission.REPORTS):
        raise Forbidden("You may see your own figures, not those of others.")
    owner = actor.user or "" if user is None else (await services.identity.get(user)).name
    currency = services.settings.site.currency
    return [_shown(month, currency) for month in await services.statistics.months(owner, count)]


class ProjectTotal(BaseModel):
    """`title` is empty where there is no such project any more; one row for each currency."""

    code: str
    title: str
    jobs: int
    impressions: int
    media_sheets: int
    cost: Decimal
    currency: str


Day = Annotated[str, Query(max_length=10, pattern=r"^(\d{4}-\d{2}-\d{2})?$")]


@router.get("/reports/projects")
@needs(Permission.REPORTS, otherwise=Permission.PRINTERS)
async def project_totals(services: Given, caller: Asking, since: Day = "", until: Day = "") -> list[ProjectTotal]:
    """What each project comes to, from the first day to the last; without them this month, until now."""
    projects = services.house.projects
    totals = await projects.totals(caller.actor, *projects.span(since, until))
    return [ProjectTotal(**asdict(total)) for total in totals]


def _shown(month: Month, currency: str) -> MonthOut:
    usage = month.usage
    return MonthOut(
        month=f"{month.year:04}-{month.month:02}",
        jobs=usage.jobs,
        impressions=usage.impressions,
        media_sheets=usage.media_sheets,
        color_impressions=usage.color_impressions,
        two_sided_sheets=usage.two_sided_sheets,
        cost=usage.cost,
        currency=currency,
        saved=usage.saved,
    )
