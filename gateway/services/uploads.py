"""Files that come in pieces, over as many requests and connections as it takes; every one of them ends in Intake.

A job is opened with its first file, and what has arrived is sealed, on the disk and in a row before a client is told of
it. Whoever comes back within `kept_seconds` goes on where the row says, also after a restart; then the pieces are read
once more, through the one barrier that all documents pass, and destroyed. A file of one request costs that second
reading and no copy in memory.
"""

import hashlib
import hmac
import secrets
from dataclasses import replace

from gateway.domain.job import Job, Reason
from gateway.domain.upload import REHEARSAL, Upload
from gateway.domain.user import Actor, is_guest
from gateway.errors import Conflict, NotFound, NotPossible, Refusal, TooLarge
from gateway.services.guests import Guests
from gateway.services.intake import Incoming, Intake, Submission
from gateway.services.limits import Limits
from gateway.services.ports import Clock, Hasher, JobStore, Keyring, Spool, UploadStore
from gateway.services.printers import Printers
from gateway.services.rehearsals import Rehearsals, is_rehearsing
from gateway.services.submission import clean_text
from gateway.services.upload_forms import FormUploads
from gateway.services.upload_pieces import OTHER_FILE, Piece, Pieces, Wanted
from gateway.services.upload_rules import UploadRules
from gateway.services.upload_turns import Turns
from gateway.settings import Settings

SOURCE = "web"


