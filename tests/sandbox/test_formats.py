"""Each format that is accepted, all the way through a real jail."""

import io
import subprocess
from pathlib import Path

import pikepdf
import pytest
from PIL import Image, ImageCms

from sandbox import model
from sandbox.client import Sandbox
from sandbox.errors import FormatUnsupported, NothingSelected
from sandbox.jail import pwg, urf
from sandbox.jail.raster import RasterPage, Space
from sandbox.model import PageFacts, Thumbnails
from sandbox.recipe import Recipe
from tests.sandbox import samples
from tests.sandbox.samples import drawn, page_count, prepare, stream


def _exchanged() -> bytes:
    """sRGB with the red and the green primary exchanged: nobody can miss whether it was applied."""
    plain = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, green = plain.index(b"rXYZ"), plain.index(b"gXYZ")
    plain[red : red + 4], plain[green : green + 4] = b"gXYZ", b"rXYZ"
    return bytes(plain)


async def test_a_pdf_is_described_cleaned_and_pictured(sandbox: Sandbox) -> None:
    prepared, sink = await prepare(sandbox, samples.pdf(4), thumbnails=Thumbnails(count=2))
    facts = prepared.facts
    assert (facts.format, facts.page_count, facts.color_pages) == (model.PDF, 4, 0)
    assert facts.pages[0] == PageFacts(width=21000, height=29700, color=False)
    assert (facts.encrypted, facts.print_permitted, facts.repaired, facts.removed) == (False, True, False, ())
    assert prepared.size == len(sink.data)
    assert page_count(sink.data) == 4
    assert sorted(sink.pictures) == [1, 2]
    with Image.open(io.BytesIO(sink.pictures[1])) as picture:
        assert (picture.format, picture.size) == ("PNG", (240, 339))
        # The black square of the sample: 72 to 216 points from the lower left corner.
        assert picture.convert("L").getpixel((58, 281)) == 0
        assert picture.convert("L").getpixel((200, 200)) == 255


async def test_colour_is_told_for_each_page(sandbox: Sandbox) -> None:
    with pikepdf.Pdf.open(io.BytesIO(samples.pdf(1, draw=b"0.9 0.9 1 RG 0.5 w 72 72 m 500 700 l S"))) as made:
        with pikepdf.Pdf.open(io.BytesIO(samples.pdf(1))) as plain:
            made.pages.extend(plain.pages)
        document = samples.saved(made)
    faint = await sandbox.inspect(stream(samples.pdf(1, draw=b"1 0 0 RG 0.3 w 72 300 m 500 310 l S")))
    assert faint.pages[0].color
    facts = await sandbox.inspect(stream(document))
    assert [page.color for page in facts.pages][1] is False


async def test_sizes_follow_rotation_and_crop(sandbox: Sandbox) -> None:
    with pikepdf.Pdf.open(io.BytesIO(samples.pdf(2))) as made:
        made.pages[0].rotate(90, relative=False)
        made.pages[1].obj.CropBox = [100, 100, 244, 388]
        document = samples.saved(made)
    facts = await sandbox.inspect(stream(document))
    assert [(page.width, page.height) for page in facts.pages] == [(29700, 21000), (5080, 10160)]


async def test_a_jpeg_is_turned_upright_and_loses_its_metadata(sandbox: Sandbox) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = "GPSMARK"
    document = samples.jpeg((300, 150), exif=exif, dpi=(150, 150), comment=b"GPSMARK")
    assert b"GPSMARK" in document
    prepared, sink = await prepare(sandbox, document)
    assert (prepared.facts.format, prepared.facts.pages[0]) == (
        model.JPEG,
        PageFacts(width=2540, height=5080, color=True),
    )
    assert b"GPSMARK" not in sink.data
    red, green, _ = drawn(sink.data).getpixel((10, 10))
    assert red > 200
    assert green < 60


async def test_a_colour_profile_is_applied(sandbox: Sandbox) -> None:
    _, sink = await prepare(sandbox, samples.jpeg((64, 64), (200, 40, 40), icc_profile=_exchanged()))
    red, green, _ = drawn(sink.data, scale=4).getpixel((20, 20))
    assert green > 180
    assert red < 60


