"""`papertap credit`: what people have to print with, what was charged, and what staff added or took."""

from typing import Annotated, Any

import typer

from gateway.app import Gateway
from gateway.cli.common import SHELL, AsJson, Config, Data, show, using, when
from gateway.domain.credit import Entry
from gateway.errors import BadRequest
from gateway.services.credit import Standing

credit = typer.Typer(no_args_is_help=True, help="Prepaid credit: balances, top-ups, corrections.")
SITE = "site"
"""Typed in place of an overdraft of somebody's own."""


@credit.command("show")
def credit_show(name: str, config: Config = None, data: Data = None, as_json: AsJson = False) -> None:
    """Show what somebody has, and what of it is reserved for jobs on their way."""
    found = using(config, data, lambda gateway: gateway.personal.credit.look(SHELL, name))
    show([_standing(found)], as_json, one=True)


@credit.command("add", context_settings={"ignore_unknown_options": True})
def credit_add(
    name: str,
    amount: Annotated[str, typer.Argument(help='For example 5 or 5.50; with "-- -5.50" it is taken away.')],
    reason: Annotated[str, typer.Option(help="Needed to take away.")] = "",
    key: Annotated[str, typer.Option(help="The same key again adds nothing.")] = "",
    config: Config = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Add credit, or with a minus take some away."""

    async def work(gateway: Gateway) -> Entry:
        service = gateway.personal.credit
        if amount.strip().startswith("-"):
            return await service.adjust(SHELL, name, amount, text=reason, key=key)
        return await service.top_up(SHELL, name, amount, text=reason, key=key)

    show([_entry(using(config, data, work))], as_json, one=True)


@credit.command("refund")
def credit_refund(
    entry: Annotated[int, typer.Argument(help="The number of the charge in the history.")],
    reason: Annotated[str, typer.Option(help="Its owner reads it.")],
    config: Config = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Give one charge back, once."""
    made = using(config, data, lambda gateway: gateway.personal.credit.refund(SHELL, entry, text=reason))
    show([_entry(made)], as_json, one=True)


@credit.command("set-overdraft")
def credit_set_overdraft(
    name: str,
    amount: Annotated[str, typer.Argument(help='How far below nothing; "site": as the settings say.')],
    config: Config = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Let somebody go below nothing, so far and no further."""
    limit = None if amount == SITE else amount
    found = using(config, data, lambda gateway: gateway.personal.credit.set_overdraft(SHELL, name, limit))
    show([_standing(found)], as_json, one=True)


@credit.command("history")
def credit_history(
    name: str,
    before: Annotated[int | None, typer.Option(help="Entries older than this number.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50,
    config: Config = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """List charges, top-ups and corrections, newest first."""
    if before is not None and before < 1:
        raise BadRequest("Entries are numbered from 1 on.")

    async def work(gateway: Gateway) -> list[Entry]:
        return await gateway.personal.credit.history(SHELL, name, before_id=before, limit=limit)

    show([_entry(entry) for entry in using(config, data, work)], as_json)


def _standing(found: Standing) -> dict[str, Any]:
    own = found.balance.overdraft
    return {
        "user": found.balance.owner,
        "balance": str(found.balance.amount),
        "reserved": str(found.balance.reserved),
        "available": str(found.free),
        "overdraft": str(found.overdraft),
        "own_overdraft": None if own is None else str(own),
        "currency": found.balance.currency,
    }


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "at": when(entry.at),
        "user": entry.owner,
        "kind": entry.kind.value,
        "amount": str(entry.amount),
        "balance": str(entry.balance),
        "currency": entry.currency,
        "by": entry.by,
        "text": entry.text,
        "job": entry.job_id,
    }
