"""Uploads over HTTP: tus 1.0, the plain form, and everything that is sent to break them."""

import asyncio
import hashlib
import html
import re
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx2
import pytest

from gateway.domain.job import Job, JobState, Reason
from gateway.settings import Settings
from tests.fakes import fake_pdf
from tests.webprint.visitor import SECURE, Visitor, visiting
from tests.webprint.web_house import House

PDF = fake_pdf(3)
TUS = {"tus-resumable": "1.0.0"}
OCTETS = {"content-type": "application/offset+octet-stream"}
FROM_HERE = {"sec-fetch-site": "same-origin"}


def metadata(**values: str) -> dict[str, str]:
    return {"upload-metadata": ",".join(f"{key} {b64encode(value.encode()).decode()}" for key, value in values.items())}


async def tus(visitor: Visitor, method: str, path: str, *, content: bytes = b"", **headers: str) -> httpx2.Response:
    sent = {**TUS, **FROM_HERE, "papertap-token": visitor.token}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    return await visitor.client.request(method, path, content=content, headers=sent)


async def create(visitor: Visitor, size: int, **values: str) -> httpx2.Response:
    said = metadata(**{"filename": "Report.pdf", "filetype": "application/pdf", **values})
    return await tus(visitor, "POST", "/upload/files", **{"upload-length": str(size)}, **said)


async def append(visitor: Visitor, path: str, data: bytes, offset: int = 0, **headers: str) -> httpx2.Response:
    given = {"upload-offset": str(offset), **OCTETS, **headers}
    return await tus(visitor, "PATCH", path, content=data, **given)


async def form(
    visitor: Visitor,
    files: list[tuple[str, bytes, str]],
    fields: Mapping[str, str] | None = None,
    path: str = "/upload",
    **headers: str,
) -> httpx2.Response:
    """A browser's form: the fields first, then the files."""
    parts = [("file", file) for file in files]
    data = {"csrf": visitor.token, **(fields or {})}
    return await visitor.client.post(path, data=data, files=parts, headers={**FROM_HERE, **headers})


async def only_job(house: House) -> Job:
    (job,) = house.jobs.rows.values()
    return job


async def settled(house: House) -> None:
    """Lets a preparation work off what there is."""
    worker = asyncio.create_task(house.preparation().run())
    await house.clock.settle()
    worker.cancel()


# --- tus 1.0.0


async def test_options_tells_what_there_is(visitor: Visitor) -> None:
    answer = await visitor.client.request("OPTIONS", "/upload/files")
    assert answer.status_code == 204
    assert answer.headers["tus-version"] == "1.0.0"
    assert answer.headers["tus-extension"] == "creation,termination,expiration,checksum"
    assert answer.headers["tus-checksum-algorithm"] == "sha1,sha256"
    assert int(answer.headers["tus-max-size"]) > 0


async def test_a_file_in_two_pieces(alice: Visitor, house: House) -> None:
    made = await create(alice, len(PDF))
    assert made.status_code == 201
    path = made.headers["location"]
    assert re.fullmatch(r"/upload/files/[A-Za-z0-9_-]{32}", path)
    assert made.headers["upload-expires"].endswith("GMT")
    first = await append(alice, path, PDF[:10])
    assert (first.status_code, first.headers["upload-offset"], first.headers["tus-resumable"]) == (204, "10", "1.0.0")
    seen = await tus(alice, "HEAD", path)
    assert (seen.status_code, seen.headers["upload-offset"]) == (200, "10")
    assert (seen.headers["upload-length"], seen.headers["cache-control"]) == (str(len(PDF)), "no-store")
    assert (await append(alice, path, PDF[10:], 10)).status_code == 204
    job = await only_job(house)
    assert (job.owner, job.name, job.state) == ("alice", "Report.pdf", JobState.PENDING)
    assert job.documents[0].sha256 == hashlib.sha256(PDF).hexdigest()


