"""Programs elsewhere: the webhooks that are told what happens, and the tokens by which the API is asked."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from starlette.responses import Response

from gateway.domain.api_token import OWN, SCOPES, ApiToken
from gateway.domain.rights import Permission
from gateway.domain.webhook import AUDIT, KINDS, RECEIPT, Delivery, DeliveryState, Webhook
from gateway.errors import BadRequest, NotFound, Refusal
from gateway.i18n import N_, Words, day_and_time, said
from gateway.i18n import gettext as _
from gateway.services.programs import Programs
from webprint.admin.forms import Fields
from webprint.admin.frame import AdminPage, seen_other
from webprint.guard import Handler
from webprint.requests import first
from webprint.site import Site, Visit

WEBHOOKS, TOKENS = "/admin/webhooks", "/admin/tokens"
SHOWN = 30  # deliveries
DAY = 24 * 3600.0
NONE_HERE = N_("This server has no such programs.")

KIND_NAMES = Words(
    {
        "job-created": "A job came",
        "job-state-changed": "A job moved on",
        "job-stopped": "A job was stopped",
        "job-completed": "A job ended",
        "printer-created": "A printer was set up",
        "printer-config-changed": "A printer was changed",
        "printer-state-changed": "A printer stopped or goes on",
        "printer-deleted": "A printer was deleted",
        "device-state-changed": "A device stopped or goes on",
        RECEIPT: "A print was counted and charged",
        AUDIT: "Staff changed something",
    }
)
SCOPE_NAMES = Words(
    {
        OWN: "One’s own jobs",
        "jobs": "Everybody’s jobs",
        "documents": "Documents of others",
        "desk": "The desk",
        "cash": "Taking money",
        "reports": "Reports",
        "printers": "Printers and sites",
        "devices": "Devices",
        "users": "Users, groups and roles",
        "directories": "Directories",
        "audit": "The audit log",
        "settings": "Settings, tokens and webhooks",
    }
)
LASTING = Words({"30": "30 days", "90": "90 days", "365": "A year", "": "Until it is revoked"})


@dataclass(frozen=True, kw_only=True, slots=True)
class HookLine:
    """`tone` is good, warn, bad or plain."""

    id: UUID
    name: str
    url: str
    state: str
    tone: str


@dataclass(frozen=True, kw_only=True, slots=True)
class DeliveryLine:
    id: int
    what: str
    state: str
    tone: str
    at: str
    answer: str
    can_replay: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class TokenLine:
    id: UUID
    name: str
    maker: str
    scopes: str
    facts: tuple[str, ...]


class WebhookPages(AdminPage):
    def __init__(self, site: Site, programs: Programs | None) -> None:
        super().__init__(site)
        self._programs = programs

    async def list(self, visit: Visit) -> Response:
        return await self._list(visit)

    async def add(self, visit: Visit) -> Response:
        fields = Fields(visit.form)
        name = fields.text("name", longest=60, needed=_("Give it a name."))
        url = fields.text("url", longest=1000, needed=_("Say where to send."))
        try:
            if fields.errors:
                return await self._list(visit, fields)
            secret, webhook = await self._kept.webhooks.add(visit.actor, name, url, fields.many("kind"))
        except BadRequest as refusal:
            fields.refuse("url" if fields.many("kind") else "kind", refusal)
            return await self._list(visit, fields)
        return await self._show(visit, webhook, secret=secret)

    async def show(self, visit: Visit) -> Response:
        return await self._show(visit, await self._found(visit))

    async def save(self, visit: Visit) -> Response:
        webhook, fields = await self._found(visit), Fields(visit.form)
        name = fields.text("name", longest=60, needed=_("Give it a name."))
        url = fields.text("url", longest=1000, needed=_("Say where to send."))
        try:
            if not fields.errors:
                kinds = fields.many("kind")
                webhook = await self._kept.webhooks.change(visit.actor, webhook.id, name=name, url=url, kinds=kinds)
                return await self._show(visit, webhook, done=_("Saved."))
        except BadRequest as refusal:
            fields.refuse("url" if fields.many("kind") else "kind", refusal)
        return await self._show(visit, webhook, fields=fields)

    async def ping(self, visit: Visit) -> Response:
        webhook = await self._found(visit)
        await self._kept.webhooks.ping(webhook.id)
        return seen_other(f"{WEBHOOKS}/{webhook.id}")

    async def start(self, visit: Visit) -> Response:
        webhook = await self._found(visit)
        await self._kept.webhooks.change(visit.actor, webhook.id, active=first(visit.form, "on") == "yes")
        return seen_other(f"{WEBHOOKS}/{webhook.id}")

    async def renew(self, visit: Visit) -> Response:
        secret, webhook = await self._kept.webhooks.rotate(visit.actor, (await self._found(visit)).id)
        return await self._show(visit, webhook, secret=secret)

    async def replay(self, visit: Visit) -> Response:
        webhook = await self._found(visit)
        await self._kept.webhooks.replay(webhook.id, int(visit.request.path_params["number"]))
        return seen_other(f"{WEBHOOKS}/{webhook.id}")

    async def remove(self, visit: Visit) -> Response:
        webhook = await self._found(visit)
        if first(visit.form, "sure") != "yes":
            return await self._show(visit, webhook, sure=True)
        await self._kept.webhooks.remove(visit.actor, webhook.id)
        return seen_other(WEBHOOKS)

    # -- within

    @property
    def _kept(self) -> Programs:
        if self._programs is None:
            raise NotFound(NONE_HERE)
        return self._programs

    async def _found(self, visit: Visit) -> Webhook:
        return await self._kept.webhooks.get(_id(visit))

    async def _list(self, visit: Visit, fields: Fields | None = None) -> Response:
        webhooks = await self._kept.webhooks.all()
        typed = {name: first(visit.form, name)[:1000] for name in ("name", "url")}
        return self.page(
            visit,
            "webhooks.html",
            status=200 if fields is None else 400,
            lines=[_line(webhook) for webhook in webhooks],
            typed=typed,
            kinds=KIND_NAMES,
            ticked=fields.many("kind") if fields else KINDS,
            errors={} if fields is None else fields.errors,
        )

    async def _show(
        self,
        visit: Visit,
        webhook: Webhook,
        *,
        secret: str = "",
        done: str = "",
        sure: bool = False,
        fields: Fields | None = None,
    ) -> Response:
        rows = await self._kept.webhooks.deliveries(webhook.id, limit=SHOWN)
        zone = self._site.settings.site.time_zone
        typed = {"name": webhook.name, "url": webhook.url}
        if fields is not None:
            typed = {name: first(visit.form, name)[:1000] for name in typed}
        return self.page(
            visit,
            "webhook.html",
            status=200 if fields is None else 400,
            done=done,
            line=_line(webhook),
            webhook=webhook,
            secret=secret,
            sure=sure,
            typed=typed,
            kinds=KIND_NAMES,
            ticked=webhook.kinds if fields is None else fields.many("kind"),
            errors={} if fields is None else fields.errors,
            deliveries=[_delivery(row, zone) for row in rows],
        )


class TokenPages(AdminPage):
    def __init__(self, site: Site, programs: Programs | None) -> None:
        super().__init__(site)
        self._programs = programs

    async def list(self, visit: Visit) -> Response:
        return await self._list(visit)

    async def add(self, visit: Visit) -> Response:
        """Made for who is signed in, who can give no more than they have."""
        fields = Fields(visit.form)
        name = fields.text("name", longest=60, needed=_("Give it a name."))
        networks, days = fields.text("networks").replace(",", " ").split(), first(visit.form, "days")
        try:
            if fields.errors:
                return await self._list(visit, fields=fields)
            seconds = float(days) * DAY if days in LASTING and days else None
            made = await self._kept.tokens.add(
                visit.actor, name, fields.many("scope"), seconds=seconds, networks=networks
            )
        except Refusal as refusal:
            fields.refuse("scope" if not networks else "networks", refusal)
            return await self._list(visit, fields=fields)
        return await self._list(visit, made=made)

    async def revoke(self, visit: Visit) -> Response:
        await self._kept.tokens.revoke(visit.actor, _id(visit))
        return seen_other(TOKENS)

    # -- within

    @property
    def _kept(self) -> Programs:
        if self._programs is None:
            raise NotFound(NONE_HERE)
        return self._programs

    async def _list(
        self, visit: Visit, *, fields: Fields | None = None, made: tuple[str, ApiToken] | None = None
    ) -> Response:
        rows, zone = await self._kept.tokens.of(visit.actor), self._site.settings.site.time_zone
        mine = [s for s in SCOPES if s == OWN or any(s == p.value and visit.actor.may_somewhere(p) for p in Permission)]
        return self.page(
            visit,
            "tokens.html",
            status=200 if fields is None else 400,
            lines=[_token(maker, row, zone) for maker, row in rows],
            made=made,
            typed={name: first(visit.form, name)[:300] if fields else "" for name in ("name", "networks")},
            chosen=first(visit.form, "days") if fields else "90",
            scopes=[(scope, SCOPE_NAMES[scope]) for scope in mine],
            ticked=fields.many("scope") if fields else (OWN,),
            lasting=LASTING,
            errors={} if fields is None else fields.errors,
        )


def program_rows(site: Site, programs: Programs | None) -> list[tuple[str, str, Handler]]:
    hooks, tokens, one = WebhookPages(site, programs), TokenPages(site, programs), f"{WEBHOOKS}/{{id}}"
    return [
        ("GET", WEBHOOKS, hooks.list),
        ("POST", WEBHOOKS, hooks.add),
        ("GET", one, hooks.show),
        ("POST", one, hooks.save),
        ("POST", f"{one}/ping", hooks.ping),
        ("POST", f"{one}/state", hooks.start),
        ("POST", f"{one}/secret", hooks.renew),
        ("POST", f"{one}/deliveries/{{number:int}}", hooks.replay),
        ("POST", f"{one}/delete", hooks.remove),
        ("GET", TOKENS, tokens.list),
        ("POST", TOKENS, tokens.add),
        ("POST", f"{TOKENS}/{{id}}/revoke", tokens.revoke),
    ]


def _id(visit: Visit) -> UUID:
    try:
        return UUID(visit.request.path_params["id"])
    except ValueError as error:
        raise NotFound(N_("There is nothing at this address.")) from error


def _line(webhook: Webhook) -> HookLine:
    state, tone = _("Told"), "good"
    if not webhook.active:
        state, tone = _("Stopped"), "bad" if webhook.stopped else "plain"
    elif webhook.failing_since is not None:
        state, tone = _("Fails"), "warn"
    elif webhook.told_at is None:
        state, tone = _("Not told yet"), "plain"
    return HookLine(id=webhook.id, name=webhook.name, url=webhook.url, state=state, tone=tone)


_STATES: dict[DeliveryState, tuple[Callable[[], str], str]] = {
    DeliveryState.WAITING: (lambda: _("Waits"), "warn"),
    DeliveryState.DELIVERED: (lambda: _("Came through"), "good"),
    DeliveryState.GIVEN_UP: (lambda: _("Given up"), "bad"),
}


def _delivery(row: Delivery, zone: str) -> DeliveryLine:
    state, tone = _STATES[row.state]
    return DeliveryLine(
        id=row.id,
        what=KIND_NAMES.get(row.kind) or _("A try"),
        state=state(),
        tone=tone,
        at=day_and_time(row.created_at, zone),
        answer=said(row.answer),
        can_replay=row.state is not DeliveryState.WAITING,
    )


def _token(maker: str, row: ApiToken, zone: str) -> TokenLine:
    facts = [_("of %(name)s", name=maker)]
    if row.networks:
        facts.append(_("from %(networks)s", networks=", ".join(map(str, row.networks))))
    if row.expires_at is not None:
        facts.append(_("until %(time)s", time=day_and_time(row.expires_at, zone)))
    if row.used_at is None:
        facts.append(_("not used yet"))
    else:
        facts.append(_("used %(time)s from %(address)s", time=day_and_time(row.used_at, zone), address=row.used_from))
    scopes = ", ".join(SCOPE_NAMES.get(scope) or scope for scope in row.scopes)
    return TokenLine(id=row.id, name=row.name, maker=maker, scopes=scopes, facts=tuple(facts))
