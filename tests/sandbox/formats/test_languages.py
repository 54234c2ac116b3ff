"""Print files of drivers: counted, unwrapped, and never handed on with the job language that came around them."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox import kinds
from sandbox.client import Sandbox
from sandbox.errors import Broken, FormatUnsupported, SandboxError
from sandbox.jail import dsc, pcl, pclxl, pjl
from sandbox.model import Asks, Facts, PageFacts
from tests.sandbox.pipeline.sheets import numbered
from tests.sandbox.samples import Collected, stream

UEL = b"\x1b%-12345X"


def printed(device: str, pages: int, *options: str, color: bool = False) -> bytes:
    """What a driver would send: Ghostscript is one."""
    draw = b"1 0 0 rg 100 100 200 200 re f" if color else b"0 g 100 100 200 200 re f"
    done = subprocess.run(
        [
            "gs",
            "-q",
            "-dSAFER",
            "-dBATCH",
            "-dNOPAUSE",
            f"-sDEVICE={device}",
            "-sOutputFile=%stdout",
            "-r150",
            *options,
            "-",
        ],
        input=numbered(pages, draw=draw),
        capture_output=True,
        check=True,
    )
    return done.stdout


def wrapped(data: bytes, language: str, *lines: str) -> bytes:
    said = "".join(f"{line}\r\n" for line in ("@PJL", *lines, f"@PJL ENTER LANGUAGE={language}"))
    return UEL + said.encode() + data + UEL + b"@PJL EOJ\r\n" + UEL


async def taken(sandbox: Sandbox, document: bytes, *, raw: bool = True) -> tuple[Facts, bytes]:
    sink = Collected()
    made = await sandbox.prepare(stream(document), None, sink, raw=raw)
    return made.facts, sink.data


@pytest.mark.parametrize(
    ("device", "kind", "color"),
    [
        ("ljet4", kinds.PCL, False),
        ("laserjet", kinds.PCL, False),
        ("cdj550", kinds.PCL, True),
        ("pxlmono", kinds.PCLXL, False),
        ("pxlcolor", kinds.PCLXL, True),
    ],
)
@pytest.mark.parametrize("pages", [1, 5])
async def test_pages_and_colour_of_drivers_output(
    sandbox: Sandbox, device: str, kind: str, color: bool, pages: int
) -> None:
    document = printed(device, pages, color=color)
    facts, result = await taken(sandbox, document)
    assert (facts.format, facts.page_count, facts.pages[0].color) == (kind, pages, color)
    assert UEL not in result


@pytest.mark.parametrize(
    ("device", "tumble", "sides"),
    [
        ("ljet4d", "false", "two-sided-long-edge"),
        ("pxlmono", "false", "two-sided-long-edge"),
        ("pxlmono", "true", "two-sided-short-edge"),
    ],
)
async def test_two_sides_are_told(sandbox: Sandbox, device: str, tumble: str, sides: str) -> None:
    facts, _ = await taken(sandbox, printed(device, 2, "-dDuplex=true", f"-dTumble={tumble}"))
    assert facts.asks.sides == sides


async def test_paper(sandbox: Sandbox) -> None:
    for device in ("ljet4", "pxlmono"):
        facts, _ = await taken(sandbox, printed(device, 1, "-sPAPERSIZE=a4", "-dFIXEDMEDIA"))
        assert (facts.pages[0].width, facts.pages[0].height) == (21000, 29700)


async def test_the_job_language_never_goes_on_and_only_wishes_are_kept(sandbox: Sandbox) -> None:
    inside = b"\x1bEone\x0ctwo\x0c\x1bE"
    evil = (
        "@PJL DEFAULT PASSWORD=0",
        '@PJL FSDOWNLOAD FORMAT:BINARY SIZE=4 NAME="0:\\x"',
        "@PJL SET COPIES=3",
        "@PJL SET DUPLEX=ON",
        "@PJL SET BINDING=SHORTEDGE",
        "@PJL SET RENDERMODE=GRAYSCALE",
        "@PJL SET SERVICEMODE=HPBOISEID",
    )
    facts, result = await taken(sandbox, wrapped(inside, "PCL", *evil))
    assert result == inside
    assert facts.asks == Asks(copies=3, sides="two-sided-short-edge", gray=True)
    assert facts.page_count == 2


async def test_a_way_back_into_the_job_language_is_cut_or_refused(sandbox: Sandbox) -> None:
    bare = b"\x1bEone\x0c\x1bE"
    _, result = await taken(sandbox, bare + UEL + b"@PJL DEFAULT PASSWORD=0\r\n" + UEL)
    assert result == bare
    for spelling in (b"\x1b%-012345X", b"\x1b%-12345.0X", b"\x1b%-12345x"):
        with pytest.raises(FormatUnsupported):
            await taken(sandbox, b"\x1bEone" + spelling + b"@PJL DEFAULT PASSWORD=0\r\n")
    inside_data = b"\x1bE\x1b*b40W" + UEL + b"@PJL DEFAULT PASSWORD=0\r\n" + bytes(5)
    with pytest.raises(Broken):
        await taken(sandbox, inside_data + b"\x0c")


async def test_what_is_not_opted_in_is_refused_with_what_to_do(sandbox: Sandbox) -> None:
    for document in (printed("ljet4", 1), printed("pxlmono", 1), wrapped(b"Hello", "PCL")):
        with pytest.raises(FormatUnsupported, match="driverless"):
            await taken(sandbox, document, raw=False)
    facts = await sandbox.inspect(stream(printed("ljet4", 3)))
    assert facts.page_count == 3


@pytest.mark.parametrize("language", ["POSTSCRIPT", "PDF"])
async def test_documents_inside_the_job_language_are_opened(sandbox: Sandbox, language: str) -> None:
    inside = printed("ps2write", 2) if language == "POSTSCRIPT" else numbered(2)
    facts, result = await taken(sandbox, wrapped(inside, language, "@PJL SET COPIES=2"), raw=False)
    assert (facts.page_count, facts.asks.copies) == (2, 2)
    assert facts.format == (kinds.POSTSCRIPT if language == "POSTSCRIPT" else kinds.PDF)
    assert result.startswith(b"%PDF")


async def test_what_a_postscript_driver_asked_of_its_device_is_told(sandbox: Sandbox) -> None:
    head, _, rest = printed("ps2write", 1).partition(b"%%EndComments")
    asked = b"\n%%BeginFeature: *Duplex DuplexTumble\n<</Duplex true /Tumble true>> setpagedevice\n%%EndFeature\n"
    facts, _ = await taken(sandbox, head + b"%%EndComments" + asked + rest, raw=False)
    assert facts.asks.sides == "two-sided-short-edge"


@pytest.mark.parametrize(
    ("said", "asks"),
    [
        (b"%%Requirements: duplex numcopies(4) collate\n", Asks(copies=4, sides="two-sided-long-edge")),
        (b"%%Requirements: duplex(tumble)\n", Asks(sides="two-sided-short-edge")),
        (b"<< /Duplex false >> setpagedevice", Asks(sides="one-sided")),
        (b"<</NumCopies 7 /Duplex true>> setpagedevice", Asks(copies=7, sides="two-sided-long-edge")),
        (b"%%BeginFeature: *Duplex None\n", Asks(sides="one-sided")),
        (b"%%Requirements: numcopies(0)\n", Asks()),
        (b"nothing", Asks()),
    ],
)
def test_structured_comments(said: bytes, asks: Asks, tmp_path: Path) -> None:
    path = tmp_path / "source"
    path.write_bytes(b"%!PS-Adobe-3.0\n" + said)
    assert dsc.asks(path) == asks


async def test_several_documents_in_one_file_are_refused(sandbox: Sandbox) -> None:
    one = wrapped(b"\x1bEfirst\x0c\x1bE", "PCL")
    for document in (one + one, one + b"\x1bEsecond\x0c"):
        with pytest.raises(FormatUnsupported):
            await taken(sandbox, document)
    with pytest.raises(Broken):
        await taken(sandbox, UEL + b"@PJL\r\n@PJL DEFAULT PASSWORD=0\r\n" + UEL)


async def test_pages_that_cannot_be_counted_are_unknown(sandbox: Sandbox) -> None:
    facts, result = await taken(sandbox, b"\x1bEHello\x1b\x01")
    assert (facts.pages, facts.format) == ((), kinds.PCL)
    assert result
    assert facts.notes == ("The pages of this print file could not be counted.",)
    odd = printed("pxlmono", 1).partition(UEL + b"@PJL")[2].partition(b"PCLXL")[2].lstrip().partition(UEL)[0]
    assert (await taken(sandbox, odd + b"\xf0\xf1\xf2"))[0].pages == ()


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"\x1bEHello\x0c\x1bE", (1, 0, "", (21000, 29700))),
        (b"\x1bEHello\x1bE", (1, 0, "", (21000, 29700))),
        (b"\x1bE\x1b&l3X\x1b&l1s2a1Oone\x0ctwo\x0c\x1bE", (2, 3, "two-sided-long-edge", (27940, 21590))),
        (
            b"\x1bE\x1b&l2S\x1b(s9Wfont\x0cbits\x1b&p3X\x0c\x0c\x0cx\x0c\x1bE",
            (1, 0, "two-sided-short-edge", (21000, 29700)),
        ),
        (b"\x1bE\x1b%0BIN;SP1;PA10,10;\x1b%0A\x0c\x1bE", (1, 0, "", (21000, 29700))),
        (b"\x0c\x0c\x0c", (3, 0, "", (21000, 29700))),
    ],
)
def test_pcl_by_hand(data: bytes, told: tuple[object, ...], tmp_path: Path) -> None:
    path = tmp_path / "source"
    path.write_bytes(data)
    found = pcl.told(path)
    assert (found.pages, found.copies, found.sides, found.size) == told


@settings(max_examples=150, deadline=None)
@given(
    data=st.lists(
        st.sampled_from(
            [
                UEL,
                b"@PJL ENTER LANGUAGE=PCL\r\n",
                b"@PJL SET COPIES=99\n",
                b"\x1bE",
                b"\x1b*b4W",
                b"\x0c",
                b") HP-PCL XL;2;0\n",
            ]
        )
        | st.binary(max_size=12),
        min_size=1,
        max_size=20,
    ).map(b"".join)
)
def test_noise(data: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("noise") / "source"
    path.write_bytes(data or b"x")
    for read in (pcl.told, pclxl.told):
        found = read(path)
        assert found.pages is None or found.pages <= len(data) + 1
    dsc.asks(path)
    try:
        pjl.unwrap(path)
    except SandboxError:
        return
    assert UEL not in path.read_bytes()


async def test_a_print_file_that_was_cut_off_is_broken(sandbox: Sandbox) -> None:
    """A device would take what follows, the end of our own frame, for the rest of its data."""
    pcl5 = printed("ljet4", 1).removesuffix(b"\x1bE")
    for document in (pcl5 + b"\x1b*b9999Wtoo little", pcl5 + b"\x1b*b12", printed("pxlmono", 1, color=True)[:-1500]):
        with pytest.raises(Broken):
            await taken(sandbox, document)


def test_facts_of_print_files_cross_the_border() -> None:
    from sandbox.model import facts_from_wire, facts_to_wire

    page = PageFacts(width=21000, height=29700, color=False)
    facts = Facts(format=kinds.PCL, pages=(page,), asks=Asks(copies=2, sides="one-sided", gray=True))
    assert facts_from_wire(facts_to_wire(facts)) == facts
    bad = facts_to_wire(facts) | {"asks": [1, "sideways", False]}
    with pytest.raises(ValueError, match="sides"):
        facts_from_wire(bad)
