"""Tokens for programs: made in a session that was confirmed just now, shown once, revoked at any time."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Path, Response
from pydantic import BaseModel, Field

from gateway.domain.api_token import ApiToken
from gateway.domain.rights import Permission
from mobile_api.models import Body, Text, moment
from mobile_api.policy import own
from mobile_api.router import Asking, Given, Topic
from mobile_api.versions import located

router = Topic("tokens")

Id = Annotated[UUID, Path()]


class TokenOut(BaseModel):
    """`used` and `used_from` tell of the last use, within a minute."""

    id: UUID
    name: str
    maker: str
    scopes: list[str]
    networks: list[str]
    created: datetime | None
    expires: datetime | None
    used: datetime | None
    used_from: str


class MadeToken(TokenOut):
    """`token` is shown this once."""

    token: str


class NewToken(Body):
    """`scopes`: jobs:own for one's own jobs, or permissions that the maker has; `networks` () from everywhere."""

    name: Annotated[Text, Field(min_length=1, max_length=60)]
    scopes: Annotated[list[Annotated[str, Field(max_length=30)]], Field(min_length=1, max_length=30)]
    networks: Annotated[list[Annotated[str, Field(max_length=50)]], Field(max_length=20)] = Field(default_factory=list)
    days: Annotated[float, Field(gt=0, le=3660, allow_inf_nan=False)] | None = None


@router.get("/tokens")
@own(Permission.SETTINGS)
async def list_tokens(services: Given, caller: Asking) -> list[TokenOut]:
    """One's own tokens; with the permission for settings everybody's."""
    return [_shown(maker, token) for maker, token in await services.tokens.of(caller.actor)]


@router.post("/tokens", status_code=201)
@own(recent=True, secret=True)
async def add_token(body: NewToken, services: Given, caller: Asking, response: Response) -> MadeToken:
    """Make a token; it is in the answer, and nowhere else."""
    seconds = None if body.days is None else body.days * 86400
    token, row = await services.tokens.add(
        caller.actor, body.name, body.scopes, seconds=seconds, networks=body.networks
    )
    located(response, "tokens", row.id)
    return MadeToken(**_shown(caller.actor.user or "", row).model_dump(), token=token)


@router.delete("/tokens/{id}", status_code=204)
@own(Permission.SETTINGS)
async def revoke_token(id: Id, services: Given, caller: Asking) -> None:  # noqa: A002 - the path's word
    """It is void at once."""
    await services.tokens.revoke(caller.actor, id)


def _shown(maker: str, token: ApiToken) -> TokenOut:
    return TokenOut(
        id=token.id,
        name=token.name,
        maker=maker,
        scopes=list(token.scopes),
        networks=list(map(str, token.networks)),
        created=moment(token.created_at),
        expires=moment(token.expires_at),
        used=moment(token.used_at),
        used_from=token.used_from,
    )
