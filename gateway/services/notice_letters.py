"""What a notice says by mail: in its reader's language, with links that are good for one thing."""

from collections.abc import Callable

from gateway.domain.credit import Balance
from gateway.domain.job import Job
from gateway.domain.letter import USEFUL_SECONDS, Letter
from gateway.domain.personal import Look, NoticeKind, Preferences
from gateway.domain.user import User
from gateway.errors import NotFound
from gateway.i18n import day_and_time, ngettext, said, speaking
from gateway.services.occasions import Occasion, question
from gateway.services.ports import Clock
from gateway.services.printers import Printers
from gateway.services.push_texts import left
from gateway.services.tokens import Tokens
from gateway.settings import Settings

EXTEND = "extend-job"
SOON_SECONDS = 7200.0  # a warning that comes later than that helps nobody


class NoticeLetters:
    """`base` gives the address under which people reach the pages."""

    def __init__(
        self, *, printers: Printers, tokens: Tokens, clock: Clock, settings: Settings, base: Callable[[], str]
    ) -> None:
        self._printers = printers
        self._tokens = tokens
        self._clock = clock
        self._settings = settings
        self._base = base

    async def of_job(self, job: Job, occasion: Occasion, user: User, chosen: Preferences) -> Letter:
        """For a user with an address."""
        kind, name = occasion
        language = chosen.language or self._settings.site.language
        with speaking(language):
            values = {"name": job.name, "url": f"{self._base()}/jobs/{job.id}"} | await self._values(kind, job, user)
        return Letter(
            kind=f"job-{kind.value}",
            to=user.email or "",
            language=language,
            values=values,
            key=f"notice:{job.id}:{name}",
            useful_seconds=SOON_SECONDS if kind is NoticeKind.EXPIRING else USEFUL_SECONDS,
        )

    def of_look(self, look: Look, occasion: str, user: User, chosen: Preferences) -> Letter:
        language = chosen.language or self._settings.site.language
        with speaking(language):
            values = {"name": look.job_name, "by": look.by, "at": self._time(look.at), "reason": look.reason}
        return Letter(
            kind=f"job-{NoticeKind.LOOKED.value}",
            to=user.email or "",
            language=language,
            values=values | {"url": f"{self._base()}/account/data"},
            key=f"notice:{look.job_id}:{occasion}",
        )

    def of_copied(self, user: User, address: str, chosen: Preferences) -> Letter:
        """An old refresh token came back: see gateway.services.staying."""
        language = chosen.language or self._settings.site.language
        with speaking(language):
            at = self._time(self._clock.now())
        values = {"what": "stay-copied", "at": at, "origin": address, "url": f"{self._base()}/account/security"}
        return Letter(kind="proof-changed", to=user.email or "", language=language, values=values)

    def of_low_balance(self, balance: Balance, occasion: str, user: User, chosen: Preferences) -> Letter:
        language = chosen.language or self._settings.site.language
        with speaking(language):
            values = {"balance": left(balance), "url": f"{self._base()}/account/credit"}
        key = f"notice:{user.uuid}:{occasion}"
        return Letter(kind="low-balance", to=user.email or "", language=language, values=values, key=key)

    async def _values(self, kind: NoticeKind, job: Job, user: User) -> dict[str, str]:
        if kind is NoticeKind.READY:
            return {"printer": self._label(job), "until": self._time(job.expires_at)}
        if kind is NoticeKind.EXPIRING:
            return {"until": self._time(job.expires_at), "extend_url": await self._extend_url(job, user)}
        if kind is NoticeKind.PRINTED:
            return {"device": self._device(job), "sheets": _sheets(job.sheets_completed or job.media_sheets or 0)}
        return {"reason": said(job.message)} if kind is NoticeKind.FAILED else {"question": said(question(job))}

    async def _extend_url(self, job: Job, user: User) -> str:
        """Empty where it cannot be kept longer."""
        if job.expires_at is None or job.extensions >= self._settings.jobs.extend_times:
            return ""
        left = max(60.0, job.expires_at - self._clock.now())
        token = await self._tokens.make(user.uuid, EXTEND, str(job.id), seconds=left)
        return f"{self._base()}/keep?token={token}"

    def _time(self, at: float | None) -> str:
        return "" if at is None else day_and_time(at, self._settings.site.time_zone)

    def _label(self, job: Job) -> str:
        try:
            printer = self._printers.of_job(job.printer)
        except NotFound:
            return job.printer
        return printer.info or printer.name

    def _device(self, job: Job) -> str:
        try:
            device = self._printers.device(job.output_device or "")
        except NotFound:
            return job.output_device or ""
        return device.info or device.name


def _sheets(count: int) -> str:
    return ngettext("%(num)s sheet", "%(num)s sheets", count)
