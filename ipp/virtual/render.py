"""Pages as pictures, with the tools of the machine: good for documents that we built ourselves, and for no others."""

import asyncio
import re
import shutil
from pathlib import Path

from ipp.virtual.raster import raster_to_png

_POPPLER = ("pdftoppm", "-png", "-r", "72")
_GHOSTSCRIPT = ("gs", "-q", "-dSAFER", "-dBATCH", "-dNOPAUSE", "-sDEVICE=png16m", "-r72")


async def render_with_tools(document: Path, media_type: str, directory: Path) -> int:
    """Write page-NNNN.png into `directory` and give the number of pages; a document nothing can read is one page."""
    first = _count(directory)
    match media_type:
        case "application/pdf":
            await _run(*_POPPLER, str(document), str(directory / "poppler"))
        case "application/postscript":
            await _run(*_GHOSTSCRIPT, f"-sOutputFile={directory}/ghostscript-%04d.png", str(document))
        case "image/pwg-raster" | "image/urf":
            return await asyncio.to_thread(raster_to_png, document, directory, first)
        case _:
            return 1
    return max(1, _number(directory, first))


async def count_only(document: Path, media_type: str, _directory: Path) -> int:
    """No pictures, only a count of the pages of a plainly written PDF: where speed counts, as in tests."""
    if media_type != "application/pdf":
        return 1
    octets = await asyncio.to_thread(document.read_bytes)
    return max(1, len(re.findall(rb"/Type\s*/Page\b", octets)))


def _count(directory: Path) -> int:
    return sum(1 for _ in directory.glob("page-*.png"))


def _number(directory: Path, first: int) -> int:
    """Give what a tool wrote our own page numbers: some tools pad theirs by the number of pages."""
    made = sorted(
        (path for prefix in ("poppler", "ghostscript") for path in directory.glob(f"{prefix}-*.png")),
        key=lambda path: int(path.stem.rpartition("-")[2]),
    )
    for number, path in enumerate(made, first + 1):
        path.rename(directory / f"page-{number:04d}.png")
    return len(made)


async def _run(program: str, *arguments: str) -> None:
    if shutil.which(program) is None:
        return
    process = await asyncio.create_subprocess_exec(
        program,
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        await asyncio.wait_for(process.wait(), 120)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
