"""Who may call what: every route has a rule, and one without a rule answers nobody."""

from mobile_api.policy import Rule, rule_of
from mobile_api.router import GuardedRoute, Topic
from tests.mobile_api.api_house import ApiHouse


async def test_every_route_is_guarded_and_has_a_rule(house: ApiHouse) -> None:
    assert house.app.routes
    for route in house.app.routes:
        assert isinstance(route, GuardedRoute), f"{route} would escape the rules"
        assert isinstance(rule_of(route.endpoint), Rule), f"{route.path} has no rule"


async def test_a_route_without_a_rule_answers_nobody(house: ApiHouse) -> None:
    topic = Topic("forgotten")

    @topic.get("/forgotten")
    async def forgotten() -> str:
        return "secret"

    house.app.router.routes.extend(topic.routes)
    async with house.client(token=await house.token("root")) as client:
        answer = await client.get("forgotten")
    assert answer.status_code == 403
    assert "secret" not in answer.text
    assert answer.json()["code"] == "forbidden"