class Uploads:
    """Use cases of a resumable upload. An upload is its owner's alone: anybody else's answers as not found."""

    def __init__(
        self,
        *,
        uploads: UploadStore,
        guests: Guests,
        intake: Intake,
        jobs: JobStore,
        printers: Printers,
        spool: Spool,
        keyring: Keyring,
        clock: Clock,
        hasher: Hasher,
        limits: Limits,
        settings: Settings,
    ) -> None:
        self._uploads = uploads
        self._guests = guests
        self._intake = intake
        self._jobs = jobs
        self._spool = spool
        self._keyring = keyring
        self._clock = clock
        self._settings = settings.uploads
        self._printers = printers
        self.rehearsals = Rehearsals(hasher=hasher, clock=clock)
        self.rules = UploadRules(
            printers=printers, guests=guests, spool=spool, limits=limits, settings=settings, clock=clock
        )
        self.forms = FormUploads(
            intake=intake, jobs=jobs, guests=guests, rules=self.rules, clock=clock, settings=settings.uploads
        )
        self._pieces = Pieces(
            uploads=uploads,
            intake=intake,
            spool=spool,
            keyring=keyring,
            clock=clock,
            kept=settings.uploads.kept_seconds,
        )
        self._turns = Turns(at_once=settings.uploads.at_once)

    # -- the steps of one file

    async def begin(self, actor: Actor, wanted: Wanted) -> Upload:
        """A row to send octets to. Refusals of UploadRules and Intake.open; LimitReached for too many files."""
        submission = Submission(
            printer=wanted.printer, name=wanted.name, actor=actor, source=SOURCE, ticket=wanted.ticket
        )
        media_type = await self._checked(submission, wanted)
        assert actor.user is not None
        key, wrapped = self._keyring.new_key()
        batch = wanted.batch or secrets.token_urlsafe(16)
        async with self._turns.alone(f"{actor.user} {batch}"):
            rehearsed = is_rehearsing(actor)
            job_id = REHEARSAL if rehearsed else await self._job_of(submission, batch, wanted.name)
            now = self._clock.now()
            upload = Upload(
                id=secrets.token_urlsafe(24),
                owner=actor.user,
                batch=batch,
                job_id=job_id,
                name=clean_text(wanted.name),
                format=media_type,
                size=wanted.size,
                key=wrapped,
                last=wanted.last,
                created_at=now,
                expires_at=now + self._settings.kept_seconds,
            )
            del key  # only its wrapped form is kept
            await self._uploads.add(upload)
        return upload

    async def find(self, upload_id: str, actor: Actor) -> Upload:
        """How far it is, once nothing arrives any more: whoever asks has lost the connection that sent.

        A file whose last octet is here but which a crash kept from its job is brought in now.
        """
        await self._own(upload_id, actor)
        async with self._turns.taken_over(upload_id):
            upload = await self._own(upload_id, actor)
            return await self._finish(upload, actor) if upload.complete else upload

    async def write(self, upload_id: str, actor: Actor, piece: Piece) -> Upload:
        """The row after the piece. What arrived before the connection broke is kept, and the break is raised.

        Conflict for another offset, size or file; TooLarge for more than was said; ChecksumMismatch; NotPossible when
        the job has ended meanwhile; what Intake.add_document raises.
        """
        await self._own(upload_id, actor)
        async with self._turns.taken_over(upload_id) as stop, self._turns.counted(actor.user or ""):
            upload = await self._own(upload_id, actor)
            await self._check(upload, piece)
            if not upload.done:
                upload = await self._pieces.stream(upload, piece, stop)
            return await self._finish(upload, actor) if upload.complete else upload

    async def drop(self, upload_id: str, actor: Actor) -> None:
        """Forgets a file; a document that is the job's already stays."""
        await self._own(upload_id, actor)
        async with self._turns.taken_over(upload_id):
            await self._destroy(await self._own(upload_id, actor))

    async def close(self, actor: Actor, batch: str) -> Job:
        """The job of a batch whose last file was taken back. NotFound without one."""
        rows = await self._uploads.of_batch(actor.user or "", batch)
        if not rows:
            raise NotFound("There is no such upload of yours. Choose the files again.")
        job = await self._jobs.get(rows[-1].job_id)
        if job is not None and job.has(Reason.JOB_INCOMING):
            return await self._intake.close(job.id, actor)
        if job is None:
            raise NotFound("That job is gone. Choose the files again.")
        return job

    async def purge(self) -> int:
        """Pieces and rows of what nobody resumed in time; how many."""
        due = await self._uploads.expired(self._clock.now())
        for upload in due:
            if not self._turns.busy(upload.id):
                await self._destroy(upload)
        return len(due)

    def note_refused(self, actor: Actor, printer: str, name: str, refusal: Refusal) -> None:
        """A front-end said no before it came to `begin`."""
        self._intake.note_refused(Submission(printer=printer, name=name, actor=actor, source=SOURCE), name, refusal)

    # -- checks

    async def _checked(self, submission: Submission, wanted: Wanted) -> str:
        """The media type; a refusal is written down as a try."""
        try:
            if submission.actor.user is None:
                raise NotFound("There is no upload for strangers. Open the printer's page first.")
            return await self.rules.check(submission.actor, wanted.printer, wanted.name, wanted.format, wanted.size)
        except Refusal as refusal:
            self._intake.note_refused(submission, wanted.name, refusal)
            raise

    async def _job_of(self, submission: Submission, batch: str, name: str) -> int:
        """The open job of the batch, opened with its first file."""
        assert submission.actor.user is not None
        rows = await self._uploads.of_batch(submission.actor.user, batch)
        if len(rows) >= self._settings.max_files:
            refusal = TooLarge(f"One job takes at most {self._settings.max_files} files. Upload the others after it.")
            self._intake.note_refused(submission, name, refusal)
            raise refusal
        for row in rows:
            job = await self._jobs.get(row.job_id)
            if job is not None and job.has(Reason.JOB_INCOMING):
                return job.id
        job = await self._intake.open(submission)
        if is_guest(job.owner):
            await self._guests.keep(submission.actor.user)
        return job.id

    async def _own(self, upload_id: str, actor: Actor) -> Upload:
        upload = await self._uploads.upload(upload_id[:100])
        if upload is None or actor.user != upload.owner:
            raise NotFound("There is no such upload of yours, or it was not resumed in time. Choose the file again.")
        return upload

    async def _check(self, upload: Upload, piece: Piece) -> None:
        if piece.size is not None and piece.size != upload.size:
            raise Conflict(OTHER_FILE)
        if piece.offset != upload.received:
            raise Conflict(f"{upload.received} octets of this file are here: send what comes after them.")
        if piece.seam is not None and not hmac.compare_digest(piece.seam, await self._pieces.seam(upload)):
            raise Conflict(OTHER_FILE)

    # -- the end

    async def _finish(self, upload: Upload, actor: Actor) -> Upload:
        """Through the barrier into the job. A second call finds the document there and only tidies up."""
        if upload.done:
            return upload
        try:
            incoming = Incoming(body=self._pieces.whole(upload), format=upload.format, name=upload.name)
            if upload.rehearsal:
                await self._intake.rehearse(self._rehearsed(actor), incoming)
            elif not await self._has(upload):
                await self._intake.add_document(upload.job_id, actor, incoming, last=upload.last)
        except (NotPossible, NotFound):
            await self._destroy(upload)  # its job was deleted meanwhile
            raise
        done = replace(upload, done=True, pieces=())
        await self._uploads.save(done)
        await self._spool.destroy([piece.id for piece in upload.pieces])
        return done

    def _rehearsed(self, actor: Actor) -> Submission:
        return Submission(printer=self._printers.default().name, name="", actor=actor, source=SOURCE)

    async def _has(self, upload: Upload) -> bool:
        """Whether a crash came between the document's row and this one's: the job knows the same octets."""
        job = await self._jobs.get(upload.job_id)
        alike = [] if job is None else [d for d in job.documents if (d.size, d.name) == (upload.size, upload.name)]
        if not alike:
            return False
        digest = hashlib.sha256()
        async for data in self._pieces.whole(upload):
            digest.update(data)
        rows = await self._uploads.of_batch(upload.owner, upload.batch)
        same = sum(document.sha256 == digest.hexdigest() for document in alike)
        known = sum(row.done and (row.size, row.name) == (upload.size, upload.name) for row in rows)
        return same > known

    async def _destroy(self, upload: Upload) -> None:
        await self._uploads.delete(upload.id)
        await self._spool.destroy([piece.id for piece in upload.pieces])
