"""Profiles: Apple's keys, stable identifiers, and a signature that openssl accepts."""

import plistlib
import subprocess
from pathlib import Path
from typing import Any

import pytest
import trustme

from gateway.adapters.certificates import Certificates, CustomerFiles
from gateway.adapters.profiles import SignedProfiles
from gateway.domain.queue import Destination
from tests.fakes import FakeClock

HALL = Destination(host="hall.print.example.org", port=8631, path="/ipp/print/hall", secure=True)
PLAIN = Destination(host="[2001:db8::7]", port=631, path="/ipp/print", secure=False)
HOSTILE = 'Hall "1" <&> \'\x00\n$(reboot) ' + "ü" * 600


def certificates(tmp_path: Path, clock: FakeClock, customer: CustomerFiles | None = None) -> Certificates:
    made = Certificates(directory=tmp_path / "tls", names=("print.example.org",), clock=clock, customer=customer)
    made.load()
    return made


def opened(profile: bytes, tmp_path: Path, *trust: str) -> dict[str, Any]:
    """What openssl finds signed; it fails unless signature and chain are right."""
    (tmp_path / "profile").write_bytes(profile)
    command = ("openssl", "cms", "-verify", "-inform", "DER", "-in", str(tmp_path / "profile"), *trust)
    done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    found: dict[str, Any] = plistlib.loads(done.stdout)
    return found


async def test_openssl_verifies_the_signature_below_our_authority(tmp_path: Path) -> None:
    clock = FakeClock()
    own = certificates(tmp_path, clock)
    made = await SignedProfiles(own, organization="School").air_print([HALL, PLAIN], key="all", name="Print", text="?")
    trust = ("-CAfile", str(tmp_path / "tls/ca.crt"), "-attime", str(int(clock.now())))
    found = opened(made, tmp_path, *trust)
    assert (found["PayloadType"], found["PayloadDisplayName"], found["PayloadOrganization"]) == (
        "Configuration",
        "Print",
        "School",
    )
    printers, root = found["PayloadContent"]
    assert printers["PayloadType"] == "com.apple.airprint"
    assert printers["AirPrint"] == [
        {"IPAddress": "hall.print.example.org", "ResourcePath": "/ipp/print/hall", "Port": 8631, "ForceTLS": True},
        {"IPAddress": "2001:db8::7", "ResourcePath": "/ipp/print", "Port": 631, "ForceTLS": False},
    ]
    assert root["PayloadType"] == "com.apple.security.root"
    told = subprocess.run(
        ("openssl", "x509", "-inform", "DER", "-noout", "-subject"),
        input=root["PayloadContent"],
        capture_output=True,
        check=True,
    )
    assert b"Papertap local authority" in told.stdout


async def test_a_changed_octet_is_noticed(tmp_path: Path) -> None:
    clock = FakeClock()
    own = certificates(tmp_path, clock)
    made = await SignedProfiles(own, organization="").air_print([HALL], key="all", name="Print", text="")
    changed = made.replace(b"hall.print", b"evil.print")
    assert changed != made
    with pytest.raises(AssertionError):
        opened(changed, tmp_path, "-CAfile", str(tmp_path / "tls/ca.crt"), "-attime", str(int(clock.now())))


async def test_the_same_key_replaces_and_another_stands_beside(tmp_path: Path) -> None:
    clock = FakeClock()
    profiles = SignedProfiles(certificates(tmp_path, clock), organization="")
    trust = ("-noverify",)
    first = opened(await profiles.air_print([HALL], key="all", name="A", text=""), tmp_path, *trust)
    clock.tick(600 * 24 * 3600.0)
    again = SignedProfiles(certificates(tmp_path, clock), organization="")
    second = opened(await again.air_print([HALL, PLAIN], key="all", name="B", text=""), tmp_path, *trust)
    other = opened(await profiles.air_print([HALL], key="other", name="A", text=""), tmp_path, *trust)

    def identity(found: dict[str, Any]) -> list[tuple[str, str]]:
        return [(p["PayloadIdentifier"], p["PayloadUUID"]) for p in (found, *found["PayloadContent"])]

    assert identity(first) == identity(second)
    assert not set(identity(first)) & set(identity(other))
    assert len(set(identity(first))) == 3


async def test_a_hostile_name_stays_a_text(tmp_path: Path) -> None:
    profiles = SignedProfiles(certificates(tmp_path, FakeClock()), organization=HOSTILE)
    found = opened(await profiles.air_print([HALL], key="all", name=HOSTILE, text=HOSTILE), tmp_path, "-noverify")
    assert found["PayloadDisplayName"].startswith('Hall "1" <&> \'  $(reboot) üü')
    assert len(found["PayloadDisplayName"].encode()) <= 500


async def test_the_customers_certificate_signs_and_brings_its_chain(tmp_path: Path) -> None:
    authority = trustme.CA()
    issued = authority.issue_cert("print.example.org")
    files = CustomerFiles(certificate=tmp_path / "chain.pem", private_key=tmp_path / "key.pem")
    files.certificate.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    files.private_key.write_bytes(issued.private_key_pem.bytes())
    (tmp_path / "root.pem").write_bytes(authority.cert_pem.bytes())
    theirs = certificates(tmp_path, FakeClock(), files)
    made = await SignedProfiles(theirs, organization="").air_print([HALL], key="all", name="Print", text="")
    found = opened(made, tmp_path, "-CAfile", str(tmp_path / "root.pem"), "-purpose", "any")
    assert [payload["PayloadType"] for payload in found["PayloadContent"]] == ["com.apple.airprint"]
    assert not (tmp_path / "tls/signing.key").exists()


async def test_the_signing_pair_is_renewed_with_its_key(tmp_path: Path) -> None:
    clock = FakeClock()
    own = certificates(tmp_path, clock)
    first = own.signing()
    assert own.signing().certificate == first.certificate
    clock.tick(700 * 24 * 3600.0)
    second = own.signing()
    assert second.certificate.not_valid_after_utc > first.certificate.not_valid_after_utc
    assert second.certificate.public_key() == first.certificate.public_key()
    assert (tmp_path / "tls/signing.key").stat().st_mode & 0o777 == 0o400
