"""Projects over the terminal protocol: told which jobs need one, what there is to choose from, and released with it."""

import pytest

from gateway.domain.project import NEEDED, ProjectPolicy
from tests.fakes_projects import a_project
from tests.terminal_house import CARD, TerminalHouse, a_terminal_house, talking


@pytest.fixture
async def rooms() -> TerminalHouse:
    rooms = await a_terminal_house()
    await rooms.house.printers.change_printer("find-me", projects=ProjectPolicy.REQUIRED)
    await rooms.house.staff.project_rows.save_projects(
        [
            a_project("P-1", title="Harbour"),
            a_project("P-2", title="Alpha", everyone=False, users=("alice",)),
            a_project("P-3", title="Secret", everyone=False, users=("bob",)),
        ]
    )
    return rooms


async def test_a_box_with_a_screen_asks_and_releases_with_the_answer(rooms: TerminalHouse) -> None:
    job = await rooms.house.add(expires_at=rooms.clock.now() + 3600)
    alice = await rooms.house.identity.actor_of(await rooms.house.identity.get("alice"), address="", via="test")
    await rooms.house.charging.mark_favourite(alice, "P-2", favourite=True)
    key, _ = await rooms.enrolled()
    async with rooms.listening() as url, talking(url, key) as peer:
        (nobody,) = await peer.ask("projects")
        assert nobody["kind"] == "not-authenticated"
        *_, listed = await peer.ask("card", raw=CARD)
        assert [(one["id"], one["project"], one["needs_project"]) for one in listed["jobs"]] == [(job.id, "", True)]
        feedback, result = await peer.ask("release", jobs=[job.id])
        assert (feedback["code"], feedback["tone"], feedback["text"]) == ("project-needed", "ask", NEEDED)
        assert result["refused"] == [{"job": job.id, "kind": "project-required", "text": NEEDED}]
        (told,) = await peer.ask("projects")
        assert told["projects"] == [
            {"code": "P-2", "title": "Alpha", "favourite": True},
            {"code": "P-1", "title": "Harbour", "favourite": False},
        ]
        (found,) = await peer.ask("projects", text="harb")
        assert [one["code"] for one in found["projects"]] == ["P-1"]
        refused = await peer.ask("release", jobs=[job.id], project="P-3")
        assert refused[1]["refused"][0]["kind"] == "not-found"
        feedback, result, _ = await peer.ask("release", jobs=[job.id], project="p-1", comment="Plans")
        assert (feedback["code"], result["sent"]) == ("sent", [job.id])
    after = rooms.house.jobs.rows[job.id]
    assert (after.project, after.ticket.account_comment) == ("P-1", "Plans")


@pytest.mark.parametrize(
    ("kind", "fields"),
    [("projects", {"text": 1}), ("release", {"project": ["P-1"]}), ("release", {"comment": "x" * 2000})],
    ids=["no text", "a list", "too long"],
)
async def test_what_is_no_answer(rooms: TerminalHouse, kind: str, fields: dict[str, object]) -> None:
    key, _ = await rooms.enrolled()
    async with rooms.listening() as url, talking(url, key) as peer:
        await peer.ask("card", raw=CARD)
        (error,) = await peer.ask(kind, **fields)
        assert error["kind"] == "bad-request"
