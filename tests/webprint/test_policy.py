"""Who may do what: the table is complete, nothing is open by omission, and each role gets what it should."""

import re

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from gateway.domain.job import JobState
from tests.webprint.visitor import Visitor, visiting
from tests.webprint.web_house import House, a_page
from webprint.policy import POLICY, Access
from webprint.site import Visit

ROLES = ("stranger", "alice", "bob", "olga")  # alice owns the job, olga is an operator
STATIONS = ("/kiosk", "/desk")  # with sessions and manners of their own: test_kiosk_policy.py
UPLOADS = (
    "/upload",
    "/guest",
    "/p/",
    "/p",
    "/share",
)  # other bodies, and guests: test_upload_policy.py, test_web_app.py
ACCOUNT = tuple(
    f"/account/{page}"
    for page in ("printers", "push", "pin", "password", "cards", "addresses", "notices", "data", "remote")
)
OWN = (*ACCOUNT, "/keep")  # what each role gets there is in test_account_policy.py
HOUSE = ("/admin", "/welcome/")  # admin/test_admin_policy.py
ROWS = sorted(row for row in POLICY if not row[1].startswith(STATIONS + UPLOADS + OWN + HOUSE) and row[1] != "/account")
PROOFS = ("/signin/", "/account/security")  # what each role gets there is in test_signin_policy.py
PICTURES = {"/jobs/{id:int}/pages/{number:int}.png", "/jobs/{id:int}/sides/{number:int}.png"}


def routes_of(app: Starlette) -> set[tuple[str, str]]:
    found = set()
    for route in app.routes:
        assert isinstance(route, Route), "a mount would escape the policy"
        found |= {(method, route.path) for method in route.methods or () if method != "HEAD"}
    return found


async def test_every_route_has_a_row_and_every_row_a_route(house: House) -> None:
    assert routes_of(house.app()) == set(POLICY)


async def test_a_route_without_a_row_answers_nobody(house: House) -> None:
    async def secret(visit: Visit) -> Response:
        return PlainTextResponse("secret")

    app = house.app()
    app.router.routes.append(app.state.guard.route("GET", "/forgotten", secret))
    async with visiting(app) as visitor:
        await visitor.sign_in("olga")
        answer = await visitor.get("/forgotten")
    assert answer.status_code == 403
    assert "secret" not in answer.text


def expected(method: str, path: str, role: str) -> set[int]:
    """The statuses that a role may see: of the first line that fits."""
    anyone, own_page = POLICY[method, path] is Access.ANYONE, "{id:int}" in path
    lines: list[tuple[bool, set[int]]] = [
        (anyone and (method, path) == ("POST", "/signin"), {401}),  # an empty form
        (anyone and path == "/signin" and role != "stranger", {303}),
        (path == "/language", {400}),  # none was chosen
        (path.startswith(("/s/", "/mail/")), {404}),  # there is no such link
        (path.startswith("/.well-known/"), {404}),  # nobody asks for a certificate
        (path == "/setup/{file}", {404}),  # there is no such file
        (path == "/setup/test", {404}),  # no printer was chosen
        (path == "/register", {409}),  # nobody may here
        (path == "/register/confirm", {404}),  # there is no such link
        (anyone, {200}),
        (role == "stranger" or path == "/signout", {303}),
        (path.startswith("/approve/"), {404}),  # there are no stations
        (own_page and role == "bob", {404}),
        (path == "/jobs/events", {204}),  # nobody tells news here
        (path == "/account/delegates" and method == "POST", {404}),  # nobody is named
        (path == "/account/projects" and method == "POST", {404}),  # none is named
        (path.endswith("/charge"), {400}),  # none was chosen
        (path.endswith("remove"), {404}),
        (path.endswith("/share"), {400}),  # not said for how long
        (path.endswith("/revoke"), {409} if role == "alice" else {404}),
        (path.endswith("/proof"), {409}),  # there is one copy
        (path.endswith("/private") and role == "olga", {403}),
        (path in PICTURES and role == "olga", {404}),  # operators see no pages
        (path in {"/jobs/release", "/jobs/delete"}, {400}),  # nothing is ticked
        (path.endswith(("came-out", "not-out")), {409}),  # nothing was asked
        (path.endswith("/take"), {409}),  # it was not cut short
        (path.endswith("unlock"), {400}),  # no password was typed
        (path.endswith("later"), {400}),  # no time was chosen
        (path.endswith("convert"), {409}),  # it is no office document
        (path.endswith("reprint") and role == "olga", {403}),
        (path == "/jobs/release-all" and role != "alice", {409}),  # nothing waits
    ]
    return next((statuses for fits, statuses in lines if fits), {200})


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(("method", "path"), [row for row in ROWS if not row[1].startswith(PROOFS)])
async def test_each_route_for_each_role(house: House, method: str, path: str, role: str) -> None:
    job = await house.add_with_picture(a_page(1))
    address = re.sub(r"\{name\}", "base.css", path.replace("{id:int}", str(job.id)).replace("{number:int}", "1"))
    address = address.replace("{share:int}", "1").replace("{token}", "guess")
    async with visiting(house.app()) as visitor:
        await visitor.get("/signin")
        if role != "stranger":
            await visitor.sign_in(role)
        answer = await (visitor.get(address) if method == "GET" else visitor.post(address))
    assert answer.status_code in expected(method, path, role)
    if role == "stranger" and POLICY[method, path] is Access.SIGNED_IN:
        assert answer.headers["location"].startswith("/signin?next=")
    if role in {"stranger", "bob"}:
        assert await house.jobs.get(job.id) == job, "touched by somebody whose it is not"


