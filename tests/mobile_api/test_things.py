"""Printers, devices, tokens, sessions and sums: what each is told and lets be changed, and at which site."""

from dataclasses import replace
from uuid import UUID

import pytest

from gateway.domain.rights import Grant, Role
from gateway.domain.user import Actor
from mobile_api.reach import demand, reaches
from mobile_api.security import Caller
from tests.mobile_api.api_house import ApiHouse


async def test_a_printer_is_set_up_with_prices_and_rules(house: ApiHouse) -> None:
    async with house.client(token=await house.token("root")) as root:
        made = await root.post(
            "printers",
            json={
                "name": "office",
                "info": "Büro",
                "policy": "secure",
                "devices": ["laser"],
                "tariff": {"grey": "0.05", "sheets": {"iso_a4": "0.01"}},
                "rules": {"force_grey": True, "footer": "{user}"},
                "subnets": ["10.0.0.0/8"],
                "raw_port": 9101,
                "name_networks": ["10.1.0.0/16"],
            },
        )
        assert made.status_code == 201, made.text
        shown = (await root.get("printers/office")).json()
        assert (shown["policy"], shown["tariff"]["grey"], shown["currency"]) == ("secure", "0.05", "EUR")
        assert (shown["rules"]["force_grey"], shown["rules"]["footer"]) == (True, "{user}")
        assert (shown["raw_port"], shown["name_networks"]) == (9101, ["10.1.0.0/16"])
        assert (await root.patch("printers/office", json={"raw_port": 0})).json()["raw_port"] == 0
        for bad in (
            {"subnets": ["ten"]},
            {"name_networks": ["ten"]},
            {"devices": ["laser", "laser"]},
            {"policy": "secure", "devices": []},
        ):
            assert (await root.patch("printers/office", json=bad)).status_code == 400, bad
        assert (await root.post("printers", json={"name": "office"})).json()["code"] == "conflict"
        assert (await root.delete("printers/office")).status_code == 204
        assert (await root.delete("printers/office")).status_code == 404


async def test_people_see_the_printers_of_their_place_and_groups(house: ApiHouse) -> None:
    await house.gateway.printers.add_printer("far", subnets=("198.51.100.0/24",))
    await house.gateway.printers.add_printer("theirs", groups=("staff",))
    async with house.client(token=await house.token("alice")) as alice:
        assert {p["name"] for p in (await alice.get("printers")).json()["items"]} == {"direct", "find-me"}
        assert (await alice.get("printers/far")).status_code == 404
        assert (await alice.post("jobs?printer=theirs", content=b"%PDF")).status_code == 404
    async with house.client(token=await house.token("olga")) as olga:
        assert {"far", "theirs"} <= {p["name"] for p in (await olga.get("printers")).json()["items"]}


async def test_a_device_is_set_up_and_what_uses_it_keeps_it(house: ApiHouse) -> None:
    async with house.client(token=await house.token("root")) as root:
        made = await root.post(
            "devices", json={"name": "press", "uri": "socket://192.0.2.10", "formats": ["application/postscript"]}
        )
        assert (made.status_code, made.json()["can"]["formats"]) == (201, ["application/postscript"])
        bad = await root.post("devices", json={"name": "x", "uri": "file:///etc/passwd"})
        assert (bad.status_code, bad.json()["code"]) == (400, "bad-request")
        changed = await root.patch("devices/press", json={"info": "Press"}, headers={"if-match": made.headers["etag"]})
        assert changed.json()["info"] == "Press"
        late = await root.patch("devices/press", json={"info": "Late"}, headers={"if-match": made.headers["etag"]})
        assert late.status_code == 412
        assert (await root.delete("devices/laser")).status_code == 409
        assert (await root.delete("devices/press")).status_code == 204
        assert [d["name"] for d in (await root.get("devices")).json()["items"]] == ["laser"]
    async with house.client(token=await house.token("alice")) as alice:
        assert (await alice.get("devices")).status_code == 403


async def test_a_device_is_asked_what_it_can_do(house: ApiHouse) -> None:
    async def learn(name: str) -> object:
        await house.gateway.printers.change_device(name, location="asked")
        return house.gateway.printers.device(name)

    object.__setattr__(house.app.state.services, "learn", learn)
    async with house.client(token=await house.token("root")) as root:
        assert (await root.post("devices/laser/learn")).json()["location"] == "asked"
        assert (await root.post("devices/gone/learn")).status_code == 404


