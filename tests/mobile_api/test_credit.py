"""Credit by the API: one's own, and what a cashier does; a top-up is made once for each key."""

from collections.abc import AsyncIterator
from decimal import Decimal

import pytest

from gateway.domain.credit import Entry, EntryKind
from gateway.domain.rights import Role
from gateway.settings import Credit, Settings
from tests.mobile_api.api_house import ApiHouse, api_house


@pytest.fixture
async def paid(sqlite_settings: Settings) -> AsyncIterator[ApiHouse]:
    settings = sqlite_settings.model_copy(update={"credit": Credit(enabled=True)})
    async with api_house(settings) as opened:
        await opened.gateway.identity.add_user("carol", role=Role.CASHIER)
        yield opened


async def test_a_cashier_tops_up_once_for_each_key(paid: ApiHouse) -> None:
    async with paid.client(token=await paid.token("carol")) as carol:
        body, key = {"amount": "5.50", "text": "cash"}, {"idempotency-key": "till-1"}
        made = await carol.post("credit/ALICE/entries", json=body, headers=key)
        assert (made.status_code, made.json()["amount"], made.json()["balance"]) == (201, "5.50", "5.50"), made.text
        again = await carol.post("credit/ALICE/entries", json=body, headers=key)
        assert (again.json(), again.headers["idempotent-replayed"]) == (made.json(), "true")
        other = await carol.post("credit/ALICE/entries", json={"amount": "9"}, headers=key)
        assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
        shown = (await carol.get("credit/alice")).json()
        assert shown == {
            "user": "alice",
            "balance": "5.50",
            "reserved": "0.00",
            "available": "5.50",
            "overdraft": "0",
            "currency": "EUR",
        }
        taken = await carol.post("credit/alice/entries", json={"kind": "adjustment", "amount": "-0.5", "text": "typo"})
        assert taken.json()["balance"] == "5.00"
        assert (await carol.patch("credit/alice", json={"overdraft": "2"})).json()["available"] == "7.00"
        page = (await carol.get("credit/alice/entries?limit=1")).json()
        assert [entry["id"] for entry in page["items"]] == [taken.json()["id"]]
        rest = (await carol.get(f"credit/alice/entries?limit=1&cursor={page['next']}")).json()
        assert ([entry["id"] for entry in rest["items"]], rest["next"]) == ([made.json()["id"]], None)


async def test_a_key_outlives_an_answer_that_was_never_given(paid: ApiHouse) -> None:
    key = {"idempotency-key": "till-1"}
    async with paid.client(token=await paid.token("carol")) as carol:
        first = await carol.post("credit/alice/entries", json={"amount": "5"}, headers=key)
    async with paid.client(token=await paid.token("carol")) as restarted:
        again = await restarted.post("credit/alice/entries", json={"amount": "5"}, headers=key)
        assert again.json()["id"] == first.json()["id"], "another token asks as another caller: the entry has the key"
        assert (await restarted.get("credit/alice")).json()["balance"] == "5.00"


async def test_a_charge_is_given_back_once(paid: ApiHouse) -> None:
    charge = await paid.gateway.database.credit.post(
        Entry(owner="alice", amount=Decimal("-0.15"), currency="EUR", kind=EntryKind.CHARGE, key="x", at=1.0, job_id=3)
    )
    async with paid.client(token=await paid.token("carol")) as carol:
        at = f"credit/alice/entries/{charge.id}/refund"
        made = await carol.post(at, json={"text": "a jam"})
        assert (made.status_code, made.json()["amount"], made.json()["job"]) == (201, "0.15", 3)
        assert (await carol.post(at, json={"text": "again"})).json()["id"] == made.json()["id"]
        assert (await carol.post(at.replace("alice", "bob"), json={"text": "a jam"})).status_code == 404
        assert (await carol.post(at, json={"text": ""})).status_code == 400


async def test_people_see_their_own_and_nobody_elses(paid: ApiHouse) -> None:
    async with paid.client(token=await paid.token("carol")) as carol:
        await carol.post("credit/alice/entries", json={"amount": "5"})
    async with paid.client(token=await paid.token("alice")) as alice:
        assert (await alice.get("me/credit")).json()["balance"] == "5.00"
        assert [entry["amount"] for entry in (await alice.get("me/credit/entries")).json()["items"]] == ["5.00"]
        assert (await alice.get("credit/bob")).status_code == 403
    async with paid.client(token=await paid.token("bob")) as bob:
        assert (await bob.get("me/credit/entries")).json()["items"] == []


async def test_where_there_is_no_credit_it_says_so(house: ApiHouse) -> None:
    async with house.client(token=await house.token("root")) as root:
        assert (await root.get("me/credit")).status_code == 404
        refused = await root.post("credit/alice/entries", json={"amount": "5"})
        assert (refused.status_code, "credit.enabled" in refused.json()["detail"]) == (404, True)
