"""The audit log: what staff did, and whether it still stands as it was written."""

from datetime import datetime
from typing import Annotated

from fastapi import Query
from pydantic import BaseModel

from gateway.domain.audit import AuditEntry, AuditQuery
from gateway.domain.rights import Permission
from gateway.i18n import said
from mobile_api.models import moment
from mobile_api.paging import Cursor, Limit, Page, page_of, read_number
from mobile_api.policy import needs
from mobile_api.router import Asking, Given, Topic

router = Topic("audit")

Part = Annotated[str, Query(max_length=100)]


class EntryOut(BaseModel):
    id: int
    at: datetime | None
    actor: str
    via: str
    address: str
    action: str
    subject: str
    text: str
    values: dict[str, str]
    digest: str


class VerdictOut(BaseModel):
    """`broken` is the first row that is not what was written; null when all are."""

    whole: bool
    rows: int
    broken: int | None
    text: str


@router.get("/audit")
@needs(Permission.AUDIT)
async def list_audit(  # noqa: PLR0917 - FastAPI reads them from the signature
    services: Given,
    caller: Asking,
    q: Part = "",
    action: Part = "",
    actor: Part = "",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[EntryOut]:
    """Newest first; `q` looks at who, what and to whom."""
    query = AuditQuery(contains=q, action=action, actor=actor, before_id=read_number(cursor), limit=limit + 1)
    rows = await services.house.audit.find(query, caller.actor)
    return page_of(rows, limit, _shown, lambda entry: str(entry.id))


@router.get("/audit/verification")
@needs(Permission.AUDIT)
async def verify_audit(services: Given, caller: Asking) -> VerdictOut:
    """Reads the whole log."""
    verdict = await services.house.audit.verify(caller.actor)
    return VerdictOut(whole=verdict.whole, rows=verdict.rows, broken=verdict.broken, text=said(verdict.text))


def _shown(entry: AuditEntry) -> EntryOut:
    return EntryOut(
        id=entry.id,
        at=moment(entry.at),
        actor=entry.actor,
        via=entry.via,
        address=entry.address,
        action=entry.action,
        subject=entry.subject,
        text=said(entry.text),
        values=dict(entry.values),
        digest=entry.digest,
    )
