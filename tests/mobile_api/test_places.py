"""In front of a printer, by program: what waits there, what it costs, and proof that somebody is there."""

from decimal import Decimal
from typing import Any

import httpx2
import pytest

from gateway.domain.job import JobState
from gateway.domain.phone import Presence
from gateway.domain.price import Tariff
from gateway.domain.user import Actor
from tests.mobile_api.api_house import ApiHouse

HERE = "192.0.2.7"


async def number_of(house: ApiHouse) -> str:
    return await house.gateway.phone.numbers.of(house.gateway.printers.device("laser"))


async def screen(house: ApiHouse) -> tuple[str, str]:
    """(the code, the number beside it) of a screen at the device."""
    codes = house.gateway.phone.codes
    secret = await codes.enrol("laser", Actor(user="olga"))
    shown = await codes.screen(secret, "laser")
    assert shown is not None
    code = codes.show(shown)
    return code.code, str(code.number)


async def test_what_stands_near_and_what_waits_there(house: ApiHouse) -> None:
    tariff = Tariff(grey=Decimal("0.05"), color=Decimal("0.25"), currency="EUR")
    await house.gateway.printers.change_printer("find-me", tariff=tariff)
    mine = [await house.job(pages=pages, color=False) for pages in (2, 4)]
    await house.job(owner="bob")
    await house.job(printer="direct", printable=None, pages=None, media_sheets=None)
    async with house.client(token=await house.token("alice")) as client:
        (near,) = (await client.get("places")).json()
        by_number = (await client.get(f"places/{await number_of(house)}")).json()
        by_printer = (await client.get("places/find-me")).json()
        assert (await client.get("places/nowhere")).status_code == 404
        assert (await client.get("places/9999999")).status_code == 404
    assert (near["name"], near["number"], near["title"]) == ("laser", await number_of(house), "Copy room")
    assert (near["presence"], near["devices"]) == ("none", ["laser"])
    assert [one["job"]["id"] for one in by_number["waiting"]] == [job.id for job in reversed(mine)]
    assert [Decimal(one["price"]) for one in by_number["waiting"]] == [Decimal("0.20"), Decimal("0.10")]
    assert (Decimal(by_number["total"]), by_number["currency"], by_number["unclaimed"]) == (Decimal("0.30"), "EUR", 0)
    assert len(by_printer["waiting"]) == 2


async def test_a_tap_prints_there(house: ApiHouse) -> None:
    mine, other = await house.job(), await house.job(owner="bob")
    async with house.client(token=await house.token("alice")) as client:
        answer = await client.post("places/laser/release", json={"jobs": [mine.id, other.id], "options": {"copies": 2}})
    one, two = answer.json()
    assert (one["job"]["device"], one["job"]["state"], one["job"]["copies"]) == ("laser", "pending", 2)
    assert (two["id"], two["job"], two["problem"]["code"]) == (other.id, None, "not-found")


async def test_the_code_on_the_screen_is_good_once_for_who_scanned_it(house: ApiHouse) -> None:
    await house.gateway.printers.change_device("laser", presence=Presence.CODE)
    job = await house.job()
    code, number = await screen(house)
    alice, bob = await house.token("alice"), await house.token("bob")
    async with house.client(token=alice) as client, house.client(token=bob) as thief:
        wanted: dict[str, Any] = {"jobs": [job.id]}
        (refused,) = (await client.post("places/laser/release", json=wanted)).json()
        assert refused["problem"]["code"] == "presence-required"
        scanned = (await client.post("places/laser/scan", json={"code": code})).json()
        assert int(number) in scanned["choices"]
        assert (await thief.post("places/laser/scan", json={"code": code})).status_code == 401, "relayed"
        proved = wanted | {"code": code, "number": number}
        assert (await thief.post("places/laser/release", json=proved)).status_code == 401
        (done,) = (await client.post("places/laser/release", json=proved)).json()
        assert done["job"]["state"] == "pending"
        assert (await client.post("places/laser/release", json=proved)).status_code == 401, "replayed"


