"""What proves the person whose account this is: passkeys, accounts elsewhere, app passwords, and open sessions."""

from uuid import UUID

from starlette.responses import RedirectResponse, Response

from gateway.domain.credential import AppPassword
from gateway.domain.second_factor import DONE, Step
from gateway.domain.user import User
from gateway.errors import NotFound, Refusal
from gateway.i18n import gettext as _
from gateway.i18n import language, said
from gateway.services.signin_methods import Change
from webprint.answers import status_of
from webprint.browsers import browser_name
from webprint.entering import browser_of, keep_session, methods_of, user_of
from webprint.hosts import has_name, party_of, public_base
from webprint.requests import SESSION, SESSION_TLS, cookie_of, first
from webprint.signin_passkey import refused_json
from webprint.site import Site, Visit

PAGE = "/account/security"
REMOVED = f"{PAGE}?done=removed"


class SecurityPages:
    def __init__(self, site: Site) -> None:
        self._site = site

    async def show(self, visit: Visit) -> Response:
        return await self._page(visit, notice=_done(visit.request.query_params.get("done", "")))

    async def show_refused(self, visit: Visit, refusal: Refusal) -> Response:
        return await self._page(visit, error=said(refusal.message), status=status_of(refusal))

    # --- passkeys ----------------------------------------------------------------------------------------------

    async def passkey_options(self, visit: Visit) -> Response:
        try:
            text = await methods_of(self._site).passkeys.begin_making(
                await user_of(self._site, visit),
                party_of(self._site, visit.request),
                browser=browser_of(visit),
                address=visit.actor.address,
            )
        except Refusal as refusal:
            return refused_json(refusal)
        return Response(text, media_type="application/json")

    async def add_passkey(self, visit: Visit) -> Response:
        user = await user_of(self._site, visit)
        try:
            made = await methods_of(self._site).passkeys.finish_making(
                user,
                party_of(self._site, visit.request),
                first(visit.form, "credential"),
                name=first(visit.form, "name"),
                browser=browser_of(visit),
            )
        except Refusal as refusal:
            return await self.show_refused(visit, refusal)
        await self.tell(visit, user, "passkey", made.name, added=True)
        response = RedirectResponse(f"{PAGE}?done=passkey", status_code=303)
        cookie = cookie_of(visit.request, SESSION, SESSION_TLS)
        if visit.step is Step.SET_UP and cookie is not None:  # making one has shown that it is there
            opened = await self._site.identity.rotate_session(cookie, address=visit.actor.address, second=DONE)
            keep_session(visit, response, opened)
        return response

    async def rename_passkey(self, visit: Visit) -> Response:
        user = await user_of(self._site, visit)
        try:
            await methods_of(self._site).passkeys.rename(user, _id(visit), first(visit.form, "name"))
        except Refusal as refusal:
            return await self.show_refused(visit, refusal)
        return RedirectResponse(f"{PAGE}?done=renamed", status_code=303)

    async def remove_passkey(self, visit: Visit) -> Response:
        user, methods = await user_of(self._site, visit), methods_of(self._site)
        try:
            await methods.check_not_last(user)
            gone = await methods.passkeys.remove(user, _id(visit))
        except Refusal as refusal:
            return await self.show_refused(visit, refusal)
        await self.tell(visit, user, "passkey", gone.name, added=False)
        return RedirectResponse(REMOVED, status_code=303)

    # --- accounts elsewhere, app passwords ---------------------------------------------------------------------

    async def unlink(self, visit: Visit) -> Response:
        user, methods = await user_of(self._site, visit), methods_of(self._site)
        try:
            await methods.check_not_last(user)
            gone = await methods.oidc.unlink(user, _id(visit))
        except Refusal as refusal:
            return await self.show_refused(visit, refusal)
        await self.tell(visit, user, "linked account", gone.email or gone.provider, added=False)
        return RedirectResponse(REMOVED, status_code=303)

    async def add_app_password(self, visit: Visit) -> Response:
        """Shows it, this once."""
        user = await user_of(self._site, visit)
        try:
            password, row = await methods_of(self._site).app_passwords.add(user, first(visit.form, "name"))
        except Refusal as refusal:
            return await self.show_refused(visit, refusal)
        await self.tell(visit, user, "app password", row.name, added=True)
        return await self._page(visit, shown=(password, row))

    async def remove_app_password(self, visit: Visit) -> Response:
        user = await user_of(self._site, visit)
        try:
            gone = await methods_of(self._site).app_passwords.remove(user, _id(visit))
        except Refusal as refusal:
            return await self.show_refused(visit, refusal)
        await self.tell(visit, user, "app password", gone.name, added=False)
        return RedirectResponse(REMOVED, status_code=303)

    # --- sessions ----------------------------------------------------------------------------------------------

    async def end_session(self, visit: Visit) -> Response:
        user = await user_of(self._site, visit)
        await self._site.identity.revoke_session(user.name, visit.request.path_params["tag"])
        return RedirectResponse(f"{PAGE}?done=ended", status_code=303)

    async def end_others(self, visit: Visit) -> Response:
        assert visit.session is not None
        await self._site.identity.revoke_others(visit.session)
        if self._site.phone is not None:
            user = await user_of(self._site, visit)
            await self._site.phone.staying.end_all(user, but=visit.session.phone)
        return RedirectResponse(f"{PAGE}?done=ended", status_code=303)

    # --- within ------------------------------------------------------------------------------------------------

    async def tell(self, visit: Visit, user: User, method: str, name: str, *, added: bool) -> None:
        """By mail as well: whoever did not do it hears of it outside of this account."""
        await methods_of(self._site).tell(
            user,
            Change(method=method, name=name, added=added),
            link=public_base(self._site, visit.request) + PAGE,
            language=language(),
        )

    async def _page(
        self,
        visit: Visit,
        *,
        notice: str = "",
        error: str = "",
        status: int = 200,
        shown: tuple[str, AppPassword] | None = None,
    ) -> Response:
        user, methods = await user_of(self._site, visit), methods_of(self._site)
        linked = await methods.oidc.identities_of(user)
        return self._site.page(
            visit,
            "security.html",
            status=status,
            notice=notice,
            error=error,
            shown=shown,
            user=user,
            second=None if self._site.house is None else await self._site.house.second.has_code(user),
            passkeys=await methods.passkeys.of(user),
            can_make=has_name(visit.request),
            device=browser_name(visit.request.headers.get("user-agent", "")),
            linked=linked,
            labels={way.name: way.label for way in methods.oidc.ways},
            unlinked=[way for way in methods.oidc.ways if way.name not in {one.provider for one in linked}],
            app_passwords=await methods.app_passwords.of(user),
            sessions=await self._site.identity.sessions_of(user.name),
            phones=await self._site.phone.staying.of(user) if self._site.phone else [],
            method_name=method_name,
            zone=self._site.settings.site.time_zone,
        )


def method_name(method: str, labels: dict[str, str]) -> str:
    """How somebody signed in, for people."""
    known = {
        "password": _("Password"),
        "pin": _("PIN"),
        "card": _("Card"),
        "passkey": _("Passkey"),
        "mail": _("Link by mail"),
    }
    kind, _colon, provider = method.partition(":")
    return labels.get(provider, provider) if kind == "oidc" else known.get(method, method)


def _done(what: str) -> str:
    return {
        "passkey": _("The passkey is added. From now on you can sign in with it here."),
        "renamed": _("The name is changed."),
        "removed": _("It is removed, and lets nobody in any more."),
        "linked": _("The account is linked. From now on you can sign in with it here."),
        "ended": _("Signed out there."),
    }.get(what, "")


def _id(visit: Visit) -> UUID:
    try:
        return UUID(visit.request.path_params["id"])
    except ValueError as error:
        raise NotFound("This is gone already.") from error
