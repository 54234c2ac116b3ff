"""ipps:// (RFC 7472): whom the client believes, and what it never says before it does."""

import asyncio
import base64
import hashlib
import ssl
from pathlib import Path

import pytest
import trustme

from ipp.client import IppClient, TlsFailure, TlsPolicy, Unreachable
from ipp.wire import Status
from tests.ipp.client.peer import Line, Request, Sheets, peer


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def leaf(authority: trustme.CA) -> trustme.LeafCert:
    return authority.issue_cert("127.0.0.1")


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> Path:
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


def context(leaf: trustme.LeafCert) -> ssl.SSLContext:
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    leaf.configure_cert(server)
    return server


def fingerprint(leaf: trustme.LeafCert) -> str:
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(leaf.cert_chain_pems[0].bytes().decode())).hexdigest()


async def answer(line: Line) -> None:
    await line.request()
    await line.answer()


async def expect_nothing(line: Line) -> None:
    assert await line.until_closed() == b""


async def test_an_authority_from_a_file(leaf: trustme.LeafCert, ca_file: Path) -> None:
    async with (
        peer(answer, context(leaf)) as there,
        IppClient(there.secure_uri, tls=TlsPolicy(ca_file=ca_file)) as client,
    ):
        assert (await client.print_job(Sheets(bytes(300_000)))).code == Status.SUCCESSFUL_OK


async def test_the_host_name_is_checked(authority: trustme.CA, ca_file: Path) -> None:
    other = authority.issue_cert("oak.example")
    async with (
        peer(expect_nothing, context(other)) as there,
        IppClient(there.secure_uri, tls=TlsPolicy(ca_file=ca_file)) as client,
    ):
        with pytest.raises(TlsFailure, match="IP address mismatch"):
            await client.get_printer_attributes()


async def test_without_a_policy_the_system_s_authorities_decide(leaf: trustme.LeafCert) -> None:
    async with peer(expect_nothing, context(leaf)) as there, IppClient(there.secure_uri) as client:
        with pytest.raises(TlsFailure, match="unable to get local issuer certificate"):
            await client.get_printer_attributes()


async def test_a_missing_authority_file(tmp_path: Path) -> None:
    async with IppClient("ipps://127.0.0.1:1/", tls=TlsPolicy(ca_file=tmp_path / "none.pem")) as client:
        with pytest.raises(TlsFailure, match=r"none\.pem cannot be read"):
            await client.get_printer_attributes()


async def test_trust_on_first_use_reports_once_and_then_holds_on(authority: trustme.CA, leaf: trustme.LeafCert) -> None:
    reported: list[str] = []
    contexts = context(leaf)
    async with (
        peer(answer, contexts) as there,
        IppClient(there.secure_uri, tls=TlsPolicy(on_first_use=reported.append)) as client,
    ):
        await client.create_job()
        await client.create_job()
        assert reported == [fingerprint(leaf)]
        authority.issue_cert("127.0.0.1").configure_cert(contexts)
        with pytest.raises(TlsFailure, match="another certificate"):
            await client.create_job()
    assert len(reported) == 1


@pytest.mark.parametrize("form", ["lower", "upper", "colons"])
async def test_a_pinned_certificate(leaf: trustme.LeafCert, form: str) -> None:
    pin = fingerprint(leaf)
    if form == "upper":
        pin = pin.upper()
    elif form == "colons":
        pin = ":".join(pin[at : at + 2] for at in range(0, 64, 2))
    async with (
        peer(answer, context(leaf)) as there,
        IppClient(there.secure_uri, tls=TlsPolicy(pinned_sha256=pin)) as client,
    ):
        assert (await client.get_printer_attributes()).code == Status.SUCCESSFUL_OK


async def test_another_certificate_than_the_pinned_one(leaf: trustme.LeafCert) -> None:
    async def listen(line: Line) -> None:
        heard.put_nowait(await line.until_closed())

    heard: asyncio.Queue[bytes] = asyncio.Queue()
    learnt: list[str] = []
    policy = TlsPolicy(pinned_sha256="0" * 64, on_first_use=learnt.append)
    document = Sheets(b"secret")
    async with (
        peer(listen, context(leaf)) as there,
        IppClient(there.secure_uri, tls=policy, user="ann", password="pw") as client,
    ):
        with pytest.raises(TlsFailure, match=f"{fingerprint(leaf)}.*trust the new one"):
            await client.print_job(document)
        async with asyncio.timeout(60):
            assert await heard.get() == b"", "nothing may be said to a printer that is not trusted"
    assert document.taken == 0
    assert learnt == []


@pytest.mark.parametrize("pin", ["", "abc", "g" * 64, "0" * 63])
def test_a_pin_that_is_none(pin: str) -> None:
    with pytest.raises(ValueError, match="64 hexadecimal digits"):
        IppClient("ipps://127.0.0.1/", tls=TlsPolicy(pinned_sha256=pin))


async def test_a_printer_that_speaks_no_tls() -> None:
    async def plain(line: Line) -> None:
        await line.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await line.until_closed()

    async with peer(plain) as there, IppClient(there.secure_uri) as client:
        with pytest.raises(TlsFailure, match="no trusted TLS connection"):
            await client.get_printer_attributes()


async def test_closed_during_the_handshake() -> None:
    async def close(line: Line) -> None:
        await line.reader.read(1)
        line.reset()

    async with peer(close) as there, IppClient(there.secure_uri) as client:
        with pytest.raises(Unreachable):
            await client.get_printer_attributes()


async def test_credentials_go_out_over_tls_alone(leaf: trustme.LeafCert) -> None:
    requests: list[Request] = []

    async def keep(line: Line) -> None:
        requests.append(await line.request())
        await line.answer()

    async with peer(keep, context(leaf)) as secure, peer(keep) as plain:
        policy = TlsPolicy(pinned_sha256=fingerprint(leaf))
        for uri in (secure.secure_uri, plain.uri):
            async with IppClient(uri, tls=policy, user="ann", password="pä:ss") as client:
                await client.get_printer_attributes()
    token = base64.b64encode("ann:pä:ss".encode()).decode()
    assert [request.field("Authorization") for request in requests] == [f"Basic {token}", None]
