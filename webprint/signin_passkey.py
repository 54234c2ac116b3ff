"""Signing in with a passkey: a challenge for the script, then a plain form with the authenticator's answer."""

from starlette.responses import JSONResponse, Response

from gateway.errors import BadRequest, Refusal
from gateway.i18n import said
from webprint.answers import status_of
from webprint.entering import (
    browser_of,
    check_private,
    enter,
    keep_waiting,
    methods_of,
    sign_in_form,
    user_of,
    wants_to_stay,
)
from webprint.hosts import party_of
from webprint.requests import first, safe_next
from webprint.site import Site, Visit


class PasskeyPages:
    def __init__(self, site: Site) -> None:
        self._site = site

    async def options(self, visit: Visit) -> Response:
        """`PublicKeyCredentialRequestOptions` as JSON; for who is signed in, to confirm."""
        try:
            check_private(self._site, visit)
            user = await user_of(self._site, visit) if visit.signed_in else None
            text = await methods_of(self._site).passkeys.begin(
                party_of(self._site, visit.request), browser=browser_of(visit), address=visit.actor.address, user=user
            )
        except Refusal as refusal:
            return refused_json(refusal)
        return Response(text, media_type="application/json")

    async def sign_in(self, visit: Visit) -> Response:
        check_private(self._site, visit)
        to = safe_next(first(visit.form, "next"))
        try:
            if visit.signed_in:
                raise BadRequest("You are signed in already.")
            found = await methods_of(self._site).passkeys.finish(
                party_of(self._site, visit.request),
                first(visit.form, "credential"),
                browser=browser_of(visit),
                address=visit.actor.address,
            )
        except Refusal as refusal:
            return sign_in_form(self._site, visit, to=to, refusal=refusal)
        return await enter(self._site, visit, found.user, method="passkey", to=to, stay=wants_to_stay(visit.form))


def refused_json(refusal: Refusal) -> Response:
    """For scripts, which show the sentence."""
    response = JSONResponse({"error": said(refusal.message)}, status_code=status_of(refusal))
    keep_waiting(response, refusal)
    return response
