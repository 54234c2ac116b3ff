"""One's own mail addresses: each is believed once the mail to it was answered."""

from starlette.responses import RedirectResponse, Response

from gateway.domain.user import User
from gateway.errors import NotAuthenticated, NotFound, Refusal
from gateway.i18n import N_, language, said, span
from gateway.services.addresses import MOST
from gateway.services.limits import Kind, Limit, subscriber
from webprint.account import done_text, personal_of, to_page
from webprint.answers import status_of
from webprint.entering import user_of
from webprint.hosts import public_base
from webprint.requests import first
from webprint.site import Site, Visit

PAGE = "/account/addresses"
DONE = {
    "asked": N_("We sent a mail to that address. Open the link in it to confirm that it is yours."),
    "confirmed": N_("The address is yours now."),
    "primary": N_("Mails go to that address now."),
    "removed": N_("The address was removed."),
}


class AddressPages:
    def __init__(self, site: Site) -> None:
        self._site = site

    async def show(self, visit: Visit) -> Response:
        return await self._page(visit)

    async def add(self, visit: Visit) -> Response:
        user, typed = await user_of(self._site, visit), first(visit.form, "address")[:300]
        try:
            base = public_base(self._site, visit.request)
            await personal_of(self._site).addresses.ask(user, typed, base=base, language=language())
        except Refusal as refusal:
            return await self._page(visit, refusal, typed=typed)
        return to_page(PAGE, "asked")

    async def make_primary(self, visit: Visit) -> Response:
        user = await user_of(self._site, visit)
        await personal_of(self._site).addresses.make_primary(user, first(visit.form, "address")[:300])
        return to_page(PAGE, "primary")

    async def remove(self, visit: Visit) -> Response:
        user = await user_of(self._site, visit)
        base = public_base(self._site, visit.request)
        address = first(visit.form, "address")[:300]
        await personal_of(self._site).addresses.remove(user, address, base=base, language=language())
        return to_page(PAGE, "removed")

    async def asked(self, visit: Visit) -> Response:
        """What the link in the mail opens: it asks, since mail servers open links by themselves."""
        token = visit.request.query_params.get("token", "")
        found, asker = await self._asked(visit, token)
        return self._site.page(
            visit,
            "account_confirm.html",
            token=token,
            address=found,
            asker=asker.full_name or asker.name,
            mine=visit.actor.user == asker.name,
            signed_in=visit.signed_in,
        )

    async def confirm(self, visit: Visit) -> Response:
        token, addresses = first(visit.form, "token"), personal_of(self._site).addresses
        _address, asker = await self._asked(visit, token)
        if first(visit.form, "answer") != "yes":
            await addresses.deny(token)
            return self._site.page(visit, "account_denied.html")
        if not visit.signed_in:
            raise NotAuthenticated("Sign in to see this page.")
        if visit.actor.user != asker.name:
            raise NotFound("Sign in as the one who added this address, then open the link again.")
        base = public_base(self._site, visit.request)
        await addresses.confirm(token, await user_of(self._site, visit), base=base, language=language())
        return RedirectResponse(f"{PAGE}?done=confirmed", status_code=303)

    # -- within

    async def _asked(self, visit: Visit, token: str) -> tuple[str, User]:
        """Wrong ones are counted: 256 bits are not guessed, but nobody shall try."""
        limit = Limit(kind=Kind.LINK, key=(subscriber(visit.actor.address),))
        self._site.identity.limits.take(limit)
        found, asker = await personal_of(self._site).addresses.asked(token)
        self._site.identity.limits.give_back(limit)
        return found.subject, asker

    async def _page(self, visit: Visit, refusal: Refusal | None = None, *, typed: str = "") -> Response:
        personal, user = personal_of(self._site), await user_of(self._site, visit)
        now = self._site.clock.now()
        waiting = [(one.address, span(one.expires_at - now)) for one in await personal.addresses.pending(user)]
        return self._site.page(
            visit,
            "account_addresses.html",
            status=200 if refusal is None else status_of(refusal),
            refusal="" if refusal is None else said(refusal.message),
            done=done_text(DONE, visit),
            addresses=await personal.addresses.of(user),
            waiting=waiting,
            most=MOST,
            typed=typed,
            mail_enabled=personal.mailer.enabled,
        )
