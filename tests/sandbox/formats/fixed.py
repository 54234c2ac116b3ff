"""Documents whose pages are fixed: PDF, PostScript, XPS and SVG."""

import io
import zipfile
from pathlib import Path

import pikepdf
from pikepdf import Dictionary, Name, Pdf

from sandbox import kinds

_FONT = Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf")
_A4 = (595.28, 841.89)


def pdf(token: str, pages: int, size: tuple[int, int]) -> bytes:
    with Pdf.new() as made:
        for number in range(1, pages + 1):
            page = made.add_blank_page(page_size=size)
            font = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
            page.obj.Resources = Dictionary(Font=Dictionary(F=font))
            page.obj.Contents = made.make_stream(f"BT /F 18 Tf 50 100 Td ({token} page {number}) Tj ET".encode("ascii"))
        buffer = io.BytesIO()
        made.save(buffer, object_stream_mode=pikepdf.ObjectStreamMode.generate)
        return buffer.getvalue()


def postscript(token: str, pages: int, size: tuple[int, int]) -> bytes:
    parts = [
        f"%!PS-Adobe-3.0\n<</PageSize[{size[0]} {size[1]}]>>setpagedevice\n/Helvetica findfont 18 scalefont setfont\n"
    ]
    parts += [f"50 100 moveto ({token} page {number}) show showpage\n" for number in range(1, pages + 1)]
    return "".join(parts).encode("ascii")


def xps(token: str, pages: int, kind: str = kinds.XPS) -> bytes:
    """A package with one fixed document of A4 pages (793.7 by 1122.5 units of 1/96 inch)."""
    name = "http://schemas.openxps.org/oxps/v1.0" if kind == kinds.OXPS else "http://schemas.microsoft.com/xps/2005/06"
    start = f"{name}/fixedrepresentation"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr(
            "[Content_Types].xml",
            '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
            '<Default Extension="fdseq" ContentType="application/vnd.ms-package.xps-fixeddocumentsequence+xml"/>'
            '<Default Extension="fdoc" ContentType="application/vnd.ms-package.xps-fixeddocument+xml"/>'
            '<Default Extension="fpage" ContentType="application/vnd.ms-package.xps-fixedpage+xml"/>'
            '<Default Extension="ttf" ContentType="application/vnd.ms-opentype"/>'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/></Types>',
        )
        made.writestr("_rels/.rels", _relation(start, "/Seq.fdseq"))
        made.writestr(
            "Seq.fdseq",
            f'<FixedDocumentSequence xmlns="{name}"><DocumentReference Source="/Doc.fdoc"/></FixedDocumentSequence>',
        )
        refs = "".join(f'<PageContent Source="/Pages/{number}.fpage"/>' for number in range(1, pages + 1))
        made.writestr("Doc.fdoc", f'<FixedDocument xmlns="{name}">{refs}</FixedDocument>')
        made.writestr("Resources/font.ttf", _FONT.read_bytes())
        for number in range(1, pages + 1):
            made.writestr(f"Pages/{number}.fpage", _fixed_page(name, f"{token} page {number}"))
            made.writestr(
                f"Pages/_rels/{number}.fpage.rels", _relation(f"{name}/required-resource", "/Resources/font.ttf")
            )
    return buffer.getvalue()


def _relation(kind: str, target: str) -> str:
    return (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f'<Relationship Id="R1" Type="{kind}" Target="{target}"/></Relationships>'
    )


def _fixed_page(name: str, text: str) -> str:
    return (
        f'<FixedPage xmlns="{name}" Width="793.7" Height="1122.52" xml:lang="en"><Glyphs Fill="#FF000000" '
        f'FontUri="/Resources/font.ttf" FontRenderingEmSize="24" OriginX="60" OriginY="100" UnicodeString="{text}"/></FixedPage>'
    )


def svg(token: str, shape: tuple[int, int], number: int) -> bytes:
    head = '<?xml version="1.0" encoding="UTF-8"?>\n' if number % 2 else ""
    width, height = shape
    return (
        f'{head}<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">'
        f'<rect width="{width}" height="{height / 2}" fill="teal"/>'
        f'<text x="5" y="{height * 0.8}" font-family="DejaVu Sans" font-size="{width / 20}">{token}</text></svg>'
    ).encode()


def svg_size(shape: tuple[int, int]) -> tuple[int, int]:
    """In points: 96 pixels an inch, and not larger than A4."""
    width, height = shape[0] * 0.75, shape[1] * 0.75
    paper = _A4 if height >= width else (_A4[1], _A4[0])
    factor = min(1.0, paper[0] / width, paper[1] / height)
    return round(width * factor), round(height * factor)
