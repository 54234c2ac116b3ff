"""`papertap certificate`: shown, brought, asked for and given back from the machine's shell."""

from pathlib import Path

import pytest
import trustme
from cryptography import x509

from gateway.errors import BadRequest, NotPossible
from tests.gateway.test_cli import Shell


@pytest.fixture
def papertap(tmp_path: Path) -> Shell:
    return Shell(tmp_path / "data")


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    issued = trustme.CA().issue_cert("print.example.org")
    chain, key = tmp_path / "chain.pem", tmp_path / "key.pem"
    chain.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    issued.private_key_pem.write_to_path(str(key))
    return chain, key


def test_a_pair_is_brought_and_the_own_one_comes_back(papertap: Shell, pair: tuple[Path, Path]) -> None:
    own = papertap.json("certificate", "show")
    assert own["own"] is True
    assert "localhost" in own["names"]
    brought = papertap.json("certificate", "bring", *map(str, pair))
    assert (brought["own"], brought["names"]) == (False, ["print.example.org"])
    assert papertap.json("certificate", "show") == brought
    assert papertap.json("certificate", "own") == own
    noted = [entry for entry in papertap.json("audit", "list") if entry["action"] == "certificate.replaced"]
    assert {entry["subject"] for entry in noted} == {own["fingerprint"], brought["fingerprint"]}


def test_what_does_not_fit_changes_nothing(papertap: Shell, pair: tuple[Path, Path], tmp_path: Path) -> None:
    before, (chain, _) = papertap.json("certificate", "show"), pair
    for words in (
        ("bring", str(chain), str(chain)),
        ("bring", str(tmp_path / "gone.pem"), str(chain)),
        ("bring", str(Path("/bin/true")), str(chain)),
        ("request", "no host"),
    ):
        assert isinstance(papertap.run("certificate", *words).exception, BadRequest), words
    assert isinstance(papertap.run("certificate", "answer", str(chain)).exception, NotPossible)
    assert papertap.json("certificate", "show") == before


def test_a_request_is_printed_and_waits(papertap: Shell) -> None:
    printed = papertap.run("certificate", "request", "print.example.org", "192.0.2.7").output
    request = x509.load_pem_x509_csr(printed.encode())
    names = request.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["print.example.org"]
    assert papertap.json("certificate", "show")["pending"] is True
