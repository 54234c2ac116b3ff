"""Refusals as problem details (RFC 9457): one table from error kind to status; `code` is for programs, `detail` for people."""

from collections.abc import Mapping
from typing import Final

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse

from gateway import errors
from gateway.i18n import Words, gettext, said

MEDIA_TYPE: Final = "application/problem+json"
BROKEN = "internal-error"

# Every kind has a row, its own or that of the nearest class above it.
STATUS: Final[dict[type[errors.Refusal], int]] = {
    errors.Refusal: 422,
    errors.BadRequest: 400,
    errors.NotAuthenticated: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.NotPossible: 409,
    errors.Conflict: 409,
    errors.KeyReused: 422,
    errors.Outdated: 412,
    errors.Throttled: 429,
    errors.LimitReached: 403,
    errors.TooLarge: 413,
    errors.FormatNotSupported: 415,
    errors.CompressionNotSupported: 415,
    errors.Unavailable: 503,
    errors.StorageFull: 507,
}

TITLES: Final = Words(
    {
        400: "The request makes no sense",
        401: "Not signed in",
        403: "Not allowed",
        404: "Not found",
        405: "Not possible at this address",
        409: "Not possible now",
        412: "Changed meanwhile",
        413: "Too large",
        415: "Not supported",
        422: "Cannot be used",
        429: "Too often",
        500: "Our mistake",
        503: "Back in a moment",
        507: "No room at the moment",
    }
)


class FieldError(BaseModel):
    """What is wrong with one field; `where` is its path, such as body.copies."""

    where: str
    text: str


class Problem(BaseModel):
    """`code` is stable and for programs; `title` and `detail` are for people, in the language that was asked for."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "type": "urn:papertap:problem:not-found",
                "title": "Not found",
                "status": 404,
                "code": "not-found",
                "detail": "There is no job 17 of yours.",
            }
        }
    )

    type: str
    title: str
    status: int
    code: str
    detail: str
    errors: list[FieldError] = Field(default_factory=list)


def status_of(refusal: errors.Refusal) -> int:
    return next(STATUS[kind] for kind in type(refusal).__mro__ if kind in STATUS)


def problem_of(refusal: errors.Refusal) -> Problem:
    """As one of several outcomes."""
    return _problem(status_of(refusal), refusal.kind, said(refusal.message))


def _problem(status: int, code: str, detail: str, fields: list[FieldError] | None = None) -> Problem:
    return Problem(
        type=f"urn:papertap:problem:{code}",
        title=TITLES.get(status, TITLES[400]),
        status=status,
        code=code,
        detail=detail,
        errors=fields or [],
    )


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    fields: list[FieldError] | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    content = _problem(status, code, detail, fields).model_dump(exclude_defaults=True)
    return JSONResponse(content, status, headers=dict(headers or {}), media_type=MEDIA_TYPE)


def refused(refusal: errors.Refusal) -> JSONResponse:
    """The sentence as it is said in the language of the request."""
    headers = {}
    if isinstance(refusal, errors.Throttled | errors.Unavailable):
        headers["Retry-After"] = str(max(1, round(refusal.retry_after)))
    if isinstance(refusal, errors.NotAuthenticated):
        headers["WWW-Authenticate"] = 'Bearer realm="papertap"'
    return problem(status_of(refusal), refusal.kind, said(refusal.message), headers=headers)


def broken() -> JSONResponse:
    text = gettext("Something went wrong on our side. See whether it was done, and try again in a moment.")
    return problem(500, BROKEN, text)
