"""Webhooks as people keep them (row 150): add, change, stop, give a new secret, try, and send again."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from gateway.domain.user import Actor
from gateway.domain.webhook import (
    KINDS,
    PING,
    ROTATION_SECONDS,
    Delivery,
    DeliveryState,
    Webhook,
    body_of,
    shown_secret,
)
from gateway.errors import BadRequest, LimitReached, NotFound
from gateway.services.audit import Audit
from gateway.services.ports import Clock, Keyring
from gateway.services.ports.webhooks import NotReached, WebhookCarrier, WebhookStore
from gateway.services.proofs import check_label
from gateway.services.webhook_news import written

MOST = 50
LONGEST_URL = 1000


class Webhooks:
    """Their secrets are data keys of the keyring, kept wrapped: shown once, when they are made."""

    def __init__(
        self, *, store: WebhookStore, carrier: WebhookCarrier, keyring: Keyring, audit: Audit, clock: Clock
    ) -> None:
        self._store = store
        self._carrier = carrier
        self._keyring = keyring
        self._audit = audit
        self._clock = clock

    async def all(self) -> list[Webhook]:
        return await self._store.webhooks()

    async def get(self, webhook: UUID) -> Webhook:
        found = await self._store.webhook(webhook)
        if found is None:
            raise NotFound("There is no such webhook.")
        return found

    async def add(self, actor: Actor, name: str, url: str, kinds: Iterable[str]) -> tuple[str, Webhook]:
        """(the secret, which nobody can show again; its row). BadRequest for an address that may not be asked."""
        if len(await self.all()) >= MOST:
            raise LimitReached(f"There are {MOST} webhooks already. Remove one that is no longer used.")
        address = await self._checked(url)
        key, wrapped = self._keyring.new_key()
        webhook = Webhook(
            id=uuid4(),
            name=check_label(name),
            url=address,
            kinds=_kinds(kinds),
            secret=wrapped,
            made_by=actor.user or "",
            created_at=self._clock.now(),
        )
        saved = await self._store.save_webhook(webhook)
        await self._note(actor, "added", saved, url=saved.url, kinds=" ".join(saved.kinds))
        return shown_secret(key), saved

    async def change(
        self,
        actor: Actor,
        webhook: UUID,
        *,
        name: str | None = None,
        url: str | None = None,
        kinds: Iterable[str] | None = None,
        active: bool | None = None,
        version: int | None = None,
    ) -> Webhook:
        """What is None stays. One that is started anew begins with a clean slate; Conflict for an older `version`."""
        row = await self.get(webhook)
        changed = replace(
            row,
            name=row.name if name is None else check_label(name),
            url=row.url if url is None else await self._checked(url),
            kinds=row.kinds if kinds is None else _kinds(kinds),
            active=row.active if active is None else active,
            version=row.version if version is None else version,
        )
        if active:
            changed = replace(changed, stopped="", failing_since=None)
        saved = await self._store.save_webhook(changed)
        await self._note(actor, "changed", saved, url=saved.url, kinds=" ".join(saved.kinds), active=str(saved.active))
        return saved

    async def remove(self, actor: Actor, webhook: UUID) -> Webhook:
        row = await self.get(webhook)
        await self._store.delete_webhook(webhook)
        await self._note(actor, "removed", row)
        return row

    async def rotate(self, actor: Actor, webhook: UUID) -> tuple[str, Webhook]:
        """(the new secret, its row): for a day both sign, so that the receiver can change over at leisure."""
        row, (key, wrapped) = await self.get(webhook), self._keyring.new_key()
        until = self._clock.now() + ROTATION_SECONDS
        changed = replace(row, secret=wrapped, old_secret=row.secret, old_until=until)
        saved = await self._store.save_webhook(changed)
        await self._note(actor, "secret-renewed", saved)
        return shown_secret(key), saved

    async def ping(self, webhook: UUID) -> Delivery:
        """A small event for it alone, in the queue like any other."""
        row, event, now = await self.get(webhook), uuid4(), self._clock.now()
        body = body_of(event, PING, written(now), {"webhook": str(row.id), "name": row.name})
        return await self._store.put(
            Delivery(webhook=row.id, event=event, kind=PING, body=body, created_at=now, due_at=now)
        )

    async def deliveries(self, webhook: UUID, *, before_id: int | None = None, limit: int = 50) -> list[Delivery]:
        await self.get(webhook)
        return await self._store.deliveries(webhook, before_id=before_id, limit=limit)

    async def replay(self, webhook: UUID, delivery: int) -> Delivery:
        """The same event once more, under the same id: whoever has it already can tell."""
        found, now = await self._store.delivery(delivery), self._clock.now()
        if found is None or found.webhook != webhook:
            raise NotFound("There is no such delivery, or it is too long ago.")
        again = replace(
            found, id=0, state=DeliveryState.WAITING, created_at=now, due_at=now, tries=0, status=None, answer=""
        )
        return await self._store.put(replace(again, ended_at=None, claimed_by=None, claimed_until=None))

    async def _note(self, actor: Actor, what: str, webhook: Webhook, **values: str) -> None:
        told: dict[str, Any] = {"id": str(webhook.id), **values}
        await self._audit.note(actor, f"webhook.{what}", f"webhook {webhook.name}", **told)

    async def _checked(self, url: str) -> str:
        address = url.strip()
        parts = urlsplit(address)
        try:
            port_ok = parts.port is None or 0 < parts.port < 65536
        except ValueError:
            port_ok = False
        plain = address.isascii() and address.isprintable() and " " not in address
        if parts.scheme not in {"https", "http"} or not parts.hostname or not port_ok or not plain:
            raise BadRequest("This is no address of a webhook. Write for example https://hooks.example.org/papertap.")
        if parts.username is not None or len(address) > LONGEST_URL:
            raise BadRequest("The address of a webhook holds no password and at most 1000 characters.")
        try:
            await self._carrier.check(address)
        except NotReached as error:
            raise BadRequest(error.message) from error
        return address


def _kinds(kinds: Iterable[str]) -> tuple[str, ...]:
    wanted = tuple(dict.fromkeys(kinds))
    if not wanted or set(wanted) - set(KINDS):
        raise BadRequest(f"Say what the webhook shall hear of: some of {', '.join(KINDS)}.")
    return wanted
