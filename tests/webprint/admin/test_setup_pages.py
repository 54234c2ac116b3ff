"""Archives for device managements, and whether printers are found: by those who look after Printers."""

import zipfile
from dataclasses import replace
from io import BytesIO
from ipaddress import ip_network

from gateway.domain.site import Zone
from gateway.errors import BadRequest
from tests.webprint.visitor import Visitor, visiting
from tests.webprint.web_house import House


async def test_an_archive_of_a_zone_or_of_the_house(house: House, ada: Visitor) -> None:
    await house.sites.add("north")
    zone = Zone(name="reading", networks=(ip_network("10.1.2.0/24"),), printers=("direct",))
    await house.sites.put_zone("north", zone)
    page = await ada.get("/admin/setup")
    assert "<option>north/reading</option>" in page.text
    whole = await ada.post("/admin/setup/bundle", {"zone": ""})
    assert whole.headers["content-type"] == "application/zip"
    assert "lpadmin -p find-me" in script_of(whole.content)
    await ada.get("/admin/setup")
    part = script_of((await ada.post("/admin/setup/bundle", {"zone": "north/reading"})).content)
    assert "lpadmin -p direct" in part
    assert "lpadmin -p find-me" not in part
    await ada.get("/admin/setup")
    assert (await ada.post("/admin/setup/bundle", {"zone": "south/none"})).status_code == 404


async def test_the_self_test_tells_what_is_missing(ada: Visitor) -> None:
    await ada.get("/admin/setup")
    page = await ada.post("/admin/setup/check", {"resolver": "192.0.2.53"})
    assert page.status_code == 200
    assert "One answer is missing." in page.text
    assert "resolver: knows no such name." in page.text
    assert 'value="192.0.2.53"' in page.text


async def test_a_resolver_that_is_none_is_told(house: House, ada: Visitor) -> None:
    async def refuse(_resolver: str) -> list[object]:
        raise BadRequest("This is no address.")

    house.setup = replace(house.setup, check_names=refuse)
    async with visiting(house.app()) as visitor:
        await visitor.sign_in("ada")
        await visitor.get("/admin/setup")
        page = await visitor.post("/admin/setup/check", {"resolver": "<b>"})
    assert page.status_code == 400
    assert "This is no address." in page.text
    assert "&lt;b&gt;" in page.text


async def test_without_a_zone_there_is_nothing_to_ask(house: House, ada: Visitor) -> None:
    house.setup = replace(house.setup, check_names=None)
    async with visiting(house.app()) as visitor:
        await visitor.sign_in("ada")
        assert "There is no print zone" in (await visitor.get("/admin/setup")).text
        assert (await visitor.post("/admin/setup/check", {"resolver": ""})).status_code == 404


def script_of(octets: bytes) -> str:
    return zipfile.ZipFile(BytesIO(octets)).read("linux-macos/papertap-printers.sh").decode()
