"""Documents on their way in: a form with files, or one document as the whole body; streamed, never held."""

from collections.abc import AsyncIterator
from typing import Any

from pydantic import ValidationError
from starlette.requests import ClientDisconnect, Request

from gateway.domain.job import Job
from gateway.domain.ticket import JobTicket
from gateway.errors import BadRequest, NotFound
from gateway.services.multipart import FormReader
from gateway.services.upload_forms import Form, FormFile
from mobile_api.idempotency import key_of
from mobile_api.security import Caller
from mobile_api.services import Services
from mobile_api.tickets import Options

SOURCE = "api"
_FORM = "multipart/form-data"
_BODIES = ("application/pdf", "application/octet-stream", "text/plain", "image/jpeg", "image/png")


async def submit(request: Request, caller: Caller, services: Services, fields: dict[str, Any]) -> Job:
    """The job, durable; `fields` are the query's: printer, name and options. The refusals of Intake and its rules."""
    kind = request.headers.get("content-type", "application/octet-stream")
    if kind.partition(";")[0].strip().lower() == _FORM:
        reader = FormReader(content_type=kind, chunks=body_of(request))
        told = {name: values[-1] for name, values in (await reader.fields()).items()}
        fields, files = fields | told, _files(reader, fields.get("name") or told.get("name", ""))
    else:
        files = _whole(request, kind, fields.get("name", ""))
    printer = _printer(services, caller, fields.pop("printer", ""))
    fields.pop("name", None)
    form = Form(printer=printer, ticket=_ticket(fields), key=key_of(request), source=SOURCE)
    (job,) = await services.uploads.forms.take(caller.actor, form, files)
    await services.traces.keep(job, request.headers.get("traceparent", "")[:200])
    return job


def _printer(services: Services, caller: Caller, name: str) -> str:
    if not name:
        return services.printers.default().name
    if not any(printer.name == name for printer in services.sites.printers_at(caller.actor.address, caller.actor)):
        raise NotFound(f'There is no printer "{name[:60]}" here.')
    return name


def _ticket(fields: dict[str, Any]) -> JobTicket:
    try:
        changes = Options.model_validate(fields, strict=False).changes()
    except ValidationError as error:
        names = ", ".join(dict.fromkeys(str(each["loc"][0]) for each in error.errors() if each["loc"]))
        raise BadRequest(f"These print options cannot be used: {names[:200]}.") from error
    return JobTicket().with_changes(**changes)


async def _whole(request: Request, kind: str, name: str) -> AsyncIterator[FormFile]:
    yield FormFile(name=name, format=kind[:200], body=body_of(request))


async def _files(reader: FormReader, name: str) -> AsyncIterator[FormFile]:
    async for file in reader.files():
        yield FormFile(name=name or file.name, format=file.format, body=file.body)


async def body_of(request: Request) -> AsyncIterator[bytes]:
    """The octets as they come; BadRequest when the connection breaks before their end."""
    try:
        async for chunk in request.stream():
            if chunk:
                yield chunk
    except ClientDisconnect as error:
        raise BadRequest("The connection broke before everything had arrived. Send it again.") from error


_OCTETS = {"schema": {"type": "string", "format": "binary"}}
REQUEST_BODY: dict[str, Any] = {
    "required": True,
    "description": "One document as the body, or a form whose files become one job, its fields before its files.",
    "content": dict.fromkeys(_BODIES, _OCTETS)
    | {
        _FORM: {
            "schema": {
                "type": "object",
                "required": ["file"],
                "properties": {
                    "printer": {"type": "string"},
                    "name": {"type": "string"},
                    "copies": {"type": "integer", "minimum": 1},
                    "file": {"type": "array", "items": {"type": "string", "format": "binary"}, "minItems": 1},
                },
            }
        }
    },
}