async def test_resumed_with_other_bytes_it_is_refused(alice: Visitor) -> None:
    path = (await create(alice, len(PDF))).headers["location"]
    await append(alice, path, PDF[:20])
    other = b64encode(hashlib.sha256(b"z" * 20).digest()).decode()
    right = b64encode(hashlib.sha256(PDF[:20]).digest()).decode()
    refused = await append(alice, path, b"z" * 20, 20, **{"papertap-seam": f"sha256 {other}"})
    assert refused.status_code == 409
    assert "not the file that was begun" in refused.text
    assert (await append(alice, path, PDF[20:], 20, **{"upload-length": "99"})).status_code == 409
    assert (await append(alice, path, PDF[20:], 19)).status_code == 409
    assert (await tus(alice, "HEAD", path)).headers["upload-offset"] == "20"
    assert (await append(alice, path, PDF[20:], 20, **{"papertap-seam": f"sha256 {right}"})).status_code == 204


@pytest.mark.parametrize(
    ("method", "headers", "status"),
    [
        ("POST", {"tus-resumable": "0.2.2", "upload-length": "9"}, 412),
        ("POST", {}, 400),
        ("POST", {"upload-length": "nine"}, 400),
        ("POST", {"upload-length": "-9"}, 400),
        ("POST", {"upload-length": "0x9"}, 400),
        ("POST", {"upload-length": "9" * 40}, 400),
        ("POST", {"upload-defer-length": "1"}, 400),
        ("POST", {"upload-length": "0"}, 422),
        ("POST", {"upload-length": str(2**40)}, 413),
        ("POST", {"upload-length": "9", "upload-metadata": "filename not-base64!"}, 400),
        ("POST", {"upload-length": "9", "upload-metadata": "a" * 10_000}, 400),
        ("POST", {"upload-length": "9", **metadata(filetype="application/x-msdownload")}, 422),
        ("POST", {"upload-length": "9", **metadata(printer="../../etc")}, 404),
        ("POST", {"upload-length": "9", **metadata(batch="no spaces")}, 400),
        ("PATCH", {"upload-offset": "0", "content-type": "text/plain"}, 415),
        ("PATCH", {"upload-offset": "x", **OCTETS}, 400),
        ("PATCH", {"upload-offset": "0", **OCTETS, "upload-checksum": "md5 AAAA"}, 400),
        ("PATCH", {"upload-offset": "0", **OCTETS, "upload-checksum": "sha1 !"}, 400),
        ("PATCH", {"upload-offset": "0", **OCTETS, "upload-checksum": "sha1 AAAA"}, 460),
        ("PATCH", {"upload-offset": "0", **OCTETS, "papertap-token": "guess"}, 403),
        ("PATCH", {"upload-offset": "0", **OCTETS, "sec-fetch-site": "cross-site"}, 403),
        ("PATCH", {"upload-offset": "0", **OCTETS, "origin": "https://evil.example"}, 403),
        ("DELETE", {"papertap-token": ""}, 403),
    ],
)
async def test_what_makes_no_sense_is_answered(
    alice: Visitor, house: House, method: str, headers: dict[str, str], status: int
) -> None:
    path = (await create(alice, 9)).headers["location"]
    before = dict(house.spool.objects)
    answer = await tus(alice, method, "/upload/files" if method == "POST" else path, content=b"x" * 9, **headers)
    assert answer.status_code == status
    assert answer.text or status == 404
    assert answer.headers["tus-resumable"] == "1.0.0"
    assert (await tus(alice, "HEAD", path)).headers["upload-offset"] == "0"
    assert house.spool.objects == before
    assert not house.spool.unfinished


async def test_another_s_upload_answers_like_none(house: House) -> None:
    async with visiting(house.app()) as alice, visiting(house.app()) as bob:
        await alice.sign_in("alice")
        await bob.sign_in("bob")
        path = (await create(alice, 9)).headers["location"]
        for other in (path, "/upload/files/unknown", "/upload/files/" + "a" * 5000):
            for answer in (
                await tus(bob, "HEAD", other),
                await append(bob, other, b"x" * 9),
                await tus(bob, "DELETE", other),
            ):
                assert answer.status_code == 404
        assert (await tus(alice, "DELETE", path)).status_code == 204
        assert (await tus(alice, "HEAD", path)).status_code == 404


async def test_two_windows_upload_side_by_side(alice: Visitor, house: House) -> None:
    one, two = [(await create(alice, 3, filename=name)).headers["location"] for name in ("one.txt", "two.txt")]
    await append(alice, two, b"two")
    await append(alice, one, b"one")
    assert sorted(job.name for job in house.jobs.rows.values()) == ["one.txt", "two.txt"]
    assert {job.state for job in house.jobs.rows.values()} == {JobState.PENDING}


