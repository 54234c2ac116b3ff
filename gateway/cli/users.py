"""`papertap user`: people and their PINs, cards and passwords."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any

import typer

from gateway.app import Gateway
from gateway.cli.common import SHELL, AsJson, Config, Data, show, using
from gateway.cli.directories import show_report
from gateway.domain.rights import Role
from gateway.domain.user import User
from gateway.errors import BadRequest, NotPossible
from gateway.services.csv_export import export_users
from gateway.services.csv_import import Choice, Mode
from gateway.services.directory_report import Report
from gateway.services.user_admin import Wish

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
        wish = Wish(full_name=full_name, email=email or "", role=role)
        user = await gateway.house.users.add(SHELL, name, wish, pin=chosen, card=card, password=password)
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


@users.command("show")
def user_show(name: str, config: Config = None, data: Data = None, as_json: AsJson = False) -> None:
    """Show one user."""
    show([_user(using(config, data, lambda gateway: gateway.identity.get(name)))], as_json, one=True)


@users.command("set")
def user_set(
    name: str,
    full_name: Annotated[str | None, typer.Option()] = None,
    email: Annotated[str | None, typer.Option(help="Empty: none.")] = None,
    role: Annotated[Role | None, typer.Option()] = None,
    disabled: Annotated[bool | None, typer.Option("--disabled/--enabled")] = None,
    config: Config = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Change a user; what is not named stays. Who is disabled is signed out everywhere, and so are their tokens."""
    given = {"full_name": full_name, "email": email, "role": role, "disabled": disabled}
    changes: dict[str, Any] = {key: value for key, value in given.items() if value is not None}

    async def work(gateway: Gateway) -> User:
        return await gateway.house.users.amend(SHELL, name, **changes)

    show([_user(using(config, data, work))], as_json, one=True)


@users.command("remove")
def user_remove(name: str, config: Config = None, data: Data = None) -> None:
    """Remove a user; jobs and ledger rows keep the name."""
    using(config, data, lambda gateway: gateway.house.users.delete(SHELL, name))
    print(f"Removed {name}.")


@users.command("password")
def user_password(
    name: str,
    password: Annotated[str, typer.Option(prompt=True, hide_input=True, confirmation_prompt=True)],
    config: Config = None,
    data: Data = None,
) -> None:
    """Set a password."""
    using(config, data, lambda gateway: gateway.house.users.set_password(SHELL, name, password))
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
        chosen = None if pin == "random" else pin
        made = await gateway.house.users.new_pin(SHELL, name, mail=mail, pin=chosen)
        if not mail:
            return f"{name} has the PIN {made}."
        user = await gateway.identity.get(name)
        return f"{name} has a new PIN; it goes to {user.email} as soon as the server runs."

    print(using(config, data, work))


@users.command("card")
def user_card(
    name: str,
    card: str,
    days: Annotated[int | None, typer.Option(help="Lend it for 1, 7 or 30 days.")] = None,
    config: Config = None,
    data: Data = None,
) -> None:
    """Add a card."""
    using(config, data, lambda gateway: gateway.house.users.add_card(SHELL, name, card, days=days))
    print(f"{name} has one more card." if days is None else f"{name} has a card for {days} days.")


@users.command("second")
def user_second(name: str, config: Config = None, data: Data = None) -> None:
    """Reset the second step of somebody who lost the phone and the recovery codes; all sessions end."""
    gone = using(config, data, lambda gateway: gateway.house.users.reset_second_factor(SHELL, name))
    print(f"{name} signs in without a second step now." if gone else f"{name} had no app; all sessions are ended.")


@users.command("import")
def user_import(
    file: Path,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change, and write nothing.")] = False,
    known: Annotated[
        bool, typer.Option("--known", help="Only complete users that are there, such as with cards.")
    ] = False,
    whole: Annotated[
        bool, typer.Option("--whole", help="Who came by a file and is not in this one is disabled.")
    ] = False,
    adopt: Annotated[bool, typer.Option("--adopt", help="Take over users of our own with the same names.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Disable users however many they are.")] = False,
    column: Annotated[list[str] | None, typer.Option(help="FIELD=HEADING where the headings do not say it.")] = None,
    config: Config = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Add and change users by a CSV file; its headings say which column is what."""
    choice = Choice(
        mode=Mode.KNOWN if known else Mode.USERS,
        columns=dict(_column(one) for one in column or ()),
        whole=whole,
        adopt=adopt,
        force=force,
    )

    async def work(gateway: Gateway) -> Report:
        report = await gateway.people.imports.run_stream(chunks_of(file), choice, dry=dry_run)
        if not dry_run:
            await gateway.people.note(SHELL, "users.imported", "users", report.summary)
        return report

    show_report(using(config, data, work), as_json)


@users.command("export")
def user_export(file: Path, config: Config = None, data: Data = None) -> None:
    """Write all users into a CSV file; it holds no passwords, PINs or cards."""

    async def work(gateway: Gateway) -> int:
        size = 0
        with file.open("xb") as out:
            async for piece in export_users(gateway.database.users):
                size += out.write(piece)
        await gateway.people.note(SHELL, "users.exported", "users")
        return size

    try:
        print(f"Wrote {file}: {using(config, data, work)} octets.")
    except OSError as error:
        raise NotPossible(f"{file} cannot be written: {error.strerror}.") from error


async def chunks_of(file: Path) -> AsyncIterator[bytes]:
    try:
        with file.open("rb") as source:
            while chunk := await asyncio.to_thread(source.read, 65536):
                yield chunk
    except OSError as error:
        raise NotPossible(f"{file} cannot be read: {error.strerror}.") from error


def _column(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals:
        raise BadRequest(f'"{text[:60]}" is not of the form FIELD=HEADING.')
    return key, value