@pytest.mark.parametrize("profile", [b"no profile", _exchanged()[:200], None])
async def test_a_damaged_or_unfit_profile_costs_nothing(sandbox: Sandbox, profile: bytes | None) -> None:
    unfit = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    _, sink = await prepare(sandbox, samples.jpeg((64, 64), (200, 40, 40), icc_profile=profile or unfit))
    red, green, _ = drawn(sink.data, scale=4).getpixel((20, 20))
    assert abs(red - 200) < 5
    assert abs(green - 40) < 5


@pytest.mark.parametrize("mode", ["L", "CMYK", "RGB"])
async def test_jpegs_of_every_colour_mode(sandbox: Sandbox, mode: str) -> None:
    color = {"L": 128, "CMYK": (0, 0, 0, 128), "RGB": (128, 128, 128)}[mode]
    prepared, sink = await prepare(sandbox, samples.jpeg((64, 64), color, mode))
    assert not prepared.facts.pages[0].color
    assert all(abs(value - 128) < 8 for value in drawn(sink.data, scale=4).getpixel((20, 20)))


@pytest.mark.parametrize(
    ("mode", "color", "seen"),
    [
        ("RGB", (10, 200, 30), (10, 200, 30)),
        ("RGBA", (0, 0, 0, 0), (255, 255, 255)),
        ("RGBA", (0, 0, 255, 128), (127, 127, 255)),
        ("L", 77, (77, 77, 77)),
        ("LA", (0, 0), (255, 255, 255)),
        ("1", 0, (0, 0, 0)),
        ("P", 0, (0, 0, 0)),
        ("I;16", 0x8000, (128, 128, 128)),
    ],
)
async def test_pngs_of_every_mode_on_white_paper(
    sandbox: Sandbox, mode: str, color: object, seen: tuple[int, int, int]
) -> None:
    _, sink = await prepare(sandbox, samples.png((150, 150), color, mode))
    found = drawn(sink.data, scale=2).getpixel((36, 36))
    assert all(abs(one - other) <= 2 for one, other in zip(found, seen, strict=True)), found


async def test_postscript_is_distilled(sandbox: Sandbox) -> None:
    document = b"%!PS\n<</PageSize[200 300]>>setpagedevice\n1 0 0 setrgbcolor 0 0 50 50 rectfill showpage showpage\n"
    prepared, sink = await prepare(sandbox, document)
    assert [page.color for page in prepared.facts.pages] == [True, False]
    assert samples.page_sizes(sink.data) == [(200, 300), (200, 300)]


async def test_a_claim_is_not_believed(sandbox: Sandbox) -> None:
    facts = await sandbox.inspect(stream(samples.png()), "application/pdf")
    assert facts.format == model.PNG
    with pytest.raises(FormatUnsupported) as caught:
        await sandbox.inspect(stream(b"PK\x03\x04" + bytes(500)), "application/pdf")
    assert "PDF" in str(caught.value)


_LINES = [bytes(value for x in range(40) for value in (x * 6, 255 - x * 6, (x * 37 + y * 11) % 256)) for y in range(30)]


@pytest.mark.parametrize("kind", [model.PWG, model.URF])
async def test_our_own_raster_reads_back_to_the_pixel(sandbox: Sandbox, kind: str) -> None:
    page = RasterPage(width=40, height=30, dpi=(72, 72), space=Space.RGB, bits=8)
    if kind == model.PWG:
        parts = [pwg.SYNC, *pwg.write_page(page, pwg.PwgSheet(points=(40, 30)), _LINES)]
    else:
        parts = [urf.file_header(1), *urf.write_page(page, urf.UrfSheet(), _LINES)]
    prepared, sink = await prepare(sandbox, b"".join(parts))
    assert prepared.facts.format == kind
    assert prepared.facts.pages == (PageFacts(width=1411, height=1058, color=True),)
    assert drawn(sink.data).tobytes() == b"".join(_LINES)


