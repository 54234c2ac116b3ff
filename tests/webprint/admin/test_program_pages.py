"""Webhooks and tokens in pages: secrets shown once, what is wrong said beside its field, and what came through."""

import re

import pytest

from gateway.domain.webhook import DeliveryState
from tests.webprint.visitor import Visitor, visiting
from tests.webprint.web_house import House

HOOK = {"name": "Counter", "url": "https://hooks.example.org/x", "kind": ["job-completed", "audit"]}


async def test_a_webhook_is_added_tried_changed_and_deleted(house: House, ada: Visitor) -> None:
    await ada.get("/admin/webhooks")
    made = await ada.post("/admin/webhooks", HOOK)
    assert made.status_code == 200
    secret = re.search(r"whsec_[\w+/=]+", made.text)
    assert secret is not None
    (hook,) = await house.programs.webhooks.all()
    at = f"/admin/webhooks/{hook.id}"
    assert secret[0] not in (await ada.get(at)).text
    assert (await ada.post(f"{at}/ping")).status_code == 303
    (waiting,) = await house.programs.webhooks.deliveries(hook.id)
    (claimed,) = await house.webhook_rows.claim("w", now=house.clock.now(), lease=9, limit=1)
    await house.webhook_rows.settle(
        claimed, "w", state=DeliveryState.DELIVERED, now=house.clock.now(), status=200, answer=""
    )
    page = await ada.get(at)
    assert "Came through" in page.text
    assert (await ada.post(f"{at}/deliveries/{waiting.id}")).status_code == 303
    assert len(await house.programs.webhooks.deliveries(hook.id)) == 2
    assert "Saved." in (await ada.post(at, HOOK | {"name": "Other"})).text
    renewed = await ada.post(f"{at}/secret")
    assert re.search(r"whsec_[\w+/=]+", renewed.text)[0] != secret[0]  # type: ignore[index]  # reason: it is there
    await ada.post(f"{at}/state", {"on": "no"})
    assert (await house.programs.webhooks.get(hook.id)).active is False
    assert "Delete this webhook?" in (await ada.post(f"{at}/delete")).text
    assert (await ada.post(f"{at}/delete", {"sure": "yes"})).status_code == 303
    assert await house.programs.webhooks.all() == []
    assert (await ada.get(at)).status_code == 404


@pytest.mark.parametrize(
    "wrong",
    [{"name": ""}, {"url": ""}, {"url": "ftp://x"}, {"url": "https://inside.example/"}, {"kind": []}, {"kind": ["x"]}],
)
async def test_what_is_wrong_with_a_webhook_is_said_and_stays_typed(
    house: House, ada: Visitor, wrong: dict[str, str | list[str]]
) -> None:
    await ada.get("/admin/webhooks")
    answer = await ada.post("/admin/webhooks", HOOK | wrong)
    assert answer.status_code == 400
    assert "h-wrong" in answer.text
    assert await house.programs.webhooks.all() == []


async def test_a_token_is_made_shown_once_and_revoked(house: House, ada: Visitor) -> None:
    await ada.get("/admin/tokens")
    made = await ada.post(
        "/admin/tokens", {"name": "Nightly", "scope": ["reports"], "days": "30", "networks": "10.0.0.0/8, 192.0.2.0/24"}
    )
    token = re.search(r"papertap_[\w-]{43}", made.text)
    assert token is not None
    page = await ada.get("/admin/tokens")
    assert token[0] not in page.text
    assert "10.0.0.0/8" in page.text
    row, actor = await house.programs.tokens.actor_of(token[0], address="10.1.1.1")
    assert (actor.user, row.scopes) == ("ada", ("reports",))
    await ada.post(f"/admin/tokens/{row.id}/revoke")
    assert "Nightly" not in (await ada.get("/admin/tokens")).text
    for wrong in ({"name": ""}, {"scope": []}, {"scope": ["all"]}, {"networks": "ten"}):
        answer = await ada.post("/admin/tokens", {"name": "x", "scope": ["reports"], "days": ""} | wrong)
        assert answer.status_code == 400, wrong


async def test_tokens_ask_for_a_fresh_proof(house: House, ada: Visitor) -> None:
    house.clock.tick(3600.0 / 2 - 60)
    answer = await ada.get("/admin/tokens")
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/signin/confirm")


async def test_what_they_are_called_is_shown_as_text(house: House, ada: Visitor) -> None:
    await ada.get("/admin/webhooks")
    await ada.post("/admin/webhooks", HOOK | {"name": "<script>x</script>"})
    assert "<script>x" not in (await ada.get("/admin/webhooks")).text
    async with visiting(house.app()) as olga:
        await olga.sign_in("olga")
        assert (await olga.get("/admin/webhooks")).status_code == 403
