"""`papertap printer mail`, `papertap mail incoming` and `papertap mail mailboxes`: mail that comes in to be printed."""

from dataclasses import asdict, replace
from typing import Annotated, Any

import typer

from emailprint.addresses import AddressBook
from emailprint.mailbox_clients import TROUBLE
from gateway.app import Gateway
from gateway.app.mail import fetchers, mail_in
from gateway.cli.common import AsJson, Config, Data, show, using, when
from gateway.cli.mail import mail
from gateway.cli.printers import given_of, printers
from gateway.domain.letter import one_line
from gateway.domain.mail import Mail
from gateway.domain.mailbox import MIB, MailParts, Strangers, checked
from gateway.domain.printer import Printer

__all__ = ["mail"]


@printers.command("mail")
def printer_mail(
    name: str,
    enabled: Annotated[bool | None, typer.Option("--on/--off", help="Whether it takes mail at all.")] = None,
    alias: Annotated[list[str] | None, typer.Option(help="A further name in front of the @; replaces all.")] = None,
    strangers: Annotated[Strangers | None, typer.Option(help="What becomes of mail from nobody known.")] = None,
    allowed_domain: Annotated[
        list[str] | None, typer.Option(help="Its proven senders are taken as guests; replaces all. '' for none.")
    ] = None,
    parts: Annotated[MailParts | None, typer.Option(help="What of a mail is printed.")] = None,
    separate: Annotated[bool | None, typer.Option(help="Each file a job of its own.")] = None,
    max_mib: Annotated[int | None, typer.Option(help="Of all files of a mail together.")] = None,
    max_files: Annotated[int | None, typer.Option()] = None,
    max_pages: Annotated[int | None, typer.Option(help="Of each job.")] = None,
    config: Config = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Show what becomes of mail to a printer, or change it; what is not named stays."""
    given: dict[str, Any] = {
        "enabled": enabled,
        "aliases": tuple(alias) if alias is not None else None,
        "strangers": strangers,
        "allowed_domains": tuple(allowed_domain) if allowed_domain is not None else None,
        "parts": parts,
        "separate": separate,
        "max_size": max_mib * MIB if max_mib is not None else None,
        "max_files": max_files,
        "max_pages": max_pages,
    }
    changes = given_of(given)

    async def work(gateway: Gateway) -> tuple[Printer, tuple[str, ...]]:
        printer = gateway.printers.get(name)
        if changes:
            rules = checked(replace(printer.mail, **changes))
            printer = await gateway.printers.change_printer(name, mail=rules)
        book = AddressBook(printers=gateway.printers, domains=gateway.settings.smtp.domains)
        return printer, book.addresses_of(printer)

    printer, addresses = using(config, data, work)
    shown = {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(printer.mail).items()}
    show([{"name": printer.name, "addresses": list(addresses)} | shown], as_json, one=True)


@mail.command("incoming")
def mail_incoming(
    limit: Annotated[int, typer.Option()] = 50, config: Config = None, data: Data = None, as_json: AsJson = False
) -> None:
    """List mails that came in to be printed, newest first, and what became of them."""
    mails = using(config, data, lambda gateway: gateway.database.mails.recent(limit=limit))
    show([_mail(one) for one in mails], as_json)


@mail.command("mailboxes")
def mail_mailboxes(config: Config = None, data: Data = None, as_json: AsJson = False) -> None:
    """Sign in to each mailbox of the settings, and say what it answered. Nothing is fetched."""

    async def work(gateway: Gateway) -> list[dict[str, Any]]:
        rows = []
        for one in fetchers(gateway, mail_in(gateway)):
            try:
                text, works = await one.test(), True
            except TROUBLE as error:
                text, works = one_line(str(error) or type(error).__name__, 200), False
            rows.append({"name": one.settings.name, "ok": works, "answer": text})
        return rows

    rows = using(config, data, work)
    show(rows, as_json)
    if not all(row["ok"] for row in rows):
        raise typer.Exit(1)


def _mail(one: Mail) -> dict[str, Any]:
    return {
        "id": one.id,
        "received": when(one.received_at),
        "channel": one.envelope.channel,
        "from": one.from_address or one.envelope.sender,
        "to": ", ".join(one.envelope.recipients),
        "state": one.state.value,
        "owner": one.owner or "",
        "jobs": list(one.job_ids),
        "why": one.message,
    }