FOREIGN: tuple[tuple[str | None, dict[str, str]], ...] = (
    ("", {}),
    ("guess", {}),
    (None, {"origin": "https://evil.example"}),
    (None, {"origin": "https://127.0.0.1:8080"}),
    (None, {"origin": "http://127.0.0.1:9999"}),
    (None, {"sec-fetch-site": "cross-site"}),
    (None, {"sec-fetch-site": "same-site"}),
    (None, {"origin": "null", "sec-fetch-site": "cross-site"}),
)
"""A token and headers of a form that is not ours; None is the right token."""


@pytest.mark.parametrize("path", sorted(path for method, path in ROWS if method == "POST"))
async def test_no_form_is_taken_from_elsewhere(alice: Visitor, house: House, path: str) -> None:
    job = await house.add()
    fields = {"job": str(job.id), "device": "copy-room", "sure": "yes", "name": "alice", "password": "x"}
    path = path.replace("{id:int}", str(job.id)).replace("{share:int}", "1")
    for token, headers in FOREIGN:
        answer = await alice.post(path, fields, token=token, headers=headers)
        assert answer.status_code == 403, (token, headers)
        assert (await house.jobs.get(job.id)) == job
        assert (await alice.get("/jobs")).status_code == 200, "still signed in"


async def test_a_token_of_another_session_does_not_fit(house: House) -> None:
    job = await house.add()
    async with visiting(house.app()) as bob, visiting(house.app()) as alice:
        await bob.sign_in("bob")
        await alice.sign_in("alice")
        answer = await alice.post(f"/jobs/{job.id}/delete", {"sure": "yes"}, token=bob.token)
    assert answer.status_code == 403
    row = await house.jobs.get(job.id)
    assert row is not None
    assert row.state is JobState.PENDING_HELD


@pytest.mark.parametrize("action", ["release", "delete"])
async def test_ticking_anothers_job_does_nothing(house: House, action: str) -> None:
    job = await house.add(name="Secret plan")
    async with visiting(house.app()) as bob:
        await bob.sign_in("bob")
        answer = await bob.post(f"/jobs/{action}", {"job": str(job.id), "device": "copy-room", "sure": "yes"})
    assert await house.jobs.get(job.id) == job
    assert f"There is no job {job.id} of yours." in answer.text
    assert "Secret plan" not in answer.text


async def test_only_operators_see_everybodys_jobs(house: House) -> None:
    await house.add(name="Plan of alice")
    async with visiting(house.app()) as visitor:
        await visitor.sign_in("bob")
        assert "Plan of alice" not in (await visitor.get("/jobs?all=1")).text
        await visitor.get("/jobs")
        await visitor.post("/signout")
        await visitor.sign_in("olga")
        assert "Plan of alice" not in (await visitor.get("/jobs")).text
        assert "Plan of alice" in (await visitor.get("/jobs?all=1")).text
