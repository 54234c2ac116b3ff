"""A certificate from Pebble, an ACME server that none of us wrote, and what openssl and curl are shown then."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from gateway.app import build
from gateway.app.checks import check
from gateway.app.front import Front
from gateway.app.mail import mail_in
from gateway.settings import Acme, Http, Https, Ipp, Listen, Lpd, Mdns, Settings, Site, Smtp
from tests.peers.ours import papertap
from tests.peers.pebble import CUSTOMER, SECRET, Pebble, pebble
from tests.peers.processes import free_port, stopped, wait_for

pytestmark = pytest.mark.acceptance
NAME, OTHER = "print.example.test", "copy.example.test"
ELSEWHERE, TAKEN = "elsewhere.example.test", "taken.example.test"
HERE = {
    (NAME, "A"): ("127.0.0.1",),
    (OTHER, "A"): ("127.0.0.1",),
    (ELSEWHERE, "A"): ("127.0.0.9",),
    (TAKEN, "A"): ("127.0.0.8",),
}
SECONDS = 60.0


def settings_in(data: Path, http_port: int, authority: Pebble, **acme: Any) -> Settings:
    acme = {"directory": authority.directory, "ca_file": authority.ca, "names": (NAME,)} | acme
    return Settings(
        data=data,
        listen=Listen(host="127.0.0.1"),
        http=Http(port=http_port),
        https=Https(port=0),
        ipp=Ipp(port=0),
        smtp=Smtp(enabled=False),
        lpd=Lpd(enabled=False),
        mdns=Mdns(enabled=False),
        site=Site(base_url=f"https://{NAME}"),
        acme=Acme(**acme),
    )


@asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[Front]:
    async with build(settings) as gateway:
        front = Front(gateway, mail_in(gateway))
        await front.start()
        try:
            yield front
        finally:
            await front.stop()


def openssl(*words: str, feed: str = "") -> str:
    done = subprocess.run(["openssl", *words], input=feed, capture_output=True, text=True, timeout=SECONDS, check=False)
    return done.stdout + done.stderr


def shown(port: int, name: str = "", *options: str) -> str:
    """What openssl says of a handshake; without a name it asks for none."""
    asked = ("-servername", name) if name else ("-noservername",)
    return openssl("s_client", "-connect", f"127.0.0.1:{port}", *asked, *options, feed="Q\n")


def public_key(handshake: str) -> str:
    pem = handshake[handshake.index("-----BEGIN") : handshake.index("-----END CERTIFICATE-----") + 26]
    return openssl("x509", "-noout", "-pubkey", feed=pem)


async def until(what: Callable[[], bool]) -> None:
    async with asyncio.timeout(SECONDS):
        while not await asyncio.to_thread(what):
            await asyncio.sleep(0.1)


async def test_the_first_certificate_comes_by_itself_and_is_shown_to_who_asks_for_its_name(tmp_path: Path) -> None:
    port = free_port()
    with pebble(tmp_path, http_port=port, records=HERE) as authority:
        root = tmp_path / "root.pem"
        root.write_bytes(authority.root())
        settings = {
            "HTTP__PORT": str(port),
            "ACME__DIRECTORY": authority.directory,
            "ACME__CA_FILE": str(authority.ca),
            "ACME__NAMES": f'["{NAME}", "{OTHER}"]',
        }
        with papertap(**settings) as gateway:
            trusting = ("-CAfile", str(root), "-verify_return_error", "-verify_hostname")
            await until(lambda: "(ok)" in shown(gateway.https_port, NAME, *trusting, NAME))
            for at in (gateway.https_port, gateway.port, port):
                assert "Verify return code: 0 (ok)" in shown(at, OTHER, *trusting, OTHER)
                for name in ("", "localhost", "papertap.local"):
                    assert "issuer=CN = Papertap local authority" in shown(at, name)
            assert public_key(shown(port, NAME)) == public_key(shown(port)), "one key, which phones remember"
            told = curl_head(gateway.https_port, NAME, root)
            assert "strict-transport-security: max-age=2592000\n" in told
            assert "strict-transport-security" not in curl_head(gateway.https_port, NAME, root, host=f"{NAME}:8443")


def curl_head(port: int, name: str, root: Path, *, host: str = "") -> str:
    """The header of the start page, as whoever came by port 443 gets it."""
    done = subprocess.run(
        ["curl", "-sS", "-o", "/dev/null", "-D", "-", "--cacert", str(root), "--resolve", f"{name}:{port}:127.0.0.1",
         "-H", f"Host: {host or name}", f"https://{name}:{port}/"],
        capture_output=True, text=True, timeout=SECONDS, check=True,
    )  # fmt: skip
    return done.stdout.lower().replace("\r", "")


async def test_a_renewal_keeps_the_key_and_comes_live_and_survives_a_server_that_is_gone(tmp_path: Path) -> None:
    port = free_port()
    with pebble(tmp_path, http_port=port, records=HERE) as authority:
        settings = settings_in(tmp_path / "data", port, authority)
        async with serving(settings) as front:
            assert front.renewals is not None
            await front.renewals.run_once()
            first = await asyncio.to_thread(shown, port, NAME)
            await front.renewals.try_now()
            second = await asyncio.to_thread(shown, port, NAME)
            assert "Pebble Intermediate" in first
            assert first[first.index("-----BEGIN") :][:2000] != second[second.index("-----BEGIN") :][:2000]
            assert public_key(first) == public_key(second)

            authority.process.terminate()
            authority.process.wait(10)
            await front.renewals.try_now()
            standing = await front.renewals.standing()
            assert standing.finding.text == "The certificate authority does not answer: Connection refused."
            assert await asyncio.to_thread(shown, port, NAME) != await asyncio.to_thread(shown, port)
            assert "Pebble Intermediate" in await asyncio.to_thread(shown, port, NAME)
        found = {one.name: one for one in await check(settings)}
        assert (found["acme"].ok, found["acme"].text) == (False, standing.finding.text), "told from another process"


@pytest.mark.parametrize(
    ("name", "text", "mend"),
    [
        (
            ELSEWHERE,
            "The certificate authority did not get through to {name} at port 80.",
            "its port 80 to the HTTP port",
        ),
        ("nowhere.example.test", "The certificate authority did not get through to {name} at port 80.", "in the DNS"),
        (TAKEN, "At {name} somebody else answered the certificate authority.", "leads elsewhere"),
    ],
)
async def test_a_name_that_does_not_lead_here_is_told_in_plain_words(
    tmp_path: Path, name: str, text: str, mend: str
) -> None:
    port = free_port()
    others = [sys.executable, "-m", "http.server", "--bind", "127.0.0.8", "--directory", str(tmp_path), str(port)]
    with (
        pebble(tmp_path, http_port=port, records=HERE) as authority,
        stopped(subprocess.Popen(others, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)) as other,
    ):
        await asyncio.to_thread(wait_for, port, other, host="127.0.0.8")
        async with serving(settings_in(tmp_path / "data", port, authority, names=(name,))) as front:
            assert front.renewals is not None
            await front.renewals.run_once()
            found = (await front.renewals.standing()).finding
            assert found.text.startswith(text.format(name=name))
            assert (found.ok, mend in found.mend) == (False, True)
            assert "Papertap local authority" in await asyncio.to_thread(shown, port, name)


async def test_an_authority_for_customers_only_takes_the_binding(tmp_path: Path) -> None:
    port = free_port()
    with pebble(tmp_path, http_port=port, records=HERE, customers_only=True) as authority:
        async with serving(settings_in(tmp_path / "stranger", port, authority)) as front:
            assert front.renewals is not None
            await front.renewals.run_once()
            found = (await front.renewals.standing()).finding
            assert "whose customer this is" in found.text
            assert "acme.eab_kid" in found.mend
        bound = {"eab_kid": CUSTOMER, "eab_hmac_key": SECRET}
        async with serving(settings_in(tmp_path / "customer", port, authority, **bound)) as front:
            assert front.renewals is not None
            await front.renewals.run_once()
            assert (await front.renewals.standing()).finding.text.startswith("It is good for ")
