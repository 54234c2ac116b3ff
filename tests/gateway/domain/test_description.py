"""What a Printer says of itself: tokens, texts and their lengths."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from gateway.domain import description
from gateway.domain.capabilities import Capabilities, Media
from gateway.domain.printer import Authentication, Printer, ReleasePolicy

PRINTER = Printer(
    name="find-me", uuid=UUID("0f5d7c1e-6f0c-4a53-9d3e-1b8b5f1c0a11"), info="Find me", policy=ReleasePolicy.PULL
)


def able(**changes: Any) -> Printer:
    return replace(PRINTER, capabilities=replace(Capabilities(), **changes))


def test_urf_tokens_of_the_default_set() -> None:
    assert description.urf_supported(PRINTER) == (
        "V1.4", "CP255", "W8", "SRGB24", "DM1", "FN3", "IS19-20-21-22", "MT1", "OB10", "PQ3-4-5", "RS300-600",
    )  # fmt: skip


def test_urf_of_a_simple_device_promises_neither_colour_nor_duplex() -> None:
    tokens = description.urf_supported(
        able(color=False, duplex=False, copies=1, media=(), resolutions=(), output_bins=(), finishings=())
    )
    assert tokens == ("V1.4", "CP1", "W8", "FN3", "MT1", "OB10", "PQ3-4-5", "RS300")


def test_unknown_sources_and_bins_are_left_out() -> None:
    odd = able(media=(Media(name="a", x=1, y=1, source="tray-x"),), output_bins=("moon",), media_types=("cloth",))
    assert not [token for token in description.urf_supported(odd) if token[:2] in {"IS", "OB", "MT"}]


def test_every_prepared_format_is_offered_whatever_the_devices_take() -> None:
    formats = description.document_formats(able(formats=("application/postscript",)))
    assert formats == ("application/pdf", "image/urf", "image/pwg-raster", "image/jpeg", "image/png")


@pytest.mark.parametrize(
    ("x", "y", "expected"),
    [(21000, 29700, "legal-A4"), (21590, 35560, "legal-A4"), (29700, 42000, "tabloid-A3"), (42000, 59400, "isoC-A2"),
     (84100, 118900, ">isoC-A2")],
)  # fmt: skip
def test_paper_max(x: int, y: int, expected: str) -> None:
    assert description.paper_max(able(media=(Media(name="m", x=x, y=y),))) == expected


def test_kinds_follow_the_media() -> None:
    media = (
        Media(name="iso_dl_110x220mm", x=11000, y=22000, type="envelope"),
        Media(name="jpn_hagaki_100x148mm", x=10000, y=14800),
    )
    assert description.kinds(able(media=media)) == ("document", "envelope", "postcard")
    assert description.kinds(PRINTER) == ("document",)


def test_duplex_and_sides_agree() -> None:
    assert len(description.sides_supported(able(duplex=True))) == 3
    assert description.sides_supported(able(duplex=False)) == ("one-sided",)


def test_finishing_words_know_single_values_and_ranges() -> None:
    assert description.finishing_words(able(finishings=(3, 22, 5))) == {"staple", "punch"}
    assert description.finishing_words(PRINTER) == frozenset()


def test_cut_ends_between_characters_and_drops_control_characters() -> None:
    assert description.cut("ä" * 40, 63) == "ä" * 31
    assert description.cut("a\r\nb\x1b[1m", 20) == "a  b [1m"


def test_the_dns_sd_name_is_one_label() -> None:
    assert description.dns_sd_name(PRINTER) == "Find me"
    assert description.dns_sd_name(replace(PRINTER, info="")) == "find-me"
    assert description.dns_sd_name(replace(PRINTER, info=" Floor 2.1 ")) == "Floor 2-1"
    assert len(description.dns_sd_name(replace(PRINTER, info="Drucker für Gäste " * 9)).encode()) <= 63


def test_paths_and_addresses() -> None:
    assert description.resource_path(PRINTER) == "ipp/print/find-me"
    assert description.more_info(PRINTER, "https://print.example/") == "https://print.example/?printer=find-me"
    assert description.uuid_urn(PRINTER) == "urn:uuid:0f5d7c1e-6f0c-4a53-9d3e-1b8b5f1c0a11"


def test_device_id_has_no_separator_from_the_make() -> None:
    odd = able(make_and_model="Acme: Copy;Star, 9")
    assert description.device_id(odd) == "MFG:Acme;MDL:CopyStar 9;CMD:PDF,URF,PWGRaster,JPEG,PNG;CLS:PRINTER;"
    assert description.manufacturer_and_model(able(make_and_model="Solo")) == ("Solo", "Solo")
    assert description.manufacturer_and_model(able(make_and_model="")) == ("Papertap", "Printer")


def test_authentication() -> None:
    assert not description.authentication_needed(PRINTER)
    assert description.authentication_needed(replace(PRINTER, authentication=Authentication.BASIC))
