"""The TXT record and Get-Printer-Attributes tell the same of every Printer: else phones show it and print nothing."""

import re
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from hypothesis import given, settings
from hypothesis import strategies as st

from discovery.records import txt
from gateway.domain import description
from gateway.domain.capabilities import Capabilities, Media
from gateway.domain.printer import Authentication, Printer
from gateway.services.printers import PrinterStatus
from gateway.settings import Settings
from ipp.server.printer_attributes import Face, description_attributes
from ipp.server.template_attributes import template_attributes
from ipp.server.where import Where
from tests.fakes import a_printer

HOST = "papertap-desk.local"
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)
MEDIA = st.builds(
    Media,
    name=st.sampled_from(["iso_a4_210x297mm", "iso_dl_110x220mm", "jpn_hagaki_100x148mm"]),
    x=st.integers(5000, 50000),
    y=st.integers(5000, 90000),
    source=st.sampled_from(["main", "tray-1", "tray-9", "by-pass-tray"]),
    type=st.sampled_from(["stationery", "envelope", "labels"]),
)
CAPABILITIES = st.builds(
    Capabilities,
    media=st.lists(MEDIA, min_size=1, max_size=4).map(tuple),
    color=st.booleans(),
    duplex=st.booleans(),
    copies=st.integers(1, 9999),
    resolutions=st.sets(st.sampled_from([150, 300, 600, 1200])).map(lambda found: tuple(sorted(found))),
    finishings=st.sets(st.sampled_from([3, 4, 5, 22, 50, 93])).map(tuple),
    output_bins=st.lists(st.sampled_from(["face-down", "tray-2", "stacker"]), unique=True).map(tuple),
    make_and_model=TEXTS,
)
PRINTERS = st.builds(
    replace,
    st.just(a_printer()),
    info=TEXTS,
    location=TEXTS,
    authentication=st.sampled_from(Authentication),
    capabilities=CAPABILITIES,
)


def attributes(printer: Printer) -> dict[str, tuple[Any, ...]]:
    face = Face(
        printer=printer,
        status=PrinterStatus(),
        where=Where(host=HOST, port=8631, secure=False),
        settings=Settings(),
        troubles=(),
        dns_sd_name=description.dns_sd_name(printer),
        operations=(2,),
        software="1",
    )
    several = [*description_attributes(face), *template_attributes(printer)]
    return {attribute.name: attribute.values for attribute in several}


def numbers(token: str) -> set[int]:
    return {int(number) for number in re.findall(r"\d+", token)}


@given(PRINTERS)
@settings(deadline=None)
def test_txt_and_attributes_agree(printer: Printer) -> None:
    told = dict(txt(printer, base_url=f"http://{HOST}:8080", tls=True))
    ipp = {name: [str(value) for value in values] for name, values in attributes(printer).items()}
    raw = attributes(printer)

    offered = [f for f in ipp["document-format-supported"] if f != "application/octet-stream"]
    assert told["pdl"].split(",") == offered[: len(told["pdl"].split(","))]
    assert told["pdl"].split(",")[0] == ipp["document-format-preferred"][0]
    assert told["URF"].split(",") == ipp["urf-supported"]
    assert f"urn:uuid:{told['UUID']}" == ipp["printer-uuid"][0]
    assert told["ty"] == ipp["printer-make-and-model"][0]
    assert told["note"] == ipp["printer-location"][0]
    assert told["adminurl"] == ipp["printer-more-info"][0]
    assert told["kind"].split(",") == ipp["printer-kind"]
    assert told["mopria-certified"] == ipp["mopria-certified"][0]
    assert f"MFG:{told['usb_MFG']};MDL:{told['usb_MDL']};" in ipp["printer-device-id"][0]
    assert {f"/{told['rp']}"} == {urlsplit(uri).path for uri in ipp["printer-uri-supported"]}
    assert (told["air"] == "username,password") == ("basic" in ipp["uri-authentication-supported"])
    assert "tls" in ipp["uri-security-supported"]
    assert (told["Color"] == "T") == raw["color-supported"][0]
    assert (told["Duplex"] == "T") == (len(raw["sides-supported"]) > 1)
    assert (told["Copies"] == "T") == (raw["copies-supported"][0].upper > 1)


@given(PRINTERS)
@settings(deadline=None)
def test_urf_tokens_agree_with_what_they_abbreviate(printer: Printer) -> None:
    raw = attributes(printer)
    tokens = {token[:2]: token for token in description.urf_supported(printer)}
    assert ("DM" in tokens) == ("two-sided-long-edge" in raw["sides-supported"])
    assert ("SR" in tokens) == ("color" in raw["print-color-mode-supported"])
    assert numbers(tokens["FN"]) == {int(value) for value in raw["finishings-supported"]}
    assert numbers(tokens["RS"]) == {resolution.x for resolution in raw["printer-resolution-supported"]}
    assert numbers(tokens["PQ"]) == {int(value) for value in raw["print-quality-supported"]}
    assert numbers(tokens["CP"]) == {min(raw["copies-supported"][0].upper, 255)}
