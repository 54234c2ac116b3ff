"""Users, and what they prove themselves by. What staff may touch is the service's to say; it writes down what it does."""

from datetime import datetime
from typing import Annotated, ClassVar

from fastapi import Path, Query, Response
from pydantic import BaseModel, Field

from gateway.domain.rights import Permission, Role
from gateway.domain.user import User
from gateway.i18n import language
from gateway.services.user_admin import TEXTS, Wish
from mobile_api.models import Body, Change, Text, moment
from mobile_api.paging import Cursor, Limit, Page, page_of, read_cursor
from mobile_api.policy import needs
from mobile_api.router import Asking, Given, Topic
from mobile_api.versions import IfMatch, as_seen, located, tag, wanted_version

router = Topic("users")

UserName = Annotated[str, Path(min_length=1, max_length=100)]
Long = Annotated[Text, Field(max_length=TEXTS["full_name"])]
Group = Annotated[Text, Field(min_length=1, max_length=100)]
Secret = Annotated[Text, Field(min_length=1, max_length=1024, json_schema_extra={"writeOnly": True})]
Pin = Annotated[str, Field(pattern=r"^[0-9]{4,16}$", json_schema_extra={"writeOnly": True})]
Card = Annotated[str, Field(min_length=4, max_length=100, examples=["04:A2:19:7F"])]


class UserOut(BaseModel):
    """No proof is ever told: only whether there is one, and how many cards."""

    name: str
    uuid: str
    full_name: str
    email: str | None
    role: Role
    groups: list[str]
    department: str
    disabled: bool
    source: str
    has_password: bool
    has_pin: bool
    cards: int
    created: datetime | None
    version: int


class UserChange(Change):
    """What is not named stays as it is; `email` null takes the address away."""

    none: ClassVar[frozenset[str]] = frozenset({"email"})

    full_name: Long | None = None
    email: Annotated[Text, Field(max_length=320)] | None = None
    role: Role | None = None
    groups: Annotated[list[Group], Field(max_length=200)] | None = None
    disabled: bool | None = None


class NewUser(Body):
    name: Annotated[Text, Field(min_length=1, max_length=100, examples=["ann"])]
    full_name: Long = ""
    email: Annotated[Text, Field(max_length=320)] | None = None
    role: Role = Role.USER
    groups: Annotated[list[Group], Field(max_length=200)] = Field(default_factory=list)
    password: Secret | None = None
    pin: Pin | None = None
    card: Card | None = None


class NewPin(Body):
    """Without `pin` a random one is made; `mail` sends it to its user, and shows it to nobody."""

    pin: Pin | None = None
    mail: bool = False


class MadePin(BaseModel):
    """`pin` is shown this once; null when it goes by mail."""

    pin: str | None


class NewPassword(Body):
    password: Secret


class CardBody(Body):
    card: Card


class Erasure(Body):
    """`name` once more, so that nobody is erased by mistake."""

    name: Annotated[Text, Field(min_length=1, max_length=100, examples=["ann"])]


class Erased(BaseModel):
    """`pseudonym` is what totals are kept under."""

    pseudonym: str


class Count(BaseModel):
    count: int


