"""One's own page of projects: looked for, kept as favourites, and one of them as the default; and what scripts look for."""

from urllib.parse import quote

from starlette.responses import JSONResponse, RedirectResponse, Response

from gateway.errors import NotFound, Refusal
from gateway.i18n import N_, said
from gateway.services.charging import Charging
from webprint.account import done_text
from webprint.answers import status_of
from webprint.guard import Handler
from webprint.requests import first
from webprint.site import Site, Visit

PAGE, FOUND = "/account/projects", "/account/projects/found"
SHOWN = 50
OFFERED = 12  # to a script, while somebody types
DONE = {
    "favourite": N_("It is a favourite now."),
    "no-favourite": N_("It is no favourite any more."),
    "default": N_("Your jobs are charged to it unless you choose another project."),
    "no-default": N_("You have no default project any more."),
}


class ProjectPages:
    def __init__(self, site: Site) -> None:
        self._site = site

    async def show(self, visit: Visit) -> Response:
        return await self._page(visit)

    async def keep(self, visit: Visit) -> Response:
        """A favourite, or the default, or no longer."""
        charging, code, do = charging_of(self._site), first(visit.form, "code")[:100], first(visit.form, "do")
        try:
            if do in {"default", "no-default"}:
                await charging.set_default(visit.actor, code if do == "default" else "")
            else:
                await charging.mark_favourite(visit.actor, code, favourite=do == "favourite")
        except Refusal as refusal:
            return await self._page(visit, refusal=refusal)
        back = f"&q={quote(first(visit.form, 'q')[:100])}" if first(visit.form, "q") else ""
        return RedirectResponse(f"{PAGE}?done={do if do in DONE else 'no-favourite'}{back}", status_code=303)

    async def found(self, visit: Visit) -> Response:
        return await found_json(self._site, visit)

    async def _page(self, visit: Visit, *, refusal: Refusal | None = None) -> Response:
        charging, query = charging_of(self._site), visit.request.query_params
        wanted, after = query.get("q", "").strip()[:100], query.get("after", "")[:100]
        picker = await charging.picker(visit.actor)
        found = await charging.search(visit.actor, wanted, after=after, limit=SHOWN + 1)
        near = () if wanted or after else picker.all
        rest = [project for project in found[:SHOWN] if project not in near]
        return self._site.page(
            visit,
            "account_projects.html",
            status=200 if refusal is None else status_of(refusal),
            refusal="" if refusal is None else said(refusal.message),
            done=done_text(DONE, visit),
            q=wanted,
            near=near,
            found=rest,
            more=found[SHOWN - 1].code if len(found) > SHOWN else "",
            favourites={project.code for project in picker.favourites},
            preset=picker.preset,
        )


async def found_json(site: Site, visit: Visit) -> Response:
    """What begins like the text, for the list below a field."""
    wanted = visit.request.query_params.get("q", "").strip()[:100]
    found = await charging_of(site).search(visit.actor, wanted, limit=OFFERED) if wanted else []
    told = [{"code": project.code, "title": project.title} for project in found]
    return JSONResponse(told, headers={"Cache-Control": "no-store"})


def charging_of(site: Site) -> Charging:
    if site.house is None:
        raise NotFound("There are no projects here.")
    return site.house.charging


def project_rows(site: Site) -> list[tuple[str, str, Handler]]:
    pages = ProjectPages(site)
    return [("GET", PAGE, pages.show), ("POST", PAGE, pages.keep), ("GET", FOUND, pages.found)]
