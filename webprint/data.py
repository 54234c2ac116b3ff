"""What is kept about somebody, for themselves: who looked at it, a copy of it, and the end of it."""

from starlette.responses import Response, StreamingResponse

from gateway.domain.user import Actor
from gateway.errors import Refusal
from gateway.i18n import N_, day_and_time, language, said
from gateway.i18n import gettext as _
from webprint.account import personal_of
from webprint.answers import status_of
from webprint.entering import user_of
from webprint.requests import SESSION, SESSION_TLS, drop_cookie, first
from webprint.site import Site, Visit

# What was looked at, as services name it.
LOOKS = {
    "details": N_("facts of the job"),
    "thumbnail": N_("small pictures of pages"),
    "preview": N_("pages as they print"),
    "pages": N_("pictures of pages"),
    "document": N_("the document"),
    "link": N_("the first page, by a link that you gave away"),
}


class DataPages:
    def __init__(self, site: Site) -> None:
        self._site = site

    async def show(self, visit: Visit) -> Response:
        user = await user_of(self._site, visit)
        zone = self._site.settings.site.time_zone
        looks = await personal_of(self._site).access_log.of(user.name)
        shown = [(day_and_time(look.at, zone), look, _(LOOKS.get(look.what, look.what))) for look in looks]
        return self._site.page(visit, "data.html", looks=shown)

    async def export(self, visit: Visit) -> Response:
        """A download that is made while it is sent."""
        user, documents = await user_of(self._site, visit), bool(first(visit.form, "documents"))
        body = personal_of(self._site).privacy.export(user, documents=documents)
        headers = {"Content-Disposition": 'attachment; filename="papertap-my-data.zip"'}
        return StreamingResponse(body, media_type="application/zip", headers=headers)

    async def ask_to_erase(self, visit: Visit) -> Response:
        return await self._erase_page(visit)

    async def erase(self, visit: Visit) -> Response:
        user = await user_of(self._site, visit)
        try:
            await personal_of(self._site).privacy.erase(user, typed=first(visit.form, "name"), language=language())
        except Refusal as refusal:
            return await self._erase_page(visit, refusal)
        response = self._site.page(Visit(request=visit.request, actor=Actor()), "erased.html")
        drop_cookie(visit.request, response, (SESSION, SESSION_TLS))
        response.headers["Clear-Site-Data"] = '"cache"'
        return response

    async def _erase_page(self, visit: Visit, refusal: Refusal | None = None) -> Response:
        return self._site.page(
            visit,
            "erase.html",
            status=200 if refusal is None else status_of(refusal),
            refusal="" if refusal is None else said(refusal.message),
            name=(await user_of(self._site, visit)).name,
        )
