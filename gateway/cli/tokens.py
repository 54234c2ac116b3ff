"""`papertap token`: what programs send to use the API."""

from typing import Annotated, Any
from uuid import UUID

import typer

from gateway.app import Gateway
from gateway.cli.common import SHELL, AsJson, Config, Data, show, using, when
from gateway.domain.api_token import OWN, ApiToken
from gateway.errors import BadRequest

tokens = typer.Typer(no_args_is_help=True, help="What programs send to use the API.")
DAY = 24 * 3600.0


def _token(maker: str, token: ApiToken) -> dict[str, Any]:
    return {
        "id": str(token.id),
        "name": token.name,
        "maker": maker,
        "scopes": list(token.scopes),
        "networks": [str(network) for network in token.networks],
        "created": when(token.created_at),
        "expires": when(token.expires_at),
        "used": when(token.used_at),
        "used_from": token.used_from,
    }


@tokens.command("add")
def token_add(
    name: Annotated[str, typer.Argument(help="What people recognise it by.")],
    user: Annotated[str, typer.Option(help="Whose it is: it can do no more than this user can.")],
    scope: Annotated[
        list[str] | None,
        typer.Option(help="jobs:own, or a permission such as reports. Several times; default jobs:own."),
    ] = None,
    network: Annotated[list[str] | None, typer.Option(help="From where it may be used. Several times.")] = None,
    days: Annotated[float | None, typer.Option(help="How long it is good; without it until it is revoked.")] = None,
    config: Config = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Make a token. It is shown once, here."""

    async def work(gateway: Gateway) -> dict[str, Any]:
        owner = await gateway.identity.get(user)
        maker = await gateway.identity.actor_of(owner, address="", via="cli")
        seconds = None if days is None else days * DAY
        token, row = await gateway.tokens.add(maker, name, scope or [OWN], seconds=seconds, networks=network or ())
        return _token(owner.name, row) | {"token": token}

    show([using(config, data, work)], as_json, one=True)


@tokens.command("list")
def token_list(
    user: Annotated[str | None, typer.Option(help="This user's alone.")] = None,
    config: Config = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """List tokens, newest first."""

    async def work(gateway: Gateway) -> list[dict[str, Any]]:
        every = await gateway.tokens.of(SHELL)
        return [_token(m, t) for m, t in every if user is None or m.casefold() == user.casefold()]

    show(using(config, data, work), as_json)


@tokens.command("revoke")
def token_revoke(token: str, config: Config = None, data: Data = None) -> None:
    """Make a token void at once; give its id."""
    try:
        wanted = UUID(token)
    except ValueError as error:
        raise BadRequest(
            "Give the id of the token, as `papertap token list` shows it, not the token itself."
        ) from error
    maker, row = using(config, data, lambda gateway: gateway.tokens.revoke(SHELL, wanted))
    print(f"Revoked {row.name} of {maker}.")
