"""Users, groups, roles, registrations, sites and the audit log: within one's own rights, and written down."""

from typing import Any

import pytest

from gateway.domain.job import JobState
from gateway.domain.rights import Role
from gateway.domain.second_factor import SecondFactor
from gateway.errors import NotPossible
from tests.mobile_api.api_house import ApiHouse


async def actions(house: ApiHouse) -> list[str]:
    return [entry.action for entry in await house.gateway.database.audit.entries()]


async def test_a_user_is_added_changed_and_removed(house: ApiHouse) -> None:
    async with house.client(token=await house.token("root")) as root:
        made = await root.post(
            "users", json={"name": "ann", "full_name": "Ann Ü", "email": "ann@example.org", "pin": "83519264"}
        )
        assert made.status_code == 201, made.text
        assert (made.json()["has_pin"], made.json()["has_password"], made.json()["cards"]) == (True, False, 0)
        assert "83519264" not in made.text
        seen = made.headers["etag"]
        changed = await root.patch("users/ann", json={"disabled": True, "email": None}, headers={"if-match": seen})
        assert (changed.json()["disabled"], changed.json()["email"]) == (True, None)
        late = await root.patch("users/ann", json={"disabled": False}, headers={"if-match": seen})
        assert (late.status_code, late.json()["code"]) == (412, "outdated")
        assert [user["name"] for user in (await root.get("users?q=nn")).json()["items"]] == ["ann"]
        assert (await root.post("users", json={"name": "ANN"})).status_code == 409
        assert (await root.delete("users/ann")).status_code == 204
        assert (await root.get("users/ann")).status_code == 404
    told = await actions(house)
    assert [action for action in told if action.startswith("user.")] == ["user.added", "user.changed", "user.deleted"]


async def test_a_lost_second_step_is_reset_by_somebody_who_has_just_proved_themselves(house: ApiHouse) -> None:
    alice = await house.gateway.identity.get("alice")
    factors = house.gateway.database.second_factors
    await factors.save_factor(SecondFactor(user=alice.uuid, sealed=b"sealed", confirmed=True, created_at=1.0))
    page, _ = await house.session("root")
    async with house.client(token=await house.token("root")) as root, house.client() as browser:
        assert (await root.delete("users/alice/second-factor")).status_code == 403, "no token will do"
        assert await factors.factor(alice.uuid) is not None
        assert (await browser.delete("users/alice/second-factor", headers=page)).status_code == 204
        assert await factors.factor(alice.uuid) is None
        assert (await browser.delete("users/nobody/second-factor", headers=page)).status_code == 404
    assert "second-factor.reset" in await actions(house)


async def test_an_account_is_erased_by_its_name_typed_once_more(house: ApiHouse) -> None:
    job = await house.job(owner="alice")
    page, _ = await house.session("root")
    async with house.client(token=await house.token("root")) as root, house.client() as browser:
        assert (await root.post("users/alice/erasure", json={"name": "alice"})).status_code == 403, "no token will do"
        wrong = await browser.post("users/alice/erasure", json={"name": "bob"}, headers=page)
        assert (wrong.status_code, (await root.get("users/alice")).status_code) == (400, 200)
        erased = await browser.post("users/alice/erasure", json={"name": "Alice"}, headers=page)
        assert erased.json()["pseudonym"].startswith("erased-")
        left = (await root.get("users/alice")).json()
        assert (left["disabled"], left["full_name"], left["email"]) == (True, "", None), "nobody else is given the name"
        ended = await house.gateway.database.jobs.get(job.id)
        assert ended is not None
        assert (ended.state, ended.owner) == (JobState.CANCELED, erased.json()["pseudonym"])
    assert "user.erased" in await actions(house)


