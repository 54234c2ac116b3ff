"""Dashboard, certificate and backups: what is shown, what is tried, and that only a fresh proof fetches everything."""

from dataclasses import replace

import httpx2
import pytest

from gateway.domain.copier import CopierSession, CopierState, CountedBy, Counter
from gateway.domain.job import JobState, Reason
from gateway.domain.rights import GivenRole, Role
from gateway.services.ports.acme import NotIssued
from tests.webprint.visitor import Visitor, visiting
from tests.webprint.web_house import PASSWORD, House


async def test_what_needs_somebody_comes_first_with_what_to_do(house: House, ada: Visitor) -> None:
    await house.add(name="Broken.pdf", state=JobState.ABORTED, reasons=(Reason.DOCUMENT_FORMAT_ERROR,))
    await house.add(name="Hidden.pdf", private=True, state=JobState.ABORTED, reasons=(Reason.DOCUMENT_FORMAT_ERROR,))
    page = (await ada.get("/admin")).text
    assert page.index("There is no backup yet.") < page.index("Broken.pdf") < page.index("41.0 of 80.0 GiB free")
    assert "Make one now, or set a schedule." in page
    assert "Hidden.pdf" not in page


async def test_a_test_runs_the_real_thing_and_tells_what_it_found(ada: Visitor) -> None:
    await ada.get("/admin")
    assert "No route to host." in (await ada.post("/admin/test", {"key": "mail"})).text
    assert 'role="status"' in (await ada.post("/admin/test", {"key": "ask lobby"})).text
    assert (await ada.post("/admin/test", {"key": "nothing"})).status_code == 404


async def test_who_may_not_see_jobs_is_told_of_none(house: House) -> None:
    await house.add(name="Broken.pdf", state=JobState.ABORTED)
    await house.identity.add_user("rita", password=PASSWORD, role=Role.REPORT_VIEWER)
    async with visiting(house.app()) as rita:
        await rita.sign_in("rita")
        page = (await rita.get("/admin")).text
    assert "Broken.pdf" not in page
    assert "There is no backup yet." not in page


async def test_a_certificate_that_does_not_fit_is_refused_in_words(ada: Visitor) -> None:
    await ada.get("/admin/certificate")
    wrong = await ada.post("/admin/certificate", {"do": "bring", "certificate": "other", "key": "secret key"})
    assert (wrong.status_code, "does not belong to the first" in wrong.text) == (400, True)
    assert "secret key" not in wrong.text
    right = await ada.post("/admin/certificate", {"do": "bring", "certificate": "fits", "key": "key"})
    assert right.headers["location"] == "/admin/certificate?done=replaced"
    assert (
        "BEGIN CERTIFICATE REQUEST" in (await ada.post("/admin/certificate", {"do": "request", "names": "a, b"})).text
    )
    assert (await ada.post("/admin/certificate", {"do": "explode"})).status_code == 400


async def test_the_public_authority_is_asked_and_what_it_says_stands_on_the_page(house: House, ada: Visitor) -> None:
    ports = house.house_ports
    ports.issuer.refusal = NotIssued("connection", name="print.example", detail="<b>Connection refused</b>")
    await ada.get("/admin/certificate")
    assert (await ada.post("/admin/certificate", {"do": "acme"})).headers["location"] == "/admin/certificate"
    page = (await ada.get("/admin/certificate")).text
    assert "did not get through to print.example at port 80. It says: &lt;b&gt;Connection refused" in page
    assert "Lead the name in the DNS to this gateway" in page
    assert "<dd>acme.example</dd>" in page
    ports.issuer.refusal = None
    assert (await ada.post("/admin/certificate", {"do": "acme"})).headers["location"] == "/admin/certificate?done=tried"
    page = (await ada.get("/admin/certificate?done=tried")).text
    assert "has signed" in page
    assert "Example Public CA" in page
    noted = [(entry.action, entry.subject) for entry in ports.audit.rows]
    assert noted == [("certificate.asked-for", "print.example")] * 2


async def test_an_authority_that_asks_for_patience_is_left_alone(house: House, ada: Visitor) -> None:
    issuer = house.house_ports.issuer
    issuer.refusal = NotIssued("rateLimited", detail="too many", retry_after=3600)
    await ada.get("/admin/certificate")
    await ada.post("/admin/certificate", {"do": "acme"})
    again = await ada.post("/admin/certificate", {"do": "acme"})
    assert (again.status_code, "asks to be left alone" in again.text, len(issuer.asked)) == (429, True, 1)


async def test_without_a_public_authority_nothing_is_said_of_one(house: House) -> None:
    app = house.app(administration=replace(house.administration, renewals=None))
    await house.identity.add_user("carl", password=PASSWORD, role=Role.ADMINISTRATOR)
    async with visiting(app) as carl:
        await carl.sign_in("carl")
        assert "For public names" not in (await carl.get("/admin/certificate")).text
        assert (await carl.post("/admin/certificate", {"do": "acme"})).status_code == 400


