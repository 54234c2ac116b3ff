"""Operations on the Documents of a job (PWG 5100.5)."""

from gateway.domain.document import Document
from gateway.domain.job import Job
from gateway.errors import NotFound
from ipp.server.description import Descriptions
from ipp.server.operation import Services
from ipp.server.request import Reply, Request
from ipp.server.status import Refused, bad_request
from ipp.wire import Attribute, GroupTag, Status, ValueTag


class DocumentOperations:
    """A job's documents are printed as one, so that a single one of several can be seen but not taken out."""

    def __init__(self, services: Services, descriptions: Descriptions) -> None:
        self._release = services.release
        self._descriptions = descriptions

    async def get_documents(self, request: Request) -> Reply:
        job = await self._job(request)
        requested = frozenset(request.words("requested-attributes")) or frozenset({"document-number"})
        limit = request.integer("limit")
        documents = job.documents[: limit if limit is not None and limit > 0 else None]
        make = self._descriptions.document
        return Reply(groups=tuple(make(job, d.number, request.printer, request.where, requested) for d in documents))

    async def get_document_attributes(self, request: Request) -> Reply:
        job = await self._job(request)
        number = _document(request, job).number
        group = self._descriptions.document(job, number, request.printer, request.where, request.requested)
        return Reply(groups=(group,))

    async def cancel_document(self, request: Request) -> Reply:
        job = await self._job(request)
        _document(request, job)
        if len(job.documents) > 1:
            raise Refused(
                Status.CLIENT_ERROR_NOT_POSSIBLE, "One of several documents cannot be taken out. Cancel the whole job."
            )
        await self._release.cancel(job.id, request.actor, message=request.word("message") or "")
        return Reply()

    async def set_document_attributes(self, request: Request) -> Reply:
        """Documents have no settings of their own here: those of the job count for all of it."""
        _document(request, await self._job(request))
        given = request.group(GroupTag.DOCUMENT).attributes
        if not given:
            raise bad_request("There is nothing to change: the group of document attributes is empty.")
        raise Refused(
            Status.CLIENT_ERROR_ATTRIBUTES_NOT_SETTABLE,
            "Attributes of a single document cannot be set. Use Set-Job-Attributes.",
            unsupported=tuple(Attribute(a.name, ValueTag.NOT_SETTABLE, (None,)) for a in given),
        )

    async def _job(self, request: Request) -> Job:
        return request.own(await self._release.visible(request.target_job, request.actor))


def _document(request: Request, job: Job) -> Document:
    number = request.integer("document-number")
    if number is None:
        raise bad_request("document-number is missing: say which document.")
    found = next((document for document in job.documents if document.number == number), None)
    if found is None:
        raise NotFound(f"Job {job.id} has no document {number}.")
    return found
