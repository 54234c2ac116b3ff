"""Certificates brought in a page: checked before anything changes, served at once, kept for their owner alone."""

import stat
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from gateway.adapters.certificate_desk import CertificateDesk
from gateway.adapters.certificates import BROUGHT_KEY, Certificates, brought_files
from gateway.errors import BadRequest, NotPossible
from tests.fakes import FakeClock

CLOCK = FakeClock()
NOW = datetime.fromtimestamp(CLOCK.now(), UTC)
Key = ec.EllipticCurvePrivateKey


def a_key() -> Key:
    return ec.generate_private_key(ec.SECP256R1())


def signed(
    key: Key, by: Key, *, name: str = "print.example", issuer: str = "CA", days: int = 90, san: bool = True
) -> str:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - timedelta(days=100))
        .not_valid_after(NOW + timedelta(days=days))
    )
    if san:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    return builder.sign(by, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def pem(key: Key | rsa.RSAPrivateKey, passphrase: bytes | None = None) -> str:
    how = serialization.NoEncryption() if passphrase is None else serialization.BestAvailableEncryption(passphrase)
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, how).decode()


@pytest.fixture
def certificates(tmp_path: Path) -> Certificates:
    made = Certificates(directory=tmp_path, names=("gateway.example",), clock=CLOCK)
    made.load()
    return made


@pytest.fixture
def desk(certificates: Certificates, tmp_path: Path) -> CertificateDesk:
    return CertificateDesk(certificates=certificates, directory=tmp_path, clock=CLOCK, fixed=False)


def test_a_pair_that_fits_is_served_at_once_and_the_own_one_comes_back_under_its_old_key(
    desk: CertificateDesk, certificates: Certificates, tmp_path: Path
) -> None:
    own, context = desk.in_use(), certificates.context
    authority, key = a_key(), a_key()
    desk.bring(signed(key, authority) + signed(authority, authority, name="CA"), pem(key))
    current = desk.in_use()
    assert (current.names, current.issuer, current.own) == (("print.example",), "CA", False)
    assert stat.S_IMODE((tmp_path / BROUGHT_KEY).stat().st_mode) == 0o400
    assert certificates.context is context, "listeners need not be told"
    again = Certificates(directory=tmp_path, names=("gateway.example",), clock=CLOCK)
    again.load()
    assert again.fingerprint() == current.fingerprint, "also after the next start"
    desk.use_own()
    assert desk.in_use() == own
    assert brought_files(tmp_path) is None


def test_another_process_of_the_same_gateway_takes_it_up_at_its_next_look(
    desk: CertificateDesk, tmp_path: Path
) -> None:
    beside = Certificates(directory=tmp_path, names=("gateway.example",), clock=CLOCK)
    beside.load()
    own, authority, key = beside.fingerprint(), a_key(), a_key()
    desk.bring(signed(key, authority), pem(key))
    assert beside.refresh()
    assert beside.fingerprint() == desk.in_use().fingerprint
    assert not beside.refresh(), "once"
    desk.use_own()
    assert beside.refresh()
    assert beside.fingerprint() == own


def test_what_tls_itself_would_not_serve_changes_nothing(desk: CertificateDesk, tmp_path: Path) -> None:
    before, key = desk.in_use(), ec.generate_private_key(ec.SECP192R1())
    with pytest.raises(BadRequest, match="cannot be served: EE_KEY_TOO_SMALL"):
        desk.bring(signed(key, a_key()), pem(key))
    assert (desk.in_use(), brought_files(tmp_path)) == (before, None)


@pytest.mark.parametrize(
    ("chain", "key", "sentence"),
    [
        (signed, lambda _: pem(a_key()), "does not belong"),
        (lambda k, ca: signed(k, ca, days=-1), pem, "not valid today"),
        (lambda k, ca: signed(k, ca, san=False), pem, "names no host"),
        (lambda k, ca: signed(k, ca) + signed(ca, ca, name="Other"), pem, "no chain"),
        (lambda k, ca: signed(k, ca) + signed(a_key(), ca, name="CA"), pem, "no chain"),
        (lambda k, ca: "rubbish", pem, "no certificate"),
        (lambda k, ca: "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", pem, "no certificate"),
        (signed, lambda k: pem(k, b"secret"), "is encrypted"),
        (signed, lambda _: "rubbish", "no private key"),
        (signed, lambda _: pem(rsa.generate_private_key(65537, 1024)), "2048 bits"),
    ],
)
def test_what_does_not_fit_changes_nothing(
    desk: CertificateDesk,
    tmp_path: Path,
    chain: Callable[[Key, Key], str],
    key: Callable[[Key], str],
    sentence: str,
) -> None:
    before, mine = desk.in_use(), a_key()
    with pytest.raises(BadRequest, match=sentence):
        desk.bring(chain(mine, a_key()), key(mine))
    assert desk.in_use() == before
    assert brought_files(tmp_path) is None


def test_an_authority_answers_a_request_whose_key_never_left(desk: CertificateDesk) -> None:
    request = x509.load_pem_x509_csr(desk.request(["print.example", "192.0.2.7"]).encode())
    assert request.is_signature_valid
    assert desk.in_use().pending
    with pytest.raises(BadRequest, match="does not belong"):
        desk.answer(signed(a_key(), a_key()))
    public = request.public_key()
    builder = (
        x509.CertificateBuilder()
        .subject_name(request.subject)
        .issuer_name(request.subject)
        .public_key(public)  # type: ignore[arg-type]  # reason: one of ours, on a curve
        .serial_number(1)
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=9))
        .add_extension(request.extensions[0].value, critical=False)
    )
    answer = builder.sign(a_key(), hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()
    desk.answer(answer)
    assert (desk.in_use().names, desk.in_use().pending) == (("print.example", "192.0.2.7"), False)
    with pytest.raises(NotPossible, match="No request waits"):
        desk.answer(answer)
    for names in ([], ["not a host/name"]):
        with pytest.raises(BadRequest):
            desk.request(names)


def test_the_settings_win(certificates: Certificates, tmp_path: Path) -> None:
    desk = CertificateDesk(certificates=certificates, directory=tmp_path, clock=CLOCK, fixed=True)
    key = a_key()
    with pytest.raises(NotPossible, match="settings file"):
        desk.bring(signed(key, a_key()), pem(key))
    with pytest.raises(NotPossible):
        desk.use_own()
