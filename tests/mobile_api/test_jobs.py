"""Jobs over the API: the own ones, those of others as far as one may, and documents on their way in."""

import tracemalloc
from collections.abc import AsyncIterator

import pytest

from gateway.domain.job import JobState, Reason
from gateway.domain.ticket import JobTicket
from gateway.errors import StorageFull
from gateway.services.ports import JobQuery
from gateway.settings import Settings, Traces
from tests.mobile_api.api_house import PDF, SYSTEM, ApiHouse, api_house

MIB = 1024 * 1024


async def test_one_sees_the_own_jobs_and_an_operator_may_ask_for_everybodys(house: ApiHouse) -> None:
    mine, other = await house.job(name="Mine"), await house.job(owner="bob", name="Other")
    async with house.client(token=await house.token("alice")) as alice:
        listed = (await alice.get("jobs")).json()
        assert [(job["id"], job["state"], job["reasons"]) for job in listed["items"]] == [
            (mine.id, "pending-held", ["job-queued-for-marker", "job-release-wait"])
        ]
        assert (await alice.get("jobs?owner=bob")).json()["items"][0]["id"] == mine.id
        assert (await alice.get("jobs?everybody=true")).status_code == 403
        assert (await alice.get(f"jobs/{other.id}")).json()["code"] == "not-found"
    async with house.client(token=await house.token("olga")) as olga:
        assert (await olga.get("jobs")).json()["items"] == []
        everybody = (await olga.get("jobs?everybody=true")).json()["items"]
        assert {job["owner"] for job in everybody} == {"alice", "bob"}
        assert (await olga.get(f"jobs/{mine.id}")).json()["name"] == "Mine"
    async with house.client(token=await house.token("olga", "jobs:own")) as narrow:
        assert (await narrow.get("jobs?everybody=true")).status_code == 403
        assert (await narrow.get(f"jobs/{mine.id}")).status_code == 404


async def test_looking_at_somebody_elses_job_is_told_to_its_owner(house: ApiHouse) -> None:
    job = await house.job()
    async with house.client(token=await house.token("olga")) as olga:
        await olga.get(f"jobs/{job.id}")
    (look,) = await house.gateway.personal.access_log.of("alice")
    assert (look.by, look.via, look.job_id, look.what) == ("olga", "api", job.id, "details")


async def test_the_filters_narrow_the_list(house: ApiHouse) -> None:
    waiting = await house.job(name="Invoice 7")
    ended = await house.job(state=JobState.COMPLETED, reasons=(), printer="direct", ended_at=1.0, key=None)
    async with house.client(token=await house.token("alice")) as alice:
        for query, expected in {
            "state=pending-held": [waiting.id],
            "state=completed&state=canceled": [ended.id],
            "printer=direct": [ended.id],
            "name=voice": [waiting.id],
            "": [ended.id, waiting.id],
        }.items():
            assert [job["id"] for job in (await alice.get(f"jobs?{query}")).json()["items"]] == expected, query
        assert (await alice.get("jobs?state=held")).status_code == 422


async def test_pages_go_back_in_time(house: ApiHouse) -> None:
    ids = [(await house.job()).id for _ in range(5)]
    seen: list[int] = []
    async with house.client(token=await house.token("alice")) as alice:
        cursor = None
        while True:
            page = (await alice.get("jobs", params={"limit": 2} | ({"cursor": cursor} if cursor else {}))).json()
            seen += [job["id"] for job in page["items"]]
            cursor = page["next"]
            if cursor is None:
                break
    assert seen == ids[::-1]


async def test_a_document_as_the_body_is_taken_in_and_told_when_it_is_durable(house: ApiHouse) -> None:
    async with house.client(token=await house.token("alice")) as alice:
        answer = await alice.post(
            "jobs?printer=find-me&name=Report&copies=2&sides=two-sided-long-edge&page_ranges=1-3,odd",
            content=PDF,
            headers={"content-type": "application/pdf"},
        )
        assert answer.status_code == 201, answer.text
        job = answer.json()
        assert answer.headers["location"] == f"/api/v1/jobs/{job['id']}"
        assert (job["owner"], job["name"], job["octets"], job["copies"]) == ("alice", "Report", len(PDF), 2)
        detail = (await alice.get(f"jobs/{job['id']}")).json()
        assert (detail["options"]["sides"], detail["options"]["page_ranges"]) == ("two-sided-long-edge", "1-3,odd")
        assert detail["documents"][0]["format"] == "application/pdf"
    row = await house.gateway.database.jobs.get(job["id"])
    assert row is not None
    assert row.key is not None
    stored = b"".join(
        [part async for part in house.gateway.spool.read(row.documents[0].id, house.gateway.keyring.unwrap(row.key))]
    )
    assert stored == PDF


