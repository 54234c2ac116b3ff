"""The sheet as HTML, and a process of its own that makes the PDF of it.

WeasyPrint and its libraries are 60 MB that a sheet needs once a year: the process ends with the sheet. It gets nothing
but our own HTML, fetches nothing, and has a time.
"""

import asyncio
import io
import sys
from collections.abc import Sequence
from pathlib import Path

import segno
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from gateway import i18n
from gateway.errors import Unavailable
from gateway.services.stickers import SheetSize, Sticker

SECONDS = 60.0
LABELS = 6  # of an A4 sheet: two columns of three
_SORRY = "The sheet could not be made on this machine. `papertap check` says what is missing."


class StickerSheets:
    """One process a sheet; Unavailable when it fails or takes too long."""

    def __init__(self, *, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._templates = Environment(
            loader=FileSystemLoader(Path(__file__).parent / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=["jinja2.ext.i18n"],
        )
        self._templates.install_gettext_callables(i18n.translated, i18n.translated_plural, newstyle=True)  # type: ignore[attr-defined]  # reason: added by the extension

    async def sheet(self, stickers: Sequence[Sticker], *, size: SheetSize, language: str, site: str) -> bytes:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-m", "gateway.adapters.stickers.paper"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        html = self.html(stickers, size=size, language=language, site=site)
        try:
            async with asyncio.timeout(self._seconds):
                pdf, _ = await process.communicate(html.encode())
        except TimeoutError as error:
            raise Unavailable("The sheet took too long. Try again with fewer printers.") from error
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode != 0 or not pdf.startswith(b"%PDF"):
            raise Unavailable(_SORRY)
        return pdf

    def html(self, stickers: Sequence[Sticker], *, size: SheetSize, language: str, site: str) -> str:
        step = LABELS if size is SheetSize.A4 else 1
        pages = [stickers[at : at + step] for at in range(0, len(stickers), step)]
        with i18n.speaking(language):
            return self._templates.get_template("sheet.html").render(
                pages=pages, size=size.value, site=site, language=language, picture=_picture
            )


def _picture(url: str) -> Markup:
    """The code as SVG; level M survives a scratch or two."""
    out = io.BytesIO()
    segno.make(url, error="m", micro=False).save(out, kind="svg", border=4, omitsize=True, xmldecl=False, nl=False)
    return Markup(out.getvalue().decode())  # noqa: S704 - made of numbers by segno
