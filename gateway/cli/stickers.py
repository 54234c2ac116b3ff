"""`papertap printer qr` and `papertap device qr`: sticker sheets as PDF."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from gateway.app import Gateway, site_url
from gateway.cli.common import AsJson, Config, Data, show, using
from gateway.errors import BadRequest
from gateway.i18n import LANGUAGES
from gateway.services.place_numbers import Named
from gateway.services.stickers import SheetSize, Sticker

Names = Annotated[list[str] | None, typer.Argument(help="Which ones; none: all.")]
Output = Annotated[Path | None, typer.Option("--output", "-o", help="The PDF; else it is printed to a pipe.")]
Size = Annotated[SheetSize, typer.Option(help="a4: labels to cut out; a6: one card each.")]
Language = Annotated[str, typer.Option(help="en, de or fr; else the site's.")]
Base = Annotated[str, typer.Option(help="What links begin with; else site.base_url or this machine's name.")]


def add_stickers(
    verbs: typer.Typer, all_of: Callable[[Gateway], Sequence[Named]], one_of: Callable[..., Named]
) -> None:
    """The verb `qr` for Printers or for devices."""

    @verbs.command("qr")
    def qr(
        names: Names = None,
        output: Output = None,
        size: Size = SheetSize.A4,
        language: Language = "",
        base: Base = "",
        config: Config = None,
        data: Data = None,
        as_json: AsJson = False,
    ) -> None:
        """Make a sheet of stickers: a code to scan, a short number, and the address for an NFC tag."""

        async def work(gateway: Gateway) -> tuple[list[Sticker], bytes]:
            spoken = language or gateway.settings.site.language
            if spoken not in LANGUAGES:
                raise BadRequest(f"Stickers speak {', '.join(LANGUAGES)}.")
            stickers, at = gateway.phone.stickers, base.rstrip("/") or site_url(gateway.settings)
            several = [one_of(gateway, name) for name in names] if names else all_of(gateway)
            if not several:
                raise BadRequest("There is nothing to make a sticker for yet.")
            told = [await stickers.of(one, base=at) for one in several]
            if as_json:
                return told, b""
            return told, await stickers.sheet(several, base=at, size=size, language=spoken)

        told, pdf = using(config, data, work)
        if as_json:
            show([_row(one) for one in told], as_json=True)
        elif output is not None:
            output.write_bytes(pdf)
            show([_row(one) for one in told], as_json=False)
        elif sys.stdout.isatty():
            raise typer.BadParameter("Name a file for the PDF with --output.")
        else:
            sys.stdout.buffer.write(pdf)


def _row(one: Sticker) -> dict[str, Any]:
    return {"name": one.name, "number": one.number, "url": one.url}
