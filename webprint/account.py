"""One's own account: name, language, device, and what one wants to be told."""

from dataclasses import dataclass, replace
from urllib.parse import quote

from starlette.responses import RedirectResponse, Response

from gateway.domain.personal import NoticeKind, Preferences
from gateway.domain.user import User
from gateway.errors import BadRequest, NotFound, Refusal
from gateway.i18n import N_, NAMES, said
from gateway.i18n import gettext as _
from gateway.services.personal import Personal
from gateway.services.preferences import wanted_kinds
from webprint.answers import status_of
from webprint.entering import user_of
from webprint.language import keep_language
from webprint.purse import purse_of
from webprint.requests import first
from webprint.site import Site, Visit

LONGEST_NAME = 100
KINDS = {
    NoticeKind.EXPIRING: (N_("A job expires soon"), N_("About an hour before it is destroyed.")),
    NoticeKind.FAILED: (N_("A job was not printed"), N_("It failed, was refused, or its time ran out.")),
    NoticeKind.NEEDS_WORD: (N_("A job needs a word"), N_("It asks for a password, or whether it came out.")),
    NoticeKind.LOOKED: (N_("Somebody opened my document"), N_("Whoever runs the printers, with a reason.")),
    NoticeKind.LOW_BALANCE: (N_("My credit is low"), N_("Once, until there is more again.")),
    NoticeKind.READY: (N_("A job is ready"), N_("It waits for you to release it.")),
    NoticeKind.PRINTED: (N_("A job was printed"), N_("All its pages came out.")),
}
DONE = {
    "saved": N_("Saved."),
    "push": N_("This device shows notices from now on."),
    "push-off": N_("That device shows no notices any more."),
    "push-failed": N_("This browser could not be added. Turn notices off and on again in its settings."),
    "pin": N_("Your PIN was changed. Everywhere else you are signed out."),
    "password": N_("Your password was changed. Everywhere else you are signed out."),
}


def personal_of(site: Site) -> Personal:
    if site.personal is None:
        raise NotFound("There are no account pages here.")
    return site.personal


def done_text(texts: dict[str, str], visit: Visit) -> str:
    """What the page before says was done; only words of ours, whatever the address says."""
    text = texts.get(visit.request.query_params.get("done", ""))
    return _(text) if text else ""


def to_page(path: str, done: str) -> Response:
    return RedirectResponse(f"{path}?done={quote(done)}", status_code=303)


@dataclass(frozen=True, kw_only=True, slots=True)
class NoticeChoice:
    """One line of the table of notices."""

    kind: str
    label: str
    hint: str
    mail: bool
    page: bool
    push: bool


class AccountPages:
    def __init__(self, site: Site) -> None:
        self._site = site

    async def show(self, visit: Visit) -> Response:
        user = await user_of(self._site, visit)
        chosen = await personal_of(self._site).preferences.of(user)
        return await self._page(visit, user, chosen, name=user.full_name)

    async def save(self, visit: Visit) -> Response:
        """All of the form at once; what was refused stands in it again."""
        user, form = await user_of(self._site, visit), visit.form
        name = first(form, "full_name").strip()
        before = await personal_of(self._site).preferences.of(user)
        # Where there is no credit the form does not ask about it: what was chosen stays.
        unasked = frozenset[NoticeKind]() if personal_of(self._site).credit.enabled else {NoticeKind.LOW_BALANCE}
        chosen = Preferences(
            language=first(form, "language"),
            device=first(form, "device"),
            select_all=bool(first(form, "select_all")),
            mail=wanted_kinds(frozenset(form.get("mail", ()))) | (unasked & before.mail),
            page=wanted_kinds(frozenset(form.get("page", ()))) | (unasked & before.page),
            push=wanted_kinds(frozenset(form.get("push", ()))) | (unasked & before.push),
            push_names=bool(first(form, "push_names")),
        )
        try:
            if len(name) > LONGEST_NAME or not name.isprintable():
                raise BadRequest(f"A name has up to {LONGEST_NAME} characters and no control characters.")
            await personal_of(self._site).preferences.save(user, chosen)
            if name != user.full_name:
                await self._site.identity.change_user(user.name, full_name=name)
        except Refusal as refusal:
            return await self._page(visit, user, chosen, name=name[:LONGEST_NAME], refusal=refusal)
        response = to_page("/account", "saved")
        if chosen.language:
            keep_language(visit, response, chosen.language)
        return response

    async def _page(
        self, visit: Visit, user: User, chosen: Preferences, *, name: str, refusal: Refusal | None = None
    ) -> Response:
        personal, push = personal_of(self._site), self._site.phone.push if self._site.phone else None
        purse = await purse_of(self._site, user.name)
        return self._site.page(
            visit,
            "account.html",
            status=200 if refusal is None else status_of(refusal),
            refusal="" if refusal is None else said(refusal.message),
            done=done_text(DONE, visit),
            user=replace(user, full_name=name),
            chosen=chosen,
            languages=NAMES,
            devices=[(device.name, device.info or device.name) for device in self._site.printers.devices()],
            kinds=[_choice(kind, chosen) for kind in KINDS if kind is not NoticeKind.LOW_BALANCE or purse],
            purse=purse,
            mail_enabled=personal.mailer.enabled,
            addresses=await personal.addresses.of(user),
            cards=len(user.cards),
            remote=self._site.remote is not None,
            charges=any(printer.takes_projects for printer in self._site.printers.all()),
            push=push,
            pushed=await push.of(user) if push else [],
            own_printers=len(await self._site.phone.queues.of(user)) if self._site.phone else 0,
            zone=self._site.settings.site.time_zone,
        )


def _choice(kind: NoticeKind, chosen: Preferences) -> NoticeChoice:
    label, hint = KINDS[kind]
    return NoticeChoice(
        kind=kind.value,
        label=_(label),
        hint=_(hint),
        mail=kind in chosen.mail,
        page=kind in chosen.page,
        push=kind in chosen.push,
    )