async def test_a_full_disk_is_507(alice: Visitor, house: House) -> None:
    house.spool.low = True
    answer = await create(alice, 9)
    assert answer.status_code == 507
    assert "disk is nearly full" in answer.text
    assert answer.headers["retry-after"]


async def test_a_stranger_without_a_guest_printer_is_turned_away_and_noted(house: House) -> None:
    async with visiting(house.app()) as stranger:
        await stranger.get("/guest")
        await stranger.get("/signin")
        answer = await create(stranger, 9, printer="find-me")
    assert answer.status_code == 403
    assert "Sign in to upload" in answer.text
    await house.intake.stop()
    (attempt,) = await house.attempts.attempts()
    assert (attempt.outcome, attempt.document_name, attempt.owner) == ("forbidden", "Report.pdf", None)


# --- the plain form


async def test_a_form_becomes_a_job_with_its_options(alice: Visitor, house: House) -> None:
    await alice.get("/upload")
    answer = await form(alice, [("Report.pdf", PDF, "application/pdf")], {"copies": "2", "sides": "one-sided"})
    job = await only_job(house)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/jobs/{job.id}")
    assert (job.printer, job.ticket.copies, job.ticket.sides) == ("find-me", 2, "one-sided")
    assert (job.name, job.source, job.state) == ("Report.pdf", "web", JobState.PENDING)


async def test_a_printer_that_prints_at_once_waits_for_a_look_first(alice: Visitor, house: House) -> None:
    await form(alice, [("a.pdf", PDF, "application/pdf")], {"printer": "direct"})
    await settled(house)
    job = await only_job(house)
    assert (job.state, job.has(Reason.JOB_HOLD_UNTIL_SPECIFIED)) == (JobState.PENDING_HELD, True)
    answer = await alice.post("/jobs/release", {"job": str(job.id), "device": "lobby"})
    assert "on its way to Lobby" in html.unescape(answer.text)


async def test_several_files_are_one_job_or_one_each(alice: Visitor, house: House) -> None:
    files = [("1.txt", b"one", "text/plain"), ("2.txt", b"two", "text/plain")]
    assert (await form(alice, files)).status_code == 303
    assert [document.name for document in (await only_job(house)).documents] == ["1.txt", "2.txt"]
    answer = await form(alice, files, {"together": "no"})
    assert answer.headers["location"] == "/jobs"
    assert [job.name for job in house.jobs.rows.values()] == ["1.txt", "1.txt", "2.txt"]


async def test_a_program_gets_201_once_for_a_key(alice: Visitor, house: House) -> None:
    one, other = ("a.pdf", PDF, "application/pdf"), ("a.pdf", fake_pdf(2), "application/pdf")
    for together in ("yes", "no"):
        house.jobs.rows.clear()
        told = []
        for _ in range(2):
            answer = await form(alice, [one], {"together": together}, **{"idempotency-key": f"k-{together}"})
            assert answer.status_code == 201
            told.append((answer.headers["location"], answer.json()["jobs"][0]["id"]))
        job = await only_job(house)
        assert told == [(f"/jobs/{job.id}", job.id)] * 2
        assert len(job.documents) == 1
        again = await form(alice, [other], {"together": together}, **{"idempotency-key": f"k-{together}"})
        assert (again.status_code, again.json()["error"]) == (422, "idempotency-key-reused")
        more = await form(alice, [one, other], {"together": "yes"}, **{"idempotency-key": f"k-{together}"})
        assert more.status_code == (422 if together == "yes" else 201)


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\ann\\Plan.pdf", "Plan.pdf"),
        ("/absolute/path.pdf", "path.pdf"),
        ("..", ".."),
        ("a\x00b\x1bc.pdf", "abc.pdf"),
        ("<script>alert(1)</script>.pdf", "script>.pdf"),
        ('"><img src=x onerror=alert(1)>.pdf', '"><img src=x onerror=alert(1)>.pdf'),
        ("naïve – Büro.pdf", "naïve – Büro.pdf"),
        ("x" * 5000 + ".pdf", "x" * 255),
        ("", "Untitled"),
    ],
)
async def test_names_are_data_and_never_places(alice: Visitor, house: House, name: str, kept: str) -> None:
    path = (await create(alice, len(PDF), filename=name)).headers.get("location")
    if path is None:  # longer than a header may be
        return
    await append(alice, path, PDF)
    job = await only_job(house)
    assert job.name == kept
    assert all(re.fullmatch(r"[0-9a-f]{32}", object_id) for object_id in house.spool.objects)
    for page in (f"/jobs/{job.id}", "/jobs", "/upload"):
        text = (await alice.get(page)).text
        assert "<script>alert" not in text
        assert "<img src=x" not in text


