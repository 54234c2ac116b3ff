"""Webhooks over the API: for who runs the settings; secrets are shown once; deliveries tell what came through."""

import json

from gateway.domain.webhook import KINDS
from tests.mobile_api.api_house import ApiHouse
from tests.peers.sink import sink

PUBLIC = "http://198.51.100.7/hook"


async def test_a_webhook_is_kept_changed_and_removed(house: ApiHouse) -> None:
    async with house.client(token=await house.token("root")) as root:
        made = await root.post("webhooks", json={"name": "Counter", "url": PUBLIC, "kinds": ["job-completed"]})
        assert made.status_code == 201, made.text
        hook = made.json()
        assert hook["secret"].startswith("whsec_")
        assert hook["made_by"] == "root"
        at = f"webhooks/{hook['id']}"
        assert made.headers["location"] == f"/api/v1/{at}"
        assert "secret" not in (await root.get(at)).json()
        changed = await root.patch(at, json={"active": False}, headers={"if-match": made.headers["etag"]})
        assert changed.json()["active"] is False
        late = await root.patch(at, json={"active": True}, headers={"if-match": made.headers["etag"]})
        assert (late.status_code, late.json()["code"]) == (412, "outdated")
        rotated = (await root.post(f"{at}/secret")).json()
        assert rotated["secret"] != hook["secret"]
        assert [row["id"] for row in (await root.get("webhooks")).json()] == [hook["id"]]
        assert (await root.delete(at)).status_code == 204
        assert (await root.get(at)).status_code == 404


async def test_addresses_inside_and_kinds_that_are_none_are_refused(house: ApiHouse) -> None:
    async with house.client(token=await house.token("root")) as root:
        for url in ("http://127.0.0.1/", "http://169.254.169.254/latest", "http://[::1]/", "file:///etc/passwd"):
            answer = await root.post("webhooks", json={"name": "x", "url": url, "kinds": list(KINDS)})
            assert (answer.status_code, answer.json()["code"]) == (400, "bad-request"), url
        answer = await root.post("webhooks", json={"name": "x", "url": PUBLIC, "kinds": ["all"]})
        assert answer.status_code == 400
        assert (await root.get("webhooks")).json() == []


async def test_only_who_runs_the_settings_reaches_them(house: ApiHouse) -> None:
    async with house.client(token=await house.token("olga")) as olga:
        assert (await olga.get("webhooks")).status_code == 403
    async with house.client(token=await house.token("root", "jobs")) as narrow:
        assert (await narrow.get("webhooks")).status_code == 403


async def test_the_secret_stands_nowhere_in_clear(house: ApiHouse) -> None:
    async with house.client(token=await house.token("root")) as root:
        body = {"name": "Counter", "url": PUBLIC, "kinds": ["job-completed"]}
        secret = (await root.post("webhooks", json=body, headers={"idempotency-key": "k"})).json()["secret"]
        again = await root.post("webhooks", json=body, headers={"idempotency-key": "k"})
        assert (again.status_code, "secret" in again.json()) == (409, False)
    data = house.gateway.settings.data
    kept = b"".join(path.read_bytes() for path in data.rglob("*") if path.is_file())
    assert secret.removeprefix("whsec_").encode() not in kept


async def test_a_ping_comes_through_and_is_sent_again(house: ApiHouse) -> None:
    """From the route over the row and the socket to the receiver, and back to the list of deliveries."""
    from gateway.adapters.webhooks import HttpCarrier
    from gateway.domain.site import parse_network

    carrier = HttpCarrier(allowed=(parse_network("127.0.0.0/8"),))
    object.__setattr__(house.gateway.webhooks.kept, "_carrier", carrier)
    object.__setattr__(house.gateway.webhooks.post, "_carrier", carrier)
    async with sink() as receiver, house.client(token=await house.token("root")) as root:
        url = f"http://127.0.0.1:{receiver.port}/ok"
        hook = (await root.post("webhooks", json={"name": "Sink", "url": url, "kinds": list(KINDS)})).json()
        at = f"webhooks/{hook['id']}"
        ping = await root.post(f"{at}/ping")
        assert (ping.status_code, ping.json()["state"]) == (202, "waiting")
        await house.gateway.webhooks.post.run_once()
        (row,) = (await root.get(f"{at}/deliveries")).json()["items"]
        assert (row["state"], row["status"], row["tries"]) == ("delivered", 200, 1)
        assert (await root.post(f"{at}/deliveries/{row['id']}/replay")).status_code == 202
        assert (await root.post(f"{at}/deliveries/99/replay")).status_code == 404
        await house.gateway.webhooks.post.run_once()
    assert [json.loads(body)["type"] for _, _, body in receiver.seen] == ["ping", "ping"]
    assert len({headers["webhook-id"] for _, headers, _ in receiver.seen}) == 1
