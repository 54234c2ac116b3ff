"""Our own authority and the customer's files: stable keys, names, renewal, live replacement."""

import contextlib
import ssl
import stat
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gateway.adapters.authority import subject_names
from gateway.adapters.certificates import Certificates, CustomerFiles, server_names
from gateway.errors import StartupError
from tests.fakes import FakeClock

DAY = 86400.0
NAMES = ("print.example", "gateway.local", "localhost", "127.0.0.1", "::1")


def own(
    tmp_path: Path,
    clock: FakeClock | None = None,
    names: tuple[str, ...] = NAMES,
    addresses: tuple[str, ...] = (),
) -> Certificates:
    certificates = Certificates(
        directory=tmp_path / "tls", names=names, clock=clock or FakeClock(), addresses=addresses
    )
    certificates.load()
    return certificates


def key_of(certificates: Certificates) -> bytes:
    return certificates.certificate().public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def openssl(*arguments: str) -> str:
    done = subprocess.run(["openssl", *arguments], capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def verify(tmp_path: Path, at: float, *arguments: str) -> str:
    tls = tmp_path / "tls"
    return openssl(
        "verify", "-x509_strict", "-attime", str(int(at)), "-purpose", "sslserver", *arguments,
        "-CAfile", str(tls / "ca.crt"), str(tls / "server.crt"),
    )  # fmt: skip


@pytest.mark.parametrize(
    "check", [("-verify_hostname", "print.example"), ("-verify_hostname", "gateway.local"), ("-verify_ip", "127.0.0.1")]
)
def test_openssl_accepts_the_certificate_for_every_name(tmp_path: Path, check: tuple[str, str]) -> None:
    clock = FakeClock()
    own(tmp_path, clock)
    assert verify(tmp_path, clock.now(), *check).strip().endswith("server.crt: OK")
    assert "mismatch" in verify(tmp_path, clock.now(), "-verify_hostname", "other.example")


def test_apple_accepts_its_life_and_its_purpose(tmp_path: Path) -> None:
    certificate = own(tmp_path).certificate()
    assert certificate.not_valid_after_utc - certificate.not_valid_before_utc <= timedelta(days=825)
    usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert [use.dotted_string for use in usage] == ["1.3.6.1.5.5.7.3.1"]
    assert subject_names(certificate) == NAMES


def test_keys_are_readable_by_their_owner_alone(tmp_path: Path) -> None:
    own(tmp_path)
    tls = tmp_path / "tls"
    assert {stat.S_IMODE((tls / name).stat().st_mode) for name in ("ca.key", "server.key")} == {0o400}
    assert stat.S_IMODE(tls.stat().st_mode) == 0o700
    assert sorted(path.name for path in tls.iterdir()) == ["ca.crt", "ca.key", "server.crt", "server.key"]


def test_a_restart_changes_nothing(tmp_path: Path) -> None:
    first = own(tmp_path)
    again = own(tmp_path)
    assert again.fingerprint() == first.fingerprint()
    assert len(first.fingerprint()) == 95
    assert not again.refresh()


def test_renewal_comes_in_time_live_and_keeps_the_key(tmp_path: Path) -> None:
    clock = FakeClock()
    certificates = own(tmp_path, clock)
    context, key, before = certificates.context, key_of(certificates), certificates.fingerprint()
    clock.tick(540 * DAY)
    assert not certificates.refresh()
    clock.tick(20 * DAY)
    assert certificates.refresh()
    assert certificates.fingerprint() != before
    assert key_of(certificates) == key
    assert certificates.context is context
    assert "OK" in verify(tmp_path, clock.now())


def test_a_new_name_is_added_and_old_ones_stay(tmp_path: Path) -> None:
    first = own(tmp_path, addresses=("192.0.2.7", "fe80::1%eth0"))
    second = own(tmp_path, names=("Neuer-Name.example", "münchen.example"))
    assert key_of(second) == key_of(first)
    names = subject_names(second.certificate())
    assert {"neuer-name.example", "xn--mnchen-3ya.example", *NAMES, "192.0.2.7", "fe80::1"} == set(names)
    assert not second.refresh()


def test_a_changed_address_alone_shows_phones_no_other_certificate(tmp_path: Path) -> None:
    first = own(tmp_path, addresses=("192.0.2.7",))
    assert own(tmp_path, addresses=("192.0.2.8",)).fingerprint() == first.fingerprint()


def test_the_authority_is_renewed_with_its_key_before_it_ends(tmp_path: Path) -> None:
    clock = FakeClock()
    own(tmp_path, clock)
    old = (tmp_path / "tls" / "ca.crt").read_bytes()
    clock.tick(9.5 * 365 * DAY)
    own(tmp_path, clock)
    new = (tmp_path / "tls" / "ca.crt").read_bytes()
    first, second = x509.load_pem_x509_certificate(old), x509.load_pem_x509_certificate(new)
    assert first.public_key() == second.public_key()
    assert first.subject == second.subject
    (tmp_path / "tls" / "ca.crt").unlink()
    (tmp_path / "tls" / "ca.crt").write_bytes(old)
    assert "OK" in verify(tmp_path, clock.now()), "whoever trusts the old one goes on"


def test_the_authority_is_offered_for_download(tmp_path: Path) -> None:
    pem = own(tmp_path).ca_pem
    assert pem is not None
    assert x509.load_pem_x509_certificate(pem).extensions.get_extension_for_class(x509.BasicConstraints).value.ca


# --- the customer's own ----------------------------------------------------------------------------------------


@pytest.fixture
def files(tmp_path: Path) -> CustomerFiles:
    files = CustomerFiles(certificate=tmp_path / "their.crt", private_key=tmp_path / "their.key")
    issue(files)
    return files


def issue(files: CustomerFiles) -> None:
    issued = trustme.CA().issue_cert("print.example")
    files.private_key.write_bytes(issued.private_key_pem.bytes())
    files.certificate.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))


