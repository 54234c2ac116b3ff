"""What all routes share: bodies, pages of lists, versions, idempotency keys, the OpenAPI document."""

import asyncio

import pytest

from mobile_api.router import MAX_BODY
from tests.mobile_api.api_house import ApiHouse


async def test_an_unknown_field_is_refused_and_changes_nothing(house: ApiHouse) -> None:
    async with house.client(token=await house.token("root")) as root:
        answer = await root.patch("printers/find-me", json={"info": "Mine", "uuid": "x", "version": 0})
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
        assert {error["where"] for error in answer.json()["errors"]} == {"body.uuid", "body.version"}
        assert (await root.get("printers/find-me")).json()["info"] == "Find me"
        answer = await root.get("printers?limt=3")
        assert (answer.status_code, answer.json()["code"]) == (400, "bad-request")
        assert (await root.patch("printers/find-me", json={"info": None})).status_code == 422


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff", b'"x"', b"null", b""])
async def test_a_body_that_is_no_object_is_a_problem_and_no_defect(house: ApiHouse, body: bytes) -> None:
    async with house.client(token=await house.token("root")) as root:
        answer = await root.post("printers", content=body, headers={"content-type": "application/json"})
    assert answer.status_code in {400, 422}
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_secret_that_was_typed_wrongly_is_not_repeated(house: ApiHouse) -> None:
    async with house.client(token=await house.token("root")) as root:
        answer = await root.post("printers", json={"name": "UPPER hunter2", "hunter3": 1})
    assert answer.status_code == 422
    assert "hunter2" not in answer.text


async def test_a_body_that_is_too_large_is_not_kept(house: ApiHouse) -> None:
    async with house.client(token=await house.token("root")) as root:
        answer = await root.post("printers", json={"name": "x", "info": "x" * MAX_BODY})
    assert (answer.status_code, answer.json()["code"]) == (413, "too-large")


async def test_pages_of_a_list_stay_right_while_rows_come(house: ApiHouse) -> None:
    async with house.client(token=await house.token("root")) as root:
        for name in ("a", "c", "e"):
            await root.post("printers", json={"name": name})
        first = (await root.get("printers?limit=2")).json()
        assert [item["name"] for item in first["items"]] == ["a", "c"]
        await root.post("printers", json={"name": "b"})
        await root.post("printers", json={"name": "cc"})
        rest = (await root.get("printers", params={"limit": 50, "cursor": first["next"]})).json()
        assert [item["name"] for item in rest["items"]] == ["cc", "direct", "e", "find-me"]
        assert rest["next"] is None
        for bad in ("%%%", "ü", "x" * 500):
            assert (await root.get("printers", params={"cursor": bad})).status_code in {400, 422}


async def test_who_has_seen_an_older_version_changes_nothing(house: ApiHouse) -> None:
    async with house.client(token=await house.token("root")) as root:
        seen = (await root.get("printers/find-me")).headers["etag"]
        first = await root.patch("printers/find-me", json={"info": "One"}, headers={"if-match": seen})
        assert first.status_code == 200
        second = await root.patch("printers/find-me", json={"info": "Two"}, headers={"if-match": seen})
        assert (second.status_code, second.json()["code"]) == (412, "outdated")
        assert (await root.get("printers/find-me")).json()["info"] == "One"
        again = await root.patch("printers/find-me", json={"info": "Two"}, headers={"if-match": first.headers["etag"]})
        assert (again.status_code, again.json()["info"]) == (200, "Two")
        assert (await root.patch("printers/find-me", json={}, headers={"if-match": "x"})).status_code == 400


async def test_the_same_key_and_body_are_done_once(house: ApiHouse) -> None:
    key = {"idempotency-key": "k1"}
    async with house.client(token=await house.token("root")) as root:
        first = await root.post("printers", json={"name": "once"}, headers=key)
        again = await root.post("printers", json={"name": "once"}, headers=key)
        assert (first.status_code, again.status_code) == (201, 201)
        assert again.json() == first.json()
        assert again.headers["location"] == first.headers["location"] == "/api/v1/printers/once"
        assert "idempotent-replayed" in again.headers
        assert "idempotent-replayed" not in first.headers
        other = await root.post("printers", json={"name": "twice"}, headers=key)
        assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
        assert (await root.post("printers", json={"name": "x"}, headers={"idempotency-key": "a b"})).status_code == 400
    async with house.client(token=await house.token("root")) as another_caller:
        assert (await another_caller.post("printers", json={"name": "twice"}, headers=key)).status_code == 201


async def test_a_key_whose_call_failed_may_be_used_again(house: ApiHouse) -> None:
    key = {"idempotency-key": "k2"}
    async with house.client(token=await house.token("root")) as root:
        assert (await root.post("printers", json={"name": "p", "devices": ["none"]}, headers=key)).status_code == 404
        assert (await root.post("printers", json={"name": "p"}, headers=key)).status_code == 201


async def test_of_many_calls_at_once_under_one_key_one_is_done(house: ApiHouse) -> None:
    async with house.client(token=await house.token("root")) as root:
        answers = await asyncio.gather(
            *(root.post("printers", json={"name": "race"}, headers={"idempotency-key": "r"}) for _ in range(5))
        )
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert sum(answer.status_code == 201 and "idempotent-replayed" not in answer.headers for answer in answers) == 1


async def test_the_document_tells_who_may_and_how_a_no_looks(house: ApiHouse) -> None:
    async with house.client() as stranger:
        document = (await stranger.get("openapi.json")).json()
    assert document["openapi"].startswith("3.1")
    operation = document["paths"]["/printers"]["post"]
    assert operation["security"][0] == {"token": ["printers"]}
    assert operation["x-permission"] == "printers (at one site at least)"
    assert {"400", "401", "403", "409", "422", "429"} <= set(operation["responses"])
    assert "#/components/schemas/Problem" in str(document["components"]["responses"]["403"])
    assert "HTTPValidationError" not in document["components"]["schemas"]


async def test_no_answer_is_kept_by_a_cache_or_taken_for_a_page(house: ApiHouse) -> None:
    async with house.client() as stranger:
        for path in ("health", "me", "nowhere", "openapi.json"):
            headers = (await stranger.get(path)).headers
            assert headers["cache-control"] == "no-store"
            assert headers["x-content-type-options"] == "nosniff"
            assert "access-control-allow-origin" not in headers