async def test_a_form_that_breaks_off_leaves_no_half_job(alice: Visitor, house: House) -> None:
    boundary = "b0undary"
    begin = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n{alice.token}\r\n'
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n'
        "Content-Type: application/pdf\r\n\r\n%PDF-1.7"
    )
    headers = {"content-type": f"multipart/form-data; boundary={boundary}", **FROM_HERE}
    answer = await alice.client.post("/upload", content=begin.encode(), headers=headers)
    assert answer.status_code == 400
    assert "ended in the middle" in answer.text
    assert not house.spool.objects
    assert not house.spool.unfinished
    assert {job.state for job in house.jobs.rows.values()} <= {JobState.CANCELED}


@pytest.mark.parametrize(
    ("files", "fields", "status", "says"),
    [
        ([], {}, 400, "No file"),
        ([("", b"", "application/octet-stream")], {}, 400, "No file"),
        ([("a.pdf", b"", "application/pdf")], {}, 422, "empty"),
        ([("a.exe", b"MZ", "application/x-msdownload")], {}, 422, "cannot be printed"),
        ([("a.pdf", PDF, "application/pdf")], {"printer": "nowhere"}, 404, "no printer"),
        ([("a.pdf", PDF, "application/pdf")], {"copies": "many"}, 400, "not a number of copies"),
        ([("a.pdf", b"x" * 5000, "application/pdf")], {}, 413, "larger than"),
        ([("a.txt", b"x", "text/plain")] * 4, {}, 413, "At most 3 files"),
    ],
)
async def test_forms_that_are_refused_say_why(
    files: list[tuple[str, bytes, str]], fields: dict[str, str], status: int, says: str
) -> None:
    settings = Settings(data="unused", uploads={"max_file": 4000, "max_files": 3})
    house = await House(settings=settings).open()
    async with visiting(house.app()) as alice:
        await alice.sign_in()
        answer = await form(alice, files or [("x", b"", "text/plain")], fields) if files else await _empty(alice)
        assert answer.status_code == status
        assert says in html.unescape(answer.text)
        assert {job.state for job in house.jobs.rows.values()} <= {JobState.CANCELED, JobState.ABORTED}
        assert not house.spool.unfinished


@pytest.mark.parametrize(
    ("token", "headers"),
    [
        ("", {}),
        ("guess", {}),
        (None, {"origin": "https://evil.example"}),
        (None, {"sec-fetch-site": "cross-site"}),
        (None, {"sec-fetch-site": "same-site"}),
    ],
)
async def test_no_form_is_taken_from_elsewhere(
    alice: Visitor, house: House, token: str | None, headers: dict[str, str]
) -> None:
    alice.token = alice.token if token is None else token
    answer = await form(alice, [("a.pdf", PDF, "application/pdf")], **headers)
    assert answer.status_code == 403
    assert not house.jobs.rows
    assert not house.spool.objects


async def test_the_token_must_come_before_the_files(alice: Visitor, house: House) -> None:
    boundary = "b0undary"
    late = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n%PDF\r\n'
        f'--{boundary}\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n{alice.token}\r\n--{boundary}--\r\n'
    )
    headers = {"content-type": f"multipart/form-data; boundary={boundary}", **FROM_HERE}
    assert (await alice.client.post("/upload", content=late.encode(), headers=headers)).status_code == 403
    assert not house.jobs.rows


@pytest.mark.parametrize(
    "content_type",
    ["multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=" + "x" * 500],
)
async def test_forms_that_are_none(alice: Visitor, content_type: str) -> None:
    headers = {"content-type": content_type, **FROM_HERE}
    answer = await alice.client.post("/upload", content=b"--x\r\nnonsense", headers=headers)
    assert answer.status_code == 400


