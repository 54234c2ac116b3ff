"""The pages behind the links of an answer to a mail: each shows what its one button does, and does it when it is pressed.

Opening a link changes nothing: mail servers open all of them. The link itself is the proof, so strangers may use it.
"""

from dataclasses import dataclass

from starlette.responses import RedirectResponse, Response

from gateway.domain.mail import Mail
from gateway.domain.user import Actor
from gateway.errors import NotFound
from gateway.i18n import day_and_time, ngettext
from gateway.i18n import gettext as _
from gateway.services.limits import Kind, Limit, subscriber
from gateway.services.mail_links import Linked, MailAction, MailLinks
from webprint.guard import Handler
from webprint.requests import first
from webprint.site import Site, Visit
from webprint.upload_door import guests_of, keep_guest


@dataclass(frozen=True, kw_only=True, slots=True)
class _Words:
    """What one page says: before, and after its button was pressed."""

    title: str
    text: str
    button: str
    icon: str
    done: str
    after: str
    danger: bool = False


class MailPages:
    def __init__(self, site: Site) -> None:
        self._site = site

    async def show(self, visit: Visit) -> Response:
        action, token = _action(visit), visit.request.query_params.get("token", "")
        linked = await self._looked(visit, action, token)
        return self._page(visit, action, linked, token=token)

    async def use(self, visit: Visit) -> Response:
        action, token = _action(visit), first(visit.form, "token")
        await self._looked(visit, action, token)
        linked = await self._links.use(action, token)
        if action is MailAction.OPEN:
            return await self._opened(visit, linked.mail)
        return self._page(visit, action, linked, token="")

    # -- within

    @property
    def _links(self) -> MailLinks:
        if self._site.mail_links is None:
            raise NotFound("No mail is taken here.")
        return self._site.mail_links

    async def _looked(self, visit: Visit, action: MailAction, token: str) -> Linked:
        """Whoever guesses links has few tries."""
        limit = Limit(kind=Kind.LINK, key=(subscriber(visit.actor.address),))
        self._site.identity.limits.take(limit)
        linked = await self._links.look(action, token)
        self._site.identity.limits.give_back(limit)
        return linked

    async def _opened(self, visit: Visit, mail: Mail) -> Response:
        """The guest of the mail in this browser, as if the documents had been uploaded with it."""
        secret, guests = self._links.guest_secret(mail), guests_of(self._site)
        found: tuple[object, Actor] | None = await guests.session(secret, address=visit.actor.address)
        if found is None:
            raise NotFound("What you sent was destroyed: its time was over. Send the mail again.")
        response = RedirectResponse("/guest", status_code=303)
        keep_guest(visit.request, response, secret, self._site.settings.guests.hold_seconds)
        return response

    def _page(self, visit: Visit, action: MailAction, linked: Linked, *, token: str) -> Response:
        names = [file.name for file in linked.mail.files if file.job in {job.id for job in linked.jobs}]
        until = min((job.expires_at for job in linked.jobs if job.expires_at is not None), default=None)
        zone = self._site.settings.site.time_zone
        return self._site.page(
            visit,
            "mail_link.html",
            action=action.value,
            token=token,
            words=_words(action, len(linked.jobs)),
            name=linked.mail.subject,
            names=names,
            until="" if until is None else day_and_time(until, zone),
        )


def _action(visit: Visit) -> MailAction:
    try:
        return MailAction(visit.request.path_params["action"])
    except ValueError as error:
        raise NotFound("There is no such page here.") from error


def _words(action: MailAction, count: int) -> _Words:
    documents = ngettext("%(num)s document", "%(num)s documents", count)
    return {
        MailAction.CONFIRM: lambda: _Words(
            title=_("Did you send this mail?"),
            text=_("Press the button if you did: then it is prepared, and a mail tells how to print it."),
            button=_("Yes, I sent it"),
            icon="check",
            done=_("Thank you"),
            after=_("Your mail is being prepared. An answer is on its way to you."),
        ),
        MailAction.OPEN: lambda: _Words(
            title=_("Your documents"),
            text=_("See what you sent, choose how it is printed, and print it."),
            button=_("See and print it"),
            icon="printer",
            done="",
            after="",
        ),
        MailAction.TWO_SIDED: lambda: _Words(
            title=_("Print on both sides?"),
            text=_("All that waits of this mail is then printed on both sides: %(documents)s.", documents=documents),
            button=_("Print it two-sided"),
            icon="check",
            done=_("It will be two-sided"),
            after=_("Release it at the printer as before."),
        ),
        MailAction.EXTEND: lambda: _Words(
            title=_("Keep it longer?"),
            text=_(
                "All that waits of this mail is kept for one more holding time: %(documents)s.", documents=documents
            ),
            button=_("Keep it longer"),
            icon="clock",
            done=_("It is kept longer"),
            after="",
        ),
        MailAction.DELETE: lambda: _Words(
            title=_("Delete what you sent?"),
            text=_("All that waits of this mail is destroyed: %(documents)s.", documents=documents),
            button=_("Delete it"),
            icon="trash",
            done=_("It is deleted"),
            after=_("Nothing of this mail is printed any more."),
            danger=True,
        ),
        MailAction.NOT_ME: lambda: _Words(
            title=_("You did not send this mail?"),
            text=_("Then somebody used your address. Press the button, and nothing of the mail is printed."),
            button=_("It was not me"),
            icon="alert",
            done=_("It is stopped"),
            after=_("Nothing of this mail is printed any more. Tell whoever runs the printers if it happens again."),
            danger=True,
        ),
    }[action]()


def mail_rows(site: Site) -> list[tuple[str, str, Handler]]:
    pages = MailPages(site)
    return [("GET", "/mail/{action}", pages.show), ("POST", "/mail/{action}", pages.use)]
