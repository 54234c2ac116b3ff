"""`papertap user`: people and their PINs, cards and passwords."""

from typing import Annotated, Any

import typer

from gateway.app import Gateway, site_url
from gateway.cli.common import AsJson, Config, Data, show, using
from gateway.domain.letter import Letter
from gateway.domain.user import Role, User
from gateway.errors import NotPossible

users = typer.Typer(no_args_is_help=True, help="People and their PINs, cards and passwords.")


def _user(user: User) -> dict[str, Any]:
    return {
        "name": user.name,
        "full_name": user.full_name,
        "email": user.email,
        "role": user.role.value,
        "disabled": user.disabled,
        "cards": len(user.cards),
    }


@users.command("add")
def user_add(
    name: str,
    full_name: Annotated[str, typer.Option()] = "",
    email: Annotated[str | None, typer.Option()] = None,
    pin: Annotated[str | None, typer.Option(help="Digits, or 'random'.")] = None,
    card: Annotated[str | None, typer.Option()] = None,
    password: Annotated[str | None, typer.Option()] = None,
    role: Annotated[Role, typer.Option()] = Role.USER,
    config: Config = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Add a user. A random PIN is shown once, here."""

    async def work(gateway: Gateway) -> dict[str, Any]:
        chosen = await gateway.identity.new_pin() if pin == "random" else pin
        user = await gateway.identity.add_user(
            name, full_name=full_name, email=email, pin=chosen, card=card, password=password, role=role
        )
        return _user(user) | ({"pin": chosen} if pin == "random" else {})

    show([using(config, data, work)], as_json, one=True)


@users.command("list")
def user_list(
    contains: Annotated[str, typer.Option()] = "",
    limit: Annotated[int, typer.Option()] = 100,
    config: Config = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """List users whose name, full name or address contains a text."""

    async def work(gateway: Gateway) -> list[User]:
        return await gateway.identity.users(contains, limit=limit)

    show([_user(user) for user in using(config, data, work)], as_json)


@users.command("remove")
def user_remove(name: str, config: Config = None, data: Data = None) -> None:
    """Remove a user; jobs and ledger rows keep the name."""
    using(config, data, lambda gateway: gateway.identity.delete_user(name))
    print(f"Removed {name}.")


@users.command("password")
def user_password(
    name: str,
    password: Annotated[str, typer.Option(prompt=True, hide_input=True, confirmation_prompt=True)],
    config: Config = None,
    data: Data = None,
) -> None:
    """Set a password."""
    using(config, data, lambda gateway: gateway.identity.set_password(name, password))
    print(f"{name} has a new password.")


@users.command("pin")
def user_pin(
    name: str,
    pin: Annotated[str, typer.Argument()] = "random",
    mail: Annotated[bool, typer.Option("--mail", help="Send it to the user's address instead of showing it.")] = False,
    config: Config = None,
    data: Data = None,
) -> None:
    """Set a PIN; without one a random PIN is made, and shown or mailed once."""

    async def work(gateway: Gateway) -> str:
        user, mailer = await gateway.identity.get(name), gateway.mailer
        if mail and not (mailer.enabled and user.email):
            raise NotPossible(f"No PIN can be mailed to {name}: there is no mail server, or no address of theirs.")
        chosen = await gateway.identity.new_pin() if pin == "random" else pin
        await gateway.identity.set_pin(name, chosen)
        if not mail or user.email is None:
            return f"{name} has the PIN {chosen}."
        language = (await gateway.personal.preferences.of(user)).language or gateway.settings.site.language
        values = {"pin": chosen, "url": f"{site_url(gateway.settings)}/account/pin"}
        await mailer.send(Letter(kind="new-pin", to=user.email, language=language, values=values))
        return f"{name} has a new PIN; it goes to {user.email} as soon as the server runs."

    print(using(config, data, work))


@users.command("card")
def user_card(name: str, card: str, config: Config = None, data: Data = None) -> None:
    """Add a card."""
    using(config, data, lambda gateway: gateway.identity.add_card(name, card))
    print(f"{name} has one more card.")
