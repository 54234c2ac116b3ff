"""curl and openssl against the listener: what other people's TLS and HTTP make of ours."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gateway.adapters.certificates import Certificates, CustomerFiles
from gateway.adapters.http import Limits, Listener
from tests.fakes import FakeClock
from tests.gateway.adapters.http.serving import Mirror

pytestmark = pytest.mark.acceptance
SECONDS = 60.0
MEGABYTE = 1024 * 1024


def our_certificates(folder: Path, clock: FakeClock | None = None) -> Certificates:
    made = Certificates(directory=folder, names=("localhost", "127.0.0.1"), clock=clock or FakeClock(time.time()))
    made.load()
    return made


@asynccontextmanager
async def listening(certificates: Certificates) -> AsyncIterator[Listener]:
    listener = Listener(
        Mirror(), host="127.0.0.1", port=0, tls="detect", certificates=certificates, limits=Limits(), clock=FakeClock()
    )
    await listener.start()
    try:
        yield listener
    finally:
        await listener.stop(grace=0.0)


async def run(*command: str, feed: bytes = b"") -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    try:
        out, _ = await asyncio.wait_for(process.communicate(feed), SECONDS)
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()
    return process.returncode or 0, out.decode(errors="replace")


async def s_client(listener: Listener, tls: Path, *options: str) -> str:
    target = ("-connect", f"127.0.0.1:{listener.port}", "-servername", "localhost", "-CAfile", str(tls / "ca.crt"))
    _, out = await run("openssl", "s_client", *target, *options, feed=b"Q\n")
    return out


async def public_key(listener: Listener, tls: Path) -> str:
    out = await s_client(listener, tls)
    pem = out[out.index("-----BEGIN") : out.index("-----END CERTIFICATE-----") + 26]
    _, key = await run("openssl", "x509", "-noout", "-pubkey", feed=pem.encode())
    assert key.startswith("-----BEGIN PUBLIC KEY-----")
    return key


@pytest.mark.parametrize(("option", "version"), [("-tls1_2", "TLSv1.2"), ("-tls1_3", "TLSv1.3")])
async def test_openssl_trusts_the_certificate_by_the_downloaded_authority(
    tmp_path: Path, option: str, version: str
) -> None:
    async with listening(our_certificates(tmp_path)) as listener:
        out = await s_client(listener, tmp_path, option, "-verify_hostname", "localhost", "-verify_return_error")
    assert "Verify return code: 0 (ok)" in out
    assert version in out


async def test_openssl_is_refused_below_1_2(tmp_path: Path) -> None:
    async with listening(our_certificates(tmp_path)) as listener:
        out = await s_client(listener, tmp_path, "-tls1_1", "-cipher", "ALL:@SECLEVEL=0")
    assert "BEGIN CERTIFICATE" not in out


async def test_the_key_is_the_same_after_restart_and_renewal(tmp_path: Path) -> None:
    clock = FakeClock(time.time() - 700 * 86400.0)
    certificates = our_certificates(tmp_path, clock)
    async with listening(certificates) as listener:
        before = await public_key(listener, tmp_path)
    old = certificates.fingerprint()
    restarted = our_certificates(tmp_path, clock)
    async with listening(restarted) as listener:
        assert await public_key(listener, tmp_path) == before
        assert restarted.fingerprint() == old
        clock.tick(700 * 86400.0)
        assert restarted.refresh()
        assert restarted.fingerprint() != old
        assert await public_key(listener, tmp_path) == before
        assert "Verify return code: 0 (ok)" in await s_client(listener, tmp_path)


async def test_the_customers_certificate_is_replaced_live(tmp_path: Path) -> None:
    their, ours = tmp_path / "their", tmp_path / "ours"
    their.mkdir()
    files = CustomerFiles(certificate=their / "fullchain.pem", private_key=their / "privkey.pem")
    await issue(files, "first.example")
    certificates = Certificates(directory=ours, names=("localhost",), clock=FakeClock(), customer=files)
    certificates.load()
    async with listening(certificates) as listener:
        assert "CN = first.example" in await s_client(listener, their, "-CAfile", str(files.certificate))
        await issue(files, "second.example")
        assert certificates.refresh()
        assert "CN = second.example" in await s_client(listener, their, "-CAfile", str(files.certificate))


async def issue(files: CustomerFiles, name: str) -> None:
    new = ("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}")
    code, out = await run("openssl", *new, "-keyout", str(files.private_key), "-out", str(files.certificate))
    assert code == 0, out


# --- curl ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize(
    "headers",
    [
        ("Expect: 100-continue",),
        ("Transfer-Encoding: chunked",),
        ("Transfer-Encoding: chunked", "Expect: 100-continue"),
    ],
    ids=["expect", "chunked", "both"],
)
async def test_curl_uploads(tmp_path: Path, scheme: str, headers: tuple[str, ...]) -> None:
    upload = tmp_path / "upload"
    upload.write_bytes(bytes(5 * MEGABYTE))
    options = [part for header in headers for part in ("-H", header)]
    async with listening(our_certificates(tmp_path / "tls")) as listener:
        code, out = await run(
            "curl", "-sS", "--http1.1", "--cacert", str(tmp_path / "tls" / "ca.crt"), *options,
            "--data-binary", f"@{upload}", f"{scheme}://localhost:{listener.port}/",
        )  # fmt: skip
    assert code == 0, out
    seen = json.loads(out)
    assert (seen["octets"], seen["scheme"]) == (5 * MEGABYTE, scheme)


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("expect", ["Expect: 100-continue", "Expect:"], ids=["expect", "at once"])
async def test_curl_hears_an_early_refusal_and_uploads_nothing_more(tmp_path: Path, scheme: str, expect: str) -> None:
    upload = tmp_path / "upload"
    with upload.open("wb") as file:
        file.truncate(200 * MEGABYTE)
    async with listening(our_certificates(tmp_path / "tls")) as listener:
        code, out = await run(
            "curl", "-sS", "--http1.1", "--cacert", str(tmp_path / "tls" / "ca.crt"), "-H", expect,
            "-w", " %{http_code} %{size_upload}", "-T", str(upload), f"{scheme}://localhost:{listener.port}/early",
        )  # fmt: skip
    assert code == 0, out
    body, status, uploaded = out.rsplit(" ", 2)
    assert (body, status) == ("too large", "413")
    assert int(uploaded) < 50 * MEGABYTE
    if expect != "Expect:":
        assert int(uploaded) == 0


async def test_curl_keeps_its_connection(tmp_path: Path) -> None:
    async with listening(our_certificates(tmp_path)) as listener:
        url = f"http://localhost:{listener.port}/"
        code, out = await run("curl", "-sS", "-w", "%{num_connects}\n", url, url, url)
        assert code == 0
        assert [line[-1] for line in out.splitlines()] == ["1", "0", "0"]