@pytest.mark.parametrize(
    ("space", "bits", "line", "seen"),
    [
        (Space.BLACK, 1, b"\xff\x00", [(0, 0, 0)] * 8 + [(255, 255, 255)] * 8),
        (Space.BLACK, 8, bytes([255] * 8 + [0] * 8), [(0, 0, 0)] * 8 + [(255, 255, 255)] * 8),
        (Space.GRAY, 16, b"\x80\x12" * 16, [(128, 128, 128)] * 16),
        (Space.RGB, 16, b"\x10\xff\x20\xff\x30\xff" * 16, [(16, 32, 48)] * 16),
        (Space.ADOBE_RGB, 8, b"\xff\xff\xff" * 16, [(255, 255, 255)] * 16),
        (Space.CMYK, 8, b"\x00\x00\x00\x00" * 16, [(255, 255, 255)] * 16),
    ],
)
async def test_each_colour_space_of_pwg_on_paper(
    sandbox: Sandbox, space: Space, bits: int, line: bytes, seen: list[tuple[int, int, int]]
) -> None:
    page = RasterPage(width=16, height=4, dpi=(72, 72), space=space, bits=bits)
    document = pwg.SYNC + b"".join(pwg.write_page(page, pwg.PwgSheet(points=(16, 4)), [line] * 4))
    _, sink = await prepare(sandbox, document)
    picture = drawn(sink.data)
    found = [picture.getpixel((x, 2)) for x in range(16)]
    assert all(abs(a - b) <= 2 for one, other in zip(found, seen, strict=True) for a, b in zip(one, other, strict=True))


def _ghostscript(device: str, document: Path, target: Path, *options: str) -> None:
    subprocess.run(
        [
            "gs",
            "-q",
            "-dSAFER",
            "-dBATCH",
            "-dNOPAUSE",
            f"-sDEVICE={device}",
            *options,
            f"-sOutputFile={target}",
            str(document),
        ],
        check=True,
        capture_output=True,
    )


@pytest.mark.parametrize(
    ("device", "options", "plain"),
    [
        ("pwgraster", ("-dcupsColorSpace=19", "-dcupsBitsPerColor=8"), "ppmraw"),
        ("pwgraster", ("-dcupsColorSpace=18", "-dcupsBitsPerColor=8"), "pgmraw"),
        ("urf", ("-dcupsColorSpace=19", "-dcupsBitsPerColor=8"), "ppmraw"),
        ("urf", ("-dcupsColorSpace=18", "-dcupsBitsPerColor=8"), "pgmraw"),
    ],
)
def test_ghostscripts_raster_is_decoded_to_ghostscripts_own_pixels(
    tmp_path: Path, device: str, options: tuple[str, ...], plain: str
) -> None:
    """An encoder that none of us wrote, against the same program's plain pixels."""
    document = tmp_path / "in.pdf"
    document.write_bytes(
        samples.pdf(2, size=(288, 216), draw=b"1 0 0 rg 20 20 90 60 re f 0 0.5 1 RG 3 w 10 10 m 270 200 l S")
    )
    _ghostscript(device, document, tmp_path / "raster", "-r100", *options)
    raster = (tmp_path / "raster").read_bytes()
    read = pwg.read_pages if device == "pwgraster" else urf.read_pages
    found = [
        (page, b"".join(line * repeat for repeat, line in lines))
        for page, lines in read(io.BytesIO(raster), max_pages=9, max_pixels=10**7)
    ]
    _ghostscript(plain, document, tmp_path / "page-%d", "-r100")
    assert len(found) == 2
    for number, (page, pixels) in enumerate(found, 1):
        with Image.open(tmp_path / f"page-{number}") as wanted:
            assert (page.width, page.height) == wanted.size == (400, 300)
            assert page.dpi == (100, 100)
            # Its raster device and its plain one round a coloured pixel's grey differently, by one.
            rounding = 0 if plain == "ppmraw" else 1
            assert max(abs(one - other) for one, other in zip(pixels, wanted.tobytes(), strict=True)) <= rounding


async def test_no_page_is_chosen(sandbox: Sandbox) -> None:
    with pytest.raises(NothingSelected):
        await samples.render(sandbox, samples.pdf(3), Recipe(page_ranges=((4, 9),)))
