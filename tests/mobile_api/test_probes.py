"""Reports of probes: taken by their code alone, bounded, and refused whole where anything in them is not as it must be."""

import ast
import copy
import json
import re
from typing import Any

import pytest

from gateway.domain.user import Actor
from gateway.services.network_doctor import NetworkDoctor
from tests.mobile_api.api_house import ApiHouse

HEARD = {
    "types": ["_ipp._tcp", "_universal._sub._ipp._tcp"],
    "instance": "Find me",
    "host": "gw.local",
    "port": 8631,
    "addresses": ["192.0.2.1"],
    "txt": {"UUID": "x", "rp": "ipp/print"},
}
REACHED = {
    "host": "gw",
    "port": 8631,
    "address": "192.0.2.1",
    "tls": "TLSv1.3",
    "status": 0,
    "error": "",
}
REPORT: dict[str, Any] = {
    "machine": "laptop",
    "system": "Linux",
    "address": "10.1.2.3",
    "multicast": {"error": "", "heard": [HEARD]},
    "dns": {"resolver": "10.1.2.1", "rcode": 0, "error": "", "heard": []},
    "reached": [REACHED],
}


@pytest.fixture
def doctor(house: ApiHouse) -> NetworkDoctor:
    return house.app.state.services.network  # type: ignore[no-any-return]  # reason: state is untyped


async def order_of(doctor: NetworkDoctor) -> dict[str, Any]:
    """What stands in a program that was just made."""
    program = await doctor.new_probe(Actor(user="root"), "print.example")
    (line,) = re.findall(r"^ORDER.*= json\.loads\((.*)\)$", program, re.MULTILINE)
    order: dict[str, Any] = json.loads(ast.literal_eval(line))
    return order


async def code_of(doctor: NetworkDoctor) -> str:
    return str((await order_of(doctor))["code"])


async def test_a_program_carries_where_it_reports_and_what_it_connects_to(
    house: ApiHouse, doctor: NetworkDoctor
) -> None:
    order = await order_of(doctor)
    assert order["at"] == [["print.example", 8443], ["192.0.2.1", 8443]]
    assert order["targets"] == [["print.example", 8631, "ipp/print/find-me"], ["192.0.2.1", 8631, "ipp/print/find-me"]]
    assert sorted(order["printers"]) == sorted(str(one.uuid) for one in house.gateway.printers.all())
    house.gateway.settings.site.base_url = "https://print.example.org"
    assert (await order_of(doctor))["at"][0] == ["print.example.org", 443]


async def test_a_report_counts_for_the_network_that_it_came_from(house: ApiHouse, doctor: NetworkDoctor) -> None:
    code = await code_of(doctor)
    async with house.client(address="10.9.8.7") as client:
        answer = await client.post("probe-reports", json={"code": code, "report": REPORT})
        assert (answer.status_code, answer.json()) == (201, {"network": "10.9.8.0/24", "tone": "bad"})
        again = await client.post("probe-reports", json={"code": code, "report": REPORT})
    assert again.status_code == 404
    assert "reported already" in again.json()["detail"]
    (probed,) = await doctor.probed()
    assert probed.machine == "laptop"


async def test_without_a_code_nothing_is_kept(house: ApiHouse, doctor: NetworkDoctor) -> None:
    async with house.client() as client:
        answer = await client.post("probe-reports", json={"code": "guessed", "report": REPORT})
    assert answer.status_code == 404
    assert await doctor.probed() == []


WRONG: list[tuple[str, Any]] = [
    ("machine", "x" * 256),
    ("machine", "a\nb"),
    ("machine", 7),
    ("address", "not an address"),
    ("address", "fe80::1%<b>"),
    ("multicast", {"error": "", "heard": [HEARD] * 1001}),
    ("multicast", {"error": "", "heard": [HEARD | {"port": 70000}]}),
    ("multicast", {"error": "", "heard": [HEARD | {"types": ["_http._tcp"]}]}),
    ("multicast", {"error": "", "heard": [HEARD | {"types": []}]}),
    ("multicast", {"error": "", "heard": [HEARD | {"txt": {"other": "x"}}]}),
    ("multicast", {"error": "", "heard": [HEARD | {"addresses": ["a"] * 9}]}),
    ("dns", {"resolver": "x", "rcode": 16, "error": "", "heard": []}),
    ("reached", [REACHED] * 41),
    ("reached", [REACHED | {"status": 0x10000}]),
    ("more", "x"),
]


@pytest.mark.parametrize(("name", "value"), WRONG)
async def test_what_is_not_as_it_must_be_is_refused_and_spends_no_code(
    house: ApiHouse, doctor: NetworkDoctor, name: str, value: Any
) -> None:
    code = await code_of(doctor)
    report = copy.deepcopy(REPORT) | {name: value}
    async with house.client() as client:
        answer = await client.post("probe-reports", json={"code": code, "report": report})
        assert answer.status_code == 422
        assert await doctor.probed() == []
        assert (await client.post("probe-reports", json={"code": code, "report": REPORT})).status_code == 201


async def test_a_body_that_is_too_large_is_not_read(house: ApiHouse) -> None:
    async with house.client() as client:
        answer = await client.post("probe-reports", content=json.dumps({"code": "x" * 300_000}))
    assert answer.status_code == 413
