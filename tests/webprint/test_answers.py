"""Headers, refusals in words, and requests that make no sense."""

import logging
import re

import pytest

from gateway import errors
from gateway.errors import Refusal
from tests.webprint.visitor import Visitor, visiting
from tests.webprint.web_house import House, busy_day
from webprint.answers import HEADERS, STATUS, TITLES, status_of
from webprint.policy import POLICY
from webprint.requests import MAX_FORM

KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Refusal)]


@pytest.mark.parametrize("kind", KINDS)
def test_every_refusal_has_a_status_with_a_title(kind: type[Refusal]) -> None:
    refusal = kind.__new__(kind)
    assert 400 <= status_of(refusal) < 600
    assert status_of(refusal) in TITLES or status_of(refusal) == STATUS[Refusal]


@pytest.mark.parametrize(
    "path", [*sorted({p for m, p in POLICY if m == "GET" and "{" not in p}), "/nothing", "/jobs/9"]
)
async def test_every_answer_carries_the_security_headers(alice: Visitor, path: str) -> None:
    answer = await alice.get(path)
    camera = {"Permissions-Policy": "camera=(self)"} if path == "/scan" else {}
    for name, value in HEADERS.items():
        assert answer.headers[name].startswith(camera.get(name, value))
    # What the app is made of holds nothing of anybody's, and is asked for anew each time.
    kept = "no-cache" if path in {"/app.webmanifest", "/sw.js"} else "no-store"
    assert kept in answer.headers["cache-control"]


@pytest.mark.parametrize(
    ("site", "strict"),
    [
        ("https://print.example", True),
        ("https://PRINT.example", True),
        ("https://print.example:8443", False),  # nobody knows where port 443 leads
        ("http://print.example", False),
        ("https://192.0.2.10", False),
    ],
)
async def test_browsers_are_told_to_come_by_tls_alone_where_that_leads_here(
    house: House, site: str, strict: bool
) -> None:
    app = house.app(public_name=lambda name: name.lower() == "print.example")
    async with visiting(app, site=site) as visitor:
        for path in ("/", "/static/base.css", "/nothing"):
            told = (await visitor.get(path)).headers.get("strict-transport-security")
            assert told == ("max-age=2592000" if strict else None)


async def test_below_an_own_authority_they_are_never_told_so(house: House) -> None:
    async with visiting(house.app(), site="https://print.example") as visitor:
        assert "strict-transport-security" not in (await visitor.get("/")).headers


def test_the_policy_of_content_allows_nothing_inline() -> None:
    policy = HEADERS["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert "data:" not in policy


@pytest.mark.parametrize("path", ["/", "/signin?with=pin", "/jobs", "/jobs?all=1", "/jobs/1", "/jobs/4", "/nothing"])
async def test_no_page_has_inline_code_or_style(house: House, path: str) -> None:
    await busy_day(house)
    async with visiting(house.app()) as visitor:
        if path.startswith("/jobs"):
            await visitor.sign_in()
        text = (await visitor.get(path)).text
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=", text)


async def test_unknown_pages_and_methods(visitor: Visitor) -> None:
    answer = await visitor.get("/nothing")
    assert answer.status_code == 404
    assert "There is no page at this address" in answer.text
    answer = await visitor.get("/jobs/release")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST"


async def test_a_defect_says_nothing_of_itself(alice: Visitor, house: House, caplog: pytest.LogCaptureFixture) -> None:
    house.jobs.failure = RuntimeError("the secret of the database")
    with caplog.at_level(logging.CRITICAL + 1):
        answer = await alice.get("/jobs")
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert "Your jobs are safe" in answer.text
    assert answer.headers["content-security-policy"]


async def test_a_database_away_is_a_503_that_says_when_to_come_back(alice: Visitor, house: House) -> None:
    house.jobs.failure = errors.Busy("The database does not answer. Try again in a moment.")
    answer = await alice.get("/jobs")
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "30"
    assert "Try again in a moment" in answer.text


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"csrf=%FF", "application/x-www-form-urlencoded", 400),
        (b"\xff\xfe", "application/x-www-form-urlencoded", 400),
        (b"&".join(b"a=1" for _ in range(3000)), "application/x-www-form-urlencoded", 400),
        (b"a=" + b"x" * MAX_FORM, "application/x-www-form-urlencoded", 413),
        (b"{}", "application/json", 400),
        (b"", "", 400),
        (b"--x\r\n", "multipart/form-data; boundary=x", 400),
        (b"a=1", "text/plain", 400),
    ],
)
async def test_forms_that_are_none(visitor: Visitor, body: bytes, kind: str, status: int) -> None:
    headers = {"content-type": kind, "origin": visitor.site}
    answer = await visitor.client.post("/signin", content=body, headers=headers)
    assert answer.status_code == status
    assert "text/html" in answer.headers["content-type"]


@pytest.mark.parametrize("number", ["0", "999999999999999999", "99999999999999999999999999"])
async def test_numbers_of_jobs_that_are_not(alice: Visitor, number: str) -> None:
    assert (await alice.get(f"/jobs/{number}")).status_code == 404
    assert (await alice.get(f"/jobs/{number}/pages/1.png")).status_code == 404
    assert (await alice.post(f"/jobs/{number}/extend")).status_code in {403, 404}


async def test_strangers_have_a_rate_and_the_signed_in_have_none(house: House) -> None:
    async with visiting(house.app(), site="https://print.example", address="192.0.2.9") as visitor:
        await visitor.sign_in()
        for _ in range(100):
            assert (await visitor.get("/jobs")).status_code == 200
        visitor.client.cookies.clear()
        house.clock.tick(1)
        answers = [await visitor.get("/") for _ in range(80)]
        assert [answer.status_code for answer in answers] == [200] * 75 + [429] * 5
        assert answers[-1].headers["retry-after"] == "1"
        assert "Too many requests" in answers[-1].text
        house.clock.tick(1)
        assert (await visitor.get("/")).status_code == 200


@pytest.mark.parametrize("path", ["/desk", "/jobs/99999", "/nothing"])
async def test_who_is_signed_in_stays_so_on_the_page_that_says_no(alice: Visitor, path: str) -> None:
    answer = await alice.get(path)
    assert answer.status_code in {403, 404}
    assert 'action="/signout"' in answer.text
    assert 'href="/signin"' not in answer.text


async def test_a_page_that_is_not_there_speaks_the_visitors_language(visitor: Visitor) -> None:
    answer = await visitor.get("/nothing", **{"accept-language": "de"})
    assert '<html lang="de">' in answer.text
    assert "Nicht gefunden" in answer.text
