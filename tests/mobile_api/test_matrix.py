"""The matrix: every route of the API for every role, everywhere and at one site, by real requests.

What is expected comes from the rule that the route declares and from the table of roles, not from the code that
enforces them.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import httpx2

from gateway.domain.api_token import OWN
from gateway.domain.rights import PERMISSIONS, Permission, Role
from mobile_api.policy import Rule, rule_of
from mobile_api.router import GuardedRoute
from tests.mobile_api.api_house import ApiHouse

SITE = "berlin"
NO_PERMISSION = "Your account has no permission for this."
WRONG_SCOPE = "This token is not for that"
STREAMS = {"/events"}  # do not end; test_events.py reads them
FILLED = {
    "id": "424242",
    "number": "1",
    "code": "P-1",
    "share": "1",
    "name": "nowhere",
    "user": "nobody",
    "place": "nowhere",
    "touch": "none",
    "key": "storage",
}
AS_UUID = ("/tokens/", "/webhooks/", "/registrations/", "/me/")


@dataclass(frozen=True, kw_only=True)
class Who:
    """`role` None is a stranger; `site` "" is everywhere."""

    role: Role | None
    site: str = ""

    @property
    def name(self) -> str:
        return f"{self.role.value if self.role else 'stranger'}{'-' + self.site if self.site else ''}"

    def passes(self, rule: Rule) -> bool:
        """Through the door; what is behind it is the services' to say."""
        if rule.anyone:
            return True
        if self.role is None:
            return False
        if rule.permission is None:
            return True
        found = {rule.permission, rule.otherwise} & PERMISSIONS[self.role]
        return bool(found) and (rule.somewhere or not self.site)


EVERYBODY = [Who(role=None), *(Who(role=role, site=site) for site in ("", SITE) for role in Role)]


def routes_of(house: ApiHouse) -> Iterator[tuple[str, str, Rule]]:
    for route in house.app.routes:
        assert isinstance(route, GuardedRoute)
        rule = rule_of(route.endpoint)
        assert rule is not None
        for method in sorted(route.methods or ()):
            yield method, route.path, rule


def address_of(path: str) -> str:
    uuid = "00000000-0000-4000-8000-000000000000"
    session = "0123456789abcdef"
    by_name = FILLED | {"id": uuid if path.startswith(AS_UUID) else session if "session" in path else FILLED["id"]}
    return re.sub(r"\{(\w+)\}", lambda match: by_name[match[1]], path).lstrip("/")


async def people(house: ApiHouse) -> dict[str, str]:
    """(name of who: token), each able to do all that its role may."""
    await house.gateway.sites.add(SITE)
    tokens = {"stranger": ""}
    for who in EVERYBODY[1:]:
        assert who.role is not None
        await house.gateway.identity.add_user(who.name, role=Role.USER if who.site else who.role)
        if who.site and PERMISSIONS[who.role]:
            await house.gateway.house.roles.give(house.actor("root"), who.name, who.role, site=who.site)
        tokens[who.name] = await house.token(who.name)
    return tokens


async def ask(client: httpx2.AsyncClient, method: str, path: str, headers: dict[str, str]) -> httpx2.Response:
    body = None if method in {"GET", "DELETE"} else {}
    return await client.request(method, address_of(path), json=body, headers=headers)


def stopped(answer: httpx2.Response) -> bool:
    """At the door, by whatever it says there."""
    if answer.status_code not in {401, 403}:
        return False
    detail = answer.json()["detail"]
    return answer.status_code == 401 or detail == NO_PERMISSION or detail.startswith((WRONG_SCOPE, "No token"))


async def test_each_route_lets_in_whom_its_rule_names(house: ApiHouse) -> None:
    tokens, wrong = await people(house), list[str]()
    sessions = {who.name: (await house.session(who.name))[0] for who in EVERYBODY[1:]}
    async with house.client() as client:
        for method, path, rule in routes_of(house):
            for who in EVERYBODY:
                if path in STREAMS and who.passes(rule):
                    continue
                token = tokens[who.name]
                headers = {"authorization": f"Bearer {token}"} if token else {}
                if rule.recent and who.role is not None:
                    headers = sessions[who.name]
                answer = await ask(client, method, path, headers)
                assert answer.status_code < 500, f"{method} {path} for {who.name}: {answer.text}"
                if stopped(answer) is who.passes(rule):
                    wrong.append(f"{method} {path} for {who.name}: {answer.status_code} {answer.text[:120]}")
                if path.endswith(("/me", "/sessions")) and method == "GET" and who.role is not None:
                    assert answer.status_code == 200
    assert not wrong, "\n".join(wrong)


async def test_a_token_opens_only_what_its_scope_names(house: ApiHouse) -> None:
    wrong = list[str]()
    tokens = {scope: await house.token("root", scope) for scope in (OWN, *(p.value for p in Permission))}
    async with house.client() as client:
        for method, path, rule in routes_of(house):
            for scope, token in tokens.items():
                fits = rule.anyone or rule.any_scope or (scope in rule.scopes and not rule.recent)
                if path in STREAMS and fits:
                    continue
                answer = await ask(client, method, path, {"authorization": f"Bearer {token}"})
                if stopped(answer) is fits:
                    wrong.append(f"{method} {path} with {scope}: {answer.status_code} {answer.text[:120]}")
    assert not wrong, "\n".join(wrong)


async def test_a_session_needs_its_page_token_on_all_that_changes_something(house: ApiHouse) -> None:
    headers, _ = await house.session("root")
    cookie = {"cookie": headers["cookie"]}
    async with house.client() as client:
        for method, path, rule in routes_of(house):
            if method != "GET" and not rule.anyone:
                answer = await ask(client, method, path, cookie)
                assert answer.status_code == 403, f"{method} {path}: {answer.status_code}"


def test_the_roles_differ_and_the_matrix_is_no_row_of_yes() -> None:
    assert len({PERMISSIONS[role] for role in Role}) == len(Role)
    rule = Rule(permission=Permission.DEVICES, somewhere=True)
    allowed = {who.name for who in EVERYBODY if who.passes(rule)}
    assert allowed == {
        f"{role}{site}" for role in ("device-manager", "operator", "administrator") for site in ("", "-berlin")
    }
