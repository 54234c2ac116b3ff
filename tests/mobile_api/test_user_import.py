"""Users by a CSV file, for programs."""

import pytest

from tests.mobile_api.api_house import ApiHouse

CSV = {"content-type": "text/csv"}
FILE = b"name;full name;card\ncarla;Carla Sand;04A2197F\ndan;Dan Wood;\n"


async def names(house: ApiHouse) -> set[str]:
    async with house.client(token=await house.token("root")) as root:
        return {one["name"] for one in (await root.get("users")).json()["items"]}


async def test_a_file_is_looked_at_before_and_then_taken_in(house: ApiHouse) -> None:
    before = await names(house)
    async with house.client(token=await house.token("root")) as root:
        dry = await root.post("users/import", content=FILE, headers=CSV)
        assert (dry.status_code, dry.json()["counts"]) == (200, {"added": 2})
        assert {line["name"] for line in dry.json()["changes"]} == {"carla", "dan"}
        assert await names(house) == before
        done = (await root.post("users/import?dry=false", content=FILE, headers=CSV)).json()
        assert (done["counts"], done["held_back"]) == ({"added": 2}, 0)
        carla = (await root.get("users/carla")).json()
        assert (carla["full_name"], carla["cards"], carla["source"]) == ("Carla Sand", 1, "csv")
        assert len((await root.get("audit?action=users.imported")).json()["items"]) == 1
        again = (await root.post("users/import?dry=false", content=FILE, headers=CSV)).json()
        assert "added" not in again["counts"]


async def test_whoever_is_missing_from_a_whole_file_is_disabled_unless_they_are_too_many(house: ApiHouse) -> None:
    many = b"name\n" + b"".join(b"pupil-%d\n" % n for n in range(40))
    async with house.client(token=await house.token("root")) as root:
        await root.post("users/import?dry=false", content=many, headers=CSV)
        held = (await root.post("users/import?dry=false&whole=true", content=b"name\npupil-1\n", headers=CSV)).json()
        assert held["held_back"] == 39
        assert (await root.get("users/pupil-2")).json()["disabled"] is False
        forced = "users/import?dry=false&whole=true&force=true"
        assert (await root.post(forced, content=b"name\npupil-1\n", headers=CSV)).json()["held_back"] == 0
        assert (await root.get("users/pupil-2")).json()["disabled"] is True


@pytest.mark.parametrize("octets", [b"", b"\xff\xfe\x00", b"colour;size\nred;4\n"])
async def test_what_is_no_table_of_users_changes_nothing(house: ApiHouse, octets: bytes) -> None:
    before = await names(house)
    async with house.client(token=await house.token("root")) as root:
        answer = await root.post("users/import?dry=false", content=octets, headers=CSV)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad-request")
    assert await names(house) == before
