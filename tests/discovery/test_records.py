"""The TXT record: order, lengths, and what it promises."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discovery.records import IPP, IPPS, Ports, Service, encode_item, numbered, services, txt
from gateway.domain.capabilities import Capabilities
from gateway.domain.printer import Authentication, Printer
from tests.fakes import a_printer

BASE = "https://print.example:8443/"


def a_txt(printer: Printer | None = None, *, tls: bool = True) -> dict[str, str]:
    return dict(txt(printer or a_printer(), base_url=BASE, tls=tls))


def test_every_item_of_a_default_printer() -> None:
    printer = a_printer(location="Hall", info="Find me")
    assert a_txt(printer) == {
        "txtvers": "1",
        "qtotal": "1",
        "rp": "ipp/print/find-me",
        "ty": "Papertap Virtual Printer",
        "product": "(Papertap Virtual Printer)",
        "note": "Hall",
        "adminurl": "https://print.example:8443/?printer=find-me",
        "pdl": "application/pdf,image/urf,image/pwg-raster,image/jpeg,image/png",
        "URF": "V1.4,CP255,W8,SRGB24,DM1,FN3,IS19-20-21-22,MT1,OB10,PQ3-4-5,RS300-600",
        "UUID": str(printer.uuid),
        "priority": "50",
        "air": "none",
        "TLS": "1.2",
        "Color": "T",
        "Duplex": "T",
        "Copies": "T",
        "Collate": "T",
        "Scan": "F",
        "Fax": "F",
        "PaperMax": "tabloid-A3",
        "kind": "document",
        "usb_MFG": "Papertap",
        "usb_MDL": "Virtual Printer",
        "mopria-certified": "1.3",
    }


def test_txtvers_comes_first_and_is_encoded_with_its_length() -> None:
    first = services(a_printer(), instance="x", base_url=BASE, ports=Ports(ipp=1, ipps=2))[0]
    assert first.encoded_txt().startswith(b"\x09txtvers=1\x08qtotal=1")


def test_a_plain_device_promises_less() -> None:
    simple = replace(Capabilities(), color=False, duplex=False, copies=1, finishings=(3, 4, 50))
    told = a_txt(a_printer(capabilities=simple))
    assert (told["Color"], told["Duplex"], told["Copies"], told["Staple"], told["Bind"]) == ("F", "F", "F", "T", "T")
    assert "Punch" not in told


def test_authentication_and_tls_are_told() -> None:
    assert a_txt(a_printer(authentication=Authentication.BASIC))["air"] == "username,password"
    assert "TLS" not in a_txt(tls=False)


def test_services_follow_the_open_ports() -> None:
    both = services(a_printer(), instance="x", base_url=BASE, ports=Ports(ipp=8631, ipps=8443))
    assert [(s.type, s.port, s.subtypes) for s in both] == [
        (IPP, 8631, ("_universal", "_print")),
        (IPPS, 8443, ("_universal", "_print")),
    ]
    assert services(a_printer(), instance="x", base_url=BASE, ports=Ports(ipp=None, ipps=None)) == ()


@given(st.text(max_size=400))
def test_an_item_is_at_most_255_octets_of_whole_characters(value: str) -> None:
    value = value.encode(errors="replace").decode()
    item = encode_item("note", value)
    assert len(item) <= 255
    assert ("note=" + value).startswith(item.decode())
    assert len(item) >= min(len(f"note={value}".encode()), 252)


def test_long_lists_are_cut_between_their_members() -> None:
    item = encode_item("pdl", ",".join(f"application/vnd.x-{n:03}" for n in range(40)))
    assert len(item) <= 255
    assert item.endswith(b"application/vnd.x-010")
    assert encode_item("URF", "a" * 251 + ",b") == b"URF=" + b"a" * 251


def test_items_are_decodable_one_by_one() -> None:
    service = Service(type=IPP, subtypes=(), instance="x", port=1, txt=(("a", "é" * 200), ("b", "")))
    data, items = service.encoded_txt(), []
    while data:
        items.append(data[1 : 1 + data[0]].decode())
        data = data[1 + data[0] :]
    assert items == ["a=" + "é" * 126, "b="]


@pytest.mark.parametrize(
    ("name", "number", "expected"),
    [("Find me", 1, "Find me"), ("Find me", 2, "Find me (2)"), ("x" * 63, 12, "x" * 58 + " (12)")],
)
def test_numbered(name: str, number: int, expected: str) -> None:
    assert numbered(name, number) == expected
    assert len(expected.encode()) <= 63