async def test_proofs_are_set_and_taken_and_never_told(house: ApiHouse) -> None:
    async with house.client(token=await house.token("root")) as root:
        made = await root.post("users/alice/pin", json={}, headers={"idempotency-key": "k"})
        assert made.json()["pin"].isdigit()
        assert (await root.post("users/alice/pin", json={}, headers={"idempotency-key": "k"})).status_code == 409
        assert (await root.post("users/alice/pin", json={"mail": True})).status_code == 409  # there is no mail server
        assert (await root.put("users/alice/password", json={"password": "correct horse"})).status_code == 204
        assert (await root.post("users/alice/cards", json={"card": "04:A2:19:7F"})).json()["cards"] == 1
        assert (await root.post("users/bob/cards", json={"card": "04a2197f"})).status_code == 409
        assert (await root.post("users/alice/cards/remove", json={"card": "04a2197f"})).json()["cards"] == 0
        assert (await root.delete("users/alice/password")).status_code == 204
        assert (await root.delete("users/alice/pin")).status_code == 204
        user = (await root.get("users/alice")).json()
        assert (user["has_pin"], user["has_password"]) == (False, False)
        assert (await root.post("users/alice/unlock")).json() == {"count": 0}
    entries = str(await house.gateway.database.audit.entries())
    assert "correct horse" not in entries
    assert made.json()["pin"] not in entries


async def test_who_is_signed_out_or_disabled_is_so_at_once(house: ApiHouse) -> None:
    headers, _ = await house.session("alice")
    token = await house.token("alice")
    async with house.client(token=await house.token("root")) as root, house.client() as page:
        assert (await root.post("users/alice/sign-out")).json() == {"count": 1}
        assert (await page.get("me", headers=headers)).status_code == 401
        await root.patch("users/alice", json={"disabled": True})
    async with house.client(token=token) as alice:
        assert (await alice.get("me")).status_code == 401


async def test_nobody_gives_more_than_they_have_or_touches_who_has_more(house: ApiHouse) -> None:
    """Somebody who manages users and nothing else: made by roles that are given."""
    async with house.client(token=await house.token("root", "users")) as narrow:
        for body in ({"role": "administrator"}, {"role": "operator"}):
            answer = await narrow.post("users", json={"name": "new"} | body)
            assert answer.status_code == 403, body
        assert (await narrow.patch("users/root", json={"full_name": "Me"})).status_code == 403
        assert (await narrow.patch("users/alice", json={"full_name": "Alice"})).status_code == 200
        assert (await narrow.post("roles", json={"holder": "alice", "role": "operator"})).status_code == 403
    async with house.client(token=await house.token("root")) as root:
        answer = await root.patch("users/root", json={"role": "user"})
        assert (answer.status_code, answer.json()["code"]) == (409, NotPossible.kind)  # the last administrator
        assert (await root.delete("users/root")).status_code == 409


async def test_groups_are_a_tree_with_members_and_roles(house: ApiHouse) -> None:
    async with house.client(token=await house.token("root")) as root:
        for body in ({"name": "Staff"}, {"name": "IT", "parent": "Staff", "kind": "department"}):
            assert (await root.post("groups", json=body)).status_code == 201
        assert [g["name"] for g in (await root.get("groups?parent=Staff")).json()["items"]] == ["IT"]
        seen = (await root.get("groups/IT")).headers["etag"]
        changed = await root.patch("groups/IT", json={"label": "Computers"}, headers={"if-match": seen})
        assert changed.json()["label"] == "Computers"
        assert (await root.patch("groups/IT", json={"label": "x"}, headers={"if-match": seen})).status_code == 412
        assert (await root.patch("groups/Staff", json={"parent": "IT"})).status_code == 400
        assert (await root.post("groups/IT/members", json={"user": "alice"})).status_code == 204
        assert [m["name"] for m in (await root.get("groups/IT/members")).json()["items"]] == ["alice"]
        given = await root.post("roles", json={"holder": "Staff", "group": True, "role": "report-viewer"})
        assert given.status_code == 201, given.text
    async with house.client(token=await house.token("alice", "reports")) as alice:
        assert (await alice.get("me")).json()["permissions"] == ["reports"]
    async with house.client(token=await house.token("root")) as root:
        (role,) = (await root.get("roles")).json()["items"]
        assert (role["holder"], role["given_by"]) == ("Staff", "root")
        assert (await root.delete(f"roles/{role['id']}")).status_code == 204
        assert (await root.delete("groups/IT/members/alice")).status_code == 204
        assert (await root.delete("groups/Staff")).status_code == 204
        assert (await root.post("roles", json={"holder": "bob", "role": "desk", "site": "gone"})).status_code == 404