async def test_files_of_a_form_become_one_job(house: ApiHouse) -> None:
    async with house.client(token=await house.token("alice")) as alice:
        answer = await alice.post(
            "jobs",
            data={"printer": "direct", "name": "Both", "copies": "3"},
            files=[("file", ("a.pdf", PDF, "application/pdf")), ("file", ("b.txt", b"two", "text/plain"))],
        )
        assert answer.status_code == 201, answer.text
        detail = (await alice.get(f"jobs/{answer.json()['id']}")).json()
    assert (detail["printer"], detail["name"], detail["options"]["copies"]) == ("direct", "Both", 3)
    assert [document["octets"] for document in detail["documents"]] == [len(PDF), 3]


@pytest.mark.parametrize(
    ("path", "body", "kind", "expected"),
    [
        ("jobs?printer=gone", PDF, "application/pdf", (404, "not-found")),
        ("jobs?copies=0", PDF, "application/pdf", (422, "invalid")),
        ("jobs?page_ranges=9-1", PDF, "application/pdf", (400, "bad-request")),
        ("jobs", b"", "application/pdf", (422, "document-format-error")),
        ("jobs", b"x", "application/x-unknown-thing", (415, "document-format-not-supported")),
        ("jobs", b"no boundary", "multipart/form-data", (400, "bad-request")),
        ("jobs", b"--b--\r\n", "multipart/form-data; boundary=b", (400, "bad-request")),
    ],
)
async def test_what_cannot_be_printed_is_refused_with_the_reason(
    house: ApiHouse, path: str, body: bytes, kind: str, expected: tuple[int, str]
) -> None:
    async with house.client(token=await house.token("alice")) as alice:
        answer = await alice.post(path, content=body, headers={"content-type": kind})
    assert (answer.status_code, answer.json()["code"]) == expected
    assert await house.gateway.database.jobs.count(JobQuery(states=(JobState.PENDING,), limit=None)) == 0


async def test_an_option_of_a_form_that_is_none_is_named(house: ApiHouse) -> None:
    async with house.client(token=await house.token("alice")) as alice:
        answer = await alice.post("jobs", data={"staples": "9"}, files={"file": ("a.pdf", PDF, "application/pdf")})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad-request")
    assert "staples" in answer.json()["detail"]


async def test_the_same_key_and_document_are_one_job(house: ApiHouse) -> None:
    async with house.client(token=await house.token("alice")) as alice:

        async def send(content: bytes) -> tuple[int, dict[str, object]]:
            headers = {"content-type": "application/pdf", "idempotency-key": "k"}
            answer = await alice.post("jobs", content=content, headers=headers)
            return answer.status_code, answer.json()

        first, again, other = await send(PDF), await send(PDF), await send(PDF + b"x")
    assert first[0] == again[0] == 201
    assert first[1]["id"] == again[1]["id"]
    assert (other[0], other[1]["code"]) == (422, "idempotency-key-reused")
    assert await house.gateway.database.jobs.count(JobQuery(limit=None)) == 1


async def test_a_full_disk_answers_507_before_anything_is_kept(
    house: ApiHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: object, **__: object) -> None:
        raise StorageFull("There is no room for new documents at the moment.")

    monkeypatch.setattr(house.gateway.uploads.rules, "check", full)
    async with house.client(token=await house.token("alice")) as alice:
        answer = await alice.post("jobs", content=PDF, headers={"content-type": "application/pdf"})
    assert (answer.status_code, answer.json()["code"]) == (507, "storage-full")
    assert int(answer.headers["retry-after"]) > 0


async def test_a_large_document_costs_no_memory(house: ApiHouse) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(512):
            yield bytes(64 * 1024)

    async with house.client(token=await house.token("alice")) as alice:
        headers = {"content-type": "application/octet-stream"}
        await alice.post("jobs", content=PDF, headers=headers)  # what is made once is not counted
        tracemalloc.start()
        try:
            answer = await alice.post("jobs", content=pieces(), headers=headers)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert answer.json()["octets"] == 32 * MIB
    assert peak < 8 * MIB


async def test_a_job_is_released_changed_extended_and_ended(house: ApiHouse) -> None:
    job = await house.job(pages=4)
    async with house.client(token=await house.token("alice")) as alice:
        seen = (await alice.get(f"jobs/{job.id}")).headers["etag"]
        changed = await alice.patch(
            f"jobs/{job.id}", json={"name": "New", "options": {"copies": 2}}, headers={"if-match": seen}
        )
        assert (changed.json()["name"], changed.json()["copies"]) == ("New", 2)
        again = await alice.patch(f"jobs/{job.id}", json={"name": "Newer"}, headers={"if-match": seen})
        assert (again.status_code, again.json()["code"]) == (412, "outdated")
        assert (await alice.post(f"jobs/{job.id}/extend")).status_code == 200
        released = await alice.post(f"jobs/{job.id}/release", json={"options": {"page_ranges": "2-last"}})
        assert (released.json()["state"], released.json()["device"]) == ("pending", "laser")
        twice = await alice.post(f"jobs/{job.id}/release", json={})
        assert (twice.status_code, twice.json()["code"]) == (409, "not-possible")
        ended = await alice.delete(f"jobs/{job.id}")
        assert (ended.json()["state"], ended.json()["reasons"]) == ("canceled", ["job-canceled-by-user"])
        assert (await alice.delete(f"jobs/{job.id}")).status_code == 409
        assert [line["what"] for line in (await alice.get(f"jobs/{job.id}")).json()["history"]][-1] == "canceled"


