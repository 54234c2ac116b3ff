"""Wires webhooks: what people keep, what there is to tell, and who carries it."""

from dataclasses import dataclass

from gateway.adapters.clock import SystemClock
from gateway.adapters.db import Database
from gateway.adapters.keyring import FileKeyring
from gateway.adapters.webhooks import HttpCarrier
from gateway.app.personal import site_url
from gateway.domain.letter import Letter
from gateway.domain.site import parse_network
from gateway.domain.webhook import Webhook
from gateway.i18n import said, speaking
from gateway.services.house import House
from gateway.services.personal import Personal
from gateway.services.ports import EventBus
from gateway.services.post_office import PostOffice
from gateway.services.printers import Printers
from gateway.services.webhook_news import WebhookNews
from gateway.services.webhook_post import WebhookPost
from gateway.services.webhooks import Webhooks
from gateway.settings import Settings


@dataclass(frozen=True, kw_only=True, slots=True)
class WebhookServices:
    """`news` and `post` run where jobs are delivered; `kept` is for people."""

    kept: Webhooks
    news: WebhookNews
    post: WebhookPost


def webhook_services(
    *,
    settings: Settings,
    database: Database,
    keyring: FileKeyring,
    printers: Printers,
    personal: Personal,
    house: House,
    mailer: PostOffice,
    events: EventBus,
    clock: SystemClock,
    name: str,
) -> WebhookServices:
    carrier = HttpCarrier(allowed=tuple(parse_network(text) for text in settings.webhooks.networks))
    store = database.webhooks

    async def stopped(webhook: Webhook) -> None:
        """Whoever made it is told by mail, if there is an address; the page shows it in any case."""
        user = await database.users.user(webhook.made_by)
        if user is None or user.disabled or user.email is None or not mailer.enabled:
            return
        language = (await personal.preferences.of(user)).language or settings.site.language
        with speaking(language):
            reason = said(webhook.stopped)
        values = {"name": webhook.name, "reason": reason, "url": f"{site_url(settings)}/admin/webhooks"}
        key = f"webhook-stopped:{webhook.id}:{webhook.failing_since}"
        await mailer.send(Letter(kind="webhook-stopped", to=user.email, language=language, values=values, key=key))

    return WebhookServices(
        kept=Webhooks(store=store, carrier=carrier, keyring=keyring, audit=house.audit, clock=clock),
        news=WebhookNews(
            store=store,
            jobs=database.jobs,
            printers=printers,
            receipts_of=database.why.receipts_of,
            audit=database.audit,
            events=events,
            clock=clock,
        ),
        post=WebhookPost(store=store, carrier=carrier, keyring=keyring, clock=clock, name=name, stopped=stopped),
    )
