"""Signing in by a link in a mail: asking for it, and what the link opens."""

from starlette.responses import RedirectResponse, Response

from gateway.domain.credential import Purpose
from gateway.errors import BadRequest, Busy, NotAuthenticated, NotPossible, Refusal, Throttled
from gateway.i18n import language, said
from gateway.services.sign_in_links import LinkRequest, LinkSeen
from webprint.answers import status_of
from webprint.browsers import browser_name
from webprint.entering import (
    browser_of,
    check_private,
    confirmed,
    enter,
    keep_waiting,
    methods_of,
    sign_in_form,
    to_https,
    user_of,
    wants_to_stay,
)
from webprint.hosts import public_base
from webprint.requests import first, is_private, safe_next
from webprint.site import Site, Visit


class MailPages:
    def __init__(self, site: Site) -> None:
        self._site = site

    async def show(self, visit: Visit) -> Response:
        to = safe_next(visit.request.query_params.get("next", ""))
        if not is_private(visit.request, plain_allowed=self._site.plain_sign_in):
            return to_https(self._site, visit, to)
        if visit.signed_in:
            return RedirectResponse(to, status_code=303)
        if not methods_of(self._site).links.enabled:
            raise NotPossible("This gateway sends no mail. Sign in another way.")
        return self._form(visit, to=to)

    async def ask(self, visit: Visit) -> Response:
        """The same page at once, whoever has the address."""
        check_private(self._site, visit)
        to = safe_next(first(visit.form, "next"))
        try:
            await methods_of(self._site).links.ask(self._request(visit, first(visit.form, "email"), to))
        except (BadRequest, Throttled, Busy) as refusal:
            return self._form(visit, to=to, refusal=refusal)
        minutes = round(self._site.settings.identity.link_seconds / 60)
        return self._site.page(visit, "signin_mail_sent.html", minutes=minutes, to=to, confirming=False)

    async def confirm(self, visit: Visit) -> Response:
        """A link for who is signed in, to confirm."""
        user, to = await user_of(self._site, visit), safe_next(first(visit.form, "next"))
        await methods_of(self._site).links.ask_again(user, self._request(visit, user.email or "", to))
        minutes = round(self._site.settings.identity.link_seconds / 60)
        return self._site.page(visit, "signin_mail_sent.html", minutes=minutes, to=to, confirming=True)

    async def open(self, visit: Visit) -> Response:
        """In the browser that asked the link goes on by itself; a mail scanner sees a question, and burns nothing."""
        secret = visit.request.path_params["secret"]
        if not is_private(visit.request, plain_allowed=self._site.plain_sign_in):
            raise BadRequest("Open the link as it stands in the mail: it begins with https.")
        try:
            seen = await methods_of(self._site).links.look(secret, browser=browser_of(visit))
            if seen.here and visit.request.method == "GET":
                return await self._go_on(visit, secret)
        except Refusal as refusal:
            return sign_in_form(self._site, visit, to="/jobs", refusal=refusal)
        return self._site.page(visit, "signin_link.html", name=seen.user.full_name or seen.user.name, secret=secret)

    async def use(self, visit: Visit) -> Response:
        """The answer to the question."""
        check_private(self._site, visit)
        try:
            return await self._go_on(visit, visit.request.path_params["secret"])
        except (NotAuthenticated, Throttled) as refusal:
            return sign_in_form(self._site, visit, to="/jobs", refusal=refusal)

    async def _go_on(self, visit: Visit, secret: str) -> Response:
        links = methods_of(self._site).links
        seen = await links.use(secret, browser=browser_of(visit), origin=visit.actor.address)
        if seen.pending.purpose is Purpose.CONFIRM:
            self._check_same(visit, seen)
            return await confirmed(self._site, visit, seen.pending.next)
        # What somebody wants who asked elsewhere, such as to stay signed in there, is not wanted here.
        to, stay = (seen.pending.next, seen.pending.stay) if seen.here else ("/jobs", False)
        return await enter(self._site, visit, seen.user, method="mail", to=to, stay=stay)

    def _check_same(self, visit: Visit, seen: LinkSeen) -> None:
        if visit.session is None or visit.session.user != seen.user.name:
            raise NotAuthenticated("Somebody else is signed in here by now. Start again.")

    def _request(self, visit: Visit, address: str, to: str) -> LinkRequest:
        base = public_base(self._site, visit.request)
        return LinkRequest(
            address=address,
            browser=browser_of(visit),
            origin=visit.actor.address,
            language=language(),
            agent=browser_name(visit.request.headers.get("user-agent", "")),
            url=lambda secret: f"{base}/signin/mail/{secret}",
            to=to,
            stay=wants_to_stay(visit.form),
        )

    def _form(self, visit: Visit, *, to: str, refusal: Refusal | None = None) -> Response:
        response = self._site.page(
            visit,
            "signin_mail.html",
            status=200 if refusal is None else status_of(refusal),
            to=to,
            email=first(visit.form, "email")[:254],
            error="" if refusal is None else said(refusal.message),
            stay_days=round(self._site.settings.identity.stay_seconds / 86400),
        )
        keep_waiting(response, refusal)
        return response
