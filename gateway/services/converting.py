"""Have a waiting document prepared once more: with its password, or with another choice of what of it is printed."""

from dataclasses import replace

from gateway.domain.conversion import ConversionChoice
from gateway.domain.document import Document
from gateway.domain.formats import has_choices, is_spreadsheet
from gateway.domain.job import Cause, Job, JobState, Reason, advance
from gateway.domain.user import Actor
from gateway.domain.waiting import unassigned
from gateway.errors import BadRequest, NotPossible
from gateway.services.holding import Holding
from gateway.services.sealing import PASSWORD_MAX, sealed_password


class Converting(Holding):
    """Both ways end in the state that intake leaves a job in: pending, and a preparation takes it from there."""

    async def unlock(self, job_id: int, actor: Actor, password: str) -> Job:
        """The password of an encrypted document: sealed, used for the next preparation, and destroyed with it."""
        job = await self.visible(job_id, actor)
        if not password or len(password) > PASSWORD_MAX:
            raise BadRequest("Type the password with which the document was protected.")
        if job.key is None or not job.has(Reason.DOCUMENT_PASSWORD_ERROR):
            raise NotPossible(f"Job {job_id} does not wait for a password.")
        sealed = await sealed_password(self._spool, self._keyring.unwrap(job.key), password.encode())

        def change(current: Job) -> Job:
            if not current.has(Reason.DOCUMENT_PASSWORD_ERROR):
                raise NotPossible(f"Job {job_id} does not wait for a password.")
            again = advance(current, Cause.RELEASED, now=self._clock.now(), reasons=(), message="")
            return replace(again, unlocking=sealed)

        return await self._apply(job_id, actor, change, "password given")

    async def convert_again(self, job_id: int, actor: Actor, choice: ConversionChoice) -> Job:
        """A held job goes back to be prepared with `choice`; the same choice changes nothing.

        NotFound unless the actor may see it; NotPossible when it is not held and prepared, or holds no office document; BadRequest when no document of it has
        what was chosen. A document that cannot be printed so is prepared as its author left it, and says why.
        """
        job = await self.visible(job_id, actor)
        _check(job, choice)
        if job.ticket.conversion == choice:
            return job
        replaced: list[Document] = []

        def change(current: Job) -> Job:
            _check(current, choice)
            replaced[:] = [*current.thumbnails, *filter(None, [current.printable])]
            again = advance(current, Cause.RELEASED, now=self._clock.now(), reasons=(), message="")
            return replace(
                unassigned(again),
                ticket=replace(current.ticket, conversion=choice),
                printable=None,
                thumbnails=(),
                pages=None,
                color=None,
                impressions=None,
                media_sheets=None,
                notes=(),
                facts="",
            )

        changed = await self._apply(job_id, actor, change, "to be converted again")
        await self._spool.destroy([document.id for document in replaced])
        return changed


def _check(job: Job, choice: ConversionChoice) -> None:
    if job.has(Reason.DOCUMENT_PASSWORD_ERROR):
        raise NotPossible("This document is protected: give its password first.")
    if job.key is None or job.state.ended:
        raise NotPossible("The document has been destroyed. Send it again to print it again.")
    if job.state is not JobState.PENDING_HELD or not job.prepared:
        raise NotPossible("This can only be chosen while the job waits. Try again in a moment.")
    formats = [document.format for document in job.documents]
    if not any(map(has_choices, formats)):
        raise NotPossible("This document is printed as it is: sheets and comments are chosen of office documents.")
    if choice.of_sheets and not any(map(is_spreadsheet, formats)):
        raise BadRequest("This document has no sheets to choose.")
    most = max((len(found.sheets) for found in job.found.inspections), default=0)
    if most and choice.sheets and max(choice.sheets) > most:
        raise BadRequest(f"This workbook has {most} sheets.")
