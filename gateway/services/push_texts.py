"""What a notice says on a phone's locked screen: never more of the document than its owner allowed."""

from gateway.domain.credit import Balance
from gateway.domain.job import Job
from gateway.domain.personal import NoticeKind, Preferences
from gateway.i18n import gettext as _
from gateway.i18n import money, speaking
from gateway.services.push import PushText


def push_text(kind: NoticeKind, job_id: int, name: str, chosen: Preferences, *, language: str, tag: str) -> PushText:
    """`name` is shown only where its owner wants names on the screen."""
    with speaking(language):
        title, body = _told(kind)
        if chosen.push_names and name:
            body = f"{name[:100]}: {body}"
        return PushText(title=title, body=body, url=f"/jobs/{job_id}", tag=tag)


def of_job(kind: NoticeKind, job: Job, chosen: Preferences, *, language: str) -> PushText:
    return push_text(kind, job.id, job.name, chosen, language=language, tag=f"job-{job.id}")


def of_copied(*, language: str, tag: str) -> PushText:
    """A sign-in that was copied; a tap leads to where it can be mended."""
    with speaking(language):
        body = _("Somebody may have copied a sign-in of yours. Open it to see what to do.")
        return PushText(title=_("You were signed out"), body=body, url="/account/notices", tag=tag)


def of_low_balance(balance: Balance, *, language: str, tag: str) -> PushText:
    with speaking(language):
        body = _("%(balance)s are left. Ask at the desk to add credit.", balance=left(balance))
        return PushText(title=_("Your printing credit is low"), body=body, url="/account/credit", tag=tag)


def left(balance: Balance) -> str:
    """What its owner has beside what is reserved, as the language spoken now writes it."""
    return money(balance.amount - balance.reserved, balance.currency)


def _told(kind: NoticeKind) -> tuple[str, str]:
    """(title, text)."""
    if kind is NoticeKind.READY:
        return _("Ready to print"), _("A document waits for you.")
    if kind is NoticeKind.EXPIRING:
        return _("A document expires soon"), _("Print it or keep it longer, else it is destroyed.")
    if kind is NoticeKind.PRINTED:
        return _("Printed"), _("Do not forget to take it.")
    if kind is NoticeKind.FAILED:
        return _("Not printed"), _("A document was not printed. Open it to see why.")
    if kind is NoticeKind.LOOKED:
        return _("Somebody opened a document of yours"), _("Open it to see who and why.")
    return _("A document needs a word from you"), _("Open it to see what it asks.")
