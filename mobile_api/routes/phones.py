"""What one's own phone keeps here: where it is told things, and the address that prints as its holder."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Path, Request, Response
from pydantic import BaseModel, Field

from gateway.domain.phone import PersonalQueue, PushSubscription
from gateway.domain.user import User
from gateway.errors import NotFound, NotPossible
from gateway.i18n import language
from gateway.services.push import Push
from mobile_api.models import Body, Text, moment
from mobile_api.policy import own
from mobile_api.router import Asking, Given, Topic
from mobile_api.routes.queues import host_of
from mobile_api.security import Caller
from mobile_api.services import Services
from mobile_api.versions import located

router = Topic("phones")

Id = Annotated[UUID, Path()]


class SubscriptionOut(BaseModel):
    id: UUID
    name: str
    created: datetime | None


class PushOut(BaseModel):
    """`key` is the applicationServerKey for the browser's own push service (RFC 8292), base64url."""

    key: str
    subscriptions: list[SubscriptionOut]


class PushKeys(Body):
    """As PushSubscription.toJSON() gives them."""

    p256dh: Annotated[Text, Field(max_length=200)]
    auth: Annotated[Text, Field(max_length=100)]


class NewSubscription(Body):
    endpoint: Annotated[Text, Field(max_length=1000)]
    keys: PushKeys
    name: Annotated[Text, Field(max_length=100)] = ""


class OwnQueueOut(BaseModel):
    """`printer` is the Printer behind it, "" the default one; `used` within a minute."""

    id: UUID
    name: str
    printer: str
    created: datetime | None
    used: datetime | None


class MadeQueue(OwnQueueOut):
    """`uri` prints as its maker without a password, and is told this once."""

    token: str
    uri: str


class NewQueue(Body):
    name: Annotated[Text, Field(min_length=1, max_length=60)]
    printer: Annotated[Text, Field(max_length=63)] = ""


@router.get("/me/push")
@own()
async def list_push(services: Given, caller: Asking) -> PushOut:
    """Browsers that are told things, and the key that a new one needs."""
    push = _push(services)
    rows = await push.of(await _user(services, caller))
    return PushOut(key=push.key, subscriptions=[_subscription(row) for row in rows])


@router.post("/me/push", status_code=201)
@own()
async def add_push(body: NewSubscription, services: Given, caller: Asking, response: Response) -> SubscriptionOut:
    """Tell this browser, too; of more than ten the oldest goes."""
    row = await _push(services).subscribe(
        await _user(services, caller),
        endpoint=body.endpoint,
        p256dh=body.keys.p256dh,
        auth=body.keys.auth,
        name=body.name,
        language=language(),
    )
    located(response, "me/push", row.id)
    return _subscription(row)


@router.delete("/me/push/{id}", status_code=204)
@own()
async def remove_push(id: Id, services: Given, caller: Asking) -> None:  # noqa: A002 - the path's word
    """It is told nothing more."""
    await _push(services).unsubscribe(await _user(services, caller), id)


@router.get("/me/queues")
@own()
async def list_own_queues(services: Given, caller: Asking) -> list[OwnQueueOut]:
    """Printers of one's own."""
    return [_queue(row) for row in await services.phone.queues.of(await _user(services, caller))]


@router.post("/me/queues", status_code=201)
@own(recent=True, secret=True)
async def add_own_queue(
    request: Request, body: NewQueue, services: Given, caller: Asking, response: Response
) -> MadeQueue:
    """Make an address that prints as the caller; it is in the answer, and nowhere else."""
    shown = {one.name for one in services.sites.printers_at(caller.actor.address, caller.actor)}
    if body.printer and body.printer not in shown:
        raise NotFound("There is no such printer here. Choose another one.")
    token, row = await services.phone.queues.add(await _user(services, caller), body.name, body.printer)
    located(response, "me/queues", row.id)
    return _made(services, request, token, row)


@router.post("/me/queues/{id}/renew")
@own(recent=True, secret=True)
async def renew_own_queue(
    id: Id,  # noqa: A002 - the path's word
    request: Request,
    services: Given,
    caller: Asking,
) -> MadeQueue:
    """Another address for the same queue; the old one is void at once."""
    token, row = await services.phone.queues.renew(await _user(services, caller), id)
    return _made(services, request, token, row)


@router.delete("/me/queues/{id}", status_code=204)
@own()
async def remove_own_queue(id: Id, services: Given, caller: Asking) -> None:  # noqa: A002 - the path's word
    """Nothing is printed by its address any more."""
    await services.phone.queues.remove(await _user(services, caller), id)


def _push(services: Services) -> Push:
    if services.phone.push is None:
        raise NotPossible("Notices on phones are switched off here.")
    return services.phone.push


async def _user(services: Services, caller: Caller) -> User:
    return await services.identity.get(caller.actor.user or "")


def _subscription(row: PushSubscription) -> SubscriptionOut:
    return SubscriptionOut(id=row.id, name=row.name, created=moment(row.created_at))


def _queue(row: PersonalQueue) -> OwnQueueOut:
    return OwnQueueOut(
        id=row.id, name=row.name, printer=row.printer, created=moment(row.created_at), used=moment(row.used_at)
    )


def _made(services: Services, request: Request, token: str, row: PersonalQueue) -> MadeQueue:
    uri = services.queues.personal(token, host_of(request)).uri
    return MadeQueue(**_queue(row).model_dump(), token=token, uri=uri)
