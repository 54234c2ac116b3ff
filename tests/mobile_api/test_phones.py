"""What one's own phone keeps: where it is told things, and the address that prints as its holder."""

import pytest

from tests.gateway.services.test_push import KEYS
from tests.mobile_api.api_house import ApiHouse

GIVEN = {"endpoint": "https://push.example/a", "keys": KEYS, "name": "Chrome"}


async def test_a_browser_is_told_things_until_it_is_taken_away(house: ApiHouse) -> None:
    async with house.client(token=await house.token("alice")) as client:
        before = (await client.get("me/push")).json()
        assert len(before["key"]) == 87
        assert before["subscriptions"] == []
        added = await client.post("me/push", json=GIVEN)
        assert added.status_code == 201
        (row,) = (await client.get("me/push")).json()["subscriptions"]
        assert row == added.json()
        assert added.headers["location"].endswith(f"/me/push/{row['id']}")
        async with house.client(token=await house.token("bob")) as other:
            assert (await other.get("me/push")).json()["subscriptions"] == []
            assert (await other.delete(f"me/push/{row['id']}")).status_code == 404
        assert (await client.delete(f"me/push/{row['id']}")).status_code == 204
        assert (await client.delete(f"me/push/{row['id']}")).status_code == 404


@pytest.mark.parametrize("endpoint", ["http://push.example/a", "https://user@push.example/", "nonsense"])
async def test_what_no_browser_gives(house: ApiHouse, endpoint: str) -> None:
    async with house.client(token=await house.token("alice")) as client:
        assert (await client.post("me/push", json=GIVEN | {"endpoint": endpoint})).status_code == 400
        assert (await client.post("me/push", json=GIVEN | {"keys": {"auth": "x"}})).status_code == 422


async def test_a_printer_of_ones_own_is_told_once_and_to_a_fresh_session_alone(house: ApiHouse) -> None:
    queues = house.gateway.phone.queues
    headers, _ = await house.session("alice")
    async with house.client(token=await house.token("alice")) as program, house.client() as page:
        assert (await program.post("me/queues", json={"name": "iPhone"})).status_code == 403
        answer = await page.post("me/queues", json={"name": "iPhone", "printer": "find-me"}, headers=headers)
        assert answer.status_code == 201
        made = answer.json()
        assert made["uri"] == f"ipps://print.example:8631/ipp/u/{made['token']}/print"
        assert (await queues.open(made["token"], address="192.0.2.7")).actor.user == "alice"
        (row,) = (await program.get("me/queues")).json()
        assert row == {key: made[key] for key in ("id", "name", "printer", "created", "used")} | {"used": row["used"]}
        renewed = (await page.post(f"me/queues/{made['id']}/renew", headers=headers)).json()
        assert renewed["token"] != made["token"]
        async with house.client(token=await house.token("bob")) as other:
            assert (await other.delete(f"me/queues/{made['id']}")).status_code == 404
        assert (await program.delete(f"me/queues/{made['id']}")).status_code == 204
        assert (await program.get("me/queues")).json() == []


async def test_only_of_printers_that_one_is_shown(house: ApiHouse) -> None:
    await house.gateway.printers.change_printer("direct", groups=("staff",))
    headers, _ = await house.session("alice")
    async with house.client() as page:
        for name in ("direct", "nowhere"):
            answer = await page.post("me/queues", json={"name": "iPhone", "printer": name}, headers=headers)
            assert answer.status_code == 404
