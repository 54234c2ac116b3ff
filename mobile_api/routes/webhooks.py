"""Webhooks: who hears of what, whether it came through, and sending it again."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Path, Response
from pydantic import BaseModel, Field

from gateway.domain.rights import Permission
from gateway.domain.webhook import KINDS, Delivery, DeliveryState, Webhook
from gateway.i18n import said
from mobile_api.models import Body, Text, moment
from mobile_api.paging import Cursor, Limit, Page, page_of, read_number
from mobile_api.policy import needs
from mobile_api.router import Asking, Given, Topic
from mobile_api.versions import IfMatch, as_seen, located, tag, wanted_version

router = Topic("webhooks")

Id = Annotated[UUID, Path()]
Number = Annotated[int, Path(ge=1, le=2**63 - 1)]
Kinds = Annotated[list[Annotated[str, Field(json_schema_extra={"enum": list(KINDS)})]], Field(min_length=1)]
Url = Annotated[Text, Field(max_length=1000, examples=["https://hooks.example.org/papertap"])]
Label = Annotated[Text, Field(min_length=1, max_length=60)]


class WebhookOut(BaseModel):
    """`stopped` says why it is told nothing more; `failing_since` is the first failure after the last success."""

    id: UUID
    name: str
    url: str
    kinds: list[str]
    active: bool
    stopped: str
    made_by: str
    created: datetime | None
    told: datetime | None
    failing_since: datetime | None
    version: int


class WithSecret(WebhookOut):
    """`secret` is shown this once: the key of the signature, in Base64 behind its prefix."""

    secret: str


class NewWebhook(Body):
    name: Label
    url: Url
    kinds: Kinds


class WebhookChange(Body):
    name: Label | None = None
    url: Url | None = None
    kinds: Kinds | None = None
    active: bool | None = None


class DeliveryOut(BaseModel):
    """`event` is the same at each try, and for a repetition."""

    id: int
    event: UUID
    kind: str
    state: DeliveryState
    tries: int
    status: int | None
    answer: str
    created: datetime | None
    due: datetime | None
    ended: datetime | None
    body: str


@router.get("/webhooks")
@needs(Permission.SETTINGS)
async def list_webhooks(services: Given) -> list[WebhookOut]:
    """All webhooks, in the order of their names."""
    return [_shown(webhook) for webhook in await services.webhooks.all()]


@router.post("/webhooks", status_code=201)
@needs(Permission.SETTINGS, secret=True)
async def add_webhook(body: NewWebhook, services: Given, caller: Asking, response: Response) -> WithSecret:
    """Tell an address of what happens. Its secret is in the answer, and nowhere else."""
    secret, webhook = await services.webhooks.add(caller.actor, body.name, body.url, body.kinds)
    located(response, "webhooks", webhook.id)
    tag(response, webhook.version)
    return WithSecret(**_shown(webhook).model_dump(), secret=secret)


@router.get("/webhooks/{id}")
@needs(Permission.SETTINGS)
async def show_webhook(id: Id, services: Given, response: Response) -> WebhookOut:  # noqa: A002 - the path's word
    """One webhook; its ETag is for changing it."""
    webhook = await services.webhooks.get(id)
    tag(response, webhook.version)
    return _shown(webhook)


@router.patch("/webhooks/{id}")
@needs(Permission.SETTINGS)
async def change_webhook(  # noqa: PLR0917 - FastAPI reads them from the signature
    id: Id,  # noqa: A002 - the path's word
    body: WebhookChange,
    services: Given,
    caller: Asking,
    response: Response,
    if_match: IfMatch = None,
) -> WebhookOut:
    """Change what is named; `active` true starts one again that was stopped."""
    seen = wanted_version(if_match)
    with as_seen(seen):
        changed = await services.webhooks.change(
            caller.actor, id, name=body.name, url=body.url, kinds=body.kinds, active=body.active, version=seen
        )
    tag(response, changed.version)
    return _shown(changed)


@router.delete("/webhooks/{id}", status_code=204)
@needs(Permission.SETTINGS)
async def remove_webhook(id: Id, services: Given, caller: Asking) -> None:  # noqa: A002 - the path's word
    """It is told nothing more; what it was told is forgotten."""
    await services.webhooks.remove(caller.actor, id)


@router.post("/webhooks/{id}/secret")
@needs(Permission.SETTINGS, secret=True)
async def rotate_secret(id: Id, services: Given, caller: Asking) -> WithSecret:  # noqa: A002 - the path's word
    """A new secret. For a day the old one signs as well."""
    secret, webhook = await services.webhooks.rotate(caller.actor, id)
    return WithSecret(**_shown(webhook).model_dump(), secret=secret)


@router.post("/webhooks/{id}/ping", status_code=202)
@needs(Permission.SETTINGS)
async def ping_webhook(id: Id, services: Given) -> DeliveryOut:  # noqa: A002 - the path's word
    """Queue a small event for it alone; see its deliveries for what became of it."""
    return _delivery(await services.webhooks.ping(id))


@router.get("/webhooks/{id}/deliveries")
@needs(Permission.SETTINGS)
async def list_deliveries(
    id: Id,  # noqa: A002 - the path's word
    services: Given,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[DeliveryOut]:
    """What it was told, and what waits, newest first; kept for a week."""
    rows = await services.webhooks.deliveries(id, before_id=read_number(cursor), limit=limit + 1)
    return page_of(rows, limit, _delivery, lambda row: str(row.id))


@router.post("/webhooks/{id}/deliveries/{number}/replay", status_code=202)
@needs(Permission.SETTINGS)
async def replay_delivery(id: Id, number: Number, services: Given) -> DeliveryOut:  # noqa: A002 - the path's word
    """Send the same event once more, under the same id."""
    return _delivery(await services.webhooks.replay(id, number))


def _shown(webhook: Webhook) -> WebhookOut:
    return WebhookOut(
        id=webhook.id,
        name=webhook.name,
        url=webhook.url,
        kinds=list(webhook.kinds),
        active=webhook.active,
        stopped=said(webhook.stopped),
        made_by=webhook.made_by,
        created=moment(webhook.created_at),
        told=moment(webhook.told_at),
        failing_since=moment(webhook.failing_since),
        version=webhook.version,
    )


def _delivery(row: Delivery) -> DeliveryOut:
    return DeliveryOut(
        id=row.id,
        event=row.event,
        kind=row.kind,
        state=row.state,
        tries=row.tries,
        status=row.status,
        answer=said(row.answer),
        created=moment(row.created_at),
        due=moment(row.due_at),
        ended=moment(row.ended_at),
        body=row.body,
    )
