"""One's own devices: where one stays signed in, and where notices are shown."""

from uuid import UUID

from starlette.responses import RedirectResponse, Response

from gateway.errors import NotFound, NotPossible, Refusal
from gateway.i18n import language
from gateway.services.push import Push
from webprint.account import to_page
from webprint.browsers import browser_name
from webprint.entering import user_of
from webprint.requests import first
from webprint.site import Site, Visit
from webprint.standing import phone_of


class PhonePages:
    def __init__(self, site: Site) -> None:
        self._site = site

    async def end(self, visit: Visit) -> Response:
        """Forget this phone: it is signed out, and its key opens nothing more."""
        await phone_of(self._site).staying.end(await user_of(self._site, visit), _id(visit))
        return RedirectResponse("/account/security?done=ended", status_code=303)

    async def subscribe(self, visit: Visit) -> Response:
        """What the browser's own push service gave it."""
        form, user = visit.form, await user_of(self._site, visit)
        try:
            await self._push().subscribe(
                user,
                endpoint=first(form, "endpoint"),
                p256dh=first(form, "p256dh"),
                auth=first(form, "auth"),
                name=browser_name(visit.request.headers.get("user-agent", "")),
                language=language(),
            )
        except Refusal:
            return to_page("/account", "push-failed")
        return to_page("/account", "push")

    async def unsubscribe(self, visit: Visit) -> Response:
        await self._push().unsubscribe(await user_of(self._site, visit), _id(visit))
        return to_page("/account", "push-off")

    def _push(self) -> Push:
        push = phone_of(self._site).push
        if push is None:
            raise NotPossible("Notices on phones are switched off here.")
        return push


def _id(visit: Visit) -> UUID:
    try:
        return UUID(visit.request.path_params["id"])
    except ValueError as error:
        raise NotFound("This is gone already.") from error
