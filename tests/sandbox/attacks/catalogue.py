"""Every document that wants to do harm, by name: what a machine's jails have to bear."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlsplit

from tests.sandbox import samples
from tests.sandbox.formats import hostile
from tests.sandbox.office import attacks as office


@dataclass(frozen=True, kw_only=True, slots=True)
class Lures:
    """What must not be reached: a listener, and a file of the host's with a secret in it."""

    url: str
    secret: str

    @property
    def port(self) -> int:
        port = urlsplit(self.url).port
        assert port is not None
        return port


Make = Callable[[Lures], bytes]


def _plain(make: Callable[..., bytes], *arguments: object, **named: object) -> Make:
    made = partial(make, *arguments, **named)
    return lambda _: made()


def light() -> dict[str, Make]:
    """What the light worker opens."""
    noise = random.Random(1)
    found: dict[str, Make] = {
        "empty": lambda _: b"",
        "elf": lambda _: b"\x7fELF\x02\x01\x01" + bytes(5000),
        "random": lambda _: noise.randbytes(100_000),
        "random PDF": lambda _: b"%PDF-1.7\n" + noise.randbytes(100_000),
        "random JPEG": lambda _: b"\xff\xd8\xff\xe0" + noise.randbytes(1000),
        "random PWG raster": lambda _: b"RaS2" + noise.randbytes(5000),
        "truncated PDF": lambda _: samples.pdf(5)[:900],
        "truncated picture": lambda _: samples.jpeg((400, 400))[:900],
        "PDF under a password": _plain(samples.encrypted, user="secret"),
        "PDF not to be printed": _plain(samples.encrypted, printing=False),
        "PDF with JavaScript, Launch and attachments": _plain(samples.scripted),
        "PDF that calls": lambda lures: samples.calling_pdf(lures.url),
        "PDF with a shared page tree": _plain(samples.page_tree_bomb),
        "flate bomb": _plain(samples.flate_bomb, 50),
        "pixel bomb": _plain(samples.pixel_bomb),
        "polyglot of JPEG and PDF": lambda _: samples.jpeg() + samples.scripted(),
        "polyglot of PDF and ZIP": _plain(hostile.polyglot_pdf_zip),
        "polyglot of GIF and HTML": _plain(hostile.polyglot_gif_page),
        "zip bomb": _plain(hostile.zip_bomb),
        "lying zip": _plain(hostile.lying_zip),
        "overlapping zip": _plain(hostile.overlapping),
        "a name that climbs": _plain(hostile.with_member, "../../../tmp/evil", b"x"),
        "a name from the root": _plain(hostile.with_member, "/etc/cron.d/evil", b"x"),
        "a symlink": _plain(hostile.with_member, "word/link", b"/etc/passwd", link=True),
        "billion laughs": _plain(hostile.laughing_docx),
        "billion laughs in SVG": _plain(hostile.laughing_svg),
        "SVG that refers": lambda lures: hostile.leaking_svg(lures.port),
        "huge SVG": _plain(hostile.huge_svg),
        "wide TIFF": _plain(hostile.wide_tiff),
        "TIFF of 10,000 pages": _plain(hostile.tiff_of, 10_000),
        "TIFF in a ring": _plain(hostile.tiff_in_a_ring),
        "wide BMP": _plain(hostile.wide_picture, "bmp"),
        "wide HEIC": _plain(hostile.wide_picture, "heic"),
        "PNG with a bomb in its text": _plain(hostile.png_with_text, 100),
        "mail of 1,000 levels": _plain(hostile.nested_mail, 1_000),
        "mail of 100,000 parts": _plain(hostile.wide_mail, 100_000),
        "mail of messages": _plain(hostile.mail_of_messages, 1_000),
        "mail with sly names": _plain(hostile.sly_mail),
        "office package under a password": _plain(hostile.encrypted_package),
        "circular compound file": _plain(hostile.circular_compound),
        "XPS that strays": _plain(hostile.straying_xps),
    }
    for number, program in enumerate(samples.POSTSCRIPT_FILES):
        found[f"PostScript and files {number}"] = _plain(samples.postscript, program)
    return found


def endless() -> dict[str, Make]:
    """What never ends by itself."""
    return {
        "PostScript that loops": lambda _: b"%!PS\n{} loop\n",
        "PDF whose forms multiply": _plain(samples.form_bomb),
        "SVG that multiplies": _plain(hostile.spinning_svg),
    }


def by_office() -> dict[str, Make]:
    """What the office worker opens."""

    def one(name: str) -> Make:
        return lambda lures: office.hostile(lures.url, lures.secret)[name]

    return {name: one(name) for name in office.hostile("http://127.0.0.1:9/", "file:///nowhere")} | {
        "HTML that refers": lambda lures: hostile.leaking_html(lures.port)
    }
