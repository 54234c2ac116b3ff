"""Forms with a file, read as they come and never whole: for the few pages that take one."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from starlette.requests import Request

from gateway.services.multipart import File, FormReader
from webprint.guard import Guard
from webprint.requests import Form, body_of, check_token, read_form
from webprint.site import Visit


class FileGuard(Guard):
    """As the other one; the token is the first field of the form, and `sent_file` checks it."""

    async def _form(self, request: Request) -> Form | None:
        return None if _has_file(request) else await read_form(request)


@dataclass(frozen=True, slots=True)
class Sent:
    """The fields before the file, and the files."""

    fields: Form
    files: AsyncIterator[File]


async def sent_file(visit: Visit) -> Sent | None:
    """None for a form without a file, whose token the guard has checked; else refuses one without the token."""
    if not _has_file(visit.request):
        return None
    reader = FormReader(content_type=visit.request.headers.get("content-type", ""), chunks=body_of(visit.request))
    fields = await reader.fields()
    check_token(fields, visit.csrf)
    return Sent(fields, reader.files())


def _has_file(request: Request) -> bool:
    return request.headers.get("content-type", "").lower().startswith("multipart/form-data")
