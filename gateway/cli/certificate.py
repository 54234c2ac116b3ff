"""`papertap certificate`: what is served, and what takes its place; a server that runs takes it up within ten seconds."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from gateway.adapters.certificate_desk import CertificateDesk
from gateway.app import Gateway
from gateway.app.administration import certificate_desk
from gateway.app.tls import certificates_of
from gateway.cli.common import SHELL, AsJson, Config, Data, show, using, when
from gateway.errors import BadRequest

certificate = typer.Typer(no_args_is_help=True, help="The certificate that phones and browsers are shown.")

T = TypeVar("T")
Chain = Annotated[Path, typer.Argument(help="PEM: the server's certificate, then those between it and its authority.")]


@certificate.command("show")
def certificate_show(config: Config = None, data: Data = None, as_json: AsJson = False) -> None:
    """Say what is served, how long it lasts and how phones know it."""
    show([_at_desk(config, data, _row)], as_json, one=True)


@certificate.command("bring")
def certificate_bring(
    chain: Chain,
    key: Annotated[Path, typer.Argument(help="PEM, without a passphrase.")],
    config: Config = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Serve this one, as a program that renews certificates does after each renewal."""
    pem, secret = _text(chain), _text(key)
    show([_replaced(config, data, lambda desk: desk.bring(pem, secret))], as_json, one=True)


@certificate.command("request")
def certificate_request(
    names: Annotated[list[str], typer.Argument(help="Host names and addresses.")],
    config: Config = None,
    data: Data = None,
) -> None:
    """Print a request for an authority (PKCS #10); its key stays here."""
    pem = _at_desk(
        config, data, lambda desk: desk.request(names), "certificate.requested", lambda _: (" ".join(names), "")
    )
    print(pem, end="")


@certificate.command("answer")
def certificate_answer(chain: Chain, config: Config = None, data: Data = None, as_json: AsJson = False) -> None:
    """Serve what an authority signed for the last request."""
    pem = _text(chain)
    show([_replaced(config, data, lambda desk: desk.answer(pem))], as_json, one=True)


@certificate.command("own")
def certificate_own(config: Config = None, data: Data = None, as_json: AsJson = False) -> None:
    """Serve the gateway's own again, under the key that phones know."""
    show([_replaced(config, data, CertificateDesk.use_own)], as_json, one=True)


def _replaced(config: Path | None, data: Path | None, change: Callable[[CertificateDesk], None]) -> dict[str, Any]:
    def work(desk: CertificateDesk) -> dict[str, Any]:
        change(desk)
        return _row(desk)

    return _at_desk(
        config, data, work, "certificate.replaced", lambda row: (row["fingerprint"], ", ".join(row["names"]))
    )


def _at_desk(
    config: Path | None,
    data: Path | None,
    work: Callable[[CertificateDesk], T],
    action: str = "",
    told: Callable[[T], tuple[str, str]] = lambda _: ("", ""),
) -> T:
    """Noted in the audit log as `action`, with the subject and text that are `told`, when it changes something."""

    async def at(gateway: Gateway) -> T:
        certificates = certificates_of(gateway.settings, gateway.clock, gateway.host_names.all)
        await asyncio.to_thread(certificates.load)
        done = await asyncio.to_thread(work, certificate_desk(gateway, certificates))
        if action:
            await gateway.house.audit.note(SHELL, action, *told(done))
        return done

    return using(config, data, at)


def _row(desk: CertificateDesk) -> dict[str, Any]:
    current = desk.in_use()
    return {
        "names": list(current.names),
        "issuer": current.issuer,
        "begins": when(current.begins),
        "ends": when(current.ends),
        "fingerprint": current.fingerprint,
        "own": current.own,
        "pending": current.pending,
    }


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, ValueError) as error:
        raise BadRequest(f"{path} cannot be read as PEM. Give a text file that begins with -----BEGIN.") from error
