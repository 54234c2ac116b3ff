"""What was told to somebody, in the pages; and the page that a mail's "keep it longer" opens."""

from dataclasses import dataclass
from decimal import Decimal

from starlette.responses import RedirectResponse, Response

from gateway.domain.personal import Notice, NoticeKind
from gateway.i18n import day_and_time, money, said
from gateway.i18n import gettext as _
from gateway.services.limits import Kind, Limit, subscriber
from webprint import words
from webprint.account import personal_of
from webprint.entering import user_of
from webprint.requests import first
from webprint.site import Site, Visit


@dataclass(frozen=True, kw_only=True, slots=True)
class NoticeView:
    """One notice in words; `url` is where to go on, `at` and `ago` say when, for machines and for people."""

    id: int
    url: str
    tone: str
    icon: str
    title: str
    text: str
    at: str
    ago: str
    new: bool


class NoticePages:
    def __init__(self, site: Site) -> None:
        self._site = site

    async def show(self, visit: Visit) -> Response:
        user, notices = await user_of(self._site, visit), personal_of(self._site).notices
        return self._site.page(
            visit, "account_notices.html", notices=[self._view(one) for one in await notices.of(user)]
        )

    async def read(self, visit: Visit) -> Response:
        """All that the page showed; what came since stays new."""
        text = first(visit.form, "up_to")
        if text.isascii() and text.isdigit() and len(text) <= 18:
            await personal_of(self._site).notices.read(await user_of(self._site, visit), up_to=int(text))
        return RedirectResponse("/account/notices", status_code=303)

    async def asked_to_keep(self, visit: Visit) -> Response:
        """It asks for one click: what only opens links, such as a mail server, changes nothing."""
        token = visit.request.query_params.get("token", "")
        limit = Limit(kind=Kind.LINK, key=(subscriber(visit.actor.address),))
        self._site.identity.limits.take(limit)
        job = await personal_of(self._site).notices.asked_to_extend(token)
        self._site.identity.limits.give_back(limit)
        return self._site.page(
            visit, "keep.html", token=token, name=job.name, until=self._time(job.expires_at), kept=False
        )

    async def keep(self, visit: Visit) -> Response:
        limit = Limit(kind=Kind.LINK, key=(subscriber(visit.actor.address),))
        self._site.identity.limits.take(limit)
        job = await personal_of(self._site).notices.extend(first(visit.form, "token"))
        self._site.identity.limits.give_back(limit)  # it was no guess
        return self._site.page(visit, "keep.html", token="", name=job.name, until=self._time(job.expires_at), kept=True)

    def _time(self, at: float | None) -> str:
        return "" if at is None else day_and_time(at, self._site.settings.site.time_zone)

    def _view(self, notice: Notice) -> NoticeView:
        assert notice.kind is not None
        until = notice.values.get("until", "")
        if notice.kind is NoticeKind.COPIED:
            title, text, tone, icon = _copied(notice)
        elif notice.kind is NoticeKind.LOW_BALANCE:
            title, text, tone, icon = _low(notice)
        else:
            title, text, tone, icon = _told(notice.kind, notice, self._time(float(until)) if until else "")
        return NoticeView(
            id=notice.id,
            url=_url(notice),
            tone=tone,
            icon=icon,
            title=title,
            text=text,
            at=words.moment(notice.at),
            ago=words.ago(self._site.clock.now() - notice.at),
            new=notice.read_at is None,
        )


def _url(notice: Notice) -> str:
    if notice.kind is NoticeKind.LOW_BALANCE:
        return "/account/credit"
    return f"/jobs/{notice.job_id}" if notice.job_id else "/account/security"


def _told(kind: NoticeKind, notice: Notice, until: str) -> tuple[str, str, str, str]:
    """(title, text, tone, icon) of one notice."""
    values = notice.values
    name = values.get("name", "")
    if kind is NoticeKind.READY:
        return _("%(name)s is ready", name=name), _("Release it at a printer."), "good", "check"
    if kind is NoticeKind.EXPIRING:
        text = _("If nobody prints it by %(until)s, it is destroyed.", until=until)
        return _("%(name)s expires soon", name=name), text, "warn", "clock"
    if kind is NoticeKind.PRINTED:
        return _("%(name)s was printed", name=name), _("Do not forget to take it."), "good", "check"
    if kind is NoticeKind.LOOKED:
        text = _("%(by)s gave this reason: %(reason)s", by=values.get("by", ""), reason=values.get("reason", ""))
        return _("Somebody opened %(name)s", name=name), text, "warn", "search"
    if kind is NoticeKind.FAILED:
        return _("%(name)s was not printed", name=name), said(values.get("message", "")), "bad", "alert"
    return _("%(name)s needs a word from you", name=name), _question(values.get("question", "")), "warn", "alert"


def _low(notice: Notice) -> tuple[str, str, str, str]:
    left = money(Decimal(notice.values.get("amount", "0")), notice.values.get("currency", "EUR"))
    return _("%(balance)s are left to print with", balance=left), _("Ask at the desk to add credit."), "warn", "alert"


def _copied(notice: Notice) -> tuple[str, str, str, str]:
    text = _(
        "An old key of “%(device)s” was used again, from %(address)s, so somebody may have copied it. That device is"
        " signed out everywhere. If you do not know the address, change your password and end all sign-ins that are"
        " not yours; then sign in on the device again.",
        device=notice.values.get("device", ""),
        address=notice.values.get("address", ""),
    )
    return _("You were signed out on a device of yours"), text, "bad", "alert"


def _question(question: str) -> str:
    if question == "printed":
        return _("The printer could not tell whether all pages came out. Say what you found in its tray.")
    if question == "password":
        return _("The document is protected: type its password, and it is prepared.")
    return said(question)
