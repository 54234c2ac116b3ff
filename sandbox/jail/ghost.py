"""Ghostscript as a separate program inside the same jail: PostScript in, and PostScript, PCL-XL and grey PDF out."""

import re
import subprocess
from pathlib import Path

from sandbox.errors import Broken, Crashed, FormatUnsupported, TooLarge

GS = "/usr/bin/gs"

_COMMON = (GS, "-dSAFER", "-dBATCH", "-dNOPAUSE", "-dNOOUTERSAVE", "-sstdout=%stdout")
_TAIL = 64 * 1024
_KILLED = {-9, 137}


def to_pdf(source: Path, target: Path) -> None:
    """Distil PostScript. Broken when nothing comes out of it: for a program without a page it writes a blank one."""
    said = _run(
        "pdfwrite",
        source,
        target,
        "-dCompatibilityLevel=1.7",
        after="(PAGES ) print currentpagedevice /PageCount get ==",
    )
    _require(target)
    if re.search(r"^PAGES 0$", said, re.MULTILINE):
        raise Broken("the program shows no page")


def to_gray(source: Path, target: Path) -> None:
    """The same PDF without colour, text and lines kept as they are."""
    _run(
        "pdfwrite",
        source,
        target,
        "-dCompatibilityLevel=1.7",
        "-sColorConversionStrategy=Gray",
        "-dProcessColorModel=/DeviceGray",
        "-dAutoRotatePages=/None",
    )
    _require(target)


def to_postscript(source: Path, target: Path, pages: int, *, gray: bool, duplex: tuple[bool, bool]) -> None:
    strategy = ("-sColorConversionStrategy=Gray", "-dProcessColorModel=/DeviceGray") if gray else ()
    output = _run("ps2write", source, target, "-dAutoRotatePages=/None", *strategy, *_sides(*duplex))
    _expect(output, target, pages)


def to_pclxl(source: Path, target: Path, pages: int, *, gray: bool, dpi: int, duplex: tuple[bool, bool]) -> None:
    output = _run("pxlmono" if gray else "pxlcolor", source, target, f"-r{dpi}", *_sides(*duplex))
    _expect(output, target, pages)


def _sides(two_sided: bool, short_edge: bool) -> tuple[str, ...]:
    if not two_sided:
        return ()
    return ("-dDuplex=true", f"-dTumble={'true' if short_edge else 'false'}")


def _run(device: str, source: Path, target: Path, *options: str, after: str = "") -> str:
    """Run it; returns the end of what it said. Its exit status alone proves nothing, so the caller looks at the file."""
    if not Path(GS).exists():
        raise FormatUnsupported("Ghostscript is not installed on this server")
    log = target.with_suffix(".log")
    with log.open("wb") as output:
        done = subprocess.run(  # noqa: S603 - fixed program, file names of our own
            [
                *_COMMON,
                f"-sDEVICE={device}",
                f"-sOutputFile={target}",
                *options,
                "-f",
                str(source),
                *(("-c", after) if after else ()),
            ],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    said = _end_of(log)
    if done.returncode in _KILLED:
        raise TooLarge("Ghostscript was killed", limit="memory")
    if "VMerror" in said:
        raise TooLarge("Ghostscript ran out of memory", limit="memory")
    if done.returncode != 0:
        raise Broken(f"Ghostscript: {_reason(said)}")
    return said


def _end_of(log: Path) -> str:
    with log.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - _TAIL))
        return file.read().decode("utf-8", "replace")


def _reason(said: str) -> str:
    found = re.search(r"Error: .*", said)
    return found[0] if found else said[-200:]


def _require(target: Path) -> None:
    if not target.exists() or target.stat().st_size == 0:
        raise Broken("Ghostscript made no page")


def _expect(said: str, target: Path, pages: int) -> None:
    """Check that as many pages came out as went in: Ghostscript ends well after skipping a page, too."""
    _require(target)
    last = max((int(number) for number in re.findall(r"^Page (\d+)$", said, re.MULTILINE)), default=0)
    if last != pages:
        raise Crashed(f"Ghostscript wrote {last} of {pages} pages")
