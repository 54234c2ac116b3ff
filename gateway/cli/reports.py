"""`papertap report`: what was printed."""

from typing import Annotated, Any

import typer

from gateway.app import Gateway
from gateway.cli.common import SHELL, AsJson, Config, Data, show, using
from gateway.domain.project import Total
from gateway.domain.statistics import Month
from gateway.services.statistics import Statistics

reports = typer.Typer(no_args_is_help=True, help="What was printed.")


@reports.command("months")
def report_months(
    user: str,
    count: Annotated[int, typer.Option(min=1, max=24)] = 12,
    config: Config = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Sums of one user, month by month, the last one last."""

    async def work(gateway: Gateway) -> list[dict[str, Any]]:
        site = gateway.settings.site
        statistics = Statistics(history=gateway.database.history, clock=gateway.clock, time_zone=site.time_zone)
        owner = await gateway.identity.get(user)
        return [_month(month, site.currency) for month in await statistics.months(owner.name, count)]

    show(using(config, data, work), as_json)


def _month(month: Month, currency: str) -> dict[str, Any]:
    usage = month.usage
    return {
        "month": f"{month.year:04}-{month.month:02}",
        "jobs": usage.jobs,
        "impressions": usage.impressions,
        "media_sheets": usage.media_sheets,
        "color_impressions": usage.color_impressions,
        "two_sided_sheets": usage.two_sided_sheets,
        "cost": str(usage.cost),
        "currency": currency,
        "saved": usage.saved,
    }


@reports.command("projects")
def report_projects(
    since: Annotated[str, typer.Option(help="The first day, such as 2026-11-01; without it: of this month.")] = "",
    until: Annotated[str, typer.Option(help="The last day; without it: until now.")] = "",
    config: Config = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """What each project comes to in some days."""

    async def work(gateway: Gateway) -> list[Total]:
        projects = gateway.house.projects
        return await projects.totals(SHELL, *projects.span(since, until))

    show([_total(total) for total in using(config, data, work)], as_json)


def _total(total: Total) -> dict[str, Any]:
    return {
        "project": total.code,
        "title": total.title,
        "jobs": total.jobs,
        "impressions": total.impressions,
        "media_sheets": total.media_sheets,
        "cost": str(total.cost),
        "currency": total.currency,
    }