async def test_a_wrong_number_uses_the_code_up(house: ApiHouse) -> None:
    await house.gateway.printers.change_device("laser", presence=Presence.CODE)
    job = await house.job()
    code, number = await screen(house)
    async with house.client(token=await house.token("alice")) as client:
        await client.post("places/laser/scan", json={"code": code})
        for guess in ("99" if number != "99" else "98", number):
            wrong = {"jobs": [job.id], "code": code, "number": guess}
            assert (await client.post("places/laser/release", json=wrong)).status_code == 401
    assert (await house.gateway.database.jobs.get(job.id) or job).state is JobState.PENDING_HELD


async def test_a_touch_at_the_screen_prints(house: ApiHouse) -> None:
    job = await house.job()
    async with house.client(token=await house.token("alice")) as client:
        wanted = {"jobs": [job.id]}
        assert (await client.post("places/laser/touches", json=wanted)).status_code == 409
        await house.gateway.printers.change_device("laser", presence=Presence.PANEL)
        (refused,) = (await client.post("places/laser/release", json=wanted)).json()
        assert refused["problem"]["code"] == "presence-required"
        asked = (await client.post("places/laser/touches", json=wanted)).json()
        assert (asked["state"], asked["outcomes"]) == ("waiting", [])
        async with house.client(token=await house.token("bob")) as thief:
            assert (await thief.get(f"places/laser/touches/{asked['id']}")).status_code == 404
            assert (await thief.post("places/laser/touches", json=wanted)).status_code == 404
        await house.gateway.phone.panel.touch("laser", asked["id"])
        done = (await client.get(f"places/laser/touches/{asked['id']}")).json()
    assert (done["state"], done["outcomes"][0]["job"]["state"]) == ("done", "pending")


async def unclaimed(house: ApiHouse, **fields: Any) -> Any:
    created = house.gateway.clock.now() - 60
    return await house.job(owner=None, requested_name="someone", address=HERE, created_at=created, **fields)


async def test_a_job_of_this_address_is_claimed_by_its_label(house: ApiHouse) -> None:
    job = await unclaimed(house, name="Secret plan.pdf")
    label = house.gateway.phone.claims.label(job)
    async with house.client(token=await house.token("alice")) as client:
        assert (await client.get("places/laser")).json()["unclaimed"] == 1
        assert "Secret" not in (await client.get("places/laser/claims")).text
        (found,) = (await client.get("places/laser/claims")).json()
        assert found["job"] == job.id
        assert label in found["labels"]
        claimed = (await client.post("places/laser/claims", json={"job": job.id, "label": label})).json()
        assert claimed["owner"] == "alice"
        assert (await client.get("places/laser/claims")).json() == []


async def test_a_wrong_label_closes_the_job_and_elsewhere_there_is_none(house: ApiHouse) -> None:
    job = await unclaimed(house)
    label = house.gateway.phone.claims.label(job)
    token = await house.token("alice")
    async with house.client(token=token, address="203.0.113.5") as elsewhere:
        assert (await elsewhere.get("places/laser/claims")).json() == []
        assert (await claim(elsewhere, job.id, label)).status_code == 404
    async with house.client(token=token) as client:
        assert (await claim(client, job.id, "wrong label")).status_code == 403
        assert (await client.get("places/laser/claims")).json()[0]["closed"] is True
        assert (await claim(client, job.id, label)).status_code == 403


async def claim(client: httpx2.AsyncClient, job: int, label: str) -> httpx2.Response:
    return await client.post("places/laser/claims", json={"job": job, "label": label})


@pytest.mark.parametrize(
    "body", [{}, {"jobs": []}, {"jobs": [0]}, {"jobs": [1], "number": "1"}, {"jobs": [1], "here": True}]
)
async def test_what_is_no_release(house: ApiHouse, body: dict[str, Any]) -> None:
    async with house.client(token=await house.token("alice")) as client:
        assert (await client.post("places/laser/release", json=body)).status_code == 422
        wrong = {"jobs": [1], "device": "another"}
        assert (await client.post("places/find-me/release", json=wrong)).status_code == 400
