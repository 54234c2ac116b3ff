"""People: the list with its search, and everything that staff does to one account."""

from functools import partial
from uuid import UUID

from starlette.responses import RedirectResponse, Response

from gateway.domain.rights import Role
from gateway.domain.user import User
from gateway.errors import BadRequest, NotFound, Refusal
from gateway.i18n import day, language
from gateway.i18n import gettext as _
from gateway.services.cards import LENT_DAYS, lent_days
from gateway.services.house import House
from gateway.services.user_admin import GRAVE, PAGE, TEXTS, Wish
from webprint.admin import people_words
from webprint.admin.frame import AdminPage, found_or_raise, seen_other
from webprint.guard import Handler
from webprint.purse import Purse, purse_of
from webprint.requests import Form, first
from webprint.site import Site, Visit

LIST = "/admin/users"
ASSIGNABLE = tuple(Role)
LANGUAGES = ("", "en", "de", "fr")


class UserPages(AdminPage):
    # --- the list and new people -------------------------------------------------------------------------------

    async def index(self, visit: Visit) -> Response:
        admin, query = self._house.users, visit.request.query_params
        wanted, after = query.get("q", "").strip()[:100], query.get("after", "")[:100]
        found = await admin.find(visit.actor, wanted, after=after, limit=PAGE + 1)
        return self.page(
            visit,
            "users.html",
            people=found[:PAGE],
            more=found[PAGE - 1].name if len(found) > PAGE else "",
            q=wanted,
            after=after,
            count=await admin.count(visit.actor),
            words=people_words,
            done=_done(query.get("done", "")),
        )

    async def new(self, visit: Visit) -> Response:
        return self._new(visit)

    async def add(self, visit: Visit) -> Response:
        try:
            wish, password = wish_of(visit.form), first(visit.form, "password")
            user = await self._house.users.add(visit.actor, first(visit.form, "name"), wish, password=password or None)
        except Refusal as refusal:
            return self._new(visit, refusal=refusal)
        return seen_other(f"{LIST}/{user.uuid}?done=added")

    # --- one person --------------------------------------------------------------------------------------------

    async def show(self, visit: Visit) -> Response:
        return await self._one(visit, done=_done(visit.request.query_params.get("done", "")))

    async def change(self, visit: Visit) -> Response:
        """What is grave is shown once more, as it is and as it would be, before it is done."""
        user = await self._user(visit)
        try:
            wish, version = wish_of(visit.form), _version(visit.form)
            changes = self._house.users.changes(user, wish)
            if any(change.field in GRAVE for change in changes) and not first(visit.form, "sure"):
                return self.page(
                    visit,
                    "user_sure.html",
                    user=user,
                    changes=changes,
                    wish=wish,
                    version=version,
                    words=people_words,
                    texts=TEXTS,
                )
            await self._house.users.change(visit.actor, user.name, wish, version=version)
        except Refusal as refusal:
            return await self._one(visit, refusal=found_or_raise(refusal))
        return seen_other(f"{LIST}/{user.uuid}?done=saved")

    async def pin(self, visit: Visit) -> Response:
        user, mail = await self._user(visit), first(visit.form, "mail") == "yes"
        try:
            made = await self._house.users.new_pin(visit.actor, user.name, mail=mail)
        except Refusal as refusal:
            return await self._one(visit, refusal=found_or_raise(refusal))
        if made is None:
            return seen_other(f"{LIST}/{user.uuid}?done=mailed")
        return await self._one(visit, shown=(_("The new PIN"), made))

    async def password(self, visit: Visit) -> Response:
        user = await self._user(visit)
        try:
            made = await self._house.users.new_password(visit.actor, user.name)
        except Refusal as refusal:
            return await self._one(visit, refusal=found_or_raise(refusal))
        return await self._one(visit, shown=(_("The new password"), made))

    async def add_card(self, visit: Visit) -> Response:
        user = await self._user(visit)
        number, label = first(visit.form, "number"), first(visit.form, "label")
        try:
            days = lent_days(first(visit.form, "days"))
            await self._house.users.add_card(visit.actor, user.name, number, label=label, days=days)
        except Refusal as refusal:
            return await self._one(visit, refusal=found_or_raise(refusal))
        return seen_other(f"{LIST}/{user.uuid}?done=card")

    async def remove_card(self, visit: Visit) -> Response:
        user = await self._user(visit)
        await self._house.users.remove_card(visit.actor, user.name, tag=first(visit.form, "card"))
        return seen_other(f"{LIST}/{user.uuid}?done=no-card")

    async def end_sessions(self, visit: Visit) -> Response:
        user = await self._user(visit)
        try:
            await self._house.users.end_sessions(visit.actor, user.name)
        except Refusal as refusal:
            return await self._one(visit, refusal=found_or_raise(refusal))
        return seen_other(f"{LIST}/{user.uuid}?done=out")

    async def reset_second(self, visit: Visit) -> Response:
        user = await self._user(visit)
        try:
            await self._house.users.reset_second_factor(visit.actor, user.name)
        except Refusal as refusal:
            return await self._one(visit, refusal=found_or_raise(refusal))
        return seen_other(f"{LIST}/{user.uuid}?done=second")

    async def ask_to_erase(self, visit: Visit) -> Response:
        return self.page(visit, "user_erase.html", user=await self._user(visit))

    async def erase(self, visit: Visit) -> Response:
        user = await self._user(visit)
        try:
            await self._house.users.erase(visit.actor, user.name, typed=first(visit.form, "name"), language=language())
        except Refusal as refusal:
            return self.page(visit, "user_erase.html", user=user, refusal=found_or_raise(refusal))
        return RedirectResponse(f"{LIST}?done=erased", status_code=303)

    # --- within ------------------------------------------------------------------------------------------------

    @property
    def _house(self) -> House:
        return house_of(self._site)

    async def _user(self, visit: Visit) -> User:
        try:
            wanted = UUID(visit.request.path_params["id"])
        except ValueError as error:
            raise NotFound("There is nobody at this address.") from error
        return await self._house.users.by_id(visit.actor, wanted)

    def _new(self, visit: Visit, *, refusal: Refusal | None = None) -> Response:
        return self.page(
            visit,
            "user_new.html",
            refusal=refusal,
            typed={name: first(visit.form, name) for name in ("name", "role", "groups", "email", *TEXTS)},
            roles=ASSIGNABLE,
            languages=LANGUAGES,
            words=people_words,
        )

    async def _one(
        self, visit: Visit, *, refusal: Refusal | None = None, done: str = "", shown: tuple[str, str] | None = None
    ) -> Response:
        user, house = await self._user(visit), self._house
        standing = await house.roles.standing_of(user)
        response = self.page(
            visit,
            "user.html",
            refusal=refusal,
            done=done,
            user=user,
            shown=shown,
            can_touch=await house.users.may_touch(visit.actor, user),
            can_mail=house.users.can_mail(user),
            cards=await house.users.cards_of(visit.actor, user),
            lent_days=LENT_DAYS,
            day=partial(day, zone=self._site.settings.site.time_zone),
            sessions=len(await self._site.identity.sessions_of(user.name)),
            second=await house.second.has_any(user),
            groups=standing.groups,
            given=await house.roles.given_to(user.name),
            grants=standing.grants,
            roles=ASSIGNABLE,
            languages=LANGUAGES,
            words=people_words,
            zone=self._site.settings.site.time_zone,
            purse=await self._purse(visit, user),
        )
        response.headers["Cache-Control"] = "no-store"
        return response

    async def _purse(self, visit: Visit, user: User) -> Purse | None:
        """For who takes money for it."""
        personal = self._site.personal
        taken = personal is not None and personal.credit.may_take(visit.actor)
        return await purse_of(self._site, user.name) if taken else None