async def test_a_role_at_a_site_reaches_what_belongs_there_alone(house: ApiHouse) -> None:
    await house.gateway.sites.add("berlin")
    await house.gateway.printers.change_device("laser", site="berlin")
    await house.gateway.printers.add_device("press", "socket://192.0.2.10")
    await house.gateway.house.roles.give(house.actor("root"), "bob", Role.DEVICE_MANAGER, site="berlin")
    actor = await house._actor("bob")
    token = (await house.gateway.tokens.add(actor, "t", ["devices", "jobs:own"]))[0]
    async with house.client(token=token) as bob:
        assert [d["name"] for d in (await bob.get("devices")).json()["items"]] == ["laser"]
        assert (await bob.get("devices/press")).status_code == 404
        assert (await bob.patch("devices/laser", json={"info": "New"})).status_code == 200
        assert (await bob.patch("devices/laser", json={"site": ""})).status_code == 403
        assert (await bob.post("devices", json={"name": "x", "uri": "socket://192.0.2.3"})).status_code == 403
        assert (
            await bob.post("devices", json={"name": "x", "uri": "socket://192.0.2.3", "site": "berlin"})
        ).status_code == 201


async def test_sites_and_their_zones(house: ApiHouse) -> None:
    zone = {"name": "hall", "networks": ["10.1.0.0/16"], "printers": ["find-me"]}
    async with house.client(token=await house.token("root")) as root:
        made = await root.post("sites", json={"name": "berlin", "info": "Berlin", "zones": [zone]})
        assert made.status_code == 201, made.text
        assert made.json()["zones"][0]["networks"] == ["10.1.0.0/16"]
        changed = await root.patch("sites/berlin", json={"language": "de"}, headers={"if-match": made.headers["etag"]})
        assert changed.json()["language"] == "de"
        late = await root.patch("sites/berlin", json={"language": "fr"}, headers={"if-match": made.headers["etag"]})
        assert late.status_code == 412
        for bad in ({"time_zone": "Mars/Phobos"}, {"zones": [zone | {"networks": ["ten"]}]}, {"language": "xx"}):
            assert (await root.patch("sites/berlin", json=bad)).status_code == 400, bad
        assert [site["name"] for site in (await root.get("sites")).json()] == ["berlin"]
        assert (await root.delete("sites/berlin")).status_code == 204
        assert (await root.get("sites/berlin")).status_code == 404


async def test_the_audit_log_is_read_and_verified(house: ApiHouse) -> None:
    async with house.client(token=await house.token("root")) as root:
        await root.post("printers", json={"name": "new"})
        await root.delete("printers/new")
        entries = (await root.get("audit?q=printer new")).json()["items"]
        assert [(e["action"], e["actor"], e["via"]) for e in entries] == [
            ("printer.removed", "root", "api"),
            ("printer.added", "root", "api"),
        ]
        assert [e["action"] for e in (await root.get("audit?action=token.made")).json()["items"]] == ["token.made"]
        page = (await root.get("audit?limit=1")).json()
        assert len((await root.get("audit", params={"limit": 9, "cursor": page["next"]})).json()["items"]) >= 2
        verdict = (await root.get("audit/verification")).json()
        assert (verdict["whole"], verdict["broken"]) == (True, None)
    async with house.client(token=await house.token("olga")) as olga:
        assert (await olga.get("audit")).status_code == 403


async def test_registrations_wait_for_a_yes(house: ApiHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    async with house.client(token=await house.token("root")) as root:
        assert (await root.get("registrations")).json() == []
        nobody = "00000000-0000-4000-8000-000000000000"
        for what in ("approve", "refuse"):
            answer: Any = await root.post(f"registrations/{nobody}/{what}")
            assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
