"""Users by a CSV file: what it would change, and then the change."""

from typing import Annotated, Any

from fastapi import Query, Request

from gateway.domain.rights import Permission
from gateway.errors import Refusal
from gateway.services.csv_import import Choice, Mode
from mobile_api.policy import needs
from mobile_api.router import Asking, Given, Topic
from mobile_api.routes.directories import PreviewOut, report_out
from mobile_api.submission import body_of

router = Topic("users")

_CSV: dict[str, Any] = {
    "required": True,
    "description": "UTF-8, headings in the first line, between commas, semicolons or tabs.",
    "content": {"text/csv": {"schema": {"type": "string"}}},
}


@router.post("/users/import", openapi_extra={"requestBody": _CSV})
@needs(Permission.USERS, streams=True)
async def import_users(  # noqa: PLR0917 - one parameter an option
    request: Request,
    services: Given,
    caller: Asking,
    dry: Annotated[bool, Query(description="Say what would change, and change nothing.")] = True,
    mode: Annotated[Mode, Query(description="users: they are of this file; known: complete users of directories.")] = (
        Mode.USERS
    ),
    whole: Annotated[bool, Query(description="Who came by such a file and is not in it any more is disabled.")] = False,
    adopt: Annotated[bool, Query(description="Take over accounts of the same name that were made by hand.")] = False,
    force: Annotated[bool, Query(description="Disable users however many they are.")] = False,
) -> PreviewOut:
    """The columns are known by their headings. With `held_back` above 0 nothing was written: `force` does it.

    The same file again changes nothing more, with an Idempotency-Key or without.
    """
    by, imports = caller.actor.user or "", services.imports
    word = await imports.take(body_of(request), by=by)  # whole, before anything follows from it
    try:
        report = await imports.run(word, Choice(mode=mode, whole=whole, adopt=adopt, force=force), by=by, dry=dry)
    except Refusal:
        await imports.forget(word, by=by)
        raise
    if dry or report.held_back:
        await imports.forget(word, by=by)
    else:
        await services.house.audit.note(caller.actor, "users.imported", "users", report.summary)
    return report_out(report)