def house_of(site: Site) -> House:
    if site.house is None:
        raise NotFound("There is no house to run here.")
    return site.house


def wish_of(form: Form) -> Wish:
    """The named fields of the form and nothing else; BadRequest for a role that there is not."""
    try:
        role = Role(first(form, "role") or Role.USER)
    except ValueError as error:
        raise BadRequest("Choose one of the roles.") from error
    return Wish(
        full_name=first(form, "full_name"),
        email=first(form, "email"),
        role=role,
        disabled=first(form, "disabled") == "yes",
        groups=tuple(line.strip() for line in first(form, "groups").splitlines() if line.strip()),
        department=first(form, "department"),
        cost_centre=first(form, "cost_centre"),
        language=first(form, "language") if first(form, "language") in LANGUAGES else "",
    )


def _version(form: Form) -> int:
    text = first(form, "version")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1


def _done(what: str) -> str:
    return {
        "added": _("The account is made."),
        "saved": _("Saved."),
        "mailed": _("A new PIN is on its way by mail."),
        "card": _("The card is added."),
        "no-card": _("The card is removed."),
        "out": _("Signed out everywhere."),
        "second": _("The second step is reset; the next sign-in needs the first alone."),
        "erased": _("The account is erased."),
    }.get(what, "")


def user_rows(site: Site) -> list[tuple[str, str, Handler]]:
    pages, one = UserPages(site), f"{LIST}/{{id}}"
    return [
        ("GET", LIST, pages.index),
        ("GET", f"{LIST}/new", pages.new),
        ("POST", f"{LIST}/new", pages.add),
        ("GET", one, pages.show),
        ("POST", one, pages.change),
        ("POST", f"{one}/pin", pages.pin),
        ("POST", f"{one}/password", pages.password),
        ("POST", f"{one}/cards", pages.add_card),
        ("POST", f"{one}/cards/remove", pages.remove_card),
        ("POST", f"{one}/sessions/end", pages.end_sessions),
        ("POST", f"{one}/second/reset", pages.reset_second),
        ("GET", f"{one}/erase", pages.ask_to_erase),
        ("POST", f"{one}/erase", pages.erase),
    ]
