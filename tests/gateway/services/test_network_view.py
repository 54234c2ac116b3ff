"""What is seen from one place, held against what is meant: each ailment is found, named and given its mend."""

from dataclasses import replace

import pytest

from gateway.services.doctor_findings import Finding, Tone
from gateway.services.network_view import (
    APPLE,
    NameView,
    Reached,
    View,
    Wanted,
    by_connection,
    by_dns,
    by_multicast,
)
from gateway.services.ports.surroundings import Announced

HALL = Wanted(
    title="Hall", uuid="11", ports={"_ipp._tcp": 8631, "_ipps._tcp": 8631}, txt={"rp": "ipp/print/hall", "URF": "V1.4"}
)
LAB = replace(HALL, title="Lab", uuid="22")


def announced(one: Wanted, *types: str, **changes: object) -> tuple[Announced, ...]:
    txt = {"UUID": one.uuid.upper(), **one.txt}
    base = Announced(instance=one.title, type="", host="gw.local", port=8631, addresses=("192.0.2.1",), txt=txt)
    return tuple(
        replace(base, type=type_, **changes)  # type: ignore[arg-type]  # reason: the test names fields
        for type_ in types or ("_ipp._tcp", "_ipps._tcp", *APPLE)
    )


def view(*heard: Announced, **changes: object) -> View:
    return replace(View(place="lan", address="192.0.2.1", heard=heard), **changes)  # type: ignore[arg-type]  # reason: the test names fields


def told(findings: list[Finding]) -> list[tuple[Tone, str]]:
    assert all(one.mend for one in findings if one.tone is not Tone.GOOD)
    return [(one.tone, one.text) for one in findings]


WELL = (*announced(HALL), *announced(LAB))


def test_all_is_seen() -> None:
    stranger = Announced(instance="x", type="_ipp._tcp", host="x.local", port=1, txt={"UUID": "99"})
    assert told(by_multicast(view(*WELL, stranger), [HALL, LAB])) == [(Tone.GOOD, "A phone here sees all printers: 2.")]


@pytest.mark.parametrize(
    ("seen", "tone", "words"),
    [
        (view(left_out=True), Tone.GOOD, "leads to no phones"),
        (view(error="No such device"), Tone.BAD, "No such device"),
        (view(), Tone.BAD, "sees none of the printers, which are 2"),
        (view(*announced(HALL)), Tone.BAD, "Not seen here: Lab."),
        (view(*WELL[:-3], *announced(LAB, *APPLE)), Tone.BAD, "a service is missing: Lab"),
        (
            view(*announced(HALL), *announced(LAB, "_ipp._tcp", "_ipps._tcp")),
            Tone.BAD,
            "by iPhones, iPads and Macs: Lab",
        ),
        (view(*announced(HALL), *announced(LAB, port=9)), Tone.BAD, "Lab is announced at a port where it is not: 9."),
        (view(*WELL, *announced(LAB, host="b.local")), Tone.WARN, "more than once: Lab (b.local), Lab (gw.local)"),
        (view(*announced(HALL), *announced(LAB, txt={"UUID": "22", "rp": "x"})), Tone.BAD, "than it is: URF, rp"),
        (view(*WELL, address="192.0.2.99"), Tone.BAD, "192.0.2.99, by which this network reaches the gateway"),
        (view(own=False, address="10.0.0.5"), Tone.WARN, "as behind most routers"),
    ],
)
def test_each_ailment_by_multicast(seen: View, tone: Tone, words: str) -> None:
    ((found, text),) = told(by_multicast(seen, [HALL, LAB]))
    assert found is tone
    assert words in text


def test_silence_is_no_fault_where_dns_does_it() -> None:
    assert told(by_multicast(view(own=False), [HALL], otherwise=True))[0][0] is Tone.GOOD


def test_a_long_list_is_cut() -> None:
    many = [replace(HALL, title=f"P{number}", uuid=str(number)) for number in range(9)]
    ((_, text),) = told(by_multicast(view(*announced(replace(HALL, title="x", uuid="0"))), many))
    assert text == "Not seen here: P1, P2, P3, P4, P5, …."


@pytest.mark.parametrize(
    ("names", "wanted", "tone", "words"),
    [
        (NameView(resolver="r", heard=WELL), [HALL, LAB], Tone.GOOD, "finds all printers: 2"),
        (NameView(resolver="r", error="no answer"), [HALL], Tone.BAD, "does not answer: no answer"),
        (NameView(resolver="r", rcode=3), [HALL], Tone.BAD, "does not find the print zone z"),
        (NameView(resolver="r", rcode=5), [HALL], Tone.BAD, "refuses to answer"),
        (NameView(resolver="r", rcode=3), [], Tone.BAD, "does not find"),
        (NameView(resolver="r"), [], Tone.GOOD, "No printer is shown in this network."),
        (NameView(resolver="r", heard=announced(HALL)), [HALL, LAB], Tone.BAD, "Not seen here: Lab."),
    ],
)
def test_each_ailment_by_dns(names: NameView, wanted: list[Wanted], tone: Tone, words: str) -> None:
    ((found, text),) = told(by_dns(names, wanted, "z", ""))
    assert found is tone
    assert words in text


def test_connections() -> None:
    well = Reached(host="gw", port=8631, address="192.0.2.1", tls="TLSv1.3", status=0)
    rows = [well, replace(well, error="it took too long", address="gw"), replace(well, status=0x0406)]
    assert told(by_connection(rows, "")) == [
        (Tone.GOOD, "The printer at gw (192.0.2.1), port 8631, answers by TLSv1.3."),
        (Tone.BAD, "No connection to gw at port 8631: it took too long."),
        (Tone.BAD, "The printer at gw (192.0.2.1), port 8631, refuses to describe itself: status 0x0406."),
    ]
    assert told(by_connection([], ""))[0][0] is Tone.WARN
