"""From one mail to jobs of one Printer: each file once, however often this is begun again.

A job's key is made of the mail's own and of the file's place. What a first try has made is found by it, and an open job
that a crash left half full is filled on; one that ran out of time meanwhile is made anew.
"""

import hashlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

from emailprint.message import Chosen, choose
from emailprint.options import OPTION_LINE, Options, possible, read, split
from gateway.domain.job import Job, JobState, Reason
from gateway.domain.mail import MailFile
from gateway.domain.printer import Printer
from gateway.domain.user import Actor
from gateway.errors import (
    Busy,
    FormatError,
    Locked,
    NotAccepting,
    Refusal,
    StorageFailed,
    StorageFull,
    Unavailable,
)
from gateway.services.intake import Incoming, Intake, Submission
from gateway.services.ports import ConverterCrashed, JobStore, MailOpener, MailPart

SOURCE = "mail"
CRASHED = FormatError("The mail could not be read. Save its files and upload them, or send them in a new mail.").message
WHOLE = -1  # the place of what is said of the mail as a whole
MAX_LIVES = 5  # of an open job whose time runs out again and again
LATER = (Busy, StorageFull, StorageFailed, Locked)


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """What is to be made for one recipient. `words` of its address and of the subject say how it is printed."""

    digest: str
    recipient: str
    printer: Printer
    actor: Actor
    words: tuple[str, ...]
    name: str
    language: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """One entry for each file that was looked at; `unknown` are the words that mean nothing, or nothing there."""

    files: tuple[MailFile, ...]
    unknown: tuple[str, ...] = ()


@dataclass(kw_only=True, slots=True)
class _Made:
    options: Options
    chosen: dict[int, Chosen] = field(default_factory=dict)
    files: dict[int, MailFile] = field(default_factory=dict)
    together: Job | None = None
    there: int = 0
    closed: bool = False


class MailJobs:
    """Raises what says "later" (Unavailable and its kinds, but for a Printer that takes no jobs), ConverterCrashed, and
    the sandbox's refusals of the mail as a whole.
    """

    def __init__(self, *, intake: Intake, jobs: JobStore, opener: MailOpener) -> None:
        self._intake = intake
        self._jobs = jobs
        self._opener = opener

    async def make(self, order: Order, source: AsyncIterator[bytes], *, final: bool) -> Outcome:
        """No files when the mail has nothing to print. What the text asks for counts where address and subject say nothing.

        `final`: a mail that the sandbox breaks on is not tried again, and its own entry says so.
        """
        made = _Made(options=_options(order))

        async def listed(parts: list[MailPart]) -> frozenset[int]:
            made.options = _options(order, parts)
            made.chosen = {one.place: one for one in choose(parts, order.printer.mail)}
            for one in made.chosen.values():
                if one.refusal:
                    made.files[one.place] = MailFile(name=one.name, printer=order.printer.name, refusal=one.refusal)
            return frozenset(place for place, one in made.chosen.items() if not one.refusal)

        async def take(_part: MailPart, body: AsyncIterator[bytes]) -> None:
            place = next(place for place in sorted(made.chosen) if place not in made.files)
            made.files[place] = await self._taken(order, made, made.chosen[place], body)

        try:
            await self._opener.open_mail(source, listed, take, option_line=OPTION_LINE)
        except (ConverterCrashed, Refusal) as error:
            if isinstance(error, Unavailable) or (isinstance(error, ConverterCrashed) and not final):
                raise
            told = error.message if isinstance(error, Refusal) else CRASHED
            made.files[WHOLE] = MailFile(name=order.name, printer=order.printer.name, refusal=told)
        if made.together is not None and not made.closed:
            await self._intake.close(made.together.id, order.actor)
        files = tuple(made.files[place] for place in (*made.chosen, WHOLE) if place in made.files)
        return Outcome(files=files, unknown=made.options.unknown)

    async def _taken(self, order: Order, made: _Made, one: Chosen, body: AsyncIterator[bytes]) -> MailFile:
        incoming = Incoming(body=body, format=one.format, name=one.name, language=order.language)
        try:
            if order.printer.mail.separate:
                job = await self._alone(order, made, one, incoming)
            else:
                job = await self._among(order, made, incoming)
        except LATER:
            raise
        except NotAccepting as refusal:
            return self._refused(order, one, refusal)
        except Unavailable:
            raise
        except Refusal as refusal:
            return self._refused(order, one, refusal)
        return MailFile(name=one.name, printer=order.printer.name, job=job.id)

    def _refused(self, order: Order, one: Chosen, refusal: Refusal) -> MailFile:
        return MailFile(name=one.name, printer=order.printer.name, refusal=refusal.message)

    async def _alone(self, order: Order, made: _Made, one: Chosen, incoming: Incoming) -> Job:
        return await self._intake.submit(self._submission(order, made, one.name, str(one.place)), incoming)

    async def _among(self, order: Order, made: _Made, incoming: Incoming) -> Job:
        """One more Document of the job that all files share."""
        if made.together is None:
            made.together, made.closed = await self._opened(order, made)
            made.there = len(made.together.documents)
        if made.closed or made.there:
            made.there -= 1  # an earlier try has put it there, in the same order
            return made.together
        made.together = await self._intake.add_document(made.together.id, order.actor, incoming, last=False)
        return made.together

    async def _opened(self, order: Order, made: _Made) -> tuple[Job, bool]:
        """(the job, whether an earlier try has filled it)."""
        for life in range(MAX_LIVES):
            submission = self._submission(order, made, order.name, f"all {life}")
            known = await self._jobs.find_by_idempotency_key(submission.scoped_key or "")
            if known is None:
                return await self._intake.open(submission), False
            if known.has(Reason.JOB_INCOMING):
                return known, False
            if known.state is not JobState.ABORTED or known.prepared or not known.has(Reason.ABORTED_BY_SYSTEM):
                return known, True
        raise Unavailable("The files of this mail could not be put together.")

    def _submission(self, order: Order, made: _Made, name: str, part: str) -> Submission:
        return Submission(
            printer=order.printer.name,
            name=name,
            actor=order.actor,
            source=SOURCE,
            ticket=made.options.ticket,
            idempotency_key=hashlib.sha256(f"{order.digest}\0{order.recipient}\0{part}".encode()).hexdigest(),
        )


def _options(order: Order, parts: Sequence[MailPart] = ()) -> Options:
    """The later word wins: the text's, then the address's, then the subject's."""
    written = [word for part in parts for word in split(part.options)]
    return possible(read((*written, *order.words)), order.printer.capabilities)
