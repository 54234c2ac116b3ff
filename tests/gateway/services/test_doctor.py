"""AirPrint Doctor: a healthy printer is called healthy, and each ailment is found, named and given its mend."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from gateway.errors import BadRequest
from gateway.services.doctor import Doctor, check_uri
from gateway.services.doctor_findings import Report, Step, Tone
from gateway.services.doctor_samples import sample
from gateway.services.ports.surroundings import Sampled, TlsSeen
from ipp.virtual.raster import raster_to_png
from tests.fakes import FakeClock
from tests.fakes_doctor import READY, URI, FakeSurroundings


async def examined(network: FakeSurroundings, **options: bool) -> Report:
    return await Doctor(surroundings=network, clock=FakeClock()).examine(URI, **options)


async def test_a_healthy_printer() -> None:
    network = FakeSurroundings()
    report = await examined(network)
    assert [finding for finding in report.findings if finding.tone is not Tone.GOOD] == []
    assert report.tone is Tone.GOOD
    assert {finding.step for finding in report.findings} == set(Step)
    clients = {finding.client for finding in report.findings} - {""}
    assert clients == {"iPhone, iPad, Mac", "Android", "Windows", "ChromeOS", "Linux"}
    assert [format_ for format_, _, _ in network.samples] == [
        "image/urf", "application/pdf", "image/pwg-raster", "application/pdf", "application/pdf",
    ]  # fmt: skip
    assert not any(prints for _, _, prints in network.samples)


def txt(**values: str) -> Callable[[FakeSurroundings], None]:
    def change(network: FakeSurroundings) -> None:
        network.txt |= values

    return change


@pytest.mark.parametrize(
    ("adminurl", "tone"),
    [
        ("https://another-name.local/", Tone.GOOD),  # it answers with the name that it was asked by
        ("https://papertap.local:8443/", Tone.BAD),
        ("https://papertap.local/elsewhere", Tone.BAD),
        ("", Tone.BAD),
    ],
)
async def test_the_page_is_the_same_by_whatever_name_it_was_asked_for(adminurl: str, tone: Tone) -> None:
    network = FakeSurroundings()
    network.txt |= {"adminurl": adminurl}
    report = await examined(network)
    assert {finding.tone for finding in report.findings if finding.step is Step.AGREEMENT} == {tone}


def ready(*rows: dict[str, str]) -> Callable[[FakeSurroundings], None]:
    def change(network: FakeSurroundings) -> None:
        collections = dict(network.described.collections) | {"media-col-ready": rows}
        network.described = replace(network.described, collections=collections)

    return change


def tls(**values: object) -> Callable[[FakeSurroundings], None]:
    def change(network: FakeSurroundings) -> None:
        network.shown = replace(network.shown, **values)  # type: ignore[arg-type]  # the test names fields

    return change


def sets(**values: object) -> Callable[[FakeSurroundings], None]:
    def change(network: FakeSurroundings) -> None:
        for name, value in values.items():
            setattr(network, name, value)

    return change


NOW = FakeClock().now()
AILMENTS: list[tuple[Callable[[FakeSurroundings], None], Step, Tone, str, str]] = [
    (sets(known=()), Step.RESOLVE, Tone.BAD, "", "Nobody here knows the name"),
    (sets(breaks="describe"), Step.CONNECT, Tone.BAD, "", "does not answer"),
    (sets(breaks="browse"), Step.BROWSE, Tone.BAD, "", "Nothing can be looked for"),
    (sets(announced=False), Step.BROWSE, Tone.WARN, "Android", "Does not find it by itself"),
    (sets(breaks="sample"), Step.JOB, Tone.BAD, "Linux", "broke off"),
    (sets(result=Sampled(taken=False, status="client-error-document-format-error")), Step.JOB, Tone.BAD, "Windows", "refused"),
    (sets(result=Sampled(taken=True, status="successful-ok")), Step.JOB, Tone.WARN, "ChromeOS", "could not be canceled"),
    (sets(shown=TlsSeen(error="wrong version number")), Step.TLS, Tone.WARN, "", "No encrypted connection"),
    (tls(expires_at=NOW - 1), Step.TLS, Tone.BAD, "", "is over"),
    (tls(expires_at=NOW + 86400), Step.TLS, Tone.BAD, "", "within two weeks"),
    (tls(names=("other.example",)), Step.TLS, Tone.BAD, "", "not for papertap.local"),
    (tls(trusted=False), Step.TLS, Tone.WARN, "", "authority that devices do not know"),
    (lambda n: n.without("media-default"), Step.ATTRIBUTES, Tone.BAD, "Android", "Asks in vain for media-default"),
    (lambda n: n.said(media_default=("",)), Step.ATTRIBUTES, Tone.BAD, "Linux", "media-default"),
    (lambda n: n.without("urf-supported"), Step.ATTRIBUTES, Tone.BAD, "iPhone, iPad, Mac", "no iPhone shows"),
    (lambda n: n.said(urf_supported=("V1.4", "W8", "CP1", "RS300", "SRGB24")), Step.ATTRIBUTES, Tone.BAD, "iPhone, iPad, Mac", "DM1"),
    (lambda n: n.said(document_format_supported=("text/plain",)), Step.JOB, Tone.BAD, "Android", "takes none of what"),
    (lambda n: n.said(media_source_supported=("7",)), Step.MEDIA, Tone.BAD, "Windows", "A tray is called 7"),
    (lambda n: n.said(media_supported=("A4",)), Step.MEDIA, Tone.WARN, "", "no PWG names"),
    (ready({"media-source": "tray-1"}), Step.MEDIA, Tone.BAD, "", "has no size"),
    (ready(READY, {"media-size": "x"}), Step.MEDIA, Tone.WARN, "", "do not say which tray"),
    (txt(URF=""), Step.AGREEMENT, Tone.BAD, "", "URF is missing"),
    (txt(URF="V1.4,DM3"), Step.AGREEMENT, Tone.BAD, "", "URF has DM3"),
    (txt(pdl="application/postscript"), Step.AGREEMENT, Tone.BAD, "", "pdl has application/postscript"),
    (txt(rp="printers/x"), Step.AGREEMENT, Tone.BAD, "", "rp is printers/x"),
    (txt(Duplex="F"), Step.AGREEMENT, Tone.BAD, "", "Duplex is F, but T"),
    (lambda n: n.said(uri_authentication_supported=("basic", "basic")), Step.AGREEMENT, Tone.BAD, "", "air is none"),
]  # fmt: skip


@pytest.mark.parametrize(("break_it", "step", "tone", "client", "words"), AILMENTS)
async def test_each_ailment(
    break_it: Callable[[FakeSurroundings], None], step: Step, tone: Tone, client: str, words: str
) -> None:
    network = FakeSurroundings()
    break_it(network)
    report = await examined(network)
    found = [one for one in report.findings if (one.step, one.tone, one.client) == (step, tone, client)]
    assert any(words in one.text for one in found), report.findings
    assert all(one.mend for one in found)
    assert report.tone is not Tone.GOOD


async def test_a_printer_that_asks_for_a_password_is_well() -> None:
    network = FakeSurroundings(result=Sampled(taken=False, status="client-error-not-authenticated"))
    report = await examined(network)
    assert report.tone is Tone.GOOD


async def test_without_jobs_nothing_is_sent_and_with_print_it_prints() -> None:
    network = FakeSurroundings()
    await examined(network, jobs=False)
    assert network.samples == []
    await examined(network, prints=True)
    assert all(prints for _, _, prints in network.samples)


@pytest.mark.parametrize(
    "uri",
    ["", "http://a/", "ipp:///ipp/print", "ipp://a:0/", "ipp://a:99999/", "ipps://u:p@a/", "ipp://[::1", "x" * 400],
)
def test_what_is_no_printer_s_address(uri: str) -> None:
    with pytest.raises(BadRequest):
        check_uri(uri)


def test_samples_are_small_and_begin_as_they_should() -> None:
    for format_, magic in (("application/pdf", b"%PDF-"), ("image/urf", b"UNIRAST\0"), ("image/pwg-raster", b"RaS2")):
        document = sample(format_)
        assert document.startswith(magic)
        assert len(document) < 20_000


@pytest.mark.parametrize("format_", ["image/urf", "image/pwg-raster"])
def test_samples_are_one_white_page(format_: str, tmp_path: Path) -> None:
    document = tmp_path / "sample"
    document.write_bytes(sample(format_))
    assert raster_to_png(document, tmp_path) == 1
    with Image.open(next(tmp_path.glob("*.png"))) as page:
        assert set(page.convert("L").tobytes()) == {255}
