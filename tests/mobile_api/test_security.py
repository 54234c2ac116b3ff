"""Who is asking: tokens and sessions, what they are worth, and when they are worth nothing any more."""

import logging

import pytest

from gateway.domain.rights import Role
from gateway.services.limits import Kind, Policy
from tests.mobile_api.api_house import ApiHouse


async def test_a_stranger_is_asked_who_it_is_and_may_see_health(house: ApiHouse) -> None:
    async with house.client() as stranger:
        answer = await stranger.get("me")
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert answer.headers["content-type"] == "application/problem+json"
        assert (await stranger.get("health")).json() == {"accepting": True, "reasons": []}
        house.reasons.append("storage-low")
        assert (await stranger.get("health")).status_code == 503


async def test_a_token_is_its_maker_as_far_as_its_scopes_go(house: ApiHouse) -> None:
    async with house.client(token=await house.token("root", "jobs:own", "reports")) as client:
        me = (await client.get("me")).json()
        assert (me["name"], me["permissions"], me["scopes"]) == ("root", ["reports"], ["jobs:own", "reports"])
        answer = await client.post("printers", json={"name": "new"})
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


@pytest.mark.parametrize("what", ["", "x", "papertap_", "papertap_" + "x" * 43, "papertap_ü", "papertap_" + "x" * 5000])
async def test_a_token_that_is_none_is_never_taken_for_a_stranger(house: ApiHouse, what: str) -> None:
    async with house.client() as client:
        answer = await client.get("health", headers={"authorization": f"Bearer {what}".encode()})
    assert answer.status_code == 401


async def test_a_token_ends_with_its_maker_its_time_and_its_place(house: ApiHouse) -> None:
    tokens = house.gateway.tokens
    near = (await tokens.add(house.actor("alice"), "near", ["jobs:own"], networks=["192.0.2.0/24"]))[0]
    async with house.client(token=near) as client:
        assert (await client.get("me")).status_code == 200
    async with house.client(token=near, address="198.51.100.1") as client:
        assert (await client.get("me")).status_code == 401
    async with house.client(token=near, address="::ffff:192.0.2.1") as client:
        assert (await client.get("me")).status_code == 200
        await house.gateway.identity.disable("alice")
        assert (await client.get("me")).status_code == 401


async def test_a_permission_that_the_maker_loses_is_gone_with_the_next_request(house: ApiHouse) -> None:
    async with house.client(token=await house.token("root", "printers")) as client:
        assert (await client.post("printers", json={"name": "one"})).status_code == 201
        await house.gateway.identity.change_user("root", role=Role.USER)
        assert (await client.post("printers", json={"name": "two"})).status_code == 403


async def test_a_token_is_refused_where_it_can_be_read_on_the_way(house: ApiHouse) -> None:
    token = await house.token("alice")
    async with house.client(token=token) as client:
        answer = await client.get("http://print.example:8080/api/v1/me")
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


async def test_the_portal_session_needs_its_token_and_our_origin_to_change_things(house: ApiHouse) -> None:
    headers, _ = await house.session("root")
    async with house.client() as page:
        assert (await page.get("me", headers={"cookie": headers["cookie"]})).json()["scopes"] is None
        for wrong in ({"x-csrf": "other"}, {"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}):
            answer = await page.post("printers", json={"name": "new"}, headers=headers | wrong)
            assert answer.status_code == 403, wrong
        assert (await page.post("printers", json={"name": "new"}, headers=headers)).status_code == 201


async def test_a_session_over_plain_http_from_another_machine_counts_for_nothing(house: ApiHouse) -> None:
    headers, _ = await house.session("root")
    async with house.client() as page:
        answer = await page.get("http://print.example:8080/api/v1/me", headers={"cookie": headers["cookie"]})
    assert answer.status_code == 401


async def test_too_many_requests_are_told_when_to_come_again(house: ApiHouse) -> None:
    house.gateway.identity.limits.table[Kind.API] = Policy(
        tries=3, window=60.0, lock=60.0, message="Too many requests."
    )
    async with house.client(token=await house.token("alice")) as client:
        answers = [await client.get("me") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert 1 <= int(answers[3].headers["retry-after"]) <= 60
    async with house.client(token=await house.token("bob")) as other:
        assert (await other.get("me")).status_code == 200
    async with house.client() as guessing:
        header = {"authorization": "Bearer papertap_" + "x" * 43}
        assert [(await guessing.get("me", headers=header)).status_code for _ in range(4)] == [401, 401, 401, 429]


async def test_no_token_stands_in_the_log_or_in_the_database(
    house: ApiHouse, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    token = await house.token("alice")
    async with house.client(token=token) as client:
        await client.get("me")
        await client.post("printers", content=b"{", headers={"content-type": "application/json"})
        await client.get(f"nothing/{token[:3]}")
    data = house.gateway.settings.data
    kept = b"".join(path.read_bytes() for path in data.rglob("*") if path.is_file())
    assert token.removeprefix("papertap_").encode() not in kept
    assert token not in caplog.text + "".join(capfd.readouterr())


async def test_a_refusal_is_said_in_the_language_of_the_caller(house: ApiHouse) -> None:
    async with house.client(token=await house.token("alice")) as client:
        said = {
            language: (await client.get("printers/gone", headers={"accept-language": language})).json()["detail"]
            for language in ("en", "de", "fr")
        }
        assert len(set(said.values())) == 3
        assert "gone" in said["de"]
        answer = await client.get("nowhere", headers={"accept-language": "de"})
        assert (answer.status_code, answer.json()["title"]) == (404, "Nicht gefunden")
        assert (await client.delete("me")).json()["code"] == "method-not-allowed"


async def test_a_defect_is_told_without_its_trace(house: ApiHouse, caplog: pytest.LogCaptureFixture) -> None:
    async def broken() -> tuple[str, ...]:
        raise ZeroDivisionError("the inside of our house")

    object.__setattr__(house.app.state.services, "health", broken)
    async with house.client() as client:
        answer = await client.get("health")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal-error")
    assert "inside" not in answer.text
    assert "the inside of our house" in caplog.text
