"""Who may do what at a station and at the desk, and that no form is taken from elsewhere."""

import re

import pytest

from tests.webprint.station import COPY_ROOM, Person, standing
from tests.webprint.web_house import PASSWORD, House, a_page
from webprint.policy import POLICY, Access, Needs

KIOSK = sorted(row for row in POLICY if row[1].startswith("/kiosk"))
DESK = sorted(row for row in POLICY if row[1].startswith("/desk"))
ROLES = ("stranger", "alice", "bob", "olga")


def address(path: str, job_id: int) -> str:
    return path.replace("{station}", "copy-room").replace("{id:int}", str(job_id)).replace("{number:int}", "1")


async def enter(person: Person, role: str) -> None:
    await person.get(f"{COPY_ROOM}?with=password")
    if role != "stranger":
        await person.enter(**{"with": "password", "name": role, "password": PASSWORD})


def expected(method: str, path: str, role: str) -> set[int]:
    """The statuses that a role may see: of the first line that fits."""
    access = POLICY[method, path]
    lines: list[tuple[bool, set[int]]] = [
        (path.endswith("/in"), {401, 403}),  # an empty form; a token that belongs to the session
        (path.endswith("/touch"), {403}),  # no screen of the house
        (path.endswith("/screen"), {303} if role in {"stranger", "olga"} else {403}),
        (path.endswith("/phone") or (method, path) == ("POST", "/kiosk/{station}/pair"), {404, 403}),  # no terminals
        (access is Access.ANYONE, {200}),
        (role == "stranger" or path.endswith(("/out", "/here")), {303}),
        (isinstance(access, Needs) and role != "olga", {403}),
        (path.endswith("/desk/jobs/{id:int}/pages/{number:int}.png"), {404}),  # nobody said why
        (path.endswith(("/paid", "/look")), {400}),  # no amount, no reason
        (path.endswith("/desk/jobs/{id:int}/code"), {409}),  # alice has no code
        (path == "/desk/jobs/{id:int}/release", {409}),  # several devices, none chosen
        (path.endswith("/desk/jobs/{id:int}/release"), {409}),
        (path.endswith("/desk/credit") and method == "POST", {404}),  # there is no credit here
        (path.endswith(".png") and role != "alice", {404}),
        (path.endswith("/answer"), {404} if role == "bob" else {409}),  # nothing was asked
        (path in {"/kiosk/{station}/release", "/kiosk/{station}/delete"}, {400}),  # nothing is ticked
    ]
    return next((statuses for fits, statuses in lines if fits), {200})


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(("method", "path"), KIOSK)
async def test_each_route_of_a_station_for_each_role(house: House, method: str, path: str, role: str) -> None:
    job = await house.add_with_picture(a_page(1))
    async with standing(house.app()) as person:
        await enter(person, role)
        answer = await (person.get(address(path, job.id)) if method == "GET" else person.post(address(path, job.id)))
    assert answer.status_code in expected(method, path, role)
    if role in {"stranger", "bob"}:
        assert await house.jobs.get(job.id) == job, "touched by somebody whose it is not"


async def signed_in(house: House, person: Person, name: str) -> None:
    """A session of the portal, however people get one."""
    cookie, session = await house.identity.open_session(
        await house.identity.get(name), method="password", address="127.0.0.1"
    )
    person.client.cookies.set("papertap", cookie, domain="127.0.0.1", path="/")
    person.token = session.csrf


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(("method", "path"), DESK)
async def test_each_route_of_the_desk_for_each_role(house: House, method: str, path: str, role: str) -> None:
    job = await house.add_with_picture(a_page(1))
    async with standing(house.app()) as person:
        if role == "stranger":
            await person.get("/signin")
        else:
            await signed_in(house, person, role)
        answer = await (person.get(address(path, job.id)) if method == "GET" else person.post(address(path, job.id)))
    assert answer.status_code in expected(method, path, role)
    if role == "stranger":
        assert answer.headers["location"].startswith("/signin?next=")
    if role != "olga":
        assert await house.jobs.get(job.id) == job


@pytest.mark.parametrize("path", sorted({path for method, path in KIOSK if method == "POST"}))
@pytest.mark.parametrize(
    ("token", "headers"),
    [
        ("", {}),
        ("guess", {}),
        (None, {"origin": "https://evil.example"}),
        (None, {"origin": "http://127.0.0.1:9999"}),
        (None, {"sec-fetch-site": "cross-site"}),
        (None, {"sec-fetch-site": "same-site"}),
    ],
)
async def test_no_form_is_taken_from_elsewhere(
    house: House, path: str, token: str | None, headers: dict[str, str]
) -> None:
    job = await house.add()
    async with standing(house.app()) as person:
        await enter(person, "olga")
        fields = {"job": str(job.id), "device": "copy-room", "sure": "yes", "amount": "1", "reason": "because I can"}
        answer = await person.post(address(path, job.id), fields, token=token, headers=headers)
        assert answer.status_code == 403
        assert "Start again" in answer.text, "in the manner of a station"
        assert person.inside
    assert (await house.jobs.get(job.id)) == job
    assert await house.jobs.records(job.id) == []


async def test_a_token_of_another_session_does_not_fit(house: House) -> None:
    job = await house.add()
    app = house.app()
    async with standing(app) as bob, standing(app) as alice:
        await enter(bob, "bob")
        await enter(alice, "alice")
        answer = await alice.post(f"{COPY_ROOM}/release", {"job": str(job.id)}, token=bob.token)
    assert answer.status_code == 403
    assert await house.jobs.get(job.id) == job


@pytest.mark.parametrize("action", ["release", "delete"])
async def test_anothers_job_ids_do_nothing(house: House, action: str) -> None:
    job = await house.add(name="Secret plan")
    async with standing(house.app()) as person:
        await enter(person, "bob")
        answer = await person.post(f"{COPY_ROOM}/{action}", {"job": str(job.id), "sure": "yes"})
    assert f"There is no job {job.id} of yours." in answer.text
    assert "Secret plan" not in answer.text
    assert await house.jobs.get(job.id) == job


async def test_an_operators_station_shows_the_own_jobs_alone(house: House) -> None:
    await house.add(name="Plan of alice")
    async with standing(house.app()) as person:
        await enter(person, "olga")
        assert "Plan of alice" not in (await person.get(COPY_ROOM)).text


def test_every_page_of_a_station_is_told_apart_by_its_path() -> None:
    """What the guard takes for a sign-in is one route, whatever a station is called."""
    assert [path for _, path in KIOSK if re.search(r"/in$", path)] == ["/kiosk/{station}/in"]
