"""E-mail to print: addresses of the Printers and their rules, what came, and buttons that try mailboxes and the mail server."""

from dataclasses import dataclass, replace
from typing import Any

from starlette.responses import Response

from gateway.domain.mail import Mail, MailState
from gateway.domain.mailbox import MIB, MailParts, MailRules, Strangers, checked
from gateway.domain.printer import Printer
from gateway.domain.rights import Permission
from gateway.errors import BadRequest, NotFound, NotPossible, Refusal
from gateway.i18n import N_, Words, language, ngettext, said
from gateway.i18n import gettext as _
from gateway.services.administration import Administration
from gateway.services.mail_desk import MailDesk, WatchedMailbox
from webprint import words
from webprint.admin.forms import Fields
from webprint.admin.frame import AdminPage, seen_other
from webprint.guard import Handler
from webprint.requests import first
from webprint.site import Site, Visit

PATH = "/admin/mail"
SHOWN = 50
STRANGERS = Words(
    {
        "refuse": N_("Drop it in silence"),
        "tell": N_("Refuse it with a mail"),
        "verify": N_("Ask by a link to its address"),
        "guest": N_("Print it with a code, as a guest"),
    }
)
PARTS = Words(
    {
        "auto": N_("Attachments, and the text of a mail without any"),
        "attachments": N_("Attachments alone"),
        "body": N_("The text alone"),
        "both": N_("The text and the attachments"),
    }
)
STATES = Words(
    {
        "received": N_("Being read"),
        "asked": N_("Its sender was asked"),
        "printing": N_("Jobs made, answer due"),
        "done": N_("Done"),
        "refused": N_("Not printed"),
    }
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One mail of the list."""

    writer: str
    to: str
    state: str
    tone: str
    why: str
    ago: str


@dataclass(frozen=True, kw_only=True, slots=True)
class BoxLine:
    """One mailbox, and how it was when it was looked at last."""

    name: str
    told: str
    tone: str
    word: str


class MailPages(AdminPage):
    def __init__(self, site: Site, administration: Administration) -> None:
        super().__init__(site)
        self._audit = administration.audit.note

    async def list(self, visit: Visit) -> Response:
        return await self._list(visit)

    async def try_out(self, visit: Visit) -> Response:
        """Signs in to one mailbox and takes nothing, or sends a letter to whoever asks."""
        if not visit.actor.may(Permission.SETTINGS):
            raise NotFound("There is no such mailbox in the settings.")  # of one site alone nobody sees them
        if first(visit.form, "letter"):
            return await self._write(visit)
        wanted = first(visit.form, "mailbox")
        found = next((box for box in self._desk.mailboxes if box.name == wanted), None)
        if found is None:
            raise NotFound("There is no such mailbox in the settings.")
        try:
            answer = await found.try_out()
        except Refusal as refusal:
            return await self._list(visit, refusal=refusal)
        return await self._list(visit, done=_("%(name)s works. %(answer)s", name=found.name, answer=answer))

    async def show(self, visit: Visit) -> Response:
        printer = self._printer(visit)
        return self._form(visit, printer, _typed(printer.mail))

    async def change(self, visit: Visit) -> Response:
        printer, fields = self._printer(visit), Fields(visit.form)
        rules = _read(fields, printer.mail)
        try:
            rules = checked(rules)
        except BadRequest as refusal:
            fields.refuse("allowed_domains" if "domain" in refusal.message else "aliases", refusal)
        if fields.errors:
            typed = _typed(printer.mail) | {name: first(visit.form, name) for name in ("aliases", "allowed_domains")}
            return self._form(visit, printer, typed, errors=fields.errors, status=400)
        await self._site.printers.change_printer(printer.name, mail=rules)
        await self._audit(visit.actor, "printer.changed", f"printer {printer.name}", "mail")
        return seen_other(PATH)

    # -- within

    async def _write(self, visit: Visit) -> Response:
        user = await self._site.identity.get(visit.actor.user or "")
        try:
            if self._desk.write is None:
                raise NotPossible("No mail server is set up. Set mail.host and what it needs in the settings.")
            if not user.email:
                raise NotPossible("Your account has no mail address. Add one under Account, then try again.")
            answer = await self._desk.write(user.email, language())
        except Refusal as refusal:
            return await self._list(visit, refusal=refusal)
        done = _(
            "A letter is on its way to %(address)s. The mail server said: %(answer)s", address=user.email, answer=answer
        )
        return await self._list(visit, done=done)

    @property
    def _desk(self) -> MailDesk:
        if self._site.mail_desk is None:
            raise NotFound("No mail is taken here.")
        return self._site.mail_desk

    def _printer(self, visit: Visit) -> Printer:
        printer = self._site.printers.get(visit.request.path_params["name"])
        if not visit.actor.may(Permission.SETTINGS, printer.site):
            raise NotFound("There is no such printer of yours.")
        return printer

    async def _list(self, visit: Visit, *, refusal: Refusal | None = None, done: str = "") -> Response:
        desk, may = self._desk, visit.actor.may
        printers = [one for one in self._site.printers.all() if may(Permission.SETTINGS, one.site)]
        everywhere = may(Permission.SETTINGS)
        return self.page(
            visit,
            "mail.html",
            refusal=refusal,
            done=done,
            printers=[(one, ", ".join(desk.addresses(one)), STRANGERS[one.mail.strangers]) for one in printers],
            mailboxes=[self._box(one) for one in desk.mailboxes] if everywhere else [],
            writes=desk.write is not None,
            everywhere=everywhere,
            refused=[(code, int(count)) for code, count in sorted(desk.refused().items())] if everywhere else [],
            mails=[self._line(one) for one in await desk.mails.recent(limit=SHOWN)] if everywhere else [],
            listening=desk.listening,
        )

    def _box(self, box: WatchedMailbox) -> BoxLine:
        status, now = box.status, self._site.clock.now()
        tones = {True: ("good", _("Works")), False: ("bad", _("Does not work")), None: ("", _("Not looked at yet"))}
        tone, word = tones[status.ok]
        told = [box.place]
        if status.ok is not None:
            taken = ngettext("%(num)s mail taken since the start", "%(num)s mails taken since the start", status.taken)
            told += [said(status.text), _("last look %(ago)s", ago=words.ago(now - status.at)), taken]
        return BoxLine(name=box.name, told=" · ".join(told), tone=tone, word=word)

    def _line(self, mail: Mail) -> Line:
        tones = {MailState.DONE: "good", MailState.REFUSED: "bad", MailState.ASKED: "warn"}
        return Line(
            writer=mail.from_address or mail.envelope.sender or "<>",
            to=", ".join(mail.envelope.recipients),
            state=STATES[mail.state],
            tone=tones.get(mail.state, ""),
            why=mail.message,
            ago=words.ago(self._site.clock.now() - mail.received_at),
        )

    def _form(
        self,
        visit: Visit,
        printer: Printer,
        typed: dict[str, Any],
        *,
        errors: dict[str, str] | None = None,
        status: int = 200,
    ) -> Response:
        return self.page(
            visit,
            "mail_printer.html",
            status=status,
            printer=printer,
            typed=typed,
            errors=errors or {},
            strangers=STRANGERS,
            parts=PARTS,
        )


def _typed(rules: MailRules) -> dict[str, Any]:
    return {
        "enabled": rules.enabled,
        "aliases": ", ".join(rules.aliases),
        "strangers": rules.strangers.value,
        "allowed_domains": ", ".join(rules.allowed_domains),
        "parts": rules.parts.value,
        "separate": rules.separate,
        "max_mib": str(max(1, rules.max_size // MIB)),
        "max_files": str(rules.max_files),
        "max_pages": str(rules.max_pages),
    }


def _read(fields: Fields, before: MailRules) -> MailRules:
    return replace(
        before,
        enabled=fields.ticked("enabled"),
        aliases=tuple(fields.text("aliases", longest=1000).replace(",", " ").split()),
        strangers=fields.chosen("strangers", Strangers, before.strangers),
        allowed_domains=tuple(fields.text("allowed_domains", longest=1000).replace(",", " ").split()),
        parts=fields.chosen("parts", MailParts, before.parts),
        separate=fields.ticked("separate"),
        max_size=fields.parsed("max_mib", _number, before.max_size // MIB) * MIB,
        max_files=fields.parsed("max_files", _number, before.max_files),
        max_pages=fields.parsed("max_pages", _number, before.max_pages),
    )


def _number(text: str) -> int:
    plain = text.strip()
    if not (plain.isascii() and plain.isdigit() and 1 <= len(plain) <= 5 and int(plain)):
        raise BadRequest("Type a whole number from 1 on.")
    return int(plain)


def mail_rows(site: Site, administration: Administration) -> list[tuple[str, str, Handler]]:
    pages = MailPages(site, administration)
    return [
        ("GET", PATH, pages.list),
        ("POST", PATH, pages.try_out),
        ("GET", f"{PATH}/{{name}}", pages.show),
        ("POST", f"{PATH}/{{name}}", pages.change),
    ]