async def test_a_body_goes_on_to_the_spool_as_it_comes(alice: Visitor, house: House) -> None:
    """What has been sent is in the spool before the rest is there: nothing is collected in memory."""
    seen: list[int] = []
    path = (await create(alice, 5 * 65536)).headers["location"]

    async def slow() -> AsyncIterator[bytes]:
        for _ in range(5):
            yield b"x" * 65536
            await house.clock.settle()
            seen.append(sum(len(writer._data) for writer in house.spool.unfinished))

    headers = {**TUS, **FROM_HERE, **OCTETS, "papertap-token": alice.token, "upload-offset": "0"}
    answer = await alice.client.request("PATCH", path, content=slow(), headers=headers)
    assert answer.status_code == 204
    assert len((await only_job(house)).documents) == 1


# --- the page


async def test_the_page_offers_the_printers_and_says_the_limits(alice: Visitor, house: House) -> None:
    text = html.unescape((await alice.get("/upload")).text)
    assert '<option value="find-me" selected>Find me' in text
    assert "at most 104.9 MB each, 20 files" in text
    assert 'value="direct" selected' in (await alice.get("/upload?printer=direct")).text


async def test_how_far_a_document_is(alice: Visitor, house: House) -> None:
    await form(alice, [("a.pdf", PDF, "application/pdf")])
    job = await only_job(house)
    told = (await alice.get(f"/upload/jobs/{job.id}")).json()
    assert (told["ready"], told["failed"], told["at"]) == (False, False, f"/jobs/{job.id}")
    await settled(house)
    told = (await alice.get(f"/upload/jobs/{job.id}")).json()
    assert (told["ready"], told["pages"]) == (True, 3)
    async with visiting(house.app()) as bob:
        await bob.sign_in("bob")
        assert (await bob.get(f"/upload/jobs/{job.id}")).status_code == 404


async def test_from_other_networks_the_page_says_so() -> None:
    house = await House(settings=Settings(data="unused", uploads={"networks": ("10.0.0.0/8",)})).open()
    async with visiting(house.app()) as alice:
        await alice.sign_in()
        answer = await alice.get("/upload")
        assert answer.status_code == 403
        assert "this network" in answer.text
        assert (await form(alice, [("a.pdf", PDF, "application/pdf")])).status_code == 403


async def test_over_tls_the_guest_s_cookie_is_strict(house: House) -> None:
    await house.printers.change_printer("find-me", guests=True)
    async with visiting(house.app(), site=SECURE) as guest:
        await guest.get("/p/find-me")
        answer = await form(guest, [("a.pdf", PDF, "application/pdf")], path="/p/find-me")
        cookie = next(value for value in answer.headers.get_list("set-cookie") if "guest" in value)
    assert cookie.startswith("__Host-papertap-guest=")
    for word in ("Secure", "HttpOnly", "SameSite=lax", "Path=/"):
        assert word in cookie


async def _empty(visitor: Visitor) -> httpx2.Response:
    return await visitor.client.post("/upload", data={"csrf": visitor.token}, headers=FROM_HERE)


async def test_the_first_page_is_seen_while_the_others_are_made(alice: Visitor, house: House) -> None:
    seen: list[tuple[bool, bool]] = []
    prepare = house.converter.prepare

    async def watched(*given: Any, **wanted: Any) -> Any:
        thumbnail = wanted["thumbnail"]

        async def shown(number: int, png: bytes) -> None:
            await thumbnail(number, png)
            told = (await alice.get(f"/upload/jobs/{(await only_job(house)).id}")).json()
            seen.append((told["picture"], told["ready"]))

        return await prepare(*given, **wanted | {"thumbnail": shown})

    house.converter.prepare = watched  # type: ignore[method-assign]  # reason: looks on
    await form(alice, [("a.pdf", PDF, "application/pdf")])
    await settled(house)
    assert seen == [(True, False)] * 3
    job = await only_job(house)
    assert [thumbnail.number for thumbnail in job.thumbnails] == [1, 2, 3]
    assert set(house.spool.objects) == {document.id for document in job.objects}
