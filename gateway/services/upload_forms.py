"""Files of one plain form, as browsers without scripts and programs send them: whole, one after the other.

Each goes through Intake while it arrives. A form that is sent again under its key gives the jobs of the first time.
"""

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace

from gateway.domain.job import Cause, Job, Reason, advance
from gateway.domain.ticket import JobTicket
from gateway.domain.user import Actor, is_guest
from gateway.errors import BadRequest, KeyReused, Refusal, TooLarge
from gateway.services.guests import Guests
from gateway.services.intake import Incoming, Intake, Submission
from gateway.services.ports import Clock, JobChange, JobStore
from gateway.services.upload_rules import UploadRules
from gateway.services.upload_turns import measured
from gateway.settings import MIB
from gateway.settings import Uploads as UploadSettings

SOURCE = "web"
OTHER = "This idempotency key was used for other documents already. Use a new key for a new job."


@dataclass(frozen=True, kw_only=True, slots=True)
class Form:
    """What the fields say. `together`: all files become one job, in their order; else one each. `source`: the channel."""

    printer: str
    ticket: JobTicket = field(default_factory=JobTicket)
    together: bool = True
    key: str | None = None
    source: str = SOURCE


@dataclass(frozen=True, kw_only=True, slots=True)
class FormFile:
    """One file as it arrives; `body` is read to its end before the next is asked for."""

    name: str
    format: str
    body: AsyncIterator[bytes]


class FormUploads:
    """Plain forms into Intake."""

    def __init__(
        self,
        *,
        intake: Intake,
        jobs: JobStore,
        guests: Guests,
        rules: UploadRules,
        clock: Clock,
        settings: UploadSettings,
    ) -> None:
        self._intake = intake
        self._jobs = jobs
        self._guests = guests
        self._rules = rules
        self._clock = clock
        self._settings = settings

    async def take(self, actor: Actor, form: Form, files: AsyncIterator[FormFile]) -> list[Job]:
        """The jobs, durable. BadRequest without any file; KeyReused when the key came with other documents; what
        UploadRules and Intake refuse. What was refused in the middle takes the whole of a common job back.
        """
        submission = Submission(
            printer=form.printer, name="", actor=actor, source=form.source, ticket=form.ticket, idempotency_key=form.key
        )
        made = await (self._one(submission, files) if form.together else self._each(submission, files))
        if not made:
            raise BadRequest("No file was chosen. Choose one and upload it again.")
        if actor.user is not None and is_guest(actor.user):
            await self._guests.keep(actor.user)
        return made

    async def _each(self, submission: Submission, files: AsyncIterator[FormFile]) -> list[Job]:
        made: list[Job] = []
        async for file in files:
            key = submission.idempotency_key and f"{submission.idempotency_key}/{len(made)}"
            single = replace(submission, name=file.name, idempotency_key=key)
            incoming = await self._incoming(single, file, number=len(made))
            made.append(await self._intake.submit(single, incoming))
        return made

    async def _one(self, submission: Submission, files: AsyncIterator[FormFile]) -> list[Job]:
        """One job; when it was begun under this key before, what is there is compared and the rest added."""
        scoped = submission.scoped_key
        known = await self._jobs.find_by_idempotency_key(scoped) if scoped else None
        job, number = known, 0
        try:
            async for file in files:
                incoming = await self._incoming(submission, file, number=number)
                if known is not None and (number < len(known.documents) or not known.has(Reason.JOB_INCOMING)):
                    await _compare(known, number, incoming)
                else:
                    job = job or await self._intake.open(replace(submission, name=file.name))
                    await self._intake.add_document(job.id, submission.actor, incoming, last=False)
                number += 1
        except Refusal as refusal:
            # A broken form can be sent again under its key and goes on; without one nobody will come back to it.
            if job is not None and known is None and (scoped is None or not isinstance(refusal, BadRequest)):
                await self._take_back(job)
            raise
        if job is None:
            return []
        if known is not None and number < len(known.documents):
            raise KeyReused(OTHER)
        return [await self._intake.close(job.id, submission.actor) if job.has(Reason.JOB_INCOMING) else job]

    async def _take_back(self, job: Job) -> None:
        now = self._clock.now()

        def change(row: Job) -> JobChange | None:
            if not row.has(Reason.JOB_INCOMING):
                return None
            ended = advance(row, Cause.CANCELED_BY_USER, now=now, message="Not all of its files could be taken.")
            return JobChange(job=replace(ended, incoming_until=None))

        await self._jobs.update(job.id, change)

    async def _incoming(self, submission: Submission, file: FormFile, *, number: int) -> Incoming:
        actor = submission.actor
        try:
            if number >= self._settings.max_files:
                raise TooLarge(f"At most {self._settings.max_files} files are taken at once. Upload the others later.")
            found = await self._rules.check(actor, submission.printer, file.name, file.format, None)
        except Refusal as refusal:
            self._intake.note_refused(submission, file.name, refusal)
            raise
        most = self._rules.largest(actor)
        message = f"{file.name[:80]} is larger than the {most // MIB} MiB that are taken here. Split it."
        return Incoming(body=measured(file.body, most, message), format=found, name=file.name)


async def _compare(known: Job, number: int, incoming: Incoming) -> None:
    digest = hashlib.sha256()
    async for data in incoming.body:
        digest.update(data)
    if number >= len(known.documents) or digest.hexdigest() != known.documents[number].sha256:
        raise KeyReused(OTHER)
