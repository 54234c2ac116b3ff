"""What the virtual printer answers to each IPP operation (RFC 8011 section 4)."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime

from ipp.virtual.attributes import job_attributes, printer_attributes
from ipp.virtual.clock import Clock
from ipp.virtual.features import Features
from ipp.virtual.machine import PaperJob
from ipp.virtual.reception import Reception
from ipp.wire import (
    Attribute,
    Collection,
    DecodeError,
    Decoder,
    Group,
    GroupTag,
    JobState,
    Message,
    Operation,
    Status,
    Value,
    build,
    encode,
)

Hinder = Callable[[AsyncIterator[bytes]], AsyncIterator[bytes]]
_JOB_DEFAULT = frozenset({"job-uri", "job-id", "job-state", "job-state-reasons"})


class Refused(Exception):
    """The operation ends with this status."""

    def __init__(self, status: Status, message: str) -> None:
        super().__init__(message)
        self.status = status


class Call:
    """One request: its operation group, its job template attributes and the document that follows."""

    def __init__(self, message: Message, document: AsyncIterator[bytes]) -> None:
        self.message = message
        self.document = document
        self.operation = message.group(GroupTag.OPERATION) or Group(GroupTag.OPERATION)
        self.template = message.group(GroupTag.JOB) or Group(GroupTag.JOB)

    def given(self, name: str, default: Value = None) -> Value:
        attribute = self.operation.get(name) or self.template.get(name)
        return default if attribute is None else attribute.value

    @property
    def requested(self) -> frozenset[str]:
        attribute = self.operation.get("requested-attributes")
        return frozenset(str(value) for value in attribute.values) if attribute else frozenset()


class Operations:
    """The dispatch table and its operations. `busy()` says whether this request is to be refused as busy."""

    def __init__(
        self, features: Features, reception: Reception, clock: Clock, busy: Callable[[], bool], uri: str
    ) -> None:
        self.uri = uri
        self.identified = 0
        self._features, self._reception, self._machine = features, reception, reception.machine
        self._clock, self._busy = clock, busy
        self._started_at = clock.now()
        self._table: dict[int, Callable[[Call], Awaitable[list[Group]]]] = {
            Operation.PRINT_JOB: self._print_job,
            Operation.VALIDATE_JOB: self._validate_job,
            Operation.CREATE_JOB: self._create_job,
            Operation.SEND_DOCUMENT: self._send_document,
            Operation.CANCEL_JOB: self._cancel_job,
            Operation.GET_JOB_ATTRIBUTES: self._get_job_attributes,
            Operation.GET_JOBS: self._get_jobs,
            Operation.GET_PRINTER_ATTRIBUTES: self._get_printer_attributes,
            Operation.CANCEL_MY_JOBS: self._cancel_my_jobs,
            Operation.CLOSE_JOB: self._close_job,
            Operation.IDENTIFY_PRINTER: self._identify_printer,
        }

    async def answer(self, body: AsyncIterator[bytes], hinder: Hinder) -> bytes:
        """Read one request from `body` and give the encoded response."""
        decoder = Decoder()
        try:
            message = await _message(decoder, body)
        except DecodeError as error:
            version, _, request_id = decoder.header or ((2, 0), 0, 1)
            return _response(version, Status.CLIENT_ERROR_BAD_REQUEST, request_id, str(error), [])
        try:
            operation = self._table.get(message.code, _unknown_operation)
            groups = await operation(Call(message, hinder(_rest(decoder, body))))
        except Refused as refused:
            return _response(message.version, refused.status, message.request_id, str(refused), [])
        return _response(message.version, Status.SUCCESSFUL_OK, message.request_id, "", groups)

    async def _print_job(self, call: Call) -> list[Group]:
        await self._validate_job(call)
        job = await self._open(call)
        await self._reception.store(job, call.document, self._format(call))
        await self._reception.close(job)
        return [self._job_group(job)]

    async def _validate_job(self, call: Call) -> list[Group]:
        if self._busy():
            raise Refused(Status.SERVER_ERROR_BUSY, "Busy. Try again later.")
        self._format(call)
        return []

    async def _create_job(self, call: Call) -> list[Group]:
        if self._busy():
            raise Refused(Status.SERVER_ERROR_BUSY, "Busy. Try again later.")
        return [self._job_group(await self._open(call))]

    async def _send_document(self, call: Call) -> list[Group]:
        job = self._find(call)
        if job.state is not JobState.PENDING_HELD:
            raise Refused(Status.CLIENT_ERROR_NOT_POSSIBLE, "The job takes no more documents.")
        last = call.given("last-document")
        if last is None:
            raise Refused(Status.CLIENT_ERROR_BAD_REQUEST, "Send last-document.")
        await self._reception.store(job, call.document, self._format(call))
        if last:
            await self._reception.close(job)
        return [self._job_group(job)]

    async def _close_job(self, call: Call) -> list[Group]:
        job = self._find(call)
        if job.state is JobState.PENDING_HELD:
            await self._reception.close(job)
        return []

    async def _cancel_job(self, call: Call) -> list[Group]:
        if not self._machine.cancel(self._find(call)):
            raise Refused(Status.CLIENT_ERROR_NOT_POSSIBLE, "The job has ended.")
        return []

    async def _cancel_my_jobs(self, call: Call) -> list[Group]:
        for job in self._mine(call):
            self._machine.cancel(job)
        return []

    async def _get_job_attributes(self, call: Call) -> list[Group]:
        return [self._job_group(self._find(call), call.requested or frozenset({"all"}))]

    async def _get_jobs(self, call: Call) -> list[Group]:
        ended = call.given("which-jobs", "not-completed") == "completed"
        jobs = self._mine(call) if call.given("my-jobs") else list(self._machine.jobs.values())
        limit = call.given("limit")
        chosen = [job for job in jobs if job.ended is ended][: limit if isinstance(limit, int) else None]
        return [self._job_group(job, call.requested or frozenset({"job-uri", "job-id"})) for job in chosen]

    async def _get_printer_attributes(self, call: Call) -> list[Group]:
        requested = call.requested or frozenset({"all"})
        attributes = printer_attributes(self._features, self._machine, self.uri, self._up_time)
        wide = "all" in requested or "printer-description" in requested
        chosen = [
            attribute
            for attribute in attributes
            if attribute.name in requested or (wide and attribute.name != "media-col-database")
        ]
        return [Group(GroupTag.PRINTER, tuple(chosen))]

    async def _identify_printer(self, _call: Call) -> list[Group]:
        self.identified += 1
        return []

    @property
    def _up_time(self) -> int:
        return int(self._clock.now() - self._started_at)

    async def _open(self, call: Call) -> PaperJob:
        copies = call.given("copies", 1)
        return await self._reception.open(
            protocol="ipp",
            name=str(call.given("job-name", "untitled")),
            user=str(call.given("requesting-user-name", "anonymous")),
            asked={a.name: [_plain(value) for value in a.values] for a in call.template},
            copies=copies if isinstance(copies, int) else 1,
            duplex=str(call.given("sides", "")).startswith("two-sided"),
        )

    def _format(self, call: Call) -> str:
        media_type = str(call.given("document-format", "application/octet-stream"))
        if media_type not in (*self._features.formats, "application/octet-stream"):
            raise Refused(Status.CLIENT_ERROR_DOCUMENT_FORMAT_NOT_SUPPORTED, f"{media_type} is not supported.")
        return media_type

    def _find(self, call: Call) -> PaperJob:
        number = call.given("job-id")
        if number is None:
            tail = str(call.given("job-uri", "")).rpartition("/")[2]
            number = int(tail) if tail.isascii() and tail.isdigit() else None
        job = self._machine.jobs.get(number) if isinstance(number, int) else None
        if job is None:
            raise Refused(Status.CLIENT_ERROR_NOT_FOUND, "There is no such job.")
        return job

    def _mine(self, call: Call) -> list[PaperJob]:
        user = call.given("requesting-user-name", "anonymous")
        return [job for job in self._machine.jobs.values() if job.user == user]

    def _job_group(self, job: PaperJob, requested: frozenset[str] = _JOB_DEFAULT) -> Group:
        attributes = job_attributes(job, self.uri, self._up_time, self._started_at)
        wide = bool(requested & {"all", "job-description"})
        return Group(GroupTag.JOB, tuple(a for a in attributes if wide or a.name in requested))


async def _unknown_operation(_call: Call) -> list[Group]:
    raise Refused(Status.SERVER_ERROR_OPERATION_NOT_SUPPORTED, "This printer has no such operation.")


async def _message(decoder: Decoder, body: AsyncIterator[bytes]) -> Message:
    async for chunk in body:
        message = decoder.feed(chunk)
        if message is not None:
            return message
    decoder.eof()
    raise AssertionError("eof raises for an incomplete message")


async def _rest(decoder: Decoder, body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    if decoder.trailing:
        yield decoder.trailing
    async for chunk in body:
        yield chunk


def _plain(value: Value) -> object:
    """The value as JSON can show it."""
    match value:
        case Collection():
            return {member.name: [_plain(inner) for inner in member.values] for member in value}
        case datetime() | bytes():
            return str(value)
        case int() | str() | None:
            return value
        case _:
            return str(value)


def _response(version: tuple[int, int], status: Status, request_id: int, message: str, groups: list[Group]) -> bytes:
    head: list[Attribute] = [
        build.charset("attributes-charset", "utf-8"),
        build.language("attributes-natural-language", "en"),
    ]
    if message:
        head.append(build.text("status-message", message))
    return encode(Message(version, status, request_id, (Group(GroupTag.OPERATION, tuple(head)), *groups)))
