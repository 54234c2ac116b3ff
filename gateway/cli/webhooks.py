"""`papertap webhook`: which programs elsewhere hear of what happens here."""

from typing import Annotated, Any
from uuid import UUID

import typer

from gateway.app import Gateway
from gateway.cli.common import SHELL, AsJson, Config, Data, show, using, when
from gateway.domain.webhook import KINDS, Delivery, Webhook
from gateway.errors import NotFound

webhooks = typer.Typer(no_args_is_help=True, help="Which programs elsewhere hear of what happens here.")
Kind = Annotated[list[str] | None, typer.Option(help=f"Several times; without it all: {', '.join(KINDS)}.")]


def _webhook(webhook: Webhook) -> dict[str, Any]:
    return {
        "id": str(webhook.id),
        "name": webhook.name,
        "url": webhook.url,
        "kinds": list(webhook.kinds),
        "active": webhook.active,
        "stopped": webhook.stopped,
        "told": when(webhook.told_at),
        "failing_since": when(webhook.failing_since),
    }


def _delivery(row: Delivery) -> dict[str, Any]:
    return {
        "id": row.id,
        "event": str(row.event),
        "kind": row.kind,
        "state": row.state.value,
        "tries": row.tries,
        "status": row.status,
        "answer": row.answer,
        "created": when(row.created_at),
        "due": when(row.due_at),
    }


async def _found(gateway: Gateway, webhook: str) -> UUID:
    """By its id or its name."""
    fitting = [one.id for one in await gateway.webhooks.kept.all() if webhook in {str(one.id), one.name}]
    if len(fitting) != 1:
        raise NotFound(f'There is no webhook "{webhook[:80]}", or several: give its id.')
    return fitting[0]


@webhooks.command("add")
def webhook_add(
    name: str,
    url: str,
    kind: Kind = None,
    config: Config = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Tell an address of what happens. Its secret is shown once, here."""

    async def work(gateway: Gateway) -> dict[str, Any]:
        secret, webhook = await gateway.webhooks.kept.add(SHELL, name, url, kind or KINDS)
        return _webhook(webhook) | {"secret": secret}

    show([using(config, data, work)], as_json, one=True)


@webhooks.command("list")
def webhook_list(config: Config = None, data: Data = None, as_json: AsJson = False) -> None:
    """List webhooks."""

    async def work(gateway: Gateway) -> list[dict[str, Any]]:
        return [_webhook(webhook) for webhook in await gateway.webhooks.kept.all()]

    show(using(config, data, work), as_json)


@webhooks.command("set")
def webhook_set(
    webhook: Annotated[str, typer.Argument(help="Its id or its name.")],
    name: Annotated[str | None, typer.Option()] = None,
    url: Annotated[str | None, typer.Option()] = None,
    kind: Annotated[list[str] | None, typer.Option(help="Replaces all. Several times.")] = None,
    active: Annotated[bool | None, typer.Option("--active/--stopped")] = None,
    config: Config = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Change a webhook; what is not named stays."""

    async def work(gateway: Gateway) -> Webhook:
        found = await _found(gateway, webhook)
        return await gateway.webhooks.kept.change(SHELL, found, name=name, url=url, kinds=kind, active=active)

    show([_webhook(using(config, data, work))], as_json, one=True)


@webhooks.command("remove")
def webhook_remove(webhook: str, config: Config = None, data: Data = None) -> None:
    """Tell it nothing more."""

    async def work(gateway: Gateway) -> Webhook:
        return await gateway.webhooks.kept.remove(SHELL, await _found(gateway, webhook))

    print(f"Removed {using(config, data, work).name}.")


@webhooks.command("rotate")
def webhook_rotate(webhook: str, config: Config = None, data: Data = None, as_json: AsJson = False) -> None:
    """Give it a new secret; for a day the old one signs as well."""

    async def work(gateway: Gateway) -> dict[str, Any]:
        secret, changed = await gateway.webhooks.kept.rotate(SHELL, await _found(gateway, webhook))
        return _webhook(changed) | {"secret": secret}

    show([using(config, data, work)], as_json, one=True)


@webhooks.command("ping")
def webhook_ping(webhook: str, config: Config = None, data: Data = None, as_json: AsJson = False) -> None:
    """Queue a small event for it; the server sends it."""

    async def work(gateway: Gateway) -> Delivery:
        return await gateway.webhooks.kept.ping(await _found(gateway, webhook))

    show([_delivery(using(config, data, work))], as_json, one=True)


@webhooks.command("deliveries")
def webhook_deliveries(
    webhook: str,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 50,
    config: Config = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """What it was told, and what waits, newest first."""

    async def work(gateway: Gateway) -> list[Delivery]:
        return await gateway.webhooks.kept.deliveries(await _found(gateway, webhook), limit=limit)

    show([_delivery(row) for row in using(config, data, work)], as_json)


@webhooks.command("replay")
def webhook_replay(
    webhook: str, delivery: int, config: Config = None, data: Data = None, as_json: AsJson = False
) -> None:
    """Send one event once more, under the same id."""

    async def work(gateway: Gateway) -> Delivery:
        return await gateway.webhooks.kept.replay(await _found(gateway, webhook), delivery)

    show([_delivery(using(config, data, work))], as_json, one=True)
