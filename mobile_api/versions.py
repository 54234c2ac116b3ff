"""ETag and If-Match by the row's version (RFC 9110 section 13.1.1): nobody changes what they have not seen."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated
from urllib.parse import quote

from fastapi import Header
from starlette.responses import Response

from gateway.errors import BadRequest, Conflict, Outdated

IfMatch = Annotated[
    str | None, Header(description="The ETag that was seen: a row that has changed since answers 412.", max_length=50)
]
_MEANWHILE = "This was changed meanwhile. Read it again, and then change it."
_TAG = re.compile(r'"(\d{1,18})"', re.ASCII)


def located(response: Response, topic: str, name: object) -> None:
    """Where what was just made is from now on."""
    response.headers["Location"] = f"/api/v1/{topic}/{quote(str(name), safe='')}"


def tag(response: Response, version: int) -> None:
    response.headers["ETag"] = f'"{version}"'


def wanted_version(if_match: str | None) -> int | None:
    """None without the header, or for any version; BadRequest for what is no tag of ours."""
    if if_match is None or if_match == "*":
        return None
    match = _TAG.fullmatch(if_match.strip())
    if match is None:
        raise BadRequest('If-Match takes one ETag of ours, such as "7", or *.')
    return int(match[1])


def check_version(if_match: str | None, version: int) -> None:
    wanted = wanted_version(if_match)
    if wanted is not None and wanted != version:
        raise Outdated(_MEANWHILE)


@contextmanager
def as_seen(seen: int | None) -> Iterator[None]:
    """A Conflict of a change is Outdated for who said what was `seen`."""
    try:
        yield
    except Conflict as error:
        if seen is None:
            raise
        raise Outdated(_MEANWHILE) from error
