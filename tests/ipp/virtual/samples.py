"""Documents and a clock for tests that print on the virtual printer."""

import asyncio
import struct
import time
from collections.abc import AsyncIterator, Callable


def a_pdf(pages: int = 1, *, pad: int = 0) -> bytes:
    """A real PDF of that many small pages, `pad` octets longer than it must be."""
    bodies = [b"<< /Type /Catalog /Pages 2 0 R >>"]
    kids = b" ".join(b"%d 0 R" % (number + 3) for number in range(pages))
    bodies.append(b"<< /Type /Pages /Kids [%b] /Count %d >>" % (kids, pages))
    bodies += [b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 72 144] >>"] * pages
    out, offsets = b"%PDF-1.4\n" + b"%" * pad + b"\n", []
    for number, body in enumerate(bodies, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    xref = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(bodies) + 1
    table = b"xref\n0 %d\n0000000000 65535 f \n%b" % (size, xref)
    return out + table + b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (size, len(out))


def a_pwg_raster(pages: int = 1, *, width: int = 8, height: int = 8) -> bytes:
    """Grey pages of that many pixels: each line black in its first half, all lines alike."""
    header = bytearray(1796)
    struct.pack_into(">II", header, 372, width, height)
    struct.pack_into(">I", header, 388, 8)
    half = width // 2
    line = bytes([half - 1, 0]) + bytes([256 - (half - 1)]) + b"\xff" * half
    return b"RaS2" + (bytes(header) + bytes([height - 1]) + line) * pages


async def in_pieces(octets: bytes, size: int = 1000) -> AsyncIterator[bytes]:
    for start in range(0, len(octets), size):
        yield octets[start : start + size]


class QuickClock:
    """Real time, but whoever sleeps is woken at once: for tests whose other half is a real socket."""

    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(min(seconds, 0.002))


async def until(holds: Callable[[], object], seconds: float = 60.0) -> None:
    """Let the sockets do their work until `holds`; TimeoutError says that it never did."""
    async with asyncio.timeout(seconds):
        while not holds():
            await asyncio.sleep(0.002)
