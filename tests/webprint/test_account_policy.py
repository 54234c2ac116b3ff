"""The account's pages for each role: strangers none, everybody the own, and what proves somebody only freshly proved."""

import pytest

from tests.webprint.test_policy import OWN
from tests.webprint.visitor import visiting
from tests.webprint.web_house import House
from webprint.policy import POLICY, Access

ROWS = sorted(row for row in POLICY if row[1] == "/account" or row[1].startswith(OWN))
ROLES = ("stranger", "alice", "olga")
# What an empty form gets; everything else goes on to a page.
EMPTY = {
    "/account/pin": {400},
    "/account/password": {400},
    "/account/cards": {400},
    "/account/cards/remove": {404},
    "/account/addresses": {400},
    "/account/addresses/primary": {404},
    "/account/addresses/remove": {404},
    "/account/remote": {400},
    "/account/remote/{id}/remove": {404},
    "/account/data/export": {200},
    "/account/printers": {400},
    "/account/printers/profile": {404},
    "/account/printers/{id}/renew": {404},
    "/account/printers/{id}/remove": {404},
    "/account/push/{id}/remove": {404},
    "/account/data/erase": {400},
}


def expected(method: str, path: str, role: str) -> set[int]:
    if POLICY[method, path] is Access.ANYONE:
        return {404}  # there is no such link
    if role == "stranger":
        return {303}
    return {200} if method == "GET" else EMPTY.get(path, {303})


def test_only_links_are_for_everybody() -> None:
    assert {path for (method, path) in ROWS if POLICY[method, path] is Access.ANYONE} == {
        "/account/addresses/confirm",
        "/keep",
    }


def test_whatever_lets_somebody_in_or_ends_everything_wants_a_fresh_proof() -> None:
    lasting = ("/account/pin", "/account/password", "/account/cards", "/account/addresses", "/account/data/")
    links = "/account/addresses/confirm"
    wrong = [row for row in ROWS if row[1].startswith(lasting) and row[1] != links]
    assert [row for row in wrong if POLICY[row] is not Access.RECENT] == []


@pytest.mark.parametrize("role", ROLES)
async def test_each_page_for_each_role(house: House, role: str) -> None:
    """All rows on one house: each is asked as it is, none of them does harm without its fields."""
    async with visiting(house.app()) as visitor:
        await visitor.get("/signin")
        if role != "stranger":
            await visitor.sign_in(role)
        got = {}
        for method, path in ROWS:
            answer = await (visitor.get(path) if method == "GET" else visitor.post(path))
            got[method, path] = answer.status_code in expected(method, path, role) or answer.status_code
    assert {row: found for row, found in got.items() if found is not True} == {}
    for name in ("alice", "bob", "olga"):
        assert not (await house.identity.get(name)).disabled


@pytest.mark.parametrize("path", [path for method, path in ROWS if method == "POST"])
async def test_no_form_without_the_pages_token(house: House, path: str) -> None:
    async with visiting(house.app()) as visitor:
        await visitor.sign_in("alice")
        before = await house.identity.get("alice")
        answer = await visitor.post(path, {"name": "alice", "random": "yes", "card": "04BEEF01"}, token="guess")
        assert answer.status_code == 403
        assert await house.identity.get("alice") == before
