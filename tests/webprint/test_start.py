"""The start page: addresses that work from where the visitor sits, the QR code, the certificate."""

import html
import re
from urllib.parse import quote

import pytest

from gateway.services.challenge_answers import ChallengeAnswers
from gateway.settings import Settings
from tests.webprint.visitor import Visitor, visiting
from tests.webprint.web_house import House
from webprint import Ports
from webprint.start import qr_svg


async def page_at(house: House, site: str, **changes: object) -> str:
    async with visiting(house.app(**changes), site=site, address="192.0.2.9") as visitor:
        answer = await visitor.get("/")
    assert answer.status_code == 200
    return html.unescape(answer.text)


@pytest.mark.parametrize("host", ["print.example", "192.0.2.1", "[2001:db8::1]"])
async def test_uris_carry_the_host_that_was_asked_for_and_the_real_ports(house: House, host: str) -> None:
    text = await page_at(house, f"http://{host}:8080")
    assert f"lpadmin -p papertap -E -v ipps://{host}:8443/ipp/print -m everywhere" in text
    assert f'Add-Printer -IppURL "https://{host}:8443/ipp/print"' in text
    assert f"ipp://{host}:8631/ipp/print" in text
    assert f"ipps://{host}:8443/ipp/print/find-me" in text


async def test_without_tls_the_plain_uri_is_given(house: House) -> None:
    house.ports = Ports(http=8080, https=None, ipp=8631)
    text = await page_at(house, "http://print.example:8080")
    assert "-v ipp://print.example:8631/ipp/print -m everywhere" in text
    assert "ipps://" not in text


async def test_the_qr_code_leads_to_this_page(house: House) -> None:
    async with visiting(house.app(), site="http://print.example:8080", address="192.0.2.9") as visitor:
        answer = await visitor.get("/qr.svg")
    assert answer.headers["content-type"] == "image/svg+xml"
    assert answer.content == qr_svg("http://print.example:8080/")
    assert answer.content != qr_svg("http://print.example:8081/")


async def test_a_visitor_by_localhost_gets_an_address_that_phones_reach(house: House) -> None:
    text = await page_at(house, "http://localhost:8080", lan_host=lambda: "papertap.local")
    assert "ipps://papertap.local:8443/ipp/print" in text
    assert 'src="/qr.svg"' in text


async def test_without_such_an_address_no_useless_code_is_shown(house: House) -> None:
    text = await page_at(house, "http://localhost:8080")
    assert 'src="/qr.svg"' not in text
    assert "Then a code for your phone stands here" in text


async def test_the_setting_wins_over_the_host(house: House) -> None:
    house.settings = Settings(data="unused", site={"base_url": "https://print.example.org/"})
    text = await page_at(house, "http://10.0.0.1:8080")
    assert "https://print.example.org" in text


@pytest.mark.parametrize("host", ["evil.example/<script>", "a b", "", "x" * 300, "[::1", "a@b", "a\\b"])
async def test_a_host_that_is_none_is_refused(visitor: Visitor, host: str) -> None:
    answer = await visitor.get("/", host=host)
    assert answer.status_code == 400
    assert "<script>" not in answer.text


async def test_names_of_printers_are_shown_as_text(house: House) -> None:
    await house.printers.change_printer("find-me", info="<script>alert(1)</script>")
    async with visiting(house.app()) as visitor:
        text = (await visitor.get("/")).text
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)" in text


async def test_only_printers_of_the_visitors_subnet(house: House) -> None:
    await house.printers.change_printer("direct", subnets=("198.51.100.0/24",))
    assert "Reception" not in await page_at(house, "http://print.example:8080")


async def test_with_no_printer_the_page_says_what_to_do(house: House) -> None:
    await house.printers.delete_printer("find-me")
    await house.printers.delete_printer("direct")
    assert "papertap printer add find-me" in await page_at(house, "http://print.example:8080")


async def test_the_certificate_is_offered_where_there_is_one(house: House) -> None:
    async with visiting(house.app()) as visitor:
        answer = await visitor.get("/ca.pem")
        assert answer.content == house.ca
        assert answer.headers["content-type"] == "application/x-x509-ca-cert"
        house.ca = b""
        assert (await visitor.get("/ca.pem")).status_code == 404
        assert "/ca.pem" not in (await visitor.get("/")).text


async def test_static_files_are_cached_for_good_by_their_version_only(visitor: Visitor) -> None:
    text = (await visitor.get("/")).text
    address = re.search(r'href="(/static/base\.css\?v=[0-9a-f]{12})"', text)
    assert address
    assert "immutable" in (await visitor.get(address[1])).headers["cache-control"]
    assert (await visitor.get("/static/base.css?v=old")).headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("name", ["nothing.css", "..%2Fapp.py", "%2e%2e/app.py", "../templates/base.html"])
async def test_nothing_else_comes_out_of_the_folder(visitor: Visitor, name: str) -> None:
    assert (await visitor.get(f"/static/{name}")).status_code == 404


async def test_looking_around_sets_no_cookie(visitor: Visitor) -> None:
    for path in ("/", "/qr.svg", "/ca.pem", "/static/base.css", "/nothing", "/jobs"):
        assert "set-cookie" not in (await visitor.get(path)).headers


async def test_first_load_stays_small(visitor: Visitor) -> None:
    import gzip

    whole = b""
    for path in ("/", "/static/base.css", "/static/pages.css", "/static/jobs.js", "/static/mark.svg", "/qr.svg"):
        whole += gzip.compress((await visitor.get(path)).content)
    assert len(whole) < 30_000


async def test_a_language_is_kept_and_the_page_comes_back(visitor: Visitor) -> None:
    answer = await visitor.get("/language?to=de&back=/signin")
    assert (answer.status_code, answer.headers["location"]) == (303, "/signin")
    assert '<html lang="de">' in (await visitor.get("/signin")).text


@pytest.mark.parametrize(
    "back", ["//evil.example", "https://evil.example/", "/\\evil.example", "javascript:alert(1)", ""]
)
async def test_a_language_never_leads_away(visitor: Visitor, back: str) -> None:
    answer = await visitor.get(f"/language?to=fr&back={quote(back)}")
    assert answer.headers["location"] == "/"


async def test_an_unknown_language_is_refused(visitor: Visitor) -> None:
    assert (await visitor.get("/language?to=tlh")).status_code == 400


async def test_static_files_travel_packed_to_those_who_can(visitor: Visitor) -> None:
    plain = await visitor.get("/static/base.css", **{"accept-encoding": "identity"})
    packed = await visitor.get("/static/base.css", **{"accept-encoding": "gzip, br"})
    assert (plain.headers.get("content-encoding"), packed.headers["content-encoding"]) == (None, "gzip")
    assert plain.text == packed.text


async def test_a_certificate_authority_finds_its_answer_and_nobody_another(house: House) -> None:
    answers = ChallengeAnswers()
    answers.put("a-token_of-the-authority", "a-token_of-the-authority.thumbprint")
    async with visiting(house.app(challenge=answers.get), site="http://print.example") as visitor:
        found = await visitor.get("/.well-known/acme-challenge/a-token_of-the-authority")
        assert (found.status_code, found.content) == (200, b"a-token_of-the-authority.thumbprint")
        assert found.headers["content-type"] == "application/octet-stream"
        for other in ("another-token-of-somebody", "..%2f..%2fadmin", "a-token_of-the-authority%0a", ""):
            assert (await visitor.get(f"/.well-known/acme-challenge/{other}")).status_code == 404
