"""Sticker sheets: an independent reader finds on paper what was to be printed."""

import subprocess
from pathlib import Path

import pytest

from gateway.adapters.stickers import StickerSheets
from gateway.adapters.stickers.paper import fetch_nothing
from gateway.errors import Unavailable
from gateway.services.stickers import SheetSize, Sticker

BASE = "https://print.example.org:8443"


def a_sticker(number: int) -> Sticker:
    url = f"{BASE}/p/{number:04d}"
    return Sticker(
        name=f"device-{number}",
        title=f"Kopierer <Süd> & {number}",
        location="2. Stock, B-204",
        number=f"{number:04d}",
        url=url,
        typed=url.partition("://")[2],
    )


def texts_of(pdf: bytes, folder: Path) -> str:
    file = folder / "sheet.pdf"
    file.write_bytes(pdf)
    return subprocess.run(["pdftotext", "-layout", str(file), "-"], check=True, capture_output=True, text=True).stdout


def codes_of(folder: Path) -> list[str]:
    """What zbarimg reads on the printed pages."""
    subprocess.run(["pdftoppm", "-r", "150", "-png", "sheet.pdf", "page"], check=True, cwd=folder)
    found: list[str] = []
    for page in sorted(folder.glob("page*.png")):
        read = subprocess.run(["zbarimg", "-q", "--raw", str(page)], check=True, capture_output=True, text=True)
        found += read.stdout.split()
    return found


async def test_an_a4_sheet_is_read_by_zbar(tmp_path: Path) -> None:
    stickers = [a_sticker(number) for number in (412, 7, 9999, 1001, 1002, 1003, 1004)]
    pdf = await StickerSheets().sheet(stickers, size=SheetSize.A4, language="de", site="Haus")
    text = texts_of(pdf, tmp_path)
    assert sorted(codes_of(tmp_path)) == sorted(one.url for one in stickers)
    assert len(list(tmp_path.glob("page*.png"))) == 2, "six labels a page"
    for told in ("0412", "Kopierer <Süd> & 412", "2. Stock, B-204", "NFC"):
        assert told in text
    assert text.count(f"{BASE}/p/0412") == 1, "for the tag, in the margin"


async def test_an_a6_card_is_read_by_zbar(tmp_path: Path) -> None:
    pdf = await StickerSheets().sheet([a_sticker(412)], size=SheetSize.A6, language="fr", site="Maison")
    assert "0412" in texts_of(pdf, tmp_path)
    assert codes_of(tmp_path) == [f"{BASE}/p/0412"]
    told = subprocess.run(["pdfinfo", str(tmp_path / "sheet.pdf")], check=True, capture_output=True, text=True).stdout
    assert "297.638 x 419.528" in told


def test_nothing_is_fetched() -> None:
    for url in ("https://evil.example/x.css", "file:///etc/passwd", "data:image/png;base64,x"):
        with pytest.raises(ValueError, match="not fetched"):
            fetch_nothing(url)


def test_texts_are_texts() -> None:
    html = StickerSheets().html([a_sticker(1)], size=SheetSize.A4, language="en", site="<b>")
    assert "Kopierer &lt;Süd&gt; &amp; 1" in html
    assert "<b>" not in html.partition("</title>")[0]


async def test_a_sheet_that_takes_too_long_is_given_up() -> None:
    with pytest.raises(Unavailable):
        await StickerSheets(seconds=0.01).sheet([a_sticker(1)], size=SheetSize.A4, language="en", site="x")