def theirs(tmp_path: Path, files: CustomerFiles) -> Certificates:
    certificates = Certificates(directory=tmp_path / "tls", names=NAMES, clock=FakeClock(), customer=files)
    certificates.load()
    return certificates


def test_the_customers_certificate_is_served_and_no_authority_is_made(tmp_path: Path, files: CustomerFiles) -> None:
    certificates = theirs(tmp_path, files)
    assert subject_names(certificates.certificate()) == ("print.example",)
    assert certificates.ca_pem is None
    assert not (tmp_path / "tls").exists()


def test_changed_files_are_taken_up_live(tmp_path: Path, files: CustomerFiles) -> None:
    certificates = theirs(tmp_path, files)
    before = served(certificates)
    assert not certificates.refresh()
    issue(files)
    assert certificates.refresh()
    assert served(certificates) != before


def test_a_broken_pair_is_refused_and_the_old_one_serves_on(tmp_path: Path, files: CustomerFiles) -> None:
    certificates = theirs(tmp_path, files)
    before, old_key = served(certificates), files.private_key.read_bytes()
    issue(files)
    new_key = files.private_key.read_bytes()
    files.private_key.write_bytes(old_key)
    assert not certificates.refresh()
    assert served(certificates) == before
    files.private_key.write_bytes(new_key)
    assert certificates.refresh()
    files.certificate.unlink()
    assert not certificates.refresh()
    assert served(certificates) != before


def test_files_that_are_no_pair_stop_the_start(tmp_path: Path, files: CustomerFiles) -> None:
    files.certificate.write_text("nothing")
    with pytest.raises(StartupError, match=r"their.crt.*Give a PEM chain"):
        theirs(tmp_path, files)


def served(certificates: Certificates) -> bytes:
    """What a client is shown, by a handshake in memory."""
    client_in, client_out = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    client = context.wrap_bio(client_in, client_out, server_hostname="print.example")
    server_in, server_out = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = certificates.context.wrap_bio(server_in, server_out, server_side=True)
    for _ in range(4):
        for end in (client, server):
            with contextlib.suppress(ssl.SSLWantReadError):
                end.do_handshake()
            server_in.write(client_out.read())
            client_in.write(server_out.read())
    shown = client.getpeercert(binary_form=True)
    assert shown is not None
    return shown


# --- names -----------------------------------------------------------------------------------------------------


def test_server_names() -> None:
    assert server_names(host_name="box.example", further=("alias",), base_url="https://[2001:db8::1]:8443/x") == (
        "box.example", "box.local", "localhost", "2001:db8::1", "alias", "127.0.0.1", "::1",
    )  # fmt: skip