async def test_several_are_released_each_on_its_own(house: ApiHouse) -> None:
    mine, other = await house.job(), await house.job(owner="bob")
    async with house.client(token=await house.token("alice")) as alice:
        outcomes = (await alice.post("jobs/release", json={"ids": [mine.id, other.id]})).json()
    assert outcomes[0]["job"]["state"] == "pending"
    assert outcomes[1]["problem"]["code"] == "not-found"


async def test_a_hold_of_ones_own_is_set_and_taken_away(house: ApiHouse) -> None:
    job = await house.job(printer="direct")
    async with house.client(token=await house.token("alice")) as alice:
        held = await alice.post(f"jobs/{job.id}/hold", json={"until": "2040-01-01T12:00:00+01:00"})
        assert held.json()["reasons"] == ["job-hold-until-specified"]
        assert (await alice.delete(f"jobs/{job.id}/hold")).json()["state"] == "pending"


async def test_what_other_clients_asked_is_told_whatever_it_is(house: ApiHouse) -> None:
    ticket = JobTicket(print_color_mode="bi-level", print_scaling="odd", number_up=1, page_ranges=((9, 2**31 - 1),))
    job = await house.job(ticket=ticket, reasons=(Reason.JOB_RELEASE_WAIT,))
    async with house.client(token=await house.token("alice")) as alice:
        options = (await alice.get(f"jobs/{job.id}")).json()["options"]
    assert (options["print_color_mode"], options["page_ranges"]) == ("bi-level", "9-last")


async def test_pages_are_shown_to_the_owner_and_not_to_the_staff(house: ApiHouse) -> None:
    job = await house.job()
    async with house.client(token=await house.token("alice")) as alice:
        picture = await alice.get(f"jobs/{job.id}/pages/1.png")
        assert (picture.status_code, picture.headers["content-type"]) == (200, "image/png")
        assert picture.content.startswith(b"\x89PNG")
        assert (await alice.get(f"jobs/{job.id}/pages/2.png")).status_code == 404
        assert (await alice.get(f"jobs/{job.id}/sides/1.png")).status_code == 409  # nothing here makes previews
    async with house.client(token=await house.token("olga")) as olga:
        assert (await olga.get(f"jobs/{job.id}/pages/1.png")).status_code == 404


async def test_a_favourite_is_kept_and_printed_again(house: ApiHouse) -> None:
    job = await house.job()
    async with house.client(token=await house.token("alice")) as alice:
        assert (await alice.put(f"jobs/{job.id}/favourite")).json()["favourite"] is True
        again = await alice.post(f"jobs/{job.id}/reprint")
        assert again.status_code == 201
        assert again.headers["location"] == f"/api/v1/jobs/{again.json()['id']}"
        assert (await alice.delete(f"jobs/{job.id}/favourite")).json()["favourite"] is False
        assert (await alice.post(f"jobs/{job.id}/outcome", json={"came_out": True})).status_code == 409
    assert len(await house.gateway.release.find(JobQuery(), SYSTEM)) == 2


PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.mark.parametrize("endpoint", ["", "http://127.0.0.1:9/v1/traces"], ids=["untraced", "traced"])
async def test_a_trace_that_asked_for_a_job_is_written_down_with_it(sqlite_settings: Settings, endpoint: str) -> None:
    settings = sqlite_settings.model_copy(update={"traces": Traces(endpoint=endpoint)})
    async with api_house(settings) as house, house.client(token=await house.token("alice")) as alice:
        headers = {"content-type": "application/pdf", "idempotency-key": "k", "traceparent": PARENT}
        for _ in range(2):
            job = (await alice.post("jobs", content=PDF, headers=headers)).json()
        told = [record.text for record in await house.gateway.database.jobs.records(job["id"]) if record.by == "api"]
        assert told == ([PARENT] if endpoint else [])
        nonsense = {"content-type": "application/pdf", "traceparent": "00-xyz"}
        other = (await alice.post("jobs", content=PDF, headers=nonsense)).json()
        assert "traced" not in {record.what for record in await house.gateway.database.jobs.records(other["id"])}