@router.get("/users")
@needs(Permission.USERS, somewhere=True)
async def list_users(
    services: Given,
    caller: Asking,
    q: Annotated[str, Query(max_length=100, description="A part of the name, the full name or the address.")] = "",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[UserOut]:
    """In the order of their names."""
    rows = await services.house.users.find(caller.actor, q, after=read_cursor(cursor) or "", limit=limit + 1)
    return page_of(rows, limit, _shown, lambda user: user.name)


@router.post("/users", status_code=201)
@needs(Permission.USERS)
async def add_user(body: NewUser, services: Given, caller: Asking, response: Response) -> UserOut:
    """A new account; nobody gives a role or a group with more rights than their own."""
    wish = Wish(full_name=body.full_name, email=body.email or "", role=body.role, groups=tuple(body.groups))
    user = await services.house.users.add(
        caller.actor, body.name, wish, password=body.password, pin=body.pin, card=body.card
    )
    located(response, "users", user.name)
    tag(response, user.version)
    return _shown(user)


@router.get("/users/{name}")
@needs(Permission.USERS, somewhere=True)
async def show_user(name: UserName, services: Given, caller: Asking, response: Response) -> UserOut:
    """One user; the ETag is for changing it."""
    user = await services.house.users.get(caller.actor, name)
    tag(response, user.version)
    return _shown(user)


@router.patch("/users/{name}")
@needs(Permission.USERS)
async def change_user(  # noqa: PLR0917 - FastAPI reads them from the signature
    name: UserName,
    body: UserChange,
    services: Given,
    caller: Asking,
    response: Response,
    if_match: IfMatch = None,
) -> UserOut:
    """Change what is named; who is disabled is signed out everywhere at once, and so are their tokens."""
    changes = {field: getattr(body, field) for field in body.model_fields_set}
    seen = wanted_version(if_match)
    with as_seen(seen):
        user = await services.house.users.amend(caller.actor, name, version=seen, **changes)
    tag(response, user.version)
    return _shown(user)


@router.delete("/users/{name}", status_code=204)
@needs(Permission.USERS)
async def remove_user(name: UserName, services: Given, caller: Asking) -> None:
    """Jobs and ledger rows keep the name."""
    await services.house.users.delete(caller.actor, name)


@router.put("/users/{name}/password", status_code=204)
@needs(Permission.USERS)
async def set_password(name: UserName, body: NewPassword, services: Given, caller: Asking) -> None:
    """A new password; all sessions of the user end."""
    await services.house.users.set_password(caller.actor, name, body.password)


@router.delete("/users/{name}/password", status_code=204)
@needs(Permission.USERS)
async def remove_password(name: UserName, services: Given, caller: Asking) -> None:
    """No password signs in as this user any more."""
    await services.house.users.set_password(caller.actor, name, None)


@router.post("/users/{name}/pin")
@needs(Permission.USERS, secret=True)
async def make_pin(name: UserName, body: NewPin, services: Given, caller: Asking) -> MadePin:
    """A new PIN, shown once or mailed; all sessions of the user end."""
    return MadePin(pin=await services.house.users.new_pin(caller.actor, name, mail=body.mail, pin=body.pin))


@router.delete("/users/{name}/pin", status_code=204)
@needs(Permission.USERS)
async def remove_pin(name: UserName, services: Given, caller: Asking) -> None:
    """No PIN signs in as this user any more."""
    await services.house.users.remove_pin(caller.actor, name)


@router.post("/users/{name}/cards", status_code=201)
@needs(Permission.USERS)
async def add_card(name: UserName, body: CardBody, services: Given, caller: Asking) -> UserOut:
    """One more card; its number is kept as a keyed hash alone."""
    return _shown(await services.house.users.add_card(caller.actor, name, body.card))


@router.post("/users/{name}/cards/remove")
@needs(Permission.USERS)
async def remove_card(name: UserName, body: CardBody, services: Given, caller: Asking) -> UserOut:
    """Take a card away; its number stands in the body, so that no log of addresses has it."""
    return _shown(await services.house.users.remove_card(caller.actor, name, number=body.card))


@router.delete("/users/{name}/second-factor", status_code=204)
@needs(Permission.USERS, recent=True)
async def reset_second_factor(name: UserName, services: Given, caller: Asking) -> None:
    """For whoever lost their phone, seen by staff to be them: their sessions end, and the next sign-in sets up another."""
    await services.house.users.reset_second_factor(caller.actor, name)


@router.post("/users/{name}/erasure")
@needs(Permission.USERS, recent=True)
async def erase_user(name: UserName, body: Erasure, services: Given, caller: Asking) -> Erased:
    """For good: account, waiting jobs and everything that names them; sums stay under a pseudonym."""
    pseudonym = await services.house.users.erase(caller.actor, name, typed=body.name, language=language())
    return Erased(pseudonym=pseudonym)


@router.post("/users/{name}/unlock")
@needs(Permission.USERS)
async def unlock_user(name: UserName, services: Given, caller: Asking) -> Count:
    """Forgive failed tries to sign in; from how many addresses there were some."""
    return Count(count=await services.house.users.unlock(caller.actor, name))


@router.post("/users/{name}/sign-out")
@needs(Permission.USERS)
async def sign_out_user(name: UserName, services: Given, caller: Asking) -> Count:
    """End all sessions of a user; how many there were."""
    return Count(count=await services.house.users.end_sessions(caller.actor, name))


def _shown(user: User) -> UserOut:
    return UserOut(
        name=user.name,
        uuid=str(user.uuid),
        full_name=user.full_name,
        email=user.email,
        role=user.role,
        groups=list(user.groups),
        department=user.department,
        disabled=user.disabled,
        source=user.source,
        has_password=user.password_hash is not None,
        has_pin=user.pin_hash is not None,
        cards=len(user.cards),
        created=moment(user.created_at),
        version=user.version,
    )
