"""The files that ipptool's suites print and Debian does not ship, made with Ghostscript under the names the suites use.

Without them the suites cut themselves short in silence: ipp-1.1.test then runs 37 of its 66 tests.
"""

import os
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

SUITES = Path("/usr/share/cups/ipptool")
RESOLUTIONS = (150, 180, 300, 360, 600, 720)
A4, LETTER, INDEX = (595, 842), (612, 792), (288, 432)
_TEXT = "/Helvetica findfont 24 scalefont setfont 36 {bottom} moveto (Papertap, page {page}) show"
_COLOR = "0.9 0.2 0.1 setrgbcolor 72 72 144 144 rectfill 0.1 0.3 0.8 setrgbcolor 90 240 100 60 rectfill 0 setgray"
_GRAY = "0.6 setgray 72 72 144 144 rectfill 0.3 setgray 90 240 100 60 rectfill 0 setgray"


@dataclass(frozen=True, kw_only=True)
class Picture:
    """Pages to draw: the size in points, how many, in colour or not."""

    size: tuple[int, int]
    pages: int = 1
    color: bool = True

    def postscript(self) -> str:
        width, height = self.size
        text = "".join(
            f"{_COLOR if self.color else _GRAY} {_TEXT.format(bottom=height - 60, page=page)} showpage\n"
            for page in range(1, self.pages + 1)
        )
        return (
            f"%!PS-Adobe-3.0\n%%BoundingBox: 0 0 {width} {height}\n<</PageSize[{width} {height}]>>setpagedevice\n{text}"
        )


DOCUMENTS = {
    "document-a4.pdf": ("pdfwrite", Picture(size=A4, pages=2)),
    "document-letter.pdf": ("pdfwrite", Picture(size=LETTER, pages=2)),
    "document-a4.ps": ("ps2write", Picture(size=A4, pages=2)),
    "document-letter.ps": ("ps2write", Picture(size=LETTER, pages=2)),
    "onepage-a4.pdf": ("pdfwrite", Picture(size=A4)),
    "color.jpg": ("jpeg", Picture(size=INDEX)),
    "gray.jpg": ("jpeggray", Picture(size=INDEX, color=False)),
}
_RASTERS = {
    "color.jpg-4x6": Picture(size=INDEX),
    "gray.jpg-4x6": Picture(size=INDEX, color=False),
    "document-a4": Picture(size=A4, pages=2),
    "document-letter": Picture(size=LETTER, pages=2),
    "onepage-a4": Picture(size=A4),
    "onepage-letter": Picture(size=LETTER),
}
# PWG 5102.4 table 3: cupsColorSpace, bits a colour, bits a pixel.
_TYPES = {
    "black-1": (3, 1, 1),
    "sgray-8": (18, 8, 8),
    "srgb-8": (19, 8, 24),
    "srgb-16": (19, 16, 48),
    "cmyk-8": (6, 8, 32),
}
_ONLY = {"srgb-16": {"color.jpg-4x6"}, "srgb-8": _RASTERS.keys() - {"gray.jpg-4x6"}}


def make(folder: Path) -> Path:
    """A folder with the suites and everything that they name; what is there already stays."""
    folder.mkdir(parents=True, exist_ok=True)
    for suite in SUITES.glob("*.test"):
        shutil.copy(suite, folder / suite.name)
    work = [(folder / name, ["-r150", f"-sDEVICE={device}"], picture) for name, (device, picture) in DOCUMENTS.items()]
    for dpi in RESOLUTIONS:
        work += _rasters(folder, dpi)
    with ThreadPoolExecutor(max_workers=2) as threads:
        for made in [threads.submit(_make, *item) for item in work]:
            made.result()
    return folder


def _rasters(folder: Path, dpi: int) -> list[tuple[Path, list[str], Picture]]:
    found = []
    for kind, (space, bits, pixel) in _TYPES.items():
        options = ["-sDEVICE=pwgraster", f"-r{dpi}", f"-dcupsColorSpace={space}", "-dcupsColorOrder=0"]
        options += [f"-dcupsBitsPerColor={bits}", f"-dcupsBitsPerPixel={pixel}"]
        for name in sorted(_ONLY.get(kind, _RASTERS.keys())):
            target = folder / f"pwg-raster-samples-{dpi}dpi" / kind / f"{name}-{kind}-{dpi}dpi.pwg"
            found.append((target, options, _RASTERS[name]))
    return found


def _make(target: Path, options: list[str], picture: Picture) -> None:
    if target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    width, height = picture.size
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    size = [f"-dDEVICEWIDTHPOINTS={width}", f"-dDEVICEHEIGHTPOINTS={height}", "-dFIXEDMEDIA"]
    command = ["gs", "-q", "-dBATCH", "-dNOPAUSE", "-dSAFER", *options, *size, f"-sOutputFile={part}", "-"]
    subprocess.run(command, input=picture.postscript().encode(), check=True, capture_output=True, timeout=120)
    part.rename(target)
