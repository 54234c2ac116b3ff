"""Who cannot sign in for now: listed, and forgiven."""

from gateway.services.limits import Kind, Limit, Policy
from tests.mobile_api.api_house import ApiHouse


async def test_who_is_locked_out_is_listed_and_forgiven(house: ApiHouse) -> None:
    limits = house.gateway.identity.limits
    limits.table[Kind.SIGN_IN_NAME] = Policy(tries=1, window=60.0, lock=60.0, message="")
    limits.take(Limit(kind=Kind.SIGN_IN_NAME, key=("alice", "192.0.2.7")))
    async with house.client(token=await house.token("root")) as root:
        (one,) = (await root.get("lockouts")).json()
        assert (one["who"], one["place"], one["is_name"]) == ("alice", "192.0.2.7", True)
        assert 0 < one["seconds"] <= 60
        wanted = {key: one[key] for key in ("kind", "who", "place")}
        assert (await root.post("lockouts/forgive", json=wanted)).status_code == 204
        assert (await root.get("lockouts")).json() == []
        assert (await root.post("lockouts/forgive", json=wanted)).status_code == 404
        assert [e["subject"] for e in (await root.get("audit?action=lockout.forgiven")).json()["items"]] == ["alice"]
