"""What was sent and does not fit the description, as a problem; what was typed is not repeated, it may be a secret."""

from collections.abc import Mapping
from typing import Any

from fastapi.exceptions import RequestValidationError
from starlette.responses import JSONResponse

from gateway import errors
from gateway.i18n import gettext
from mobile_api.problems import FieldError, problem

MOST_ERRORS = 20


def invalid(error: RequestValidationError) -> JSONResponse:
    found = [_field(each) for each in error.errors()[:MOST_ERRORS]]
    if any(each["type"] == "json_invalid" for each in error.errors()):
        return problem(400, errors.BadRequest.kind, gettext("The body is no JSON."), fields=found)
    names = ", ".join(dict.fromkeys(each.where for each in found))
    detail = gettext("This cannot be used as it was sent: %(names)s.", names=names[:300])
    return problem(422, "invalid", detail, fields=found)


def _field(error: Mapping[str, Any]) -> FieldError:
    where = ".".join(str(part) for part in error.get("loc", ()))
    return FieldError(where=where[:200], text=str(error.get("msg", ""))[:300])