def test_a_permission_at_one_site_reaches_what_belongs_there_alone() -> None:
    manager = Actor(user="m", grants=(Grant(role=Role.DEVICE_MANAGER, site="berlin"),))
    caller = Caller(actor=manager)
    from gateway.domain.rights import Permission
    from gateway.errors import Forbidden

    assert reaches(caller, Permission.DEVICES, "berlin")
    assert not reaches(caller, Permission.DEVICES, "paris")
    assert not reaches(caller, Permission.DEVICES, "")
    with pytest.raises(Forbidden, match="paris"):
        demand(caller, Permission.DEVICES, "berlin", "paris")
    everywhere = Caller(actor=replace(manager, grants=(Grant(role=Role.DEVICE_MANAGER),)))
    demand(everywhere, Permission.DEVICES, "", "paris")


async def test_a_token_is_made_in_a_session_that_was_confirmed_and_shown_once(house: ApiHouse) -> None:
    fresh, _ = await house.session("root")
    stale, _ = await house.session("root", method="pin")
    body = {"name": "Nightly", "scopes": ["reports", "jobs:own"], "days": 30, "networks": ["192.0.2.0/24"]}
    async with house.client() as page:
        assert (await page.post("tokens", json=body, headers=stale)).status_code == 401
        key = {"idempotency-key": "k"}
        made = await page.post("tokens", json=body, headers=fresh | key)
        assert made.status_code == 201, made.text
        again = await page.post("tokens", json=body, headers=fresh | key)
        assert (again.status_code, "token" in again.json()) == (409, False)
        (listed,) = (await page.get("tokens", headers=fresh)).json()
        assert "token" not in listed
        assert (listed["maker"], listed["scopes"]) == ("root", ["reports", "jobs:own"])
        token = made.json()["token"]
    async with house.client(token=token) as program:
        assert (await program.get("reports/months?user=alice&count=2")).status_code == 200
        assert (await program.post("tokens", json=body)).status_code == 403  # a token makes no tokens
        assert (await program.get("sessions")).status_code == 200
    async with house.client() as page:
        assert (await page.delete(f"tokens/{made.json()['id']}", headers=fresh)).status_code == 204
    async with house.client(token=token) as program:
        assert (await program.get("me")).status_code == 401


@pytest.mark.parametrize("scopes", [["everything"], ["users"], ["jobs:own", "settings"], []])
async def test_nobody_makes_a_token_for_more_than_one_may(house: ApiHouse, scopes: list[str]) -> None:
    headers, _ = await house.session("olga")
    async with house.client() as page:
        answer = await page.post("tokens", json={"name": "x", "scopes": scopes}, headers=headers)
    assert answer.status_code in {400, 403, 422}
    assert await house.gateway.tokens.of(house.actor("root")) == []


async def test_anothers_token_is_not_found_but_for_who_runs_the_settings(house: ApiHouse) -> None:
    await house.token("alice")
    ((_, row),) = await house.gateway.tokens.of(house.actor("alice"))
    async with house.client(token=await house.token("bob")) as bob:
        assert (await bob.delete(f"tokens/{row.id}")).status_code == 404
        assert [token["maker"] for token in (await bob.get("tokens")).json()] == ["bob"]
    async with house.client(token=await house.token("root")) as root:
        assert {token["maker"] for token in (await root.get("tokens")).json()} == {"alice", "bob", "root"}
        assert (await root.delete(f"tokens/{row.id}")).status_code == 204
        assert (await root.delete(f"tokens/{UUID(int=0)}")).status_code == 404


async def test_the_last_use_of_a_token_is_kept(house: ApiHouse) -> None:
    async with house.client(token=await house.token("alice"), address="198.51.100.3") as alice:
        await alice.get("me")
        (token,) = (await alice.get("tokens")).json()
    assert token["used_from"] == "198.51.100.3"
    assert token["used"] is not None


async def test_sessions_are_shown_and_ended(house: ApiHouse) -> None:
    here, _ = await house.session("alice")
    there, _ = await house.session("alice")
    async with house.client() as page:
        listed = (await page.get("sessions", headers=here)).json()
        other = next(session for session in listed if not session["here"])
        assert (await page.delete(f"sessions/{other['id']}", headers=here)).status_code == 204
        assert (await page.delete(f"sessions/{other['id']}", headers=here)).status_code == 404
        assert (await page.get("me", headers=there)).status_code == 401
        assert (await page.get("me", headers=here)).status_code == 200


async def test_sums_are_ones_own_but_for_who_reads_reports(house: ApiHouse) -> None:
    async with house.client(token=await house.token("alice")) as alice:
        months = (await alice.get("reports/months?count=3")).json()
        assert [month["impressions"] for month in months] == [0, 0, 0]
        assert (await alice.get("reports/months?user=bob")).status_code == 403
        assert (await alice.get("reports/months?user=ALICE&count=1")).status_code == 200
        assert (await alice.get("reports/months?count=99")).status_code == 422
