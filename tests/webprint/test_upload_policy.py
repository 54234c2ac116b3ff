"""Who may do what with uploads and as a guest: each route for each kind of visitor."""

import re

import pytest

from gateway.domain.rights import Permission
from gateway.domain.user import Actor
from tests.webprint.test_guest import a_guest, a_house
from tests.webprint.visitor import visiting
from webprint.access import Row
from webprint.policy import POLICY, Access, Needs, allows

ROWS = sorted(row for row in POLICY if row[1].startswith(("/upload", "/guest", "/p/")))
STRANGER, GUEST, ALICE = Actor(address="192.0.2.1"), Actor(user="guest:1"), Actor(user="alice")


@pytest.mark.parametrize(
    ("access", "allowed"),
    [
        (Access.ANYONE, {"stranger", "guest", "alice"}),
        (Access.VISITOR, {"guest", "alice"}),
        (Access.GUEST, {"guest"}),
        (Access.SIGNED_IN, {"alice"}),
        (Access.RECENT, {"alice"}),
        (Needs(Permission.DESK), set()),
    ],
)
def test_a_guest_is_no_user_and_a_user_no_guest(access: Row, allowed: set[str]) -> None:
    actors = {"stranger": STRANGER, "guest": GUEST, "alice": ALICE}
    assert {name for name, actor in actors.items() if allows(access, actor)} == allowed


@pytest.mark.parametrize(("method", "path"), ROWS)
async def test_each_route_turns_away_whom_it_is_not_for(method: str, path: str) -> None:
    house = await a_house()
    async with a_guest(house) as (guest, job), visiting(house.app()) as stranger, visiting(house.app()) as alice:
        await alice.sign_in()
        await stranger.get("/guest")
        address = path.replace("{id:int}", str(job.id)).replace("{number:int}", "1").replace("{name}", "find-me")
        address = re.sub(r"\{id\}", "unknown", address)
        for actor, visitor in ((STRANGER, stranger), (GUEST, guest), (ALICE, alice)):
            if method == "GET":
                answer = await visitor.get(address)
            else:
                headers = {"sec-fetch-site": "same-origin", "papertap-token": visitor.token}
                data = {"csrf": visitor.token} if method == "POST" else None
                answer = await visitor.client.request(method, address, data=data, headers=headers)
            turned_away = answer.status_code == 303 and answer.headers["location"].startswith(("/signin", "/guest"))
            turned_away |= answer.status_code == 401
            if not allows(POLICY[method, path], actor):
                assert turned_away, (actor, answer.status_code)
            else:
                assert not turned_away or answer.headers["location"] == f"/guest/jobs/{job.id}" or "again" in path
            assert answer.status_code < 500
