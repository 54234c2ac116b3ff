"""Operations that bring documents: Print-Job, Validate-Job, Create-Job, Send-Document and Close-Job (RFC 8011, PWG 5100.7)."""

from gateway.domain.job import Job
from gateway.domain.project import NO_PROJECT
from gateway.domain.ticket import JobTicket
from gateway.services.intake import Incoming, Submission
from gateway.services.sealing import PASSWORD_MAX as DOCUMENT_PASSWORD_MAX
from ipp.server.compression import decompressed
from ipp.server.description import JOB_ANSWER, Descriptions
from ipp.server.operation import Services
from ipp.server.request import Reply, Request
from ipp.server.status import Refused, bad_request
from ipp.server.subscription_operations import SubscriptionOperations
from ipp.server.ticket import Reading, insist, read
from ipp.wire import GroupTag, Status, build

FORMAT_UNKNOWN = "application/octet-stream"
PASSWORD_MAX = 255
SOURCE = "ipp"


class SubmissionOperations:
    """Turns requests into calls of intake."""

    def __init__(self, services: Services, descriptions: Descriptions, subscriptions: SubscriptionOperations) -> None:
        self._services = services
        self._descriptions = descriptions
        self._subscriptions = subscriptions

    async def print_job(self, request: Request) -> Reply:
        reading = await self._read_ticket(request)
        incoming = self._incoming(request)
        if request.body.surely_empty:
            raise bad_request("The document is missing: Print-Job must bring one.")
        submission = _submission(request, reading.ticket)
        job = await self._services.intake.submit(submission, incoming)
        return await self._accepted(request, job, reading)

    async def validate_job(self, request: Request) -> Reply:
        reading = await self._read_ticket(request)
        self._incoming(request)
        await self._services.intake.validate(_submission(request, reading.ticket), request.word("document-format"))
        return Reply(status=_status(reading), unsupported=reading.unsupported)

    async def create_job(self, request: Request) -> Reply:
        reading = await self._read_ticket(request)
        job = await self._services.intake.open(_submission(request, reading.ticket))
        return await self._accepted(request, job, reading)

    async def send_document(self, request: Request) -> Reply:
        last = request.boolean("last-document")
        if last is None:
            raise bad_request("last-document is missing: say whether more documents follow.")
        job_id = request.target_job
        request.own(await self._services.release.visible(job_id, request.actor))
        incoming = self._incoming(request)
        if not await request.body.has_document():
            if not last:
                raise bad_request("The document is missing, and it is not the last one.")
            job = await self._services.intake.close(job_id, request.actor)
        else:
            job = await self._services.intake.add_document(job_id, request.actor, incoming, last=last)
        return await self._accepted(request, job, _NOTHING_UNSUPPORTED)

    async def close_job(self, request: Request) -> Reply:
        job_id = request.target_job
        request.own(await self._services.release.visible(job_id, request.actor))
        job = await self._services.intake.close(job_id, request.actor)
        return await self._accepted(request, job, _NOTHING_UNSUPPORTED)

    async def _read_ticket(self, request: Request) -> Reading:
        """Refused when the client insists on what is not supported, be it a project that is none of the job's owner."""
        reading = read(request.group(GroupTag.JOB).attributes, request.printer)
        code = reading.fields.get("job_account_id")
        if code is not None and not await self._services.intake.may_charge(request.actor, code):
            left_out = build.name("job-account-id", code)
            fields = {**reading.fields, "job_account_id": NO_PROJECT}
            reading = Reading(fields=fields, unsupported=(*reading.unsupported, left_out))
        fidelity = request.boolean("ipp-attribute-fidelity") or False
        insist(reading, fidelity=fidelity, mandatory=request.words("job-mandatory-attributes"))
        return reading

    def _incoming(self, request: Request) -> Incoming:
        """The document behind the message; its compression is checked before the first octet is read."""
        compression = request.word("compression") or "none"
        limits = self._services.settings.ipp
        return Incoming(
            body=decompressed(
                request.body.document(),
                compression,
                max_octets=limits.max_decompressed,
                max_ratio=limits.max_compression_ratio,
            ),
            format=request.word("document-format") or FORMAT_UNKNOWN,
            name=request.word("document-name") or "",
            compression=compression,
            language=request.word("document-natural-language"),
            password=_document_password(request),
        )

    async def _accepted(self, request: Request, job: Job, reading: Reading) -> Reply:
        """job-id, job-uri and state; subscriptions that came with the job are answered behind it."""
        group = self._descriptions.job(job, request.printer, request.where, JOB_ANSWER)
        status, notify = await self._subscriptions.with_job(request, job)
        return Reply(
            status=_status(reading) or status,
            unsupported=reading.unsupported,
            groups=(group, *notify),
            accepted=job,
        )


_NOTHING_UNSUPPORTED = Reading(fields={}, unsupported=())


def _status(reading: Reading) -> Status:
    if reading.unsupported:
        return Status.SUCCESSFUL_OK_IGNORED_OR_SUBSTITUTED_ATTRIBUTES
    return Status.SUCCESSFUL_OK


def _submission(request: Request, ticket: JobTicket) -> Submission:
    return Submission(
        printer=request.printer.name,
        name=request.word("job-name") or request.word("document-name") or "",
        actor=request.actor,
        source=SOURCE,
        ticket=ticket,
        password=_password(request),
    )


def _document_password(request: Request) -> bytes | None:
    """document-password (PWG 5100.13 section 6.1.1); its value goes into no message and no log."""
    attribute = request.attributes.get("document-password")
    if attribute is None:
        return None
    value = attribute.value
    if len(attribute.values) != 1 or not isinstance(value, bytes) or not 1 <= len(value) <= DOCUMENT_PASSWORD_MAX:
        raise bad_request(f"document-password must be 1 to {DOCUMENT_PASSWORD_MAX} octets.")
    return value


def _password(request: Request) -> bytes | None:
    """job-password (PWG 5100.11); its value goes into no message and no log."""
    attribute = request.attributes.get("job-password")
    if attribute is None:
        return None
    encryption = request.word("job-password-encryption") or "none"
    if encryption != "none":
        raise Refused(
            Status.CLIENT_ERROR_ATTRIBUTES_OR_VALUES_NOT_SUPPORTED,
            "The PIN must be sent as it is, over an encrypted connection.",
            unsupported=(build.keyword("job-password-encryption", encryption),),
        )
    value = attribute.value
    if len(attribute.values) != 1 or not isinstance(value, bytes) or not 1 <= len(value) <= PASSWORD_MAX:
        raise bad_request(f"job-password must be 1 to {PASSWORD_MAX} octets.")
    return value
