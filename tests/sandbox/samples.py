"""Documents made for the sandbox's tests, well-formed and hostile; and the small ways to use a sandbox from a test."""

import io
import os
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager

import pikepdf
from pikepdf import Array, Dictionary, Name, Pdf
from PIL import Image

from sandbox import slots
from sandbox.client import Sandbox
from sandbox.model import Prepared, Rendered, Thumbnails
from sandbox.protocol import ProtocolError
from sandbox.recipe import Recipe

A4 = (595.28, 841.89)


async def stream(data: bytes, step: int = 40_000) -> AsyncIterator[bytes]:
    for start in range(0, len(data), step):
        yield data[start : start + step]


class Collected:
    """A sink that keeps what it gets, and the pictures apart."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.pictures: dict[int, bytes] = {}

    async def __call__(self, chunk: bytes) -> None:
        self.parts.append(chunk)

    async def picture(self, page: int, data: bytes) -> None:
        self.pictures[page] = data

    @property
    def data(self) -> bytes:
        return b"".join(self.parts)


async def prepare(
    sandbox: Sandbox, document: bytes, *, thumbnails: Thumbnails | None = None, password: str | None = None
) -> tuple[Prepared, Collected]:
    sink = Collected()
    prepared = await sandbox.prepare(
        stream(document),
        None,
        sink,
        thumbnails=thumbnails or Thumbnails(count=3),
        thumbnail_sink=sink.picture,
        password=password,
    )
    return prepared, sink


async def render(sandbox: Sandbox, document: bytes, recipe: Recipe) -> tuple[Rendered, bytes]:
    sink = Collected()
    rendered = await sandbox.render(stream(document), recipe, sink)
    return rendered, sink.data


def pdf(pages: int = 1, *, size: tuple[float, float] = A4, draw: bytes = b"0 g 72 72 144 144 re f") -> bytes:
    """A PDF whose every page has the number of the page as text and `draw` as content."""
    with Pdf.new() as made:
        for number in range(1, pages + 1):
            page = made.add_blank_page(page_size=size)
            page.obj.Resources = Dictionary(
                Font=Dictionary(F=Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica))
            )
            text = b"BT /F 24 Tf 72 %d Td (page %d) Tj ET " % (size[1] - 100, number)
            page.obj.Contents = made.make_stream(text + draw)
        return saved(made)


def saved(made: Pdf, **options: object) -> bytes:
    buffer = io.BytesIO()
    made.save(buffer, **options)  # type: ignore[arg-type]  # passed on as given
    return buffer.getvalue()


def encrypted(*, user: str = "", owner: str = "owner", printing: bool = True) -> bytes:
    allow = pikepdf.Permissions(print_lowres=printing, print_highres=printing)
    with Pdf.open(io.BytesIO(pdf())) as made:
        return saved(made, encryption=pikepdf.Encryption(user=user, owner=owner, allow=allow))


def scripted() -> bytes:
    """A PDF with everything in it that has no business on paper."""
    with Pdf.open(io.BytesIO(pdf())) as made:
        script = Dictionary(S=Name.JavaScript, JS=pikepdf.String("app.alert('EVILMARK')"))
        launch = Dictionary(S=Name.Launch, F=pikepdf.String("/bin/sh-EVILMARK"))
        made.Root.OpenAction = script
        made.Root.AA = Dictionary(WC=script)
        attached = made.make_stream(b"EVILMARK attached")
        made.Root.Names = Dictionary(
            JavaScript=Dictionary(Names=Array([pikepdf.String("a"), script])),
            EmbeddedFiles=Dictionary(
                Names=Array([pikepdf.String("f"), Dictionary(Type=Name.Filespec, EF=Dictionary(F=attached))])
            ),
        )
        made.docinfo["/Author"] = "EVILMARK"
        made.pages[0].obj.AA = Dictionary(O=launch)
        made.pages[0].obj.Annots = Array(
            [Dictionary(Type=Name.Annot, Subtype=Name.Link, Rect=[0, 0, 50, 50], A=launch)]
        )
        return saved(made, object_stream_mode=pikepdf.ObjectStreamMode.disable, compress_streams=False)


def flate_bomb(megabytes: int) -> bytes:
    """A PDF of a few kilobytes whose page content inflates to `megabytes`."""
    squeeze = zlib.compressobj(9)
    data = b"".join(squeeze.compress(b"0 0 m " * 174_763) for _ in range(megabytes)) + squeeze.flush()
    data = zlib.compress(data, 9)
    with Pdf.open(io.BytesIO(pdf())) as made:
        made.pages[0].obj.Contents = pikepdf.Stream(made, data, Filter=Array([Name.FlateDecode, Name.FlateDecode]))
        return saved(made, compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.none)


def page_tree_bomb() -> bytes:
    """Twenty levels of two references to the same node: a million pages in two kilobytes, claimed as one."""
    with Pdf.open(io.BytesIO(pdf(1))) as made:
        node = made.pages[0].obj
        for _ in range(20):
            parent = made.make_indirect(Dictionary(Type=Name.Pages, Kids=Array([node, node]), Count=1))
            node = parent
        made.Root.Pages = node
        return saved(made)


def form_bomb() -> bytes:
    """A form that draws ten of another one, thirty levels deep."""
    with Pdf.open(io.BytesIO(pdf(1))) as made:
        form = made.make_stream(b"0 0 10 10 re f")
        for _ in range(30):
            form.Type, form.Subtype, form.BBox = Name.XObject, Name.Form, Array([0, 0, 600, 900])
            outer = made.make_stream(b"/F Do " * 10)
            outer.Resources = Dictionary(XObject=Dictionary(F=form))
            form = outer
        form.Type, form.Subtype, form.BBox = Name.XObject, Name.Form, Array([0, 0, 600, 900])
        made.pages[0].obj.Resources = Dictionary(XObject=Dictionary(F=form))
        made.pages[0].obj.Contents = made.make_stream(b"/F Do")
        return saved(made)


def calling_pdf(url: str) -> bytes:
    """An action that opens the address and an image whose data lies there."""
    with Pdf.open(io.BytesIO(pdf(1))) as made:
        made.Root.OpenAction = Dictionary(S=Name.URI, URI=pikepdf.String(url))
        image = made.make_stream(b"")
        image.Type, image.Subtype, image.Width, image.Height = Name.XObject, Name.Image, 1, 1
        image.ColorSpace, image.BitsPerComponent = Name.DeviceGray, 8
        image.F = Dictionary(FS=Name.URL, F=pikepdf.String(url))
        made.pages[0].obj.Resources.XObject = Dictionary(I=image)
        made.pages[0].obj.Contents = made.make_stream(b"/I Do")
        return saved(made)


POSTSCRIPT_FILES = (
    b"(/etc/passwd) (r) file 1000 string readstring pop print",
    b"(%pipe%id) (r) file 1000 string readstring pop print",
    b"(/tmp/../proc/self/environ) (r) file 1000 string readstring pop print",
    b"(/app/sandbox/errors.py) (r) file 1000 string readstring pop show",
    b"(/app/evil) (w) file (x) writestring",
    b"(*) {print} 100 string filenameforall (/app/sandbox/client.py) run",
)


def postscript(program: bytes) -> bytes:
    return b"%!PS\n/Helvetica findfont 20 scalefont setfont 72 72 moveto\n" + program + b"\nshowpage\n"


def png(size: tuple[int, int] = (60, 30), color: object = (255, 0, 0), mode: str = "RGB") -> bytes:
    return _image(size, color, mode, "PNG")


def jpeg(size: tuple[int, int] = (60, 30), color: object = (255, 0, 0), mode: str = "RGB", **options: object) -> bytes:
    return _image(size, color, mode, "JPEG", **options)


def _image(size: tuple[int, int], color: object, mode: str, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.new(mode, size, color).save(buffer, kind, **options)  # type: ignore[arg-type]  # any colour of any mode
    return buffer.getvalue()


def pixel_bomb() -> bytes:
    """A PNG of 200 bytes that says it has 3,600 million pixels."""
    whole = bytearray(png((8, 8)))
    whole[16:24] = (60_000).to_bytes(4, "big") * 2
    whole[29:33] = zlib.crc32(whole[12:29]).to_bytes(4, "big")
    return bytes(whole)


def drawn(document: bytes, index: int = 0, scale: float = 1.0) -> Image.Image:
    """A page of one of our own results as a picture."""
    import pypdfium2

    opened = pypdfium2.PdfDocument(document)
    try:
        page = opened[index]
        bitmap = page.render(scale=scale)
        image = bitmap.to_pil().convert("RGB").copy()
        bitmap.close()
        page.close()
        return image
    finally:
        opened.close()


def page_count(document: bytes) -> int:
    with Pdf.open(io.BytesIO(document)) as opened:
        return len(opened.pages)


def page_sizes(document: bytes) -> list[tuple[int, int]]:
    """The sizes of all pages in whole points."""
    with Pdf.open(io.BytesIO(document)) as opened:
        boxes = [[float(value) for value in page.mediabox] for page in opened.pages]
    return [(round(box[2] - box[0]), round(box[3] - box[1])) for box in boxes]


def complaint(action: Callable[[], object]) -> str:
    """The message of the ValueError or ProtocolError that the action raises; empty when it goes well."""
    try:
        action()
    except (ValueError, ProtocolError) as error:
        return str(error)
    return ""


@contextmanager
def nobody_left(sandbox: Sandbox) -> Iterator[None]:
    """Asserts after the block, in which the sandbox is closed, that no process is left in any slot it had.

    The slots stay locked until that has been seen: other gateways on the machine take free ones at once.
    """
    held = sandbox.pool.slots
    locks = [os.dup(slot.lock) for slot in held]
    try:
        yield
        assert slots.occupants(held) == [], "a process outlived its sandbox"
    finally:
        for lock in locks:
            os.close(lock)