async def test_a_backup_is_made_fetched_and_deleted_and_each_is_noted(house: House, ada: Visitor) -> None:
    await ada.get("/admin/backups")
    assert (await ada.post("/admin/backups")).headers["location"] == "/admin/backups?done=made"
    name = house.house_ports.backups.kept[0].name
    fetched = await ada.get(f"/admin/backups/{name}")
    assert fetched.headers["content-disposition"] == f'attachment; filename="{name}"'
    assert fetched.headers["cache-control"] == "no-store"
    await ada.post(f"/admin/backups/{name}/delete")
    assert (await ada.get(f"/admin/backups/{name}")).status_code == 404
    noted = [(entry.action, entry.subject) for entry in house.house_ports.audit.rows]
    assert noted == [(f"backup.{deed}", f"backup {name}") for deed in ("made", "fetched", "deleted")]


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/admin/backups/papertap-20261130-020000.tar"), ("POST", "/admin/certificate")]
)
async def test_an_old_proof_fetches_nothing(house: House, ada: Visitor, method: str, path: str) -> None:
    await ada.get("/admin/backups")
    for session in await house.users.sessions_of("ada"):
        await house.users.save_session(replace(session, proved_at=session.proved_at - 601))
    answer = await (ada.get(path) if method == "GET" else ada.post(path, {"do": "own"}))
    assert (answer.status_code, answer.headers["location"].startswith("/signin/confirm")) == (303, True)
    assert house.house_ports.audit.rows == []


# -- the way back


async def bring(visitor: Visitor, octets: bytes, *, csrf: str | None = None) -> httpx2.Response:
    return await visitor.client.post(
        "/admin/backups/restore",
        data={"csrf": visitor.token if csrf is None else csrf},
        files={"file": ("papertap.tar", octets, "application/x-tar")},
        headers={"origin": visitor.site, "sec-fetch-site": "same-origin"},
    )


async def test_a_backup_is_brought_shown_and_put_in_place_at_the_next_start(house: House, ada: Visitor) -> None:
    ports = house.house_ports
    assert 'type="file"' in (await ada.get("/admin/backups")).text
    assert (await bring(ada, b"backup" * 9000)).headers["location"] == "/admin/backups?done=brought"
    page = (await ada.get("/admin/backups")).text
    assert "can be put in place" in page
    assert "<dt>Jobs that wait</dt><dd>5</dd>" in page
    assert "signed out" in page
    prepared = await ada.post("/admin/backups/restore/prepare")
    assert prepared.headers["location"] == "/admin/backups?done=prepared"
    assert ports.restores.prepared_at is not None
    assert "it takes the place of everything at the next start" in (await ada.get("/admin/backups")).text
    assert (await bring(ada, b"backup")).status_code == 409
    assert (await ada.post("/admin/backups/restore/drop")).headers["location"] == "/admin/backups?done=dropped"
    assert (ports.restores.brought, ports.restores.prepared_at) == (None, None)
    assert (await ada.post("/admin/backups/restore/prepare")).status_code == 404
    noted = [entry.action for entry in ports.audit.rows]
    assert noted == ["backup.brought", "backup.prepared", "backup.dropped"]


async def test_what_is_no_backup_is_refused_in_words(house: House, ada: Visitor) -> None:
    await ada.get("/admin/backups")
    wrong = await bring(ada, b"something else")
    assert (wrong.status_code, "no backup of Papertap" in wrong.text) == (400, True)
    assert (await ada.post("/admin/backups/restore")).status_code == 400
    assert (await bring(ada, b"backup", csrf="forged")).status_code == 403
    assert house.house_ports.restores.brought is None


async def test_what_was_there_before_is_deleted_by_its_name(house: House, ada: Visitor) -> None:
    folders = house.house_ports.restores.folders
    folders.append("before-restore-20261101-080000")
    assert folders[0] in (await ada.get("/admin/backups")).text
    assert (await ada.post("/admin/backups/restore/forget", {"name": ".."})).status_code == 404
    done = await ada.post("/admin/backups/restore/forget", {"name": folders[0]})
    assert (done.headers["location"], folders) == ("/admin/backups?done=forgotten", [])


async def test_only_who_runs_all_of_the_house_fetches_or_brings_one(house: House) -> None:
    await house.identity.add_user("nora", password=PASSWORD)
    await house.staff.rights.add_role(GivenRole(holder="nora", role=Role.ADMINISTRATOR, site="north"))
    async with visiting(house.app()) as nora:
        await nora.sign_in("nora")
        await nora.get("/admin/backups")
        name = house.house_ports.backups.kept[0].name
        assert (await nora.get(f"/admin/backups/{name}")).status_code == 403
        assert (await nora.post("/admin/backups")).status_code == 403
        assert (await bring(nora, b"backup")).status_code == 403
        for action in ("prepare", "drop", "forget"):
            assert (await nora.post(f"/admin/backups/restore/{action}")).status_code == 403
    assert house.house_ports.restores.brought is None


async def test_an_old_proof_brings_nothing(house: House, ada: Visitor) -> None:
    await ada.get("/admin/backups")
    for session in await house.users.sessions_of("ada"):
        await house.users.save_session(replace(session, proved_at=session.proved_at - 601))
    answer = await bring(ada, b"backup")
    assert (answer.status_code, answer.headers["location"].startswith("/signin/confirm")) == (303, True)
    assert house.house_ports.restores.brought is None


async def test_why_also_finds_what_somebody_copied(house: House, ada: Visitor) -> None:
    session = CopierSession(
        key="a",
        terminal="box",
        device="lobby",
        owner="bob",
        started_at=house.clock.now(),
        counted_by=CountedBy.TERMINAL,
        began={Counter.COPIES: 1},
    )
    begun = await house.house_ports.copiers.begin(session)
    await house.house_ports.copiers.settle(
        replace(begun, state=CopierState.LATE, counts={Counter.COPIES: 1, Counter.SCANS: 2}, ended_at=begun.started_at)
    )
    page = (await ada.get("/admin/why?q=bob")).text
    assert "Copied and scanned" in page
    assert "1 copy, 2 scans" in page
    assert "Nothing was found" not in page
    assert "Copied and scanned" not in (await ada.get("/admin/why?q=alice")).text
