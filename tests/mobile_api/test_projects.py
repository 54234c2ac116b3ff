"""Projects through the API: managed by staff, chosen by their people, charged with jobs, and summed."""

from gateway.domain.project import ProjectPolicy
from tests.mobile_api.api_house import ApiHouse


async def test_projects_are_managed_by_who_may(house: ApiHouse) -> None:
    async with house.client(token=await house.token("root")) as root:
        body = {"code": "P-2041", "title": "Harbour", "groups": ["team"], "until": "2099-12-31T23:00:00Z"}
        made = await root.post("projects", json=body)
        assert made.status_code == 201, made.text
        assert (made.json()["everyone"], made.json()["groups"], made.json()["until"]) == (
            False,
            ["team"],
            "2099-12-31T23:00:00Z",
        )
        assert made.headers["location"] == "/api/v1/projects/P-2041"
        assert (await root.post("projects", json={"code": "p-2041"})).status_code == 409
        assert (await root.post("projects", json={"code": "a b"})).status_code == 400
        seen = (await root.get("projects/p-2041")).headers["etag"]
        changed = await root.patch(
            "projects/P-2041", json={"title": "Bridge", "until": None}, headers={"if-match": seen}
        )
        assert (changed.json()["title"], changed.json()["until"]) == ("Bridge", None)
        late = await root.patch("projects/P-2041", json={"active": False}, headers={"if-match": seen})
        assert (late.status_code, late.json()["code"]) == (412, "outdated")
        assert (await root.patch("projects/P-2041", json={"title": None})).status_code == 422
        assert [one["code"] for one in (await root.get("projects?q=bri")).json()["items"]] == ["P-2041"]
        assert (await root.get("projects/none")).status_code == 404
    async with house.client(token=await house.token("alice")) as alice:
        assert (await alice.get("projects/P-2041")).status_code == 403
        assert (await alice.put("me/projects/P-2041", json={"favourite": True})).status_code == 404


async def test_people_see_and_keep_what_is_theirs(house: ApiHouse) -> None:
    async with house.client(token=await house.token("root")) as root:
        for code, users in (("A-1", []), ("B-1", ["alice"]), ("C-1", ["bob"])):
            await root.post("projects", json={"code": code, "title": f"Title {code}", "users": users})
    async with house.client(token=await house.token("alice")) as alice:
        first = (await alice.get("me/projects?limit=1")).json()
        assert first["items"] == [{"code": "A-1", "title": "Title A-1"}]
        rest = (await alice.get("me/projects", params={"cursor": first["next"]})).json()
        assert [one["code"] for one in rest["items"]] == ["B-1"]
        assert (await alice.get("me/projects?q=c-1")).json()["items"] == []
        kept = await alice.put("me/projects/b-1", json={"favourite": True, "preset": True})
        assert kept.status_code == 204, kept.text
        assert (await alice.get("me/project-choices")).json() == {
            "favourites": [{"code": "B-1", "title": "Title B-1"}],
            "recent": [],
            "preset": "B-1",
        }
        await alice.put("me/projects/b-1", json={"preset": False})
        assert (await alice.get("me/project-choices")).json()["preset"] == ""


async def test_a_job_is_released_with_the_project_that_its_printer_asks_for(house: ApiHouse) -> None:
    async with house.client(token=await house.token("root")) as root:
        await root.post("projects", json={"code": "P-1", "title": "Bridge"})
        changed = await root.patch("printers/find-me", json={"projects": "required"})
        assert changed.json()["projects"] == ProjectPolicy.REQUIRED
    job = await house.job()
    async with house.client(token=await house.token("alice")) as alice:
        refused = await alice.post(f"jobs/{job.id}/release", json={"device": "laser"})
        assert (refused.status_code, refused.json()["code"]) == (409, "project-required")
        assert "Choose one" in refused.json()["detail"]
        unknown = await alice.patch(f"jobs/{job.id}", json={"options": {"job_account_id": "P-9"}})
        assert unknown.status_code == 404
        options = {"job_account_id": "p-1", "account_comment": "Plans"}
        body = {"device": "laser", "options": options}
        released = await alice.post(f"jobs/{job.id}/release", json=body)
        assert released.status_code == 200, released.text
        asked = (await alice.get(f"jobs/{job.id}")).json()["options"]
        assert (asked["job_account_id"], asked["account_comment"]) == ("P-1", "Plans")
        assert [one["code"] for one in (await alice.get("me/project-choices")).json()["recent"]] == ["P-1"]


async def test_totals_are_for_who_sees_reports(house: ApiHouse) -> None:
    async with house.client(token=await house.token("olga")) as olga:
        assert (await olga.get("reports/projects?since=2026-01-01&until=2026-12-31")).json() == []
        assert (await olga.get("reports/projects?since=2026-02-30")).status_code == 400
        assert (await olga.get("reports/projects?since=now")).status_code == 422
    async with house.client(token=await house.token("alice")) as alice:
        assert (await alice.get("reports/projects")).status_code == 403
